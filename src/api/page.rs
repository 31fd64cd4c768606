//! The widget page, fetched as a browser would before a token is handed to it.
//!
//! Depends on `domain`, `error`, `transport`. The page is public: no credential is sent.

use reqwest::header::{CONTENT_SECURITY_POLICY, HeaderName, X_FRAME_OPTIONS};
use url::Url;

use super::dialect::Call;
use super::error::{Endpoint, Error, Place};
use super::transport::{Answer, Request, Transport};
use crate::domain::failure::{Code, Failure};
use crate::domain::origin::Origin;
use crate::domain::redact::Redactor;

/// A widget page that answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Whether it is a widget page we recognise.
    pub recognised: bool,
    frame_options: Option<String>,
    ancestors: Option<Vec<String>>,
    own_origin: String,
}

pub(super) async fn fetch(transport: &Transport, url: &Url) -> Result<Page, Failure> {
    let call = Call::get(Endpoint::Page, url.path());
    let request = Request {
        call: &call,
        url: url.clone(),
        bearer: None,
        organization: None,
        redactor: Redactor::default(),
    };
    let place = Place {
        endpoint: Endpoint::Page,
        api: None,
        target: url.origin().ascii_serialization(),
        named_by: "the address in the token",
    };
    let answer = transport
        .send(&request)
        .await
        .map_err(|error| failure(&place, error))?;
    Ok(read(&answer, url))
}

/// Words an error. What is lost on the way is the network's; whatever the host answers instead of
/// the page is this page's, and no setting mends it, since the token names the address.
fn failure(place: &Place, error: Error) -> Failure {
    let is_answer = matches!(error, Error::Status { .. } | Error::Unreadable { .. });
    let mut failure = place.failure(error);
    if is_answer {
        failure.code = Code::PageUnusable;
        let hint = match failure.retry_after {
            Some(wait) => format!("try again in {} s", wait.as_secs()),
            None if failure.retryable => "the page's host is not available: try again later".to_owned(),
            None => "the token names this address, so the service is wrong: tell Airbyte, or whoever runs it".to_owned(),
        };
        failure.hint = Some(hint);
    }
    failure
}

fn read(answer: &Answer, url: &Url) -> Page {
    let text = |name: &HeaderName| {
        answer
            .headers
            .get(name)
            .and_then(|v| v.to_str().ok())
            .map(str::to_ascii_lowercase)
    };
    let body = String::from_utf8_lossy(&answer.body).to_ascii_lowercase();
    Page {
        // The vendor's page is an application whose shell names Airbyte; the sandbox's speaks the
        // protocol in plain sight.
        recognised: body.contains("<html")
            && (body.contains("airbyte") || body.contains("auth_token_request")),
        frame_options: text(&X_FRAME_OPTIONS),
        ancestors: text(&CONTENT_SECURITY_POLICY).and_then(|policy| {
            let directive = policy
                .split(';')
                .map(str::trim)
                .find(|d| d.starts_with("frame-ancestors"))?;
            Some(
                directive
                    .split_whitespace()
                    .skip(1)
                    .map(str::to_owned)
                    .collect(),
            )
        }),
        own_origin: url.origin().ascii_serialization(),
    }
}

impl Page {
    /// Returns why a page on this origin may not frame the widget, or `None` when it may. A
    /// `frame-ancestors` policy outranks `X-Frame-Options`, as in browsers.
    pub fn refuses_framing_by(&self, origin: &Origin) -> Option<String> {
        if let Some(ancestors) = &self.ancestors {
            let allowed = ancestors
                .iter()
                .any(|source| source_matches(source, origin, &self.own_origin));
            return (!allowed).then(|| {
                format!(
                    "its frame-ancestors policy allows {}",
                    if ancestors.is_empty() {
                        "nobody".to_owned()
                    } else {
                        ancestors.join(" ")
                    }
                )
            });
        }
        let same = self.own_origin == origin.as_str();
        match self.frame_options.as_deref() {
            Some("deny") => Some("its X-Frame-Options is deny".to_owned()),
            Some("sameorigin") if !same => Some("its X-Frame-Options is sameorigin".to_owned()),
            _ => None,
        }
    }
}

/// Matches one source of a `frame-ancestors` directive, as the policy's grammar has it.
fn source_matches(source: &str, origin: &Origin, own: &str) -> bool {
    let origin = origin.as_str();
    let Some((scheme, rest)) = origin.split_once("://") else {
        return false;
    };
    match source {
        "*" => true,
        "'self'" => own == origin,
        "'none'" => false,
        _ if source.ends_with(':') => source.trim_end_matches(':') == scheme,
        _ => {
            let (wanted, host) = source
                .split_once("://")
                .map_or((None, source), |(s, h)| (Some(s), h));
            let scheme_fits =
                wanted.is_none_or(|s| s == scheme || (s == "http" && scheme == "https"));
            scheme_fits && host_fits(host.trim_end_matches('/'), rest)
        }
    }
}

fn host_fits(pattern: &str, host: &str) -> bool {
    let split = |text: &str| {
        text.rsplit_once(':')
            .filter(|(_, p)| p.chars().all(|c| c.is_ascii_digit() || c == '*'))
            .map_or_else(
                || (text.to_owned(), None),
                |(h, p)| (h.to_owned(), Some(p.to_owned())),
            )
    };
    let ((pattern_host, pattern_port), (host, port)) = (split(pattern), split(host));
    let port_fits = pattern_port == port || pattern_port.as_deref() == Some("*");
    let host_fits = match pattern_host.strip_prefix("*.") {
        Some(parent) => host
            .strip_suffix(parent)
            .is_some_and(|sub| sub.ends_with('.') && sub.len() > 1),
        None => pattern_host == host,
    };
    port_fits && host_fits
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(ancestors: Option<&str>, frame_options: Option<&str>) -> Page {
        Page {
            recognised: true,
            frame_options: frame_options.map(str::to_owned),
            ancestors: ancestors.map(|a| a.split_whitespace().map(str::to_owned).collect()),
            own_origin: "https://cloud.airbyte.com".to_owned(),
        }
    }

    #[test]
    fn framing_follows_the_policy() {
        let origin = Origin::parse("http://localhost:3001").unwrap();
        let cases = [
            (None, None, true),
            (Some("*"), Some("deny"), true),
            (Some("http://localhost:3001"), None, true),
            (Some("http://localhost:*"), None, true),
            (Some("localhost:3001"), None, true),
            (Some("http:"), None, true),
            (Some("http://localhost:3000"), None, false),
            (Some("https://localhost:3001"), None, false),
            (Some("'self'"), None, false),
            (Some("'none'"), None, false),
            (Some(""), None, false),
            (Some("*.example.com"), None, false),
            (None, Some("deny"), false),
            (None, Some("sameorigin"), false),
        ];
        for (ancestors, options, allowed) in cases {
            assert_eq!(
                page(ancestors, options)
                    .refuses_framing_by(&origin)
                    .is_none(),
                allowed,
                "{ancestors:?} {options:?}"
            );
        }
        let app = Origin::parse("https://app.example.com").unwrap();
        assert_eq!(
            page(Some("*.example.com"), None).refuses_framing_by(&app),
            None
        );
        assert_eq!(
            page(Some("http://*.example.com"), None).refuses_framing_by(&app),
            None
        );
    }
}
