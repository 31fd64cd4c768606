//! `/v1/jobs`: what ran, runs and is to run, oldest first unless asked otherwise.

use std::time::Instant;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::paging::Page;
use super::{Answer, authenticated, text};
use crate::sandbox::call::Call;
use crate::sandbox::ids::Id;
use crate::sandbox::jobs::{Job, Kind, Status};
use crate::sandbox::problem::{self, Refusal};
use crate::sandbox::world::World;

const TYPES: &[&str] = &["sync", "reset", "refresh", "clear"];
const STATUSES: &[&str] = &[
    "pending",
    "queued",
    "running",
    "incomplete",
    "failed",
    "succeeded",
    "cancelled",
];

/// Which of a list's jobs are asked for.
#[derive(Default)]
struct Filter {
    connection: Option<Id>,
    kind: Option<String>,
    status: Option<String>,
    created: (Option<Timestamp>, Option<Timestamp>),
    updated: (Option<Timestamp>, Option<Timestamp>),
}

/// By what a list is ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Order {
    by_update: bool,
    descending: bool,
}

pub(super) fn list(world: &mut World, call: &Call) -> Answer {
    authenticated(world, call)?;
    let page = Page::of(world, call)?;
    let filter = filter(world, call)?;
    let order = order(call.parameter("orderBy"))?;
    let now = world.pipeline.now;
    let mut wanted: Vec<&Job> = world
        .pipeline
        .jobs
        .iter()
        .filter(|job| {
            let connection = world.pipeline.connection(job.connection);
            connection.is_some_and(|found| page.wants(found.workspace)) && filter.wants(job, now)
        })
        .collect();
    // Seconds are what the platform compares; within one, the id decides.
    wanted.sort_by_key(|job| {
        let at = if order.by_update {
            job.updated_at(now)
        } else {
            job.created_at
        };
        (at.as_second(), job.id)
    });
    if order.descending {
        wanted.reverse();
    }
    Ok(page.cut(wanted.into_iter().map(|job| shown(job, now))))
}

impl Filter {
    fn wants(&self, job: &Job, now: Instant) -> bool {
        let within = |(from, to): (Option<Timestamp>, Option<Timestamp>), at: Timestamp| {
            from.is_none_or(|from| at >= from) && to.is_none_or(|to| at <= to)
        };
        let is = |asked: &Option<String>, name: &str| asked.as_deref().is_none_or(|it| it == name);
        self.connection.is_none_or(|id| id == job.connection)
            && is(&self.kind, job.kind.name())
            && is(&self.status, job.status(now).name())
            && within(self.created, job.created_at)
            && within(self.updated, job.updated_at(now))
    }
}

fn filter(world: &mut World, call: &Call) -> Result<Filter, Refusal> {
    let connection = match call.parameter("connectionId") {
        None => None,
        Some(id) => Some(known(world, id)?),
    };
    let one_of = |name, known: &[&str]| match call.parameter(name) {
        Some(asked) if !known.contains(&asked) => Err(()),
        asked => Ok(asked.map(str::to_owned)),
    };
    let time = |name| call.parameter(name).map(str::parse).transpose();
    let read = || -> Option<Filter> {
        Some(Filter {
            connection,
            kind: one_of("jobType", TYPES).ok()?,
            status: one_of("status", STATUSES).ok()?,
            created: (time("createdAtStart").ok()?, time("createdAtEnd").ok()?),
            updated: (time("updatedAtStart").ok()?, time("updatedAtEnd").ok()?),
        })
    };
    read().ok_or_else(|| world.opaque(400))
}

fn order(clause: Option<&str>) -> Result<Order, Refusal> {
    let Some(clause) = clause else {
        return Ok(Order {
            by_update: false,
            descending: false,
        });
    };
    let (field, way) = clause.split_once('|').unwrap_or((clause, ""));
    match (field, way) {
        ("createdAt" | "updatedAt", "ASC" | "DESC") => Ok(Order {
            by_update: field == "updatedAt",
            descending: way == "DESC",
        }),
        _ => Err(problem::bad_request(&format!(
            "Invalid order by clause provided: {clause}"
        ))),
    }
}

pub(super) fn show(world: &mut World, call: &Call) -> Answer {
    authenticated(world, call)?;
    let now = world.pipeline.now;
    find(world, call).map(|job| shown(job, now))
}

/// Starts a job, unless one of the connection's has not ended.
pub(super) fn create(world: &mut World, call: &Call) -> Answer {
    authenticated(world, call)?;
    let fields = call.json(world)?;
    let connection = known(world, &text(&fields, "connectionId").unwrap_or_default())?;
    let kind = match text(&fields, "jobType").as_deref() {
        None => return Err(world.opaque(400)),
        Some("sync") => Kind::Sync,
        Some("reset") => Kind::Reset,
        Some("clear") => Kind::Clear,
        Some("refresh") => {
            let why = "Job type refresh is not supported.";
            return Err(problem::unprocessable(why));
        }
        Some(_) => return Err(world.opaque(422)),
    };
    let found = world.pipeline.connection(connection);
    if found.is_some_and(|found| found.deleted) {
        let why = "The connection has been deleted.";
        return Err(problem::state_conflict(why));
    }
    if world.pipeline.active(connection).is_some() {
        let why = format!("A sync is already running for: {connection}");
        return Err(problem::try_again_later(&why));
    }
    let id = world.start_job(connection, kind);
    let mut jobs = world.pipeline.jobs.iter();
    let made = jobs.find(|job| job.id == id);
    let now = world.pipeline.now;
    made.map(|job| shown(job, now))
        .ok_or_else(problem::forbidden)
}

pub(super) fn cancel(world: &mut World, call: &Call) -> Answer {
    authenticated(world, call)?;
    let id = find(world, call)?.id;
    if !world.cancel_job(id) {
        return Err(problem::state_conflict("Job is not currently running"));
    }
    let now = world.pipeline.now;
    find(world, call).map(|job| shown(job, now))
}

/// A connection that is there, deleted or not. Nobody has a role in another.
fn known(world: &World, id: &str) -> Result<Id, Refusal> {
    id.parse()
        .ok()
        .filter(|id| world.pipeline.connection(*id).is_some())
        .ok_or_else(problem::forbidden)
}

/// The job at the end of the path.
fn find<'a>(world: &'a World, call: &Call) -> Result<&'a Job, Refusal> {
    let id = call.last_segment().parse::<u64>().ok();
    let mut jobs = world.pipeline.jobs.iter();
    jobs.find(|job| Some(job.id) == id)
        .ok_or_else(problem::forbidden)
}

/// The published shape. What does not apply yet is left out, and times are whole seconds.
fn shown(job: &Job, now: Instant) -> Value {
    let status = job.status(now);
    let mut shown = json!({
        "jobId": job.id,
        "status": status.name(),
        "jobType": job.kind.name(),
        "startTime": seconds(job.created_at),
        "connectionId": job.connection,
    });
    let mut add = |name: &str, value: Value| {
        if let Some(fields) = shown.as_object_mut() {
            fields.insert(name.to_owned(), value);
        }
    };
    if status.is_over() {
        add("lastUpdatedAt", json!(seconds(job.updated_at(now))));
    }
    if !matches!(status, Status::Pending | Status::Queued) {
        add("duration", json!(iso(job.took(now).as_secs())));
    }
    if let Some(landed) = &job.landed {
        add("bytesSynced", json!(landed.bytes));
        add("rowsSynced", json!(landed.total()));
    }
    shown
}

fn seconds(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A duration as the platform's language prints one.
fn iso(seconds: u64) -> String {
    let parts = [
        (seconds / 3600, 'H'),
        (seconds / 60 % 60, 'M'),
        (seconds % 60, 'S'),
    ];
    let mut said = "PT".to_owned();
    for (number, unit) in parts.iter().filter(|(number, _)| *number > 0) {
        said.push_str(&number.to_string());
        said.push(*unit);
    }
    if said == "PT" {
        said.push_str("0S");
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_a_known_field_and_a_way() {
        for (clause, by_update, descending) in [
            (None, false, false),
            (Some("createdAt|ASC"), false, false),
            (Some("createdAt|DESC"), false, true),
            (Some("updatedAt|DESC"), true, true),
        ] {
            let expected = Order {
                by_update,
                descending,
            };
            assert_eq!(order(clause).ok(), Some(expected), "{clause:?}");
        }
        for clause in [
            "",
            "createdAt",
            "createdAt|desc",
            "jobId|ASC",
            "createdAt DESC",
            "|",
        ] {
            assert!(order(Some(clause)).is_err(), "{clause}");
        }
    }

    #[test]
    fn durations_are_in_iso_8601() {
        let written = [0, 5, 60, 3725].map(iso);
        assert_eq!(written, ["PT0S", "PT5S", "PT1M", "PT1H2M5S"]);
    }
}
