//! The one writer of standard output and standard error.
//!
//! Depends on `domain`. Results go to stdout, everything else to stderr. A reader that has gone
//! ends the output quietly; a disk that is full is exit 8.

use std::io::{ErrorKind, IsTerminal as _, Write};

use serde_json::{Map, Value, json};

use super::aside::{Aside, in_ascii};
use super::hints::Setup;
use crate::cli::{Color, Common, Output};
use crate::commands::session::{Environment, Session};
use crate::domain::failure::{Code, Exit, Failure};
use crate::domain::field::Key;
use crate::domain::moment::{Clock, Moment, rfc3339};
use crate::domain::settings::Draft;

/// Prints for one command.
pub struct Printer {
    output: Output,
    color: bool,
    quiet: bool,
    ascii: bool,
    aside: Aside,
    setup: Setup,
    clock: Clock,
    began: Moment,
    broken: Option<ErrorKind>,
}

/// The tone of a word, for terminals that show colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// It holds.
    Good,
    /// It may hold.
    Warn,
    /// It does not hold.
    Bad,
    /// Less important.
    Quiet,
    /// More important.
    Strong,
}

impl Printer {
    /// Makes a printer for these flags, this environment.
    pub fn new(common: &Common, environment: &Environment) -> Printer {
        let clock = Clock::start();
        let quiet = common.quiet;
        let aside = environment.aside.clone();
        aside.allow_progress(!quiet && common.output == Output::Text && environment.is_watched());
        Printer {
            output: common.output,
            color: wants_color(common.color, environment),
            quiet,
            ascii: environment.wants_ascii(),
            aside,
            setup: Setup::of(common),
            clock,
            began: clock.now(),
            broken: None,
        }
    }

    /// Returns true when exactly one JSON document is to be printed.
    pub fn is_json(&self) -> bool {
        self.output == Output::Json
    }

    /// Prints a line of the result.
    pub fn line(&mut self, text: &str) {
        if self.broken.is_some() {
            return;
        }
        let text = if self.ascii && !self.is_json() {
            in_ascii(text)
        } else {
            text.to_owned()
        };
        let written = self.aside.beside(|| {
            let mut out = std::io::stdout().lock();
            writeln!(out, "{text}").and_then(|()| out.flush())
        });
        if let Err(e) = written {
            self.broken = Some(e.kind());
        }
    }

    /// Returns true when nobody reads the result any more.
    pub fn is_unread(&self) -> bool {
        self.broken == Some(ErrorKind::BrokenPipe)
    }

    /// Returns true when a result could not be written, for another reason than a reader that has
    /// gone.
    pub fn is_cut_off(&self) -> bool {
        self.broken
            .is_some_and(|kind| kind != ErrorKind::BrokenPipe)
    }

    /// Prints a line beside the result: an error, a question's answer.
    pub fn aside(&self, text: &str) {
        self.aside.line(text);
    }

    /// Prints a line beside the result that one can do without.
    pub fn note(&self, text: &str) {
        if !self.quiet {
            self.aside.line(&self.setup.complete(text));
        }
    }

    /// Shows how far the job is, where somebody watches.
    pub fn progress(&self, text: &str) {
        self.aside.progress(text);
    }

    /// Returns what completes the commands that texts name.
    pub(super) fn setup(&self) -> &Setup {
        &self.setup
    }

    /// Returns the handle on standard error.
    pub(super) fn stderr(&self) -> Aside {
        self.aside.clone()
    }

    /// Ends a command that was asked for in a way that it cannot be done.
    pub fn usage(&self, what: &str, because: &str, hint: &str) -> Exit {
        self.aside(&format!("{} {what}", self.tone(Tone::Bad, "error:")));
        self.parts(Some(because), Some(hint));
        Exit::Usage
    }

    /// Colours a word.
    pub fn tone(&self, tone: Tone, text: &str) -> String {
        if !self.color {
            return text.to_owned();
        }
        let code = match tone {
            Tone::Good => "32",
            Tone::Warn => "33",
            Tone::Bad => "31",
            Tone::Quiet => "2",
            Tone::Strong => "1",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }

    /// Says where credentials are about to go, where that is not a matter of course.
    pub(super) fn destination(&self, session: &Session, common: &Common) {
        if let Some(text) = session.destination(common) {
            self.note(&text);
        }
    }

    /// Prints warnings beside the result; in JSON they are part of the document.
    pub fn warnings(&self, warnings: &[String]) {
        if !self.is_json() {
            for warning in warnings {
                self.note(&format!("{} {warning}", self.tone(Tone::Warn, "warning:")));
            }
        }
    }

    /// Prints a failure in its three parts.
    pub fn failure(&self, failure: &Failure) {
        self.tell(&failure.message, failure);
    }

    /// Prints the failure of one of several.
    pub(super) fn failure_of(&self, whose: &str, failure: &Failure) {
        self.tell(&format!("{whose}: {}", failure.message), failure);
    }

    fn tell(&self, message: &str, failure: &Failure) {
        self.aside(&format!("{} {message}", self.tone(Tone::Bad, "error:")));
        self.parts(failure.because.as_deref(), failure.hint.as_deref());
    }

    /// Prints why something failed, and what to do.
    pub(super) fn parts(&self, because: Option<&str>, hint: Option<&str>) {
        for (label, text) in [("because", because), ("hint", hint)] {
            if let Some(text) = text {
                self.aside(&format!("  {label}: {}", self.setup.complete(text)));
            }
        }
    }

    /// Ends a command that has a result of its own: the JSON document, or nothing more.
    pub fn finish(&mut self, report: Report<'_>) -> Exit {
        let exit = report.exit;
        if self.is_json() {
            let document = self.document(report);
            self.line(&document.to_string());
        } else if let Some(failure) = report.failure {
            self.failure(failure);
        }
        self.end(exit)
    }

    /// Returns the exit code, which a full disk overrides and a reader that has gone does not.
    pub fn end(&self, exit: Exit) -> Exit {
        self.aside.clear();
        match self.broken {
            None | Some(ErrorKind::BrokenPipe) => exit,
            Some(kind) => {
                let failure = unwritten(kind);
                self.failure(&failure);
                failure.exit()
            }
        }
    }

    /// Makes a failure's JSON.
    pub(super) fn error(&self, failure: &Failure) -> Value {
        let failure = self.setup.failure(failure);
        json!({
            "code": failure.code.name(),
            "message": failure.message,
            "because": failure.because,
            "hint": failure.hint,
            "status": failure.status,
            "retryable": failure.retryable,
            "retry_after_s": failure.retry_after.map(|span| span.as_secs()),
            "url": failure.url,
        })
    }

    fn document(&self, report: Report<'_>) -> Value {
        let now = self.clock.now();
        let took = u64::try_from(now.since(self.began).as_millis()).unwrap_or(u64::MAX);
        let mut map = Map::new();
        map.insert("schema".into(), json!("embedctl/1"));
        map.insert("kind".into(), json!(report.kind));
        map.insert("ok".into(), json!(report.exit == Exit::Done));
        map.insert("exit".into(), json!(report.exit.code()));
        map.insert("at".into(), json!(rfc3339(now.wall)));
        map.insert("duration_ms".into(), json!(took));
        map.insert("target".into(), report.target.unwrap_or(Value::Null));
        let warnings = report.warnings.iter();
        let warnings: Vec<_> = warnings.map(|text| self.setup.complete(text)).collect();
        map.insert("warnings".into(), json!(warnings));
        map.insert("data".into(), report.data);
        if let Some(failure) = report.failure {
            map.insert("error".into(), self.error(failure));
        }
        Value::Object(map)
    }
}

/// What a command ends with.
pub struct Report<'a> {
    /// The document's kind, which is the command's.
    pub kind: &'static str,
    /// The exit code.
    pub exit: Exit,
    /// Where it spoke to, as [`target`] makes it; none for commands that speak to nobody.
    pub target: Option<Value>,
    /// Warnings.
    pub warnings: &'a [String],
    /// The result, or what is known of it.
    pub data: Value,
    /// What failed.
    pub failure: Option<&'a Failure>,
}

impl<'a> Report<'a> {
    /// Makes the report of a command that failed before it had a result.
    pub fn failed(
        kind: &'static str,
        target: Option<Value>,
        warnings: &'a [String],
        failure: &'a Failure,
    ) -> Report<'a> {
        Report {
            kind,
            exit: failure.exit(),
            target,
            warnings,
            data: json!({}),
            failure: Some(failure),
        }
    }
}

/// Makes the document's `target`: the API, its base URL, and whether it is a private sandbox.
pub(super) fn target(draft: &Draft, sandbox: bool) -> Value {
    json!({"api": draft.text(Key::Api), "base_url": draft.shown_base_url(), "sandbox": sandbox})
}

/// Ends a run that had nothing to print but what was tried to be `written`, with this exit code unless
/// that failed.
pub fn wrote(written: std::io::Result<()>, exit: Exit) -> Exit {
    match written.and_then(|()| std::io::stdout().flush()) {
        Err(e) if e.kind() != ErrorKind::BrokenPipe => {
            let failure = unwritten(e.kind());
            let parts = [Some(failure.message), failure.because, failure.hint];
            let labels = ["error", "  because", "  hint"];
            for (label, text) in labels.iter().zip(parts.into_iter().flatten()) {
                Aside::default().line(&format!("{label}: {text}"));
            }
            Exit::Machine
        }
        Ok(()) | Err(_) => exit,
    }
}

fn unwritten(kind: ErrorKind) -> Failure {
    Failure::new(Code::MachineDisk, "the output could not be written")
        .because(kind.to_string())
        .hint("free the disk, or name another place for the output")
}

fn wants_color(color: Color, environment: &Environment) -> bool {
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => {
            let forced = ["CLICOLOR_FORCE", "FORCE_COLOR"]
                .iter()
                .any(|n| environment.get(n).is_some_and(|v| v != "0"));
            if environment.get("NO_COLOR").is_some() {
                false
            } else {
                forced
                    || (std::io::stdout().is_terminal()
                        && environment.get("TERM") != Some("dumb")
                        && environment.get("CLICOLOR") != Some("0"))
            }
        }
    }
}
