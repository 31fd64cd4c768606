//! Objects sent in parts: the parts wait until they are put together or given up.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use md5::{Digest as _, Md5};
use s3s::dto::CompletedPart;
use s3s::{S3Error, S3Result, s3_error};
use uuid::Uuid;

use super::MAX_OBJECT;
use crate::sandbox::store::{About, Draft, Object, Store, hex};

/// Smallest part, but for the last.
const MIN_PART: u64 = 5 * 1024 * 1024;
/// Greatest number of a part.
const MAX_NUMBER: i32 = 10_000;

/// The uploads that are under way, by id.
#[derive(Default)]
pub(super) struct Uploads(Mutex<HashMap<String, Upload>>);

struct Upload {
    key: String,
    about: About,
    parts: BTreeMap<i32, Draft>,
}

impl Uploads {
    pub(super) fn begin(&self, key: &str, about: About) -> String {
        let id = Uuid::new_v4().simple().to_string();
        let upload = Upload {
            key: key.to_owned(),
            about,
            parts: BTreeMap::new(),
        };
        self.lock().insert(id.clone(), upload);
        id
    }

    /// Takes a part, in place of one of that number. Returns its entity tag.
    pub(super) fn add(&self, id: &str, key: &str, number: i32, part: Draft) -> S3Result<String> {
        if !(1..=MAX_NUMBER).contains(&number) {
            return Err(s3_error!(
                InvalidArgument,
                "Part number must be an integer between 1 and 10000, inclusive"
            ));
        }
        let mut uploads = self.lock();
        let upload = uploads.get_mut(id).filter(|upload| upload.key == key);
        let upload = upload.ok_or_else(|| s3_error!(NoSuchUpload))?;
        let etag = hex(&part.md5());
        upload.parts.insert(number, part);
        let size: u64 = upload.parts.values().map(Draft::size).sum();
        if size > MAX_OBJECT {
            upload.parts.remove(&number);
            return Err(s3_error!(
                EntityTooLarge,
                "Your proposed upload exceeds the maximum allowed size: this sandbox keeps objects of up to {} MiB",
                MAX_OBJECT / 1024 / 1024
            ));
        }
        Ok(etag)
    }

    /// Puts the named parts together under the key.
    pub(super) fn complete(
        &self,
        store: &Store,
        id: &str,
        key: &str,
        named: &[CompletedPart],
    ) -> S3Result<Object> {
        let mut uploads = self.lock();
        let upload = uploads.get_mut(id).filter(|upload| upload.key == key);
        let upload = upload.ok_or_else(|| s3_error!(NoSuchUpload))?;
        if named.is_empty() {
            return Err(s3_error!(MalformedXML));
        }
        let numbers: Vec<i32> = named.iter().filter_map(|part| part.part_number).collect();
        if !numbers.is_sorted_by(|one, next| one < next) {
            return Err(s3_error!(InvalidPartOrder));
        }
        let mut digests = Md5::new();
        for (at, part) in named.iter().enumerate() {
            let held = part
                .part_number
                .and_then(|number| upload.parts.get(&number));
            let said = part.e_tag.as_ref().map(s3s::dto::ETag::value);
            let held = held.filter(|held| said == Some(hex(&held.md5()).as_str()));
            let held = held.ok_or_else(|| s3_error!(InvalidPart))?;
            if held.size() < MIN_PART && at + 1 < named.len() {
                return Err(s3_error!(EntityTooSmall));
            }
            digests.update(held.md5());
        }
        let mut whole = store.draft().map_err(S3Error::internal_error)?;
        for number in &numbers {
            if let Some(part) = upload.parts.get(number) {
                part.copy_to(&mut whole).map_err(S3Error::internal_error)?;
            }
        }
        let about = About {
            etag: Some(format!("{}-{}", hex(&digests.finalize()), named.len())),
            ..upload.about.clone()
        };
        let object = store
            .commit(key, whole, about)
            .map_err(S3Error::internal_error)?;
        uploads.remove(id);
        Ok(object)
    }

    pub(super) fn abort(&self, id: &str, key: &str) -> S3Result<()> {
        let mut uploads = self.lock();
        if uploads.get(id).is_none_or(|upload| upload.key != key) {
            return Err(s3_error!(NoSuchUpload));
        }
        uploads.remove(id);
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Upload>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
