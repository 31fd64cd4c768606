//! What a customer's saved source leads to: destinations found or made, connections, jobs, and the
//! objects that finished jobs write.

mod rules;

use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::Value;

use super::faker::{self, Faker};
use super::fault::Switch;
use super::ids::Id;
use super::jobs::{Fate, Job, Kind, Pace, Status};
use super::landing::{self, Delivery, Landed};
use super::source::Connector;
use super::world::World;

pub(super) use rules::{Api, Outcome};

/// From the making of a job to its end, unless said otherwise.
const PACE: Duration = Duration::from_millis(500);

/// A source that somebody has saved.
pub(super) struct Saved {
    pub(super) id: Id,
    pub(super) name: String,
    pub(super) workspace: Id,
    pub(super) connector: &'static Connector,
    /// The source template that it was made from, if it was.
    pub(super) template: Option<Id>,
    pub(super) configuration: Value,
    /// Epoch seconds.
    pub(super) created_at: i64,
    pub(super) updated_at: i64,
    pub(super) deleted: bool,
}

/// The way from a source to a destination.
pub(super) struct Connection {
    pub(super) id: Id,
    pub(super) name: String,
    pub(super) source: Id,
    pub(super) destination: Id,
    pub(super) workspace: Id,
    pub(super) plan: Plan,
    pub(super) paused: bool,
    /// Epoch seconds.
    pub(super) created_at: i64,
    pub(super) deleted: bool,
}

/// How a connection works.
#[derive(Clone)]
pub(super) struct Plan {
    /// Quartz, UTC; None: by hand only.
    pub(super) cron: Option<String>,
    pub(super) namespace: Namespace,
    /// None: the source's id and an underscore.
    pub(super) prefix: Option<String>,
    /// In the connections' words.
    pub(super) on_change: &'static str,
}

/// Under which namespace a connection writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Namespace {
    /// The source's, and this one has none.
    Source,
    /// The destination's, and a bucket has none.
    Destination,
    /// This one.
    Custom(String),
}

impl Namespace {
    /// As the connections API spells it.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Destination => "destination",
            Self::Custom(_) => "custom_format",
        }
    }

    /// What the connector is told.
    fn written(&self) -> String {
        match self {
            Self::Source | Self::Destination => String::new(),
            Self::Custom(format) => format.replace("${SOURCE_NAMESPACE}", ""),
        }
    }
}

/// All that customers have set going.
pub(super) struct Pipeline {
    pub(super) sources: Vec<Saved>,
    pub(super) connections: Vec<Connection>,
    pub(super) jobs: Vec<Job>,
    /// The moment to which everything is settled, and at which a rule sees its jobs.
    pub(super) now: Instant,
    pace: Pace,
}

impl Pipeline {
    /// With nothing in it; jobs will take this long.
    pub(super) fn new(pace: Option<Duration>) -> Self {
        Self {
            sources: Vec::new(),
            connections: Vec::new(),
            jobs: Vec::new(),
            now: Instant::now(),
            pace: Pace::of(pace.unwrap_or(PACE)),
        }
    }

    /// The job of a connection that has not ended, if there is one.
    pub(super) fn active(&self, connection: Id) -> Option<&Job> {
        let mut jobs = self.jobs.iter().rev();
        jobs.find(|job| job.connection == connection && !job.status(self.now).is_over())
    }

    /// The connection of a job.
    pub(super) fn connection(&self, id: Id) -> Option<&Connection> {
        self.connections.iter().find(|found| found.id == id)
    }
}

impl World {
    /// Writes what jobs have moved that have ended by now. Every request comes by here first, so
    /// that nobody sees a job ended and its objects missing, or the other way round.
    pub(super) fn settle(&mut self, now: Instant) {
        self.pipeline.now = now;
        while let Some(at) = self.pipeline.jobs.iter().position(|job| job.is_due(now)) {
            let landed = self.landed(at).unwrap_or_default();
            if let Some(job) = self.pipeline.jobs.get_mut(at) {
                job.landed = Some(landed);
            }
        }
    }

    /// Carries out the job at this place of the list; none when it moves nothing.
    fn landed(&self, at: usize) -> Option<Landed> {
        let job = self.pipeline.jobs.get(at)?;
        if job.kind != Kind::Sync || job.fate != Fate::Succeeds {
            return None;
        }
        let connection = self.pipeline.connection(job.connection)?;
        let mut sources = self.pipeline.sources.iter();
        let source = sources.find(|found| found.id == connection.source)?;
        let mut destinations = self.destinations.iter();
        let destination = destinations.find(|found| found.id == connection.destination)?;
        let faker = Faker::of(&source.configuration, source.id);
        if !faker.repeats() && self.has_run(connection.id) {
            return None;
        }
        let delivery = Delivery {
            configuration: &destination.configuration,
            namespace: &connection.plan.namespace.written(),
            prefix: &connection.prefix(),
            source: source.id,
            faker,
            job: job.id,
            began: job.created_at,
            extracted_at: job.running_at(),
        };
        Some(delivery.land(&self.store))
    }

    fn has_run(&self, connection: Id) -> bool {
        let mut jobs = self.pipeline.jobs.iter();
        jobs.any(|job| {
            let landed = job.landed.as_ref();
            job.connection == connection && landed.is_some_and(|landed| landed.total() > 0)
        })
    }

    /// Starts a job. How it will end is decided here: by a fault, or else by whether the bucket
    /// takes what it brings.
    pub(super) fn start_job(&mut self, connection: Id, kind: Kind) -> u64 {
        let fate = if kind == Kind::Sync {
            self.fate(connection)
        } else {
            Fate::Succeeds
        };
        let id = self.pipeline.jobs.last().map_or(1, |job| job.id + 1);
        self.pipeline.jobs.push(Job {
            id,
            kind,
            connection,
            fate,
            pace: self.pipeline.pace,
            began: self.pipeline.now,
            created_at: self.moment(),
            cancelled: None,
            landed: None,
        });
        id
    }

    fn fate(&mut self, connection: Id) -> Fate {
        if let Some(fate) = self.armed.take_switch(Switch::fate) {
            return fate;
        }
        let connection = self.pipeline.connection(connection);
        let source = connection.and_then(|found| {
            let mut sources = self.pipeline.sources.iter();
            sources.find(|source| source.id == found.source)
        });
        if source.is_some_and(|source| source.connector.slug != faker::CONNECTOR) {
            return Fate::Fails("The sandbox reads no source but Sample Data.".to_owned());
        }
        let destination = connection.and_then(|found| {
            let mut destinations = self.destinations.iter();
            destinations.find(|destination| destination.id == found.destination)
        });
        destination
            .and_then(|found| landing::refusal(&self.account, &found.configuration))
            .map_or(Fate::Succeeds, Fate::Fails)
    }

    /// Calls a job off; false when it is over.
    pub(super) fn cancel_job(&mut self, id: u64) -> bool {
        let now = self.pipeline.now;
        let mut jobs = self.pipeline.jobs.iter_mut();
        let active = jobs.find(|job| job.id == id && !job.status(now).is_over());
        active.is_some_and(|job| {
            job.cancelled = Some(now.saturating_duration_since(job.began));
            true
        })
    }

    /// Deletes a connection and calls its job off.
    pub(super) fn delete_connection(&mut self, id: Id) {
        if let Some(job) = self.pipeline.active(id).map(|job| job.id) {
            self.cancel_job(job);
        }
        let connections = self.pipeline.connections.iter_mut();
        for connection in connections.filter(|found| found.id == id) {
            connection.deleted = true;
        }
    }

    /// Gives a source another configuration; its next job uses it.
    pub(super) fn reconfigure(&mut self, id: Id, configuration: Value) {
        let now = self.now();
        let mut sources = self.pipeline.sources.iter_mut();
        if let Some(source) = sources.find(|found| found.id == id) {
            source.updated_at = now;
            source.configuration = configuration;
        }
    }

    /// Gives a source another name.
    pub(super) fn rename_source(&mut self, id: Id, name: &str) {
        let mut sources = self.pipeline.sources.iter_mut();
        if let Some(source) = sources.find(|found| found.id == id) {
            name.clone_into(&mut source.name);
        }
    }

    /// Deletes a source and every connection that it feeds.
    pub(super) fn delete_source(&mut self, id: Id) {
        let sources = self.pipeline.sources.iter_mut();
        for source in sources.filter(|found| found.id == id) {
            source.deleted = true;
        }
        let connections = self.pipeline.connections.iter();
        let fed = connections.filter(|found| found.source == id && !found.deleted);
        let fed: Vec<Id> = fed.map(|found| found.id).collect();
        for connection in fed {
            self.delete_connection(connection);
        }
    }

    /// The server's clock, to the millisecond.
    fn moment(&self) -> Timestamp {
        let skew = jiff::SignedDuration::from_secs(self.armed.skew());
        let now = Timestamp::now();
        now.saturating_add(skew).unwrap_or(now)
    }
}

impl Connection {
    /// What the names of its streams begin with.
    pub(super) fn prefix(&self) -> String {
        let own = self.plan.prefix.clone();
        own.unwrap_or_else(|| format!("{}_", self.source))
    }

    /// The published status.
    pub(super) fn status(&self) -> &'static str {
        match (self.deleted, self.paused) {
            (true, _) => "deprecated",
            (false, true) => "inactive",
            (false, false) => "active",
        }
    }
}

impl Job {
    /// Why it will stay as it is without having moved anything; none when it has, or when it may.
    pub(super) fn reason(&self, now: Instant) -> Option<String> {
        if self.next_change(now).is_some() {
            return None;
        }
        match self.status(now) {
            Status::Pending | Status::Queued | Status::Running => Some(format!(
                "the job is {} and stays so",
                self.status(now).name()
            )),
            Status::Incomplete => {
                Some("one attempt of the job failed, and no other came".to_owned())
            }
            Status::Cancelled => Some("the job was called off".to_owned()),
            Status::Failed => match &self.fate {
                Fate::Fails(message) => Some(format!("the job failed: {message}")),
                Fate::Succeeds
                | Fate::Empty
                | Fate::Queued
                | Fate::Pending
                | Fate::Running
                | Fate::Incomplete => None,
            },
            Status::Succeeded => {
                let moved = self.landed.as_ref().map_or(0, Landed::total);
                (moved == 0).then(|| "the job succeeded and wrote nothing".to_owned())
            }
        }
    }
}
