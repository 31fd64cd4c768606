//! `/integrations/templates/sources`: the integrations that customers are offered, in the newer
//! API's words: made, cloned, changed and deleted.

use serde_json::{Value, json};

use super::error::{coded, not_found, unacceptable};
use super::form::{FLAG, Form, ID, OBJECT, SWITCH, TEXT};
use super::{asked_for, enter, moment, tags, visit};
use crate::sandbox::call::Call;
use crate::sandbox::caller::Caller;
use crate::sandbox::ids::Id;
use crate::sandbox::pipeline::Api;
use crate::sandbox::problem::Refusal;
use crate::sandbox::rule::Answer;
use crate::sandbox::source::{self, MODES, Source, known};
use crate::sandbox::world::World;

/// What customers are offered; or, when asked for, what every organization has.
pub(super) fn list(world: &mut World, call: &Call) -> Answer {
    let caller = visit(world, call)?;
    let mut form = Form::query(call);
    let tags = tags(call, &mut form);
    let global = form.may("use_global", SWITCH).unwrap_or(false);
    form.end()?;
    let chosen: Vec<&Source> = match caller {
        Caller::Customer(workspace) => world.offered_to(workspace, Api::Agents).collect(),
        Caller::Operator if global => {
            let everyones = world.sources.iter().filter(|found| found.maker.is_none());
            everyones.collect()
        }
        Caller::Operator => world.offered(Api::Agents).collect(),
    };
    let organization = (!global).then_some(world.account.organization);
    let chosen = chosen.into_iter();
    let chosen = chosen.filter(|found| tags.select(&found.connector.tags));
    let data: Vec<Value> = chosen.map(|found| summary(found, organization)).collect();
    Ok(json!({ "data": data }))
}

pub(super) fn show(world: &mut World, call: &Call) -> Answer {
    visit(world, call)?;
    let id = asked_for(call)?;
    find(world, id).map(whole)
}

/// Makes a template from a connector, or from another template.
pub(super) fn create(world: &mut World, call: &Call) -> Answer {
    enter(world, call)?;
    let mut form = Form::body(call)?;
    let original = form.may("original_source_template_id", ID);
    let name = form.may("name", TEXT);
    let mode = form.word("mode", MODES);
    let (mut template, given) = if let Some(original) = original {
        form.end()?;
        (find(world, original)?.clone(), None)
    } else {
        let definition = form.need("actor_definition_id", ID);
        let defaults = form.need("partial_default_config", OBJECT);
        let customization = customization(&mut form);
        form.end()?;
        let Some(connector) = known(definition) else {
            let why = "There is no such source definition.";
            return Err(unacceptable(
                "actor_definition_id",
                why,
                "unknown_definition",
            ));
        };
        let bare = Source {
            customization: customization.unwrap_or_default(),
            ..Source::of(connector)
        };
        (bare, Some(defaults))
    };
    template.maker = Some(Api::Agents);
    template.name = name.unwrap_or(template.name);
    template.mode = mode.unwrap_or(template.mode);
    if let Some(defaults) = given {
        fill_in(&mut template, defaults)?;
    }
    Ok(whole(world.make_source_template(template)))
}

/// Changes what is given. A null changes nothing. Sources that customers have already stay as they
/// are: `propagate` is read and has no effect here.
pub(super) fn change(world: &mut World, call: &Call) -> Answer {
    enter(world, call)?;
    let id = asked_for(call)?;
    let mut form = Form::body(call)?;
    let name = form.may("name", TEXT);
    let defaults = form.may("partial_default_config", OBJECT);
    let customization = customization(&mut form);
    let mode = form.word("mode", MODES);
    form.may("propagate", FLAG);
    form.end()?;
    let now = world.now();
    let template = own(world, id)?;
    let mut changed = template.clone();
    if let Some(defaults) = defaults {
        fill_in(&mut changed, defaults)?;
    }
    changed.name = name.unwrap_or(changed.name);
    changed.mode = mode.unwrap_or(changed.mode);
    changed.customization = customization.unwrap_or(changed.customization);
    changed.updated_at = now;
    *template = changed;
    Ok(whole(template))
}

/// Deletes one of the organization's own. Sources made from it stay.
pub(super) fn delete(world: &mut World, call: &Call) -> Answer {
    enter(world, call)?;
    let id = asked_for(call)?;
    own(world, id)?;
    world.sources.retain(|found| found.id != id);
    Ok(json!({"id": id, "deleted_at": moment(world.now())}))
}

fn fill_in(template: &mut Source, defaults: Value) -> Result<(), Refusal> {
    let filled = template.fill_in(defaults);
    filled.map_err(|why| {
        let [field, code] = ["partial_default_config", "invalid_configuration"];
        let objections = vec![super::objection(field, &why, code)];
        super::invalid(objections)
    })
}

/// Which streams are synced, and how: its published words are read, the rest is kept as it comes.
fn customization(form: &mut Form) -> Option<Value> {
    form.may("customization", OBJECT)
}

fn find(world: &World, id: Id) -> Result<&Source, Refusal> {
    let mut offered = world.sources.iter();
    offered
        .find(|found| found.id == id && found.maker != Some(Api::V1))
        .ok_or_else(|| unknown(id))
}

/// One that the organization made here, and so may change.
fn own(world: &mut World, id: Id) -> Result<&mut Source, Refusal> {
    let everyones = find(world, id)?.maker.is_none();
    if everyones {
        let why = "This template belongs to every organization; clone it to change it.";
        return Err(coded(403, why, "forbidden"));
    }
    let mut sources = world.sources.iter_mut();
    sources
        .find(|found| found.id == id)
        .ok_or_else(|| unknown(id))
}

fn unknown(id: Id) -> Refusal {
    not_found("Source template", &id.to_string())
}

/// A source template as lists show it.
pub(super) fn summary(found: &Source, organization: Option<Id>) -> Value {
    json!({
        "id": found.id,
        "name": found.name,
        "icon": found.icon(),
        "connector_name": found.connector.slug,
        "organization_id": organization,
        "actor_definition_id": found.connector.definition,
        "tags": found.connector.tags,
        "customization": found.customization,
        "mode": found.mode,
        "created_at": moment(found.created_at),
        "updated_at": moment(found.updated_at),
    })
}

/// The whole of it, secrets masked.
pub(super) fn whole(found: &Source) -> Value {
    json!({
        "id": found.id,
        "name": found.name,
        "icon": found.icon(),
        "source_definition_id": found.connector.definition,
        "user_config_spec": found.specification(),
        "partial_default_config": source::masked(&found.defaults),
        "customization": found.customization,
        "tags": found.connector.tags,
        "mode": found.mode,
        "is_experimental": false,
        "created_at": moment(found.created_at),
        "updated_at": moment(found.updated_at),
    })
}
