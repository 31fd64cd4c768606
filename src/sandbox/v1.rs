//! The public API under `/v1`, as published, with the Embedded endpoints it had until April 2026.

mod connections;
mod jobs;
mod lists;
mod paging;
mod source_templates;
mod sources;
mod templates;

use axum::Router;
use axum::routing::get;
use serde_json::{Map, Value, json};

use super::Sandbox;
use super::call::Call;
use super::caller::Caller;
use super::fault::Switch;
use super::ids::Id;
use super::problem::{self, Refusal};
use super::rule::Method::{Delete, Get, Patch, Post};
use super::rule::{self, Answer, Rule};
use super::workspace::Widget;
use super::world::{Account, Grant, World, packed};

/// Where the published document says it is.
pub(super) const PREFIX: &str = "/v1";

const SOURCE_TEMPLATES: &str = "/config_templates/sources";
const ONE_SOURCE_TEMPLATE: &str = "/config_templates/sources/{id}";

/// Everything that answers in JSON.
pub(super) const RULES: &[Rule] = &[
    Rule(Post, "/applications/token", token),
    Rule(Get, "/embedded/organizations", embedded_organizations),
    Rule(Post, "/embedded/widget_token", widget_token),
    Rule(Post, "/embedded/scoped_token", scoped_token),
    Rule(Post, "/config_templates/connections", templates::create),
    Rule(Get, SOURCE_TEMPLATES, source_templates::list),
    Rule(Post, SOURCE_TEMPLATES, source_templates::create),
    Rule(Get, ONE_SOURCE_TEMPLATE, source_templates::show),
    Rule(Patch, ONE_SOURCE_TEMPLATE, source_templates::change),
    Rule(Get, "/organizations", organizations),
    Rule(Get, "/workspaces", lists::workspaces),
    Rule(Get, "/workspaces/{id}", lists::workspace),
    Rule(Get, "/destinations", lists::destinations),
    Rule(Get, "/destinations/{id}", lists::destination),
    Rule(Get, "/sources", sources::list),
    Rule(Post, "/sources", sources::create),
    Rule(Get, "/sources/{id}", sources::show),
    Rule(Delete, "/sources/{id}", sources::delete),
    Rule(Get, "/connections", connections::list),
    Rule(Post, "/connections", connections::create),
    Rule(Get, "/connections/{id}", connections::show),
    Rule(Delete, "/connections/{id}", connections::delete),
    Rule(Get, "/jobs", jobs::list),
    Rule(Post, "/jobs", jobs::create),
    Rule(Get, "/jobs/{id}", jobs::show),
    Rule(Delete, "/jobs/{id}", jobs::cancel),
];

/// The one path that answers in plain text.
pub(super) const HEALTH: &str = "/health";

/// Paths whose only answer is that they are not there.
const RETIRED: &[Rule] = &[
    Rule(Get, "/config_templates/{*rest}", templates::retired),
    Rule(Post, "/config_templates/{*rest}", templates::retired),
    Rule(Patch, "/config_templates/{*rest}", templates::retired),
    Rule(Delete, "/config_templates/{*rest}", templates::retired),
];

/// The routes under this prefix.
pub(super) fn routes(prefix: &str) -> Router<Sandbox> {
    rule::routes(RULES, prefix)
        .merge(rule::routes(RETIRED, prefix))
        .route(
            &format!("{prefix}{HEALTH}"),
            get(|| async { "Successful operation" }),
        )
}

fn token(world: &mut World, call: &Call) -> Answer {
    let fields = call.fields(world)?;
    // The published property has a hyphen; any other spelling is an unknown property and ignored.
    let known = |grant: &Value| {
        grant.is_null()
            || grant
                .as_str()
                .is_some_and(|grant| grant.eq_ignore_ascii_case("client_credentials"))
    };
    if !fields.get("grant-type").is_none_or(known) {
        return Err(world.opaque(422));
    }
    let (Some(id), Some(secret)) = (text(&fields, "client_id"), text(&fields, "client_secret"))
    else {
        return Err(world.opaque(400));
    };
    if id != world.account.client_id.to_string() || secret != world.account.client_secret {
        return Err(bad_credentials(world, call));
    }
    let access = world.issue_access(&call.base);
    let mut answer = json!({"access_token": access.token, "token_type": "Bearer"});
    if let (Some(fields), Some(seconds)) = (answer.as_object_mut(), access.expires_in) {
        fields.insert("expires_in".to_owned(), Value::from(seconds));
    }
    Ok(answer)
}

/// The answer depends on the edition and its age; Cloud's current one unless switched.
fn bad_credentials(world: &mut World, call: &Call) -> Refusal {
    if world.armed.is(&Switch::BadRequestOnCredentials) {
        return problem::framework(400, &call.path, "Invalid client id or token");
    }
    let code = if world.armed.is(&Switch::ServerErrorOnCredentials) {
        500
    } else {
        401
    };
    world.opaque(code)
}

/// Refuses a call without a bearer that counts.
fn authenticated(world: &World, call: &Call) -> Result<(), Refusal> {
    match &call.bearer {
        Some(bearer) if world.accepts(bearer) => Ok(()),
        Some(_) | None => Err(problem::framework(401, &call.path, "Unauthorized")),
    }
}

/// Refuses a call without a bearer that counts, the operator's or a customer's.
fn caller(world: &World, call: &Call) -> Result<Caller, Refusal> {
    let found = Caller::of(world, call.bearer.as_deref());
    found.ok_or_else(|| problem::framework(401, &call.path, "Unauthorized"))
}

/// Refuses who is not an admin of the organization in the body. Roles come from the body as it
/// arrived, so an id that cannot be read is one on which the caller has none.
fn admin(world: &mut World, fields: &Map<String, Value>) -> Result<(), Refusal> {
    let named = fields
        .get("organizationId")
        .or_else(|| fields.get("organization_id"))
        .and_then(Value::as_str)
        .and_then(|id| id.parse::<Id>().ok());
    if named != Some(world.account.organization) || world.armed.is(&Switch::NotAdmin) {
        return Err(problem::forbidden());
    }
    Ok(())
}

fn entitled(world: &mut World, entitlement: &str) -> Result<(), Refusal> {
    if world.armed.is(&Switch::NotEntitled) {
        return Err(problem::not_entitled(entitlement));
    }
    Ok(())
}

fn embedded_organizations(world: &mut World, call: &Call) -> Answer {
    authenticated(world, call)?;
    if world.armed.is(&Switch::NotEntitled) {
        return Ok(json!({"organizations": []}));
    }
    let permission = if world.armed.is(&Switch::NotAdmin) {
        "organization_reader"
    } else {
        "organization_admin"
    };
    Ok(json!({"organizations": [{
        "organizationId": world.account.organization,
        "organizationName": Account::ORGANIZATION_NAME,
        "permission": permission,
    }]}))
}

fn organizations(world: &mut World, call: &Call) -> Answer {
    authenticated(world, call)?;
    Ok(json!({"data": [{
        "organizationId": world.account.organization,
        "organizationName": Account::ORGANIZATION_NAME,
        "email": Account::EMAIL,
    }]}))
}

fn widget_token(world: &mut World, call: &Call) -> Answer {
    authenticated(world, call)?;
    let fields = call.json(world)?;
    admin(world, &fields)?;
    let (Some(_), Some(user), Some(origin)) = (
        fields.get("organizationId"),
        text(&fields, "externalUserId"),
        text(&fields, "allowedOrigin"),
    ) else {
        return Err(world.opaque(400));
    };
    entitled(world, "feature-embedded")?;
    let workspace = match world.workspace_for(&user) {
        Ok(workspace) => workspace,
        Err(_unsaid) => return Err(world.opaque(500)),
    };
    let grant = Grant {
        workspace,
        actor: &user,
        base: &call.base,
    };
    let inner = world.issue_widget(&grant, &origin, Widget::default());
    if call.parameter("debug").is_some() {
        return Ok(inner);
    }
    Ok(json!({"token": packed(&inner)}))
}

fn scoped_token(world: &mut World, call: &Call) -> Answer {
    authenticated(world, call)?;
    let fields = call.json(world)?;
    let workspace = text(&fields, "workspaceId")
        .and_then(|id| id.parse().ok())
        .filter(|id| world.workspaces.iter().any(|workspace| workspace.id == *id));
    let Some(workspace) = workspace else {
        return Err(problem::forbidden());
    };
    if world.armed.is(&Switch::NotAdmin) {
        return Err(problem::forbidden());
    }
    entitled(world, "feature-embedded")?;
    let grant = Grant {
        workspace,
        actor: &workspace.to_string(),
        base: &call.base,
    };
    Ok(json!({"token": world.issue_scoped(&grant)}))
}

/// A text field; numbers and booleans become texts, as the platform's JSON reader makes them.
fn text(fields: &Map<String, Value>, name: &str) -> Option<String> {
    match fields.get(name)? {
        Value::String(text) => Some(text.clone()),
        scalar @ (Value::Number(_) | Value::Bool(_)) => Some(scalar.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
