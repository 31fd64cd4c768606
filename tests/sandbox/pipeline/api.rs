//! Sources, connections and jobs as the APIs show them.

use super::*;

#[tokio::test]
async fn jobs_go_from_pending_over_running_to_succeeded() {
    let site = Site::with(Options {
        template: true,
        ..Options::default()
    })
    .await;
    let customer = site.customer("u").await;
    let began = Instant::now();
    let body = json!({"name": "s", "workspaceId": customer.workspace,
        "configuration": {"sourceType": "faker", "count": 3}});
    assert_eq!(
        site.post("/v1/sources", &customer.token, &body)
            .await
            .status,
        200
    );
    let token = site.token().await;
    let mut seen: Vec<String> = Vec::new();
    while seen.last().is_none_or(|status| status != "succeeded") {
        assert!(began.elapsed() < Duration::from_secs(10), "{seen:?}");
        let early = !site.landed("u").is_empty();
        let job = site.get("/v1/jobs/1", &token).await.json();
        let late = !site.landed("u").is_empty();
        let status = job["status"].as_str().unwrap().to_owned();
        assert_eq!(job["duration"].is_null(), status == "pending", "{job}");
        assert_eq!(
            job["lastUpdatedAt"].is_null(),
            status != "succeeded",
            "{job}"
        );
        assert_eq!(job["rowsSynced"].is_null(), status != "succeeded", "{job}");
        let over = status == "succeeded";
        assert!(
            early <= over && over <= late,
            "one comes with the other: {job}"
        );
        if seen.last() != Some(&status) {
            seen.push(status);
        }
        tokio::task::yield_now().await;
    }
    assert_eq!(seen, ["pending", "running", "succeeded"]);
    let job = site.get("/v1/jobs/1", &token).await.json();
    assert_eq!(job["rowsSynced"], 9);
    assert!(job["bytesSynced"].as_u64().unwrap() > 500);
    assert_eq!(
        (&job["duration"], &job["jobType"]),
        (&json!("PT0S"), &json!("sync"))
    );
    let start = job["startTime"].as_str().unwrap();
    assert!(start.len() == 20 && start.ends_with('Z'), "{start}");
}

#[tokio::test]
async fn a_connection_is_what_the_template_says() {
    let site = Site::quick(&[]).await;
    let other = |body: &mut Value| {
        body["destinationName"] = json!("other");
        body["namespaceDefinitionType"] = json!("source");
        body["prefix"] = json!("x_");
        body["nonBreakingChangesPreference"] = json!("disable");
        body["schedule"] = json!({"scheduleType": "cron", "cronExpression": "0 15 3 * * ? UTC"});
        body["syncOnCreate"] = json!(false);
    };
    site.create_with(other).await;
    site.mint("u").await;
    let played = site.play("u", 1, "v1").await;
    let token = site.token().await;
    let workspace = site.sandbox.state()["workspaces"][0]["id"].clone();
    let listed = site.get("/v1/connections", &token).await.json();
    let (first, second) = (&listed["data"][0], &listed["data"][1]);
    let source = played["source_id"].as_str().unwrap();
    assert_eq!(
        first["name"],
        format!(
            "Sample Data {} -> destination-s3",
            workspace.as_str().unwrap()
        )
    );
    assert_eq!(first["sourceId"], source);
    assert_eq!(first["workspaceId"], workspace);
    assert_eq!(first["status"], "active");
    assert_eq!(
        first["schedule"],
        json!({"scheduleType": "cron", "cronExpression": "0 0 * * * ? UTC"})
    );
    assert_eq!(first["namespaceDefinition"], "custom_format");
    assert_eq!(first["namespaceFormat"], "u");
    assert_eq!(first["prefix"], format!("{source}_"));
    assert_eq!(first["nonBreakingSchemaUpdatesBehavior"], "ignore");
    assert_eq!(first["tags"], json!([]));
    assert!(first["createdAt"].is_i64());
    assert_eq!(
        first["configurations"]["streams"][0]["syncMode"],
        "incremental_append"
    );
    assert_eq!(
        second["nonBreakingSchemaUpdatesBehavior"],
        "disable_connection"
    );
    assert_eq!(second["schedule"]["cronExpression"], "0 15 3 * * ? UTC");
    assert_eq!(
        (&second["prefix"], &second["namespaceDefinition"]),
        (&json!("x_"), &json!("source"))
    );
    assert_eq!(second["namespaceFormat"], Value::Null);
    assert_eq!(site.seen("jobs"), 1, "the second is not synced at once");
}

#[tokio::test]
async fn a_source_is_saved_read_and_deleted_with_what_it_feeds() {
    let site = Site::quick(&["job=running"]).await;
    let token = site.token().await;
    let customer = site.customer("u").await;
    let stranger = site.customer("v").await;
    let body = |configuration: Value| json!({"name": "s", "workspaceId": customer.workspace, "configuration": configuration});
    let made = site
        .post(
            "/v1/sources",
            &customer.token,
            &body(json!({"sourceType": "faker", "count": 5})),
        )
        .await;
    assert_eq!(made.status, 200);
    let id = made.json()["sourceId"].as_str().unwrap().to_owned();
    let keys: Vec<String> = made.json().as_object().unwrap().keys().cloned().collect();
    assert_eq!(
        keys,
        [
            "sourceId",
            "name",
            "sourceType",
            "definitionId",
            "workspaceId",
            "configuration",
            "createdAt"
        ]
    );
    assert_eq!(made.json()["configuration"], json!({"count": 5}));

    let path = format!("/v1/sources/{id}");
    for (bearer, status) in [
        (&token, 200),
        (&customer.token, 200),
        (&stranger.token, 403),
    ] {
        assert_eq!(site.get(&path, bearer).await.status, status);
    }
    let listed = site.get("/v1/sources", &stranger.token).await.json();
    assert_eq!((&listed["data"], &listed["next"]), (&json!([]), &json!("")));
    let foreign = format!("/v1/sources?workspaceIds={}", customer.workspace);
    assert_eq!(site.get(&foreign, &stranger.token).await.status, 403);
    assert_eq!(site.get("/v1/sources", "").await.status, 401);

    for (configuration, bearer, status) in [
        (json!({"sourceType": "faker"}), &stranger.token, 403),
        (json!({"sourceType": "nothing"}), &token, 400),
        (json!({}), &token, 422),
        (json!("text"), &token, 422),
        (Value::Null, &token, 400),
        (json!({"sourceType": "faker", "count": 0}), &token, 422),
        (
            json!({"sourceType": "faker", "count": 9_000_000}),
            &token,
            422,
        ),
    ] {
        let reply = site.post("/v1/sources", bearer, &body(configuration)).await;
        assert_eq!(reply.status, status, "{}", reply.text);
    }
    let secret = json!({"sourceType": "postgres", "host": "h", "port": 5432, "database": "d",
        "username": "u", "password": "hunter2"});
    let operators = site.post("/v1/sources", &token, &body(secret)).await.json();
    assert_eq!(
        operators["configuration"],
        json!({"host": "h", "port": 5432, "database": "d", "username": "u",
            "password": "**********"})
    );
    assert_eq!(
        site.seen("connections"),
        1,
        "what the operator makes is not connected"
    );

    let gone = site
        .request(Method::DELETE, &path)
        .bearer_auth(&customer.token);
    let gone = reply(gone.send().await.unwrap()).await.unwrap();
    assert_eq!((gone.status, gone.bytes.len()), (204, 0));
    assert_eq!(site.get(&path, &token).await.status, 403);
    let count = async |path: &str| {
        let listed = site.get(path, &token).await.json();
        listed["data"].as_array().unwrap().len()
    };
    assert_eq!(count("/v1/sources").await, 1);
    assert_eq!(count("/v1/sources?includeDeleted=true").await, 2);
    assert_eq!(count("/v1/connections").await, 0);
    let left = site
        .get("/v1/connections?includeDeleted=true", &token)
        .await
        .json();
    assert_eq!(left["data"][0]["status"], "deprecated");
    assert_eq!(
        site.get("/v1/jobs/1", &token).await.json()["status"],
        "cancelled"
    );
}

#[tokio::test]
async fn jobs_are_started_called_off_and_told_apart() {
    let site = Site::quick(&["job=running*1"]).await;
    site.mint("u").await;
    let played = site.play("u", 1, "v1").await;
    let token = site.token().await;
    let start = |kind: &str| json!({"connectionId": played["connection_id"], "jobType": kind});
    let busy = site.post("/v1/jobs", &token, &start("sync")).await;
    assert_eq!(busy.status, 409);
    assert!(
        busy.json()["type"]
            .as_str()
            .unwrap()
            .ends_with("#try-again-later")
    );

    let delete = async |path: &str| {
        let request = site.request(Method::DELETE, path).bearer_auth(&token);
        reply(request.send().await.unwrap()).await.unwrap()
    };
    let cancelled = delete("/v1/jobs/1").await;
    assert_eq!(
        (cancelled.status, &cancelled.json()["status"]),
        (200, &json!("cancelled"))
    );
    assert!(cancelled.json()["lastUpdatedAt"].is_string());
    let again = delete("/v1/jobs/1").await;
    assert_eq!(again.status, 409);
    assert_eq!(
        again.json()["data"]["message"],
        "Job is not currently running"
    );

    for (body, status) in [
        (start("refresh"), 422),
        (start("walk"), 422),
        (json!({"connectionId": played["connection_id"]}), 400),
        (
            json!({"connectionId": played["source_id"], "jobType": "sync"}),
            403,
        ),
        (start("sync"), 200),
    ] {
        let reply = site.post("/v1/jobs", &token, &body).await;
        assert_eq!(reply.status, status, "{}", reply.text);
    }
    assert_eq!(site.ended(2).await["status"], "succeeded");
    assert_eq!(
        site.post("/v1/jobs", &token, &start("reset")).await.status,
        200
    );
    assert_eq!(site.ended(3).await["jobType"], "reset");
    assert_eq!(site.landed("u").len(), 3, "a reset writes nothing");
}

#[tokio::test]
async fn jobs_are_listed_by_what_is_asked_for() {
    let site = Site::quick(&["job=running*1"]).await;
    site.mint("u").await;
    let played = site.play("u", 1, "v1").await;
    let token = site.token().await;
    let delete = async |path: &str| {
        let request = site.request(Method::DELETE, path).bearer_auth(&token);
        reply(request.send().await.unwrap()).await.unwrap()
    };
    let start = |kind: &str| json!({"connectionId": played["connection_id"], "jobType": kind});
    delete("/v1/jobs/1").await;
    for (kind, id) in [("sync", 2), ("reset", 3)] {
        site.post("/v1/jobs", &token, &start(kind)).await;
        assert_eq!(site.ended(id).await["status"], "succeeded");
    }
    let ids = async |query: &str| {
        let reply = site.get(&format!("/v1/jobs?{query}"), &token).await;
        let Some(jobs) = reply.json()["data"].as_array().cloned() else {
            return vec![u64::from(reply.status)];
        };
        let ids = jobs.iter().map(|job| job["jobId"].as_u64().unwrap());
        ids.collect()
    };
    let connection = played["connection_id"].as_str().unwrap();
    let workspace = site.sandbox.state()["workspaces"][0]["id"].clone();
    for (query, expected) in [
        (String::new(), vec![1, 2, 3]),
        ("orderBy=createdAt%7CDESC".to_owned(), vec![3, 2, 1]),
        ("orderBy=updatedAt%7CASC".to_owned(), vec![1, 2, 3]),
        (
            "orderBy=createdAt%7CDESC&limit=1&offset=1".to_owned(),
            vec![2],
        ),
        (
            format!("connectionId={connection}&status=succeeded"),
            vec![2, 3],
        ),
        (
            format!("workspaceIds={}&jobType=reset", workspace.as_str().unwrap()),
            vec![3],
        ),
        (
            "createdAtStart=2020-01-01T00:00:00Z".to_owned(),
            vec![1, 2, 3],
        ),
        ("createdAtEnd=2020-01-01T00:00:00Z".to_owned(), vec![]),
        ("updatedAtStart=2099-01-01T00:00:00Z".to_owned(), vec![]),
        ("orderBy=jobId%7CDESC".to_owned(), vec![400]),
        ("orderBy=createdAt".to_owned(), vec![400]),
        ("status=done".to_owned(), vec![400]),
        ("jobType=walk".to_owned(), vec![400]),
        ("createdAtStart=yesterday".to_owned(), vec![400]),
        ("limit=101".to_owned(), vec![400]),
        (
            format!("connectionId={}", played["source_id"].as_str().unwrap()),
            vec![403],
        ),
    ] {
        assert_eq!(ids(&query).await, expected, "{query}");
    }
    assert_eq!(site.get("/v1/jobs/99", &token).await.status, 403);
    assert_eq!(site.get("/v1/jobs", "").await.status, 401);
    let page = site
        .get("/v1/jobs?status=succeeded&limit=2", &token)
        .await
        .json();
    let next = page["next"].as_str().unwrap();
    assert!(
        next.contains("status=succeeded") && next.ends_with("limit=2&offset=2"),
        "{next}"
    );
    let last = site
        .get("/v1/jobs?status=succeeded&limit=2&offset=2", &token)
        .await
        .json();
    assert_eq!((&last["data"], &last["next"]), (&json!([]), &json!("")));

    assert_eq!(
        delete(&format!("/v1/connections/{connection}"))
            .await
            .status,
        204
    );
    assert_eq!(
        site.post("/v1/jobs", &token, &start("sync")).await.status,
        409
    );
    let deleted = site
        .get(&format!("/v1/connections/{connection}"), &token)
        .await
        .json();
    assert_eq!(deleted["status"], "deprecated");
}

#[tokio::test]
async fn a_connection_is_made_by_hand_too() {
    let site = Site::quick(&["connection=none"]).await;
    site.mint("u").await;
    let played = site.play("u", 1, "v1").await;
    let token = site.token().await;
    let destination = site.sandbox.state()["destinations"][0]["id"].clone();
    let with = |schedule: Value| json!({"sourceId": played["source_id"], "destinationId": destination, "schedule": schedule});
    let cron = |text: &str| json!({"scheduleType": "cron", "cronExpression": text});
    for (schedule, problem) in [
        (
            cron("0 */5 * * * ?"),
            "error:cron-validation/under-one-hour-not-allowed",
        ),
        (
            cron("0 0 * * * *"),
            "error:cron-validation/invalid-expression",
        ),
        (
            json!({"scheduleType": "cron"}),
            "error:cron-validation/missing-cron-data",
        ),
    ] {
        let refused = site.post("/v1/connections", &token, &with(schedule)).await;
        assert_eq!(
            (refused.status, &refused.json()["type"]),
            (400, &json!(problem))
        );
    }
    let nowhere = json!({"sourceId": played["source_id"], "destinationId": played["source_id"]});
    assert_eq!(
        site.post("/v1/connections", &token, &nowhere).await.status,
        403
    );
    let made = site
        .post("/v1/connections", &token, &with(Value::Null))
        .await
        .json();
    assert_eq!(made["schedule"], json!({"scheduleType": "manual"}));
    assert_eq!(
        (&made["prefix"], &made["namespaceDefinition"]),
        (&json!(""), &json!("destination"))
    );
    let start = json!({"connectionId": made["connectionId"], "jobType": "sync"});
    assert_eq!(site.post("/v1/jobs", &token, &start).await.status, 200);
    assert_eq!(site.ended(1).await["rowsSynced"], 3);
    assert_eq!(
        site.sandbox.objects("customers/users/").len(),
        1,
        "no namespace, no prefix"
    );
}

#[tokio::test]
async fn the_newer_api_saves_sources_and_lists_them() {
    let site = Site::quick(&[]).await;
    let token = site.token().await;
    let mint = json!({"workspace_name": "u", "allowed_origin": "http://localhost:3001"});
    let minted = site
        .post("/api/v1/account/applications/widget-token", &token, &mint)
        .await;
    assert_eq!(minted.status, 200);
    assert_eq!(site.seen("destinations"), 0);
    let faker = site
        .get("/api/v1/integrations/templates/sources", &token)
        .await
        .json();
    let template = &faker["data"][0];
    assert_eq!(template["name"], "Sample Data");
    let body = json!({"workspace_name": "u", "source_template_id": template["id"],
        "replication_config": {"count": 7}});
    let made = site.post(CONNECTORS, &token, &body).await;
    assert_eq!(made.status, 200, "{}", made.text);
    let made = made.json();
    assert_eq!(made["replication_config"], json!({"count": 7}));
    assert_eq!(
        made["source_template"]["source_definition_id"],
        template["actor_definition_id"]
    );
    assert_eq!(site.seen("destinations"), 1, "made when the source was");
    assert_eq!(
        site.ended(1).await["rowsSynced"],
        21,
        "which the public API tells"
    );
    assert_eq!(site.landed("u").len(), 3);

    let one = format!("{CONNECTORS}/{}", made["id"].as_str().unwrap());
    assert_eq!(site.get(&one, &token).await.json(), made);
    for (query, found) in [
        ("", 1),
        ("?workspace_name=u", 1),
        ("?workspace_name=v", 0),
        ("?external_user_id=u", 1),
        ("?definition_id=36c891d9-4bd9-43ac-bad2-10e12756272c", 0),
    ] {
        let listed = site
            .get(&format!("{CONNECTORS}{query}"), &token)
            .await
            .json();
        assert_eq!(listed["data"].as_array().unwrap().len(), found, "{query}");
    }
    let again = site.play("u", 2, "agents").await;
    assert_eq!(again["rows"]["users"], 2);
    assert_eq!(site.seen("destinations"), 1, "one for each template");

    for (change, status) in [
        (
            json!({"workspace_name": "nobody", "connector_type": "faker"}),
            400,
        ),
        (json!({"workspace_name": "u"}), 400),
        (
            json!({"workspace_name": "u", "connector_type": "faker", "replication_config": {"count": 0}}),
            400,
        ),
        (json!({"connector_type": "faker"}), 422),
    ] {
        let reply = site.post(CONNECTORS, &token, &change).await;
        assert_eq!(reply.status, status, "{}", reply.text);
    }
}
