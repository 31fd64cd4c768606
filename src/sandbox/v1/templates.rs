//! `/v1/config_templates/connections`: create a connection template, and nothing else ever.

use serde_json::{Map, Value, json};

use super::{Answer, admin, authenticated, entitled, text};
use crate::sandbox::call::Call;
use crate::sandbox::cron;
use crate::sandbox::destination;
use crate::sandbox::fault::Switch;
use crate::sandbox::ids::Id;
use crate::sandbox::problem::{self, Refusal};
use crate::sandbox::template::{ON_CHANGE, Template};
use crate::sandbox::world::World;

/// Every hour, on the hour.
const DEFAULT_CRON: &str = "0 0 * * * ?";

/// Fields that must be one of a few words, when they are there.
const WORDS: &[(&str, &[&str])] = &[
    (
        "namespaceDefinitionType",
        &["source", "destination", "customformat"],
    ),
    ("nonBreakingChangesPreference", ON_CHANGE),
];

/// Fields that are kept as they come.
const OPTIONS: &[&str] = &[
    "namespaceDefinitionType",
    "namespaceFormat",
    "prefix",
    "resourceRequirements",
    "nonBreakingChangesPreference",
    "syncOnCreate",
];

/// Creates a template. Its destination configuration is stored unread: what is wrong with it shows
/// when the first workspace is made.
pub(super) fn create(world: &mut World, call: &Call) -> Answer {
    reachable(world, call)?;
    authenticated(world, call)?;
    still_here(world)?;
    let fields = call.json(world)?;
    admin(world, &fields)?;
    let template = bind(world, &fields)?;
    entitled(world, "CONFIG_TEMPLATE_ENDPOINTS")?;
    let definition = text(&fields, "destinationActorDefinitionId").unwrap_or_default();
    if !definition.eq_ignore_ascii_case(destination::S3) {
        return Err(problem::not_found(&definition, "DESTINATION_DEFINITION"));
    }
    let template = Template {
        cron: schedule(&fields)?,
        ..template
    };
    Ok(json!({"id": world.make_template(template)}))
}

/// What was never there under templates; it moves with the rest.
pub(super) fn retired(world: &mut World, call: &Call) -> Answer {
    reachable(world, call)?;
    authenticated(world, call)?;
    still_here(world)?;
    Err(problem::framework(404, &call.path, "Page Not Found"))
}

/// A path that is no longer served answers 404 to everybody.
pub(super) fn reachable(world: &mut World, call: &Call) -> Result<(), Refusal> {
    if world.armed.is(&Switch::Gone) {
        return Err(problem::framework(404, &call.path, "Page Not Found"));
    }
    Ok(())
}

pub(super) fn still_here(world: &mut World) -> Result<(), Refusal> {
    if world.armed.is(&Switch::Moved) {
        return Err(problem::moved());
    }
    Ok(())
}

/// Reads the body as the server's binding does: missing fields 400, unreadable ones 422.
fn bind(world: &mut World, fields: &Map<String, Value>) -> Result<Template, Refusal> {
    let (Some(_), Some(name), Some(definition), Some(configuration)) = (
        fields.get("organizationId"),
        text(fields, "destinationName"),
        text(fields, "destinationActorDefinitionId"),
        fields
            .get("destinationConfiguration")
            .filter(|value| !value.is_null()),
    ) else {
        return Err(world.opaque(400));
    };
    let readable = definition.parse::<Id>().is_ok()
        && configuration.is_object()
        && WORDS
            .iter()
            .all(|(field, words)| word(fields.get(*field), words))
        && fields
            .get("syncOnCreate")
            .is_none_or(|value| value.is_boolean() || value.is_null())
        && fields.get("schedule").is_none_or(readable_schedule);
    if !readable {
        return Err(world.opaque(422));
    }
    let options = OPTIONS
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), fields.get(*name)?.clone())))
        .collect();
    Ok(Template {
        id: Id::NONE,
        name,
        configuration: configuration.clone(),
        cron: None,
        options: Value::Object(options),
    })
}

fn readable_schedule(schedule: &Value) -> bool {
    schedule.is_null()
        || (schedule.is_object() && word(schedule.get("scheduleType"), &["manual", "cron"]))
}

fn word(value: Option<&Value>, words: &[&str]) -> bool {
    match value {
        None | Some(Value::Null) => true,
        Some(value) => value
            .as_str()
            .is_some_and(|text| words.iter().any(|word| word.eq_ignore_ascii_case(text))),
    }
}

/// The cron expression to store; none for a manual schedule.
fn schedule(fields: &Map<String, Value>) -> Result<Option<String>, Refusal> {
    let schedule = match fields.get("schedule") {
        None | Some(Value::Null) => return Ok(Some(DEFAULT_CRON.to_owned())),
        Some(schedule) => schedule,
    };
    let kind = schedule.get("scheduleType").and_then(Value::as_str);
    if kind.is_some_and(|kind| kind.eq_ignore_ascii_case("manual")) {
        return Ok(None);
    }
    let expression = schedule.get("cronExpression").and_then(Value::as_str);
    let expression = expression
        .ok_or_else(|| problem::bad_request("Missing cron expression in the schedule."))?;
    cron::accept(expression)
        .map(Some)
        .map_err(|why| problem::bad_request(&why))
}
