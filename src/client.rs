//! The background task: commands in, progress and outcomes out. It owns the one API client
//! and the running demo app.
//!
//! This file is what is said between the task and a screen; `desk` runs the jobs, `jobs` does them.
//! Depends on `demo`, `ops`, `api`, `ledger`, `env_file`, `browser` and `domain`; knows nothing of
//! screens. Several tickets may be open at once: the setup lane holds one, where the newest command
//! supersedes; minting holds one job for each configuration, origin and user, which further tickets join.
//! Every ticket ends with exactly one [`Event::Done`].

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use crate::api::{Client, Notice};
use crate::bucket;
use crate::domain::exchange::Exchange;
use crate::domain::failure::Failure;
use crate::domain::field::Key;
use crate::domain::ladder::{Rung, Step};
use crate::domain::landing::{Landing, Played};
use crate::domain::moment::Moment;
use crate::domain::origin::Origin;
use crate::domain::secret::Secret;
use crate::domain::settings::{Access, Draft, Layer, Source};
use crate::domain::source_template::Catalogue;
use crate::domain::template::{Consent, Creation, Plan, Proof, TemplateSpec};
use crate::domain::token::Minted;
use crate::domain::user::{ExternalUser, UserList};
use crate::domain::visit::Visit;
use crate::ledger::Ledger;
use crate::ops::{Customer, Tools};

mod desk;
mod jobs;
mod reading;
mod stand;

pub use crate::ledger::Known as KnownUser;
use desk::Desk;
pub use stand::{Door, Opened, Stand};

/// Names one command, so that its answers can be told from another's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// An order to the task.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Begin a job under a new ticket.
    Start(Ticket, Job),
    /// Give a job up. It still ends with one `Done`, whose failure is `cancelled` unless the job was done
    /// first; a request that has been sent is not undone by it. `Recall`, `Forget`, `Users`, `Save` and
    /// `Reload` are not given up: they end as they would have.
    Cancel(Ticket),
    /// These credentials are left: the access token that is held for them is forgotten.
    Leave(Box<Access>),
}

/// What can be ordered.
#[derive(Clone, Debug, PartialEq)]
pub enum Job {
    /// Walk the rungs that the Prerequisites screen shows (`auth`, `organization`, `bucket`) on a draft.
    Check(Draft),
    /// Say what creating the template would do.
    Plan(Access, TemplateSpec),
    /// Create the template as far as was consented to, the bucket proved first or not.
    Create(Access, TemplateSpec, Consent, Proof),
    /// Record that the template whose outcome was unknown is there; answers with a new plan.
    Adopt(Access, TemplateSpec),
    /// Look for the user's data, once, or until there is some or the span has passed.
    Verify(Access, TemplateSpec, ExternalUser, Option<Duration>),
    /// Let a customer of this user connect Sample Data; a private sandbox alone can.
    Play(ExternalUser),
    /// Serve the demo app until it is cancelled, in the place of the one that runs.
    Serve(Box<Stand>),
    /// List what customers are offered in the widget.
    Catalogue(Access),
    /// Open a URL in the browser.
    Browse(String),
    /// Mint a widget token.
    Mint(Access, Origin, ExternalUser),
    /// List the users minted for before, from the ledger.
    Recall(Access),
    /// Take a user off that list.
    Forget(Access, ExternalUser),
    /// Read external user IDs from a file, one a line.
    Users(PathBuf),
    /// Write these settings into the env file, or into a new file, whose path must be free.
    Save(Vec<(Key, Secret)>, Option<PathBuf>),
    /// Read the settings again, as at the start.
    Reload,
}

/// How a job ended well.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// `Check`: the rungs walked, in order. A failed rung is an outcome, not a failure of the job.
    Checked(Vec<Step>),
    /// `Plan` and `Adopt`.
    Planned(Box<Plan>),
    /// `Create`, with the ledger's path as it is shown to a person.
    Created(Creation, String),
    /// `Create` again: the bucket was not proved, and nothing was sent. With what had been consented
    /// to.
    Unproved(Consent, Failure),
    /// `Verify`: what was found last. No data is an outcome, not a failure of the job.
    Landed(Box<Landing>),
    /// `Play`: what became of it.
    Played(Played),
    /// `Catalogue`.
    Offered(Box<Catalogue>),
    /// `Browse`: the browser has been started.
    Browsed,
    /// `Mint`.
    Minted(Box<Minted>),
    /// `Recall`.
    Recalled(Vec<KnownUser>),
    /// `Forget`.
    Forgotten,
    /// `Users`.
    Users(Box<UserList>),
    /// `Save`: the file written, as it is shown to a person.
    Saved(String),
    /// `Reload`: the settings, and what is to be told of the file.
    Reloaded(Box<Draft>, Vec<String>),
}

/// What the task tells.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A rung of a `Check` has begun.
    RungBegun(Ticket, Rung),
    /// A rung of a `Check` has ended.
    RungEnded(Ticket, Step),
    /// A `Verify` has looked and goes on waiting.
    Looked(Ticket, Box<Landing>),
    /// The demo app of a `Serve` answers.
    Opened(Ticket, Opened),
    /// Somebody came to it.
    Visited(Ticket, Visit),
    /// A job has ended.
    Done(Ticket, Result<Outcome, Failure>),
    /// A request was tried; `again_in` tells of a retry to come.
    Exchanged(Exchange),
    /// A new access token is held for these credentials: how long it lives, from when.
    AccessToken(Box<Access>, Duration, Moment),
}

/// Looks a variable of the process environment up.
pub type Environment = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// What the task works with, and one that takes its place too.
#[derive(Clone)]
pub struct Resources {
    /// The API client.
    pub api: Arc<Client>,
    /// The bucket's client.
    pub bucket: bucket::Client,
    /// The record of what we created.
    pub ledger: Arc<Ledger>,
    /// The env file that `Save` writes and `Reload` reads.
    pub env_file: PathBuf,
    /// The settings that outrank the env file; `None` where no env file is read.
    pub outranking: Option<Vec<(Source, Layer)>>,
    /// A customer of the private sandbox, if there is one.
    pub customer: Option<Customer>,
    /// The process environment, for the browser.
    pub environment: Environment,
}

impl Resources {
    fn tools(&self) -> Tools<'_> {
        Tools {
            api: &self.api,
            bucket: &self.bucket,
            ledger: &self.ledger,
        }
    }
}

/// Makes the observer of the bucket's requests, in the same way as [`observer`].
pub fn bucket_observer(events: mpsc::Sender<Event>) -> bucket::Observer {
    Arc::new(move |exchange| {
        let _full = events.try_send(Event::Exchanged(exchange));
    })
}

/// Makes the observer that tells of requests as events. What does not fit into the channel is
/// dropped: a log may have gaps, a request must not wait for the screen.
pub fn observer(events: mpsc::Sender<Event>) -> Arc<dyn Fn(Notice) + Send + Sync> {
    Arc::new(move |notice| {
        let event = match notice {
            Notice::Exchanged(exchange) => Event::Exchanged(exchange),
            Notice::AccessToken(of, life, received) => Event::AccessToken(of, life, received),
        };
        let _full = events.try_send(event);
    })
}

/// Serves commands until their channel closes, then gives up what is running and returns.
pub async fn serve(
    resources: Resources,
    commands: mpsc::Receiver<Command>,
    events: mpsc::Sender<Event>,
) {
    Desk::new(resources, events).serve(commands).await;
}
