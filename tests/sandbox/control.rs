//! Starting, ending, and the control calls.

use std::time::Instant;

use super::*;

// --- starting and ending

#[tokio::test]
async fn a_seed_repeats_the_world_and_its_own_settings_work() {
    let options = || Options {
        seed: Some(7),
        template: true,
        ..Options::default()
    };
    let (one, two) = (Site::with(options()).await, Site::with(options()).await);
    assert_eq!(one.sandbox.settings("x"), two.sandbox.settings("x"));
    assert_ne!(
        one.sandbox.settings("x"),
        Sandbox::new(Options::default()).settings("x")
    );
    assert_eq!(one.sandbox.template_made(), two.sandbox.template_made());
    assert_eq!(one.sandbox.template_made().unwrap().1, "destination-s3");
    assert_eq!(Sandbox::new(Options::default()).template_made(), None);
    one.mint("u").await;
    two.mint("u").await;
    assert_eq!(one.sandbox.state(), two.sandbox.state());
    assert_eq!(
        one.seen("destinations"),
        1,
        "the template made at start is valid"
    );
    let names: Vec<&str> = one
        .sandbox
        .settings("x")
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    assert_eq!(
        names.join(" "),
        "AIRBYTE_ORGANIZATION_ID AIRBYTE_CLIENT_ID AIRBYTE_CLIENT_SECRET EXTERNAL_USER_ID \
        AWS_S3_ACCESS_KEY_ID AWS_S3_SECRET_ACCESS_KEY S3_BUCKET_NAME S3_PATH_PREFIX S3_BUCKET_REGION BASE_URL ALLOWED_ORIGIN"
    );
}

#[tokio::test]
async fn the_end_comes_within_two_seconds_even_with_a_hang() {
    let site = Site::new(&["widget=hang"]).await;
    let token = site.token().await;
    let hanging = tokio::spawn(
        site.request(Method::POST, WIDGET)
            .bearer_auth(token)
            .json(&site.widget_body("u"))
            .send(),
    );
    while site.count(&format!("POST {WIDGET}")) == 0 {
        tokio::task::yield_now().await;
    }
    let began = Instant::now();
    site.stop.send(()).unwrap();
    site.served.await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(2));
    assert!(hanging.await.unwrap().is_err());
}

#[tokio::test]
async fn idle_connections_do_not_hold_up_the_end() {
    let site = Site::new(&[]).await;
    assert_eq!(site.mint("u").await.status, 200);
    let began = Instant::now();
    site.stop.send(()).unwrap();
    site.served.await.unwrap();
    assert!(
        began.elapsed() < Duration::from_secs(1),
        "within the grace, not after it"
    );
    assert!(site.http.get(&site.url).send().await.is_err());
}

// --- control

#[tokio::test]
async fn control_calls_need_a_loopback_host_and_no_foreign_page() {
    let site = Site::new(&[]).await;
    for (name, value, status) in [
        ("host", "evil.example", 403),
        ("host", "localhost:9", 200),
        ("origin", "http://evil.example", 403),
        ("origin", "null", 403),
        ("origin", &site.url, 200),
    ] {
        let request = site
            .request(Method::GET, "/__sandbox/state")
            .header(name, value);
        assert_eq!(
            request.send().await.unwrap().status().as_u16(),
            status,
            "{name}: {value}"
        );
    }
    assert!(
        site.sandbox.state()["counts"]
            .as_object()
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn faults_are_added_shown_and_cleared_at_run_time() {
    let site = Site::new(&[]).await;
    let add = |fault: &str| {
        site.request(Method::POST, "/__sandbox/faults")
            .json(&json!({"fault": fault}))
            .send()
    };
    assert_eq!(add("token=status:503*1").await.unwrap().status(), 200);
    assert_eq!(site.post(TOKEN, "", &json!({})).await.status, 503);
    assert_eq!(
        site.sandbox.state()["faults"],
        json!([{"fault": "token=status:503*1", "left": 0}])
    );
    site.sandbox.add_fault("any=status:500".parse().unwrap());
    assert_eq!(site.get("/v1/health", "").await.status, 500);
    let cleared = site
        .request(Method::DELETE, "/__sandbox/faults")
        .send()
        .await
        .unwrap();
    assert_eq!(cleared.status(), 200);
    assert_eq!(site.get("/v1/health", "").await.status, 200);
    let wrong = reply(add("token=explode").await.unwrap()).await.unwrap();
    assert_eq!(wrong.status, 400);
    assert!(
        wrong.json()["message"]
            .as_str()
            .unwrap()
            .contains("actions are")
    );
    let nothing = site
        .request(Method::POST, "/__sandbox/faults")
        .body("x")
        .send()
        .await
        .unwrap();
    assert_eq!(nothing.status(), 400);
}
