//! The layer around every API route: counts the request, and does what a fault asks.

use std::future::pending;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;

use super::Sandbox;
use super::call::MAX_BODY;
use super::family::Family;
use super::fault::{Action, Instead};
use super::problem;
use super::reshape::reshape;
use super::server::Cut;
use super::{control, world::World};

/// What an answer may be made of, besides the routes' own.
struct Exchange {
    uri: Uri,
    body: Bytes,
    sandbox: Sandbox,
}

/// Passes a request on, or does what the first fitting fault says.
pub(super) async fn around(
    State(sandbox): State<Sandbox>,
    request: Request,
    next: Next,
) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MAX_BODY).await else {
        let path = parts.uri.path();
        let refusal = Family::of(path).framework(413, path, "The content is too long");
        return refusal.into_response();
    };
    let path = parts.extensions.get::<MatchedPath>();
    let path = published(path.map_or_else(|| parts.uri.path(), MatchedPath::as_str));
    let action = {
        let mut world = sandbox.world();
        let method = parts.method.as_str();
        let request = format!("{method} {path}");
        control::note(&mut world, &request, parts.uri.query(), &body);
        world.armed.take_action(method, path)
    };
    let exchange = Exchange {
        uri: parts.uri.clone(),
        body: body.clone(),
        sandbox: sandbox.clone(),
    };
    let request = Request::from_parts(parts, Body::from(body));
    let mut response = match action {
        None => next.run(request).await,
        Some(action) => act(action, exchange, request, next).await,
    };
    if let Some(date) = date(&sandbox.world()) {
        response.headers_mut().insert(header::DATE, date);
    }
    response
}

/// A route by its published name, whichever of the platform's two paths was used.
fn published(path: &str) -> &str {
    path.strip_prefix("/api/public").unwrap_or(path)
}

async fn act(action: Action, exchange: Exchange, request: Request, next: Next) -> Response {
    match action {
        Action::Delay { wait, after: false } => {
            tokio::time::sleep(wait).await;
            next.run(request).await
        }
        Action::Delay { wait, after: true } => {
            let response = next.run(request).await;
            tokio::time::sleep(wait).await;
            response
        }
        // A denial has no route but the bucket's, which is served elsewhere.
        Action::Deny => next.run(request).await,
        Action::Reshape(change) => reshape(next.run(request).await, change).await,
        Action::Instead { reply, commit } => {
            if commit {
                next.run(request).await;
            }
            instead(reply, exchange).await
        }
    }
}

async fn instead(reply: Instead, exchange: Exchange) -> Response {
    let family = Family::of(exchange.uri.path());
    match reply {
        Instead::Hang => pending().await,
        Instead::Reset => {
            let mut response = StatusCode::OK.into_response();
            response.extensions_mut().insert(Cut);
            response
        }
        Instead::Status(code, message) => status(code, message.as_deref(), &exchange),
        Instead::Rate(seconds) => rate(seconds, family),
        Instead::Html(code) => html(code),
        Instead::Redirect(code, url) => redirect(code, url.as_deref()),
        Instead::RedirectLoop => redirect(307, Some(&exchange.uri.to_string())),
        Instead::Escapes => escapes(family),
        Instead::Echo => {
            let body = String::from_utf8_lossy(&exchange.body);
            family
                .bad_request(&format!("Could not process {body}"))
                .into_response()
        }
    }
}

fn status(code: u16, message: Option<&str>, exchange: &Exchange) -> Response {
    if matches!(code, 204 | 205 | 304) {
        return problem::status(code).into_response();
    }
    let error = exchange.sandbox.world().error_id();
    let path = exchange.uri.path();
    Family::of(path)
        .stock(code, message, path, error)
        .into_response()
}

fn rate(seconds: Option<u64>, family: Family) -> Response {
    let mut response = family.rate_limited().into_response();
    if let Some(seconds) = seconds {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

pub(super) fn html(code: u16) -> Response {
    let status = problem::status(code);
    let page = format!(
        "<html>\r\n<head><title>{status}</title></head>\r\n<body>\r\n<center><h1>{status}</h1></center>\r\n\
         <hr><center>proxy</center>\r\n<script>document.title = 'not shown'</script>\r\n</body>\r\n</html>\r\n"
    );
    (status, Html(page)).into_response()
}

pub(super) fn redirect(code: u16, url: Option<&str>) -> Response {
    let mut response = problem::status(code).into_response();
    if let Some(url) = url.and_then(|url| HeaderValue::from_str(url).ok()) {
        response.headers_mut().insert(header::LOCATION, url);
    }
    response
}

/// The hostile problem, with a header that holds C1 controls: the only ones a header can carry.
fn escapes(family: Family) -> Response {
    let mut response = family.hostile().into_response();
    if let Ok(value) = HeaderValue::from_bytes(b"id-\x9b31m\x9d0;x\x9c") {
        response.headers_mut().insert("x-request-id", value);
    }
    response
}

/// The server's clock, as a header.
pub(super) fn date(world: &World) -> Option<HeaderValue> {
    let now = Timestamp::from_second(world.now()).ok()?;
    let text = DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&now)
        .ok()?;
    HeaderValue::try_from(text).ok()
}
