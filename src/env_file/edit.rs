//! One change of an env file: read, edited in memory, written once or not at all.
//!
//! Depends on [`super::disk`], and on `domain` for the settings and the failure a caller sees.

use std::path::{Path, PathBuf};

use super::disk::{self, Stamp};
use super::resolve::layer;
use super::{Entry, EnvFile};
use crate::domain::failure::{Code, Failure};
use crate::domain::field::Key;
use crate::domain::secret::Secret;
use crate::domain::settings::{Draft, Source};

/// An env file that is being changed. Dropped without [`Edit::save`], it leaves the disk as it was.
#[derive(Clone, Debug)]
pub struct Edit {
    path: PathBuf,
    file: EnvFile,
    stamp: Option<Stamp>,
    /// Values that the file cannot hold.
    refused: Vec<(Key, Secret)>,
}

impl Edit {
    /// Reads the file; where there is none, a new one begins.
    ///
    /// # Errors
    /// The file is there and cannot be read as settings.
    pub fn open(path: &Path) -> Result<Edit, Failure> {
        let (file, stamp) = match disk::read(path)? {
            Some(loaded) => (loaded.file, Some(loaded.stamp)),
            None => (EnvFile::empty(), None),
        };
        Ok(Edit {
            path: path.to_owned(),
            file,
            stamp,
            refused: Vec::new(),
        })
    }

    /// Begins a file that is not there yet.
    ///
    /// # Errors
    /// There is something of that name already.
    pub fn begin(path: &Path) -> Result<Edit, Failure> {
        disk::must_be_new(path)?;
        Ok(Edit {
            path: path.to_owned(),
            file: EnvFile::empty(),
            stamp: None,
            refused: Vec::new(),
        })
    }

    /// The settings as the file alone would give them, and what it cannot hold as it was meant.
    pub fn draft(&self) -> Draft {
        let mut draft = Draft::resolve(&[(Source::File, layer(&self.file))]);
        for (key, value) in &self.refused {
            draft.type_in(*key, value.expose());
        }
        draft
    }

    /// The setting of this name that counts.
    pub fn get(&self, name: &str) -> Option<Entry<'_>> {
        self.file.get(name)
    }

    /// Gives settings their values; a blank one takes the setting out of the file.
    ///
    /// # Errors
    /// One failure that tells of every value that no spelling carries to all readers unharmed. The
    /// change is then not to be saved.
    pub fn apply(&mut self, values: &[(Key, Secret)]) -> Result<(), Failure> {
        let mut problems = Vec::new();
        for (key, value) in values {
            let text = value.expose().trim();
            if text.is_empty() {
                self.file.remove(key.variable());
            } else if let Err(why) = self.file.set(key.variable(), text) {
                problems.push(why.to_string());
                self.refused.push((*key, value.clone()));
            }
        }
        if problems.is_empty() {
            return Ok(());
        }
        Err(
            Failure::new(Code::ConfigInvalid, "the env file was not written")
                .because(problems.join("; "))
                .hint("give these through the process environment instead"),
        )
    }

    /// Writes the file, whole, for its owner alone, and returns its path as it is shown to a person.
    ///
    /// # Errors
    /// The disk refuses, or the file has changed since it was read; what was there is there still.
    pub fn save(self) -> Result<String, Failure> {
        disk::write(&self.path, &self.file, self.stamp.as_ref())?;
        Ok(self.path.display().to_string())
    }
}
