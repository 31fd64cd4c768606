//! Connections: accepting, cutting on demand, ending in time.

use std::convert::Infallible;
use std::fmt;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::response::Response;
use axum::routing::get;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::call::Call;
use super::family::Family;
use super::problem::Refusal;
use super::{Sandbox, agents, control, inject, page, v1, widget};

/// How long connections may finish after the end was asked for.
const GRACE: Duration = Duration::from_secs(1);

/// Pause after a failed accept: out of file descriptors, most likely, and that passes.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Marks a response that must not be sent: the connection ends instead.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cut;

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection was cut on purpose")
    }
}

impl std::error::Error for Cut {}

/// Serves an application until `shutdown` resolves.
pub(super) async fn run(
    router: Router,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send,
) {
    let (ending, cutting) = (CancellationToken::new(), CancellationToken::new());
    // Connections live in tasks of their own; this ends them when our future is dropped.
    let _cut_on_drop = cutting.clone().drop_guard();
    let connections = TaskTracker::new();
    let mut shutdown = pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            () = &mut shutdown => break,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _)) = accepted else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let (ending, cutting) = (ending.clone(), cutting.clone());
        let connection = connection(stream, router.clone(), ending);
        connections.spawn(async move { cutting.run_until_cancelled(connection).await });
    }
    drop(listener);
    ending.cancel();
    connections.close();
    if tokio::time::timeout(GRACE, connections.wait())
        .await
        .is_err()
    {
        cutting.cancel();
        connections.wait().await;
    }
}

/// Everything that is served on the API's port.
pub(super) fn router(sandbox: Sandbox) -> Router {
    Router::new()
        .merge(v1::routes(v1::PREFIX))
        .merge(v1::routes("/api/public/v1"))
        .merge(agents::routes())
        .merge(widget::routes())
        .route(page::PATH, get(page::show))
        .route(page::PARTS, get(page::part))
        .fallback(unknown)
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn_with_state(sandbox.clone(), inject::around))
        .merge(control::routes())
        .with_state(sandbox)
}

async fn unknown(call: Call) -> Refusal {
    Family::of(&call.path).framework(404, &call.path, "Page Not Found")
}

async fn wrong_method(call: Call) -> Refusal {
    Family::of(&call.path).framework(405, &call.path, "Method not allowed for this URI.")
}

/// Serves one connection. Its errors are the client's doing or our own cuts, so they end it and
/// concern nobody.
async fn connection(stream: TcpStream, router: Router, ending: CancellationToken) {
    let _ = stream.set_nodelay(true);
    let application = TowerToHyperService::new(router);
    let service = service_fn(move |request: Request<Incoming>| {
        let answer = application.call(request);
        async move { sendable(answer.await) }
    });
    let mut serving = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .serve_connection(TokioIo::new(stream), service)
    );
    tokio::select! {
        _ = serving.as_mut() => return,
        () = ending.cancelled() => serving.as_mut().graceful_shutdown(),
    }
    let _ = serving.await;
}

fn sendable(answer: Result<Response, Infallible>) -> Result<Response, Cut> {
    let Ok(response) = answer;
    if response.extensions().get::<Cut>().is_some() {
        return Err(Cut);
    }
    Ok(response)
}
