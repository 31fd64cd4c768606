//! `/integrations/connectors`: what customers have connected.

use serde_json::{Value, json};

use super::error::{coded, not_found, objection, unacceptable, unfit};
use super::form::{Form, ID, OBJECT, TEXT};
use super::source_templates::{summary, whole};
use super::{asked_for, moment, visit};
use crate::sandbox::call::Call;
use crate::sandbox::caller::Caller;
use crate::sandbox::ids::Id;
use crate::sandbox::pipeline::{Api, Saved};
use crate::sandbox::problem::Refusal;
use crate::sandbox::rule::Answer;
use crate::sandbox::source::schema::{self, Objection};
use crate::sandbox::source::{self, Connector, Source, called, known};
use crate::sandbox::world::World;

/// The sources of a workspace; of all, when none is named. The document has no answer that says "no
/// such workspace", so an unknown one has none.
pub(super) fn list(world: &mut World, call: &Call) -> Answer {
    let caller = visit(world, call)?;
    let mut form = Form::query(call);
    let names = ["workspace_name", "customer_name", "external_user_id"];
    let names = names.map(|name| form.may(name, TEXT));
    let id = form.may("workspace_id", ID);
    let definition = form.may("definition_id", ID);
    form.end()?;
    let wanted = |found: &&Saved| {
        let name = workspace_name(world, found.workspace);
        let fits = names.iter().flatten().all(|wanted| wanted == name);
        let defined = definition.is_none_or(|id| id.to_string() == found.connector.definition);
        let there = !found.deleted && caller.may(found.workspace);
        fits && defined && there && id.is_none_or(|id| id == found.workspace)
    };
    let found = world.pipeline.sources.iter().filter(wanted);
    let data: Vec<Value> = found
        .map(|found| {
            json!({
                "id": found.id,
                "name": found.name,
                "summarized_source_template": template(world, found)
                    .map(|it| summary(it, Some(world.account.organization))),
                "created_at": moment(found.created_at),
                "updated_at": moment(found.updated_at),
            })
        })
        .collect();
    Ok(json!({ "data": data }))
}

/// One source, whole.
pub(super) fn show(world: &mut World, call: &Call) -> Answer {
    let caller = visit(world, call)?;
    let id = asked_for(call)?;
    find(world, id, &caller).map(|found| shown(world, found))
}

/// Changes what is given. Masked secrets that come back stand for what was there.
pub(super) fn change(world: &mut World, call: &Call) -> Answer {
    let caller = visit(world, call)?;
    let id = asked_for(call)?;
    let mut form = Form::body(call)?;
    let name = form.may("name", TEXT);
    let given = form.may("replication_config", OBJECT);
    form.end()?;
    let found = find(world, id, &caller)?;
    if let Some(given) = given {
        let own = source::unmasked(&given, &found.configuration);
        let defaults = template(world, found).map(|it| &it.defaults);
        let whole = defaults.map_or_else(|| own.clone(), |it| schema::laid_over(it, &own));
        judge(found.connector, &whole)?;
        world.reconfigure(id, whole);
    }
    if let Some(name) = name {
        world.rename_source(id, &name);
    }
    find(world, id, &caller).map(|found| shown(world, found))
}

/// Deletes a source. The service does it in a job; here it is done at once.
pub(super) fn delete(world: &mut World, call: &Call) -> Answer {
    let caller = visit(world, call)?;
    let id = asked_for(call)?;
    find(world, id, &caller)?;
    world.delete_source(id);
    Ok(json!({"job_id": world.ids.make("deletion", &id.to_string())}))
}

/// Saves a source for a customer and applies the templates.
pub(super) fn create(world: &mut World, call: &Call) -> Answer {
    let caller = visit(world, call)?;
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
    if !caller.may(id) {
        return Err(coded(
            403,
            "This is another customer's workspace.",
            "forbidden",
        ));
    }
    let chosen = chosen(world, &caller, connector.as_deref(), ids)?;
    let (connector, template) = (chosen.connector, chosen.id);
    let name = name.unwrap_or_else(|| format!("{} {id}", chosen.name));
    let given = configuration.unwrap_or_else(|| json!({}));
    let configuration = schema::laid_over(&chosen.defaults, &given);
    judge(connector, &configuration)?;
    let source = world.make_source(&name, id, connector, Some(template), configuration);
    match world.connect(source, Api::Agents).failure {
        Some(why) => Err(coded(500, &why, "internal_error")),
        None => find(world, source, &caller).map(|found| shown(world, found)),
    }
}

/// A source that the caller may see. To a customer, another's is not there.
fn find<'a>(world: &'a World, id: Id, caller: &Caller) -> Result<&'a Saved, Refusal> {
    let mut sources = world.pipeline.sources.iter();
    sources
        .find(|found| found.id == id && !found.deleted && caller.may(found.workspace))
        .ok_or_else(|| not_found("Connector", &id.to_string()))
}

fn shown(world: &World, found: &Saved) -> Value {
    let detailed = template(world, found).map(whole);
    json!({
        "id": found.id,
        "name": found.name,
        "source_template": detailed,
        "replication_config": source::masked(&found.configuration),
        "created_at": moment(found.created_at),
        "updated_at": moment(found.updated_at),
    })
}

/// The template that is meant: by its own id, or as the only one of its connector.
fn chosen<'a>(
    world: &'a World,
    caller: &Caller,
    connector: Option<&str>,
    [definition, template]: [Option<Id>; 2],
) -> Result<&'a Source, Refusal> {
    let named = connector.and_then(called).or(definition.and_then(known));
    let meant = |found: &&Source| match (template, named) {
        (Some(id), _) => found.id == id,
        (None, Some(connector)) => found.connector.definition == connector.definition,
        (None, None) => false,
    };
    let offered: Vec<&Source> = match caller {
        Caller::Operator => world.offered(Api::Agents).collect(),
        Caller::Customer(own) => world.offered_to(*own, Api::Agents).collect(),
    };
    let mut meant = offered.into_iter().filter(meant);
    let refused = |why, code| Err(unacceptable("source_template_id", why, code));
    match (meant.next(), meant.next()) {
        (Some(only), None) => Ok(only),
        (Some(_), Some(_)) => refused("There are several templates for it.", "ambiguous"),
        (None, _) => refused(
            "No connector is known by what was given.",
            "unknown_connector",
        ),
    }
}

/// Refuses a configuration with everything that is wrong with it, each under its own place.
fn judge(connector: &Connector, configuration: &Value) -> Result<(), Refusal> {
    let objected = |found: Objection| {
        let place = format!("replication_config.{}", found.place);
        objection(&place, &found.says, "invalid_configuration")
    };
    let objections: Vec<Value> = connector
        .check(configuration)
        .into_iter()
        .map(objected)
        .collect();
    if objections.is_empty() {
        return Ok(());
    }
    Err(unfit(
        "The configuration does not fit the connector.",
        objections,
    ))
}

fn template<'a>(world: &'a World, saved: &Saved) -> Option<&'a Source> {
    world.template_of(saved, Api::Agents)
}

fn workspace_name(world: &World, id: Id) -> &str {
    let mut workspaces = world.workspaces.iter();
    let found = workspaces.find(|workspace| workspace.id == id);
    found.map_or("", |workspace| workspace.name.as_str())
}
