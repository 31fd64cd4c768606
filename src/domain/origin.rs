//! Web origins: the one place a widget token opens on.
//!
//! Depends on nothing of ours.

use std::fmt;
use std::net::IpAddr;

use url::{Host, Url};

/// An origin exactly as a browser sends it: scheme, host, and the port unless it is the scheme's
/// default. The widget page compares it as a string, so the spelling is all that counts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin(String);

/// Why a text is not an origin, with the repair where one is plain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAnOrigin {
    /// What is wrong, as the end of a sentence.
    pub why: String,
    /// The origin that was probably meant.
    pub meant: Option<String>,
}

impl Origin {
    /// Returns the origin of what this machine serves on a port, in the spelling people open.
    pub fn of_this_machine(port: u16) -> Origin {
        // Browsers leave a scheme's own port out.
        Origin(match port {
            80 => "http://localhost".to_owned(),
            port => format!("http://localhost:{port}"),
        })
    }

    /// Reads an origin. A single trailing slash and a default port are forgiven; compare the result
    /// with the text to know whether something was normalised.
    ///
    /// # Errors
    /// A missing scheme, a path, a query, user information, a wildcard, or any other scheme than
    /// http and https.
    pub fn parse(text: &str) -> Result<Origin, NotAnOrigin> {
        let text = text.trim();
        let wrong = |why: &str| NotAnOrigin {
            why: why.to_owned(),
            meant: None,
        };
        if text.is_empty() {
            return Err(wrong("is empty"));
        }
        if text.contains('*') {
            return Err(wrong("has a wildcard; an origin is one exact place"));
        }
        if text.contains(|c: char| c == ',' || c.is_whitespace()) {
            return Err(wrong("names several; an origin is one exact place"));
        }
        if text == "null" {
            return Err(wrong(
                "is what a page opened from a file sends; serve it over http",
            ));
        }
        if !text.contains("://") {
            return Err(NotAnOrigin {
                why: "has no scheme".to_owned(),
                meant: with_scheme(text),
            });
        }
        let url = Url::parse(text).map_err(|e| wrong(&format!("is not a URL ({e})")))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(wrong("must start with http:// or https://"));
        }
        let origin = Origin(url.origin().ascii_serialization());
        let meant = Some(origin.0.clone());
        let why = if !url.username().is_empty() || url.password().is_some() {
            "holds a user name or password"
        } else if url.path() != "/" {
            "has a path; an origin ends after host and port"
        } else if url.query().is_some() || url.fragment().is_some() {
            "has a query or fragment; an origin ends after host and port"
        } else {
            return Ok(origin);
        };
        Err(NotAnOrigin {
            why: why.to_owned(),
            meant,
        })
    }

    /// Returns the origin's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the other common spelling of a loopback origin (`localhost` for `127.0.0.1` and the
    /// reverse), which a browser treats as another place.
    pub fn twin(&self) -> Option<String> {
        let (scheme, place) = self.0.split_once("://")?;
        let (host, port) = place.split_at_checked(place.find(':').unwrap_or(place.len()))?;
        let other = match host {
            "localhost" => "127.0.0.1",
            "127.0.0.1" => "localhost",
            _ => return None,
        };
        Some(format!("{scheme}://{other}{port}"))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Returns true when the URL's host is this machine by name or by loopback address.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

/// Returns true when the URL's host is an address that only a machine's own services answer on:
/// link-local (where clouds keep their metadata) or unspecified.
pub fn is_link_local(url: &Url) -> bool {
    let ip: IpAddr = match url.host() {
        Some(Host::Ipv4(ip)) => ip.into(),
        Some(Host::Ipv6(ip)) => ip.to_ipv4_mapped().map_or(ip.into(), Into::into),
        Some(Host::Domain(name)) => return name == "metadata.google.internal",
        None => return false,
    };
    match ip {
        IpAddr::V4(ip) => ip.is_link_local() || ip.is_unspecified(),
        IpAddr::V6(ip) => ip.is_unicast_link_local() || ip.is_unspecified(),
    }
}

fn with_scheme(text: &str) -> Option<String> {
    let here = Url::parse(&format!("http://{text}")).is_ok_and(|url| is_loopback(&url));
    let scheme = if here { "http" } else { "https" };
    Origin::parse(&format!("{scheme}://{text}"))
        .ok()
        .map(|o| o.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_are_not_one() {
        for text in [
            "http://a.com,http://b.com",
            "http://a.com, http://b.com",
            "a.com b.com",
        ] {
            let wrong = Origin::parse(text).unwrap_err();
            assert!(wrong.why.contains("one"), "{}", wrong.why);
            assert_eq!(wrong.meant, None, "{text}");
        }
    }

    #[test]
    fn what_a_browser_sends_is_kept() {
        for text in [
            "http://localhost:3001",
            "https://app.example.com",
            "http://[::1]:3001",
        ] {
            assert_eq!(Origin::parse(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn a_trailing_slash_a_default_port_and_capitals_are_normalised() {
        assert_eq!(
            Origin::parse("https://App.Example.com:443/")
                .unwrap()
                .as_str(),
            "https://app.example.com"
        );
        assert_eq!(
            Origin::parse(" http://localhost:80 ").unwrap().as_str(),
            "http://localhost"
        );
    }

    #[test]
    fn a_missing_scheme_gets_a_suggestion() {
        let wrong = Origin::parse("localhost:3000").unwrap_err();
        assert_eq!(wrong.meant.as_deref(), Some("http://localhost:3000"));
        let wrong = Origin::parse("localhost.acme.dev").unwrap_err();
        assert_eq!(wrong.meant.as_deref(), Some("https://localhost.acme.dev"));
        let wrong = Origin::parse("app.example.com").unwrap_err();
        assert_eq!(wrong.meant.as_deref(), Some("https://app.example.com"));
    }

    #[test]
    fn what_is_more_or_less_than_an_origin_is_refused() {
        for text in [
            "",
            "*",
            "null",
            "https://*.example.com",
            "file:///x",
            "http://a/b",
            "http://a/?q",
            "http://u:p@a",
            "http://",
            "ws://a",
        ] {
            assert!(Origin::parse(text).is_err(), "{text}");
        }
        let wrong = Origin::parse("http://localhost:3000/index.html").unwrap_err();
        assert_eq!(wrong.meant.as_deref(), Some("http://localhost:3000"));
    }

    #[test]
    fn this_machines_own_origin_is_what_a_browser_sends() {
        for port in [80, 443, 3001] {
            let own = Origin::of_this_machine(port);
            assert_eq!(Origin::parse(&format!("http://localhost:{port}/")), Ok(own));
        }
    }

    #[test]
    fn loopback_has_a_twin() {
        for (text, twin) in [
            ("http://localhost:3001", Some("http://127.0.0.1:3001")),
            ("http://127.0.0.1:3001", Some("http://localhost:3001")),
            ("https://localhost", Some("https://127.0.0.1")),
            ("http://[::1]:3001", None),
            ("https://a.example", None),
            ("https://localhost.acme.dev", None),
            ("https://127.0.0.1.acme.dev", None),
            ("http://127.0.0.100", None),
            ("http://localhost2:3001", None),
        ] {
            let origin = Origin::parse(text).unwrap();
            assert_eq!(origin.twin().as_deref(), twin, "{text}");
        }
    }

    #[test]
    fn metadata_addresses_are_recognised() {
        for text in [
            "http://169.254.169.254/",
            "http://[fe80::1]/",
            "http://0.0.0.0/",
            "http://[::ffff:169.254.169.254]/",
        ] {
            assert!(is_link_local(&Url::parse(text).unwrap()), "{text}");
        }
        assert!(is_loopback(&Url::parse("http://127.9.9.9/").unwrap()));
        assert!(!is_loopback(
            &Url::parse("http://localhost.evil.example/").unwrap()
        ));
    }
}
