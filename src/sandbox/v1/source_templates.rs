//! `/v1/config_templates/sources`: the integrations that customers are offered. They can be read,
//! made and changed; nobody could ever delete one.

use serde_json::{Map, Value, json};

use super::templates::{reachable, still_here};
use super::{Answer, admin, authenticated, entitled, text};
use crate::sandbox::call::Call;
use crate::sandbox::ids::Id;
use crate::sandbox::pipeline::Api;
use crate::sandbox::problem::{self, Refusal};
use crate::sandbox::source::{self, Source, known};
use crate::sandbox::world::World;

/// What customers are offered. A reader's role is enough, and nobody looks at the entitlement.
pub(super) fn list(world: &mut World, call: &Call) -> Answer {
    enter(world, call)?;
    let named = call.parameter("organizationId");
    if named.and_then(|id| id.parse().ok()) != Some(world.account.organization) {
        return Err(problem::forbidden());
    }
    let offered = world.offered(Api::V1);
    let data: Vec<Value> = offered
        .map(|found| json!({"id": found.id, "name": found.name, "icon": found.icon()}))
        .collect();
    Ok(json!({ "data": data }))
}

pub(super) fn show(world: &mut World, call: &Call) -> Answer {
    enter(world, call)?;
    let id = asked_for(world, call)?;
    let found = world.offered(Api::V1).find(|found| found.id == id);
    let found = found.ok_or_else(no_such)?;
    Ok(json!({
        "id": found.id,
        "name": found.name,
        "icon": found.icon(),
        "sourceDefinitionId": found.connector.definition,
        "configTemplateSpec": found.specification(),
        "partialDefaultConfig": source::masked(&found.defaults),
    }))
}

/// Makes a template. Without a specification of its own, what is required is asked of the customer.
pub(super) fn create(world: &mut World, call: &Call) -> Answer {
    enter(world, call)?;
    let fields = call.json(world)?;
    admin(world, &fields)?;
    let (Some(definition), Some(defaults)) = (
        text(&fields, "actorDefinitionId"),
        present(&fields, "partialDefaultConfig"),
    ) else {
        return Err(world.opaque(400));
    };
    let Ok(id) = definition.parse::<Id>() else {
        return Err(world.opaque(422));
    };
    let (defaults, asked) = (
        defaults.clone(),
        present(&fields, "partialUserConfigSpec").cloned(),
    );
    readable(world, [Some(&defaults), asked.as_ref()])?;
    entitled(world, "CONFIG_TEMPLATE_ENDPOINTS")?;
    let Some(connector) = known(id) else {
        return Err(problem::not_found(&definition, "SOURCE_DEFINITION"));
    };
    let mut template = Source {
        maker: Some(Api::V1),
        ..Source::of(connector)
    };
    fill_in(&mut template, defaults, asked)?;
    Ok(json!({"id": world.make_source_template(template).id}))
}

/// Changes one of the organization's own templates.
pub(super) fn change(world: &mut World, call: &Call) -> Answer {
    enter(world, call)?;
    let id = asked_for(world, call)?;
    let fields = call.json(world)?;
    admin(world, &fields)?;
    entitled(world, "CONFIG_TEMPLATE_ENDPOINTS")?;
    let change = ["partialDefaultConfig", "partialUserConfigSpec"];
    let [defaults, asked] = change.map(|name| present(&fields, name).cloned());
    readable(world, [defaults.as_ref(), asked.as_ref()])?;
    let now = world.now();
    let mut sources = world.sources.iter_mut();
    let own = sources.find(|found| found.id == id && found.maker == Some(Api::V1));
    let template = own.ok_or_else(no_such)?;
    let mut changed = template.clone();
    match defaults {
        Some(defaults) => fill_in(&mut changed, defaults, asked)?,
        None => changed.asked = asked.unwrap_or(changed.asked),
    }
    changed.updated_at = now;
    *template = changed;
    Ok(json!({ "id": id }))
}

fn enter(world: &mut World, call: &Call) -> Result<(), Refusal> {
    reachable(world, call)?;
    authenticated(world, call)?;
    still_here(world)
}

/// The values and the form's schema, which stands for the whole specification or comes inside one.
fn fill_in(template: &mut Source, defaults: Value, asked: Option<Value>) -> Result<(), Refusal> {
    let refused = |why: String| problem::unprocessable(&why);
    template.fill_in(defaults).map_err(refused)?;
    if let Some(asked) = asked {
        let inner = asked.get("connectionSpecification").cloned();
        template.asked = inner.unwrap_or(asked);
    }
    Ok(())
}

fn present<'a>(fields: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    fields.get(name).filter(|value| !value.is_null())
}

fn readable(world: &mut World, given: [Option<&Value>; 2]) -> Result<(), Refusal> {
    if given.into_iter().flatten().all(Value::is_object) {
        return Ok(());
    }
    Err(world.opaque(422))
}

fn asked_for(world: &mut World, call: &Call) -> Result<Id, Refusal> {
    let id = call.last_segment().parse();
    id.map_err(|_malformed| world.opaque(400))
}

/// The document promises 404; the server's lookup ends in its general handler.
fn no_such() -> Refusal {
    problem::unexpected("No value present")
}
