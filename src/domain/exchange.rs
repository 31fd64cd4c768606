//! One request that was made, as the Activity screen and the footer tell it.
//!
//! Depends on `record`.

use std::time::Duration;

use jiff::Timestamp;

use super::record::Record;

/// One try of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// When it began.
    pub at: Timestamp,
    /// The method.
    pub method: &'static str,
    /// The path, without query and host.
    pub path: String,
    /// The status, or `None` when no complete answer came.
    pub status: Option<u16>,
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
    /// Returns true when the answer was a success.
    pub fn succeeded(&self) -> bool {
        self.status.is_some_and(|s| (200..300).contains(&s)) && self.why.is_none()
    }
}
