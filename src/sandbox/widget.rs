//! What the widget page of the public API's time calls: `/api/v1/config_templates` and
//! `/api/v1/partial_user_configs`, by POST, with the scoped token of one workspace.
//!
//! It is the platform's inner API, published nowhere; names follow its web application. What a
//! customer saves here is a source, and its id is the source's.

use axum::Router;
use serde_json::{Map, Value, json};

use super::Sandbox;
use super::call::Call;
use super::caller::Caller;
use super::fault::Switch;
use super::ids::Id;
use super::pipeline::{Api, Saved};
use super::problem::{self, Refusal};
use super::rule::Method::Post;
use super::rule::{self, Answer, Rule};
use super::source::{self, Source, schema};
use super::world::World;

/// Where it is.
pub(super) const PREFIX: &str = "/api/v1";

/// How its paths begin, which are in the midst of the newer API's.
pub(super) const STEMS: [&str; 2] = ["/api/v1/config_templates/", "/api/v1/partial_user_configs/"];

const RULES: &[Rule] = &[
    Rule(Post, "/config_templates/list", templates),
    Rule(Post, "/config_templates/get", template),
    Rule(Post, "/partial_user_configs/list", list),
    Rule(Post, "/partial_user_configs/get", show),
    Rule(Post, "/partial_user_configs/create", create),
    Rule(Post, "/partial_user_configs/update", update),
    Rule(Post, "/partial_user_configs/delete", delete),
];

/// The routes.
pub(super) fn routes() -> Router<Sandbox> {
    rule::routes(RULES, PREFIX)
}

fn templates(world: &mut World, call: &Call) -> Answer {
    let (workspace, _) = enter(world, call)?;
    let offered = world.offered_to(workspace, Api::V1);
    let listed: Vec<Value> = offered
        .map(|found| json!({"id": found.id, "name": found.name, "icon": found.icon()}))
        .collect();
    Ok(json!({ "configTemplates": listed }))
}

fn template(world: &mut World, call: &Call) -> Answer {
    let (workspace, fields) = enter(world, call)?;
    chosen(world, workspace, &fields).map(described)
}

fn list(world: &mut World, call: &Call) -> Answer {
    let (workspace, _) = enter(world, call)?;
    let saved = world.pipeline.sources.iter();
    let own = saved.filter(|found| found.workspace == workspace && !found.deleted);
    let listed: Vec<Value> = own
        .map(|found| {
            let template = world.template_of(found, Api::V1);
            json!({
                "id": found.id,
                "configTemplateId": template.map(|it| it.id),
                "configTemplateName": template.map_or(&found.connector.name, |it| &it.name),
                "configTemplateIcon": template.map(Source::icon),
            })
        })
        .collect();
    Ok(json!({ "partialUserConfigs": listed }))
}

fn show(world: &mut World, call: &Call) -> Answer {
    let (workspace, fields) = enter(world, call)?;
    let found = find(world, workspace, &fields)?;
    Ok(json!({
        "id": found.id,
        "actorId": found.id,
        "configTemplate": world.template_of(found, Api::V1).map(described),
        "connectionConfiguration": source::masked(&found.configuration),
    }))
}

/// Saves a source for the customer and applies the templates.
fn create(world: &mut World, call: &Call) -> Answer {
    let (workspace, fields) = enter(world, call)?;
    let given = configuration(world, &fields)?;
    let template = chosen(world, workspace, &fields)?;
    let (connector, id) = (template.connector, template.id);
    let name = format!("{} {workspace}", template.name);
    let whole = schema::laid_over(&template.defaults, &given);
    judge(&connector.check(&whole))?;
    let source = world.make_source(&name, workspace, connector, Some(id), whole);
    if world.connect(source, Api::V1).failure.is_some() {
        // The source is there all the same.
        return Err(world.opaque(500));
    }
    shown(world, source)
}

fn update(world: &mut World, call: &Call) -> Answer {
    let (workspace, fields) = enter(world, call)?;
    let given = configuration(world, &fields)?;
    let found = find(world, workspace, &fields)?;
    let (id, whole) = (found.id, source::unmasked(&given, &found.configuration));
    let defaults = world.template_of(found, Api::V1).map(|it| &it.defaults);
    let whole = defaults.map_or_else(|| whole.clone(), |it| schema::laid_over(it, &whole));
    judge(&found.connector.check(&whole))?;
    world.reconfigure(id, whole);
    shown(world, id)
}

fn delete(world: &mut World, call: &Call) -> Answer {
    let (workspace, fields) = enter(world, call)?;
    let id = find(world, workspace, &fields)?.id;
    world.delete_source(id);
    Ok(Value::Null)
}

/// Lets in who has a role in the workspace that the body names.
fn enter(world: &mut World, call: &Call) -> Result<(Id, Map<String, Value>), Refusal> {
    let unauthorized = || problem::framework(401, &call.path, "Unauthorized");
    let caller = Caller::of(world, call.bearer.as_deref()).ok_or_else(unauthorized)?;
    let fields = call.json(world)?;
    let workspace = id(&fields, "workspaceId").filter(|named| {
        let mut workspaces = world.workspaces.iter();
        workspaces.any(|known| known.id == *named) && caller.may(*named)
    });
    let workspace = workspace.ok_or_else(problem::forbidden)?;
    if world.armed.is(&Switch::NotEntitled) {
        return Err(problem::not_entitled("CONFIG_TEMPLATE_ENDPOINTS"));
    }
    Ok((workspace, fields))
}

fn id(fields: &Map<String, Value>, name: &str) -> Option<Id> {
    fields.get(name)?.as_str()?.parse().ok()
}

fn configuration(world: &mut World, fields: &Map<String, Value>) -> Result<Value, Refusal> {
    match fields.get("connectionConfiguration") {
        Some(given) if given.is_object() => Ok(given.clone()),
        Some(_) => Err(world.opaque(422)),
        None => Err(world.opaque(400)),
    }
}

fn chosen<'a>(
    world: &'a World,
    workspace: Id,
    fields: &Map<String, Value>,
) -> Result<&'a Source, Refusal> {
    let named = id(fields, "configTemplateId");
    let mut offered = world.offered_to(workspace, Api::V1);
    let found = offered.find(|found| Some(found.id) == named);
    found.ok_or_else(|| problem::unexpected("No value present"))
}

fn find<'a>(
    world: &'a World,
    workspace: Id,
    fields: &Map<String, Value>,
) -> Result<&'a Saved, Refusal> {
    let named = id(fields, "partialUserConfigId");
    let mut saved = world.pipeline.sources.iter();
    saved
        .find(|found| Some(found.id) == named && found.workspace == workspace && !found.deleted)
        .ok_or_else(problem::forbidden)
}

/// Refuses a configuration with everything that is wrong with it, in one message.
fn judge(wrong: &[schema::Objection]) -> Result<(), Refusal> {
    if wrong.is_empty() {
        return Ok(());
    }
    let each: Vec<String> = wrong.iter().map(ToString::to_string).collect();
    Err(problem::unprocessable(&format!(
        "json schema validation failed when comparing the data to the json schema. Errors: {}",
        each.join(", ")
    )))
}

fn described(template: &Source) -> Value {
    json!({
        "id": template.id,
        "name": template.name,
        "icon": template.icon(),
        "sourceDefinitionId": template.connector.definition,
        "configTemplateSpec": template.specification(),
    })
}

/// The source, as the inner API reads it.
fn shown(world: &World, id: Id) -> Answer {
    let mut saved = world.pipeline.sources.iter();
    let found = saved.find(|found| found.id == id);
    let found = found.ok_or_else(problem::forbidden)?;
    Ok(json!({
        "sourceDefinitionId": found.connector.definition,
        "sourceId": found.id,
        "workspaceId": found.workspace,
        "connectionConfiguration": source::masked(&found.configuration),
        "name": found.name,
        "sourceName": found.connector.name,
        "icon": world.template_of(found, Api::V1).map(Source::icon),
    }))
}
