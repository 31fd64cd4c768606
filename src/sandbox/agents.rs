//! The newer API under `/api/v1`: other paths, `snake_case`, the organization in a header, one
//! envelope for errors, and templates that can be listed.
//!
//! It shares the account, the tokens and the workspaces with the public API. Making a workspace
//! makes nothing in it here: destinations and connections come with the first saved source.

mod connectors;
pub(super) mod error;
mod form;
mod source_templates;
mod templates;
mod workspaces;

use axum::Router;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::Sandbox;
use super::call::Call;
use super::caller::Caller;
use super::fault::Switch;
use super::ids::Id;
use super::pipeline::Api;
use super::problem::Refusal;
use super::rule::Method::{Delete, Get, Patch, Post, Put};
use super::rule::{self, Answer, Rule};
use super::tags::Tags;
use super::workspace::{Region, Widget};
use super::world::{Grant, World, packed};
use error::{coded, invalid, objection};
use form::{Form, ID, TEXT, TEXTS};

/// Where the published document says it is.
pub(super) const PREFIX: &str = "/api/v1";

const SOURCE_TEMPLATES: &str = "/integrations/templates/sources";
const ONE_SOURCE_TEMPLATE: &str = "/integrations/templates/sources/{id}";

const ONE_CONNECTOR: &str = "/integrations/connectors/{id}";

/// Everything that is served.
pub(super) const RULES: &[Rule] = &[
    Rule(Post, "/account/applications/token", token),
    Rule(Post, "/account/applications/widget-token", widget_token),
    Rule(Post, "/embedded/widget-token", older_widget_token),
    Rule(Get, "/account/applications/scoped-token/info", scope),
    Rule(Get, "/integrations/templates/connections", templates::list),
    Rule(
        Post,
        "/integrations/templates/connections",
        templates::create,
    ),
    Rule(
        Get,
        "/integrations/templates/connections/{id}",
        templates::show,
    ),
    Rule(
        Patch,
        "/integrations/templates/connections/{id}",
        templates::change,
    ),
    Rule(
        Delete,
        "/integrations/templates/connections/{id}",
        templates::delete,
    ),
    Rule(
        Post,
        "/integrations/templates/connections/cron/describe",
        templates::describe,
    ),
    Rule(Get, SOURCE_TEMPLATES, source_templates::list),
    Rule(Post, SOURCE_TEMPLATES, source_templates::create),
    Rule(Get, ONE_SOURCE_TEMPLATE, source_templates::show),
    Rule(Patch, ONE_SOURCE_TEMPLATE, source_templates::change),
    Rule(Delete, ONE_SOURCE_TEMPLATE, source_templates::delete),
    Rule(Get, "/integrations/connectors", connectors::list),
    Rule(Post, "/integrations/connectors", connectors::create),
    Rule(Get, ONE_CONNECTOR, connectors::show),
    Rule(Put, ONE_CONNECTOR, connectors::change),
    Rule(Get, "/workspaces", workspaces::list),
];

/// What is only taken on when it is answered.
pub(super) const ACCEPTED: &[Rule] = &[Rule(Delete, ONE_CONNECTOR, connectors::delete)];

/// The routes.
pub(super) fn routes() -> Router<Sandbox> {
    let accepted = rule::answering(StatusCode::ACCEPTED, ACCEPTED, PREFIX);
    rule::routes(RULES, PREFIX).merge(accepted)
}

fn token(world: &mut World, call: &Call) -> Answer {
    own_organization(world, call)?;
    let mut form = Form::body(call)?;
    let (id, secret) = (
        form.need("client_id", TEXT),
        form.need("client_secret", TEXT),
    );
    form.end()?;
    if id != world.account.client_id.to_string() || secret != world.account.client_secret {
        return Err(bad_credentials(world));
    }
    let access = world.issue_access(&call.base);
    let mut answer = json!({"access_token": access.token, "token_type": "bearer"});
    if let Some(fields) = answer.as_object_mut() {
        if let Some(seconds) = access.expires_in {
            fields.insert("expires_in".to_owned(), Value::from(seconds));
        }
        let organization = json!(world.account.organization);
        fields.insert("organization_id".to_owned(), organization);
    }
    Ok(answer)
}

fn bad_credentials(world: &mut World) -> Refusal {
    let code = if world.armed.is(&Switch::BadRequestOnCredentials) {
        400
    } else if world.armed.is(&Switch::ServerErrorOnCredentials) {
        500
    } else {
        401
    };
    coded(
        code,
        "The client id or the client secret is wrong.",
        "invalid_credentials",
    )
}

/// Lets in who holds a bearer that counts, names no foreign organization, and may use Embedded.
fn enter(world: &mut World, call: &Call) -> Result<(), Refusal> {
    if !call.bearer.as_ref().is_some_and(|it| world.accepts(it)) {
        return Err(unauthorized());
    }
    own_organization(world, call)?;
    if world.armed.is(&Switch::NotAdmin) {
        let why = "An organization admin is needed for this.";
        return Err(coded(403, why, "forbidden"));
    }
    entitled(world)
}

fn entitled(world: &mut World) -> Result<(), Refusal> {
    if world.armed.is(&Switch::NotEntitled) {
        let why = "This organization is not entitled to Airbyte Embedded.";
        return Err(coded(403, why, "not_entitled"));
    }
    Ok(())
}

/// Lets in customers, too: who calls, and where the caller may.
fn visit(world: &mut World, call: &Call) -> Result<Caller, Refusal> {
    let bearer = call.bearer.as_deref();
    match Caller::of(world, bearer) {
        None => Err(unauthorized()),
        Some(Caller::Operator) => enter(world, call).map(|()| Caller::Operator),
        Some(customer) => {
            own_organization(world, call)?;
            entitled(world)?;
            Ok(customer)
        }
    }
}

fn unauthorized() -> Refusal {
    coded(
        401,
        "The access token is missing or not valid.",
        "unauthorized",
    )
}

/// The header is optional: credentials of one organization need none.
fn own_organization(world: &World, call: &Call) -> Result<(), Refusal> {
    let Some(named) = &call.organization else {
        return Ok(());
    };
    match named.parse::<Id>() {
        Ok(id) if id == world.account.organization => Ok(()),
        Ok(_) => Err(coded(
            403,
            "These credentials do not belong to that organization.",
            "forbidden",
        )),
        Err(_) => Err(invalid(vec![objection(
            "x-organization-id",
            "a UUID is needed",
            "uuid_parsing",
        )])),
    }
}

fn widget_token(world: &mut World, call: &Call) -> Answer {
    if world.armed.stands(&Switch::OlderWidgetPath) {
        return Err(error::bare(404, "Not Found"));
    }
    mint(world, call)
}

/// The path before the published one. It is there only when the other is not.
fn older_widget_token(world: &mut World, call: &Call) -> Answer {
    if !world.armed.stands(&Switch::OlderWidgetPath) {
        return Err(error::bare(404, "Not Found"));
    }
    mint(world, call)
}

fn mint(world: &mut World, call: &Call) -> Answer {
    enter(world, call)?;
    let mut form = Form::body(call)?;
    let (name, origin) = (
        form.need("workspace_name", TEXT),
        form.need("allowed_origin", TEXT),
    );
    let region = form.may("region_id", ID);
    let mut narrowed = |tags: &str| Tags {
        wanted: form.may(tags, TEXTS).unwrap_or_default(),
        any: form.word(&format!("{tags}_mode"), Tags::MODES) != Some("all"),
    };
    let tags = narrowed("selected_source_template_tags");
    // Connection templates have no tags here, so these choose nothing.
    narrowed("selected_connection_template_tags");
    form.end()?;
    let region = match region {
        None => Region::Us,
        Some(id) => Region::of(id).ok_or_else(|| {
            error::unacceptable("region_id", "There is no such region.", "unknown_region")
        })?,
    };
    let workspace = match world.workspace_named(&name) {
        Ok(Some(workspace)) => workspace,
        Ok(None) => world.make_workspace(&name, region),
        Err(why) => return Err(coded(500, &why, "internal_error")),
    };
    let widget = Widget {
        api: Api::Agents,
        tags,
    };
    let grant = Grant {
        workspace,
        actor: &name,
        base: &call.base,
    };
    let inner = world.issue_widget(&grant, &origin, widget);
    Ok(json!({"token": packed(&inner)}))
}

/// What a scoped token is good for. It is its own bearer.
fn scope(world: &mut World, call: &Call) -> Answer {
    own_organization(world, call)?;
    let bearer = call.bearer.as_deref().unwrap_or_default();
    let workspace = world.scope(bearer).ok_or_else(unauthorized)?;
    Ok(json!({
        "organization_id": world.account.organization,
        "workspace_id": workspace.id,
        "workspace_name": workspace.name,
    }))
}

/// The id at the end of the path.
fn asked_for(call: &Call) -> Result<Id, Refusal> {
    let malformed = |_| invalid(vec![objection("id", "a UUID is needed", "uuid_parsing")]);
    call.last_segment().parse().map_err(malformed)
}

/// A moment as the API writes it.
fn moment(seconds: i64) -> String {
    Timestamp::from_second(seconds)
        .unwrap_or(Timestamp::UNIX_EPOCH)
        .to_string()
}

/// The tags that a query asks for.
fn tags(call: &Call, form: &mut Form) -> Tags {
    let wanted = call.query.iter().filter(|(name, _)| name == "tags");
    Tags {
        wanted: wanted.map(|(_, tag)| tag.clone()).collect(),
        any: form.word("tags_mode", Tags::MODES) == Some("any"),
    }
}
