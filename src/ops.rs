//! The jobs, one async function each. Both faces call these; none knows a screen or a command line.
//!
//! Depends on `api`, `bucket`, `ledger`, `domain`.

pub mod check;
pub mod mint;
pub mod template;
pub mod verify;

use std::pin::Pin;
use std::sync::Arc;

use crate::api::Client;
use crate::bucket;
use crate::domain::failure::Failure;
use crate::domain::landing::Played;
use crate::domain::user::ExternalUser;
use crate::ledger::Ledger;

/// Plays a customer: connects Sample Data for a user, and says what became of it. A private sandbox
/// has one.
pub type Customer = Arc<dyn Fn(ExternalUser) -> Playing + Send + Sync>;

/// A customer at work.
pub type Playing = Pin<Box<dyn Future<Output = Result<Played, Failure>> + Send>>;

/// What a job works with.
#[derive(Clone, Copy)]
pub struct Tools<'a> {
    /// The one API client.
    pub api: &'a Client,
    /// The bucket's client.
    pub bucket: &'a bucket::Client,
    /// The record of what we created.
    pub ledger: &'a Ledger,
}
