//! One request that was made, as the Activity screen and the footer tell it.
//!
//! Depends on `failure` and `record`.

use std::time::Duration;

use jiff::Timestamp;

use super::failure::Code;
use super::record::Record;

/// Whom a request went to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To {
    /// Airbyte's API, or a page of its.
    Airbyte,
    /// The bucket.
    Bucket,
}

/// Why a request has no answer that was given up, in a few words.
pub const GIVEN_UP: &str = "given up before an answer came";

/// One try of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// Whom it went to.
    pub to: To,
    /// When it began.
    pub at: Timestamp,
    /// The method.
    pub method: &'static str,
    /// The path, without query and host.
    pub path: String,
    /// The status, or `None` when no complete answer came.
    pub status: Option<u16>,
    /// What it means that no complete answer came; [`Code::Cancelled`] when it was given up.
    pub lost: Option<Code>,
    /// How long it took.
    pub took: Duration,
    /// Which try it was, from 1.
    pub attempt: u32,
    /// How many tries there may be.
    pub attempts: u32,
    /// Why it failed, in a few words, sanitized.
    pub why: Option<String>,
    /// How long until the next try, if there is one.
    pub again_in: Option<Duration>,
    /// What was said, as far as it may be kept.
    pub record: Box<Record>,
}

impl Exchange {
    /// Returns true when it was given up before an answer came.
    pub fn is_given_up(&self) -> bool {
        self.lost == Some(Code::Cancelled)
    }

    /// Returns true when the answer was a success.
    pub fn succeeded(&self) -> bool {
        self.status.is_some_and(|s| (200..300).contains(&s)) && self.why.is_none()
    }
}
