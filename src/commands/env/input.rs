//! What comes by a file or by standard input: text, and not too much of it.
//!
//! Depends on `domain`.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use zeroize::Zeroizing;

use crate::domain::failure::{Code, Failure};
use crate::domain::text::sanitize;

/// More than any env file.
pub(super) const LIMIT: u64 = 1 << 20;

/// A text, and where it came from, in words.
pub(super) struct Input {
    pub(super) name: String,
    pub(super) text: Zeroizing<String>,
}

/// Reads a file, or standard input when there is none or it is called `-`; `what` is meant to be in it.
pub(super) fn read(path: Option<&Path>, what: &str) -> Result<Input, Failure> {
    let path = path.filter(|path| *path != Path::new("-"));
    let name = path.map_or("standard input".to_owned(), |path| {
        sanitize(&path.display().to_string())
    });
    let mut bytes = Vec::new();
    let read = match path {
        Some(path) => File::open(path).and_then(|f| f.take(LIMIT + 1).read_to_end(&mut bytes)),
        None => std::io::stdin().take(LIMIT + 1).read_to_end(&mut bytes),
    };
    read.map_err(|e| {
        Failure::new(Code::MachineDisk, format!("{what} cannot be read"))
            .because(format!("{name}: {e}"))
            .hint("name a text file, or - for standard input")
    })?;
    text(bytes, name, what)
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
