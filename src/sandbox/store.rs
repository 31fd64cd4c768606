//! The bucket's objects: the S3 endpoint serves them, and finished jobs write them. In memory, or
//! kept in a folder that outlives the process.
//!
//! ```text
//!   put ──▶ draft ─▶ commit ─▶ index (keys in the order of their bytes)
//!   S3 PUT ─▶ draft ┘  └─▶ folder, if there is one
//! ```
//!
//! Depends on nothing else of the sandbox.

mod folder;
mod page;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;
use jiff::Timestamp;
use md5::{Digest as _, Md5};
use tempfile::NamedTempFile;

use folder::Folder;
pub(super) use page::{After, Page};

/// One object. Its content is read by [`Object::bytes`], or piece by piece from [`Object::content`].
#[derive(Clone, Debug)]
pub(super) struct Object {
    /// Bytes.
    pub(super) size: u64,
    /// The MD5 of the content in hexadecimal digits, as S3 gives it without encryption.
    pub(super) etag: String,
    /// User metadata: names without `x-amz-meta-`, and values.
    pub(super) metadata: Vec<(String, String)>,
    /// The headers that are stored with an object, as `content-type`.
    pub(super) headers: Vec<(String, String)>,
    /// When it was written.
    pub(super) modified: Timestamp,
    /// Where its content is.
    pub(super) content: Content,
}

/// Where an object's content is.
#[derive(Clone, Debug)]
pub(super) enum Content {
    /// Here.
    Memory(Bytes),
    /// In this file, which a later object of the key replaces and never changes.
    File(PathBuf),
}

impl Object {
    /// Returns the whole content.
    pub(super) fn bytes(&self) -> io::Result<Bytes> {
        match &self.content {
            Content::Memory(bytes) => Ok(bytes.clone()),
            Content::File(path) => std::fs::read(path).map(Bytes::from),
        }
    }
}

/// What is stored with an object besides its content.
#[derive(Clone, Debug, Default)]
pub(super) struct About {
    /// User metadata.
    pub(super) metadata: Vec<(String, String)>,
    /// Headers.
    pub(super) headers: Vec<(String, String)>,
    /// The entity tag, where it is not the content's MD5.
    pub(super) etag: Option<String>,
}

/// The content of an object that is being written.
pub(super) struct Draft {
    sink: Sink,
    digest: Md5,
    size: u64,
}

enum Sink {
    Memory(Vec<u8>),
    File(NamedTempFile),
}

impl Draft {
    fn new(sink: Sink) -> Self {
        Self {
            sink,
            digest: Md5::new(),
            size: 0,
        }
    }

    /// Adds to the content.
    pub(super) fn write(&mut self, piece: &[u8]) -> io::Result<()> {
        match &mut self.sink {
            Sink::Memory(bytes) => bytes.extend_from_slice(piece),
            Sink::File(file) => file.write_all(piece)?,
        }
        self.digest.update(piece);
        self.size += piece.len() as u64;
        Ok(())
    }

    /// Bytes written.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// Adds what was written to another draft.
    pub(super) fn copy_to(&self, other: &mut Draft) -> io::Result<()> {
        match &self.sink {
            Sink::Memory(bytes) => other.write(bytes),
            Sink::File(file) => {
                let mut file = file.reopen()?;
                let mut piece = vec![0; 64 * 1024];
                loop {
                    let read = file.read(&mut piece)?;
                    let Some(read) = piece.get(..read).filter(|read| !read.is_empty()) else {
                        return Ok(());
                    };
                    other.write(read)?;
                }
            }
        }
    }

    /// The MD5 of what was written.
    pub(super) fn md5(&self) -> [u8; 16] {
        self.digest.clone().finalize().into()
    }
}

/// The objects of one bucket. Clones share them.
#[derive(Clone, Debug, Default)]
pub(super) struct Store {
    objects: Arc<Mutex<BTreeMap<String, Object>>>,
    folder: Option<Arc<Folder>>,
}

impl Store {
    /// Opens a folder and finds the objects that are kept in it. A file put there by hand is an
    /// object too.
    ///
    /// # Errors
    /// The folder cannot be made, read or written.
    pub(super) fn open(root: &Path) -> io::Result<Self> {
        let (folder, objects) = Folder::open(root)?;
        Ok(Self {
            objects: Arc::new(Mutex::new(objects)),
            folder: Some(Arc::new(folder)),
        })
    }

    /// Writes an object, replacing one of that key. What a folder refuses is held in memory, so
    /// that a job ends all the same.
    pub(super) fn put(&self, key: &str, body: Vec<u8>, metadata: Vec<(String, String)>) {
        let about = About {
            metadata,
            ..About::default()
        };
        let kept = self.folder.is_some().then(|| {
            let mut draft = self.draft()?;
            draft.write(&body)?;
            self.commit(key, draft, about.clone())
        });
        if matches!(kept, None | Some(Err(_))) {
            let mut draft = Draft::new(Sink::Memory(Vec::new()));
            draft.digest.update(&body);
            draft.size = body.len() as u64;
            draft.sink = Sink::Memory(body);
            self.insert(key, draft, about);
        }
    }

    /// Begins an object's content.
    pub(super) fn draft(&self) -> io::Result<Draft> {
        Ok(Draft::new(match &self.folder {
            None => Sink::Memory(Vec::new()),
            Some(folder) => Sink::File(folder.incoming()?),
        }))
    }

    /// Makes a draft the object of a key, and returns it.
    pub(super) fn commit(&self, key: &str, draft: Draft, about: About) -> io::Result<Object> {
        let (Some(folder), Sink::File(_)) = (&self.folder, &draft.sink) else {
            return Ok(self.insert(key, draft, about));
        };
        let mut objects = self.lock();
        let held = objects.get(key).and_then(|object| match &object.content {
            Content::File(path) => Some(path.clone()),
            Content::Memory(_) => None,
        });
        let mut object = described(&draft, about, Content::Memory(Bytes::new()));
        if let Sink::File(file) = draft.sink {
            object.content = Content::File(folder.keep(key, file, held.as_deref(), &object)?);
        }
        objects.insert(key.to_owned(), object.clone());
        Ok(object)
    }

    fn insert(&self, key: &str, draft: Draft, about: About) -> Object {
        let mut object = described(&draft, about, Content::Memory(Bytes::new()));
        if let Sink::Memory(bytes) = draft.sink {
            object.content = Content::Memory(Bytes::from(bytes));
        }
        self.lock().insert(key.to_owned(), object.clone());
        object
    }

    /// Returns an object.
    pub(super) fn get(&self, key: &str) -> Option<Object> {
        self.lock().get(key).cloned()
    }

    /// Returns an object and its opened file, if it has one: a later object of the key does not
    /// change what is read from it.
    pub(super) fn opened(&self, key: &str) -> io::Result<Option<(Object, Option<File>)>> {
        let objects = self.lock();
        let Some(object) = objects.get(key) else {
            return Ok(None);
        };
        let file = match &object.content {
            Content::Memory(_) => None,
            Content::File(path) => Some(File::open(path)?),
        };
        Ok(Some((object.clone(), file)))
    }

    /// Removes an object; true when there was one.
    pub(super) fn delete(&self, key: &str) -> bool {
        let mut objects = self.lock();
        let Some(object) = objects.remove(key) else {
            return false;
        };
        if let (Some(folder), Content::File(path)) = (&self.folder, &object.content) {
            folder.forget(key, path);
        }
        true
    }

    /// Returns up to `limit` keys with a prefix, in the order of their bytes, after a key.
    pub(super) fn list(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Vec<(String, Object)> {
        let after = after.map_or(After::Nothing, |key| After::Key(key.to_owned()));
        self.page(prefix, None, &after, limit).objects
    }

    /// Returns one page of a listing in which everything up to the delimiter is rolled up.
    pub(super) fn page(
        &self,
        prefix: &str,
        delimiter: Option<&str>,
        after: &After,
        limit: usize,
    ) -> Page {
        page::page(&self.lock(), prefix, delimiter, after, limit)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Object>> {
        self.objects.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn described(draft: &Draft, about: About, content: Content) -> Object {
    Object {
        size: draft.size(),
        etag: about.etag.unwrap_or_else(|| hex(&draft.md5())),
        metadata: about.metadata,
        headers: about.headers,
        modified: now(),
        content,
    }
}

/// The time in whole seconds: S3 knows no parts of one.
fn now() -> Timestamp {
    Timestamp::from_second(Timestamp::now().as_second()).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// Hexadecimal digits, lower case.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a String does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests;
