//! Templates of the agents API: listed, read whole, changed, deleted, and apart from those of v1.

use super::agents::{CONNECTORS, OTHER, SOURCES, TEMPLATES, named};
use super::*;

const DESCRIBE: &str = "/api/v1/integrations/templates/connections/cron/describe";

#[tokio::test]
async fn a_template_is_answered_whole_and_can_be_read_again() {
    let site = Site::new(&[]).await;
    let made = site
        .call(Method::POST, TEMPLATES, &site.agents_template())
        .await;
    assert_eq!(made.status, 200);
    let template = made.json();
    assert_eq!(template["destination_name"], "destination-s3");
    assert_eq!(template["data_hosting_type"], "user_hosted");
    assert_eq!(template["non_breaking_changes_preference"], "ignore");
    assert_eq!(template["sync_on_create"], true);
    assert_eq!(template["cron_expression"], "0 0 * * * ?");
    assert_eq!(template["destination_definition_id"], S3);
    assert_eq!(
        template["destination_config"]["s3_bucket_name"],
        "acme-embedded"
    );
    for secret in ["access_key_id", "secret_access_key"] {
        assert_eq!(template["destination_config"][secret], "**********");
    }
    let token = site.agents_token().await;
    let one = format!("{TEMPLATES}/{}", template["id"].as_str().unwrap());
    assert_eq!(site.get(&one, &token).await.json(), template);
    assert_eq!(
        site.get(TEMPLATES, &token).await.json(),
        json!({"data": [template]})
    );

    let again = site
        .call(Method::POST, TEMPLATES, &site.agents_template())
        .await;
    assert_eq!(again.status, 200, "the same twice is two");
    assert_ne!(again.json()["id"], template["id"]);
    let state = site.sandbox.state();
    assert_eq!(state["templates"][1]["api"], "agents");
    assert!(
        !state
            .to_string()
            .contains(&site.setting("AWS_S3_SECRET_ACCESS_KEY"))
    );

    let gone = site.call(Method::DELETE, &one, &json!({})).await;
    assert_eq!(gone.status, 200);
    assert_eq!(gone.json()["id"], template["id"]);
    let deleted_at = gone.json()["deleted_at"].as_str().unwrap().to_owned();
    assert!(deleted_at.parse::<jiff::Timestamp>().is_ok());
    for method in [Method::GET, Method::DELETE, Method::PATCH] {
        let reply = site.call(method, &one, &json!({})).await;
        assert_eq!((reply.status, named(&reply)), (404, vec!["id".to_owned()]));
    }
    assert_eq!(site.seen("templates"), 1);
    let malformed = site
        .get(&format!("{TEMPLATES}/destination-s3"), &token)
        .await;
    assert_eq!(
        (malformed.status, named(&malformed)),
        (422, vec!["id".to_owned()])
    );
}

#[tokio::test]
async fn a_hosted_template_needs_nothing_but_its_type() {
    let site = Site::new(&[]).await;
    let made = site
        .call(
            Method::POST,
            TEMPLATES,
            &json!({"data_hosting_type": "airbyte_hosted"}),
        )
        .await;
    assert_eq!(made.status, 200);
    let template = made.json();
    assert_eq!(template["data_hosting_type"], "airbyte_hosted");
    assert!(template["destination_name"].is_string() && template["cron_expression"].is_null());
    assert!(template.get("destination_config").is_none());
    let one = format!("{TEMPLATES}/{}", template["id"].as_str().unwrap());
    let configured = json!({"destination_config": site.agents_template()["destination_config"]});
    let refused = site.call(Method::PATCH, &one, &configured).await;
    assert_eq!(refused.status, 400);
    let renamed = json!({"destination_name": "x", "cron_expression": "0 0 6 * * ?"});
    let renamed = site.call(Method::PATCH, &one, &renamed).await.json();
    assert_eq!(
        (&renamed["destination_name"], &renamed["cron_expression"]),
        (&json!("x"), &json!("0 0 6 * * ?"))
    );
}

#[tokio::test]
async fn a_template_is_refused_with_every_objection() {
    let site = Site::new(&[]).await;
    let bare = site
        .call(Method::POST, TEMPLATES, &json!({"sync_on_create": "no"}))
        .await;
    assert_eq!(bare.status, 422);
    assert_eq!(
        named(&bare).join(" "),
        "destination_name destination_definition_id destination_config sync_on_create"
    );
    for (field, value, status) in [
        ("destination_name", json!(null), 422),
        ("destination_definition_id", json!("s3"), 422),
        ("destination_definition_id", json!(OTHER), 400),
        ("destination_config", json!("text"), 422),
        ("destination_config", json!({}), 400),
        ("cron_expression", json!(7), 422),
        ("cron_expression", json!("hourly"), 400),
        ("cron_expression", json!(null), 200),
        ("data_hosting_type", json!("elsewhere"), 422),
        ("data_hosting_type", json!("user_hosted"), 200),
        (
            "non_breaking_changes_preference",
            json!("disable_connection"),
            422,
        ),
        ("non_breaking_changes_preference", json!("disable"), 200),
        ("sync_on_create", json!(false), 200),
        ("organization_id", json!(OTHER), 200),
    ] {
        let mut body = site.agents_template();
        body[field] = value.clone();
        let reply = site.call(Method::POST, TEMPLATES, &body).await;
        assert_eq!(reply.status, status, "{field} = {value}: {}", reply.text);
        if status != 200 {
            assert_eq!(named(&reply), [field]);
        }
    }
    assert_eq!(site.seen("templates"), 5);
}

#[tokio::test]
async fn a_change_changes_what_it_names() {
    let site = Site::new(&[]).await;
    let made = site
        .call(Method::POST, TEMPLATES, &site.agents_template())
        .await
        .json();
    let one = format!("{TEMPLATES}/{}", made["id"].as_str().unwrap());
    let mut config = site.agents_template()["destination_config"].clone();
    config["s3_bucket_path"] = json!("elsewhere");
    let change = json!({"destination_config": config, "sync_on_create": false,
        "destination_name": null, "non_breaking_changes_preference": "disable"});
    let changed = site.call(Method::PATCH, &one, &change).await.json();
    assert_eq!(changed["destination_name"], "destination-s3");
    assert_eq!(changed["destination_config"]["s3_bucket_path"], "elsewhere");
    assert_eq!(
        (
            &changed["sync_on_create"],
            &changed["non_breaking_changes_preference"]
        ),
        (&json!(false), &json!("disable"))
    );
    for (field, value, status) in [
        ("destination_config", json!({}), 400),
        ("destination_config", json!(1), 422),
        ("cron_expression", json!("string"), 400),
        ("sync_on_create", json!("yes"), 422),
    ] {
        let reply = site.call(Method::PATCH, &one, &json!({field: value})).await;
        assert_eq!(
            (reply.status, named(&reply)),
            (status, vec![field.to_owned()])
        );
    }
    let token = site.agents_token().await;
    assert_eq!(site.get(&one, &token).await.json(), changed);
}

#[tokio::test]
async fn each_api_sees_its_own_templates_only() {
    let site = Site::new(&[]).await;
    site.create().await;
    let token = site.agents_token().await;
    assert_eq!(
        site.get(TEMPLATES, &token).await.json(),
        json!({"data": []})
    );
    site.call(Method::POST, TEMPLATES, &site.agents_template())
        .await;
    site.mint("u").await;
    assert_eq!(site.seen("destinations"), 1, "from the template of v1 only");
    assert_eq!(site.seen("templates"), 2);

    let prepared = Site::with(Options {
        template: true,
        ..Options::default()
    })
    .await;
    let token = prepared.agents_token().await;
    let listed = prepared.get(TEMPLATES, &token).await.json();
    assert_eq!(listed["data"][0]["destination_name"], "destination-s3");
    assert_eq!(listed["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn tags_narrow_lists_down() {
    let site = Site::new(&[]).await;
    site.call(Method::POST, TEMPLATES, &site.agents_template())
        .await;
    let token = site.agents_token().await;
    for (query, templates, sources) in [
        ("", 1, 15),
        ("?tags_mode=any", 1, 15),
        ("?tags=crm", 0, 2),
        ("?tags=crm&tags=sales", 0, 1),
        ("?tags=crm&tags=sales&tags_mode=any", 0, 3),
        ("?tags=none&tags_mode=any", 0, 0),
    ] {
        for (path, expected) in [(TEMPLATES, templates), (SOURCES, sources)] {
            let listed = site.get(&format!("{path}{query}"), &token).await.json();
            assert_eq!(
                listed["data"].as_array().unwrap().len(),
                expected,
                "{path}{query}"
            );
        }
    }
    let wrong = site
        .get(&format!("{TEMPLATES}?tags=a&tags_mode=some"), &token)
        .await;
    assert_eq!(
        (wrong.status, named(&wrong)),
        (422, vec!["tags_mode".to_owned()])
    );
}

#[tokio::test]
async fn schedules_are_described_or_called_invalid() {
    let site = Site::new(&[]).await;
    for (expression, valid) in [
        ("0 0 * * * ?", true),
        ("0 30 2 ? * MON-FRI", true),
        ("0 15 2 * * *", false),
        ("hourly", false),
    ] {
        let body = json!({"cron_expression": expression});
        let reply = site.call(Method::POST, DESCRIBE, &body).await;
        assert_eq!(
            (reply.status, reply.json()["is_valid"].as_bool()),
            (200, Some(valid)),
            "{expression}"
        );
        assert!(!reply.json()["description"].as_str().unwrap().is_empty());
    }
    let empty = site.call(Method::POST, DESCRIBE, &json!({})).await;
    assert_eq!(
        (empty.status, named(&empty)),
        (422, vec!["cron_expression".to_owned()])
    );
}

#[tokio::test]
async fn what_moved_is_here() {
    for fault in ["moved", "moved:404"] {
        let site = Site::new(&[fault]).await;
        assert_ne!(site.create().await.status, 200);
        let made = site
            .call(Method::POST, TEMPLATES, &site.agents_template())
            .await;
        assert_eq!(made.status, 200, "{fault}");
        assert_eq!(site.seen("templates"), 1);
    }
}

#[tokio::test]
async fn customers_find_a_catalogue_and_have_connected_nothing() {
    let site = Site::new(&[]).await;
    let token = site.agents_token().await;
    let own = site.get(SOURCES, &token).await.json();
    assert_eq!(own["data"][0]["name"], "Sample Data");
    assert_eq!(
        own["data"][0]["actor_definition_id"],
        "dfd88b22-b603-4c3d-aad7-3701784586b1"
    );
    assert!(own["data"][0]["organization_id"].is_string());
    let global = site
        .get(&format!("{SOURCES}?use_global=true"), &token)
        .await
        .json();
    assert!(global["data"][0]["organization_id"].is_null());
    assert_eq!(
        site.get(&format!("{SOURCES}?use_global=x"), &token)
            .await
            .status,
        422
    );
    let connectors = site
        .get(&format!("{CONNECTORS}?workspace_name=u"), &token)
        .await;
    assert_eq!(connectors.json(), json!({"data": []}));
    let wrong = site
        .get(&format!("{CONNECTORS}?workspace_id=u"), &token)
        .await;
    assert_eq!(
        (wrong.status, named(&wrong)),
        (422, vec!["workspace_id".to_owned()])
    );
}
