//! The connection template's life: planned, created once, found again, listed.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use serde_json::{Value, json};

use crate::support::{Home, Listener, Site, route};

fn data(home: &Home, line: &str, code: i32) -> Value {
    home.run(&format!("{line} -o json")).expect(code).json()["data"].clone()
}

#[test]
fn a_template_is_planned_created_found_again_and_listed() {
    let site = Site::new(&[]);
    let home = site.home();
    assert_eq!(data(&home, "template plan", 0)["would"], "create");
    assert_eq!(
        data(&home, "template list", 0),
        json!({"source": "ledger", "templates": []})
    );
    let made = data(&home, "template create --yes", 0);
    let id = site.state()["templates"][0]["id"].clone();
    assert_eq!(
        made,
        json!({"outcome": "created", "id": id, "name": "destination-s3"})
    );
    let again = data(&home, "template create --yes", 0);
    assert_eq!(
        again,
        json!({"outcome": "exists", "id": id, "name": "destination-s3"})
    );
    // What exists needs no confirmation, since nothing is sent.
    assert_eq!(data(&home, "template create", 0)["outcome"], "exists");
    assert_eq!(
        (site.count(route::TEMPLATE), site.seen("templates")),
        (1, 1)
    );
    let plan = data(&home, "template plan", 0);
    assert_eq!(
        (&plan["would"], &plan["existing"][0]["id"]),
        (&json!("nothing"), &id)
    );
    let listed = data(&home, "template list", 0)["templates"][0].clone();
    assert_eq!(
        (
            &listed["id"],
            &listed["name"],
            &listed["bucket"],
            &listed["prefix"]
        ),
        (
            &id,
            &json!("destination-s3"),
            &json!("acme-embedded"),
            &json!("customers")
        )
    );
    assert!(listed["created_at"].as_str().unwrap().ends_with('Z'));
}

#[test]
fn the_life_of_a_template_in_words() {
    let site = Site::new(&[]);
    let home = site.home_with(&[("AWS_S3_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")]);
    insta::assert_snapshot!(home.run("template plan").block(), @r#"
exit 0
--- out
create  destination-s3: it is not known here

POST http://127.0.0.1:PORT/v1/config_templates/connections
{
  "destinationName": "destination-s3",
  "organizationId": "UUID",
  "destinationActorDefinitionId": "UUID",
  "destinationConfiguration": {
    "access_key_id": "AKIA…MPLE",
    "secret_access_key": "••••••••",
    "s3_bucket_name": "acme-embedded",
    "s3_bucket_path": "customers",
    "s3_bucket_region": "us-east-1",
    "format": {
      "format_type": "JSONL",
      "compression": {
        "compression_type": "No Compression"
      }
    },
    "s3_endpoint": "http://127.0.0.1:PORT"
  }
}
--- err

This API cannot list templates: what is known comes from this machine's ledger.
"#);
    insta::assert_snapshot!(home.run("template list").block(), @r"
exit 0
--- err
no connection templates were created from this machine; this API cannot list others
");
    insta::assert_snapshot!(home.run("template create --yes --skip-probe").block(), @r"
exit 0
--- out
created  destination-s3  id UUID
");
    insta::assert_snapshot!(home.run("template create --yes --skip-probe").block(), @r"
exit 0
--- out
exists  destination-s3  id UUID
");
    insta::assert_snapshot!(home.run("template list").block(), @r"
exit 0
--- out
UUID  destination-s3  s3://acme-embedded/customers  TIME
");
}

#[test]
fn a_plan_and_a_dry_run_send_nothing_and_write_nothing() {
    let site = Site::new(&[]);
    let home = site.home();
    let plan = data(&home, "template plan", 0);
    let dry = data(&home, "template create --dry-run --yes --force", 0);
    assert_eq!(plan, dry);
    assert_eq!(site.requests(), 0);
    assert_eq!(home.ledger(), "");
    let request = &plan["request"];
    assert_eq!(request["method"], "POST");
    assert_eq!(
        request["url"],
        format!("{}/v1/config_templates/connections", site.url)
    );
    let configuration = &request["body"]["destinationConfiguration"];
    assert_eq!(configuration["secret_access_key"], "••••••••");
    assert!(
        !plan
            .to_string()
            .contains(&site.setting("AWS_S3_SECRET_ACCESS_KEY"))
    );
    assert!(
        !plan
            .to_string()
            .contains(&site.setting("AWS_S3_ACCESS_KEY_ID"))
    );
}

#[test]
fn the_same_name_with_other_values_is_a_conflict_field_by_field() {
    let site = Site::new(&[]);
    let home = site.home();
    home.run("template create --yes").expect(0);
    home.write(
        ".env",
        site.env_with(&[
            ("S3_BUCKET_NAME", "other-bucket"),
            ("TEMPLATE_FORMAT", "csv.gz"),
            ("TEMPLATE_SCHEDULE", "manual"),
        ]),
    );
    assert_eq!(data(&home, "template plan", 0)["would"], "conflict");
    let told = home.run("template plan").expect(0).out;
    let lines: Vec<&str> = told.lines().take(4).skip(1).collect();
    assert_eq!(
        lines,
        [
            "  bucket is \"acme-embedded\" there and \"other-bucket\" here",
            "  format is \"jsonl\" there and \"csv.gz\" here",
            "  schedule is \"hourly\" there and \"manual\" here",
        ]
    );
    let ran = home.run("template create --yes").expect(6);
    insta::assert_snapshot!(ran.block(), @r#"
exit 6
--- err
error: a connection template named destination-s3 exists (id UUID) and differs
  because: bucket is "acme-embedded" there and "other-bucket" here; format is "jsonl" there and "csv.gz" here; schedule is "hourly" there and "manual" here
  hint: set TEMPLATE_NAME to another name, or the values to those that exist; --force sends a second one, and two of one name break new customers
"#);
    let ran = home.run("template create --yes -o json").expect(6);
    assert_eq!(ran.json()["error"]["code"], "template.conflict");
    assert_eq!(site.count(route::TEMPLATE), 1);
    // Under another name it is another template.
    home.write(
        ".env",
        site.env_with(&[
            ("S3_BUCKET_NAME", "other-bucket"),
            ("TEMPLATE_NAME", "other"),
        ]),
    );
    home.run("template create --yes --skip-probe").expect(0);
    assert_eq!(site.seen("templates"), 2);
}

#[test]
fn force_sends_a_second_one_although_it_exists() {
    let site = Site::new(&[]);
    let home = site.home();
    home.run("template create --yes").expect(0);
    let line = "template create --dry-run --force";
    assert_eq!(data(&home, line, 0)["would"], "create");
    let ran = home.run(line).expect(0);
    assert!(
        ran.out
            .starts_with("create  destination-s3: it exists, id ")
            && ran.out.contains("; --force sends a second one\n"),
        "{ran:?}"
    );
    home.run("template create --yes --force").expect(0);
    assert_eq!(site.seen("templates"), 2);
    assert_eq!(data(&home, "template create --yes", 0)["outcome"], "exists");
    assert_eq!(site.seen("templates"), 2);
}

#[test]
fn names_and_prefixes_with_odd_blanks_are_found_again() {
    let site = Site::new(&[]);
    let long = format!("long {}", "x".repeat(700));
    for (name, prefix) in [("my  template", "a  b/c"), (long.as_str(), "p")] {
        let home = site.home_with(&[("TEMPLATE_NAME", name), ("S3_PATH_PREFIX", prefix)]);
        let before = site.count(route::TEMPLATE);
        home.run("template create --yes").expect(0);
        assert_eq!(
            data(&home, "template create --yes", 0)["outcome"],
            "exists",
            "{name}"
        );
        assert_eq!(site.count(route::TEMPLATE), before + 1, "{name}");
    }
}

#[test]
fn another_organization_or_server_has_its_own_templates() {
    let (site, other) = (Site::new(&[]), Site::new(&[]));
    let home = site.home();
    home.run("template create --yes").expect(0);
    home.write(".env", other.env());
    assert_eq!(data(&home, "template plan", 0)["would"], "create");
    home.run("template create --yes").expect(0);
    assert_eq!((site.seen("templates"), other.seen("templates")), (1, 1));
}

#[test]
fn a_definite_refusal_is_not_unknown_and_may_be_sent_again() {
    for (fault, exit, code) in [
        ("template=status:400:no", 6, "service.rejected"),
        ("template=status:422:no", 6, "service.rejected"),
        ("template=status:403", 4, "auth.forbidden"),
        ("template=status:404", 6, "service.moved"),
        ("template=status:409:taken", 6, "template.conflict"),
        ("template=status:429", 6, "service.rate_limited"),
        ("template=rate:1", 6, "service.rate_limited"),
        (
            "template=redirect:302:http://127.0.0.1:9",
            6,
            "service.moved",
        ),
        ("moved", 6, "service.moved"),
        ("moved:404", 6, "service.moved"),
        ("not-admin", 4, "auth.forbidden"),
        ("not-entitled", 4, "auth.not_entitled"),
    ] {
        let site = Site::new(&[&format!("{fault}*1")]);
        let home = site.home();
        let ran = home.run("template create --yes -o json").expect(exit);
        assert_eq!(ran.json()["error"]["code"], code, "{fault}");
        assert_eq!(site.count(route::TEMPLATE), 1, "{fault}: sent once");
        assert_eq!(
            data(&home, "template plan", 0)["would"],
            "create",
            "{fault}"
        );
        let ran = home.run("template create --yes -o json").expect(0);
        assert_eq!(ran.json()["data"]["outcome"], "created", "{fault}");
        assert_eq!(site.seen("templates"), 1, "{fault}");
    }
}

#[test]
fn a_refused_bearer_is_renewed_once_since_nothing_was_done() {
    let site = Site::new(&["template=status:401*1"]);
    site.home().run("template create --yes").expect(0);
    assert_eq!(
        (
            site.count(route::TEMPLATE),
            site.count(route::TOKEN),
            site.seen("templates")
        ),
        (2, 2, 1)
    );
    let site = Site::new(&["template=status:401"]);
    let home = site.home();
    let ran = home.run("template create --yes -o json").expect(4);
    assert_eq!(ran.json()["error"]["code"], "auth.expired");
    assert_eq!(site.count(route::TEMPLATE), 2);
    assert_eq!(data(&home, "template plan", 0)["would"], "create");
}

#[test]
fn no_access_token_means_no_intent() {
    let site = Site::new(&["token=status:503"]);
    let home = site.home();
    home.run("template create --yes").expect(6);
    assert_eq!(
        (home.ledger().as_str(), site.count(route::TEMPLATE)),
        ("", 0)
    );
}

#[test]
fn a_state_folder_that_cannot_be_made_stops_everything_before_the_request() {
    let site = Site::new(&[]);
    let home = site.home();
    std::fs::write(home.state(), "a file where a folder belongs").unwrap();
    for output in ["text", "json"] {
        let ran = home
            .run(&format!("template create --yes -o {output}"))
            .expect(8);
        assert!(
            format!("{}{}", ran.out, ran.err).contains("XDG_STATE_HOME"),
            "{ran:?}"
        );
    }
    assert_eq!(site.requests(), 0);
}

#[test]
fn without_any_state_folder_the_operator_is_warned() {
    let site = Site::new(&[]);
    let home = site.home();
    let ran = home
        .call(["template", "create", "--yes"])
        .without("HOME")
        .without("XDG_STATE_HOME")
        .run()
        .expect(0);
    assert!(ran.err.contains("will not be remembered"), "{ran:?}");
}

#[test]
fn an_outcome_that_cannot_be_recorded_is_told_with_its_id() {
    let site = Site::new(&["template=delay:1000"]);
    let home = site.home();
    let running = home.call(["template", "create", "--yes"]).start();
    crate::support::until("the request has arrived", || {
        site.count(route::TEMPLATE) == 1
    });
    std::fs::rename(home.ledger_path(), home.path("kept")).unwrap();
    std::fs::create_dir(home.ledger_path()).unwrap();
    let ran = running.wait().expect(8);
    let id = site.state()["templates"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(ran.err.contains(&id), "{ran:?}");
    std::fs::remove_dir(home.ledger_path()).unwrap();
    std::fs::rename(home.path("kept"), home.ledger_path()).unwrap();
    home.run("template create --yes").expect(7);
    assert_eq!(site.count(route::TEMPLATE), 1);
}

#[test]
fn a_spoilt_ledger_is_kept_aside_and_told() {
    let site = Site::new(&[]);
    let home = site.home();
    home.run("template create --yes").expect(0);
    let spoilt = format!("nonsense\n{}", home.ledger());
    std::fs::write(home.ledger_path(), spoilt).unwrap();
    for line in [
        "template plan",
        "template list",
        "template create --yes",
        "check",
        "token mint",
    ] {
        let ran = home.run(line).expect(0);
        assert!(ran.err.contains("ledger.jsonl.aside"), "{line}: {ran:?}");
    }
    assert_eq!(
        site.count(route::TEMPLATE),
        1,
        "what can be read still counts"
    );
}

#[test]
fn a_ledger_that_cannot_all_be_read_makes_the_plan_ask() {
    for line in ["nonsense", r#"{"v":2,"entry":"template.copied"}"#] {
        let site = Site::new(&[]);
        let home = site.home();
        home.run("template create --yes").expect(0);
        std::fs::write(home.ledger_path(), format!("{line}\n")).unwrap();
        let plan = home.run("template plan -o json").expect(0).json();
        assert_eq!(plan["data"]["would"], "ask", "{plan}");
        let ran = home.run("template create --yes -o json").expect(7);
        let because = ran.json()["error"]["because"].clone();
        assert!(
            because
                .as_str()
                .unwrap()
                .contains("lines that cannot be read"),
            "{because}"
        );
        assert_eq!(site.count(route::TEMPLATE), 1, "nothing was sent");
        home.run("template create --yes --force").expect(0);
        let again = home.run("template create --yes -o json").expect(0).json();
        assert_eq!(again["data"]["outcome"], "exists");
        assert!(home.ledger().starts_with(line), "it stays");
    }
}

#[test]
fn a_refusal_that_cannot_be_recorded_keeps_its_own_reason() {
    let ledger = Arc::new(OnceLock::<PathBuf>::new());
    let spoiled = Arc::clone(&ledger);
    let listener = Listener::start(move |heard| {
        if heard.line.ends_with("/applications/token") {
            return Listener::json("200 OK", r#"{"access_token":"bearer","expires_in":900}"#);
        }
        let path = spoiled.get().unwrap();
        std::fs::remove_file(path).unwrap();
        std::fs::create_dir(path).unwrap();
        Listener::json("400 Bad Request", r#"{"message":"Access Denied"}"#)
    });
    let site = Site::new(&[]);
    let home = site.home_with(&[("BASE_URL", &listener.url)]);
    ledger.set(home.ledger_path()).unwrap();
    let ran = home.run("template create --yes --skip-probe -o json");
    let error = ran.expect(6).json()["error"].clone();
    let because = error["because"].as_str().unwrap();
    assert!(
        because.contains("Access Denied") && because.contains("could not be recorded"),
        "{because}"
    );
}

#[test]
fn what_the_connector_would_refuse_is_refused_here() {
    let site = Site::new(&[]);
    for (name, value, why) in [
        ("S3_BUCKET_NAME", "s3://acme", "s3://"),
        ("S3_BUCKET_NAME", "Acme", "capital letters"),
        ("S3_PATH_PREFIX", "/", "whole bucket"),
        ("S3_PATH_PREFIX", "a/../b", ".."),
        ("S3_BUCKET_REGION", "us-eats-1", "did you mean us-east-1"),
        ("TEMPLATE_FORMAT", "xml", "is none of"),
        ("TEMPLATE_SCHEDULE", "* * * * *", "Quartz"),
        ("S3_ENDPOINT", "ftp://x", "https://"),
    ] {
        let ran = site
            .home_with(&[(name, value)])
            .run("template create --yes -o json")
            .expect(3);
        let because = ran.json()["error"]["because"].as_str().unwrap().to_owned();
        assert!(because.contains(name) && because.contains(why), "{because}");
    }
    assert_eq!(site.requests(), 0);
}

#[test]
fn a_bucket_that_refuses_keeps_the_template_from_being_sent() {
    for api in ["v1", "agents"] {
        for (fault, code) in [
            ("s3.list=deny", "bucket.denied"),
            ("s3.put=deny", "bucket.denied"),
            ("s3.get=deny", "bucket.denied"),
            ("s3.delete=deny", "bucket.denied"),
            ("bucket-missing", "bucket.missing"),
            ("bucket-region:eu-west-1", "bucket.region"),
        ] {
            let site = Site::new(&[fault]);
            let home = site.home_with(&[("AIRBYTE_API", api)]);
            for flags in ["--yes", "--yes --force"] {
                let ran = home.run(&format!("template create {flags} -o json"));
                let document = ran.expect(9).json();
                assert_eq!(document["error"]["code"], code, "{fault}");
                assert_eq!(document["kind"], "template.create");
                let hint = document["error"]["hint"].as_str().unwrap();
                assert!(hint.contains("--skip-probe"), "{fault}: {hint}");
            }
            assert_eq!(
                (site.seen("templates"), home.ledger().as_str()),
                (0, ""),
                "{api} {fault}: nothing sent, no intent"
            );
            assert!(site.sandbox.objects("").is_empty(), "{fault}");
            let made = data(&home, "template create --yes --skip-probe", 0);
            assert_eq!(made["outcome"], "created", "{fault}");
        }
    }
}

#[test]
fn a_refused_probe_in_words() {
    let site = Site::new(&["s3.put=deny"]);
    let ran = site.home().run("template create --yes").expect(9);
    insta::assert_snapshot!(ran.block(), @r#"
exit 9
--- err
error: could not put an object into the bucket, so nothing was sent
  because: put of acme-embedded answered 403: AccessDenied, User: arn:aws:iam::123456789012:user/acme-embedded is not authorized to perform: s3:PutObject on resource: "arn:aws:s3:::acme-embedded/customers/embedctl-probe-UUID" because no identity-based policy allows the s3:PutObject action
  hint: allow the key s3:PutObject on the folder; --skip-probe sends it all the same
"#);
}

#[test]
fn the_bucket_is_proved_only_before_something_is_sent() {
    let site = Site::new(&[]);
    let home = site.home();
    let puts = || site.count("S3 PUT");
    home.run("template plan").expect(0);
    home.run("template create --dry-run --yes").expect(0);
    home.run("template create").expect(2);
    assert_eq!(puts(), 0, "not for a plan, and not without a confirmation");
    home.run("template create --yes").expect(0);
    assert_eq!(puts(), 1);
    home.run("template create --yes").expect(0);
    assert_eq!(puts(), 1, "what exists is not sent");
    home.run("template create --yes --force --skip-probe")
        .expect(0);
    assert_eq!((puts(), site.seen("templates")), (1, 2));
    assert!(site.sandbox.objects("").is_empty());
}

#[test]
fn a_bucket_out_of_reach_is_the_network_and_nothing_is_sent() {
    let site = Site::new(&[]);
    let home = site.home_with(&[("S3_ENDPOINT", "http://127.0.0.1:1")]);
    let ran = home.run("template create --yes -o json").expect(5);
    assert_eq!(ran.json()["error"]["code"], "network.connect");
    assert_eq!(
        (site.count(route::TEMPLATE), home.ledger().as_str()),
        (0, "")
    );
    home.run("template create --yes --skip-probe").expect(0);
}
