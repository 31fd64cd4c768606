//! Questions to whoever sits at the terminal, asked on standard error.
//!
//! Depends on rustix for the terminal's echo, and on `domain`. A blocking read runs on a thread of
//! its own, so that a signal ends the command while it waits; dropping a question restores the echo.

use std::io::{Read as _, Write as _};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use crate::domain::secret::Secret;

/// Asks a question and returns the line that is answered, without the blanks around it.
pub(super) async fn ask(question: &str) -> Option<String> {
    say(question)?;
    let answer = read(|| line().map(|line| line.trim().to_owned())).await;
    answer.filter(|answer| !answer.is_empty())
}

/// Asks for a yes; anything else is a no.
pub(super) async fn is_confirmed(question: &str) -> bool {
    let answer = ask(&format!("{question} [y/N] ")).await;
    answer.is_some_and(|answer| matches!(answer.to_lowercase().as_str(), "y" | "yes"))
}

/// Asks for a line that is not shown while it is typed.
pub(super) async fn ask_unseen(question: &str) -> Option<Secret> {
    let unseen = Unseen::begin();
    say(question)?;
    let answer = read(|| line().map(Secret::new)).await;
    drop(unseen);
    say("\n")?;
    answer
}

/// Reads what is pasted, unseen, up to the key that ends it, and no more than `limit` bytes.
pub(super) async fn paste_unseen(invitation: &str, limit: u64) -> Option<Vec<u8>> {
    let unseen = Unseen::begin();
    say(&format!("{invitation}\n"))?;
    let pasted = read(move || {
        let mut bytes = Vec::new();
        std::io::stdin().take(limit).read_to_end(&mut bytes).ok()?;
        Some(bytes)
    })
    .await;
    drop(unseen);
    pasted
}

async fn read<T: Send + 'static>(
    blocking: impl FnOnce() -> Option<T> + Send + 'static,
) -> Option<T> {
    tokio::task::spawn_blocking(blocking).await.ok().flatten()
}

fn line() -> Option<String> {
    let mut line = String::new();
    let read = std::io::stdin().read_line(&mut line).ok()?;
    (read > 0).then(|| line.trim_end_matches(['\n', '\r']).to_owned())
}

fn say(text: &str) -> Option<()> {
    let mut err = std::io::stderr().lock();
    err.write_all(text.as_bytes())
        .and_then(|()| err.flush())
        .ok()
}

/// The terminal shows nothing of what is typed as long as this lives.
struct Unseen(Option<Termios>);

impl Unseen {
    fn begin() -> Unseen {
        let before = tcgetattr(std::io::stdin()).ok();
        if let Some(before) = &before {
            let mut hidden = before.clone();
            hidden.local_modes.remove(LocalModes::ECHO);
            let _no_terminal = tcsetattr(std::io::stdin(), OptionalActions::Now, &hidden);
        }
        Unseen(before)
    }
}

impl Drop for Unseen {
    fn drop(&mut self) {
        if let Some(before) = &self.0 {
            let _gone = tcsetattr(std::io::stdin(), OptionalActions::Now, before);
        }
    }
}
