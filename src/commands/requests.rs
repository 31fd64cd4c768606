//! What is told of each request as it happens: a line on standard error with `-v`, a line of JSON
//! in the file of `--log-file`.
//!
//! Depends on `aside`, `domain`. A request is told by method, path, status and time; a body, a
//! header or a query is not known here. A log that cannot be written any more never breaks the run.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rustix::fs::OFlags;
use serde_json::json;

use super::aside::Aside;
use crate::api::{Notice, Observer};
use crate::bucket;
use crate::cli::Common;
use crate::domain::exchange::{Exchange, To};
use crate::domain::failure::{Code, Failure};
use crate::domain::moment::span;
use crate::domain::text::{reason, sanitize};

/// How large a log may grow, in bytes.
const FULL: u64 = 10 << 20;

/// Who is told of requests.
#[derive(Clone, Debug)]
pub struct Requests {
    verbose: Option<Aside>,
    log: Option<Arc<Log>>,
}

impl Requests {
    /// Opens the log, if one is asked for.
    ///
    /// # Errors
    /// The log cannot be opened, or is not a file of ours.
    pub fn open(common: &Common, aside: &Aside) -> Result<Requests, Failure> {
        Ok(Requests {
            verbose: common.verbose.then(|| aside.clone()),
            log: match &common.log_file {
                None => None,
                Some(path) => Some(Arc::new(Log::open(path, Some(aside.clone()))?)),
            },
        })
    }

    /// The same for the console, which owns the screen: nothing is told there, only logged.
    ///
    /// # Errors
    /// As [`Requests::open`].
    pub fn open_silent(common: &Common) -> Result<Requests, Failure> {
        let log = common.log_file.as_deref();
        Ok(Requests {
            verbose: None,
            log: log
                .map(|path| Log::open(path, None).map(Arc::new))
                .transpose()?,
        })
    }

    /// The observer of Airbyte's requests.
    pub fn of_api(&self) -> Observer {
        self.and_of_api(Arc::new(|_| {}))
    }

    /// The observer of the bucket's requests.
    pub fn of_bucket(&self) -> bucket::Observer {
        self.and_of_bucket(Arc::new(|_| {}))
    }

    /// The same before another observer.
    pub fn and_of_api(&self, next: Observer) -> Observer {
        let requests = self.clone();
        Arc::new(move |notice| {
            if let Notice::Exchanged(exchange) = &notice {
                requests.tell(exchange);
            }
            next(notice);
        })
    }

    /// The same before another observer.
    pub fn and_of_bucket(&self, next: bucket::Observer) -> bucket::Observer {
        let requests = self.clone();
        Arc::new(move |exchange| {
            requests.tell(&exchange);
            next(exchange);
        })
    }

    /// Returns what became of the log, if it could not be kept to the end.
    pub fn trouble(&self) -> Option<String> {
        let log = self.log.as_ref()?;
        let state = log.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.as_ref().err().cloned()
    }

    fn tell(&self, exchange: &Exchange) {
        if let Some(aside) = &self.verbose {
            aside.line(&sentence(exchange));
        }
        if let Some(log) = &self.log {
            log.append(&entry(exchange));
        }
    }
}

/// A request in one line for a person.
fn sentence(exchange: &Exchange) -> String {
    let Exchange { method, path, .. } = exchange;
    let status = match exchange.status {
        Some(status) => status.to_string(),
        None if exchange.is_given_up() => "stopped".to_owned(),
        None => "lost".to_owned(),
    };
    let tries = if exchange.attempt > 1 || exchange.again_in.is_some() {
        format!("  try {} of {}", exchange.attempt, exchange.attempts)
    } else {
        String::new()
    };
    let again = exchange
        .again_in
        .map_or_else(String::new, |wait| format!(", again in {}", span(wait)));
    let why = exchange.why.as_deref().filter(|why| !why.is_empty());
    let why = why.map_or_else(String::new, |why| format!("  {}", sanitize(why)));
    format!(
        "{method} {path}  {status}  {}{tries}{again}{why}",
        span(exchange.took)
    )
}

/// A request as a line of the log.
fn entry(exchange: &Exchange) -> String {
    let ms = |span: std::time::Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
    let to = match exchange.to {
        To::Airbyte => "airbyte",
        To::Bucket => "bucket",
    };
    let line = json!({
        "at": exchange.at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
        "to": to,
        "method": exchange.method,
        "path": exchange.path,
        "status": exchange.status,
        "ms": ms(exchange.took),
        "attempt": exchange.attempt,
        "attempts": exchange.attempts,
        "again_in_ms": exchange.again_in.map(ms),
        "why": exchange.why.as_deref().map(sanitize),
    });
    format!("{line}\n")
}

/// The file of `--log-file`.
#[derive(Debug)]
struct Log {
    path: PathBuf,
    aside: Option<Aside>,
    /// The open file, or why nothing is written any more.
    state: Mutex<Result<File, String>>,
}

/// Opens a file to append to it, made for its owner alone if it is not there.
fn append_to(path: &Path) -> io::Result<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .custom_flags(flags.bits().cast_signed())
        .open(path)
}

impl Log {
    /// Opens the file to append to it, made for its owner alone. A link is not followed, since
    /// whoever planted it would choose the file; a pipe is not waited for.
    fn open(path: &Path, aside: Option<Aside>) -> Result<Log, Failure> {
        let refused = |why: &str| {
            Failure::new(Code::MachineDisk, "the log file cannot be used")
                .because(format!("{}: {why}", sanitize(&path.display().to_string())))
                .hint("name a file of your own with --log-file, or leave it out")
        };
        let file = append_to(path).map_err(|e| match e.raw_os_error() {
            Some(number) if number == rustix::io::Errno::LOOP.raw_os_error() => {
                refused("it is a symbolic link, which is not followed")
            }
            _ => refused(&reason(&e)),
        })?;
        let metadata = file.metadata().map_err(|e| refused(&reason(&e)))?;
        let kind = metadata.file_type();
        if !kind.is_file() && !kind.is_char_device() {
            return Err(refused("it is not a regular file"));
        }
        let user = rustix::process::geteuid();
        if kind.is_file() && metadata.uid() != user.as_raw() && !user.is_root() {
            return Err(refused("it belongs to another user"));
        }
        Ok(Log {
            path: path.to_owned(),
            aside,
            state: Mutex::new(Ok(file)),
        })
    }

    /// Gives way to a new file where this one is full: it is kept beside it until that is full too.
    /// Others may write to the same log: whoever finds it replaced already goes on in the new one.
    fn make_room(&self, file: &mut File, line: &str) -> io::Result<()> {
        let held = file.metadata()?;
        if !held.is_file() || held.len() + line.len() as u64 <= FULL {
            return Ok(());
        }
        let _unlocked_at_its_end = match file.try_lock() {
            Ok(()) => file.try_clone()?,
            // Another does it, or there are no locks.
            Err(_) => return Ok(()),
        };
        let named = std::fs::symlink_metadata(&self.path)?;
        if (held.dev(), held.ino()) == (named.dev(), named.ino()) {
            let mut kept = self.path.clone().into_os_string();
            kept.push(".1");
            std::fs::rename(&self.path, kept)?;
        }
        *file = append_to(&self.path)?;
        Ok(())
    }

    /// Appends a line in one piece. What cannot be written is told once, and nothing is tried again.
    fn append(&self, line: &str) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let Ok(file) = state.as_mut() else {
            return;
        };
        let written = self.make_room(file, line);
        if let Err(e) = written.and_then(|()| file.write_all(line.as_bytes())) {
            let trouble = format!(
                "the log ends here: {}: {}",
                sanitize(&self.path.display().to_string()),
                reason(&e)
            );
            if let Some(aside) = &self.aside {
                aside.line(&format!("warning: {trouble}"));
            }
            *state = Err(trouble);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn exchange() -> Exchange {
        Exchange {
            to: To::Airbyte,
            at: "2026-01-02T03:04:05.678Z".parse().unwrap(),
            method: "POST",
            path: "/v1/embedded/widget_token".to_owned(),
            status: Some(503),
            lost: None,
            took: Duration::from_millis(38),
            attempt: 1,
            attempts: 3,
            why: Some("unavailable\x1b[2J".to_owned()),
            again_in: Some(Duration::from_millis(240)),
            record: Box::default(),
        }
    }

    #[test]
    fn a_request_reads_as_one_line() {
        assert_eq!(
            sentence(&exchange()),
            "POST /v1/embedded/widget_token  503  38 ms  try 1 of 3, again in 240 ms  unavailable [2J"
        );
        let lost = Exchange {
            status: None,
            attempt: 1,
            again_in: None,
            why: Some(String::new()),
            ..exchange()
        };
        assert_eq!(
            sentence(&lost),
            "POST /v1/embedded/widget_token  lost  38 ms"
        );
    }

    #[test]
    fn a_line_of_the_log_is_one_object() {
        let line = entry(&exchange());
        assert_eq!(
            line,
            "{\"at\":\"2026-01-02T03:04:05.678Z\",\"to\":\"airbyte\",\"method\":\"POST\",\"path\":\"/v1/embedded/widget_token\",\"status\":503,\"ms\":38,\"attempt\":1,\"attempts\":3,\"again_in_ms\":240,\"why\":\"unavailable [2J\"}\n"
        );
    }
}
