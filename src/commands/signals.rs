//! Signals that end a command, and what is said then.
//!
//! Depends on tokio, `bucket` and `domain`.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::bucket;
use crate::domain::failure::{Code, Exit, Failure};

/// What is said where probes of the bucket did not take themselves away in time.
pub const LEFT_BEHIND: &str =
    "a probe object named embedctl-probe-… may be left in the bucket below the prefix";

/// Waits for SIGINT, SIGTERM or SIGHUP.
pub(super) struct Signals {
    streams: Vec<(Signal, Exit)>,
}

impl Signals {
    /// Begins to listen; from here on these signals no longer end the process by themselves.
    pub(super) fn listen() -> Signals {
        let kinds = [
            (SignalKind::interrupt(), Exit::Interrupted),
            (SignalKind::terminate(), Exit::Terminated),
            (SignalKind::hangup(), Exit::Hangup),
        ];
        Signals {
            streams: kinds
                .into_iter()
                .filter_map(|(kind, exit)| Some((signal(kind).ok()?, exit)))
                .collect(),
        }
    }

    /// Returns what is said of a command that a signal ended; `hint` tells how to go on.
    pub(super) fn failure(hint: &str) -> Failure {
        Failure::new(Code::Cancelled, "stopped by a signal before the end")
            .because("what had been sent by then is not undone")
            .hint(hint)
    }

    /// Waits for probes that are under way to take themselves away, and returns what is said of a
    /// command that a signal ended meanwhile. A second signal ends the wait.
    pub(super) async fn settle(&mut self, bucket: &bucket::Client, hint: &str) -> Failure {
        let settled = tokio::select! {
            settled = bucket.settle() => settled,
            _ = self.wait() => false,
        };
        let failure = Signals::failure(hint);
        if settled {
            return failure;
        }
        let told = failure.because.clone().unwrap_or_default();
        failure.because(format!("{told}, and {LEFT_BEHIND}"))
    }

    /// Returns the exit code of the first signal that arrives.
    pub(super) async fn wait(&mut self) -> Exit {
        let waits = self.streams.iter_mut().map(|(stream, exit)| {
            let exit = *exit;
            Box::pin(async move {
                stream.recv().await;
                exit
            })
        });
        futures_util::future::select_all(waits).await.0
    }
}
