//! What customers may connect, and what they have connected.

use serde_json::{Value, json};

use super::error::{coded, invalid, not_found, objection, unacceptable};
use super::form::{Form, ID, OBJECT, SWITCH, TEXT};
use super::{Tags, enter, moment};
use crate::sandbox::call::Call;
use crate::sandbox::faker;
use crate::sandbox::ids::Id;
use crate::sandbox::pipeline::{Api, Saved};
use crate::sandbox::rule::Answer;
use crate::sandbox::source::{self, Source};
use crate::sandbox::world::World;

/// The source templates: the organization's own, or those that every organization has. Here they
/// are the same ones.
pub(super) fn catalogue(world: &mut World, call: &Call) -> Answer {
    enter(world, call)?;
    let mut form = Form::query(call);
    let tags = Tags::of(call, &mut form);
    let global = form.may("use_global", SWITCH).unwrap_or(false);
    form.end()?;
    let organization = (!global).then_some(world.account.organization);
    let sources = world.sources.iter().filter(|found| tags.select(found.tags));
    let data: Vec<Value> = sources.map(|found| summary(found, organization)).collect();
    Ok(json!({ "data": data }))
}

/// The sources of a workspace; of all, when none is named. The document has no answer that says "no
/// such workspace", so an unknown one has none.
pub(super) fn connectors(world: &mut World, call: &Call) -> Answer {
    enter(world, call)?;
    let mut form = Form::query(call);
    let names = ["workspace_name", "customer_name", "external_user_id"];
    let names = names.map(|name| form.may(name, TEXT));
    let id = form.may("workspace_id", ID);
    let definition = form.may("definition_id", ID);
    form.end()?;
    let wanted = |found: &&Saved| {
        let name = workspace_name(world, found.workspace);
        let fits = names.iter().flatten().all(|wanted| wanted == name);
        let defined = definition.is_none_or(|id| id.to_string() == found.definition);
        fits && defined && !found.deleted && id.is_none_or(|id| id == found.workspace)
    };
    let found = world.pipeline.sources.iter().filter(wanted);
    let data: Vec<Value> = found
        .map(|found| {
            let made = moment(found.created_at);
            json!({
                "id": found.id,
                "name": found.name,
                "summarized_source_template": template(world, found.definition)
                    .map(|it| summary(it, Some(world.account.organization))),
                "created_at": made,
                "updated_at": made,
            })
        })
        .collect();
    Ok(json!({ "data": data }))
}

/// One source, whole.
pub(super) fn connector(world: &mut World, call: &Call) -> Answer {
    enter(world, call)?;
    let malformed = |_| invalid(vec![objection("id", "a UUID is needed", "uuid_parsing")]);
    let id: Id = call.last_segment().parse().map_err(malformed)?;
    shown(world, id)
}

/// Saves a source for a customer and applies the templates.
pub(super) fn connect(world: &mut World, call: &Call) -> Answer {
    enter(world, call)?;
    let mut form = Form::body(call)?;
    let workspace = form.need("workspace_name", TEXT);
    let name = form.may("name", TEXT);
    let connector = form.may("connector_type", TEXT);
    let ids = ["definition_id", "source_template_id"].map(|field| form.may(field, ID));
    let configuration = form.may("replication_config", OBJECT);
    form.end()?;
    let found = world.workspace_named(&workspace);
    let found = found.map_err(|why| coded(500, &why, "internal_error"))?;
    let Some(id) = found else {
        let why = "There is no such workspace.";
        return Err(unacceptable("workspace_name", why, "unknown_workspace"));
    };
    let [definition, template] = ids;
    let chosen = world.sources.iter().find(|known| {
        connector.as_deref() == Some(known.connector)
            || template == Some(known.id)
            || definition.is_some_and(|id| id.to_string() == known.definition)
    });
    let Some(source) = chosen else {
        let why = "No connector is known by what was given.";
        return Err(unacceptable("definition_id", why, "unknown_connector"));
    };
    let kind = (source.connector, source.definition);
    let name = name.unwrap_or_else(|| format!("{} {id}", source.name));
    let configuration = configuration.unwrap_or_else(|| json!({}));
    if kind.0 == faker::CONNECTOR {
        faker::check(&configuration)
            .map_err(|why| unacceptable("replication_config", &why, "invalid_configuration"))?;
    }
    let source = world.make_source(&name, id, kind, configuration);
    match world.connect(source, Api::Agents).failure {
        Some(why) => Err(coded(500, &why, "internal_error")),
        None => shown(world, source),
    }
}

fn shown(world: &World, id: Id) -> Answer {
    let mut sources = world.pipeline.sources.iter();
    let found = sources
        .find(|found| found.id == id && !found.deleted)
        .ok_or_else(|| not_found("Connector", &id.to_string()))?;
    let made = moment(found.created_at);
    let detailed = template(world, found.definition).map(|it| {
        json!({
            "id": it.id,
            "name": it.name,
            "icon": null,
            "source_definition_id": it.definition,
            "user_config_spec": {"connectionSpecification": {"type": "object", "properties": {}}},
            "partial_default_config": {},
            "tags": it.tags,
            "mode": "REPLICATION",
        })
    });
    Ok(json!({
        "id": found.id,
        "name": found.name,
        "source_template": detailed,
        "replication_config": source::masked(&found.configuration),
        "created_at": made,
        "updated_at": made,
    }))
}

/// A source template as lists show it.
fn summary(found: &Source, organization: Option<Id>) -> Value {
    json!({
        "id": found.id,
        "name": found.name,
        "icon": null,
        "connector_name": found.connector,
        "organization_id": organization,
        "actor_definition_id": found.definition,
        "tags": found.tags,
        "mode": "REPLICATION",
    })
}

fn template<'a>(world: &'a World, definition: &str) -> Option<&'a Source> {
    let mut sources = world.sources.iter();
    sources.find(|source| source.definition == definition)
}

fn workspace_name(world: &World, id: Id) -> &str {
    let mut workspaces = world.workspaces.iter();
    let found = workspaces.find(|workspace| workspace.id == id);
    found.map_or("", |workspace| workspace.name.as_str())
}
