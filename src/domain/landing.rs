//! What has landed in the bucket for one user, and the chain that leads there.
//!
//! Depends on `text`.

use jiff::Timestamp;
use serde_json::Value;

use super::user::ExternalUser;

/// What became of a customer who was played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Played {
    /// Sample Data is connected and has synced.
    Synced,
    /// No data will land, for this reason.
    Nothing(String),
}

/// The links between a customer and the objects, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Link {
    /// The user's workspace.
    Workspace,
    /// What the customer connected.
    Source,
    /// Where it goes, made from the template.
    Destination,
    /// The two joined.
    Connection,
    /// The newest sync.
    Job,
}

impl Link {
    /// Every link, in order.
    pub const ALL: [Link; 5] = [
        Link::Workspace,
        Link::Source,
        Link::Destination,
        Link::Connection,
        Link::Job,
    ];

    /// Returns the word used on the screen and in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Link::Workspace => "workspace",
            Link::Source => "source",
            Link::Destination => "destination",
            Link::Connection => "connection",
            Link::Job => "job",
        }
    }
}

/// How a link was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LinkStatus {
    /// It is there, and well.
    Ok,
    /// It is not there.
    Missing,
    /// It is there, and failed.
    Failed,
    /// It could not be read, or this API does not tell, or it is not decided yet.
    Unknown,
}

impl LinkStatus {
    /// Returns the word used in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            LinkStatus::Ok => "ok",
            LinkStatus::Missing => "missing",
            LinkStatus::Failed => "failed",
            LinkStatus::Unknown => "unknown",
        }
    }
}

/// One link of the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainLink {
    /// Which.
    pub link: Link,
    /// How it was found.
    pub status: LinkStatus,
    /// What was found, in a few words, sanitized.
    pub detail: String,
}

/// One stream's objects, summed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stream {
    /// The stream's name, without the source's id before it.
    pub name: String,
    /// How many objects.
    pub objects: u64,
    /// How many rows; `None` where the format is listed and not read.
    pub rows: Option<u64>,
    /// Their size as stored, in bytes.
    pub bytes: u64,
    /// The newest `_airbyte_extracted_at` that was read.
    pub newest: Option<Timestamp>,
}

/// One row as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampleRow {
    /// Its stream.
    pub stream: String,
    /// The source's own fields, texts made safe to show.
    pub fields: serde_json::Map<String, Value>,
}

/// What was found for one user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Landing {
    /// The user.
    pub user: ExternalUser,
    /// The folder that was looked into, with its slash.
    pub folder: String,
    /// The chain, as far as it could be read.
    pub chain: Vec<ChainLink>,
    /// Why there is no data, in a sentence; `None` when there is.
    pub reason: Option<String>,
    /// What has to be done then, where waiting does not help.
    pub advice: Option<String>,
    /// The streams, the largest first.
    pub streams: Vec<Stream>,
    /// Whether every object that counts was read.
    pub complete: bool,
    /// A few rows.
    pub sample: Vec<SampleRow>,
    /// Where the workspace is seen in the operator UI, where that is known.
    pub operator_url: Option<String>,
}

impl Landing {
    /// Returns true when objects of the user have landed.
    pub fn has_data(&self) -> bool {
        self.streams.iter().any(|stream| stream.objects > 0)
    }

    /// Returns the rows that were counted.
    pub fn rows(&self) -> u64 {
        self.streams.iter().filter_map(|stream| stream.rows).sum()
    }

    /// Returns the bytes of all objects.
    pub fn bytes(&self) -> u64 {
        self.streams.iter().map(|stream| stream.bytes).sum()
    }
}
