//! Each way for data not to arrive.

use super::*;

#[tokio::test]
async fn each_word_keeps_the_data_away_in_its_own_way() {
    for (fault, source, connection, status, said) in [
        ("source=none", false, false, "", "connected nothing"),
        ("destination=none", true, false, "", "no destination"),
        (
            "destination=twice",
            true,
            false,
            "",
            "more than one destination is called destination-s3",
        ),
        (
            "connection=none",
            true,
            false,
            "",
            "connection was not made",
        ),
        (
            "connection=manual",
            true,
            true,
            "",
            "not synced when it was made",
        ),
        ("job=queued", true, true, "queued", "queued and stays so"),
        ("job=pending", true, true, "pending", "pending and stays so"),
        ("job=running", true, true, "running", "running and stays so"),
        ("job=incomplete", true, true, "incomplete", "one attempt"),
        (
            "job=failed:Access Denied",
            true,
            true,
            "failed",
            "the job failed: Access Denied",
        ),
        ("job=empty", true, true, "succeeded", "wrote nothing"),
    ] {
        for api in ["v1", "agents"] {
            if fault == "destination=twice" && api == "agents" {
                continue; // It looks nothing up by name.
            }
            let site = Site::quick(&[&format!("{fault}*1")]).await;
            if api == "v1" {
                site.mint("u").await;
            } else {
                let by_hand = json!({"name": "u"});
                site.post("/__sandbox/workspaces", "", &by_hand).await;
            }
            let played = site.play("u", 3, api).await;
            assert_eq!(played["source_id"].is_string(), source, "{fault}: {played}");
            assert_eq!(
                played["connection_id"].is_string(),
                connection,
                "{fault}: {played}"
            );
            assert_eq!(
                played["job"]["status"].as_str().unwrap_or(""),
                status,
                "{fault}"
            );
            assert!(
                played["reason"].as_str().unwrap().contains(said),
                "{fault}: {played}"
            );
            assert_eq!(played["rows"], json!({}), "{fault}");
            assert!(site.landed("u").is_empty(), "{fault}");
            if !status.is_empty() {
                let job = site.get("/v1/jobs/1", &site.token().await).await.json();
                assert_eq!(job["status"], status);
                assert_eq!(site.sandbox.state()["jobs"][0]["reason"], played["reason"]);
            }
        }
    }
}

#[tokio::test]
async fn a_user_must_have_a_workspace_and_an_order_must_be_sound() {
    let site = Site::quick(&[]).await;
    let nobody = site.order(&json!({"user": "nobody"})).await;
    assert_eq!(nobody.status, 404);
    assert!(
        nobody.json()["message"]
            .as_str()
            .unwrap()
            .contains("minted first")
    );
    for (body, said) in [
        (json!({}), "text `user`"),
        (json!({"user": "u", "rows": 0}), "1 to 100000"),
        (json!({"user": "u", "rows": "all"}), "1 to 100000"),
        (json!({"user": "u", "api": "v2"}), "v1 or agents"),
    ] {
        let reply = site.order(&body).await;
        assert_eq!(reply.status, 400);
        assert!(
            reply.json()["message"].as_str().unwrap().contains(said),
            "{body}"
        );
    }
    site.mint("u").await;
    let usual = site.order(&json!({"user": "u"})).await.json();
    assert_eq!(usual["rows"]["users"], 1000);
}

#[tokio::test]
async fn without_a_template_there_is_no_connection() {
    let site = Site::bare().await;
    site.mint("u").await;
    for api in ["v1", "agents"] {
        let played = site.play("u", 1, api).await;
        assert_eq!(played["connection_id"], Value::Null);
        assert_eq!(
            played["reason"],
            "the organization has no connection template"
        );
    }
}

#[tokio::test]
async fn a_template_made_after_the_workspace_never_reaches_it() {
    let site = Site::bare().await;
    site.mint("early").await;
    site.create_with(|_| ()).await;
    let early = site.play("early", 1, "v1").await;
    assert!(
        early["reason"]
            .as_str()
            .unwrap()
            .contains("no destination called destination-s3")
    );
    assert_eq!(
        (&early["connection_id"], &early["job"]),
        (&Value::Null, &Value::Null)
    );
    site.mint("late").await;
    assert_eq!(site.play("late", 1, "v1").await["rows"]["users"], 1);
}

#[tokio::test]
async fn a_template_made_twice_breaks_every_new_source() {
    let site = Site::bare().await;
    site.create_with(|_| ()).await;
    site.create_with(|_| ()).await;
    let customer = site.customer("u").await;
    let body = json!({"name": "s", "workspaceId": customer.workspace,
        "configuration": {"sourceType": "faker"}});
    let refused = site.post("/v1/sources", &customer.token, &body).await;
    assert_eq!(refused.status, 500);
    assert_eq!(
        refused.json().as_object().unwrap().len(),
        1,
        "{}",
        refused.text
    );
    let sources = site.get("/v1/sources", &customer.token).await.json();
    assert_eq!(sources["data"][0]["name"], "s", "it is there all the same");
    assert_eq!(site.seen("connections"), 0);
}

#[tokio::test]
async fn two_templates_of_two_names_are_two_syncs() {
    let site = Site::quick(&[]).await;
    site.create_with(|body| body["destinationName"] = json!("other"))
        .await;
    site.mint("u").await;
    assert_eq!(site.play("u", 2, "v1").await["job"]["status"], "succeeded");
    assert_eq!((site.seen("connections"), site.seen("jobs")), (2, 2));
    assert_eq!(site.sandbox.state()["jobs"][1]["status"], "succeeded");
}

#[tokio::test]
async fn an_invalid_configuration_shows_once_and_is_silent_after() {
    let made_so: &[fn(&mut Value)] = &[
        |body| body["destinationConfiguration"]["s3_bucket_region"] = json!("us-east-9"),
        |_| (),
    ];
    for (change, fault) in made_so.iter().zip([None, Some("destination=invalid*1")]) {
        let site = Site::new(fault.as_slice()).await;
        site.create_with(change).await;
        assert_eq!(site.mint("u").await.status, 500);
        assert_eq!(site.mint("u").await.status, 200);
        let played = site.play("u", 1, "v1").await;
        assert!(
            played["reason"].as_str().unwrap().contains("was refused"),
            "{played}"
        );
        assert_eq!(played["connection_id"], Value::Null);
    }
}

#[tokio::test]
async fn a_bucket_that_is_not_ours_fails_the_job_and_nothing_before_it() {
    for (field, value, said) in [
        (
            "s3_bucket_name",
            "elsewhere",
            "The specified bucket does not exist",
        ),
        (
            "access_key_id",
            "AKIAOTHER",
            "Access Key Id you provided does not exist",
        ),
        (
            "secret_access_key",
            "wrong",
            "signature we calculated does not match",
        ),
        ("s3_bucket_region", "eu-west-1", "expecting 'us-east-1'"),
    ] {
        let site = Site::bare().await;
        site.create_with(|body| body["destinationConfiguration"][field] = json!(value))
            .await;
        assert_eq!(site.mint("u").await.status, 200);
        let played = site.play("u", 1, "v1").await;
        assert_eq!(played["job"]["status"], "failed", "{field}");
        assert!(
            played["reason"].as_str().unwrap().contains(said),
            "{played}"
        );
        assert_eq!(
            site.sandbox.state()["objects"],
            0,
            "no check got through either"
        );
    }
}

#[tokio::test]
async fn a_schedule_by_hand_or_too_often_brings_nothing_by_itself() {
    let site = Site::bare().await;
    let manual = |body: &mut Value| {
        body["schedule"] = json!({"scheduleType": "manual"});
        body["syncOnCreate"] = json!(false);
    };
    site.create_with(manual).await;
    site.mint("u").await;
    let played = site.play("u", 1, "v1").await;
    assert_eq!((&played["job"], site.seen("jobs")), (&Value::Null, 0));
    let token = site.token().await;
    let connection = &site.get("/v1/connections", &token).await.json()["data"][0];
    assert_eq!(connection["schedule"], json!({"scheduleType": "manual"}));

    let site = Site::bare().await;
    let often = |body: &mut Value| {
        body["schedule"] = json!({"scheduleType": "cron", "cronExpression": "0 */5 * * * ?"});
    };
    assert_eq!(
        site.create_with(often).await.status,
        200,
        "six fields slip through"
    );
    site.mint("u").await;
    let played = site.play("u", 1, "v1").await;
    assert!(
        played["reason"]
            .as_str()
            .unwrap()
            .contains("more than 1 hour apart"),
        "{played}"
    );
}

#[tokio::test]
async fn airbytes_own_storage_is_not_in_the_bucket() {
    let site = Site::bare().await;
    let token = site.token().await;
    let body = json!({"data_hosting_type": "airbyte_hosted"});
    let path = "/api/v1/integrations/templates/connections";
    assert_eq!(site.post(path, &token, &body).await.status, 200);
    site.mint("u").await;
    let played = site.play("u", 2, "agents").await;
    assert_eq!(played["rows"]["users"], 2);
    assert_eq!(site.sandbox.state()["objects"], 0);
    let destinations = site.get("/v1/destinations", &token).await.json();
    assert_eq!(destinations["data"][0]["configuration"], json!({}));
}
