//! Objects in a folder.
//!
//! ```text
//!   objects/customers/user-42/users.jsonl   one file per object, the key percent-encoded per segment
//!   objects/%aside/<sha-256 of the key>     keys that no path can be made of, or that clash with one
//!   records/<sha-256 of the key>.json       key, file, time, entity tag, metadata
//!   records/.incoming-*                     bodies on their way
//! ```
//!
//! A file under `objects` without a record was put there by hand, and is an object as well.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;

use super::{Content, Object, hex};

/// Where keys go that have no path of their own. No segment is encoded like that.
const ASIDE: &str = "%aside";
/// How the names of files begin whose bodies are on their way. No record's does.
const INCOMING: &str = ".incoming-";
/// The name of an empty segment. No other is encoded like that.
const EMPTY: &str = "%";
/// Longest encoded segment; file systems stop at 255.
const MAX_SEGMENT: usize = 200;
/// Longest encoded key.
const MAX_KEY: usize = 900;

/// The folder.
#[derive(Debug)]
pub(super) struct Folder {
    objects: PathBuf,
    records: PathBuf,
}

/// What is known of an object, as it is written.
#[derive(Debug, Deserialize, Serialize)]
struct Record {
    key: String,
    /// Below `objects`.
    file: PathBuf,
    size: u64,
    etag: String,
    modified: Timestamp,
    metadata: Vec<(String, String)>,
    headers: Vec<(String, String)>,
}

impl Folder {
    /// Opens or makes it, and finds what it holds.
    pub(super) fn open(root: &Path) -> io::Result<(Self, BTreeMap<String, Object>)> {
        let folder = Self {
            objects: root.join("objects"),
            records: root.join("records"),
        };
        for path in [&folder.objects, &folder.records] {
            fs::create_dir_all(path)?;
        }
        // Found out now, and not by the first object.
        folder.incoming()?;
        let mut found = BTreeMap::new();
        let mut recorded = HashSet::new();
        for entry in fs::read_dir(&folder.records)? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with(INCOMING) {
                // A body that never arrived in full.
                fs::remove_file(entry.path())?;
            } else if let Some((key, object)) = folder.recorded(&entry.path()) {
                if let Content::File(path) = &object.content {
                    recorded.insert(path.clone());
                }
                found.insert(key, object);
            }
        }
        by_hand(&folder.objects, "", &recorded, &mut found)?;
        Ok((folder, found))
    }

    /// Returns the object of a record; none when its file is not the one it speaks of.
    fn recorded(&self, path: &Path) -> Option<(String, Object)> {
        let record: Record = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
        let below = record.file.components();
        if !below
            .clone()
            .all(|part| matches!(part, std::path::Component::Normal(_)))
        {
            return None;
        }
        let file = self.objects.join(&record.file);
        let held = fs::symlink_metadata(&file).ok()?;
        (held.is_file() && held.len() == record.size).then(|| {
            let object = Object {
                size: record.size,
                etag: record.etag,
                metadata: record.metadata,
                headers: record.headers,
                modified: record.modified,
                content: Content::File(file),
            };
            (record.key, object)
        })
    }

    /// A file for a body on its way.
    pub(super) fn incoming(&self) -> io::Result<NamedTempFile> {
        tempfile::Builder::new()
            .prefix(INCOMING)
            .tempfile_in(&self.records)
    }

    /// Makes a file the content of a key, in place of the one it has. Returns where it is.
    pub(super) fn keep(
        &self,
        key: &str,
        file: NamedTempFile,
        held: Option<&Path>,
        object: &Object,
    ) -> io::Result<PathBuf> {
        let place = held.map_or_else(|| self.place(key), Path::to_owned);
        if let Some(parent) = place.parent() {
            fs::create_dir_all(parent)?;
        }
        file.persist(&place).map_err(|failed| failed.error)?;
        let record = Record {
            key: key.to_owned(),
            file: place
                .strip_prefix(&self.objects)
                .unwrap_or(&place)
                .to_owned(),
            size: object.size,
            etag: object.etag.clone(),
            modified: object.modified,
            metadata: object.metadata.clone(),
            headers: object.headers.clone(),
        };
        let mut draft = self.incoming()?;
        serde_json::to_writer(&mut draft, &record)?;
        draft
            .persist(self.record(key))
            .map_err(|failed| failed.error)?;
        Ok(place)
    }

    /// Removes what is kept of a key, and the folders that nothing is left in. What cannot be
    /// removed is found again by the next start, which is all that can be said of it.
    pub(super) fn forget(&self, key: &str, file: &Path) {
        let _ = fs::remove_file(self.record(key));
        let _ = fs::remove_file(file);
        let above = file.ancestors().skip(1);
        for folder in above.take_while(|folder| **folder != self.objects) {
            if fs::remove_dir(folder).is_err() {
                break;
            }
        }
    }

    /// A file for a new key: its own path, unless that is too long or taken. `a` and `a/b` are two
    /// keys and cannot both be paths, nor can `a` and `A` everywhere.
    fn place(&self, key: &str) -> PathBuf {
        let aside = || self.objects.join(ASIDE).join(digest(key));
        let segments: Vec<String> = key.split('/').map(encoded).collect();
        let length: usize = segments.iter().map(String::len).sum();
        if length > MAX_KEY || segments.iter().any(|segment| segment.len() > MAX_SEGMENT) {
            return aside();
        }
        let place = segments
            .iter()
            .fold(self.objects.clone(), |path, segment| path.join(segment));
        let reached = place
            .parent()
            .is_some_and(|above| fs::create_dir_all(above).is_ok());
        if reached && fs::symlink_metadata(&place).is_err() {
            return place;
        }
        aside()
    }

    fn record(&self, key: &str) -> PathBuf {
        self.records.join(format!("{}.json", digest(key)))
    }
}

/// Finds the files that nobody recorded.
fn by_hand(
    folder: &Path,
    prefix: &str,
    recorded: &HashSet<PathBuf>,
    found: &mut BTreeMap<String, Object>,
) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let (path, kind) = (entry.path(), entry.file_type()?);
        let Some(segment) = entry.file_name().to_str().and_then(decoded) else {
            continue;
        };
        let key = format!("{prefix}{segment}");
        if kind.is_dir() {
            by_hand(&path, &format!("{key}/"), recorded, found)?;
        } else if kind.is_file() && !recorded.contains(&path) && !found.contains_key(&key) {
            let held = entry.metadata()?;
            let modified = held
                .modified()
                .ok()
                .and_then(|t| Timestamp::try_from(t).ok());
            let modified = modified.unwrap_or(Timestamp::UNIX_EPOCH);
            let object = Object {
                size: held.len(),
                // Not an MD5, as with S3's own multipart uploads: reading it all would take long.
                etag: format!("{:032x}-1", modified.as_microsecond()),
                metadata: Vec::new(),
                headers: Vec::new(),
                modified: Timestamp::from_second(modified.as_second()).unwrap_or(modified),
                content: Content::File(path),
            };
            found.insert(key, object);
        }
    }
    Ok(())
}

fn digest(key: &str) -> String {
    hex(&Sha256::digest(key.as_bytes()))
}

/// One segment as a file name. A dot at its start is encoded, so that `.`, `..` and hidden names
/// are none.
fn encoded(segment: &str) -> String {
    if segment.is_empty() {
        return EMPTY.to_owned();
    }
    let mut name = String::with_capacity(segment.len());
    for (at, byte) in segment.bytes().enumerate() {
        let plain = byte.is_ascii_alphanumeric() || b"-_=@+,".contains(&byte);
        if plain || (byte == b'.' && at > 0) {
            name.push(char::from(byte));
        } else {
            name.push('%');
            name.push_str(&hex(&[byte]).to_ascii_uppercase());
        }
    }
    name
}

/// The segment that a file name stands for; none when no key leads to it.
fn decoded(name: &str) -> Option<String> {
    if name == EMPTY {
        return Some(String::new());
    }
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let mut digit = || char::from(rest.next()?).to_digit(16);
            let (high, low) = (digit()?, digit()?);
            bytes.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    let segment = String::from_utf8(bytes).ok()?;
    (!segment.contains('/')).then_some(segment)
}
