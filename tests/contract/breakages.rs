//! The contract test, tested: replies and requests that are broken on purpose must be found.

use serde_json::{Value, json};

use super::cases;
use super::document::{Api, Finding, Request, documents};
use super::exceptions::{AGENTS_REPLIES, Exception, V1_REPLIES, any, reconcile, unexcepted};
use super::replies::Asker;

/// Route, and the fault that breaks its good answer.
type Break = (&'static str, &'static str, &'static [&'static str]);

const V1: &[Break] = &[
    (
        "POST",
        "/v1/applications/token",
        &["token=missing:access_token"],
    ),
    ("POST", "/v1/applications/token", &["token=type:expires_in"]),
    (
        "POST",
        "/v1/applications/token",
        &["token=value:token_type:bearer"],
    ),
    ("POST", "/v1/applications/token", &["no-expiry"]),
    (
        "POST",
        "/v1/config_templates/connections",
        &["template=value:id:7"],
    ),
    (
        "GET",
        "/v1/config_templates/sources",
        &["templates=missing:data.0.icon"],
    ),
    (
        "GET",
        "/v1/config_templates/sources/{id}",
        &["templates=null:partialDefaultConfig"],
    ),
    ("POST", "/v1/embedded/widget_token", &["widget=null:token"]),
    ("POST", "/v1/embedded/widget_token", &["widget=array"]),
    ("POST", "/v1/embedded/widget_token", &["widget=wrong-type"]),
    (
        "GET",
        "/v1/embedded/organizations",
        &["organizations=value:organizations.0.permission:king"],
    ),
    (
        "GET",
        "/v1/organizations",
        &["organizations=value:data.0.email:nobody"],
    ),
    ("GET", "/v1/workspaces", &["workspaces=null:next"]),
    (
        "GET",
        "/v1/workspaces",
        &["workspaces=missing:data.0.dataResidency"],
    ),
    ("GET", "/v1/destinations", &["destinations=cut-json"]),
    ("GET", "/v1/health", &["any=status:202"]),
];

const AGENTS: &[Break] = &[
    (
        "POST",
        "/api/v1/account/applications/token",
        &["token=type:organization_id"],
    ),
    (
        "POST",
        "/api/v1/account/applications/token",
        &["token=missing:expires_in"],
    ),
    (
        "POST",
        "/api/v1/account/applications/widget-token",
        &["widget=missing:token"],
    ),
    (
        "POST",
        "/api/v1/integrations/templates/connections",
        &["template=value:data_hosting_type:rented"],
    ),
    (
        "POST",
        "/api/v1/integrations/templates/connections",
        &["template=value:created_at:yesterday"],
    ),
    (
        "GET",
        "/api/v1/integrations/templates/connections",
        &["templates=null:data.0.destination_config"],
    ),
    (
        "POST",
        "/api/v1/integrations/templates/connections/cron/describe",
        &["templates=type:is_valid"],
    ),
    (
        "GET",
        "/api/v1/integrations/templates/sources",
        &["sources=missing:data.0.icon"],
    ),
    (
        "GET",
        "/api/v1/integrations/templates/sources/{id}",
        &["sources=value:mode:BOTH"],
    ),
    (
        "GET",
        "/api/v1/integrations/connectors",
        &["connectors=missing:data"],
    ),
    ("GET", "/api/v1/workspaces", &["workspaces=string"]),
    (
        "GET",
        "/api/v1/workspaces",
        &["workspaces=value:data.0.status:asleep"],
    ),
];

#[tokio::test]
async fn broken_replies_are_found() {
    let Some(documents) = documents() else { return };
    let asker = Asker::new().await;
    for (api, breaks, exceptions) in [
        (Api::V1, V1, V1_REPLIES),
        (Api::Agents, AGENTS, AGENTS_REPLIES),
    ] {
        let cases = match api {
            Api::V1 => cases::v1(&asker.site).await,
            Api::Agents => cases::agents(&asker.site).await,
        };
        let document = &documents[api as usize];
        for (method, path, faults) in breaks {
            let mut good = cases.iter();
            let mut case = good
                .find(|it| it.method == *method && it.path == *path && it.status == 200)
                .unwrap()
                .clone();
            let sound = asker.ask(&case).await;
            let sound = document.reply(method, path, &sound);
            assert!(sound.is_empty(), "{method} {path}: {sound:?}");
            case.faults = faults;
            let broken = asker.ask(&case).await;
            let found = unexcepted(&document.reply(method, path, &broken), exceptions);
            assert!(!found.is_empty(), "{method} {path} under {faults:?}");
        }
    }
}

const ID: &str = "5f0c3a1e-6a0e-4d0e-b1a7-0f7e5a3391aa";

/// Path, a good body, and changes that make it a bad one.
type Bodies = (&'static str, Value, Vec<(&'static str, Value)>);

fn bodies() -> [Bodies; 4] {
    [
        (
            "/v1/embedded/widget_token",
            json!({"organizationId": ID, "externalUserId": "u", "allowedOrigin": "http://x"}),
            vec![
                ("externalUserId", json!(0)),
                ("organizationId", json!("acme")),
                ("allowedOrigin", json!(null)),
                ("external_user_id", json!("u")),
            ],
        ),
        (
            "/v1/config_templates/connections",
            json!({"organizationId": ID, "destinationName": "n",
                "destinationActorDefinitionId": ID, "destinationConfiguration": {}}),
            vec![
                ("syncOnCreate", json!("yes")),
                ("schedule", json!({"scheduleType": "hourly"})),
                ("destinationConfiguration", json!("{}")),
                ("namespaceDefinitionType", json!("custom_format")),
            ],
        ),
        (
            "/api/v1/account/applications/widget-token",
            json!({"workspace_name": "u", "allowed_origin": "http://x"}),
            vec![
                ("workspace_name", json!(null)),
                ("organization_id", json!(ID)),
                ("region_id", json!("eu")),
            ],
        ),
        (
            "/api/v1/integrations/templates/connections",
            json!({"destination_name": "n", "destination_definition_id": ID,
                "destination_config": {}}),
            vec![
                ("destination_name", json!(1)),
                ("schedule", json!({})),
                ("non_breaking_changes_preference", json!("stop")),
            ],
        ),
    ]
}

/// A query, and whether it is published.
const QUERIES: &[(&str, &str, bool)] = &[
    ("/v1/workspaces", "limit=100&offset=0", true),
    ("/v1/workspaces", "limit=many", false),
    ("/v1/workspaces", "name=u", false),
    ("/api/v1/workspaces", "name_contains=7&cursor=x", true),
    ("/api/v1/workspaces", "limit=101", false),
    ("/api/v1/workspaces", "status=gone", false),
    (
        "/api/v1/integrations/templates/connections",
        "tags=a&tags=b&tags_mode=any",
        true,
    ),
    (
        "/api/v1/integrations/connectors",
        "workspace_name=null",
        true,
    ),
    ("/api/v1/integrations/connectors", "user=u", false),
];

#[test]
fn broken_requests_are_found() {
    let Some(documents) = documents() else { return };
    for (path, good, changes) in bodies() {
        let found = |method: &str, path: &str, body: Option<&Value>| {
            let request = Request {
                body: body.map(Value::to_string),
                query: None,
            };
            let document = &documents[Api::of(path) as usize];
            document.request(method, path, &request).len()
        };
        assert_eq!(found("POST", path, Some(&good)), 0, "{path}");
        for (field, value) in changes {
            let mut broken = good.clone();
            broken[field] = value.clone();
            let count = found("POST", path, Some(&broken));
            assert!(count > 0, "{path}: {field} = {value}");
        }
        assert!(found("POST", path, None) > 0, "{path} without a body");
        assert!(found("PUT", path, Some(&good)) > 0, "another method");
        assert!(found("POST", &format!("{path}s"), Some(&good)) > 0);
    }
    for (path, query, published) in QUERIES {
        let request = Request {
            body: None,
            query: Some((*query).to_owned()),
        };
        let found = documents[Api::of(path) as usize].request("GET", path, &request);
        assert_eq!(found.is_empty(), *published, "{path}?{query}: {found:?}");
    }
}

const MEANT: &[Exception] = &[any("500", "meant")];

/// Neither a difference nor an exception goes unnoticed.
#[test]
fn stale_exceptions_are_found() {
    let finding = Finding::new(
        "GET",
        "/v1/health",
        500,
        "the document has no such status".to_owned(),
    );
    let told = |findings: &[Finding], exceptions: &'static [Exception]| {
        let findings = findings.to_vec();
        std::panic::catch_unwind(move || reconcile(&findings, exceptions)).is_err()
    };
    assert!(!told(&[], &[]));
    assert!(told(std::slice::from_ref(&finding), &[]));
    assert!(!told(&[finding], MEANT));
    assert!(told(&[], MEANT));
}
