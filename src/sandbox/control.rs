//! `/__sandbox/*`: looking into the world and changing it by hand. Not part of any API, answered
//! only to programs of this machine.

use std::time::Instant;

use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use url::{Host, Url};

use super::Sandbox;
use super::call::text;
use super::destination;
use super::fault::Fault;
use super::jobs::Job;
use super::landing::Landed;
use super::pipeline::{Connection, Saved};
use super::play;
use super::template::{AgentsTemplate, Hosting, Template};
use super::workspace::Region;
use super::world::World;

/// Most that is kept of one request body, in bytes.
const KEPT_BODY: usize = 20 * 1024;
/// Most routes that are told apart: paths nobody serves are counted too.
const KEPT_ROUTES: usize = 512;
/// Most that a control call may send, in bytes.
const MAX_ORDER: usize = 64 * 1024;

/// What the sandbox leaves out.
const LIMITS: &[&str] = &[
    "only Sample Data has data, up to 100000 users; Avro and Parquet files are heads without rows",
    "a job runs when a customer saves a source or somebody starts it; schedules never fire",
    "every stream of a connection is appended, all of it each time, in one file",
    "one bucket, no versions, policies, encryption or access lists; objects of up to 256 MiB",
    "the widget page asks for its token and shows no catalogue",
    "templates of the newer API carry no tags, and its catalogue of sources is fixed",
    "one organization, one set of credentials, one destination definition (S3)",
    "first mints of one user at the same moment make one workspace; the platform may make two",
    "no TLS",
];

/// The routes.
pub(super) fn routes() -> Router<Sandbox> {
    Router::new()
        .route("/__sandbox/state", get(show_state))
        .route("/__sandbox/faults", post(add_fault).delete(clear_faults))
        .route("/__sandbox/revoke", post(revoke))
        .route("/__sandbox/workspaces", post(make_workspace))
        .route("/__sandbox/play", post(play))
        .route("/__sandbox/last-bodies", get(last_bodies))
        .route("/__sandbox/last-queries", get(last_queries))
        .layer(from_fn(guard))
}

/// Notes one request of the API.
pub(super) fn note(world: &mut World, request: &str, query: Option<&str>, body: &[u8]) {
    let traffic = &mut world.traffic;
    if traffic.counts.len() >= KEPT_ROUTES && !traffic.counts.contains_key(request) {
        return;
    }
    *traffic.counts.entry(request.to_owned()).or_insert(0) += 1;
    if let Some(query) = query {
        let kept = query.chars().take(KEPT_BODY).collect();
        traffic.queries.insert(request.to_owned(), kept);
    }
    if !body.is_empty() {
        let kept = body.iter().take(KEPT_BODY).copied().collect();
        traffic.bodies.insert(request.to_owned(), kept);
    }
}

/// The whole world, secrets masked.
pub(super) fn state(world: &World) -> Value {
    let agents = world.agents_templates.iter().map(show_agents_template);
    let templates: Vec<Value> = world
        .templates
        .iter()
        .map(show_template)
        .chain(agents)
        .collect();
    let workspaces: Vec<Value> = world
        .workspaces
        .iter()
        .map(|workspace| json!({"id": workspace.id, "name": workspace.name}))
        .collect();
    let destinations: Vec<Value> = world
        .destinations
        .iter()
        .map(|found| json!({"id": found.id, "name": found.name, "workspaceId": found.workspace}))
        .collect();
    let pipeline = &world.pipeline;
    let sources: Vec<Value> = pipeline.sources.iter().map(show_source).collect();
    let connections: Vec<Value> = pipeline.connections.iter().map(show_connection).collect();
    let now = pipeline.now;
    let jobs: Vec<Value> = pipeline.jobs.iter().map(|job| show_job(job, now)).collect();
    json!({
        "counts": world.traffic.counts,
        "templates": templates,
        "workspaces": workspaces,
        "destinations": destinations,
        "sources": sources,
        "connections": connections,
        "jobs": jobs,
        "objects": world.store.list("", None, usize::MAX).len(),
        "faults": world.armed.shown(),
        "tokens": {"access": world.issued.access, "widget": world.issued.widget},
        "limits": LIMITS,
    })
}

fn show_template(template: &Template) -> Value {
    let schedule = match &template.cron {
        Some(expression) => json!({"scheduleType": "cron", "cronExpression": expression}),
        None => json!({"scheduleType": "manual"}),
    };
    let mut shown = json!({
        "id": template.id,
        "name": template.name,
        "api": "v1",
        "destinationActorDefinitionId": destination::S3,
        "destinationConfiguration": destination::masked(&template.configuration),
        "schedule": schedule,
    });
    if let (Some(fields), Some(options)) = (shown.as_object_mut(), template.options.as_object()) {
        fields.extend(options.clone());
    }
    shown
}

fn show_source(found: &Saved) -> Value {
    json!({"id": found.id, "name": found.name, "workspaceId": found.workspace, "deleted": found.deleted})
}

fn show_connection(found: &Connection) -> Value {
    json!({
        "id": found.id,
        "name": found.name,
        "sourceId": found.source,
        "destinationId": found.destination,
        "workspaceId": found.workspace,
        "status": found.status(),
    })
}

/// With why it stays as it is, which the API does not say.
fn show_job(job: &Job, now: Instant) -> Value {
    json!({
        "id": job.id,
        "connectionId": job.connection,
        "type": job.kind.name(),
        "status": job.status(now).name(),
        "rows": job.landed.as_ref().map_or(0, Landed::total),
        "reason": job.reason(now),
    })
}

fn show_agents_template(template: &AgentsTemplate) -> Value {
    let configuration = match &template.hosting {
        Hosting::Airbyte => Value::Null,
        Hosting::User(destination) => destination::masked(&destination.configuration),
    };
    json!({
        "id": template.id,
        "name": template.name,
        "api": "agents",
        "destination_config": configuration,
        "cron_expression": template.cron,
    })
}

/// Refuses a name for this machine that only a browser under somebody else's control would use,
/// and pages of other origins.
async fn guard(request: Request, next: Next) -> Response {
    let headers = request.headers();
    let host = text(headers, header::HOST).unwrap_or_default();
    if !is_loopback(host) || is_foreign(headers, host) {
        let why = "control calls are answered on this machine's loopback names only";
        return (StatusCode::FORBIDDEN, Json(json!({ "message": why }))).into_response();
    }
    next.run(request).await
}

fn is_loopback(host: &str) -> bool {
    let Ok(url) = Url::parse(&format!("http://{host}")) else {
        return false;
    };
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn is_foreign(headers: &HeaderMap, host: &str) -> bool {
    headers
        .get(header::ORIGIN)
        .is_some_and(|origin| origin.as_bytes() != format!("http://{host}").as_bytes())
}

async fn show_state(State(sandbox): State<Sandbox>) -> Json<Value> {
    Json(sandbox.state())
}

async fn add_fault(
    State(sandbox): State<Sandbox>,
    request: Request,
) -> Result<Json<Value>, Response> {
    let fault: Fault = order(request, "fault")
        .await?
        .parse()
        .map_err(|why: String| refused(&why))?;
    sandbox.add_fault(fault);
    Ok(Json(json!({"faults": sandbox.world().armed.shown()})))
}

async fn clear_faults(State(sandbox): State<Sandbox>) -> Json<Value> {
    let mut world = sandbox.world();
    world.armed.clear();
    Json(json!({"faults": world.armed.shown()}))
}

async fn revoke(State(sandbox): State<Sandbox>) -> Json<Value> {
    let mut world = sandbox.world();
    world.revoke();
    Json(json!({"issued": world.issued.access}))
}

async fn make_workspace(
    State(sandbox): State<Sandbox>,
    request: Request,
) -> Result<Json<Value>, Response> {
    let name = order(request, "name").await?;
    let id = sandbox.world().make_workspace(&name, Region::Us);
    Ok(Json(json!({"id": id, "name": name})))
}

async fn last_bodies(State(sandbox): State<Sandbox>) -> Json<Value> {
    let world = sandbox.world();
    let bodies = world.traffic.bodies.iter();
    Json(
        bodies
            .map(|(request, body)| (request.clone(), Value::from(String::from_utf8_lossy(body))))
            .collect(),
    )
}

async fn last_queries(State(sandbox): State<Sandbox>) -> Json<Value> {
    Json(json!(sandbox.world().traffic.queries))
}

/// 400 for an order that cannot be read, 404 for a user without a workspace.
async fn play(State(sandbox): State<Sandbox>, request: Request) -> Result<Json<Value>, Response> {
    let body = to_bytes(request.into_body(), MAX_ORDER).await;
    let order = play::Order::of(&body.unwrap_or_default()).map_err(|why| refused(&why))?;
    let played = play::play(&sandbox, &order).await;
    played
        .map(Json)
        .map_err(|why| (StatusCode::NOT_FOUND, Json(json!({ "message": why }))).into_response())
}

/// The one text field of an order.
async fn order(request: Request, field: &str) -> Result<String, Response> {
    let body: Bytes = to_bytes(request.into_body(), MAX_ORDER)
        .await
        .unwrap_or_default();
    let fields: Value = serde_json::from_slice(&body).unwrap_or_default();
    match fields.get(field).and_then(Value::as_str) {
        Some(text) => Ok(text.to_owned()),
        None => Err(refused(&format!(
            "the body must be JSON with a text `{field}`"
        ))),
    }
}

fn refused(message: &str) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({ "message": message }))).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_names_are_told_from_others() {
        for good in [
            "localhost",
            "localhost:3000",
            "127.0.0.1:1",
            "127.9.9.9",
            "[::1]:80",
            "LOCALHOST",
        ] {
            assert!(is_loopback(good), "{good}");
        }
        for bad in [
            "",
            "evil.example",
            "localhost.evil",
            "10.0.0.1",
            "[::2]",
            "127.0.0.1.evil.example",
            "0.0.0.0",
        ] {
            assert!(!is_loopback(bad), "{bad}");
        }
    }
}
