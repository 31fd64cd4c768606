//! The env file on disk: read with its state noted, replaced whole or not at all.
//!
//! Ownership: a file is read if it belongs to us (the effective user) or to root, and by root
//! whoever owns it, which is what containers with mounted folders need. It is written if it
//! belongs to us, and by root, who then leaves it with its owner. A symbolic link is written
//! through if the link itself belongs to us or to root.
//!
//! Depends on tempfile and rustix, and on `domain` for a shell's quotes.

use std::fmt::Write as _;
use std::fs::{self, File, Metadata, OpenOptions, Permissions, TryLockError};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use rustix::fs::OFlags;
use tempfile::NamedTempFile;
use zeroize::Zeroizing;

use super::{EnvFile, LineProblem};
use crate::domain::shell;
use crate::domain::text::reason;

/// More than any env file; what is larger is something else.
const LIMIT: u64 = 1024 * 1024;
/// As many links as Linux follows.
const MOST_LINKS: usize = 40;
/// Problems spelled out in one sentence.
const MOST_PROBLEMS: usize = 8;
/// How often another program's lock is looked at, and the wait between two looks.
const LOCK_LOOKS: u32 = 300;
const LOCK_POLL: Duration = Duration::from_millis(10);
const ROOT: u32 = 0;
const OWNER_ONLY: u32 = 0o600;

/// A file read from disk.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// What it holds.
    pub file: EnvFile,
    /// What to tell the operator about the file itself, with the command that puts it right.
    pub warnings: Vec<String>,
    /// Its state when it was read, for [`write()`].
    pub stamp: Stamp,
}

/// The state of a file on disk, by which a change made by somebody else is noticed.
///
/// A change of mode alone does not count, since [`read()`] itself may have advised it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    device: u64,
    inode: u64,
    length: u64,
    modified: (i64, i64),
}

impl Stamp {
    fn of(metadata: &Metadata) -> Stamp {
        Stamp {
            device: metadata.dev(),
            inode: metadata.ino(),
            length: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
        }
    }
}

/// Why an env file was not read or not written. One sentence each, no value in any.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The file is there and cannot be opened or read, or is no env file.
    #[error("{path} cannot be read: {why}")]
    Unreadable {
        /// The path as it was given.
        path: PathBuf,
        /// The system's reason, or ours.
        why: String,
    },
    /// The file was read and has lines that cannot be.
    #[error("{path} has {}", summary(.problems))]
    Lines {
        /// The path as it was given.
        path: PathBuf,
        /// Every such line, in order.
        problems: Vec<LineProblem>,
    },
    /// The file, or the symbolic link it is reached by, is somebody else's.
    #[error("{path} belongs to another user (uid {owner}), so it is left alone")]
    NotOwned {
        /// The file or link.
        path: PathBuf,
        /// The user it belongs to.
        owner: u32,
    },
    /// The file is not what it was when it was read. Nothing was written; read it again.
    #[error("{path} has changed on disk since it was read, so it was not overwritten")]
    Changed {
        /// The path as it was given.
        path: PathBuf,
    },
    /// A new file was wanted, and there is something of that name. Nothing was written.
    #[error("{path} is there already: name a new file")]
    Taken {
        /// The path as it was given.
        path: PathBuf,
    },
    /// The disk refused. What was there before is there still.
    #[error("{path} cannot be written: {why}")]
    Disk {
        /// The path as it was given.
        path: PathBuf,
        /// The system's reason, or ours.
        why: String,
    },
}

/// Reads an env file; `None` if there is no file.
///
/// Symbolic links are followed. Refused are files of another user (see the head of this module
/// for the exact rule), files above 1 MiB, and whatever is not a regular file. A file that others
/// may read or change is read, with a warning that has the command to close it.
pub fn read(path: &Path) -> Result<Option<Loaded>, Error> {
    let unreadable = |why: String| Error::Unreadable {
        path: path.to_owned(),
        why,
    };
    // Opening a pipe would otherwise wait for its other end.
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let file = match OpenOptions::new().read(true).custom_flags(flags).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(reason(&error))),
    };
    let metadata = file
        .metadata()
        .map_err(|error| unreadable(reason(&error)))?;
    if let Some(why) = not_an_env_file(&metadata) {
        return Err(unreadable(why.to_owned()));
    }
    if !may_read(metadata.uid()) {
        return Err(Error::NotOwned {
            path: path.to_owned(),
            owner: metadata.uid(),
        });
    }
    let bytes = contents(file, metadata.len()).map_err(unreadable)?;
    let file = EnvFile::parse(&bytes).map_err(|problems| Error::Lines {
        path: path.to_owned(),
        problems,
    })?;
    Ok(Some(Loaded {
        file,
        warnings: warnings(path, &metadata),
        stamp: Stamp::of(&metadata),
    }))
}

/// Refuses a path at which there is something already, be it a link that leads nowhere.
///
/// A file written with no state expected, as [`write()`] does it, is created anew and never replaces
/// one that came in between.
pub(super) fn must_be_new(path: &Path) -> Result<(), Error> {
    let save = Save {
        path,
        expected: None,
    };
    match save.look(path)? {
        None => Ok(()),
        Some(_) => Err(Error::Taken {
            path: path.to_owned(),
        }),
    }
}

/// Replaces the file on disk, whole, with mode 0600 whatever the umask, and returns its new state.
///
/// `expected` is the state it was read in; `None` says that there was no file. If it is in
/// another state now, nothing is written and the error is [`Error::Changed`]. On any other error,
/// too, what was there before is still there and no temporary file is left, with one exception
/// that says so itself: the new file is in place, but the disk would not confirm it.
///
/// If the path is a symbolic link, the file it points to is replaced and the link stays.
pub fn write(path: &Path, file: &EnvFile, expected: Option<&Stamp>) -> Result<Stamp, Error> {
    let save = Save { path, expected };
    let target = save.follow_links()?;
    let _held = save.lock(&target)?;
    let present = save.check(&target)?;
    let bytes = Zeroizing::new(file.to_bytes());
    let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    if size > LIMIT {
        return Err(save.disk("it would be larger than 1 MiB".to_owned()));
    }
    let folder = folder_of(&target);
    let temporary = temporary(folder, &target, &bytes, present.as_ref())
        .map_err(|error| save.disk(reason(&error)))?;
    // Once more, now that only the rename is left to do.
    save.check(&target)?;
    let written = save.put(temporary, &target, present.is_some())?;
    let metadata = written
        .metadata()
        .map_err(|error| save.disk(reason(&error)))?;
    confirm(folder).map_err(|error| {
        save.disk(format!(
            "the new file is in place, but the disk did not confirm it ({})",
            reason(&error)
        ))
    })?;
    Ok(Stamp::of(&metadata))
}

/// One call of [`write()`].
struct Save<'a> {
    path: &'a Path,
    expected: Option<&'a Stamp>,
}

impl Save<'_> {
    fn disk(&self, why: String) -> Error {
        Error::Disk {
            path: self.path.to_owned(),
            why,
        }
    }

    fn changed(&self) -> Error {
        Error::Changed {
            path: self.path.to_owned(),
        }
    }

    /// The file that the path stands for. A link that others planted is not followed.
    fn follow_links(&self) -> Result<PathBuf, Error> {
        let mut target = self.path.to_owned();
        for _ in 0..MOST_LINKS {
            let Some(metadata) = self.look(&target)? else {
                return Ok(target);
            };
            if !metadata.is_symlink() {
                return Ok(target);
            }
            if metadata.uid() != ROOT && metadata.uid() != own_user() {
                return Err(Error::NotOwned {
                    path: target,
                    owner: metadata.uid(),
                });
            }
            let next = fs::read_link(&target).map_err(|error| self.disk(reason(&error)))?;
            target = folder_of(&target).join(next);
        }
        Err(self.disk("too many symbolic links".to_owned()))
    }

    fn look(&self, target: &Path) -> Result<Option<Metadata>, Error> {
        match fs::symlink_metadata(target) {
            Ok(metadata) => Ok(Some(metadata)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.disk(reason(&error))),
        }
    }

    /// Keeps others of our kind from replacing the file until the lock is dropped. Whoever waited for
    /// it then finds the file in another state than it was read in. A file that is made anew needs
    /// none, nor has one where the file system knows no locks.
    fn lock(&self, target: &Path) -> Result<Option<File>, Error> {
        let options = OFlags::NONBLOCK | OFlags::NOFOLLOW;
        let file = OpenOptions::new()
            .read(true)
            .custom_flags(options.bits().cast_signed())
            .open(target);
        let Ok(file) = file else { return Ok(None) };
        for _ in 0..LOCK_LOOKS {
            match file.try_lock() {
                Ok(()) => return Ok(Some(file)),
                Err(TryLockError::WouldBlock) => sleep(LOCK_POLL),
                Err(TryLockError::Error(_)) => return Ok(None),
            }
        }
        Err(self.disk("another program holds it locked".to_owned()))
    }

    /// Whether the file is ours to replace and in the state it was read in.
    fn check(&self, target: &Path) -> Result<Option<Metadata>, Error> {
        let present = self.look(target)?;
        if let Some(metadata) = &present {
            if metadata.is_dir() {
                return Err(self.disk("it is a folder".to_owned()));
            }
            if !may_write(metadata.uid()) {
                return Err(Error::NotOwned {
                    path: target.to_owned(),
                    owner: metadata.uid(),
                });
            }
        }
        if present.as_ref().map(Stamp::of).as_ref() == self.expected {
            Ok(present)
        } else {
            Err(self.changed())
        }
    }

    fn put(&self, temporary: NamedTempFile, target: &Path, replace: bool) -> Result<File, Error> {
        let temporary = if replace {
            temporary
        } else {
            match temporary.persist_noclobber(target) {
                Ok(file) => return Ok(file),
                Err(error) if error.error.kind() == ErrorKind::AlreadyExists => {
                    return Err(self.changed());
                }
                // Some network file systems can only rename.
                Err(error) => {
                    self.check(target)?;
                    error.file
                }
            }
        };
        temporary
            .persist(target)
            .map_err(|error| self.disk(reason(&error.error)))
    }
}

/// The new contents under a random name beside the target, created anew and flushed to the disk.
fn temporary(
    folder: &Path,
    target: &Path,
    bytes: &[u8],
    present: Option<&Metadata>,
) -> io::Result<NamedTempFile> {
    let mut prefix = target.file_name().unwrap_or_default().to_owned();
    prefix.push(".");
    let mut temporary = tempfile::Builder::new()
        .prefix(&prefix)
        .rand_bytes(12)
        .permissions(Permissions::from_mode(OWNER_ONLY))
        .tempfile_in(folder)?;
    // The umask may have taken bits away.
    let file = temporary.as_file();
    file.set_permissions(Permissions::from_mode(OWNER_ONLY))?;
    if let Some(metadata) = present
        && metadata.uid() != own_user()
    {
        std::os::unix::fs::fchown(file, Some(metadata.uid()), Some(metadata.gid()))?;
    }
    temporary.write_all(bytes)?;
    temporary.as_file().sync_all()?;
    Ok(temporary)
}

/// Makes the rename itself outlive a power cut, where folders can be flushed at all.
fn confirm(folder: &Path) -> io::Result<()> {
    match File::open(folder).and_then(|folder| folder.sync_all()) {
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::InvalidInput | ErrorKind::Unsupported | ErrorKind::PermissionDenied
            ) =>
        {
            Ok(())
        }
        outcome => outcome,
    }
}

fn not_an_env_file(metadata: &Metadata) -> Option<&'static str> {
    if metadata.is_dir() {
        Some("it is a folder")
    } else if !metadata.is_file() {
        Some("it is not a regular file")
    } else if metadata.len() > LIMIT {
        Some("it is larger than 1 MiB")
    } else {
        None
    }
}

fn contents(file: File, length: u64) -> Result<Zeroizing<Vec<u8>>, String> {
    let room = usize::try_from(length).unwrap_or_default() + 1;
    let mut bytes = Zeroizing::new(Vec::with_capacity(room));
    let read = file
        .take(LIMIT + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| reason(&error))?;
    if u64::try_from(read).is_ok_and(|read| read <= LIMIT) {
        Ok(bytes)
    } else {
        Err("it is larger than 1 MiB".to_owned())
    }
}

fn warnings(path: &Path, metadata: &Metadata) -> Vec<String> {
    let mut warnings = Vec::new();
    let mode = metadata.mode() & 0o7777;
    if mode & 0o077 != 0 {
        warnings.push(format!(
            "{} is open to other users of this machine (mode {mode:04o}); run: chmod 600 {}",
            path.display(),
            shell_word(path)
        ));
    }
    if metadata.uid() != own_user() {
        warnings.push(format!(
            "{} belongs to another user (uid {})",
            path.display(),
            metadata.uid()
        ));
    }
    warnings
}

/// The path as one word of a shell command, which no command takes for an option.
fn shell_word(path: &Path) -> String {
    let path = path.to_string_lossy();
    if path.starts_with('-') {
        shell::word(&format!("./{path}"))
    } else {
        shell::word(&path)
    }
}

fn folder_of(target: &Path) -> &Path {
    match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn own_user() -> u32 {
    rustix::process::geteuid().as_raw()
}

fn may_read(owner: u32) -> bool {
    owner == ROOT || may_write(owner)
}

fn may_write(owner: u32) -> bool {
    let user = own_user();
    user == owner || user == ROOT
}

fn summary(problems: &[LineProblem]) -> String {
    let noun = if problems.len() == 1 { "line" } else { "lines" };
    let mut text = format!("{} {noun} that cannot be read: ", problems.len());
    let told: Vec<String> = problems
        .iter()
        .take(MOST_PROBLEMS)
        .map(LineProblem::to_string)
        .collect();
    text.push_str(&told.join("; "));
    let untold = problems.len().saturating_sub(MOST_PROBLEMS);
    if untold > 0 {
        // Writing to a string cannot fail.
        let _ = write!(text, "; and {untold} more");
    }
    text
}
