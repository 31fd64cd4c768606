//! What the API does when nothing is wrong with it: tokens, templates, workspaces, pages.

use super::*;

// --- access tokens

#[tokio::test]
async fn an_access_token_is_a_jwt_of_fifteen_minutes() {
    let site = Site::new(&[]).await;
    let reply = site.post(TOKEN, "", &site.credentials()).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.json()["token_type"], "Bearer");
    assert_eq!(reply.json()["expires_in"], 900);
    let claims = claims(reply.json()["access_token"].as_str().unwrap());
    assert_eq!(claims["aud"], "airbyte-server");
    assert!((claims["exp"].as_i64().unwrap() - now() - 900).abs() <= 2);
    assert!(claims["iss"].is_string() && claims["sub"].is_string());
    assert_ne!(site.token().await, site.token().await);
}

#[tokio::test]
async fn the_grant_type_is_free_but_for_a_wrong_literal() {
    let site = Site::new(&[]).await;
    let mut body = site.credentials();
    for (name, value, status) in [
        ("grant-type", "CLIENT_CREDENTIALS", 200),
        ("grant-type", "<client_credentials>", 422),
        ("grant_type", "<anything>", 200),
    ] {
        body.as_object_mut().unwrap().shift_remove("grant-type");
        body[name] = json!(value);
        assert_eq!(
            site.post(TOKEN, "", &body).await.status,
            status,
            "{name}={value}"
        );
    }
    let form = format!(
        "client_id={}&client_secret={}",
        site.setting("AIRBYTE_CLIENT_ID"),
        site.setting("AIRBYTE_CLIENT_SECRET")
    );
    let send = |kind: &'static str, body: String| {
        let request = site
            .request(Method::POST, TOKEN)
            .header("content-type", kind);
        async { request.body(body).send().await.unwrap().status().as_u16() }
    };
    assert_eq!(
        send("application/x-www-form-urlencoded", form.clone()).await,
        200
    );
    assert_eq!(send("text/plain", form).await, 415);
    assert_eq!(
        send("application/json", "{\"client_id\":".to_owned()).await,
        422
    );
    assert_eq!(send("application/json", "{}".to_owned()).await, 400);
}

#[tokio::test]
async fn bad_credentials_are_refused_as_each_edition_does() {
    for (fault, status) in [
        ("", 401),
        ("credentials:400", 400),
        ("credentials:500", 500),
    ] {
        let site = Site::new(if fault.is_empty() {
            &[]
        } else {
            std::slice::from_ref(&fault)
        })
        .await;
        for field in ["client_id", "client_secret"] {
            let mut body = site.credentials();
            body[field] = json!("wrong");
            let reply = site.post(TOKEN, "", &body).await;
            assert_eq!(reply.status, status, "{fault}");
            let keys: Vec<String> = reply.json().as_object().unwrap().keys().cloned().collect();
            if status == 400 {
                assert_eq!(keys, ["message", "_links", "_embedded"]);
            } else {
                assert_eq!(keys, ["errorId"]);
            }
        }
        assert_eq!(
            site.post(TOKEN, "", &site.credentials()).await.status,
            200,
            "{fault}"
        );
    }
}

#[tokio::test]
async fn only_a_bearer_of_ours_that_has_not_ended_opens() {
    let site = Site::new(&[]).await;
    let token = site.token().await;
    assert_eq!(site.get("/v1/workspaces", &token).await.status, 200);
    let widget = unpacked(&site.mint("u").await);
    let scoped = serde_json::from_str::<Value>(&widget).unwrap()["token"].clone();
    for bearer in ["", "x", &format!("{token}x"), scoped.as_str().unwrap()] {
        let reply = site.get("/v1/workspaces", bearer).await;
        assert_eq!(reply.status, 401, "{bearer}");
        assert!(
            reply.json()["type"].is_null(),
            "no problem document: {}",
            reply.text
        );
    }
    let ended = Site::with(Options {
        access_token_ttl: Some(Duration::ZERO),
        ..Options::default()
    })
    .await;
    assert_eq!(
        ended
            .get("/v1/workspaces", &ended.token().await)
            .await
            .status,
        401
    );
    let revoked = site
        .request(Method::POST, "/__sandbox/revoke")
        .send()
        .await
        .unwrap();
    assert_eq!(revoked.status(), 200);
    assert_eq!(site.get("/v1/workspaces", &token).await.status, 401);
    assert_eq!(
        site.get("/v1/workspaces", &site.token().await).await.status,
        200
    );
}

// --- organizations, lists, paths

#[tokio::test]
async fn organizations_are_listed_in_two_shapes() {
    let site = Site::new(&[]).await;
    let token = site.token().await;
    let id = site.setting("AIRBYTE_ORGANIZATION_ID");
    let embedded = site.get("/v1/embedded/organizations", &token).await.json();
    assert_eq!(
        embedded,
        json!({"organizations": [{"organizationId": id, "organizationName": "Acme", "permission": "organization_admin"}]})
    );
    let all = site.get("/v1/organizations", &token).await.json();
    assert_eq!(all["data"][0]["organizationId"], json!(id));
    assert!(all["data"][0]["email"].as_str().unwrap().contains('@'));
}

#[tokio::test]
async fn pages_say_next_until_they_are_empty() {
    let site = Site::new(&[]).await;
    let token = site.token().await;
    let empty = site.get("/v1/workspaces", &token).await.json();
    assert_eq!(empty, json!({"previous": "", "next": "", "data": []}));
    for user in 0..3 {
        let made = site
            .request(Method::POST, "/__sandbox/workspaces")
            .json(&json!({"name": format!("u{user}")}));
        assert_eq!(made.send().await.unwrap().status(), 200);
    }
    let first = site
        .get("/api/public/v1/workspaces?limit=2", &token)
        .await
        .json();
    assert_eq!(first["data"].as_array().unwrap().len(), 2);
    assert_eq!(
        first["next"],
        json!(format!("{}/v1/workspaces?limit=2&offset=2", site.url))
    );
    assert_eq!(first["previous"], "");
    let second = site
        .get("/v1/workspaces?limit=2&offset=2", &token)
        .await
        .json();
    assert_eq!(second["data"][0]["name"], "u2");
    assert_eq!(
        second["next"],
        json!(format!("{}/v1/workspaces?limit=2&offset=4", site.url))
    );
    assert_eq!(
        second["previous"],
        json!(format!("{}/v1/workspaces?limit=2&offset=0", site.url))
    );
    let third = site
        .get("/v1/workspaces?limit=2&offset=4", &token)
        .await
        .json();
    assert_eq!(
        (
            third["next"].as_str(),
            third["data"].as_array().map(Vec::len)
        ),
        (Some(""), Some(0))
    );

    let ids: Vec<&str> = [&first["data"][0], &second["data"][0]]
        .map(|item| item["workspaceId"].as_str().unwrap())
        .to_vec();
    let asked = format!(
        "/v1/workspaces?workspaceIds={}&workspaceIds={}",
        ids[0], ids[1]
    );
    let some = site.get(&asked, &token).await.json();
    assert_eq!(some["data"].as_array().unwrap().len(), 2);
    assert!(
        some["next"]
            .as_str()
            .unwrap()
            .contains(&format!("workspaceIds={}%2C{}", ids[0], ids[1]))
    );
    for wrong in ["limit=0", "limit=101", "limit=x", "offset=-1"] {
        assert_eq!(
            site.get(&format!("/v1/workspaces?{wrong}"), &token)
                .await
                .status,
            400,
            "{wrong}"
        );
    }
    let one = site
        .get(&format!("/v1/workspaces/{}", ids[0]), &token)
        .await
        .json();
    assert_eq!(one["name"], "u0");
    for unknown in [
        "/v1/workspaces/x",
        "/v1/workspaces/5f0c3a1e-6a0e-4d0e-b1a7-0f7e5a3391aa",
        "/v1/destinations/x",
        "/v1/workspaces?workspaceIds=x",
        "/v1/destinations?workspaceIds=x",
    ] {
        assert_eq!(site.get(unknown, &token).await.status, 403, "{unknown}");
    }
}

#[tokio::test]
async fn unknown_paths_and_methods_get_the_frameworks_answer() {
    let site = Site::new(&[]).await;
    let unknown = site.get("/v1/nothing", "").await;
    assert_eq!(unknown.status, 404);
    assert_eq!(unknown.json()["message"], "Not Found");
    assert_eq!(unknown.json()["_links"]["self"]["href"], "/v1/nothing");
    assert!(unknown.json()["_embedded"]["errors"].is_array());
    assert_eq!(site.get(TOKEN, "").await.status, 405);
    let health = site.get("/v1/health", "").await;
    assert_eq!(
        (health.status, health.text.as_str()),
        (200, "Successful operation")
    );
    assert_eq!(site.count("GET /v1/nothing"), 1);
    assert!(health.header("date").ends_with("GMT"));
}

// --- templates

#[tokio::test]
async fn a_template_is_made_each_time_it_is_sent() {
    let site = Site::new(&[]).await;
    let (one, two) = (site.create().await, site.create().await);
    assert_eq!((one.status, two.status), (200, 200));
    assert_ne!(one.json()["id"], two.json()["id"]);
    assert_eq!(one.json().as_object().unwrap().len(), 1);
    let state = site.sandbox.state();
    assert_eq!(
        state["templates"][0]["schedule"],
        json!({"scheduleType": "cron", "cronExpression": "0 0 * * * ?"})
    );
    assert_eq!(
        state["templates"][0]["destinationConfiguration"]["secret_access_key"],
        "**********"
    );
    assert!(
        !state
            .to_string()
            .contains(&site.setting("AWS_S3_SECRET_ACCESS_KEY"))
    );
    assert_eq!(state["counts"][format!("POST {TEMPLATE}")], 2);
    let bodies = site.get("/__sandbox/last-bodies", "").await.json();
    let sent: Value =
        serde_json::from_str(bodies[format!("POST {TEMPLATE}")].as_str().unwrap()).unwrap();
    assert_eq!(sent, site.template_body());
}

#[tokio::test]
async fn a_template_is_refused_for_what_is_read_at_once() {
    let site = Site::new(&[]).await;
    let token = site.token().await;
    let other = "5f0c3a1e-6a0e-4d0e-b1a7-0f7e5a3391aa";
    let cron = |text: &str| json!({"scheduleType": "cron", "cronExpression": text});
    for (field, value, status) in [
        ("organizationId", json!(other), 403),
        ("organizationId", json!("not a uuid"), 403),
        ("organizationId", json!(null), 403),
        ("destinationActorDefinitionId", json!(other), 404),
        ("destinationActorDefinitionId", json!("s3"), 422),
        ("destinationName", json!(null), 400),
        ("destinationConfiguration", json!("text"), 422),
        ("namespaceDefinitionType", json!("custom_format"), 422),
        ("namespaceDefinitionType", json!("customformat"), 200),
        (
            "nonBreakingChangesPreference",
            json!("disable_connection"),
            422,
        ),
        ("syncOnCreate", json!(false), 200),
        ("syncOnCreate", json!("no"), 422),
        ("schedule", json!({"scheduleType": "manual"}), 200),
        ("schedule", json!({"scheduleType": "weekly"}), 422),
        ("schedule", json!({"scheduleType": "cron"}), 400),
        ("schedule", cron("0 0 12 * * ? UTC"), 200),
        ("schedule", cron("0 * * * * ?"), 200),
        ("schedule", cron("0 * * * * ? 2030"), 400),
        ("schedule", cron("0 15 2 * * *"), 400),
        ("schedule", cron("string"), 400),
        (
            "destinationConfiguration",
            json!({"format": {"format_type": "nonsense"}}),
            200,
        ),
    ] {
        let mut body = site.template_body();
        body[field] = value.clone();
        let reply = site.post(TEMPLATE, &token, &body).await;
        assert_eq!(reply.status, status, "{field} = {value}: {}", reply.text);
        let problem = reply.json();
        match status {
            403 => assert_eq!(problem["title"], "forbidden"),
            404 => assert_eq!(problem["data"]["resourceId"], json!(other)),
            400 if field == "schedule" => assert!(problem["data"]["message"].is_string()),
            400 | 422 => assert!(problem["errorId"].is_string()),
            _ => assert!(problem["id"].is_string()),
        }
    }
    assert_eq!(
        site.post(TEMPLATE, "", &site.template_body()).await.status,
        401
    );
}

// --- widget tokens

#[tokio::test]
async fn a_widget_token_unpacks_to_the_published_claims() {
    let site = Site::new(&[]).await;
    let reply = site.mint("user-42").await;
    assert_eq!(reply.status, 200);
    let text = unpacked(&reply);
    assert!(text.starts_with("{\"token\":\"") && text.contains("\",\"widgetUrl\":\""));
    let inner: Value = serde_json::from_str(&text).unwrap();
    let jwt = inner["token"].as_str().unwrap();
    let header = URL_SAFE_NO_PAD
        .decode(jwt.split('.').next().unwrap())
        .unwrap();
    assert_eq!(header, br#"{"alg":"HS256"}"#);
    let workspace = site.sandbox.state()["workspaces"][0]["id"].clone();
    let claims = claims(jwt);
    assert_eq!(claims["typ"], "io.airbyte.auth.embedded_v1");
    assert_eq!(claims["act"], json!({"sub": "user-42"}));
    assert_eq!(
        claims["io.airbyte.auth.workspace_scope"],
        json!({"workspaceId": workspace})
    );
    assert_eq!(claims["roles"], json!(["EMBEDDED_END_USER"]));
    assert_eq!(claims["aud"], "airbyte-server");
    assert!((claims["exp"].as_i64().unwrap() - now() - 1200).abs() <= 2);
    for absent in ["iat", "nbf", "jti"] {
        assert!(claims[absent].is_null(), "{absent}");
    }
    let page = format!(
        "{}/embedded-widget?workspaceId={}&allowedOrigin=http%3A%2F%2Flocalhost%3A3001",
        site.url,
        workspace.as_str().unwrap()
    );
    assert_eq!(inner["widgetUrl"], json!(page));
    let token = site.token().await;
    let bare = site
        .post(
            &format!("{WIDGET}?debug"),
            &token,
            &site.widget_body("user-42"),
        )
        .await;
    assert_eq!(bare.json()["widgetUrl"], json!(page));
    assert_eq!(
        site.sandbox.state()["tokens"],
        json!({"access": 2, "widget": 2})
    );
}

#[tokio::test]
async fn a_user_is_a_workspace_of_exactly_that_name() {
    let site = Site::new(&[]).await;
    let token = site.token().await;
    let mut number = site.widget_body("");
    number["externalUserId"] = json!(0);
    for body in [
        site.widget_body("a"),
        site.widget_body("a"),
        site.widget_body("A"),
        site.widget_body("0"),
        number,
    ] {
        assert_eq!(site.post(WIDGET, &token, &body).await.status, 200);
    }
    assert_eq!(site.seen("workspaces"), 3);
    let by_hand = site
        .request(Method::POST, "/__sandbox/workspaces")
        .json(&json!({"name": "a"}));
    assert_eq!(by_hand.send().await.unwrap().status(), 200);
    let ambiguous = site.mint("a").await;
    assert_eq!(ambiguous.status, 500);
    assert_eq!(ambiguous.json().as_object().unwrap().len(), 1);
}

#[tokio::test]
async fn a_widget_token_is_refused_in_order() {
    let site = Site::new(&[]).await;
    let token = site.token().await;
    assert_eq!(site.post(WIDGET, "x", &json!({})).await.status, 401);
    for (field, value, status) in [
        (
            "organizationId",
            json!("5f0c3a1e-6a0e-4d0e-b1a7-0f7e5a3391aa"),
            403,
        ),
        ("organizationId", json!("malformed"), 403),
        ("organizationId", json!(null), 403),
        ("externalUserId", json!(null), 400),
        ("allowedOrigin", json!(null), 400),
        ("allowedOrigin", json!("not an origin at all/"), 200),
    ] {
        let mut body = site.widget_body("u");
        body[field] = value.clone();
        assert_eq!(
            site.post(WIDGET, &token, &body).await.status,
            status,
            "{field} = {value}"
        );
    }
    assert_eq!(
        site.seen("workspaces"),
        1,
        "only the accepted one made a workspace"
    );
}

#[tokio::test]
async fn destinations_are_made_with_the_workspace_or_never() {
    let site = Site::new(&[]).await;
    site.mint("early").await;
    site.create().await;
    site.mint("early").await;
    assert_eq!(site.seen("destinations"), 0);
    site.mint("late").await;
    assert_eq!(site.seen("destinations"), 1);
    let late = site.sandbox.state()["workspaces"][1]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let token = site.token().await;
    let listed = site
        .get(&format!("/v1/destinations?workspaceIds={late}"), &token)
        .await
        .json();
    let found = &listed["data"][0];
    assert_eq!(
        (&found["name"], &found["destinationType"]),
        (&json!("destination-s3"), &json!("s3"))
    );
    assert_eq!(found["configuration"]["secret_access_key"], "**********");
    assert_eq!(found["configuration"]["s3_bucket_name"], "acme-embedded");
    let one = site
        .get(
            &format!(
                "/v1/destinations/{}",
                found["destinationId"].as_str().unwrap()
            ),
            &token,
        )
        .await;
    assert_eq!(&one.json(), found);
}

#[tokio::test]
async fn an_invalid_destination_fails_the_first_mint_only() {
    let site = Site::new(&[]).await;
    let token = site.token().await;
    let mut body = site.template_body();
    body["destinationConfiguration"]["format"] = json!({"format_type": "CSV"});
    assert_eq!(site.post(TEMPLATE, &token, &body).await.status, 200);
    let first = site.mint("u").await;
    assert_eq!(
        (first.status, first.json().as_object().unwrap().len()),
        (500, 1)
    );
    assert_eq!(site.mint("u").await.status, 200);
    assert_eq!((site.seen("workspaces"), site.seen("destinations")), (1, 0));
}

#[tokio::test]
async fn many_first_mints_at_once_make_one_workspace() {
    let site = Site::new(&[]).await;
    site.create().await;
    let token = site.token().await;
    let mints = (0..40).map(|_| {
        let request = site.request(Method::POST, WIDGET).bearer_auth(&token);
        request.json(&site.widget_body("u")).send()
    });
    for answer in futures_util::future::join_all(mints).await {
        assert_eq!(answer.unwrap().status(), 200);
    }
    assert_eq!((site.seen("workspaces"), site.seen("destinations")), (1, 1));
    assert_eq!(site.count(&format!("POST {WIDGET}")), 40);
}

#[tokio::test]
async fn a_scoped_token_acts_for_its_workspace() {
    let site = Site::new(&[]).await;
    site.mint("u").await;
    let workspace = site.sandbox.state()["workspaces"][0]["id"].clone();
    let token = site.token().await;
    let reply = site
        .post(
            "/v1/embedded/scoped_token",
            &token,
            &json!({"workspaceId": workspace}),
        )
        .await;
    assert_eq!(
        claims(reply.json()["token"].as_str().unwrap())["act"],
        json!({"sub": workspace})
    );
    let unknown = site
        .post(
            "/v1/embedded/scoped_token",
            &token,
            &json!({"workspaceId": "x"}),
        )
        .await;
    assert_eq!(unknown.status, 403);
}

#[tokio::test]
async fn the_widget_page_may_be_framed_by_its_origin_only() {
    let site = Site::new(&[]).await;
    let inner: Value = serde_json::from_str(&unpacked(&site.mint("u").await)).unwrap();
    let page = reply(
        site.http
            .get(inner["widgetUrl"].as_str().unwrap())
            .send()
            .await
            .unwrap(),
    )
    .await
    .unwrap();
    assert_eq!(page.status, 200);
    let policy = |page: &Reply| page.header("content-security-policy").to_owned();
    assert!(policy(&page).ends_with("; frame-ancestors http://localhost:3001"));
    assert!(policy(&page).starts_with("default-src 'none'; script-src 'self'; "));
    assert!(
        page.text
            .contains("<meta name=\"generator\" content=\"embedctl sandbox\">")
    );
    for wrong in ["http://localhost:3001/", "*", "null", "x;script-src%20*"] {
        let page = site
            .get(&format!("/embedded-widget?allowedOrigin={wrong}"), "")
            .await;
        assert_eq!(page.status, 200);
        assert!(!policy(&page).contains("frame-ancestors"), "{wrong}");
    }
}

#[tokio::test]
async fn everything_that_the_widget_page_loads_is_there_and_nothing_is_in_it_that_runs() {
    let site = Site::new(&[]).await;
    let page = site.get("/embedded-widget", "").await.text;
    assert!(!page.contains("onclick") && !page.contains("style=") && !page.contains("<style"));
    let mut loaded = Vec::new();
    for piece in page
        .split(['"', '\''])
        .filter(|it| it.starts_with("/embedded-widget/"))
    {
        let part = site.get(piece, "").await;
        assert_eq!(
            (part.status, part.header("x-content-type-options")),
            (200, "nosniff"),
            "{piece}"
        );
        let imported = part.text.split('"').filter_map(|it| it.strip_prefix("./"));
        loaded.extend(imported.map(str::to_owned));
        assert!(!part.text.contains("://"), "{piece} names another place");
    }
    assert_eq!(loaded.len(), 3, "{loaded:?}");
    for name in loaded {
        let part = site.get(&format!("/embedded-widget/{name}"), "").await;
        assert_eq!(part.status, 200, "{name}");
        assert_eq!(
            part.header("content-type"),
            "text/javascript; charset=utf-8"
        );
    }
    assert_eq!(site.get("/embedded-widget/other.js", "").await.status, 404);
}

#[tokio::test]
async fn the_widget_page_speaks_the_api_that_minted_last() {
    let site = Site::new(&[]).await;
    let spoken = async |minted: &Reply| {
        let inner: Value = serde_json::from_str(&unpacked(minted)).unwrap();
        let url = inner["widgetUrl"].as_str().unwrap().to_owned();
        let path = url.strip_prefix(&site.url).unwrap().to_owned();
        let page = site.get(&path, "").await.text;
        let (_, rest) = page.split_once("name=\"embedctl-api\" content=\"").unwrap();
        rest.split('"').next().unwrap().to_owned()
    };
    assert_eq!(spoken(&site.mint("u").await).await, "v1");
    let newer = json!({"workspace_name": "u", "allowed_origin": "http://localhost:3001"});
    let newer = site.call(Method::POST, agents::WIDGET, &newer).await;
    assert_eq!(spoken(&newer).await, "agents");
    assert_eq!(spoken(&site.mint("u").await).await, "v1");
}
