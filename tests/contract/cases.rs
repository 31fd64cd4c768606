//! One call for each kind of answer that the sandbox has on each of its routes.

use serde_json::{Value, json};

use super::site::Site;

const S3: &str = "4816b78f-1489-44c1-9060-4b19d5fa9362";
const FAKER: &str = "dfd88b22-b603-4c3d-aad7-3701784586b1";
const OTHER: &str = "5f0c3a1e-6a0e-4d0e-b1a7-0f7e5a3391aa";

/// What a call carries as its bearer.
#[derive(Clone, Copy, Debug)]
pub(super) enum Bearer {
    Access,
    Scoped,
    None,
}

/// What a call carries as its body.
#[derive(Clone, Debug)]
pub(super) enum Body {
    None,
    Json(Value),
    Raw(&'static str, String),
}

/// A call and the status of its answer.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) method: &'static str,
    /// As the sandbox names the route.
    pub(super) path: &'static str,
    /// What stands for `{id}`.
    pub(super) id: String,
    pub(super) query: &'static str,
    pub(super) bearer: Bearer,
    pub(super) organization: Option<&'static str>,
    pub(super) body: Body,
    pub(super) faults: &'static [&'static str],
    pub(super) status: u16,
}

fn get(path: &'static str, status: u16) -> Case {
    Case {
        method: "GET",
        path,
        id: OTHER.to_owned(),
        query: "",
        bearer: Bearer::Access,
        organization: None,
        body: Body::None,
        faults: &[],
        status,
    }
}

fn post(path: &'static str, status: u16, body: &Value) -> Case {
    Case {
        method: "POST",
        body: Body::Json(body.clone()),
        ..get(path, status)
    }
}

impl Case {
    fn query(self, query: &'static str) -> Self {
        Self { query, ..self }
    }
    fn id(self, id: &str) -> Self {
        let id = id.to_owned();
        Self { id, ..self }
    }
    fn bearer(self, bearer: Bearer) -> Self {
        Self { bearer, ..self }
    }
    fn fault(self, faults: &'static [&'static str]) -> Self {
        Self { faults, ..self }
    }
    fn method(self, method: &'static str) -> Self {
        Self { method, ..self }
    }
    fn organization(self, id: &'static str) -> Self {
        let organization = Some(id);
        Self {
            organization,
            ..self
        }
    }
    fn raw(self, kind: &'static str, text: &str) -> Self {
        let body = Body::Raw(kind, text.to_owned());
        Self { body, ..self }
    }
}

fn with(body: &Value, field: &str, value: Value) -> Value {
    let mut body = body.clone();
    body[field] = value;
    body
}

fn destination() -> Value {
    json!({"access_key_id": "AKIAEXAMPLE", "secret_access_key": "secret",
        "s3_bucket_name": "acme-embedded", "s3_bucket_path": "customers",
        "s3_bucket_region": "us-east-1",
        "format": {"format_type": "JSONL", "compression": {"compression_type": "GZIP"}}})
}

/// The public API.
pub(super) async fn v1(site: &Site) -> Vec<Case> {
    [v1_core(site).await, v1_source_templates(site).await].concat()
}

/// The newer API.
pub(super) async fn agents(site: &Site) -> Vec<Case> {
    [
        agents_core(site).await,
        // Before a second template of the same connector is made: then one must be named.
        agents_connectors(site).await,
        agents_source_templates(site).await,
    ]
    .concat()
}

async fn v1_source_templates(site: &Site) -> Vec<Case> {
    const SOURCE_TEMPLATES: &str = "/v1/config_templates/sources";
    const ONE_SOURCE_TEMPLATE: &str = "/v1/config_templates/sources/{id}";
    let organization = site.setting("AIRBYTE_ORGANIZATION_ID");
    let source = json!({"organizationId": organization, "actorDefinitionId": FAKER,
        "partialDefaultConfig": {"count": 5}});
    let made = site.made(SOURCE_TEMPLATES, &source).await;
    // The cases live as long as the test.
    let own: &str = format!("organizationId={organization}").leak();
    vec![
        get(SOURCE_TEMPLATES, 200).query(own),
        get(SOURCE_TEMPLATES, 403),
        get(SOURCE_TEMPLATES, 301).query(own).fault(&["moved"]),
        get(SOURCE_TEMPLATES, 401).bearer(Bearer::None),
        post(SOURCE_TEMPLATES, 200, &source),
        post(SOURCE_TEMPLATES, 403, &source).fault(&["not-entitled"]),
        post(
            SOURCE_TEMPLATES,
            404,
            &with(&source, "actorDefinitionId", json!(OTHER)),
        ),
        post(
            SOURCE_TEMPLATES,
            422,
            &with(&source, "partialDefaultConfig", json!({"count": 0})),
        ),
        get(ONE_SOURCE_TEMPLATE, 200).id(&made),
        get(ONE_SOURCE_TEMPLATE, 500),
        post(ONE_SOURCE_TEMPLATE, 200, &source)
            .method("PATCH")
            .id(&made),
        post(ONE_SOURCE_TEMPLATE, 500, &source).method("PATCH"),
    ]
}

async fn agents_source_templates(site: &Site) -> Vec<Case> {
    const SOURCES: &str = "/api/v1/integrations/templates/sources";
    const ONE_SOURCE: &str = "/api/v1/integrations/templates/sources/{id}";
    let source = json!({"actor_definition_id": FAKER, "name": "Rows", "mode": "MULTI",
        "partial_default_config": {"count": 5},
        "customization": {"stream_selection_mode": "whitelist", "stream_whitelist": ["users"]}});
    let made = site.made(SOURCES, &source).await;
    let rename = post(ONE_SOURCE, 200, &json!({"name": "Other rows"})).method("PATCH");
    vec![
        get(SOURCES, 200),
        get(SOURCES, 200).query("use_global=true"),
        get(SOURCES, 403).fault(&["not-entitled"]),
        post(SOURCES, 200, &source),
        post(SOURCES, 200, &json!({"original_source_template_id": made})),
        post(
            SOURCES,
            400,
            &with(&source, "actor_definition_id", json!(OTHER)),
        ),
        post(
            SOURCES,
            422,
            &with(&source, "partial_default_config", json!({"count": 0})),
        ),
        get(ONE_SOURCE, 200).id(&made),
        get(ONE_SOURCE, 404),
        get(ONE_SOURCE, 422).id("faker"),
        rename.clone().id(&made),
        Case {
            status: 404,
            ..rename
        },
        get(ONE_SOURCE, 200).method("DELETE").id(&made),
        get(ONE_SOURCE, 404).method("DELETE"),
    ]
}

async fn agents_connectors(site: &Site) -> Vec<Case> {
    const CONNECTORS: &str = "/api/v1/integrations/connectors";
    const ONE: &str = "/api/v1/integrations/connectors/{id}";
    site.workspace("connected").await;
    let source = json!({"workspace_name": "connected", "connector_type": "Sample Data",
        "replication_config": {"count": 5}});
    let made = site.made(CONNECTORS, &source).await;
    let wrong = with(&source, "replication_config", json!({"count": 0}));
    let change = post(ONE, 200, &json!({"replication_config": {"count": 6}})).method("PUT");
    vec![
        post(CONNECTORS, 200, &source),
        post(CONNECTORS, 400, &wrong),
        post(CONNECTORS, 422, &json!({})),
        get(CONNECTORS, 200).bearer(Bearer::Scoped),
        get(ONE, 200).id(&made),
        get(ONE, 404),
        change.clone().id(&made),
        Case {
            status: 404,
            ..change
        },
        get(ONE, 202).method("DELETE").id(&made),
        get(ONE, 404).method("DELETE"),
    ]
}

async fn v1_core(site: &Site) -> Vec<Case> {
    const TOKEN: &str = "/v1/applications/token";
    const TEMPLATE: &str = "/v1/config_templates/connections";
    const WIDGET: &str = "/v1/embedded/widget_token";
    const SCOPED: &str = "/v1/embedded/scoped_token";
    const EMBEDDED: &str = "/v1/embedded/organizations";
    let organization = site.setting("AIRBYTE_ORGANIZATION_ID");
    let credentials = site.credentials();
    let form = format!(
        "client_id={}&client_secret={}&grant-type=client_credentials",
        site.setting("AIRBYTE_CLIENT_ID"),
        site.setting("AIRBYTE_CLIENT_SECRET")
    );
    let template = json!({"organizationId": organization, "destinationName": "destination-s3",
        "destinationActorDefinitionId": S3, "destinationConfiguration": destination()});
    let cron = |text: &str| json!({"scheduleType": "cron", "cronExpression": text});
    let widget = json!({"organizationId": organization, "externalUserId": "user-42",
        "allowedOrigin": "http://localhost:3001"});
    let wrong = with(&credentials, "client_secret", json!("wrong"));
    let (twin, one) = ("twin", site.workspace("twin").await);
    site.workspace(twin).await;
    site.play().await;
    vec![
        get("/v1/sources", 200),
        get("/v1/sources/{id}", 200).id("the first"),
        get("/v1/sources/{id}", 403),
        get("/v1/connections", 200),
        get("/v1/connections/{id}", 200).id("the first"),
        get("/v1/connections/{id}", 403),
        get("/v1/jobs", 200),
        get("/v1/jobs", 200).query("orderBy=createdAt%7CDESC&limit=1"),
        get("/v1/jobs", 400).query("orderBy=size"),
        get("/v1/jobs/{id}", 200).id("the first"),
        get("/v1/health", 200).bearer(Bearer::None),
        post(TOKEN, 200, &credentials).bearer(Bearer::None),
        post(TOKEN, 200, &credentials).raw("application/x-www-form-urlencoded", &form),
        post(TOKEN, 401, &wrong),
        post(TOKEN, 400, &wrong).fault(&["credentials:400"]),
        post(TOKEN, 500, &wrong).fault(&["credentials:500"]),
        post(TOKEN, 400, &json!({})),
        post(TOKEN, 422, &json!({})).raw("application/json", "{"),
        post(TOKEN, 415, &json!({})).raw("text/plain", "x"),
        get(EMBEDDED, 200),
        get(EMBEDDED, 200).fault(&["not-admin"]),
        get(EMBEDDED, 200).fault(&["not-entitled"]),
        get(EMBEDDED, 401).bearer(Bearer::None),
        get("/v1/organizations", 200),
        get("/v1/organizations", 401).bearer(Bearer::None),
        post(TEMPLATE, 200, &template),
        post(TEMPLATE, 401, &template).bearer(Bearer::None),
        post(
            TEMPLATE,
            403,
            &with(&template, "organizationId", json!(OTHER)),
        ),
        post(TEMPLATE, 403, &template).fault(&["not-entitled"]),
        post(
            TEMPLATE,
            404,
            &with(&template, "destinationActorDefinitionId", json!(OTHER)),
        ),
        post(
            TEMPLATE,
            400,
            &with(&template, "schedule", cron("0 15 2 * * *")),
        ),
        post(
            TEMPLATE,
            422,
            &with(&template, "destinationConfiguration", json!(1)),
        ),
        post(TEMPLATE, 301, &template).fault(&["moved"]),
        post(TEMPLATE, 404, &template).fault(&["moved:404"]),
        post(WIDGET, 200, &widget),
        post(WIDGET, 200, &widget).query("debug"),
        post(WIDGET, 401, &widget).bearer(Bearer::None),
        post(
            WIDGET,
            403,
            &with(&widget, "organizationId", json!("malformed")),
        ),
        post(WIDGET, 403, &widget).fault(&["not-entitled"]),
        post(WIDGET, 400, &with(&widget, "allowedOrigin", Value::Null)),
        post(WIDGET, 500, &with(&widget, "externalUserId", json!(twin))),
        post(SCOPED, 200, &json!({ "workspaceId": one })),
        post(SCOPED, 403, &json!({"workspaceId": OTHER})),
        get("/v1/workspaces", 200),
        get("/v1/workspaces", 200).query("limit=1&offset=1"),
        get("/v1/workspaces", 200).query("offset=100"),
        get("/v1/workspaces", 400).query("limit=0"),
        get("/v1/workspaces", 403).query("workspaceIds=x"),
        get("/v1/workspaces/{id}", 200).id(&one),
        get("/v1/workspaces/{id}", 403),
        get("/v1/destinations", 200),
        get("/v1/destinations", 401).bearer(Bearer::None),
        get("/v1/destinations/{id}", 200).id("the first"),
        get("/v1/destinations/{id}", 403),
    ]
}

async fn agents_core(site: &Site) -> Vec<Case> {
    const TOKEN: &str = "/api/v1/account/applications/token";
    const WIDGET: &str = "/api/v1/account/applications/widget-token";
    const INFO: &str = "/api/v1/account/applications/scoped-token/info";
    const TEMPLATES: &str = "/api/v1/integrations/templates/connections";
    const ONE: &str = "/api/v1/integrations/templates/connections/{id}";
    const DESCRIBE: &str = "/api/v1/integrations/templates/connections/cron/describe";
    const CONNECTORS: &str = "/api/v1/integrations/connectors";
    const WORKSPACES: &str = "/api/v1/workspaces";
    let credentials = site.credentials();
    let wrong = with(&credentials, "client_secret", json!("wrong"));
    let template = json!({"destination_name": "destination-s3", "destination_definition_id": S3,
        "destination_config": destination(), "cron_expression": "0 0 * * * ?"});
    let widget = json!({"workspace_name": "user-42", "allowed_origin": "http://localhost:3001"});
    let change = post(ONE, 200, &json!({"sync_on_create": false})).method("PATCH");
    for name in ["twin", "twin", "other"] {
        site.workspace(name).await;
    }
    vec![
        post(TOKEN, 200, &credentials).bearer(Bearer::None),
        post(TOKEN, 401, &wrong),
        post(TOKEN, 400, &wrong).fault(&["credentials:400"]),
        post(TOKEN, 500, &wrong).fault(&["credentials:500"]),
        post(TOKEN, 422, &json!({"client_id": 1})),
        post(TOKEN, 422, &json!({})).raw("application/json", "{"),
        post(TOKEN, 403, &credentials).organization(OTHER),
        post(TOKEN, 422, &credentials).organization("x"),
        post(WIDGET, 200, &widget),
        post(WIDGET, 401, &widget).bearer(Bearer::None),
        post(WIDGET, 403, &widget).fault(&["not-entitled"]),
        post(WIDGET, 403, &widget).fault(&["not-admin"]),
        post(WIDGET, 400, &with(&widget, "region_id", json!(OTHER))),
        post(WIDGET, 422, &with(&widget, "region_id", json!("eu"))),
        post(WIDGET, 500, &with(&widget, "workspace_name", json!("twin"))),
        post(WIDGET, 404, &widget).fault(&["older-widget-path"]),
        get(INFO, 200).bearer(Bearer::Scoped),
        get(INFO, 401).bearer(Bearer::None),
        post(TEMPLATES, 200, &template),
        post(
            TEMPLATES,
            200,
            &json!({"data_hosting_type": "airbyte_hosted"}),
        ),
        post(
            TEMPLATES,
            400,
            &with(&template, "cron_expression", json!("hourly")),
        ),
        post(
            TEMPLATES,
            400,
            &with(&template, "destination_config", json!({})),
        ),
        post(TEMPLATES, 403, &template).organization(OTHER),
        post(TEMPLATES, 422, &json!({})),
        get(TEMPLATES, 200),
        get(TEMPLATES, 200).query("tags=a&tags_mode=any"),
        get(TEMPLATES, 403).fault(&["not-entitled"]),
        get(TEMPLATES, 422).query("tags_mode=some"),
        get(ONE, 200).id("the first"),
        get(ONE, 404),
        get(ONE, 422).id("destination-s3"),
        change.clone().id("the first"),
        Case {
            status: 404,
            ..change
        },
        post(DESCRIBE, 200, &json!({"cron_expression": "0 0 * * * ?"})),
        post(DESCRIBE, 200, &json!({"cron_expression": "hourly"})),
        post(DESCRIBE, 422, &json!({})),
        get(CONNECTORS, 200).query("workspace_name=user-42"),
        get(CONNECTORS, 422).query("workspace_id=x"),
        get(WORKSPACES, 200),
        get(WORKSPACES, 200).query("limit=1"),
        get(WORKSPACES, 400).query("cursor=x"),
        get(WORKSPACES, 422).query("status=gone"),
        get(ONE, 200).method("DELETE").id("the first"),
        get(ONE, 404).method("DELETE"),
    ]
}
