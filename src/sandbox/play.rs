//! `/__sandbox/play`: a customer opens the widget, connects Sample Data, and waits until the data is
//! there or is not going to be.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::Sandbox;
use super::faker::MOST_ROWS;
use super::fault::{Setback, Switch};
use super::ids::Id;
use super::pipeline::{Api, Outcome};
use super::world::World;

/// Rows of users that a customer has who does not say.
const DEFAULT_ROWS: u64 = 1000;

/// What the customer does.
pub(super) struct Order {
    user: String,
    rows: u64,
    api: Api,
}

/// How it began.
struct Begun {
    source: Option<Id>,
    outcome: Outcome,
}

impl Order {
    /// Reads the body of the call.
    ///
    /// # Errors
    /// A sentence that says what is possible.
    pub(super) fn of(body: &[u8]) -> Result<Self, String> {
        let fields: Value = serde_json::from_slice(body).unwrap_or_default();
        let user = fields
            .get("user")
            .and_then(Value::as_str)
            .ok_or("the body must be JSON with a text `user`")?;
        let rows = match fields.get("rows") {
            None => DEFAULT_ROWS,
            Some(rows) => rows
                .as_u64()
                .filter(|rows| (1..=MOST_ROWS).contains(rows))
                .ok_or_else(|| format!("`rows` takes a whole number from 1 to {MOST_ROWS}"))?,
        };
        let api = match fields.get("api").map(Value::as_str) {
            None | Some(Some("v1")) => Api::V1,
            Some(Some("agents")) => Api::Agents,
            Some(_) => return Err("`api` takes v1 or agents".to_owned()),
        };
        Ok(Self {
            user: user.to_owned(),
            rows,
            api,
        })
    }
}

/// Plays the customer, and answers when nothing is going to change any more.
///
/// # Errors
/// A sentence when the user has no workspace, or more than one.
pub(super) async fn play(sandbox: &Sandbox, order: &Order) -> Result<Value, String> {
    let begun = begin(&mut sandbox.world(), order)?;
    loop {
        let wait = {
            let world = sandbox.world();
            match remaining(&world, &begun.outcome.jobs) {
                Some(wait) => wait,
                None => return Ok(report(&world, &begun)),
            }
        };
        tokio::time::sleep(wait).await;
    }
}

fn begin(world: &mut World, order: &Order) -> Result<Begun, String> {
    let user = &order.user;
    let workspace = world.workspace_named(user)?.ok_or_else(|| {
        format!("the user {user} has no workspace: a widget token must be minted first")
    })?;
    let kind = world
        .sample_data()
        .map(|found| (found.name.clone(), found.connector, found.id));
    let stays_away = world.armed.is(&Switch::Setback(Setback::NoSource));
    let (Some((name, connector, template)), false) = (kind, stays_away) else {
        return Ok(Begun {
            source: None,
            outcome: Outcome::default(),
        });
    };
    let source = world.make_source(
        &format!("{name} {workspace}"),
        workspace,
        connector,
        Some(template),
        json!({"count": order.rows}),
    );
    let outcome = world.connect(source, order.api);
    Ok(Begun {
        source: Some(source),
        outcome,
    })
}

/// How long until the next of these jobs changes; none when all stay as they are.
fn remaining(world: &World, jobs: &[u64]) -> Option<Duration> {
    let now = world.pipeline.now;
    let ours = world
        .pipeline
        .jobs
        .iter()
        .filter(|job| jobs.contains(&job.id));
    ours.filter_map(|job| job.next_change(now)).min()
}

/// What has come of it. Of several connections, the first speaks.
fn report(world: &World, begun: &Begun) -> Value {
    let now = world.pipeline.now;
    let Begun { source, outcome } = begun;
    let first = outcome.jobs.first();
    let job = world
        .pipeline
        .jobs
        .iter()
        .find(|job| Some(&job.id) == first);
    let landed = job.and_then(|job| job.landed.as_ref());
    let rows: Map<String, Value> = landed
        .iter()
        .flat_map(|landed| &landed.rows)
        .map(|(stream, rows)| ((*stream).to_owned(), json!(rows)))
        .collect();
    let mut report = json!({
        "source_id": source,
        "connection_id": outcome.connections.first(),
        "job": job.map(|job| json!({"id": job.id, "status": job.status(now).name()})),
        "rows": rows,
    });
    let reason = if source.is_none() {
        Some("the customer connected nothing".to_owned())
    } else if let Some(failure) = &outcome.failure {
        Some(format!("saving the source failed with 500: {failure}"))
    } else if outcome.connections.is_empty() {
        Some(outcome.skipped.join("; "))
    } else {
        match job {
            None => Some("the connection was not synced when it was made".to_owned()),
            Some(job) => job.reason(now),
        }
    };
    if let (Some(reason), Some(fields)) = (reason, report.as_object_mut()) {
        fields.insert("reason".to_owned(), Value::from(reason));
    }
    report
}
