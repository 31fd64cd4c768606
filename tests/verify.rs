//! `embedctl verify` over real HTTP: what landed is counted, and each way for it not to land has its
//! own reason.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests: what must not happen ends one"
)]

#[path = "support/support.rs"]
mod support;

use embedctl::sandbox::Options;
use rustix::process::Signal;
use serde_json::Value;
use support::{Home, Listener, Ran, Site, route, until};

/// A world with its template and these faults, a user with a token, and a home.
fn world(faults: &[&str], user: &str) -> (Site, Home) {
    let site = Site::with(Options {
        template: true,
        faults: faults.iter().map(|fault| fault.parse().unwrap()).collect(),
        ..Options::default()
    });
    let home = site.home_with(&[("EXTERNAL_USER_ID", user)]);
    home.run("token mint").code();
    (site, home)
}

/// A customer of the user connects Sample Data; what comes of it is what `verify` has to find out.
fn play(site: &Site, user: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let _told = runtime.block_on(site.sandbox.play(user, "v1"));
}

fn link(ran: &Ran, name: &str) -> Value {
    let document = ran.json();
    let chain = document["data"]["chain"].as_array().unwrap().clone();
    chain.into_iter().find(|link| link["link"] == name).unwrap()
}

#[test]
fn each_way_for_data_not_to_arrive_has_its_reason() {
    let cases = [
        ("source=none", "source", "missing", "not connected a source"),
        (
            "destination=none",
            "destination",
            "missing",
            "has no destination named destination-s3",
        ),
        (
            "destination=invalid",
            "destination",
            "missing",
            "Airbyte refused the configuration",
        ),
        (
            "destination=twice",
            "destination",
            "failed",
            "2 destinations named destination-s3",
        ),
        (
            "connection=none",
            "connection",
            "missing",
            "no connection joins them",
        ),
        ("connection=manual", "job", "missing", "never synced"),
        ("job=queued", "job", "unknown", "is queued"),
        ("job=running", "job", "unknown", "is running"),
        ("job=incomplete", "job", "failed", "is incomplete"),
        ("job=failed:no space", "job", "failed", "ended as failed"),
        ("job=empty", "job", "ok", "nothing of it is in this folder"),
    ];
    for (fault, broken, status, reason) in cases {
        let (site, home) = world(&[fault], "user-42");
        play(&site, "user-42");
        let ran = home.run("verify -o json").expect(1);
        let document = ran.json();
        assert_eq!(document["error"]["code"], "data.none", "{fault}");
        assert_eq!(link(&ran, broken)["status"], status, "{fault}: {document}");
        let told = document["data"]["reason"].as_str().unwrap();
        assert!(told.contains(reason), "{fault}: {told}");
        assert_eq!(
            document["data"]["streams"],
            serde_json::json!([]),
            "{fault}"
        );
    }
}

#[test]
fn waiting_is_advised_only_where_it_helps() {
    let cases = [
        ("source=none", "--wait"),
        ("job=running", "--wait"),
        ("job=incomplete", "--wait"),
        ("destination=none", "mint for a new external user ID"),
        ("destination=twice", "delete all but one"),
        ("connection=none", "save the source again"),
        ("connection=manual", "start a sync"),
        ("job=failed:no space", "the sync's log"),
    ];
    for (fault, hint) in cases {
        let (site, home) = world(&[fault], "user-42");
        play(&site, "user-42");
        let error = home.run("verify -o json").expect(1).json()["error"].clone();
        let told = error["hint"].as_str().unwrap();
        assert!(told.contains(hint), "{fault}: {told}");
    }
}

#[test]
fn a_user_nobody_minted_for_has_no_workspace() {
    let (_site, home) = world(&[], "user-42");
    let ran = home.run("verify user-43 -o json").expect(1);
    assert_eq!(link(&ran, "workspace")["status"], "missing");
    let hint = ran.json()["error"]["hint"].clone();
    assert!(hint.as_str().unwrap().starts_with("mint a token"), "{hint}");
    let text = home.run("verify user-43").expect(1);
    assert!(
        text.err.contains("no workspace is named user-43"),
        "{text:?}"
    );
}

#[test]
fn a_workspace_that_was_not_seen_is_not_said_to_be_missing() {
    let many = Listener::with_endless_workspaces();
    let site = Site::new(&[]);
    let home = site.home_with(&[("BASE_URL", &many.url)]);
    let ran = home.run("verify user-42 -o json").expect(1);
    assert_eq!(link(&ran, "workspace")["status"], "unknown");
    let error = ran.json()["error"].clone();
    let because = error["because"].as_str().unwrap();
    assert!(because.contains("not among the first 5,000"), "{because}");
    assert!(!error["hint"].as_str().unwrap().contains("mint"), "{error}");
}

#[test]
fn what_landed_is_counted_by_stream_in_every_format() {
    for format in ["jsonl", "jsonl.gz", "csv", "csv.gz"] {
        let site = Site::new(&[]);
        let home = site.home_with(&[("TEMPLATE_FORMAT", format)]);
        home.run("template create --yes").expect(0);
        home.run("token mint").expect(0);
        play(&site, "user-42");
        let ran = home.run("verify --sample 2 -o json").expect(0);
        let data = &ran.json()["data"];
        let rows: Vec<_> = data["streams"]
            .as_array()
            .unwrap()
            .iter()
            .map(|s| (s["name"].as_str().unwrap().to_owned(), s["rows"].as_u64()))
            .collect();
        let named = |name: &str, rows| (name.to_owned(), Some(rows));
        assert_eq!(
            rows,
            [
                named("purchases", 1000),
                named("users", 1000),
                named("products", 100)
            ],
            "{format}"
        );
        assert_eq!(
            (&data["complete"], &data["reason"]),
            (&true.into(), &Value::Null)
        );
        assert_eq!(data["sample"].as_array().unwrap().len(), 6, "{format}");
        assert!(
            data["streams"][0]["newest_extracted_at"].is_string(),
            "{format}"
        );
    }
}

#[test]
fn formats_that_are_not_read_are_listed_and_sized() {
    let site = Site::new(&[]);
    let home = site.home_with(&[("TEMPLATE_FORMAT", "parquet")]);
    home.run("template create --yes").expect(0);
    home.run("token mint").expect(0);
    play(&site, "user-42");
    let data = home.run("verify -o json").expect(0).json()["data"].clone();
    assert_eq!(data["streams"][0]["rows"], Value::Null);
    assert!(data["streams"][0]["bytes"].as_u64().unwrap() > 0);
}

#[test]
fn users_are_found_where_the_connector_puts_them() {
    for user in ["acme GmbH", "a/b", "a+b", "50%", "Zoë", "jo@acme.example"] {
        let (site, home) = world(&[], user);
        play(&site, user);
        let data = home.run("verify -o json").expect(0).json()["data"].clone();
        assert_eq!(
            data["streams"].as_array().unwrap().len(),
            3,
            "{user}: {data}"
        );
    }
}

#[test]
fn objects_are_counted_even_when_the_chain_cannot_be_read() {
    let (site, home) = world(&[], "user-42");
    play(&site, "user-42");
    site.fault("workspaces=status:500");
    let ran = home.run("verify -o json").expect(0);
    assert_eq!(link(&ran, "workspace")["status"], "unknown");
    assert_eq!(ran.json()["data"]["streams"].as_array().unwrap().len(), 3);
}

#[test]
fn an_object_that_a_sync_replaced_after_it_was_listed_is_not_a_refusal() {
    let (site, home) = world(&[], "user-42");
    play(&site, "user-42");
    site.fault("s3.get=status:404:NoSuchKey*1");
    let data = home.run("verify -o json").expect(0).json()["data"].clone();
    let streams = data["streams"].as_array().unwrap().len();
    assert_eq!((streams, &data["complete"]), (2, &false.into()), "{data}");
    site.fault("s3.get=status:404:NoSuchKey*1");
    let data = home.run("verify --wait 10m -o json").expect(0).json()["data"].clone();
    let streams = data["streams"].as_array().unwrap().len();
    assert_eq!((streams, &data["complete"]), (3, &true.into()), "{data}");
    site.fault("s3.get=status:404:NoSuchKey");
    let error = home.run("verify -o json").expect(1).json()["error"].clone();
    let because = error["because"].as_str().unwrap();
    assert!(because.contains("3 objects went away"), "{because}");
    assert!(
        error["hint"].as_str().unwrap().contains("--wait"),
        "{error}"
    );
}

#[test]
fn a_chain_that_cannot_be_read_says_why_and_what_helps() {
    for (fault, cause, hint) in [
        (
            "token=status:401",
            "refused the client ID or secret",
            "copy",
        ),
        ("workspaces=status:503", "could not list", "try"),
    ] {
        let (site, home) = world(&[], "user-42");
        site.fault(fault);
        let ran = home.run("verify -o json").expect(1);
        let error = ran.json()["error"].clone();
        let told = error["hint"].as_str().unwrap();
        assert!(
            told.contains(hint) && !told.contains("--wait"),
            "{fault}: {told}"
        );
        let workspace = link(&ran, "workspace");
        assert_eq!(workspace["status"], "unknown");
        let detail = workspace["detail"].as_str().unwrap();
        assert!(detail.contains(cause), "{fault}: {detail}");
    }
    // With data there is no reason, and the chain says it all the same.
    let (site, home) = world(&[], "user-42");
    play(&site, "user-42");
    site.fault("token=status:401");
    let ran = home.run("verify -o json").expect(0);
    let detail = link(&ran, "workspace")["detail"].clone();
    assert!(detail.as_str().unwrap().contains("refused"), "{detail}");
}

#[test]
fn old_objects_alone_are_no_new_data_and_it_is_said() {
    let (site, home) = world(&[], "user-42");
    play(&site, "user-42");
    home.run("verify --since 2020-01-01T00:00:00Z").expect(0);
    let ran = home.run("verify --since 2100-01-01T00:00:00Z -o json");
    let reason = ran.expect(1).json()["data"]["reason"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        reason.contains("3 objects") && reason.contains("none written after 2100-01-01"),
        "{reason}"
    );
    assert!(!reason.contains("another bucket"), "{reason}");
}

#[test]
fn more_than_the_budget_is_read_only_when_asked_for() {
    let folder = many_objects(1, "jsonl");
    let large = folder
        .path()
        .join("objects/customers/user-42/users/large.jsonl");
    let file = std::fs::File::create(&large).unwrap();
    // A hole: nothing of it lies on a disk, and nothing of it is a row.
    file.set_len(300 << 20).unwrap();
    let site = Site::with(Options {
        dir: Some(folder.path().to_owned()),
        ..Options::default()
    });
    let data = site.home().run("verify -o json").expect(0).json()["data"].clone();
    assert_eq!(
        (&data["complete"], &data["streams"][0]["objects"]),
        (&false.into(), &2.into())
    );
    assert_eq!(data["streams"][0]["rows"], 1);
    file.set_len(257 << 20).unwrap();
    let site = Site::with(Options {
        dir: Some(folder.path().to_owned()),
        ..Options::default()
    });
    let data = site.home().run("verify --full -o json").expect(0).json()["data"].clone();
    assert_eq!(data["complete"], true, "{data}");
}

#[test]
fn the_wait_that_is_advised_is_for_the_same_user_and_time_and_longer() {
    let (_site, home) = world(&["source=none"], "user-42");
    home.run("token mint o'neil").expect(0);
    let since = "--since 2026-01-02T03:04:05Z";
    for (line, advised) in [
        ("verify".to_owned(), "verify user-42 --wait 10m".to_owned()),
        (
            "verify o'neil".to_owned(),
            "verify 'o'\\''neil' --wait 10m".to_owned(),
        ),
        (
            format!("verify o'neil {since}"),
            format!("verify 'o'\\''neil' {since} --wait 10m"),
        ),
        (
            "verify --wait 1s".to_owned(),
            "verify user-42 --wait 10m".to_owned(),
        ),
    ] {
        let ran = home.run(&format!("{line} -o json")).expect(1);
        let hint = ran.json()["error"]["hint"].as_str().unwrap().to_owned();
        assert!(
            hint.contains(&format!("`embedctl {advised}`")),
            "{line}: {hint}"
        );
    }
}

#[test]
fn a_wait_that_is_interrupted_tells_what_was_found() {
    let (_site, home) = world(&[], "user-42");
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        let running = home
            .call(["verify", "--wait", "10m", "--timeout", "5", "-o", "json"])
            .start();
        let status = format!("/proc/{}/status", running.id());
        // Once it handles the signal it is listening for it.
        let bit = 1_u64 << (signal.as_raw() - 1);
        until("it listens", || {
            let text = std::fs::read_to_string(&status).unwrap_or_default();
            let caught = text.lines().find_map(|line| line.strip_prefix("SigCgt:"));
            caught.is_some_and(|mask| u64::from_str_radix(mask.trim(), 16).unwrap_or(0) & bit != 0)
        });
        running.signal(signal);
        let document = running.wait().expect(code).json();
        let error = &document["error"];
        assert_eq!(error["code"], "cancelled");
        assert!(error["because"].is_string() && error["hint"].is_string());
    }
}

#[test]
fn a_time_out_may_pass_whichever_service_it_was() {
    for (fault, rung) in [("s3.list=hang", "bucket"), ("token=hang", "auth")] {
        let (_site, home) = world(&[fault], "user-42");
        let ran = home.run(&format!("check --only {rung} --timeout 1 -o json"));
        let error = ran.expect(5).json()["error"].clone();
        assert_eq!(error["code"], "network.timeout", "{fault}");
        assert_eq!(error["retryable"], true, "{fault}");
    }
}

#[test]
fn the_bucket_out_of_reach_or_out_of_its_mind_is_told() {
    let cases = [
        ("s3.list=hang", 5, "network.timeout", 1),
        ("s3.list=reset", 5, "network.lost", 3),
        ("s3.put=hang", 5, "network.timeout", 1),
        ("s3.list=status:503", 9, "bucket.refused", 3),
        ("s3.list=status:503*2", 0, "", 3),
        ("s3.list=html:502", 9, "bucket.refused", 3),
        ("s3.list=empty", 9, "bucket.refused", 1),
        ("s3.list=huge:9", 9, "bucket.refused", 1),
        (
            "s3.list=redirect:302:http://127.0.0.1:9",
            9,
            "bucket.refused",
            1,
        ),
    ];
    std::thread::scope(|scope| {
        for (fault, exit, code, tries) in cases {
            scope.spawn(move || {
                let (site, home) = world(&[fault], "user-42");
                let ran = home.run("check --only bucket --timeout 1 -o json");
                let error = ran.expect(exit).json()["error"].clone();
                if exit != 0 {
                    assert_eq!(error["code"], code, "{fault}: {error}");
                    for part in ["message", "because", "hint"] {
                        assert!(error[part].is_string(), "{fault}: {error}");
                    }
                }
                let verb = if fault.starts_with("s3.put") {
                    "S3 PUT"
                } else {
                    "S3 LIST"
                };
                assert_eq!(site.count(verb), tries, "{fault}");
            });
        }
    });
}

#[test]
fn a_bucket_that_refuses_is_exit_nine_and_a_deadline_ends() {
    let (site, home) = world(&[], "user-42");
    home.run("verify --wait 1s").expect(1);
    site.fault("s3.list=deny");
    let ran = home.run("verify -o json").expect(9);
    assert_eq!(ran.json()["error"]["code"], "bucket.denied");
}

#[test]
fn the_bucket_rung_names_what_was_refused_and_leaves_nothing_behind() {
    let cases = [
        ("s3.list=deny", "bucket.denied", "s3:ListBucket"),
        ("s3.put=deny", "bucket.denied", "s3:PutObject"),
        ("s3.get=deny", "bucket.denied", "s3:GetObject"),
        ("s3.delete=deny", "bucket.denied", "s3:DeleteObject"),
        ("bucket-missing", "bucket.missing", "S3_BUCKET_NAME"),
        (
            "bucket-region:eu-west-1",
            "bucket.region",
            "S3_BUCKET_REGION=eu-west-1",
        ),
        ("skew:3600", "bucket.clock", "clock"),
    ];
    for (fault, code, hint) in cases {
        let (site, home) = world(&[fault], "user-42");
        let error = home.run("check --only bucket -o json").expect(9).json()["error"].clone();
        assert_eq!(error["code"], code, "{fault}");
        assert!(
            error["hint"].as_str().unwrap().contains(hint),
            "{fault}: {error}"
        );
        let left = site.sandbox.objects("customers/embedctl-probe-");
        assert!(left.is_empty(), "{fault}");
    }
    let wrong = [
        ("AWS_S3_SECRET_ACCESS_KEY", "wrong"),
        ("AWS_S3_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
    ];
    for setting in wrong {
        let site = Site::new(&[]);
        let ran = site
            .home_with(&[setting])
            .run("check --only bucket -o json")
            .expect(9);
        assert_eq!(ran.json()["error"]["code"], "bucket.keys", "{setting:?}");
    }
}

/// The probe objects that lie in the bucket.
fn probes(site: &Site) -> Vec<String> {
    let keys = site.sandbox.objects("customers/embedctl-probe-");
    keys.into_iter().map(|(key, _)| key).collect()
}

/// A folder with so many objects of one user, put there by hand.
fn many_objects(count: usize, ending: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let stream = folder.path().join("objects/customers/user-42/users");
    std::fs::create_dir_all(&stream).unwrap();
    for part in 0..count {
        std::fs::write(stream.join(format!("{part}.{ending}")), "{}\n").unwrap();
    }
    folder
}

#[test]
fn ten_thousand_objects_are_listed_by_pages_and_summed() {
    let folder = many_objects(10_000, "avro");
    let site = Site::with(Options {
        dir: Some(folder.path().to_owned()),
        ..Options::default()
    });
    let data = site.home().run("verify -o json").expect(0).json()["data"].clone();
    let stream = &data["streams"][0];
    assert_eq!(
        (&stream["objects"], &stream["bytes"], &stream["rows"]),
        (&10_000.into(), &30_000.into(), &Value::Null)
    );
    assert_eq!(data["complete"], true);
    assert_eq!(site.count("S3 LIST"), 10);
}

#[test]
fn an_object_may_take_longer_than_one_request_may() {
    let folder = many_objects(1, "jsonl");
    let site = Site::with(Options {
        dir: Some(folder.path().to_owned()),
        // Three bytes and an end, each within the time limit, all together beyond it.
        faults: vec!["s3.get=slow:400".parse().unwrap()],
        ..Options::default()
    });
    let ran = site.home().run("verify --timeout 1 -o json").expect(0);
    assert_eq!(ran.json()["data"]["streams"][0]["rows"], 1);
    let site = Site::with(Options {
        dir: Some(folder.path().to_owned()),
        faults: vec!["s3.get=slow:600000".parse().unwrap()],
        ..Options::default()
    });
    let ran = site.home().run("verify --timeout 0.5 -o json").expect(5);
    let error = ran.json()["error"].clone();
    assert_eq!(error["code"], "network.timeout");
    assert!(
        error["because"].as_str().unwrap().contains("0.jsonl"),
        "{error}"
    );
}

#[test]
fn a_put_whose_answer_is_lost_leaves_nothing_behind() {
    for fault in [
        "s3.put=commit+reset",
        "s3.put=commit+status:500",
        "s3.put=cut",
    ] {
        let (site, home) = world(&[fault], "user-42");
        home.run("check --only bucket -o json").code();
        assert!(site.count("S3 PUT") > 0, "{fault}");
        assert!(probes(&site).is_empty(), "{fault}");
    }
}

#[test]
fn a_probe_that_is_interrupted_takes_itself_away() {
    for (line, signal, code) in [
        ("check --only bucket -o json", Signal::INT, 130),
        ("template create --yes --force -o json", Signal::TERM, 143),
    ] {
        let (site, home) = world(&["s3.get=hang"], "user-42");
        let running = home.call(line.split(' ')).start();
        until("the probe is put", || !probes(&site).is_empty());
        running.signal(signal);
        let document = running.wait().expect(code).json();
        assert_eq!(document["error"]["code"], "cancelled");
        assert!(probes(&site).is_empty(), "{line}");
        assert_eq!(site.count(route::TEMPLATE), 0, "{line}");
    }
}

#[test]
fn a_probe_that_cannot_be_taken_away_is_told() {
    // Asked for twice: before the put, which passes, and after it.
    let (_site, home) = world(&["s3.delete=status:403:AccessDenied"], "user-42");
    home.run("check --only bucket -o json").expect(9);
    let (site, home) = world(&["s3.get=hang"], "user-42");
    let running = home
        .call(["check", "--only", "bucket", "--timeout", "2", "-o", "json"])
        .start();
    until("the probe is put", || !probes(&site).is_empty());
    site.fault("s3.delete=reset");
    let error = running.wait().expect(5).json()["error"].clone();
    let because = error["because"].as_str().unwrap();
    assert!(
        because.contains("embedctl-probe-") && because.contains("may be left"),
        "{because}"
    );
}

#[test]
fn read_only_writes_nothing_into_the_bucket() {
    let (site, home) = world(&[], "user-42");
    home.run("check --read-only").expect(0);
    let counts = site.state()["counts"].clone();
    assert_eq!(
        (&counts["S3 PUT"], &counts["S3 DELETE"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(counts["S3 LIST"], 1);
}
