//! What customers are offered, through both APIs: every organization's templates, the
//! organization's own in their place, and what is asked of a customer.

use super::agents::{OTHER, SOURCES as AGENTS, named};
use super::*;

const V1: &str = "/v1/config_templates/sources";
const FAKER: &str = "dfd88b22-b603-4c3d-aad7-3701784586b1";
const POSTGRES: &str = "decd338e-5647-4c0b-adf4-da0e75f5a750";

impl Site {
    fn own_list(&self) -> String {
        format!(
            "{V1}?organizationId={}",
            self.setting("AIRBYTE_ORGANIZATION_ID")
        )
    }

    /// The list of an API, as (name, id).
    async fn offered(&self, path: &str) -> Vec<(String, String)> {
        let listed = self.get(path, &self.token().await).await;
        assert_eq!(listed.status, 200, "{}", listed.text);
        let data = listed.json()["data"].clone();
        let text = |item: &Value, name: &str| item[name].as_str().unwrap().to_owned();
        let items = data.as_array().unwrap().iter();
        items.map(|it| (text(it, "name"), text(it, "id"))).collect()
    }

    async fn v1_template(&self, body: Value) -> Reply {
        let mut body = body;
        let organization = self.setting("AIRBYTE_ORGANIZATION_ID");
        if body.get("organizationId").is_none() {
            body["organizationId"] = json!(organization);
        }
        self.post(V1, &self.token().await, &body).await
    }
}

// --- the public API

#[tokio::test]
async fn everybody_is_offered_the_catalogue_with_sample_data_first() {
    let site = Site::new(&[]).await;
    for path in [site.own_list(), AGENTS.to_owned()] {
        let offered = site.offered(&path).await;
        assert!(offered.len() >= 12, "{path}");
        assert_eq!(offered[0].0, "Sample Data");
        assert!(offered.iter().any(|(name, _)| name == "Stripe"));
    }
}

#[tokio::test]
async fn an_own_template_takes_the_place_of_the_catalogues_and_two_are_both_there() {
    let site = Site::new(&[]).await;
    let before = site.offered(&site.own_list()).await;
    let body = json!({"actorDefinitionId": FAKER, "partialDefaultConfig": {"count": 5}});
    let mut made = Vec::new();
    for _ in 0..2 {
        let reply = site.v1_template(body.clone()).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        made.push(reply.json()["id"].as_str().unwrap().to_owned());
    }
    let after = site.offered(&site.own_list()).await;
    assert_eq!(after.len(), before.len() + 1);
    let samples = after.iter().filter(|(name, _)| name == "Sample Data");
    let samples: Vec<&String> = samples.map(|(_, id)| id).collect();
    assert_eq!(samples, made.iter().collect::<Vec<_>>());
    let newer = site.offered(AGENTS).await;
    assert_eq!(newer, before, "the newer service keeps its own");
}

#[tokio::test]
async fn without_a_specification_only_what_is_required_and_missing_is_asked() {
    let site = Site::new(&[]).await;
    let token = site.token().await;
    let defaults = json!({"host": "db.acme.example", "port": 5432, "password": "hunter2"});
    let body = json!({"actorDefinitionId": POSTGRES, "partialDefaultConfig": defaults});
    let made = site.v1_template(body).await.json();
    let one = format!("{V1}/{}", made["id"].as_str().unwrap());
    let whole = site.get(&one, &token).await;
    assert!(!whole.text.contains("hunter2"), "{}", whole.text);
    let whole = whole.json();
    assert_eq!(whole["name"], "Postgres");
    assert_eq!(whole["sourceDefinitionId"], POSTGRES);
    assert!(whole["icon"].as_str().unwrap().starts_with("https://"));
    assert_eq!(whole["partialDefaultConfig"]["password"], "**********");
    let asked = &whole["configTemplateSpec"]["connectionSpecification"];
    assert_eq!(asked["required"], json!(["database", "username"]));
    assert_eq!(asked["properties"].as_object().unwrap().len(), 2);

    let faker = json!({"actorDefinitionId": FAKER, "partialDefaultConfig": {}});
    let made = site.v1_template(faker).await.json();
    let one = format!("{V1}/{}", made["id"].as_str().unwrap());
    let asked = site.get(&one, &token).await.json();
    let asked = &asked["configTemplateSpec"]["connectionSpecification"]["properties"];
    assert_eq!(*asked, json!({}), "nothing is required");
}

#[tokio::test]
async fn a_specification_of_ones_own_is_kept_and_can_be_changed() {
    let site = Site::new(&[]).await;
    let token = site.token().await;
    let spec = |title: &str| json!({"type": "object", "required": [], "properties": {"count": {"type": "integer", "title": title}}});
    let made = site
        .v1_template(
            json!({"actorDefinitionId": FAKER, "partialDefaultConfig": {},
            "partialUserConfigSpec": {"connectionSpecification": spec("How many")}}),
        )
        .await;
    let id = made.json()["id"].clone();
    let one = format!("{V1}/{}", id.as_str().unwrap());
    let asked = async || {
        let whole = site.get(&one, &token).await.json();
        whole["configTemplateSpec"]["connectionSpecification"].clone()
    };
    assert_eq!(asked().await, spec("How many"));
    let change = |body: Value| {
        site.request(Method::PATCH, &one)
            .bearer_auth(&token)
            .json(&body)
    };
    let organization = site.setting("AIRBYTE_ORGANIZATION_ID");
    let sent =
        change(json!({"organizationId": organization, "partialUserConfigSpec": spec("Rows")}));
    let changed = reply(sent.send().await.unwrap()).await.unwrap();
    assert_eq!((changed.status, changed.json()), (200, json!({ "id": id })));
    assert_eq!(asked().await, spec("Rows"));
    for (body, status) in [
        (json!({"organizationId": OTHER}), 403),
        (
            json!({"organizationId": organization, "partialDefaultConfig": 1}),
            422,
        ),
        (
            json!({"organizationId": organization, "partialDefaultConfig": {"count": 0}}),
            422,
        ),
    ] {
        let refused = reply(change(body).send().await.unwrap()).await.unwrap();
        assert_eq!(refused.status, status, "{}", refused.text);
    }
}

#[tokio::test]
async fn the_public_api_refuses_as_it_did() {
    let site = Site::new(&[]).await;
    let token = site.token().await;
    let good = json!({"actorDefinitionId": FAKER, "partialDefaultConfig": {}});
    let with = |field: &str, value: Value| {
        let mut body = good.clone();
        body[field] = value;
        body
    };
    for (body, status, kind) in [
        (with("organizationId", json!(OTHER)), 403, "#forbidden"),
        (
            with("actorDefinitionId", json!(OTHER)),
            404,
            "#resource-not-found",
        ),
        (
            with("partialDefaultConfig", json!({"count": 0})),
            422,
            "#unprocessable-entity",
        ),
        (
            with("partialDefaultConfig", json!({"seed": "x"})),
            422,
            "#unprocessable-entity",
        ),
        (with("partialDefaultConfig", json!(7)), 422, ""),
        (with("actorDefinitionId", json!("faker")), 422, ""),
        (with("partialDefaultConfig", Value::Null), 400, ""),
    ] {
        let reply = site.v1_template(body).await;
        assert_eq!(reply.status, status, "{}", reply.text);
        let said = reply.json()["type"].as_str().unwrap_or_default().to_owned();
        assert!(said.ends_with(kind), "{said}");
    }
    for (path, status) in [
        (V1.to_owned(), 403),
        (format!("{V1}?organizationId={OTHER}"), 403),
        (format!("{V1}/{OTHER}"), 500),
        (format!("{V1}/faker"), 400),
    ] {
        assert_eq!(site.get(&path, &token).await.status, status, "{path}");
    }
    let everyones = &site.offered(&site.own_list()).await[0].1;
    let change = site
        .request(Method::PATCH, &format!("{V1}/{everyones}"))
        .bearer_auth(&token)
        .json(&json!({"organizationId": site.setting("AIRBYTE_ORGANIZATION_ID")}));
    let refused = reply(change.send().await.unwrap()).await.unwrap();
    assert_eq!(refused.status, 500, "it is not the organization's");
    assert!(
        refused.json()["type"]
            .as_str()
            .unwrap()
            .ends_with("/errors")
    );
    assert_eq!(site.get(&site.own_list(), "").await.status, 401);
}

#[tokio::test]
async fn a_reader_may_list_and_an_organization_that_moved_may_nothing() {
    for (fault, listed, created) in [
        ("not-admin", 200, 403),
        ("not-entitled", 200, 403),
        ("moved", 301, 301),
        ("moved:404", 404, 404),
    ] {
        let site = Site::new(&[fault]).await;
        let list = site.get(&site.own_list(), &site.token().await).await;
        assert_eq!(list.status, listed, "{fault}");
        let body = json!({"actorDefinitionId": FAKER, "partialDefaultConfig": {}});
        let create = site.v1_template(body).await;
        assert_eq!(create.status, created, "{fault}");
        if fault == "moved" {
            for reply in [list, create] {
                assert_eq!(reply.json()["type"], "error:embedded/endpoint-moved");
                assert_eq!(reply.header("location"), "");
            }
        }
    }
}

// --- the newer API

#[tokio::test]
async fn the_newer_api_makes_clones_changes_and_deletes() {
    let site = Site::new(&[]).await;
    let made = site
        .call(
            Method::POST,
            AGENTS,
            &json!({"actor_definition_id": FAKER, "name": "Demo rows", "mode": "MULTI",
                "partial_default_config": {"count": 9}, "customization": {"stream_selection_mode": "all"}}),
        )
        .await;
    assert_eq!(made.status, 200, "{}", made.text);
    let made = made.json();
    assert_eq!(made["name"], "Demo rows");
    assert_eq!(made["mode"], "MULTI");
    assert_eq!(made["partial_default_config"], json!({"count": 9}));
    assert_eq!(made["customization"]["stream_selection_mode"], "all");
    let one = format!("{AGENTS}/{}", made["id"].as_str().unwrap());
    assert_eq!(
        site.get(&one, &site.agents_token().await).await.json(),
        made
    );

    let clone = json!({"original_source_template_id": made["id"], "mode": "DIRECT"});
    let clone = site.call(Method::POST, AGENTS, &clone).await.json();
    assert_ne!(clone["id"], made["id"]);
    assert_eq!(
        (&clone["name"], &clone["mode"]),
        (&json!("Demo rows"), &json!("DIRECT"))
    );
    assert_eq!(clone["partial_default_config"], json!({"count": 9}));

    let change = json!({"name": "Rows", "partial_default_config": {}, "propagate": true});
    let changed = site.call(Method::PATCH, &one, &change).await.json();
    assert_eq!(
        (&changed["name"], &changed["mode"]),
        (&json!("Rows"), &json!("MULTI"))
    );
    assert_eq!(changed["partial_default_config"], json!({}));

    let names = async || {
        let offered = site.offered(AGENTS).await.into_iter();
        let own = offered
            .filter(|(name, _)| ["Sample Data", "Rows", "Demo rows"].contains(&name.as_str()));
        own.map(|(name, _)| name).collect::<Vec<_>>()
    };
    assert_eq!(names().await, ["Rows", "Demo rows"]);
    for path in [&one, &format!("{AGENTS}/{}", clone["id"].as_str().unwrap())] {
        let deleted = site.call(Method::DELETE, path, &json!({})).await;
        assert_eq!(deleted.status, 200);
        assert!(deleted.json()["deleted_at"].is_string());
        assert_eq!(
            site.call(Method::DELETE, path, &json!({})).await.status,
            404
        );
    }
    assert_eq!(
        names().await,
        ["Sample Data"],
        "everybody's is offered again"
    );
}

#[tokio::test]
async fn the_newer_api_refuses_in_its_envelope() {
    let site = Site::new(&[]).await;
    let token = site.agents_token().await;
    let good = json!({"actor_definition_id": FAKER, "partial_default_config": {}});
    for (field, value, status) in [
        ("actor_definition_id", json!(OTHER), 400),
        ("actor_definition_id", json!("faker"), 422),
        ("partial_default_config", json!(1), 422),
        ("partial_default_config", json!({"count": 0}), 422),
        ("mode", json!("BOTH"), 422),
        ("customization", json!("all"), 422),
    ] {
        let mut body = good.clone();
        body[field] = value;
        let reply = site.post(AGENTS, &token, &body).await;
        assert_eq!(reply.status, status, "{}", reply.text);
        assert_eq!(named(&reply), [field]);
    }
    let nothing = json!({"original_source_template_id": OTHER});
    assert_eq!(site.post(AGENTS, &token, &nothing).await.status, 404);
    let everyones = format!("{AGENTS}/{}", site.offered(AGENTS).await[0].1);
    for method in [Method::PATCH, Method::DELETE] {
        let reply = site.call(method, &everyones, &json!({})).await;
        assert_eq!(reply.status, 403, "{}", reply.text);
    }
    for (path, status) in [
        (format!("{AGENTS}/{OTHER}"), 404),
        (format!("{AGENTS}/x"), 422),
    ] {
        assert_eq!(site.get(&path, &token).await.status, status);
    }
}

#[tokio::test]
async fn tags_choose_among_what_is_offered() {
    let site = Site::new(&[]).await;
    let names = async |query: &str| {
        let offered = site.offered(&format!("{AGENTS}?{query}")).await;
        offered
            .into_iter()
            .map(|(name, _)| name)
            .collect::<Vec<_>>()
    };
    assert_eq!(names("tags=crm").await, ["HubSpot", "Salesforce"]);
    assert_eq!(names("tags=crm&tags=sales").await, ["Salesforce"]);
    assert_eq!(
        names("tags=crm&tags=sales&tags_mode=any").await,
        ["HubSpot", "Salesforce", "Stripe"]
    );
    assert_eq!(names("tags=none").await, [""; 0]);
}
