//! Answers: what they carry, whatever they are.
//!
//! Depends on `refusal` and `domain`.

use std::fmt;

use axum::Json;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use serde_json::json;

use super::refusal::{Kind, Refusal};
use crate::domain::origin::Origin;
use crate::domain::secret::Secret;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const FRAME_OPTIONS: HeaderName = HeaderName::from_static("x-frame-options");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const ASKS_PRIVATE_NETWORK: HeaderName =
    HeaderName::from_static("access-control-request-private-network");
const ALLOWS_PRIVATE_NETWORK: HeaderName =
    HeaderName::from_static("access-control-allow-private-network");

/// Names one request, in its answer and in what is told of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RequestId(u64);

impl RequestId {
    pub(super) fn fresh() -> RequestId {
        RequestId(fastrand::u64(..))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// Answers with a document.
pub(super) fn document(status: StatusCode, kind: &'static str, text: impl Into<Body>) -> Response {
    (status, [(header::CONTENT_TYPE, kind)], text.into()).into_response()
}

/// Answers with a JSON document.
pub(super) fn json(status: StatusCode, value: &impl Serialize) -> Response {
    (status, Json(value)).into_response()
}

/// Answers with a token.
pub(super) fn token(token: &Secret) -> Response {
    #[derive(Serialize)]
    struct Answer<'a> {
        token: &'a str,
    }
    json(
        StatusCode::OK,
        &Answer {
            token: token.expose(),
        },
    )
}

/// Answers with nothing, which is all there is to say.
pub(super) fn nothing() -> Response {
    StatusCode::NO_CONTENT.into_response()
}

/// Sends a person to the page's home.
pub(super) fn elsewhere(place: &str) -> Response {
    let mut response = StatusCode::TEMPORARY_REDIRECT.into_response();
    if let Ok(place) = HeaderValue::try_from(place) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    response
}

/// Answers with a refusal. Where strangers are let in, what Airbyte said is the operator's alone.
pub(super) fn refusal(refusal: &Refusal, id: RequestId, public: bool) -> Response {
    let own = Kind::ALL.iter().any(|kind| kind.name() == refusal.code);
    let (because, hint) = if public && !own {
        let where_to_look =
            format!("whoever runs this demo app finds the reason in its terminal, as request {id}");
        (None, Some(where_to_look))
    } else {
        (refusal.because.clone(), refusal.hint.clone())
    };
    let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::BAD_GATEWAY);
    let mut response = json(
        status,
        &json!({"error": {
            "code": refusal.code,
            "message": refusal.message,
            "because": because,
            "hint": hint,
            "request_id": id.to_string(),
        }}),
    );
    if let Some(wait) = refusal.retry_after {
        let seconds = HeaderValue::from(wait.as_secs().max(1));
        response.headers_mut().insert(header::RETRY_AFTER, seconds);
    }
    response
}

/// Adds what every answer carries.
pub(super) fn harden(headers: &mut HeaderMap, id: RequestId) {
    let fixed = [
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // With `no-referrer` some browsers send `Origin: null` to their own page's server.
        (header::REFERRER_POLICY, "same-origin"),
        (header::VARY, "Origin"),
        (FRAME_OPTIONS, "DENY"),
        (RESOURCE_POLICY, "same-origin"),
        // A widget may open a window in which a customer signs in.
        (OPENER_POLICY, "same-origin-allow-popups"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if !headers.contains_key(header::CONTENT_SECURITY_POLICY) {
        let nothing = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
        headers.insert(header::CONTENT_SECURITY_POLICY, nothing);
    }
    if let Ok(id) = HeaderValue::try_from(id.to_string()) {
        headers.insert(REQUEST_ID, id);
    }
}

/// Tells a browser that a listed origin may read the answer.
pub(super) fn readable_by(headers: &mut HeaderMap, origin: &Origin) {
    if let Ok(origin) = HeaderValue::try_from(origin.as_str()) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        let exposed = HeaderValue::from_static("x-request-id, retry-after");
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    }
}

/// Answers what a browser asks before it sends a listed origin's request.
pub(super) fn preflight(asked: &HeaderMap) -> Response {
    let mut response = nothing();
    let headers = response.headers_mut();
    let allowed = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD, POST"),
        (
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            "accept, authorization, content-type, x-requested-with",
        ),
        (header::ACCESS_CONTROL_MAX_AGE, "600"),
    ];
    for (name, value) in allowed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if asked.get(ASKS_PRIVATE_NETWORK).is_some_and(|v| v == "true") {
        headers.insert(ALLOWS_PRIVATE_NETWORK, HeaderValue::from_static("true"));
    }
    response
}
