//! `/integrations/templates/connections`: the templates of the newer API, whole.

use serde_json::{Value, json};

use super::error::{not_found, unacceptable};
use super::form::{FLAG, Form, ID, OBJECT, TEXT};
use super::{asked_for, enter, moment, tags};
use crate::sandbox::call::Call;
use crate::sandbox::ids::Id;
use crate::sandbox::problem::Refusal;
use crate::sandbox::rule::Answer;
use crate::sandbox::template::{AgentsTemplate, Destination, Hosting, ON_CHANGE};
use crate::sandbox::world::World;
use crate::sandbox::{cron, destination};

/// Whose the destination may be; the first is the default.
const HOSTINGS: &[&str] = &["user_hosted", "airbyte_hosted"];

/// What a destination is called that nobody named.
const AIRBYTE_HOSTED: &str = "Airbyte-hosted storage";

/// Templates carry no tags here: the published document has no way to give them any.
const NO_TAGS: &[String] = &[];

pub(super) fn list(world: &mut World, call: &Call) -> Answer {
    enter(world, call)?;
    let mut form = Form::query(call);
    let tags = tags(call, &mut form);
    form.end()?;
    let wanted = world
        .agents_templates
        .iter()
        .filter(|_| tags.select(NO_TAGS));
    let data: Vec<Value> = wanted.map(|found| shown(world, found)).collect();
    Ok(json!({ "data": data }))
}

/// Creates a template, whatever there is already.
pub(super) fn create(world: &mut World, call: &Call) -> Answer {
    enter(world, call)?;
    let mut form = Form::body(call)?;
    let hosting = form.word("data_hosting_type", HOSTINGS);
    let cron = form.may("cron_expression", TEXT);
    let (name, hosting) = if hosting == Some("airbyte_hosted") {
        form.end()?;
        (AIRBYTE_HOSTED.to_owned(), Hosting::Airbyte)
    } else {
        let name = form.need("destination_name", TEXT);
        let definition = form.need("destination_definition_id", ID);
        let destination = Destination {
            configuration: form.need("destination_config", OBJECT),
            on_change: on_change(&mut form).unwrap_or("ignore"),
            sync_on_create: form.may("sync_on_create", FLAG).unwrap_or(true),
        };
        form.end()?;
        if definition.to_string() != destination::S3 {
            return Err(unacceptable(
                "destination_definition_id",
                "There is no such destination definition.",
                "unknown_definition",
            ));
        }
        fitting(&destination.configuration)?;
        (name, Hosting::User(destination))
    };
    let made = world.make_agents_template(AgentsTemplate {
        id: Id::NONE,
        name,
        hosting,
        cron: schedule(cron)?,
        created_at: 0,
        updated_at: 0,
    });
    let id = made.id;
    find(world, id).map(|found| shown(world, found))
}

pub(super) fn show(world: &mut World, call: &Call) -> Answer {
    enter(world, call)?;
    let id = asked_for(call)?;
    find(world, id).map(|found| shown(world, found))
}

/// Changes what is given. A null changes nothing.
pub(super) fn change(world: &mut World, call: &Call) -> Answer {
    enter(world, call)?;
    let id = asked_for(call)?;
    let mut form = Form::body(call)?;
    let name = form.may("destination_name", TEXT);
    let configuration = form.may("destination_config", OBJECT);
    let cron = form.may("cron_expression", TEXT);
    let on_change = on_change(&mut form);
    let sync_on_create = form.may("sync_on_create", FLAG);
    form.end()?;
    configuration.as_ref().map_or(Ok(()), fitting)?;
    let (cron, now) = (schedule(cron)?, world.now());
    let found = world.agents_templates.iter_mut();
    let Some(template) = found.into_iter().find(|found| found.id == id) else {
        return Err(unknown(id));
    };
    match &mut template.hosting {
        Hosting::User(destination) => {
            destination.configuration =
                configuration.unwrap_or_else(|| destination.configuration.take());
            destination.on_change = on_change.unwrap_or(destination.on_change);
            destination.sync_on_create = sync_on_create.unwrap_or(destination.sync_on_create);
        }
        Hosting::Airbyte if configuration.is_some() => {
            return Err(unacceptable(
                "destination_config",
                "Airbyte hosts this destination; there is nothing to configure.",
                "airbyte_hosted",
            ));
        }
        Hosting::Airbyte => {}
    }
    if let Some(name) = name {
        template.name = name;
    }
    if cron.is_some() {
        template.cron = cron;
    }
    template.updated_at = now;
    find(world, id).map(|found| shown(world, found))
}

pub(super) fn delete(world: &mut World, call: &Call) -> Answer {
    enter(world, call)?;
    let id = asked_for(call)?;
    find(world, id)?;
    world.agents_templates.retain(|found| found.id != id);
    Ok(json!({"id": id, "deleted_at": moment(world.now())}))
}

/// Says a schedule in words; an invalid one is an answer too.
pub(super) fn describe(world: &mut World, call: &Call) -> Answer {
    enter(world, call)?;
    let mut form = Form::body(call)?;
    let expression = form.need("cron_expression", TEXT);
    form.end()?;
    let described = cron::accept(&expression).map(|bare| cron::in_words(&bare));
    let is_valid = described.is_ok();
    let (Ok(description) | Err(description)) = described;
    Ok(json!({"description": description, "is_valid": is_valid}))
}

fn on_change(form: &mut Form) -> Option<&'static str> {
    form.word("non_breaking_changes_preference", ON_CHANGE)
}

/// The configuration must match the connector's schema, as the document says.
fn fitting(configuration: &Value) -> Result<(), Refusal> {
    destination::check(configuration)
        .map_err(|why| unacceptable("destination_config", &why, "invalid_configuration"))
}

fn schedule(cron: Option<String>) -> Result<Option<String>, Refusal> {
    cron.map(|expression| cron::accept(&expression))
        .transpose()
        .map_err(|why| unacceptable("cron_expression", &why, "invalid_cron"))
}

fn find(world: &World, id: Id) -> Result<&AgentsTemplate, Refusal> {
    let mut all = world.agents_templates.iter();
    all.find(|found| found.id == id).ok_or_else(|| unknown(id))
}

fn unknown(id: Id) -> Refusal {
    not_found("Connection template", &id.to_string())
}

/// The whole template, secrets masked.
fn shown(world: &World, template: &AgentsTemplate) -> Value {
    let mut shown = json!({
        "id": template.id,
        "organization_id": world.account.organization,
        "destination_name": template.name,
        "icon": null,
        "cron_expression": template.cron,
        "data_hosting_type": "airbyte_hosted",
        "tags": NO_TAGS,
        "created_at": moment(template.created_at),
        "updated_at": moment(template.updated_at),
    });
    if let (Hosting::User(own), Some(fields)) = (&template.hosting, shown.as_object_mut()) {
        fields.extend(
            [
                ("data_hosting_type", json!("user_hosted")),
                ("destination_definition_id", json!(destination::S3)),
                (
                    "destination_config",
                    destination::masked(&own.configuration),
                ),
                ("non_breaking_changes_preference", json!(own.on_change)),
                ("sync_on_create", json!(own.sync_on_create)),
            ]
            .map(|(name, value)| (name.to_owned(), value)),
        );
    }
    shown
}
