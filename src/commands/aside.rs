//! Standard error, shared by all who have something to say there: whole lines, and one line of
//! progress that gives way to them.
//!
//! Depends on rustix for the width of the terminal, and on `domain`.

use std::io::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::domain::text::fit;

/// Goes to the line's beginning and clears it.
const CLEAR: &str = "\r\x1b[K";

/// How wide a terminal is taken to be that does not tell.
const COLUMNS: usize = 80;

/// A handle on standard error. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Aside {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    /// Whether a line of progress may be drawn at all.
    draws: bool,
    /// Whether texts are put into ASCII.
    ascii: bool,
    /// The line of progress, while there is one.
    progress: Option<String>,
}

impl Aside {
    /// Makes a handle; with `ascii` our own typography is put into ASCII.
    pub(super) fn new(ascii: bool) -> Aside {
        let aside = Aside::default();
        aside.lock().ascii = ascii;
        aside
    }

    /// Allows a line of progress, for a terminal that somebody watches.
    pub(super) fn allow_progress(&self, allowed: bool) {
        self.lock().draws = allowed;
    }

    /// Prints a text of one or more whole lines.
    pub(super) fn line(&self, text: &str) {
        let state = self.lock();
        let text = if state.ascii {
            in_ascii(text)
        } else {
            text.to_owned()
        };
        write(&match &state.progress {
            None => format!("{text}\n"),
            Some(progress) => format!("{CLEAR}{text}\n{progress}"),
        });
    }

    /// Shows how far a job is; the line stays until it is replaced or taken away.
    pub(super) fn progress(&self, text: &str) {
        let mut state = self.lock();
        if !state.draws {
            return;
        }
        let text = if state.ascii {
            in_ascii(text)
        } else {
            text.to_owned()
        };
        // One that fills the last column would wrap, and could not be cleared.
        let text = fit(&text, columns().saturating_sub(1));
        write(&format!("{CLEAR}{text}"));
        state.progress = Some(text);
    }

    /// Takes the line of progress away for good.
    pub(super) fn clear(&self) {
        if self.lock().progress.take().is_some() {
            write(CLEAR);
        }
    }

    /// Does something with the line of progress out of the way: both streams may be one terminal.
    pub(super) fn beside<T>(&self, act: impl FnOnce() -> T) -> T {
        let state = self.lock();
        let Some(progress) = &state.progress else {
            return act();
        };
        write(CLEAR);
        let done = act();
        write(progress);
        done
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Puts our own typography into ASCII, for terminals that are told to show nothing else. What a
/// customer or a service wrote stays as it is.
pub(super) fn in_ascii(text: &str) -> String {
    text.replace('…', "...").replace('•', "*")
}

/// In one piece, so that lines of two writers do not mix.
fn write(text: &str) {
    let mut err = std::io::stderr().lock();
    // Nobody is left to be told when standard error itself has gone.
    let _gone = err.write_all(text.as_bytes()).and_then(|()| err.flush());
}

fn columns() -> usize {
    rustix::termios::tcgetwinsize(std::io::stderr())
        .ok()
        .map(|size| usize::from(size.ws_col))
        .filter(|columns| *columns > 0)
        .unwrap_or(COLUMNS)
}
