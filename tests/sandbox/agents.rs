//! What the agents API does: the organization in a header, workspaces with nothing in them, and one
//! envelope for every error.

use super::*;

pub(super) const TOKEN: &str = "/api/v1/account/applications/token";
pub(super) const WIDGET: &str = "/api/v1/account/applications/widget-token";
pub(super) const TEMPLATES: &str = "/api/v1/integrations/templates/connections";
const OLDER_WIDGET: &str = "/api/v1/embedded/widget-token";
pub(super) const INFO: &str = "/api/v1/account/applications/scoped-token/info";
pub(super) const SOURCES: &str = "/api/v1/integrations/templates/sources";
pub(super) const CONNECTORS: &str = "/api/v1/integrations/connectors";
const WORKSPACES: &str = "/api/v1/workspaces";
pub(super) const OTHER: &str = "5f0c3a1e-6a0e-4d0e-b1a7-0f7e5a3391aa";

impl Site {
    pub(super) async fn agents_token(&self) -> String {
        let reply = self.post(TOKEN, "", &self.agents_credentials()).await;
        reply.json()["access_token"].as_str().unwrap().to_owned()
    }

    pub(super) fn agents_credentials(&self) -> Value {
        json!({"client_id": self.setting("AIRBYTE_CLIENT_ID"),
            "client_secret": self.setting("AIRBYTE_CLIENT_SECRET")})
    }

    pub(super) fn agents_template(&self) -> Value {
        json!({
            "destination_name": "destination-s3",
            "destination_definition_id": S3,
            "destination_config": self.template_body()["destinationConfiguration"],
            "cron_expression": "0 0 * * * ?",
        })
    }

    pub(super) async fn call(&self, method: Method, path: &str, body: &Value) -> Reply {
        let token = self.agents_token().await;
        let request = self.request(method, path).bearer_auth(token);
        reply(request.json(body).send().await.unwrap())
            .await
            .unwrap()
    }

    pub(super) async fn workspace(&self, name: &str) {
        let made = self
            .request(Method::POST, "/__sandbox/workspaces")
            .json(&json!({"name": name}));
        assert_eq!(made.send().await.unwrap().status(), 200);
    }
}

/// The fields that an error names.
pub(super) fn named(reply: &Reply) -> Vec<String> {
    let errors = reply.json()["errors"].clone();
    let fields = errors.as_array().unwrap().iter();
    fields
        .map(|error| error["field"].as_str().unwrap_or("-").to_owned())
        .collect()
}

fn widget(name: &str) -> Value {
    json!({"workspace_name": name, "allowed_origin": "http://localhost:3001"})
}

// --- tokens and organizations

#[tokio::test]
async fn a_token_names_its_organization() {
    let site = Site::new(&[]).await;
    let reply = site.post(TOKEN, "", &site.agents_credentials()).await;
    assert_eq!(reply.status, 200);
    let answer = reply.json();
    assert_eq!(answer["token_type"], "bearer");
    assert_eq!(answer["expires_in"], 900);
    assert_eq!(
        answer["organization_id"],
        json!(site.setting("AIRBYTE_ORGANIZATION_ID"))
    );
    let token = answer["access_token"].as_str().unwrap();
    assert_eq!(site.get(WORKSPACES, token).await.status, 200);
    assert_eq!(
        site.get("/v1/workspaces", token).await.status,
        200,
        "the account is one"
    );
}

#[tokio::test]
async fn credentials_are_refused_in_the_envelope() {
    for (faults, status) in [
        (vec![], 401),
        (vec!["credentials:400"], 400),
        (vec!["credentials:500"], 500),
    ] {
        let site = Site::new(&faults).await;
        let mut body = site.agents_credentials();
        body["client_secret"] = json!("wrong");
        let reply = site.post(TOKEN, "", &body).await;
        assert_eq!(reply.status, status);
        assert!(reply.json()["message"].is_string());
        assert_eq!(
            reply.json()["errors"][0]["error_code"],
            "invalid_credentials"
        );
    }
    let site = Site::new(&[]).await;
    let empty = site.post(TOKEN, "", &json!({"client_id": 7})).await;
    assert_eq!(
        (empty.status, named(&empty)),
        (
            422,
            vec!["client_id".to_owned(), "client_secret".to_owned()]
        )
    );
    for (kind, body) in [
        ("application/json", "{\"client_id\":"),
        ("application/json", "[]"),
        ("application/x-www-form-urlencoded", "client_id=a"),
    ] {
        let request = site
            .request(Method::POST, TOKEN)
            .header("content-type", kind)
            .body(body);
        let reply = reply(request.send().await.unwrap()).await.unwrap();
        assert_eq!(
            (reply.status, named(&reply)),
            (422, vec!["body".to_owned()]),
            "{body}"
        );
    }
}

#[tokio::test]
async fn the_organization_header_must_be_the_credentials_own() {
    let site = Site::new(&[]).await;
    let own = site.setting("AIRBYTE_ORGANIZATION_ID");
    let token = site.agents_token().await;
    for (value, status) in [(own.as_str(), 200), (OTHER, 403), ("mine", 422), ("", 422)] {
        for request in [
            site.request(Method::POST, TOKEN)
                .json(&site.agents_credentials()),
            site.request(Method::GET, TEMPLATES).bearer_auth(&token),
            site.request(Method::POST, WIDGET)
                .bearer_auth(&token)
                .json(&widget("u")),
        ] {
            let sent = request.header("x-organization-id", value).send();
            let reply = reply(sent.await.unwrap()).await.unwrap();
            assert_eq!(reply.status, status, "{value}: {}", reply.text);
            assert_eq!(reply.json()["errors"].is_array(), status != 200);
        }
    }
}

#[tokio::test]
async fn only_an_access_token_opens_and_only_for_the_entitled() {
    let site = Site::new(&[]).await;
    for path in [TEMPLATES, SOURCES, CONNECTORS, WORKSPACES, INFO] {
        for bearer in ["", "x"] {
            let reply = site.get(path, bearer).await;
            assert_eq!(reply.status, 401, "{path}");
            assert_eq!(reply.json()["errors"][0]["error_code"], "unauthorized");
        }
    }
    let revoked = site.agents_token().await;
    site.request(Method::POST, "/__sandbox/revoke")
        .send()
        .await
        .unwrap();
    assert_eq!(site.get(WORKSPACES, &revoked).await.status, 401);
    for (fault, code) in [("not-entitled", "not_entitled"), ("not-admin", "forbidden")] {
        let site = Site::new(&[fault]).await;
        let token = site.agents_token().await;
        for reply in [
            site.post(WIDGET, &token, &widget("u")).await,
            site.post(TEMPLATES, &token, &site.agents_template()).await,
            site.get(TEMPLATES, &token).await,
            site.get(SOURCES, &token).await,
        ] {
            assert_eq!(reply.status, 403, "{fault}");
            assert_eq!(reply.json()["errors"][0]["error_code"], json!(code));
        }
        assert_eq!((site.seen("templates"), site.seen("workspaces")), (0, 0));
    }
}

#[tokio::test]
async fn unknown_paths_and_methods_come_in_the_envelope() {
    let site = Site::new(&[]).await;
    for (method, path, status) in [
        (Method::GET, "/api/v1/nothing", 404),
        (Method::PUT, TEMPLATES, 405),
    ] {
        let request = site.request(method, path);
        let reply = reply(request.send().await.unwrap()).await.unwrap();
        assert_eq!(reply.status, status);
        assert_eq!(reply.json()["errors"], json!([]));
        assert!(reply.json()["_links"].is_null());
    }
}

// --- users

#[tokio::test]
async fn a_first_mint_makes_a_workspace_and_nothing_in_it() {
    let site = Site::new(&[]).await;
    site.create().await;
    site.call(Method::POST, TEMPLATES, &site.agents_template())
        .await;
    let reply = site.call(Method::POST, WIDGET, &widget("user-42")).await;
    assert_eq!(reply.status, 200);
    let inner: Value = serde_json::from_str(&unpacked(&reply)).unwrap();
    let claims = claims(inner["token"].as_str().unwrap());
    let workspace = site.sandbox.state()["workspaces"][0]["id"].clone();
    assert_eq!(claims["act"], json!({"sub": "user-42"}));
    assert_eq!(
        claims["io.airbyte.auth.workspace_scope"],
        json!({"workspaceId": workspace})
    );
    assert!(
        inner["widgetUrl"]
            .as_str()
            .unwrap()
            .ends_with("&allowedOrigin=http%3A%2F%2Flocalhost%3A3001")
    );
    assert_eq!(site.seen("destinations"), 0);

    site.call(Method::POST, WIDGET, &widget("user-42")).await;
    site.mint("user-42").await;
    assert_eq!(site.seen("workspaces"), 1, "the name is the user, to both");
    site.workspace("user-42").await;
    let ambiguous = site.call(Method::POST, WIDGET, &widget("user-42")).await;
    assert_eq!(ambiguous.status, 500);
}

#[tokio::test]
async fn a_mint_reads_region_and_tags() {
    let site = Site::new(&[]).await;
    let token = site.agents_token().await;
    for (field, value, status) in [
        (
            "region_id",
            json!("B9E48D61-F082-4A14-A8D0-799A907938CB"),
            200,
        ),
        ("region_id", json!(null), 200),
        ("region_id", json!(OTHER), 400),
        ("region_id", json!("eu"), 422),
        ("selected_source_template_tags", json!(["a"]), 200),
        ("selected_source_template_tags", json!("a"), 422),
        ("selected_connection_template_tags", json!([1]), 422),
        ("selected_source_template_tags_mode", json!("all"), 200),
        ("selected_connection_template_tags_mode", json!("none"), 422),
        ("allowed_origin", json!("not an origin at all/"), 200),
        ("allowed_origin", json!(null), 422),
        ("workspace_name", json!(0), 422),
    ] {
        let mut body = widget("eu");
        body[field] = value.clone();
        let reply = site.post(WIDGET, &token, &body).await;
        assert_eq!(reply.status, status, "{field} = {value}: {}", reply.text);
        if status != 200 {
            assert_eq!(named(&reply), [field]);
        }
    }
    let listed = site.get("/v1/workspaces", &token).await.json();
    assert_eq!(listed["data"][0]["dataResidency"], "EU");
    assert_eq!(site.seen("workspaces"), 1);
}

#[tokio::test]
async fn the_widget_path_is_the_published_one_or_the_older_one() {
    for (faults, path, other) in [
        (vec![], WIDGET, OLDER_WIDGET),
        (vec!["older-widget-path"], OLDER_WIDGET, WIDGET),
    ] {
        let site = Site::new(&faults).await;
        let token = site.agents_token().await;
        for _ in 0..2 {
            let missing = site.post(other, &token, &widget("u")).await;
            assert_eq!(missing.status, 404, "{other}");
            assert!(missing.json()["errors"].is_array());
            assert_eq!(site.post(path, &token, &widget("u")).await.status, 200);
        }
    }
}

#[tokio::test]
async fn a_scoped_token_tells_whose_it_is() {
    let site = Site::new(&[]).await;
    let minted = site.call(Method::POST, WIDGET, &widget("u")).await;
    let inner: Value = serde_json::from_str(&unpacked(&minted)).unwrap();
    let scoped = inner["token"].as_str().unwrap();
    let info = site.get(INFO, scoped).await;
    assert_eq!(
        info.json(),
        json!({"organization_id": site.setting("AIRBYTE_ORGANIZATION_ID"),
            "workspace_id": site.sandbox.state()["workspaces"][0]["id"], "workspace_name": "u"})
    );
    let access = site.agents_token().await;
    assert_eq!(site.get(INFO, &access).await.status, 401, "another kind");
    assert_eq!(site.get(WORKSPACES, scoped).await.status, 401);
    let ended = Site::with(Options {
        widget_token_ttl: Some(Duration::ZERO),
        ..Options::default()
    })
    .await;
    let minted = ended.call(Method::POST, WIDGET, &widget("u")).await;
    let inner: Value = serde_json::from_str(&unpacked(&minted)).unwrap();
    let reply = ended.get(INFO, inner["token"].as_str().unwrap()).await;
    assert_eq!(reply.status, 401);
}

#[tokio::test]
async fn workspaces_are_found_by_name_and_paged_by_cursor() {
    let site = Site::new(&[]).await;
    let token = site.agents_token().await;
    assert_eq!(
        site.get(WORKSPACES, &token).await.json(),
        json!({"next": null, "data": []})
    );
    for name in ["Anna", "ben", "hannah", "Joanne", "zoe"] {
        site.workspace(name).await;
    }
    let mut seen = Vec::new();
    let mut path = format!("{WORKSPACES}?name_contains=ann&limit=2");
    loop {
        let page = site.get(&path, &token).await.json();
        seen.extend(page["data"].as_array().unwrap().clone());
        match page["next"].as_str() {
            Some(next) => {
                assert!(next.contains("name_contains=ann") && next.contains("limit=2"));
                path = next.strip_prefix(&site.url).unwrap().to_owned();
            }
            None => break,
        }
    }
    let names: Vec<&str> = seen.iter().map(|w| w["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Anna", "hannah", "Joanne"]);
    assert_eq!(seen[0]["status"], "active");
    assert_eq!(seen[0]["tombstone"], false);
    assert!(seen[0].get("cache_enabled").unwrap().is_null());

    let count = async |query: &str| {
        let reply = site.get(&format!("{WORKSPACES}?{query}"), &token).await;
        assert_eq!(reply.status, 200, "{query}");
        assert!(reply.json()["next"].is_null());
        reply.json()["data"].as_array().unwrap().len()
    };
    assert_eq!(count("status=active").await, 5);
    assert_eq!(count("status=inactive").await, 0);
    assert_eq!(count("limit=5").await, 5, "a full last page has no next");
    assert_eq!(count("name_contains=%25").await, 0);
    for (query, status, field) in [
        ("limit=0", 422, "limit"),
        ("limit=101", 422, "limit"),
        ("status=gone", 422, "status"),
        ("cursor=x", 400, "cursor"),
    ] {
        let reply = site.get(&format!("{WORKSPACES}?{query}"), &token).await;
        assert_eq!(
            (reply.status, named(&reply)),
            (status, vec![field.to_owned()]),
            "{query}"
        );
    }
}
