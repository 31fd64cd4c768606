//! The objects of one user: listed, newest first, and read as far as the budget goes.
//!
//! Depends on `bucket`, `verify::rows`, `domain`. Objects are streamed: what is held in memory is a
//! few pieces of each of the few that are read at once.

use std::collections::BTreeMap;
use std::pin::Pin;

use futures_util::StreamExt as _;
use jiff::Timestamp;
use tokio::sync::mpsc;

use super::Look;
use super::rows::{Format, Read, Reader};
use crate::bucket::{Client, Object};
use crate::domain::failure::{Code, Failure};
use crate::domain::landing::{SampleRow, Stream};
use crate::domain::template::{Storage, TemplateSpec};
use crate::domain::text::sanitize;

/// How much is read, in bytes as stored, unless everything is asked for.
const BUDGET: u64 = 256 << 20;

/// How many objects are read at once.
const AT_ONCE: usize = 4;

/// How many pages of a thousand keys are listed at most.
const PAGES: usize = 200;

/// What the connector's own check leaves behind.
const CONNECTION_TEST: &str = "_airbyte_connection_test_";

/// What was found.
pub(super) struct Found {
    pub(super) streams: Vec<Stream>,
    pub(super) complete: bool,
    pub(super) sample: Vec<SampleRow>,
    /// How many objects there are that were left out for being too old.
    pub(super) older: u64,
    /// How many were listed and gone when they were to be read: a sync is replacing them.
    pub(super) gone: u64,
}

/// Lists and reads the objects under a folder.
pub(super) async fn read(
    bucket: &Client,
    spec: &TemplateSpec,
    folder: &str,
    look: &Look,
) -> Result<Found, Failure> {
    let storage = spec.storage();
    let Listed {
        mut objects,
        mut complete,
        older,
    } = list(bucket, &storage, folder, look.since).await?;
    objects.sort_by_key(|object| std::cmp::Reverse(object.modified));
    let mut streams: BTreeMap<String, Stream> = BTreeMap::new();
    let mut budget = if look.full { u64::MAX } else { BUDGET };
    let mut jobs = Vec::new();
    for object in &objects {
        let name = stream_name(&object.key, folder);
        let stream = streams.entry(name.clone()).or_insert_with(|| Stream {
            name: name.clone(),
            ..Stream::default()
        });
        let wants_sample = stream.objects == 0;
        stream.objects += 1;
        stream.bytes += object.size;
        let Some(format) = Format::of(&object.key) else {
            continue;
        };
        stream.rows.get_or_insert(0);
        if object.size > budget {
            complete = false;
            continue;
        }
        budget -= object.size;
        jobs.push(Job {
            stream: name,
            format,
            key: object.key.clone(),
            size: object.size,
            sample: if wants_sample { look.sample } else { 0 },
        });
    }
    let mut sample = Vec::new();
    let mut gone = 0;
    let storage = &storage;
    // Boxed, since a closure over borrowed objects would not be known to be sendable.
    let reads = jobs.into_iter().map(|job| job.read(bucket, storage));
    let mut reads = futures_util::stream::iter(reads.collect::<Vec<_>>()).buffered(AT_ONCE);
    while let Some((job, read)) = reads.next().await {
        let read = read?;
        let Some(stream) = streams.get_mut(&job.stream) else {
            continue;
        };
        let Some(read) = read else {
            gone += 1;
            stream.objects -= 1;
            stream.bytes -= job.size;
            continue;
        };
        stream.rows = Some(stream.rows.unwrap_or_default() + read.rows);
        stream.newest = stream.newest.max(read.newest);
        sample.extend(read.sample.into_iter().map(|fields| SampleRow {
            stream: job.stream.clone(),
            fields,
        }));
    }
    drop(reads);
    streams.retain(|_, stream| stream.objects > 0);
    let mut streams: Vec<Stream> = streams.into_values().collect();
    streams.sort_by(|a, b| b.rows.cmp(&a.rows).then_with(|| a.name.cmp(&b.name)));
    Ok(Found {
        streams,
        complete: complete && gone == 0,
        sample,
        older,
        gone,
    })
}

/// An object to be read.
struct Job {
    stream: String,
    format: Format,
    key: String,
    /// As listed.
    size: u64,
    sample: usize,
}

type Reading<'a> = Pin<Box<dyn Future<Output = (Job, Result<Option<Read>, Failure>)> + Send + 'a>>;

impl Job {
    fn read<'a>(self, bucket: &'a Client, storage: &'a Storage) -> Reading<'a> {
        Box::pin(async move {
            let read = read_object(bucket, storage, &self.key, self.format, self.sample).await;
            (self, read)
        })
    }
}

/// What a folder holds.
#[derive(Default)]
struct Listed {
    objects: Vec<Object>,
    /// Whether it was listed to its end.
    complete: bool,
    older: u64,
}

async fn list(
    bucket: &Client,
    storage: &Storage,
    folder: &str,
    since: Option<Timestamp>,
) -> Result<Listed, Failure> {
    let mut listed = Listed::default();
    let mut after: Option<String> = None;
    for _ in 0..PAGES {
        let page = bucket.list(storage, folder, after.as_deref(), 1000).await?;
        for object in page.objects {
            if object.key.contains(CONNECTION_TEST) || object.key.ends_with('/') {
                continue;
            }
            let is_new = since.is_none_or(|since| object.modified.is_none_or(|at| at > since));
            if is_new {
                listed.objects.push(object);
            } else {
                listed.older += 1;
            }
        }
        match page.next {
            // A token that does not move would be followed for ever.
            Some(next) if Some(&next) != after.as_ref() => after = Some(next),
            _ => {
                listed.complete = true;
                return Ok(listed);
            }
        }
    }
    Ok(listed)
}

/// The stream of a key: the folder below the user's, less the source's id that the template's
/// connections put before it.
fn stream_name(key: &str, folder: &str) -> String {
    let below = key.strip_prefix(folder).unwrap_or(key);
    let name = below.split_once('/').map_or("", |(name, _)| name);
    let bare = match name.split_at_checked(36) {
        Some((id, rest)) if uuid::Uuid::try_parse(id).is_ok() => {
            rest.strip_prefix('_').unwrap_or(name)
        }
        _ => name,
    };
    if bare.is_empty() {
        "(no stream)".to_owned()
    } else {
        sanitize(bare)
    }
}

/// Reads an object; `None` where it has gone since it was listed.
async fn read_object(
    bucket: &Client,
    storage: &Storage,
    key: &str,
    format: Format,
    sample: usize,
) -> Result<Option<Read>, Failure> {
    let Some(mut reading) = bucket.open(storage, key).await? else {
        return Ok(None);
    };
    let (pieces, mut queue) = mpsc::channel::<bytes::Bytes>(8);
    // Unpacking and counting are work, and the loop has others to serve.
    let counting = tokio::task::spawn_blocking(move || {
        let mut reader = Reader::new(format, sample);
        while let Some(piece) = queue.blocking_recv() {
            reader.feed(&piece)?;
        }
        reader.finish()
    });
    while let Some(piece) = reading.piece().await? {
        if pieces.send(piece).await.is_err() {
            // The counter ended early: it says why.
            break;
        }
    }
    drop(pieces);
    let counted = counting.await;
    let unreadable = |why: String| {
        Failure::new(
            Code::ServiceUnreadable,
            "an object in the bucket cannot be read",
        )
        .because(format!("{}: {why}", sanitize(key)))
        .hint("it is not what the connector writes: look who else writes into this folder")
    };
    match counted {
        Ok(Ok(read)) => Ok(Some(read)),
        Ok(Err(why)) => Err(unreadable(why)),
        Err(_) => Err(Failure::new(Code::Internal, "counting ended unexpectedly")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_named_without_the_sources_id() {
        let folder = "customers/user-42/";
        let cases = [
            (
                "customers/user-42/0f2d5c1e-7f0b-4f5e-9d43-1f3a3c9a77b1_users/2026_1_0.jsonl",
                "users",
            ),
            ("customers/user-42/users/2026_1_0.jsonl", "users"),
            (
                "customers/user-42/0f2d5c1e-7f0b-4f5e-9d43-1f3a3c9a77b1_a_b/x",
                "a_b",
            ),
            ("customers/user-42/x.jsonl", "(no stream)"),
        ];
        for (key, name) in cases {
            assert_eq!(stream_name(key, folder), name, "{key}");
        }
    }
}
