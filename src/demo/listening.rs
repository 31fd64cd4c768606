//! The ports that the demo app answers on, bound before anything is promised.
//!
//! Depends on `domain`. A browser takes `localhost` for either loopback address, so both are bound:
//! whoever sat on the other one would be shown in our place.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::net::TcpListener;

use crate::domain::failure::{Code, Failure};
use crate::domain::text::reason;

/// How often another free port is tried when the system's choice is taken on the other address.
const TRIES: u32 = 8;

/// One or two bound listeners on one port.
#[derive(Debug)]
pub struct Listening {
    address: SocketAddr,
    pub(super) listeners: Vec<TcpListener>,
}

impl Listening {
    /// Binds an address; port 0 takes a free one. On `127.0.0.1` or `::1` the other of the two is
    /// bound as well, where this machine has it.
    ///
    /// # Errors
    /// The port is taken on either, or cannot be bound. It is never another port than asked for.
    pub async fn bind(address: SocketAddr) -> Result<Listening, Failure> {
        let mut tries = 0;
        loop {
            tries += 1;
            match bind_both(address).await {
                Err((_, e))
                    if address.port() == 0 && tries < TRIES && e.kind() == ErrorKind::AddrInUse => {
                }
                bound => return bound.map_err(|(at, e)| refused(at, &e)),
            }
        }
    }

    /// Returns the address, with the port that was really bound.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

type NotBound = (SocketAddr, std::io::Error);

async fn bind_both(asked: SocketAddr) -> Result<Listening, NotBound> {
    let first = TcpListener::bind(asked).await.map_err(|e| (asked, e))?;
    let address = first.local_addr().map_err(|e| (asked, e))?;
    let mut listeners = vec![first];
    if let Some(ip) = other_loopback(address.ip()) {
        let other = SocketAddr::new(ip, address.port());
        match TcpListener::bind(other).await {
            Ok(listener) => listeners.push(listener),
            Err(e) if e.kind() == ErrorKind::AddrInUse => return Err((other, e)),
            // A machine without that family of addresses does not resolve `localhost` to it either.
            Err(_) => {}
        }
    }
    Ok(Listening { address, listeners })
}

fn other_loopback(ip: IpAddr) -> Option<IpAddr> {
    match ip {
        IpAddr::V4(Ipv4Addr::LOCALHOST) => Some(Ipv6Addr::LOCALHOST.into()),
        IpAddr::V6(Ipv6Addr::LOCALHOST) => Some(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V4(_) | IpAddr::V6(_) => None,
    }
}

fn refused(address: SocketAddr, error: &std::io::Error) -> Failure {
    let kind = error.kind();
    let because = if kind == ErrorKind::AddrInUse {
        format!("another program listens on port {}", address.port())
    } else if kind == ErrorKind::PermissionDenied {
        format!("port {} is for the system's own services", address.port())
    } else if kind == ErrorKind::AddrNotAvailable {
        "this machine has no such address".to_owned()
    } else {
        reason(error)
    };
    Failure::new(
        Code::MachinePort,
        format!("the demo app cannot listen on {address}"),
    )
    .because(because)
    .hint("free it, or choose another with PORT; --bind 127.0.0.1:0 takes a free one")
}
