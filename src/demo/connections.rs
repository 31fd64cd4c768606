//! Connections: so many at once, heads in time, answers taken in time, an end in time.
//!
//! Depends on nothing of ours.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use futures_util::future::join_all;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_io_timeout::TimeoutStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How many connections are open at once; others wait to be accepted. Well below the number of
/// files that a process may have open on most systems.
const AT_ONCE: usize = 512;

/// How long a request's head may take, and how long a connection may wait for the next one.
const HEAD: Duration = Duration::from_secs(5);

/// How long a client may take nothing of what is written to it.
const STALL: Duration = Duration::from_secs(5);

/// The largest head.
const HEAD_LIMIT: usize = 32 << 10;

/// How long requests may go on after the end was asked for.
pub(super) const GRACE: Duration = Duration::from_secs(1);

/// Pause after a failed accept: out of file descriptors, most likely, and that passes.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves an application until `shutdown` resolves. Requests under way may then go on for a second.
pub(super) async fn run(
    router: Router,
    listeners: Vec<TcpListener>,
    shutdown: impl Future<Output = ()> + Send,
) {
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let (ending, cutting) = (CancellationToken::new(), CancellationToken::new());
    // Connections live in tasks of their own; this ends them when our future is dropped.
    let _cut_on_drop = cutting.clone().drop_guard();
    let connections = TaskTracker::new();
    let accepting = listeners.into_iter().map(|listener| {
        let (router, places) = (router.clone(), Arc::clone(&places));
        let (ending, cutting, connections) = (ending.clone(), cutting.clone(), connections.clone());
        async move {
            loop {
                let Ok(place) = Arc::clone(&places).acquire_owned().await else {
                    return;
                };
                let Ok((stream, _)) = listener.accept().await else {
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                };
                let connection = connection(stream, router.clone(), ending.clone());
                let cutting = cutting.clone();
                connections.spawn(async move {
                    cutting.run_until_cancelled(connection).await;
                    drop(place);
                });
            }
        }
    });
    tokio::select! {
        () = shutdown => {}
        _ = join_all(accepting) => {}
    }
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

/// Serves one connection. Its errors are the client's doing, so they end it and concern nobody.
async fn connection(stream: TcpStream, router: Router, ending: CancellationToken) {
    let _ = stream.set_nodelay(true);
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(STALL));
    let mut serving = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD)
            .max_buf_size(HEAD_LIMIT)
            .serve_connection(
                TokioIo::new(Box::pin(stream)),
                TowerToHyperService::new(router)
            )
    );
    tokio::select! {
        _ = serving.as_mut() => return,
        () = ending.cancelled() => serving.as_mut().graceful_shutdown(),
    }
    let _ = serving.await;
}
