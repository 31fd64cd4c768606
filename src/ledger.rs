//! What we created: an append-only record, so that a second run knows what the first one did.
//!
//! Depends on `domain`. One JSON object a line in `ledger.jsonl`; no secret and no hash of one. On
//! an API that cannot list its templates this is the only memory there is, so an intent is on disk
//! before the request is sent, and its outcome after.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

use crate::domain::failure::{Code, Failure};
use crate::domain::moment::rfc3339;
use crate::domain::text::sanitize;

mod book;

use book::Line;
pub use book::{Attempt, Book, Entry, Fate, Known, Scope, Template};

/// A ledger larger than this is no ledger of ours.
const LIMIT: u64 = 64 << 20;

/// The version of a line that this program writes and reads.
const VERSION: u32 = 1;

/// The ledger of one state folder.
#[derive(Debug)]
pub struct Ledger {
    folder: Option<PathBuf>,
    /// Lines of this run, where there is no folder to keep them in.
    memory: Mutex<Vec<Line>>,
}

/// Held while one creation is under way in a state folder.
#[derive(Debug)]
pub struct Lock {
    _file: Option<File>,
}

impl Ledger {
    /// Returns the ledger of a state folder, which need not exist yet. Without a folder, what is
    /// appended is kept for this run alone.
    pub fn new(folder: Option<PathBuf>) -> Ledger {
        Ledger {
            folder,
            memory: Mutex::new(Vec::new()),
        }
    }

    /// Returns the path that a person is shown.
    pub fn shown(&self) -> String {
        self.path()
            .map_or("memory only: no state folder".to_owned(), |path| {
                path.display().to_string()
            })
    }

    /// Returns true when it outlives this run.
    pub fn is_kept(&self) -> bool {
        self.folder.is_some()
    }

    fn path(&self) -> Option<PathBuf> {
        Some(self.folder.as_ref()?.join("ledger.jsonl"))
    }

    /// Reads the whole ledger. A line that was cut by a crash is passed over; a file with other
    /// unreadable lines is copied aside before it is used.
    ///
    /// # Errors
    /// The file is there and cannot be read.
    pub fn read(&self) -> Result<Book, Failure> {
        let Some(path) = self.path() else {
            let lines = self
                .memory
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone();
            return Ok(Book {
                lines,
                warnings: Vec::new(),
            });
        };
        let mut file = match File::open(&path) {
            Ok(file) => file,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Book::default()),
            Err(e) => return Err(disk("could not read the ledger", &path, &e)),
        };
        let size = file
            .metadata()
            .map_err(|e| disk("could not read the ledger", &path, &e))?
            .len();
        if size > LIMIT {
            let aside = set_aside(&path, true)?;
            return Ok(Book {
                lines: Vec::new(),
                warnings: vec![format!(
                    "the ledger was larger than 64 MiB; it is kept as {aside}, and a new one begins"
                )],
            });
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)
            .map_err(|e| disk("could not read the ledger", &path, &e))?;
        parse(&bytes, &path)
    }

    /// Appends an entry and waits until it is on the disk.
    ///
    /// # Errors
    /// The state folder cannot be written.
    pub fn append(&self, scope: &Scope, entry: Entry, at: Timestamp) -> Result<(), Failure> {
        self.write(scope, entry, at, true)
    }

    /// Appends an entry whose loss in a crash would cost nothing: it is not waited for.
    ///
    /// # Errors
    /// The state folder cannot be written.
    pub fn note(&self, scope: &Scope, entry: Entry, at: Timestamp) -> Result<(), Failure> {
        self.write(scope, entry, at, false)
    }

    fn write(
        &self,
        scope: &Scope,
        entry: Entry,
        at: Timestamp,
        durable: bool,
    ) -> Result<(), Failure> {
        let line = Line {
            v: VERSION,
            at: rfc3339(at),
            scope: scope.clone(),
            entry,
        };
        let Some(path) = self.path() else {
            self.memory
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(line);
            return Ok(());
        };
        let failed = |e: &std::io::Error| disk("could not write the ledger", &path, e);
        self.make_folder().map_err(|e| failed(&e))?;
        let mut text =
            serde_json::to_string(&line).map_err(|e| failed(&std::io::Error::other(e)))?;
        text.push('\n');
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .read(true)
            .mode(0o600)
            .open(&path)
            .map_err(|e| failed(&e))?;
        if ends_torn(&mut file).map_err(|e| failed(&e))? {
            text.insert(0, '\n');
        }
        file.write_all(text.as_bytes()).map_err(|e| failed(&e))?;
        if durable {
            file.sync_data().map_err(|e| failed(&e))
        } else {
            Ok(())
        }
    }

    /// Tries to take the lock that allows one creation at a time; `None` when another has it.
    ///
    /// # Errors
    /// The state folder cannot be written.
    pub fn try_lock(&self) -> Result<Option<Lock>, Failure> {
        let Some(folder) = &self.folder else {
            return Ok(Some(Lock { _file: None }));
        };
        let path = folder.join("create.lock");
        let failed = |e: &std::io::Error| disk("could not lock the ledger", &path, e);
        self.make_folder().map_err(|e| failed(&e))?;
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&path)
            .map_err(|e| failed(&e))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Lock { _file: Some(file) })),
            Err(fs::TryLockError::WouldBlock) => Ok(None),
            Err(fs::TryLockError::Error(e)) => Err(failed(&e)),
        }
    }

    fn make_folder(&self) -> std::io::Result<()> {
        match &self.folder {
            Some(folder) => fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(folder),
            None => Ok(()),
        }
    }
}

/// Returns true when the last line has no end, as after a crash in the middle of a write.
fn ends_torn(file: &mut File) -> std::io::Result<bool> {
    use std::io::{Seek, SeekFrom};
    if file.seek(SeekFrom::End(0))? == 0 {
        return Ok(false);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last != [b'\n'])
}

fn parse(bytes: &[u8], path: &Path) -> Result<Book, Failure> {
    let mut book = Book::default();
    let mut bad = 0;
    let mut newer = false;
    let mut lines = bytes.split_inclusive(|b| *b == b'\n').peekable();
    while let Some(line) = lines.next() {
        let torn = lines.peek().is_none() && !line.ends_with(b"\n");
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        match serde_json::from_slice::<Line>(line) {
            Ok(line) if line.v == VERSION => book.lines.push(line),
            Ok(_) => newer = true,
            Err(_) if torn => {}
            Err(_) => bad += 1,
        }
    }
    if bad > 0 {
        let aside = set_aside(path, false)?;
        let s = if bad == 1 { "line" } else { "lines" };
        book.warnings.push(format!("{bad} {s} of the ledger cannot be read and are passed over; the file is kept as {aside}"));
    }
    if newer {
        book.warnings
            .push("the ledger holds entries of a newer embedctl, which are passed over".to_owned());
    }
    Ok(book)
}

/// Keeps a file under another name, once: a copy, or the file itself.
fn set_aside(path: &Path, whole: bool) -> Result<String, Failure> {
    let aside = path.with_extension("jsonl.aside");
    let kept = if whole {
        fs::rename(path, &aside)
    } else if aside.exists() {
        Ok(())
    } else {
        fs::copy(path, &aside).map(|_| ())
    };
    kept.map_err(|e| disk("could not keep the ledger aside", path, &e))?;
    Ok(aside.display().to_string())
}

fn disk(what: &str, path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(Code::MachineDisk, what)
        .because(format!(
            "{}: {}",
            path.display(),
            sanitize(&error.to_string())
        ))
        .hint("make the folder writable, or set XDG_STATE_HOME to one that is")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::base_url::Api;
    use crate::domain::template::TemplateSpec;

    fn scope() -> Scope {
        Scope::new(Api::V1, "https://api.airbyte.com", "org")
    }

    fn spec() -> TemplateSpec {
        use crate::domain::template::{Format, Schedule};
        TemplateSpec {
            organization: "org".to_owned(),
            name: "destination-s3".to_owned(),
            bucket: "b-1".to_owned(),
            prefix: "p".to_owned(),
            region: "us-east-1".to_owned(),
            endpoint: None,
            format: Format::Jsonl,
            schedule: Schedule::Hourly,
            access_key_id: "AKIA".to_owned(),
            secret_access_key: crate::domain::secret::Secret::new("canary-secret"),
        }
    }

    fn ledger() -> (tempfile::TempDir, Ledger) {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::new(Some(folder.path().join("deep/state")));
        (folder, ledger)
    }

    const AT: Timestamp = Timestamp::UNIX_EPOCH;

    /// Announces a creation.
    fn intend(ledger: &Ledger) {
        let (_, intent) = Entry::intent(&spec());
        ledger.append(&scope(), intent, AT).unwrap();
    }

    #[test]
    fn an_intent_is_open_until_its_outcome_is_known() {
        let (_folder, ledger) = ledger();
        let (intent, entry) = Entry::intent(&spec());
        ledger.append(&scope(), entry, AT).unwrap();
        let attempts = ledger.read().unwrap().attempts(&scope());
        assert!(matches!(attempts[0].fate, Fate::Open { .. }));
        ledger
            .append(
                &scope(),
                Entry::Made {
                    intent,
                    id: "t-1".to_owned(),
                },
                AT,
            )
            .unwrap();
        let attempts = ledger.read().unwrap().attempts(&scope());
        assert_eq!(
            (
                attempts.len(),
                &attempts[0].fate,
                attempts[0].existing.id.as_deref()
            ),
            (1, &Fate::Made, Some("t-1"))
        );
        assert_eq!(attempts[0].existing.differences(&spec()), []);
    }

    #[test]
    fn a_refused_attempt_leaves_nothing() {
        let (_folder, ledger) = ledger();
        let (intent, entry) = Entry::intent(&spec());
        ledger.append(&scope(), entry, AT).unwrap();
        ledger
            .append(&scope(), Entry::Refused { intent }, AT)
            .unwrap();
        assert_eq!(ledger.read().unwrap().attempts(&scope()), []);
    }

    #[test]
    fn another_organizations_things_are_not_ours() {
        let (_folder, ledger) = ledger();
        intend(&ledger);
        let other = Scope::new(Api::V1, "https://api.airbyte.com", "other");
        assert_eq!(ledger.read().unwrap().attempts(&other), []);
    }

    #[test]
    fn users_are_remembered_in_order_and_forgotten() {
        let (_folder, ledger) = ledger();
        let mint = |user: &str, w: &str| Entry::Mint {
            user: user.to_owned(),
            workspace_id: Some(w.to_owned()),
        };
        for (user, w) in [("a", "1"), ("b", "2"), ("a", "3"), ("c", "4")] {
            ledger.append(&scope(), mint(user, w), AT).unwrap();
        }
        ledger
            .append(
                &scope(),
                Entry::Forget {
                    user: "b".to_owned(),
                },
                AT,
            )
            .unwrap();
        let users = ledger.read().unwrap().users(&scope());
        let seen: Vec<_> = users
            .iter()
            .map(|k| (k.user.as_str(), k.workspace_id.as_deref().unwrap()))
            .collect();
        assert_eq!(seen, [("a", "3"), ("c", "4")]);
    }

    #[test]
    fn a_line_cut_by_a_crash_is_passed_over_and_the_next_one_is_whole() {
        let (_folder, ledger) = ledger();
        intend(&ledger);
        let path = ledger.path().unwrap();
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b"{\"v\":1,\"at\":\"20").unwrap();
        assert!(ledger.read().unwrap().warnings.is_empty());
        intend(&ledger);
        assert_eq!(ledger.read().unwrap().attempts(&scope()).len(), 2);
    }

    #[test]
    fn a_spoilt_ledger_is_kept_aside_and_what_can_be_read_is_read() {
        let (_folder, ledger) = ledger();
        intend(&ledger);
        let path = ledger.path().unwrap();
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b"nonsense\n{\"v\":2}\n").unwrap();
        let book = ledger.read().unwrap();
        assert_eq!(book.attempts(&scope()).len(), 1);
        assert_eq!(book.warnings.len(), 1, "{:?}", book.warnings);
        assert!(path.with_extension("jsonl.aside").exists());
    }

    #[test]
    fn files_are_for_the_owner_alone_and_hold_no_secret() {
        use std::os::unix::fs::PermissionsExt;
        let (_folder, ledger) = ledger();
        intend(&ledger);
        let path = ledger.path().unwrap();
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert_eq!(
            fs::metadata(path.parent().unwrap())
                .unwrap()
                .permissions()
                .mode()
                & 0o777,
            0o700
        );
        assert!(!fs::read_to_string(&path).unwrap().contains("canary"));
    }

    #[test]
    fn one_lock_at_a_time() {
        let (_folder, ledger) = ledger();
        let held = ledger.try_lock().unwrap();
        assert!(held.is_some());
        assert!(ledger.try_lock().unwrap().is_none());
        drop(held);
        assert!(ledger.try_lock().unwrap().is_some());
    }

    #[test]
    fn without_a_folder_this_run_is_remembered() {
        let ledger = Ledger::new(None);
        intend(&ledger);
        assert_eq!(ledger.read().unwrap().attempts(&scope()).len(), 1);
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let failure = Ledger::new(Some(file.join("state")))
            .append(&scope(), Entry::intent(&spec()).1, AT)
            .unwrap_err();
        assert_eq!(failure.exit().code(), 8);
    }
}
