//! Reads and writes `.env` files without losing anything.
//!
//! An [`EnvFile`] is the file cut into lines, each kept as it was found; setting a value replaces
//! the value on one line and nothing else. Values are read by dotenvy (the departures are listed
//! in `line.rs`), nothing is expanded or executed, and the process environment is neither read
//! nor changed.
//!
//! ```text
//!   bytes ── parse ──> EnvFile ── to_bytes ──> the same bytes
//!                        │ set, remove: one key's lines
//!   disk  ── read ───> Loaded { file, warnings, stamp } ── write (atomic, 0600) ──> disk
//!   paste ── parse_block ──> Block
//!   resolve: read, below what outranks the file ──> the settings with their sources
//!   Edit: read, apply settings, save ── what the form, `env set` and `env import` do
//! ```
//!
//! Values may be secrets. No `Debug` and no error text here holds one, and the copies kept in
//! memory are wiped when dropped.
//!
//! Depends on dotenvy, tempfile and rustix, and on `domain` for the failure that a caller sees.

mod block;
mod disk;
mod edit;
mod line;
mod notes;
mod quote;
mod readers;
mod resolve;

use std::collections::HashMap;
use std::fmt;

use zeroize::Zeroizing;

pub use block::{Block, parse_block};
pub use disk::{Error, Loaded, Stamp, read, write};
pub use edit::Edit;
pub use notes::{Note, NoteKind};
pub use resolve::{Resolved, resolve};

use line::{Line, Setting};
use quote::Style;

use crate::domain::failure::{Code, Failure};
use crate::domain::text::sanitize;

const BYTE_ORDER_MARK: char = '\u{feff}';

/// An env file kept whole: comments, order, unknown keys, line endings, byte order mark,
/// `export ` prefixes.
#[derive(Clone)]
pub struct EnvFile {
    byte_order_mark: bool,
    lines: Vec<Line>,
    notes: Vec<Note>,
}

/// A setting as it counts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The name before `=`.
    pub key: &'a str,
    /// The value, without quotes and escapes. It never holds a carriage return.
    pub value: &'a str,
    /// The number, from 1, of the line it begins on.
    pub line: usize,
}

impl fmt::Debug for Entry<'_> {
    /// Key and line only: the value may be a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("key", &self.key)
            .field("line", &self.line)
            .finish_non_exhaustive()
    }
}

/// A line that cannot be read. The reason never quotes the line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct LineProblem {
    /// The number of the line, from 1.
    pub line: usize,
    /// What is wrong with it and, where there is one, the way to put it right.
    pub reason: String,
}

/// A value, or a key, that no spelling carries to all readers unharmed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key} cannot be written to an env file: {reason}")]
pub struct Unwritable {
    /// The key that was to be set.
    pub key: String,
    /// Why not, without the value.
    pub reason: String,
}

impl EnvFile {
    /// A file with nothing in it.
    pub fn empty() -> EnvFile {
        EnvFile {
            byte_order_mark: false,
            lines: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Reads a file's bytes.
    ///
    /// The error lists every line that cannot be read, in order. A file with such a line is
    /// refused as a whole, since a setting might hide in it.
    pub fn parse(bytes: &[u8]) -> Result<EnvFile, Vec<LineProblem>> {
        if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
            return Err(vec![problem(1, "the file is UTF-16; save it as UTF-8")]);
        }
        let damage = damaged_lines(bytes);
        let mut problems = Vec::new();
        let text = Zeroizing::new(String::from_utf8_lossy(bytes).into_owned());
        let mut rest = text.as_str();
        let mut file = EnvFile::empty();
        if let Some(after) = rest.strip_prefix(BYTE_ORDER_MARK) {
            file.byte_order_mark = true;
            rest = after;
        }
        let mut number = 1;
        while !rest.is_empty() {
            let (line, taken) = line::first(rest);
            let (raw, after) = rest.split_at_checked(taken).unwrap_or((rest, ""));
            let next = number + raw.matches('\n').count();
            match line {
                Ok(line) => file.lines.push(line),
                // Damaged bytes have been told of already.
                Err(_) if any_within(&damage, number, next) => {}
                Err(reason) => problems.push(problem(number, reason)),
            }
            number = next;
            rest = after;
        }
        problems.extend(damage);
        if !problems.is_empty() {
            problems.sort_by_key(|problem| problem.line);
            return Err(problems);
        }
        file.take_notes();
        Ok(file)
    }

    /// The settings that count, in the order of the file: of equal keys only the last.
    pub fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        self.winners().map(|(line, setting)| Entry {
            key: &setting.key,
            value: &setting.value,
            line,
        })
    }

    /// The setting of this name that counts.
    pub fn get(&self, key: &str) -> Option<Entry<'_>> {
        self.settings()
            .filter(|(_, setting)| setting.key == key)
            .last()
            .map(|(line, setting)| Entry {
                key: &setting.key,
                value: &setting.value,
                line,
            })
    }

    /// What is worth telling about the file as it now is, in the order of its lines.
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// Gives `key` a value.
    ///
    /// On the line that counts (the last, if there are several) only the value is replaced:
    /// indentation, `export`, the blanks around `=`, a comment behind and, if it can carry the
    /// value, the kind of quotes stay. A key that is not there gets a line of its own at the end,
    /// in the file's own kind of line break. The value it has already changes nothing.
    ///
    /// The error leaves the file as it was.
    pub fn set(&mut self, key: &str, value: &str) -> Result<(), Unwritable> {
        let refuse = |reason: &str| Unwritable {
            key: key.to_owned(),
            reason: reason.to_owned(),
        };
        let place = self
            .lines
            .iter_mut()
            .rfind(|line| line.setting().is_some_and(|setting| setting.key == key));
        if let Some(line) = place {
            if let Some(setting) = line.setting()
                && setting.value.as_str() != value
            {
                *line = Line::Setting(changed(setting, value).map_err(|why| refuse(&why))?);
            }
        } else {
            if !is_portable_name(key) {
                return Err(refuse(
                    "a name has only letters, digits and _, and does not begin with a digit",
                ));
            }
            let ending = self.line_break();
            let setting = added(key, value, ending).map_err(|why| refuse(&why))?;
            self.end_last_line(ending);
            self.lines.push(Line::Setting(setting));
        }
        self.take_notes();
        Ok(())
    }

    /// Removes every line that sets `key`.
    pub fn remove(&mut self, key: &str) {
        self.lines
            .retain(|line| line.setting().is_none_or(|setting| setting.key != key));
        self.take_notes();
    }

    /// The file's bytes; those it was parsed from, if nothing was set or removed.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mark = if self.byte_order_mark {
            BYTE_ORDER_MARK.len_utf8()
        } else {
            0
        };
        let parts = || self.lines.iter().flat_map(Line::parts);
        // Reserved in one piece: growing would leave copies of secrets behind in memory.
        let mut bytes = Vec::with_capacity(mark + parts().map(str::len).sum::<usize>());
        if self.byte_order_mark {
            bytes.extend_from_slice(BYTE_ORDER_MARK.encode_utf8(&mut [0; 4]).as_bytes());
        }
        for part in parts() {
            bytes.extend_from_slice(part.as_bytes());
        }
        bytes
    }

    /// All settings with the numbers of their lines.
    fn settings(&self) -> impl Iterator<Item = (usize, &Setting)> {
        self.numbered()
            .filter_map(|(number, line)| Some((number, line.setting()?)))
    }

    fn numbered(&self) -> impl Iterator<Item = (usize, &Line)> {
        self.lines.iter().scan(1, |next, line| {
            let number = *next;
            *next += line.breaks();
            Some((number, line))
        })
    }

    fn winners(&self) -> impl Iterator<Item = (usize, &Setting)> {
        let last: HashMap<&str, usize> = self
            .settings()
            .map(|(number, setting)| (setting.key.as_str(), number))
            .collect();
        self.settings()
            .filter(move |(number, setting)| last.get(setting.key.as_str()) == Some(number))
    }

    fn take_notes(&mut self) {
        self.notes = notes::of(self);
    }

    /// The line break most lines have.
    fn line_break(&self) -> &'static str {
        let breaks = |ending: &str| {
            self.lines
                .iter()
                .filter(|line| line.ends_with(ending))
                .count()
        };
        if breaks("\r\n") * 2 > breaks("\n") {
            "\r\n"
        } else {
            "\n"
        }
    }

    fn end_last_line(&mut self, ending: &str) {
        match self.lines.last_mut() {
            Some(Line::Other { raw, .. }) if !raw.ends_with('\n') => {
                let end = raw.trim_end_matches('\r').len();
                raw.truncate(end);
                raw.push_str(ending);
            }
            Some(Line::Setting(setting)) if !setting.ending.ends_with('\n') => {
                ending.clone_into(&mut setting.ending);
            }
            _ => {}
        }
    }
}

impl Default for EnvFile {
    fn default() -> EnvFile {
        EnvFile::empty()
    }
}

impl fmt::Debug for EnvFile {
    /// Keys and lines only: the values may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.entries()).finish()
    }
}

fn problem(line: usize, reason: &str) -> LineProblem {
    LineProblem {
        line,
        reason: reason.to_owned(),
    }
}

/// Lines that are not text: other encodings, NUL, and carriage returns amid a line.
fn damaged_lines(bytes: &[u8]) -> Vec<LineProblem> {
    let damage = |line: &[u8]| {
        if std::str::from_utf8(line).is_err() {
            Some("it is not UTF-8 text")
        } else if line.contains(&0) {
            Some("it has a NUL byte")
        } else if line.trim_ascii_end().contains(&b'\r') {
            Some(
                "it has a carriage return that does not end the line; save the file with LF or CRLF line ends",
            )
        } else {
            None
        }
    };
    bytes
        .split(|byte| *byte == b'\n')
        .zip(1..)
        .filter_map(|(line, number)| Some(problem(number, damage(line)?)))
        .collect()
}

/// Whether one of the problems, which are in order, is on a line from `first` up to `next`.
fn any_within(problems: &[LineProblem], first: usize, next: usize) -> bool {
    let place = problems.partition_point(|problem| problem.line < first);
    let found = problems.get(place);
    found.is_some_and(|problem| problem.line < next.max(first + 1))
}

/// A name that a shell and every reader of env files takes.
fn is_portable_name(key: &str) -> bool {
    line::name(key).is_some_and(|(_, rest)| rest.is_empty()) && !key.contains('.')
}

/// The same line with another value.
fn changed(setting: &Setting, value: &str) -> Result<Setting, String> {
    let mut changed = setting.clone();
    changed.text = Zeroizing::new(quote::spell(value, Style::of(&setting.text))?);
    if changed.tail.starts_with('#') {
        changed.tail.insert(0, ' ');
    }
    proven(changed, value)
}

fn added(key: &str, value: &str, ending: &str) -> Result<Setting, String> {
    let setting = Setting {
        head: format!("{key}="),
        key: key.to_owned(),
        text: Zeroizing::new(quote::spell(value, Style::Free)?),
        tail: String::new(),
        ending: ending.to_owned(),
        value: Zeroizing::new(value.to_owned()),
    };
    proven(setting, value)
}

/// Reads the line back before it replaces anything, so that a wrong spelling is never saved.
fn proven(setting: Setting, value: &str) -> Result<Setting, String> {
    let raw = Zeroizing::new(Line::Setting(setting).parts().concat());
    match line::first(&raw) {
        (Ok(Line::Setting(read)), taken) if taken == raw.len() && read.value.as_str() == value => {
            Ok(read)
        }
        _ => Err("it does not read back as it was written".to_owned()),
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        let (code, message, hint) = match &error {
            Error::Unreadable { .. } => (
                Code::EnvFileUnreadable,
                "the env file cannot be read",
                "make it a file that you may read, or name another with --env-file",
            ),
            Error::Lines { .. } => (
                Code::EnvFileUnreadable,
                "the env file cannot be read",
                "correct the file; a setting is written KEY=value",
            ),
            Error::NotOwned { .. } => (
                Code::EnvFileUnreadable,
                "the env file is not yours",
                "copy it, or name another with --env-file",
            ),
            Error::Changed { .. } => (
                Code::MachineDisk,
                "the env file was not written",
                "start again, so that the other change is not lost",
            ),
            Error::Taken { .. } => (
                Code::MachineDisk,
                "the settings were not saved",
                "name a file that is not there yet",
            ),
            Error::Disk { .. } => (
                Code::MachineDisk,
                "the env file was not written",
                "make the file and its folder writable, or name another with --env-file",
            ),
        };
        Failure::new(code, message)
            .because(sanitize(&error.to_string()))
            .hint(hint)
    }
}
