//! `/embedded-widget`: the page that a widget token points at, and the parts that it loads.

use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{Html, IntoResponse, Response};
use url::Url;

use super::Sandbox;
use super::call::Call;
use super::ids::Id;
use super::pipeline::Api;
use super::problem::{self, Refusal};

/// Where it is.
pub(super) const PATH: &str = "/embedded-widget";

/// Where its parts are.
pub(super) const PARTS: &str = "/embedded-widget/{part}";

const PAGE: &str = include_str!("../../assets/sandbox/embedded-widget.html");

const SCRIPT: &str = "text/javascript; charset=utf-8";

/// Name, media type and content of each part.
const FILES: &[(&str, &str, &str)] = &[
    (
        "page.css",
        "text/css; charset=utf-8",
        include_str!("../../assets/sandbox/page.css"),
    ),
    (
        "page.js",
        SCRIPT,
        include_str!("../../assets/sandbox/page.js"),
    ),
    (
        "parent.js",
        SCRIPT,
        include_str!("../../assets/sandbox/parent.js"),
    ),
    (
        "service.js",
        SCRIPT,
        include_str!("../../assets/sandbox/service.js"),
    ),
    (
        "form.js",
        SCRIPT,
        include_str!("../../assets/sandbox/form.js"),
    ),
];

/// What the page may load and call: its own parts, and the API behind it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'";

/// The page, framable by the allowed origin alone. Without a plain origin nothing is said about
/// frames, as the platform checks no origin either.
pub(super) async fn show(State(sandbox): State<Sandbox>, call: Call) -> Response {
    let api = spoken(&sandbox, call.parameter("workspaceId"));
    let mut response = Html(PAGE.replace("{api}", api)).into_response();
    let origin = call
        .parameter("allowedOrigin")
        .filter(|origin| is_origin(origin));
    let ancestors = origin.map(|origin| format!("{POLICY}; frame-ancestors {origin}"));
    let policy = ancestors.and_then(|policy| HeaderValue::try_from(policy).ok());
    let policy = policy.unwrap_or(HeaderValue::from_static(POLICY));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    headers.extend(CAREFUL.map(|(name, value)| (name, HeaderValue::from_static(value))));
    response
}

/// One of the page's parts.
pub(super) async fn part(call: Call) -> Result<Response, Refusal> {
    let named = FILES.iter().find(|(name, ..)| *name == call.last_segment());
    let missing = || problem::framework(404, &call.path, "Page Not Found");
    let (_, kind, content) = named.ok_or_else(missing)?;
    let mut response = content.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.extend(CAREFUL.map(|(name, value)| (name, HeaderValue::from_static(value))));
    Ok(response)
}

const CAREFUL: [(HeaderName, &str); 3] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
];

/// Which API the page speaks: the one that last minted for the workspace.
fn spoken(sandbox: &Sandbox, workspace: Option<&str>) -> &'static str {
    let world = sandbox.world();
    let id = workspace.and_then(|id| id.parse::<Id>().ok());
    let mut workspaces = world.workspaces.iter();
    let found = workspaces.find(|found| Some(found.id) == id);
    match found.map(|found| found.widget.api) {
        Some(Api::Agents) => "agents",
        Some(Api::V1) | None => "v1",
    }
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
