//! One request as the rules see it: read whole, judged by nobody yet.

use std::convert::Infallible;

use axum::body::{Bytes, to_bytes};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use serde_json::{Map, Value};
use url::form_urlencoded;

use super::problem::{self, Refusal};
use super::world::World;

/// Size above which the platform refuses a request.
pub(super) const MAX_BODY: usize = 10 * 1024 * 1024;

/// A request.
pub(super) struct Call {
    pub(super) path: String,
    pub(super) query: Vec<(String, String)>,
    /// Where the caller found us, by its own Host header: `http://127.0.0.1:4000`.
    pub(super) base: String,
    pub(super) bearer: Option<String>,
    /// The header by which the newer API is told the organization.
    pub(super) organization: Option<String>,
    content_type: String,
    body: Bytes,
}

impl<S: Send + Sync> FromRequest<S> for Call {
    type Rejection = Infallible;

    async fn from_request(request: Request, _: &S) -> Result<Self, Infallible> {
        let (parts, body) = request.into_parts();
        // The layer outside has read the body already, within its limit: this cannot fail.
        let body = to_bytes(body, MAX_BODY).await.unwrap_or_default();
        let query = parts.uri.query().unwrap_or_default();
        Ok(Self {
            path: parts.uri.path().to_owned(),
            query: form_urlencoded::parse(query.as_bytes())
                .into_owned()
                .collect(),
            base: format!(
                "http://{}",
                text(&parts.headers, header::HOST).unwrap_or("127.0.0.1")
            ),
            bearer: bearer(&parts.headers),
            organization: parts
                .headers
                .get("x-organization-id")
                .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()),
            content_type: text(&parts.headers, header::CONTENT_TYPE)
                .unwrap_or_default()
                .to_ascii_lowercase(),
            body,
        })
    }
}

impl Call {
    /// The first value of a query parameter.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// What the path ends in.
    pub(super) fn last_segment(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    /// The body as it came, if it is said to be JSON.
    pub(super) fn json_text(&self) -> Option<&[u8]> {
        self.content_type
            .starts_with("application/json")
            .then_some(&self.body)
    }

    /// The body as a JSON object.
    pub(super) fn json(&self, world: &mut World) -> Result<Map<String, Value>, Refusal> {
        if !self.content_type.starts_with("application/json") {
            return Err(self.unsupported());
        }
        match serde_json::from_slice(&self.body) {
            Ok(Value::Object(fields)) => Ok(fields),
            Ok(_) | Err(_) => Err(world.opaque(422)),
        }
    }

    /// The body as a JSON object or as a form.
    pub(super) fn fields(&self, world: &mut World) -> Result<Map<String, Value>, Refusal> {
        if self
            .content_type
            .starts_with("application/x-www-form-urlencoded")
        {
            return Ok(form_urlencoded::parse(&self.body)
                .map(|(name, value)| (name.into_owned(), Value::from(value)))
                .collect());
        }
        self.json(world)
    }

    fn unsupported(&self) -> Refusal {
        let message = format!("Content Type [{}] not allowed.", self.content_type);
        problem::framework(415, &self.path, &message)
    }
}

/// A header, if it is there once and readable.
pub(super) fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

fn bearer(headers: &HeaderMap) -> Option<String> {
    let (scheme, token) = text(headers, header::AUTHORIZATION)?.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then(|| token.trim().to_owned())
}
