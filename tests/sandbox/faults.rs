//! Each fault, as the wire shows it.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::*;

// --- faults: other answers

#[tokio::test]
async fn statuses_come_in_the_body_family_of_the_real_ones() {
    for (fault, status, field) in [
        ("status:400", 400, "/type"),
        ("status:401", 401, "/_links"),
        ("status:403", 403, "/type"),
        ("status:404", 404, "/_links"),
        ("status:409:taken", 409, "/data/message"),
        ("status:422:a: *b", 422, "/data/message"),
        ("status:429", 429, "/message"),
        ("status:500", 500, "/errorId"),
        ("status:500:said", 500, "/data/message"),
        ("status:502", 502, "/type"),
        ("rate", 429, "/message"),
        ("rate:3", 429, "/message"),
        ("esc", 400, "/data/message"),
    ] {
        let site = Site::new(&[&format!("widget={fault}*1")]).await;
        let reply = site.mint("u").await;
        assert_eq!(reply.status, status, "{fault}");
        assert!(
            reply.json().pointer(field).is_some(),
            "{fault}: {}",
            reply.text
        );
        assert_eq!(
            reply.header("retry-after"),
            if fault == "rate:3" { "3" } else { "" }
        );
        assert_eq!(site.seen("workspaces"), 0, "{fault} is not carried out");
        assert_eq!(site.mint("u").await.status, 200, "{fault} happens once");
    }
}

#[tokio::test]
async fn escapes_are_in_the_document_and_in_a_header() {
    let site = Site::new(&["any=esc"]).await;
    let reply = site.get("/v1/health", "").await;
    let problem = reply.json();
    let all = format!(
        "{}{}{}",
        problem["title"], problem["detail"], problem["data"]["message"]
    );
    for escaped in ["\\u001b]52", "\\u001b]0;", "\u{9b}", "\\r", "\u{202e}"] {
        assert!(all.contains(escaped), "{escaped:?}");
    }
    assert!(reply.headers["x-request-id"].as_bytes().contains(&0x9b));
    let own = Site::new(&["any=status:400:\u{1b}[31mred"]).await;
    assert_eq!(
        own.get("/v1/health", "").await.json()["detail"],
        "\u{1b}[31mred"
    );
}

#[tokio::test]
async fn an_echo_gives_the_secrets_back() {
    let site = Site::new(&["token=echo"]).await;
    let reply = site.post(TOKEN, "", &site.credentials()).await;
    assert_eq!(reply.status, 400);
    let message = reply.json()["data"]["message"].as_str().unwrap().to_owned();
    assert!(message.contains(&site.setting("AIRBYTE_CLIENT_SECRET")));
}

#[tokio::test]
async fn proxies_and_redirects_answer_as_they_do() {
    let site = Site::new(&[
        "token=html:502",
        "widget=redirect:302:http://other.example/x",
        "template=redirect:308",
        "page=redirect-loop",
    ])
    .await;
    let html = site.post(TOKEN, "", &json!({})).await;
    assert_eq!(html.status, 502);
    assert!(html.text.contains("<title>502 Bad Gateway</title>"));
    assert!(html.header("content-type").starts_with("text/html"));
    let redirect = site.post(WIDGET, "", &json!({})).await;
    assert_eq!(
        (redirect.status, redirect.header("location")),
        (302, "http://other.example/x")
    );
    let bare = site.post(TEMPLATE, "", &json!({})).await;
    assert_eq!((bare.status, bare.header("location")), (308, ""));
    let around = site.get("/embedded-widget?a=b", "").await;
    assert_eq!(
        (around.status, around.header("location")),
        (307, "/embedded-widget?a=b")
    );
}

#[tokio::test]
async fn a_reset_sends_no_byte_and_a_hang_sends_none_either() {
    let site = Site::new(&["organizations=reset", "workspaces=hang"]).await;
    let raw = async |path: &str| {
        let mut stream = TcpStream::connect(site.url.strip_prefix("http://").unwrap())
            .await
            .unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        stream
    };
    let mut bytes = Vec::new();
    raw("/v1/organizations")
        .await
        .read_to_end(&mut bytes)
        .await
        .unwrap();
    assert_eq!(bytes, b"");
    let mut hanging = raw("/v1/workspaces").await;
    let nothing = tokio::time::timeout(Duration::from_millis(100), hanging.read_u8()).await;
    assert!(nothing.is_err(), "neither a byte nor an end");
}

#[tokio::test]
async fn commit_carries_out_and_loses_the_answer() {
    for fault in [
        "commit+reset",
        "commit+status:502",
        "commit+status:500",
        "commit+missing:id",
        "commit+html:504",
        "commit+delay:1",
        "missing:id",
        "cut",
        "empty",
        "cut-json",
        "delay:1",
    ] {
        let site = Site::new(&[&format!("template={fault}*1")]).await;
        let token = site.token().await;
        let request = site
            .request(Method::POST, TEMPLATE)
            .bearer_auth(token)
            .json(&site.template_body());
        drop(request.send().await);
        assert_eq!(site.seen("templates"), 1, "{fault}");
    }
    for fault in [
        "reset",
        "status:502",
        "html:504",
        "rate",
        "echo",
        "esc",
        "redirect:302",
    ] {
        let site = Site::new(&[&format!("template={fault}*1")]).await;
        let token = site.token().await;
        let request = site
            .request(Method::POST, TEMPLATE)
            .bearer_auth(token)
            .json(&site.template_body());
        drop(request.send().await);
        assert_eq!(site.seen("templates"), 0, "{fault}");
    }
    let site = Site::new(&["template=commit+hang"]).await;
    let token = site.token().await;
    let request = site
        .request(Method::POST, TEMPLATE)
        .bearer_auth(token)
        .json(&site.template_body());
    let hanging = tokio::spawn(request.send());
    while site.seen("templates") == 0 {
        tokio::task::yield_now().await;
    }
    assert!(!hanging.is_finished());
    hanging.abort();
}

// --- faults: changed answers

#[tokio::test]
async fn a_cut_body_announces_more_than_it_brings() {
    let site = Site::new(&["token=cut*1"]).await;
    let request = site.request(Method::POST, TOKEN).json(&site.credentials());
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(response.content_length().unwrap() > 100);
    assert!(reply(response).await.is_err());
    assert_eq!(site.post(TOKEN, "", &site.credentials()).await.status, 200);
}

#[tokio::test]
async fn slow_and_huge_bodies_arrive_in_full() {
    let site = Site::new(&["token=slow:0", "organizations=huge:2"]).await;
    let slow = site.post(TOKEN, "", &site.credentials()).await;
    let token = slow.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(slow.header("content-length"), slow.text.len().to_string());
    let huge = site.get("/v1/embedded/organizations", &token).await;
    assert!(huge.text.len() > 2 * 1024 * 1024);
    assert_eq!(huge.header("content-length"), "");
    assert!(huge.json()["organizations"].is_array());
}

#[tokio::test]
async fn documents_are_broken_on_the_wire() {
    let broken = async |fault: &str| {
        let site = Site::new(&[&format!("token={fault}")]).await;
        site.post(TOKEN, "", &site.credentials()).await
    };
    for fault in ["bad-json", "cut-json", "empty", "bom", "not-utf8"] {
        let reply = broken(fault).await;
        assert_eq!((reply.status, reply.json()), (200, Value::Null), "{fault}");
    }
    assert!(broken("array").await.json().is_array());
    assert!(broken("string").await.json().is_string());
    let wrong_type = broken("wrong-type").await;
    assert!(wrong_type.header("content-type").starts_with("text/html"));
    assert!(wrong_type.json()["access_token"].is_string());
    assert!(
        broken("dup-keys")
            .await
            .text
            .contains("\"access_token\":null")
    );
    assert!(
        broken("missing:access_token")
            .await
            .json()
            .get("access_token")
            .is_none()
    );
    assert_eq!(
        broken("null:access_token").await.json().get("access_token"),
        Some(&Value::Null)
    );
    assert_eq!(
        broken("blank:access_token").await.json()["access_token"],
        ""
    );
    assert!(broken("type:access_token").await.json()["access_token"].is_number());
    assert!(broken("type:expires_in").await.json()["expires_in"].is_string());
    assert_eq!(
        broken("value:access_token:\u{1b}]52;c;x").await.json()["access_token"],
        "\u{1b}]52;c;x"
    );
    assert_eq!(
        broken("big-field:access_token:3").await.json()["access_token"]
            .as_str()
            .unwrap()
            .len(),
        3072
    );
}

// --- switches

#[tokio::test]
async fn a_moved_endpoint_says_so_without_a_location() {
    let site = Site::new(&["moved*1", "moved:404*1"]).await;
    let gone = site.create().await;
    assert_eq!(
        (gone.status, gone.json()["message"].as_str()),
        (404, Some("Not Found"))
    );
    let moved = site.create().await;
    assert_eq!((moved.status, moved.header("location")), (301, ""));
    assert_eq!(moved.json()["type"], "error:embedded/endpoint-moved");
    assert!(
        moved.json()["documentationUrl"]
            .as_str()
            .unwrap()
            .starts_with("https://api.airbyte.ai")
    );
    assert_eq!(site.create().await.status, 200);
    assert_eq!(site.seen("templates"), 1);
    let nothing = site
        .get("/v1/config_templates/nothing", &site.token().await)
        .await;
    assert_eq!(nothing.status, 404);
}

#[tokio::test]
async fn entitlement_and_role_are_refused_with_their_own_problems() {
    let site = Site::new(&["not-entitled"]).await;
    let (template, widget) = (site.create().await, site.mint("u").await);
    assert_eq!((template.status, widget.status), (403, 403));
    assert_eq!(template.json()["type"], "error:license/entitlement");
    assert_eq!(
        template.json()["data"]["entitlement"],
        "CONFIG_TEMPLATE_ENDPOINTS"
    );
    assert_eq!(widget.json()["data"]["entitlement"], "feature-embedded");
    let listed = site
        .get("/v1/embedded/organizations", &site.token().await)
        .await;
    assert_eq!(listed.json(), json!({"organizations": []}));

    let site = Site::new(&["not-admin", "not-entitled"]).await;
    let (template, widget) = (site.create().await, site.mint("u").await);
    assert_eq!(
        (&template.json()["title"], &widget.json()["title"]),
        (&json!("forbidden"), &json!("forbidden"))
    );
    assert_eq!((site.seen("templates"), site.seen("workspaces")), (0, 0));
    let site = Site::new(&["not-admin"]).await;
    let listed = site
        .get("/v1/embedded/organizations", &site.token().await)
        .await;
    assert_eq!(
        listed.json()["organizations"][0]["permission"],
        "organization_reader"
    );
}

#[tokio::test]
async fn a_skewed_clock_shifts_date_and_expiry_together() {
    let site = Site::new(&["skew:-3600"]).await;
    let reply = site.post(TOKEN, "", &site.credentials()).await;
    let date = jiff::fmt::rfc2822::parse(reply.header("date"))
        .unwrap()
        .timestamp()
        .as_second();
    assert!((date - now() + 3600).abs() <= 2);
    let token = reply.json()["access_token"].as_str().unwrap().to_owned();
    assert!((claims(&token)["exp"].as_i64().unwrap() - date - 900).abs() <= 1);
    assert_eq!(
        site.get("/v1/workspaces", &token).await.status,
        200,
        "by the server's own clock"
    );
}

#[tokio::test]
async fn access_tokens_end_early_late_or_in_silence() {
    let issue = async |fault: &str| {
        let site = Site::new(&[fault]).await;
        let answer = site.post(TOKEN, "", &site.credentials()).await.json();
        let token = answer["access_token"].as_str().unwrap().to_owned();
        let status = site.get("/v1/workspaces", &token).await.status;
        (
            answer["expires_in"].clone(),
            claims(&token)["exp"].clone(),
            status,
        )
    };
    assert_eq!(issue("no-expiry").await, (Value::Null, Value::Null, 200));
    let (expires_in, exp, status) = issue("expired-access").await;
    assert!(exp.as_i64().unwrap() < now());
    assert_eq!((expires_in, status), (json!(900), 401));
    let (expires_in, exp, status) = issue("expires:5").await;
    assert!((exp.as_i64().unwrap() - now() - 5).abs() <= 2);
    assert_eq!((expires_in, status), (json!(5), 200));
}

#[tokio::test]
async fn a_widget_token_can_have_ended_when_it_is_issued() {
    let site = Site::new(&["widget-expires:0*1"]).await;
    let info = "/api/v1/account/applications/scoped-token/info";
    for status in [401, 200] {
        let inner: Value = serde_json::from_str(&unpacked(&site.mint("u").await)).unwrap();
        let scoped = inner["token"].as_str().unwrap();
        assert_eq!(site.get(info, scoped).await.status, status);
    }
}

#[tokio::test]
async fn the_widget_page_can_be_said_to_be_elsewhere() {
    for (host, url) in [
        (
            "https://cloud.airbyte.com",
            "https://cloud.airbyte.com/embedded-widget?workspaceId=",
        ),
        (
            "javascript:alert(1)//",
            "javascript:alert(1)/embedded-widget?",
        ),
    ] {
        let site = Site::new(&[&format!("widget-host:{host}")]).await;
        let inner: Value = serde_json::from_str(&unpacked(&site.mint("u").await)).unwrap();
        assert!(
            inner["widgetUrl"].as_str().unwrap().starts_with(url),
            "{inner}"
        );
    }
    let short = Site::with(Options {
        widget_token_ttl: Some(Duration::from_secs(30)),
        ..Options::default()
    })
    .await;
    let inner: Value = serde_json::from_str(&unpacked(&short.mint("u").await)).unwrap();
    assert!(
        (claims(inner["token"].as_str().unwrap())["exp"]
            .as_i64()
            .unwrap()
            - now()
            - 30)
            .abs()
            <= 2
    );
}
