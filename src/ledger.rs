//! What we created: an append-only record, so that a second run knows what the first one did.
//!
//! Depends on `domain`. One JSON object a line in `ledger.jsonl`; no secret and no hash of one. On
//! an API that cannot list its templates this is the only memory there is, so an intent is on disk
//! before the request is sent, and its outcome after.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, BufWriter, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use crate::domain::failure::{Code, Failure};
use crate::domain::moment::rfc3339;
use crate::domain::text::reason;

mod book;

pub use book::{Attempt, Book, Entry, Fate, Known, Scope, Template};
use book::{Line, VERSION};

/// A longer line is none of ours.
const LINE_LIMIT: u64 = 64 << 10;

/// A file larger than this, and than twice what was left the last time, is folded: of each user the
/// last mint is kept, and everything of templates.
const FOLD_AT: u64 = 16 << 20;

/// The ledger of one state folder.
#[derive(Debug)]
pub struct Ledger {
    folder: Option<PathBuf>,
    /// What is known of this run, where there is no folder to keep it in.
    memory: Mutex<Book>,
    /// How large a file may grow until it is folded, in bytes.
    room: AtomicU64,
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
            memory: Mutex::default(),
            room: AtomicU64::new(FOLD_AT),
        }
    }

    /// Returns the path that a person is shown.
    pub fn shown(&self) -> String {
        self.path()
            .map_or("memory only: no state folder".to_owned(), |path| {
                path.display().to_string()
            })
    }

    /// Returns the path of the lock that allows one creation at a time, as a person is shown it.
    pub fn shown_lock(&self) -> String {
        let path = self.folder.as_deref().map(lock_in);
        path.unwrap_or_default().display().to_string()
    }

    /// Returns true when it outlives this run.
    pub fn is_kept(&self) -> bool {
        self.folder.is_some()
    }

    fn path(&self) -> Option<PathBuf> {
        Some(self.folder.as_ref()?.join("ledger.jsonl"))
    }

    /// Reads the whole ledger. A line that was cut by a crash is passed over; a file with other
    /// unreadable lines is copied aside, and stays as it is.
    ///
    /// # Errors
    /// The file is there and cannot be read.
    pub fn read(&self) -> Result<Book, Failure> {
        let Some(path) = self.path() else {
            return Ok(self.memory().clone());
        };
        let failed = |e: &io::Error| disk("could not read the ledger", &path, e);
        let mut options = OpenOptions::new();
        let mut book = match open(options.read(true), &path) {
            Ok(file) => read_book(file).map_err(|e| failed(&e))?,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Book::default()),
            Err(e) => return Err(failed(&e)),
        };
        if let count @ 1.. = book.spoilt() {
            let s = if count == 1 { "line" } else { "lines" };
            let aside = path.with_extension("jsonl.aside");
            let is_kept = aside.exists() || fs::copy(&path, &aside).is_ok();
            let kept = if is_kept { &aside } else { &path };
            book.warnings.push(format!("{count} {s} of the ledger cannot be read and are passed over; the file is kept as {}", kept.display()));
        }
        if book.is_of_a_newer_program() {
            let newer = "the ledger holds entries of a newer embedctl, which are passed over";
            book.warnings.push(newer.to_owned());
        }
        Ok(book)
    }

    fn memory(&self) -> MutexGuard<'_, Book> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
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
            self.memory().push(line);
            return Ok(());
        };
        let failed = |e: &io::Error| disk("could not write the ledger", &path, e);
        self.make_folder().map_err(|e| failed(&e))?;
        let mut text = serde_json::to_string(&line).map_err(|e| failed(&io::Error::other(e)))?;
        text.push('\n');
        let mut file = self
            .open_to_append(&path, durable)
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

    /// Opens the file and holds it, so that nobody folds it meanwhile. What need not last does not
    /// wait until others are done with it.
    fn open_to_append(&self, path: &Path, durable: bool) -> io::Result<File> {
        loop {
            let mut options = OpenOptions::new();
            let options = options.create(true).append(true).read(true).mode(0o600);
            let file = open(options, path)?;
            // Some file systems have no locks. What is only appended to needs none.
            let is_held = if durable {
                file.lock().is_ok()
            } else {
                file.try_lock().is_ok()
            };
            let (held, named) = (file.metadata()?, fs::metadata(path)?);
            if (held.dev(), held.ino()) != (named.dev(), named.ino()) {
                // Folded while we waited.
                continue;
            }
            if !is_held || held.len() <= self.room.load(Relaxed) {
                return Ok(file);
            }
            // Where it cannot be folded, it goes on growing.
            let left = fold(path).unwrap_or(held.len());
            self.room
                .store(left.saturating_mul(2).max(FOLD_AT), Relaxed);
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
        let path = lock_in(folder);
        let failed = |e: &io::Error| disk("could not lock the ledger", &path, e);
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

    fn make_folder(&self) -> io::Result<()> {
        match &self.folder {
            Some(folder) => fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(folder),
            None => Ok(()),
        }
    }
}

fn lock_in(folder: &Path) -> PathBuf {
    folder.join("create.lock")
}

/// Returns true when the last line has no end, as after a crash in the middle of a write.
fn ends_torn(file: &mut File) -> io::Result<bool> {
    use std::io::{Seek, SeekFrom};
    if file.seek(SeekFrom::End(0))? == 0 {
        return Ok(false);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last != [b'\n'])
}

/// Opens a file without waiting for the other end of a pipe that has its name.
fn open(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    let flags = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let file = options.custom_flags(flags).open(path)?;
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::Error::other("it is not a regular file"))
    }
}

fn read_book(file: File) -> io::Result<Book> {
    let mut file = BufReader::new(file);
    let mut book = Book::default();
    let mut line = Vec::new();
    while file
        .by_ref()
        .take(LINE_LIMIT)
        .read_until(b'\n', &mut line)?
        > 0
    {
        if line.ends_with(b"\n") || (line.len() as u64) < LINE_LIMIT {
            book.read(&line);
        } else {
            file.skip_until(b'\n')?;
            book.read_overlong();
        }
        line.clear();
    }
    Ok(book)
}

/// Writes the file anew, folded, and returns its size. Whoever calls it holds the file.
fn fold(path: &Path) -> io::Result<u64> {
    // A link stays one.
    let path = fs::canonicalize(path)?;
    let book = read_book(File::open(&path)?)?;
    let mut new = tempfile::Builder::new()
        .prefix("ledger.jsonl.")
        .tempfile_in(path.parent().unwrap_or(&path))?;
    let mut out = BufWriter::new(new.as_file_mut());
    book.write(&mut out)?;
    out.flush()?;
    drop(out);
    new.as_file().sync_all()?;
    let left = new.as_file().metadata()?.len();
    if book.would_lose() {
        set_aside(&path)?;
    }
    new.persist(&path)?;
    Ok(left)
}

/// Keeps the file under a name that nothing has yet.
fn set_aside(path: &Path) -> io::Result<()> {
    let mut names = (1..u32::MAX).map(|n| path.with_extension(format!("jsonl.aside.{n}")));
    let free = names.find(|name| !name.exists());
    let free = free.ok_or(io::ErrorKind::AlreadyExists)?;
    fs::hard_link(path, &free).or_else(|_| fs::copy(path, &free).map(|_| ()))
}

fn disk(what: &str, path: &Path, error: &io::Error) -> Failure {
    let hint = if error.kind() == io::ErrorKind::StorageFull {
        "free some space there, or set XDG_STATE_HOME to a folder that has some"
    } else {
        "make the folder writable, or set XDG_STATE_HOME to one that is"
    };
    let because = format!("{}: {}", path.display(), reason(error));
    Failure::new(Code::MachineDisk, what)
        .because(because)
        .hint(hint)
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

    /// Writes as something else would, or a crash.
    fn append_raw(ledger: &Ledger, bytes: &[u8]) {
        let path = ledger.path().unwrap();
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut options = OpenOptions::new();
        let mut file = options.append(true).create(true).open(path).unwrap();
        file.write_all(bytes).unwrap();
    }

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
        append_raw(&ledger, b"{\"v\":1,\"at\":\"20");
        assert!(ledger.read().unwrap().warnings.is_empty());
        intend(&ledger);
        assert_eq!(ledger.read().unwrap().attempts(&scope()).len(), 2);
    }

    #[test]
    fn a_line_that_a_crash_cut_is_no_damage_when_others_follow() {
        let (_folder, ledger) = ledger();
        append_raw(&ledger, b"{\"v\":1,\"at\":\"20");
        intend(&ledger);
        let book = ledger.read().unwrap();
        assert!(book.warnings.is_empty() && !book.is_incomplete());
        assert_eq!(book.attempts(&scope()).len(), 1);
    }

    #[test]
    fn a_spoilt_ledger_is_kept_aside_and_what_can_be_read_is_read() {
        let (_folder, ledger) = ledger();
        intend(&ledger);
        let path = ledger.path().unwrap();
        append_raw(&ledger, b"nonsense\n{\"v\":1}\n");
        append_raw(&ledger, &vec![b'x'; 1 << 20]);
        let book = ledger.read().unwrap();
        assert!(book.is_incomplete());
        assert_eq!(book.attempts(&scope()).len(), 1);
        assert!(
            book.warnings[0].starts_with("3 lines"),
            "{:?}",
            book.warnings
        );
        let aside = path.with_extension("jsonl.aside");
        assert_eq!(fs::read(&aside).unwrap(), fs::read(&path).unwrap());
        fs::write(&aside, "of an earlier time").unwrap();
        ledger.read().unwrap();
        assert_eq!(fs::read_to_string(&aside).unwrap(), "of an earlier time");
    }

    #[test]
    fn lines_of_a_newer_program_are_told_as_such_whatever_they_hold() {
        let (_folder, ledger) = ledger();
        intend(&ledger);
        let same = fs::read_to_string(ledger.path().unwrap()).unwrap();
        append_raw(&ledger, same.replace("\"v\":1", "\"v\":2").as_bytes());
        append_raw(&ledger, b"{\"v\":2,\"entry\":\"template.deleted\"}\n");
        let book = ledger.read().unwrap();
        assert!(book.is_incomplete());
        assert_eq!(book.attempts(&scope()).len(), 1);
        let warnings = book.warnings.join("\n");
        assert!(
            warnings.contains("newer") && !warnings.contains("aside"),
            "{warnings}"
        );
    }

    #[test]
    fn what_is_no_file_is_not_waited_for() {
        let (_folder, ledger) = ledger();
        intend(&ledger);
        let path = ledger.path().unwrap();
        fs::remove_file(&path).unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, &path, 0o600.into()).unwrap();
        let failures = [
            ledger.read().unwrap_err(),
            ledger
                .append(&scope(), Entry::intent(&spec()).1, AT)
                .unwrap_err(),
        ];
        for failure in failures {
            assert!(failure.because.unwrap().contains("not a regular file"));
        }
    }

    fn minted(user: &str, at: i64) -> Line {
        Line {
            v: VERSION,
            at: rfc3339(Timestamp::from_second(at).unwrap()),
            scope: scope(),
            entry: Entry::Mint {
                user: user.to_owned(),
                workspace_id: Some("w".to_owned()),
            },
        }
    }

    /// Fills the file with mints until it is to be folded.
    fn fill(ledger: &Ledger) {
        let lines: Vec<String> = (0..10)
            .map(|n| {
                let line = minted(&format!("user-{n}"), n);
                serde_json::to_string(&line).unwrap() + "\n"
            })
            .collect();
        let lines = lines.concat();
        let times = usize::try_from(FOLD_AT).unwrap() / lines.len() + 1;
        append_raw(ledger, lines.repeat(times).as_bytes());
    }

    #[test]
    fn many_mints_crowd_no_template_out() {
        let (_folder, ledger) = ledger();
        intend(&ledger);
        append_raw(&ledger, b"nonsense\n{\"v\":9}\n");
        fill(&ledger);
        let before = ledger.read().unwrap();
        let path = ledger.path().unwrap();
        assert!(fs::metadata(&path).unwrap().len() > FOLD_AT);
        ledger
            .note(&scope(), minted("user-3", 99).entry, AT)
            .unwrap();
        assert!(fs::metadata(&path).unwrap().len() < 10_000, "it is folded");
        let after = ledger.read().unwrap();
        assert_eq!(after.attempts(&scope()), before.attempts(&scope()));
        assert_eq!(after.warnings, before.warnings);
        let users = |book: &Book| -> Vec<String> {
            let users = book.users(&scope()).into_iter();
            users.map(|known| known.user.as_str().to_owned()).collect()
        };
        assert_eq!(users(&after), users(&before));
        assert_eq!(after.users(&scope())[3].minted_at, Some(AT));
        assert!(!path.with_extension("jsonl.aside.1").exists());
    }

    #[test]
    fn what_a_folded_file_has_no_room_for_is_kept_aside() {
        let (_folder, ledger) = ledger();
        let path = ledger.path().unwrap();
        for n in 1..=2 {
            intend(&ledger);
            let room = usize::try_from(FOLD_AT).unwrap();
            append_raw(&ledger, "nonsense\n".repeat(room / 8).as_bytes());
            let spoilt = fs::metadata(&path).unwrap().len();
            intend(&ledger);
            assert!(fs::metadata(&path).unwrap().len() < 10_000);
            let aside = path.with_extension(format!("jsonl.aside.{n}"));
            assert_eq!(fs::metadata(aside).unwrap().len(), spoilt);
        }
        assert_eq!(ledger.read().unwrap().attempts(&scope()).len(), 4);
    }

    #[test]
    fn what_others_append_while_it_is_folded_is_not_lost() {
        let (folder, ledger) = ledger();
        fill(&ledger);
        let state = folder.path().join("deep/state");
        std::thread::scope(|threads| {
            for n in 0..8 {
                let ledger = Ledger::new(Some(state.clone()));
                threads.spawn(move || {
                    for m in 0..20 {
                        let entry = minted(&format!("new-{n}-{m}"), m).entry;
                        ledger.append(&scope(), entry, AT).unwrap();
                    }
                });
            }
        });
        assert_eq!(ledger.read().unwrap().users(&scope()).len(), 10 + 8 * 20);
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
