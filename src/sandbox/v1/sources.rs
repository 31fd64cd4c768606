//! `/v1/sources`: for the operator, and for the customer in a workspace's widget. Only what the
//! customer saves is connected by the templates; what the operator makes stays alone.

use serde_json::{Map, Value, json};

use super::paging::Page;
use super::{Answer, Caller, caller, text};
use crate::sandbox::call::Call;
use crate::sandbox::ids::Id;
use crate::sandbox::pipeline::{Api, Saved};
use crate::sandbox::problem::{self, Refusal};
use crate::sandbox::source::{self, Connector, called, known};
use crate::sandbox::world::World;

pub(super) fn list(world: &mut World, call: &Call) -> Answer {
    let caller = caller(world, call)?;
    let page = Page::of(world, call)?;
    if !page.workspaces.iter().all(|named| caller.may(*named)) {
        return Err(problem::forbidden());
    }
    let wanted =
        world.pipeline.sources.iter().filter(|found| {
            page.shows(found.workspace, found.deleted) && caller.may(found.workspace)
        });
    Ok(page.cut(wanted.map(shown)))
}

pub(super) fn show(world: &mut World, call: &Call) -> Answer {
    let caller = caller(world, call)?;
    find(world, call, &caller).map(shown)
}

pub(super) fn delete(world: &mut World, call: &Call) -> Answer {
    let caller = caller(world, call)?;
    let id = find(world, call, &caller)?.id;
    world.delete_source(id);
    Ok(Value::Null)
}

/// Saves a source. No connection check is made.
pub(super) fn create(world: &mut World, call: &Call) -> Answer {
    let caller = caller(world, call)?;
    let fields = call.json(world)?;
    // Roles come from the body first, as everywhere.
    let workspace = text(&fields, "workspaceId")
        .and_then(|id| id.parse().ok())
        .filter(|id| world.workspaces.iter().any(|workspace| workspace.id == *id))
        .filter(|id| caller.may(*id));
    let Some(workspace) = workspace else {
        return Err(problem::forbidden());
    };
    let (Some(name), Some(configuration)) = (
        text(&fields, "name"),
        fields.get("configuration").filter(|value| !value.is_null()),
    ) else {
        return Err(world.opaque(400));
    };
    let Value::Object(mut configuration) = configuration.clone() else {
        return Err(world.opaque(422));
    };
    let kind = kind(world, &fields, &configuration)?;
    // The discriminator is not the connector's.
    configuration.shift_remove("sourceType");
    let configuration = Value::Object(configuration);
    if let Some(first) = kind.check(&configuration).first() {
        return Err(problem::unprocessable(&first.to_string()));
    }
    let id = world.make_source(&name, workspace, kind, None, configuration);
    if matches!(caller, Caller::Customer(_)) && world.connect(id, Api::V1).failure.is_some() {
        return Err(world.opaque(500));
    }
    let mut sources = world.pipeline.sources.iter();
    let made = sources.find(|found| found.id == id);
    made.map(shown).ok_or_else(problem::forbidden)
}

/// Which connector is meant.
fn kind(
    world: &mut World,
    fields: &Map<String, Value>,
    configuration: &Map<String, Value>,
) -> Result<&'static Connector, Refusal> {
    if let Some(definition) = text(fields, "definitionId") {
        let Ok(id) = definition.parse::<Id>() else {
            return Err(world.opaque(422));
        };
        return known(id).ok_or_else(|| problem::not_found(&definition, "SOURCE_DEFINITION"));
    }
    let Some(named) = text(configuration, "sourceType") else {
        let why = "One of configuration.sourceType or definitionId must be provided.";
        return Err(problem::unprocessable(why));
    };
    called(&named).ok_or_else(|| problem::value_not_found(&named))
}

/// The source at the end of the path. One that is not there, or not the caller's, is forbidden.
fn find<'a>(world: &'a World, call: &Call, caller: &Caller) -> Result<&'a Saved, Refusal> {
    let id = call.last_segment().parse::<Id>().ok();
    let mut sources = world.pipeline.sources.iter();
    sources
        .find(|found| Some(found.id) == id && !found.deleted)
        .filter(|found| caller.may(found.workspace))
        .ok_or_else(problem::forbidden)
}

fn shown(found: &Saved) -> Value {
    json!({
        "sourceId": found.id,
        "name": found.name,
        "sourceType": found.connector.slug,
        "definitionId": found.connector.definition,
        "workspaceId": found.workspace,
        "configuration": source::masked(&found.configuration),
        "createdAt": found.created_at,
    })
}
