//! Who may ask: a pure function of a request's head, the same for every route and before any of them.
//!
//! Depends on `refusal` and `domain`. First the Host, always: a name that an attacker points at this
//! machine is not one of ours. Then the Origin, against a list. Then what the browser says of the
//! relation between the asking page and us, which tells of requests that carry no Origin.

use std::net::{IpAddr, SocketAddr};

use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, Method, Uri, header};

use super::refusal::{Kind, Refusal};
use crate::domain::origin::Origin;
use crate::domain::text::sanitize;

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");

/// Under which names the app is reached, and which origins may ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Doors {
    own: Origin,
    /// Each Host that is ours, with the origin of the pages that are opened under it.
    hosts: Vec<(String, Origin)>,
    origins: Vec<Origin>,
}

/// What a request that may pass has told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pass {
    /// The origin that a token for it opens on.
    pub(super) origin: Origin,
    /// Whether the browser named that origin, so that it is told that it may read the answer.
    pub(super) named: bool,
}

/// What becomes of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is answered.
    Pass(Pass),
    /// The page is at home under another spelling of this address.
    Elsewhere(String),
    /// It is not answered.
    Refused(Refusal),
}

impl Doors {
    /// Makes the doors of an app that listens on an address. Hosts of listed origins are ours only
    /// when more than this machine is let in: then a proxy may stand before us.
    pub(super) fn new(address: SocketAddr, listed: &[Origin], public: bool) -> Doors {
        let port = address.port();
        let own = own_origin(address);
        let mut names = vec![host_of(&own).to_owned()];
        if is_localhost(address.ip()) {
            names.extend(["localhost", "127.0.0.1", "[::1]"].map(|name| format!("{name}:{port}")));
        }
        if port == 80 {
            names.extend(["localhost", "127.0.0.1", "[::1]"].map(str::to_owned));
        }
        let mut hosts: Vec<(String, Origin)> =
            names.into_iter().map(|name| (name, own.clone())).collect();
        let mut origins = vec![own.clone()];
        for origin in listed {
            if !origins.contains(origin) {
                origins.push(origin.clone());
            }
            let host = host_of(origin);
            if public && !hosts.iter().any(|(known, _)| known == host) {
                hosts.push((host.to_owned(), origin.clone()));
            }
        }
        Doors {
            own,
            hosts,
            origins,
        }
    }

    /// Returns the app's own origin, which is where its page is at home.
    pub(super) fn own(&self) -> &Origin {
        &self.own
    }

    /// Returns every origin that may ask, the app's own first.
    pub(super) fn origins(&self) -> &[Origin] {
        &self.origins
    }

    /// Judges a request by its head.
    pub(super) fn judge(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Verdict {
        match self.pass(method, uri, headers) {
            Err(refusal) => Verdict::Refused(refusal),
            Ok(pass) => match self.better_place(method, uri, headers) {
                Some(place) => Verdict::Elsewhere(place),
                None => Verdict::Pass(pass),
            },
        }
    }

    fn pass(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<Pass, Refusal> {
        let under = self.host(uri, headers)?;
        let origins: Vec<_> = headers.get_all(header::ORIGIN).iter().collect();
        if let [sent, more @ ..] = origins.as_slice() {
            let listed = self
                .origins
                .iter()
                .find(|o| o.as_str().as_bytes() == sent.as_bytes());
            return match listed {
                Some(origin) if more.is_empty() => Ok(Pass {
                    origin: origin.clone(),
                    named: true,
                }),
                _ => Err(self.unlisted(&String::from_utf8_lossy(sent.as_bytes()))),
            };
        }
        self.site(method, uri, headers)?;
        Ok(Pass {
            origin: under,
            named: false,
        })
    }

    /// Returns the origin under which the request came; its Host must be ours, and so must the
    /// authority of an absolute target.
    fn host(&self, uri: &Uri, headers: &HeaderMap) -> Result<Origin, Refusal> {
        let named: Vec<_> = headers.get_all(header::HOST).iter().collect();
        let [named] = named.as_slice() else {
            let why = if named.is_empty() {
                "the request names no Host"
            } else {
                "the request names several Hosts"
            };
            return Err(self.misdirected(why.to_owned()));
        };
        let named = String::from_utf8_lossy(named.as_bytes());
        let find = |name: &str| {
            self.hosts
                .iter()
                .find(|(host, _)| host.eq_ignore_ascii_case(name))
        };
        let Some((_, origin)) = find(&named) else {
            return Err(self.misdirected(format!("the Host it names is {:?}", sanitize(&named))));
        };
        if let Some(target) = uri.authority().map(Authority::as_str)
            && find(target).is_none()
        {
            return Err(self.misdirected(format!("its target is on {:?}", sanitize(target))));
        }
        Ok(origin.clone())
    }

    fn misdirected(&self, why: String) -> Refusal {
        Refusal::new(Kind::Host)
            .because(why)
            .hint(format!("open {}/", self.own))
    }

    fn unlisted(&self, sent: &str) -> Refusal {
        let hint = match Origin::parse(sent) {
            Ok(origin) if self.own.twin().as_deref() == Some(origin.as_str()) => {
                format!("open the page as {}/", self.own)
            }
            Ok(origin) => format!("set ALLOWED_ORIGIN={origin} and start the demo app again"),
            Err(_) => format!("open the page as {}/", self.own),
        };
        Refusal::new(Kind::Origin)
            .because(format!("its origin is {:?}", sanitize(sent)))
            .hint(hint)
    }

    /// A request without an Origin is our own page's, a person's, or no browser's. What a browser
    /// says to come from elsewhere is refused, but for a person who follows a link to the page.
    fn site(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<(), Refusal> {
        let mut told = headers.get_all(FETCH_SITE).iter();
        let from_us = told.all(|site| matches!(site.as_bytes(), b"same-origin" | b"none"));
        let says = |name: HeaderName, value: &str| headers.get(name).is_some_and(|v| v == value);
        let follows_a_link =
            is_page(method, uri) && says(FETCH_MODE, "navigate") && says(FETCH_DEST, "document");
        if from_us || follows_a_link {
            return Ok(());
        }
        Err(Refusal::new(Kind::Site)
            .because("the browser says that another site's page asks, and not which")
            .hint(format!("open {}/", self.own)))
    }

    /// A token opens on one spelling of an origin, so the page has one too.
    fn better_place(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Option<String> {
        let host = headers.get(header::HOST)?.to_str().ok()?;
        let (_, origin) = self
            .hosts
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(host))?;
        if !is_page(method, uri) || host == host_of(origin) {
            return None;
        }
        let query = uri
            .query()
            .map_or(String::new(), |query| format!("?{query}"));
        Some(format!("{origin}/{query}"))
    }
}

/// Returns the origin of the pages that an address serves.
fn own_origin(address: SocketAddr) -> Origin {
    let here = || Origin::of_this_machine(address.port());
    if is_localhost(address.ip()) {
        here()
    } else {
        // An address with its port is an origin by its form.
        Origin::parse(&format!("http://{address}")).unwrap_or_else(|_| here())
    }
}

/// Returns true when a browser on this machine reaches the address as `localhost`.
fn is_localhost(ip: IpAddr) -> bool {
    let loopback = match ip {
        IpAddr::V4(ip) => ip == std::net::Ipv4Addr::LOCALHOST,
        IpAddr::V6(ip) => ip.is_loopback(),
    };
    loopback || ip.is_unspecified()
}

fn host_of(origin: &Origin) -> &str {
    origin
        .as_str()
        .split_once("://")
        .map_or("", |(_, host)| host)
}

fn is_page(method: &Method, uri: &Uri) -> bool {
    matches!(*method, Method::GET | Method::HEAD) && uri.path() == "/"
}

#[cfg(test)]
mod tests;
