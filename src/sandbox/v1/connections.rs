//! `/v1/connections`: the ways from sources to destinations.

use serde_json::{Map, Value, json};

use super::paging::Page;
use super::{Answer, authenticated, text};
use crate::sandbox::call::Call;
use crate::sandbox::cron;
use crate::sandbox::faker::STREAMS;
use crate::sandbox::ids::Id;
use crate::sandbox::pipeline::{Connection, Namespace, Plan};
use crate::sandbox::problem::{self, Refusal};
use crate::sandbox::world::World;

/// What may happen when a source's schema changes; the first is the default.
const ON_CHANGE: &[&str] = &[
    "ignore",
    "disable_connection",
    "propagate_columns",
    "propagate_fully",
];

pub(super) fn list(world: &mut World, call: &Call) -> Answer {
    authenticated(world, call)?;
    let page = Page::of(world, call)?;
    let all = world.pipeline.connections.iter();
    let wanted = all.filter(|found| page.shows(found.workspace, found.deleted));
    Ok(page.cut(wanted.map(shown)))
}

pub(super) fn show(world: &mut World, call: &Call) -> Answer {
    authenticated(world, call)?;
    find(world, call).map(shown)
}

pub(super) fn delete(world: &mut World, call: &Call) -> Answer {
    authenticated(world, call)?;
    let id = find(world, call)?.id;
    world.delete_connection(id);
    Ok(Value::Null)
}

/// Makes a connection by hand: every stream, by hand or by cron, and not synced at once.
pub(super) fn create(world: &mut World, call: &Call) -> Answer {
    authenticated(world, call)?;
    let fields = call.json(world)?;
    let id = |name| text(&fields, name).and_then(|id| id.parse::<Id>().ok());
    let (source, destination) = (id("sourceId"), id("destinationId"));
    let mut sources = world.pipeline.sources.iter();
    let source = sources.find(|found| Some(found.id) == source && !found.deleted);
    let mut destinations = world.destinations.iter();
    let destination = destinations.find(|found| Some(found.id) == destination);
    let (Some(source), Some(destination)) = (source, destination) else {
        return Err(problem::forbidden());
    };
    if source.workspace != destination.workspace {
        let why = "The source and the destination are in different workspaces.";
        return Err(problem::bad_request(why));
    }
    let name =
        text(&fields, "name").unwrap_or_else(|| format!("{} → {}", source.name, destination.name));
    let (source, destination) = (source.id, destination.id);
    let Some((namespace, on_change, paused)) = words(&fields) else {
        return Err(world.opaque(422));
    };
    let plan = Plan {
        cron: schedule(&fields)?,
        namespace,
        prefix: Some(text(&fields, "prefix").unwrap_or_default()),
        on_change,
    };
    let made = world.make_connection(name, source, destination, plan);
    let mut all = world.pipeline.connections.iter_mut();
    let made = all
        .find(|found| found.id == made)
        .ok_or_else(problem::forbidden)?;
    made.paused = paused;
    Ok(shown(made))
}

/// The fields that are one of a few words; none when one of them is another.
fn words(fields: &Map<String, Value>) -> Option<(Namespace, &'static str, bool)> {
    let word = |name| text(fields, name);
    let namespace = match word("namespaceDefinition").as_deref() {
        None | Some("destination") => Namespace::Destination,
        Some("source") => Namespace::Source,
        Some("custom_format") => Namespace::Custom(word("namespaceFormat").unwrap_or_default()),
        Some(_) => return None,
    };
    let asked = word("nonBreakingSchemaUpdatesBehavior");
    let on_change = match asked {
        None => ON_CHANGE.first(),
        Some(asked) => ON_CHANGE.iter().find(|known| **known == asked),
    };
    let paused = match word("status").as_deref() {
        None | Some("active") => false,
        Some("inactive") => true,
        Some(_) => return None,
    };
    Some((namespace, on_change?, paused))
}

/// The cron expression; none for a manual schedule, which is the default.
fn schedule(fields: &Map<String, Value>) -> Result<Option<String>, Refusal> {
    let schedule = fields.get("schedule").and_then(Value::as_object);
    match schedule.and_then(|it| text(it, "scheduleType")).as_deref() {
        None | Some("manual") => Ok(None),
        Some("cron") => {
            let expression = schedule.and_then(|it| text(it, "cronExpression"));
            let Some(expression) = expression else {
                let why = "Missing cron expression in the schedule.";
                return Err(problem::bad_cron("missing-cron-data", why));
            };
            let bare = cron::accept(&expression)
                .map_err(|why| problem::bad_cron("invalid-expression", &why))?;
            cron::hourly(&bare)
                .map_err(|why| problem::bad_cron("under-one-hour-not-allowed", &why))?;
            Ok(Some(bare))
        }
        Some(_) => Err(problem::bad_request("Unknown schedule type.")),
    }
}

/// The connection at the end of the path. A deleted one is still there to look at.
fn find<'a>(world: &'a World, call: &Call) -> Result<&'a Connection, Refusal> {
    let id = call.last_segment().parse::<Id>().ok();
    id.and_then(|id| world.pipeline.connection(id))
        .ok_or_else(problem::forbidden)
}

fn shown(found: &Connection) -> Value {
    let schedule = match &found.plan.cron {
        Some(expression) => {
            json!({"scheduleType": "cron", "cronExpression": format!("{expression} UTC")})
        }
        None => json!({"scheduleType": "manual"}),
    };
    let streams: Vec<Value> = STREAMS
        .iter()
        .map(|stream| {
            json!({
                "name": stream.name(),
                "syncMode": "incremental_append",
                "cursorField": ["updated_at"],
                "primaryKey": [["id"]],
                "mappers": [],
            })
        })
        .collect();
    let mut shown = json!({
        "connectionId": found.id,
        "name": found.name,
        "sourceId": found.source,
        "destinationId": found.destination,
        "workspaceId": found.workspace,
        "status": found.status(),
        "schedule": schedule,
        "nonBreakingSchemaUpdatesBehavior": found.plan.on_change,
        "namespaceDefinition": found.plan.namespace.name(),
        "prefix": found.prefix(),
        "configurations": {"streams": streams},
        "createdAt": found.created_at,
        "tags": [],
    });
    if let (Namespace::Custom(format), Some(fields)) =
        (&found.plan.namespace, shown.as_object_mut())
    {
        fields.insert("namespaceFormat".to_owned(), Value::from(format.as_str()));
    }
    shown
}
