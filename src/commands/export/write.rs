//! Writes what is exported: all files or, when one of them would be lost, none without a word.
//!
//! Depends on tempfile. Each file replaces the old one whole; a symbolic link is replaced, not
//! followed.

use std::fs::{self, Permissions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::domain::failure::{Code, Failure};
use crate::domain::text::reason;

/// A file that is to be.
pub(super) struct Planned {
    pub(super) path: PathBuf,
    pub(super) text: String,
    pub(super) standing: Standing,
}

/// What lies at its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Nothing.
    New,
    /// The same text.
    Same,
    /// Something else.
    Other,
}

/// Looks at what lies where a file is to be.
pub(super) fn plan(folder: &Path, name: &str, text: String) -> Result<Planned, Failure> {
    let here = folder == Path::new(".");
    let path = if here {
        PathBuf::from(name)
    } else {
        folder.join(name)
    };
    let standing = standing(&path, &text).map_err(|error| failure(&path, &error))?;
    Ok(Planned {
        path,
        text,
        standing,
    })
}

fn standing(path: &Path, text: &str) -> io::Result<Standing> {
    let found = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Standing::New),
        found => found?,
    };
    if found.is_dir() {
        return Err(ErrorKind::IsADirectory.into());
    }
    let same = found.is_file() && fs::read(path)? == text.as_bytes();
    Ok(if same {
        Standing::Same
    } else {
        Standing::Other
    })
}

impl Planned {
    /// Puts the file in its place, unless the same is there.
    pub(super) fn write(&self) -> Result<(), Failure> {
        if self.standing == Standing::Same {
            return Ok(());
        }
        self.replace().map_err(|error| failure(&self.path, &error))
    }

    fn replace(&self) -> io::Result<()> {
        let folder = match self.path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        fs::create_dir_all(folder)?;
        let mut file = tempfile::Builder::new()
            .permissions(Permissions::from_mode(0o644))
            .tempfile_in(folder)?;
        file.write_all(self.text.as_bytes())?;
        file.as_file().sync_all()?;
        let put = match self.standing {
            Standing::New => file.persist_noclobber(&self.path),
            Standing::Same | Standing::Other => file.persist(&self.path),
        };
        put.map(|_file| ()).map_err(|error| error.error)
    }
}

fn failure(path: &Path, error: &io::Error) -> Failure {
    Failure::new(
        Code::MachineDisk,
        format!("{} cannot be written", path.display()),
    )
    .because(reason(error))
    .hint("--dir names a folder that is writable, and - prints the file instead")
}
