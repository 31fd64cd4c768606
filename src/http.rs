//! The one HTTP stack: who is trusted, which proxy is asked, how long is waited, and what a request
//! that was lost on the way is called.
//!
//! Depends on `domain`. Airbyte's APIs, the widget page and the bucket are all reached through it.
//! Redirects are never followed: these requests carry credentials. Nothing compressed is asked for,
//! so nothing can inflate.

use std::error::Error as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::OnceLock;
use std::time::Duration;

use hyper_util::client::proxy::matcher::Matcher;
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{DATE, HeaderMap, HeaderName, LOCATION, RETRY_AFTER};
use url::Url;

use crate::domain::failure::Code;
use crate::domain::origin::is_loopback;
use crate::domain::text::sanitize;

/// How often a repeatable request is tried.
pub const ATTEMPTS: u32 = 3;

/// The wait before the first retry is drawn from zero to this; it doubles with each.
const BACKOFF: Duration = Duration::from_millis(200);

/// The longest wait that is obeyed; a service that asks for more is told to the operator instead.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// What the stack is made of.
#[derive(Clone, Debug)]
pub struct Options {
    /// The time limit of one request, from connecting to the last byte.
    pub timeout: Duration,
    /// The time limit of connecting.
    pub connect_timeout: Duration,
    /// Certificates, in PEM, trusted beside the system's own.
    pub ca_file: Option<Vec<u8>>,
    /// Draws a share from 0 to 1 for the wait before a retry.
    pub jitter: fn() -> f64,
}

impl Default for Options {
    /// The documented time limits.
    fn default() -> Options {
        Options {
            timeout: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(5),
            ca_file: None,
            jitter: fastrand::f64,
        }
    }
}

/// The stack. Nothing is read or connected before the first request.
pub struct Http {
    options: Options,
    direct: OnceLock<Result<reqwest::Client, String>>,
    proxied: OnceLock<Result<reqwest::Client, String>>,
}

/// How a request was lost on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lost {
    /// The host's name does not resolve.
    Name,
    /// No connection came about.
    Connect,
    /// TLS was refused.
    Tls,
    /// The proxy failed.
    Proxy,
    /// The time was up.
    Timeout,
    /// The connection ended after the request had been sent.
    Middle,
    /// What came back is not HTTP, or more of it than a head may have.
    Garbled,
}

impl Lost {
    /// Returns the failure's code.
    pub const fn code(self) -> Code {
        match self {
            Lost::Name => Code::NetworkDns,
            Lost::Connect => Code::NetworkConnect,
            Lost::Tls => Code::NetworkTls,
            Lost::Proxy => Code::NetworkProxy,
            Lost::Timeout => Code::NetworkTimeout,
            Lost::Middle => Code::NetworkLost,
            Lost::Garbled => Code::ServiceUnreadable,
        }
    }

    /// Returns what happened in a few words, for the log of requests.
    pub const fn brief(self) -> &'static str {
        match self {
            Lost::Name => "name not found",
            Lost::Connect => "no connection",
            Lost::Tls => "TLS refused",
            Lost::Proxy => "proxy failed",
            Lost::Timeout => "no answer in time",
            Lost::Middle => "connection lost",
            Lost::Garbled => "not HTTP",
        }
    }

    /// Returns true when the same request may succeed later without a change.
    pub const fn may_pass(self) -> bool {
        !matches!(self, Lost::Tls | Lost::Garbled)
    }

    /// Returns true when it is sent again unasked. After a whole timeout it is not: another would
    /// only be waited out as well.
    pub const fn is_worth_retrying(self) -> bool {
        self.may_pass() && !matches!(self, Lost::Timeout)
    }

    /// Returns what to do, `target` being what was called and `named_by` what names it.
    pub fn hint(self, target: &str, named_by: &str) -> String {
        match self {
            Lost::Tls => "an authority of your own is added with --ca-file PEM; verification is never switched off".to_owned(),
            Lost::Proxy => "check HTTPS_PROXY, or name the host in NO_PROXY".to_owned(),
            Lost::Timeout => "try again; --timeout SECONDS allows more time".to_owned(),
            Lost::Middle => "try again".to_owned(),
            Lost::Garbled => format!("check that {named_by} ({target}) names this service and its port"),
            Lost::Name | Lost::Connect => {
                format!("check that {target} is reachable from here, and that {named_by} is right")
            }
        }
    }
}

/// Tells of a request that is given up: whoever drops the future in which it is sent drops this too.
pub struct GivenUp<F: FnOnce()> {
    tell: Option<F>,
}

impl<F: FnOnce()> GivenUp<F> {
    /// Begins; `tell` is called if this is dropped before [`GivenUp::ended`].
    pub fn unless_ended(tell: F) -> GivenUp<F> {
        GivenUp { tell: Some(tell) }
    }

    /// The request has ended, one way or another.
    pub fn ended(mut self) {
        self.tell = None;
    }
}

impl<F: FnOnce()> Drop for GivenUp<F> {
    fn drop(&mut self) {
        if let Some(tell) = self.tell.take() {
            tell();
        }
    }
}

/// A request that was lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// How.
    pub how: Lost,
    /// Why, sanitized, with host and port.
    pub why: String,
    /// Whether the service may have received the request.
    pub sent: bool,
}

impl Http {
    /// Makes the stack.
    pub fn new(options: Options) -> Http {
        Http {
            options,
            direct: OnceLock::new(),
            proxied: OnceLock::new(),
        }
    }

    /// Returns the time limit of one request.
    pub const fn timeout(&self) -> Duration {
        self.options.timeout
    }

    /// Returns the loss of a request whose service fell silent.
    pub fn silent(&self, shown: &str) -> Loss {
        let url = Url::parse(shown).ok();
        let host = url.map(|url| host_and_port(&url)).unwrap_or_default();
        let limit = self.options.timeout.as_secs_f32();
        Loss {
            how: Lost::Timeout,
            why: format!("{host} said nothing for {limit} s"),
            sent: true,
        }
    }

    /// Returns the wait before a retry, `attempt` counting from 1.
    pub fn backoff(&self, attempt: u32) -> Duration {
        let ceiling = BACKOFF.saturating_mul(1 << attempt.saturating_sub(1).min(16));
        ceiling.mul_f64((self.options.jitter)()).min(PATIENCE)
    }

    /// Returns the client for a URL. Loopback never goes through a proxy, whatever the environment
    /// says.
    ///
    /// # Errors
    /// The CA file holds no certificate, or the system's own cannot be read.
    pub fn client(&self, url: &Url) -> Result<&reqwest::Client, Loss> {
        let loopback = is_loopback(url);
        let cell = if loopback {
            &self.direct
        } else {
            &self.proxied
        };
        let built = cell.get_or_init(|| self.build(loopback)).as_ref();
        built.map_err(|why| Loss {
            how: Lost::Tls,
            why: why.clone(),
            sent: false,
        })
    }

    fn build(&self, direct: bool) -> Result<reqwest::Client, String> {
        // A second installation fails, and the first holds: that is what is wanted.
        let _already = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("embedctl/", env!("CARGO_PKG_VERSION")))
            .timeout(self.options.timeout)
            .connect_timeout(self.options.connect_timeout)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never());
        if direct {
            builder = builder.no_proxy().dns_resolver(Loopback);
        }
        if let Some(pem) = &self.options.ca_file {
            // Without a block of PEM there is no error either, and nothing would be trusted.
            let certificates = reqwest::Certificate::from_pem_bundle(pem)
                .ok()
                .filter(|certificates| !certificates.is_empty())
                .ok_or_else(|| "the CA file holds no certificate in PEM".to_owned())?;
            builder = builder.tls_certs_merge(certificates);
        }
        builder.build().map_err(|e| sanitize(&root_cause(&e)))
    }

    /// Says how a request was lost. `shown` is its URL, without query.
    pub fn lost(&self, error: &reqwest::Error, shown: &str) -> Loss {
        let seconds = |span: Duration| format!("{} s", span.as_secs_f32());
        let url = Url::parse(shown).ok();
        let host = url.map(|url| host_and_port(&url)).unwrap_or_default();
        let cause = sanitize(&root_cause(error));
        let tls = tls_cause(error).map(|tls| sanitize(&tls));
        let (how, why) = if error.is_connect() {
            match tls {
                Some(tls) => (Lost::Tls, format!("{host}: {tls}")),
                None => self.unconnected(error, shown, &host, &cause),
            }
        } else if error.is_timeout() {
            let limit = seconds(self.options.timeout);
            let why = format!("{host} gave no complete answer within {limit}");
            (Lost::Timeout, why)
        } else if is_garbled(error) {
            (
                Lost::Garbled,
                format!("{host} does not answer in HTTP: {cause}"),
            )
        } else {
            let why = tls.map_or_else(String::new, |tls| format!(": {tls}"));
            let why = format!("{host} ended the connection before a complete answer{why}");
            (Lost::Middle, why)
        };
        let sent = !error.is_connect();
        Loss { how, why, sent }
    }

    fn unconnected(
        &self,
        error: &reqwest::Error,
        shown: &str,
        host: &str,
        cause: &str,
    ) -> (Lost, String) {
        if let Some(proxy) = proxy_for(shown) {
            let why = format!("the proxy {proxy}, which the environment names for {host}: {cause}");
            (Lost::Proxy, why)
        } else if error.is_timeout() {
            let limit = self.options.connect_timeout.as_secs_f32();
            let why = format!("{host} did not take a connection within {limit} s");
            (Lost::Connect, why)
        } else if is_name_error(error) {
            (Lost::Name, format!("{host}: {cause}"))
        } else {
            (Lost::Connect, format!("{host}: {cause}"))
        }
    }
}

/// Resolves every name to this machine: names below `localhost` are no business of a name server's
/// (RFC 6761), and one that answered would be given credentials in clear.
struct Loopback;

impl Resolve for Loopback {
    fn resolve(&self, _name: Name) -> Resolving {
        let both: [IpAddr; 2] = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
        let addresses: Addrs = Box::new(both.into_iter().map(|ip| SocketAddr::new(ip, 0)));
        Box::pin(std::future::ready(Ok(addresses)))
    }
}

fn header_text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

/// Returns the answer's own time.
pub fn header_date(headers: &HeaderMap) -> Option<Timestamp> {
    DateTimeParser::new()
        .parse_timestamp(header_text(headers, &DATE)?)
        .ok()
}

/// Reads `Retry-After`: seconds, or a date.
pub fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = header_text(headers, &RETRY_AFTER)?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let at = DateTimeParser::new().parse_timestamp(text).ok()?;
    Some(
        Duration::try_from(at.duration_since(header_date(headers).unwrap_or(now)))
            .unwrap_or_default(),
    )
}

/// Returns where a redirect points: the host alone, which is all an operator needs to judge it.
pub fn location(headers: &HeaderMap, from: &Url) -> Option<String> {
    let text = header_text(headers, &LOCATION)?;
    let url = from.join(text).ok()?;
    Some(sanitize(&url.origin().ascii_serialization()))
}

fn host_and_port(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// Returns true when the stack can use a proxy that the environment names so.
pub fn is_proxy(text: &str) -> bool {
    let matcher = Matcher::builder().https(text).build();
    let anywhere = "https://host.invalid".parse();
    anywhere.is_ok_and(|anywhere| matcher.intercept(&anywhere).is_some())
}

/// Returns the proxy that the environment names for a URL, unless it is on this machine.
pub fn proxy_for(url: &str) -> Option<String> {
    if is_loopback(&Url::parse(url).ok()?) {
        return None;
    }
    let uri = url.parse().ok()?;
    let proxy = Matcher::from_system().intercept(&uri)?;
    let uri = proxy.uri();
    Some(sanitize(&format!(
        "{}:{}",
        uri.host()?,
        uri.port_u16().unwrap_or(80)
    )))
}

fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
    std::iter::successors(error.source(), |cause| (*cause).source())
}

fn root_cause(error: &reqwest::Error) -> String {
    causes(error)
        .last()
        .map_or_else(|| "no connection".to_owned(), ToString::to_string)
}

fn is_name_error(error: &reqwest::Error) -> bool {
    causes(error).any(|cause| cause.to_string().contains("dns error"))
}

fn is_garbled(error: &reqwest::Error) -> bool {
    causes(error)
        .filter_map(|cause| cause.downcast_ref::<hyper::Error>())
        .any(hyper::Error::is_parse)
}

fn tls_cause(error: &reqwest::Error) -> Option<String> {
    causes(error).find_map(|cause| rustls_within(cause).map(ToString::to_string))
}

/// An error of the system may wrap another in any number of layers, and tells of none of them as its
/// source.
fn rustls_within<'e>(error: &'e (dyn std::error::Error + 'static)) -> Option<&'e rustls::Error> {
    error.downcast_ref::<rustls::Error>().or_else(|| {
        let wrapped = error.downcast_ref::<std::io::Error>()?.get_ref()?;
        rustls_within(wrapped)
    })
}
