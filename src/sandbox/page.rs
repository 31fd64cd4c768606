//! `/embedded-widget`: the page that a widget token points at.

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{Html, IntoResponse, Response};
use url::Url;

use super::Sandbox;
use super::call::Call;

const PAGE: &str = include_str!("../../assets/sandbox/embedded-widget.html");

/// The page, framable by the allowed origin alone. Without a plain origin nothing is said about
/// frames, as the platform checks no origin either.
pub(super) async fn show(_: State<Sandbox>, call: Call) -> Response {
    let mut response = Html(PAGE).into_response();
    let policy = call
        .parameter("allowedOrigin")
        .filter(|origin| is_origin(origin))
        .and_then(|origin| HeaderValue::try_from(format!("frame-ancestors {origin}")).ok());
    if let Some(policy) = policy {
        response
            .headers_mut()
            .insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

fn is_origin(text: &str) -> bool {
    // A host may hold them, and either would end the policy's directive.
    !text.contains([';', ','])
        && Url::parse(text).is_ok_and(|url| {
            matches!(url.scheme(), "http" | "https") && url.origin().ascii_serialization() == text
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_bare_origin_is_one() {
        for good in [
            "http://localhost:3001",
            "https://app.example",
            "http://[::1]:80",
        ] {
            // Port 80 is http's own and no browser would send it.
            assert_eq!(is_origin(good), !good.ends_with(":80"), "{good}");
        }
        for bad in [
            "",
            "*",
            "null",
            "localhost:3001",
            "http://a/",
            "http://a b",
            "http://a;x",
            "file:///x",
        ] {
            assert!(!is_origin(bad), "{bad}");
        }
    }
}
