//! Who may frame a page, by what its answer says.
//!
//! Depends on `domain`. `frame-ancestors` is matched as Content Security Policy Level 3 has it, and
//! `X-Frame-Options` as HTML has it, so that a page which passes here loads in a browser.

use std::collections::BTreeSet;

use reqwest::header::{CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, X_FRAME_OPTIONS};
use url::Url;

use crate::domain::origin::Origin;

/// What an answer says of framing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Framing {
    /// The sources of every `frame-ancestors` directive; each has to allow.
    ancestors: Vec<Vec<String>>,
    frame_options: BTreeSet<String>,
    own: Url,
}

impl Framing {
    /// Reads the headers of the page at a URL.
    pub(super) fn read(headers: &HeaderMap, url: &Url) -> Framing {
        let policies = values(headers, &CONTENT_SECURITY_POLICY);
        Framing {
            ancestors: policies.filter_map(|policy| ancestors(&policy)).collect(),
            frame_options: values(headers, &X_FRAME_OPTIONS).collect(),
            own: url.clone(),
        }
    }

    /// Returns why a page on this origin may not frame this one, or `None` when it may.
    pub(super) fn refuses(&self, origin: &Origin) -> Option<String> {
        let Ok(parent) = Url::parse(origin.as_str()) else {
            return Some(format!("{origin} is no URL"));
        };
        // Where there is a policy, browsers pass over the other header.
        if self.ancestors.is_empty() {
            return self.refuses_by_options(&parent);
        }
        let matches = |source: &String| source_matches(source, &parent, &self.own);
        let refusing = |sources: &&Vec<String>| !sources.iter().any(matches);
        let sources = self.ancestors.iter().find(refusing)?;
        let allowed = if sources.is_empty() {
            "nobody".to_owned()
        } else {
            sources.join(" ")
        };
        Some(format!("its frame-ancestors policy allows {allowed}"))
    }

    fn refuses_by_options(&self, parent: &Url) -> Option<String> {
        let says = |value: &str| self.frame_options.contains(value);
        let refuses = match self.frame_options.len() {
            0 => false,
            1 => says("deny") || says("sameorigin") && parent.origin() != self.own.origin(),
            // Values that contradict each other refuse everybody.
            _ => ["deny", "sameorigin", "allowall"].into_iter().any(says),
        };
        let values: Vec<&str> = self.frame_options.iter().map(String::as_str).collect();
        refuses.then(|| format!("its X-Frame-Options is {}", values.join(", ")))
    }
}

/// The values of a header, whether each has its own line or commas stand between them.
fn values<'h>(headers: &'h HeaderMap, name: &HeaderName) -> impl Iterator<Item = String> + use<'h> {
    let lines = headers.get_all(name).into_iter();
    lines
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(','))
        .map(|value| value.trim().to_ascii_lowercase())
        .filter(|value| !value.is_empty())
}

/// The sources of a policy's `frame-ancestors`; of several such directives the first counts.
fn ancestors(policy: &str) -> Option<Vec<String>> {
    policy.split(';').find_map(|directive| {
        let mut words = directive.split_ascii_whitespace();
        (words.next() == Some("frame-ancestors")).then(|| words.map(str::to_owned).collect())
    })
}

/// Whether a source, in lower case, allows a parent to frame the page at `own`.
fn source_matches(source: &str, parent: &Url, own: &Url) -> bool {
    match source {
        "*" => return true,
        "'self'" => return is_self(parent, own),
        _ => {}
    }
    if let Some(scheme) = source.strip_suffix(':') {
        return scheme_matches(scheme, parent);
    }
    // Without a scheme the page's own is meant.
    let (scheme, rest) = source.split_once("://").unwrap_or((own.scheme(), source));
    let (place, path) = rest.split_once('/').unwrap_or((rest, ""));
    // The grammar has no IPv6 addresses, and browsers pass over them.
    let (host, port) = place
        .split_once(':')
        .map_or((place, None), |(host, port)| (host, Some(port)));
    scheme_matches(scheme, parent)
        && host_matches(host, parent)
        && port_matches(port, parent)
        && path.is_empty()
}

fn is_self(parent: &Url, own: &Url) -> bool {
    let ports_match = parent.port_or_known_default() == own.port_or_known_default()
        || parent.port().is_none() && own.port().is_none();
    scheme_matches(own.scheme(), parent) && parent.host() == own.host() && ports_match
}

/// Plain http allows the safer scheme too, and not the reverse.
fn scheme_matches(scheme: &str, parent: &Url) -> bool {
    scheme == parent.scheme() || scheme == "http" && parent.scheme() == "https"
}

fn host_matches(pattern: &str, parent: &Url) -> bool {
    let host = parent.host_str().unwrap_or_default();
    match pattern.strip_prefix('*') {
        Some(ending) => host.ends_with(ending),
        None => host == pattern,
    }
}

/// Without a port, that of the parent's scheme is meant.
fn port_matches(pattern: Option<&str>, parent: &Url) -> bool {
    match pattern {
        Some("*") => true,
        Some(port) => port.parse().ok() == parent.port_or_known_default(),
        None => parent.port().is_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HTTPS: &str = "https://cloud.airbyte.com/embedded-widget";
    const HTTP: &str = "http://127.0.0.1:8000/embedded-widget";

    fn allows(page: &str, headers: &[(HeaderName, &str)], origin: &str) -> bool {
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| (name.clone(), value.parse().unwrap()))
            .fold(HeaderMap::new(), |mut all, (name, value)| {
                all.append(name, value);
                all
            });
        let framing = Framing::read(&headers, &Url::parse(page).unwrap());
        framing.refuses(&Origin::parse(origin).unwrap()).is_none()
    }

    #[test]
    fn a_source_allows_what_browsers_take_it_to_allow() {
        let local = "http://localhost:3001";
        let app = "https://app.example.com";
        let cases = [
            (HTTPS, "*", local, true),
            (HTTPS, "http://localhost:3001", local, true),
            (HTTPS, "http://localhost:3001/", local, true),
            (HTTPS, "http://localhost:*", local, true),
            (HTTPS, "http://*:3001", local, true),
            (HTTPS, "http:", local, true),
            (
                HTTPS,
                "https://a.example http://LOCALHOST:3001",
                local,
                true,
            ),
            (HTTPS, "http://localhost:3000", local, false),
            (HTTPS, "http://localhost", local, false),
            (HTTPS, "http://localhost:3001/app", local, false),
            (HTTPS, "https://localhost:3001", local, false),
            (HTTPS, "https:", local, false),
            (HTTPS, "'none'", local, false),
            (HTTPS, "", local, false),
            // Without a scheme it is the page's own, or a safer one.
            (HTTPS, "localhost:3001", local, false),
            (HTTPS, "localhost:*", local, false),
            (HTTP, "localhost:3001", local, true),
            (HTTP, "app.example.com", app, true),
            (HTTPS, "app.example.com", app, true),
            // A scheme's own port may be named or not.
            (HTTPS, "https://app.example.com:443", app, true),
            (HTTPS, "app.example.com:443", app, true),
            (HTTPS, "http://localhost:80", "http://localhost", true),
            (HTTPS, "https://app.example.com:80", app, false),
            (HTTPS, "http://app.example.com", app, true),
            (HTTPS, "*.example.com", app, true),
            (HTTPS, "http://*.example.com", app, true),
            (HTTPS, "*.example.com", "https://example.com", false),
            (HTTPS, "*.example.com", "https://badexample.com", false),
            (HTTPS, "'self'", local, false),
            (HTTPS, "'self'", "https://cloud.airbyte.com", true),
            (HTTPS, "'self'", "http://cloud.airbyte.com", false),
            ("http://a.example/x", "'self'", "https://a.example", true),
            (HTTP, "http://[::1]:3001", "http://[::1]:3001", false),
        ];
        for (page, sources, origin, allowed) in cases {
            let policy = format!("default-src *; Frame-Ancestors {sources}; frame-ancestors *");
            let headers = [(CONTENT_SECURITY_POLICY, policy.as_str())];
            let told = allows(page, &headers, origin);
            assert_eq!(told, allowed, "{page}: {sources:?} and {origin}");
        }
    }

    #[test]
    fn every_policy_has_to_allow() {
        const CSP: HeaderName = CONTENT_SECURITY_POLICY;
        let origin = "http://localhost:3001";
        let (any, nobody) = ("frame-ancestors *", "frame-ancestors 'none'");
        assert!(allows(HTTPS, &[(CSP, any), (CSP, any)], origin));
        assert!(allows(HTTPS, &[(CSP, "img-src *"), (CSP, any)], origin));
        assert!(!allows(HTTPS, &[(CSP, any), (CSP, nobody)], origin));
        let together = format!("{any}, {nobody}");
        assert!(!allows(HTTPS, &[(CSP, &together)], origin));
        assert!(allows(HTTPS, &[(CSP, "frame-ancestors-x 'none'")], origin));
    }

    #[test]
    fn a_policy_outranks_the_older_header() {
        let csp = |value| (CONTENT_SECURITY_POLICY, value);
        let options = |value| (X_FRAME_OPTIONS, value);
        let (local, own) = ("http://localhost:3001", "https://cloud.airbyte.com");
        let cases = [
            (vec![csp("frame-ancestors *"), options("deny")], local, true),
            (vec![csp("img-src *"), options("deny")], local, false),
            (vec![options("DENY")], own, false),
            (vec![options("SAMEORIGIN")], local, false),
            (vec![options("SAMEORIGIN")], own, true),
            (
                vec![options("sameorigin"), options("sameorigin")],
                own,
                true,
            ),
            (vec![options("sameorigin, deny")], own, false),
            (vec![options("allow-from https://a.example")], local, true),
            (vec![], local, true),
        ];
        for (headers, origin, allowed) in cases {
            assert_eq!(allows(HTTPS, &headers, origin), allowed, "{headers:?}");
        }
    }
}
