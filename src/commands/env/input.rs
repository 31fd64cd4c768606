//! What comes by a file or by standard input: text, and not too much of it.
//!
//! Depends on tokio and `domain`. A file may be a pipe that nobody writes to: reading blocks a thread
//! of its own, so that a signal ends the command while it waits.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use zeroize::Zeroizing;

use crate::domain::failure::{Code, Failure};
use crate::domain::text::{reason, sanitize};

/// More than any env file.
pub(super) const LIMIT: u64 = 1 << 20;

/// A text, and where it came from, in words.
pub(super) struct Input {
    pub(super) name: String,
    pub(super) text: Zeroizing<String>,
}

/// Reads a file, or standard input when there is none or it is called `-`; `what` is meant to be in it.
pub(super) async fn read(path: Option<&Path>, what: &str) -> Result<Input, Failure> {
    let path = path
        .filter(|path| *path != Path::new("-"))
        .map(Path::to_owned);
    let name = path.as_deref().map_or("standard input".to_owned(), |path| {
        sanitize(&path.display().to_string())
    });
    let bytes = tokio::task::spawn_blocking(move || bytes(path.as_deref())).await;
    let bytes = bytes
        .unwrap_or_else(|ended| Err(ended.into()))
        .map_err(|e| {
            Failure::new(Code::MachineDisk, format!("{what} cannot be read"))
                .because(format!("{name}: {}", reason(&e)))
                .hint("name a text file, or - for standard input")
        })?;
    text(bytes, name, what)
}

fn bytes(path: Option<&Path>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    match path {
        Some(path) => File::open(path)?.take(LIMIT + 1).read_to_end(&mut bytes)?,
        None => io::stdin().take(LIMIT + 1).read_to_end(&mut bytes)?,
    };
    Ok(bytes)
}

/// Makes a text of what was read.
pub(super) fn text(bytes: Vec<u8>, name: String, what: &str) -> Result<Input, Failure> {
    let unusable = |why: &str| {
        Failure::new(Code::ConfigInvalid, format!("{what} cannot be used"))
            .because(format!("{name} {why}"))
            .hint("give it as UTF-8 text; nothing was written")
    };
    if bytes.len() as u64 > LIMIT {
        return Err(unusable("is larger than 1 MiB"));
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Input {
            name,
            text: Zeroizing::new(text),
        }),
        Err(bytes) => {
            drop(Zeroizing::new(bytes.into_bytes()));
            Err(unusable("is not UTF-8 text"))
        }
    }
}
