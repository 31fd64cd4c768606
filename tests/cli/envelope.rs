//! The JSON envelope: the same for every command, on failure too.

use serde_json::{Value, json};

use crate::support::{Home, Ran, Site};

/// The envelope's keys in their order; `error` stands there on failure alone.
const KEYS: [&str; 9] = [
    "schema",
    "kind",
    "ok",
    "exit",
    "at",
    "duration_ms",
    "target",
    "warnings",
    "data",
];

#[track_caller]
fn envelope(ran: &Ran, kind: &str, exit: i32) -> Value {
    assert_eq!(ran.code(), exit, "{ran:?}");
    let document = ran.json();
    let keys: Vec<&str> = document
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let mut expected = KEYS.to_vec();
    if exit != 0 {
        expected.push("error");
    }
    assert_eq!(keys, expected, "{ran:?}");
    assert_eq!(document["schema"], "embedctl/1");
    assert_eq!(document["kind"], kind, "{ran:?}");
    assert_eq!(document["ok"], exit == 0);
    assert_eq!(document["exit"], exit);
    assert!(document["duration_ms"].is_u64());
    assert!(document["warnings"].is_array());
    let at = document["at"].as_str().unwrap();
    assert!(
        at.parse::<jiff::Timestamp>().is_ok() && at.ends_with('Z'),
        "{at}"
    );
    if exit != 0 {
        let keys: Vec<&str> = document["error"]
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        assert_eq!(
            keys,
            [
                "code",
                "message",
                "because",
                "hint",
                "status",
                "retryable",
                "retry_after_s",
                "url"
            ]
        );
    }
    document
}

#[test]
fn every_command_ends_well_in_one_document() {
    let site = Site::new(&[]);
    let home = site.home();
    let cases = [
        ("template plan", "template.plan"),
        ("template create --yes", "template.create"),
        ("template create --dry-run", "template.plan"),
        ("template list", "template.list"),
        ("check", "check"),
        ("env check", "env.check"),
        ("env show", "env.show"),
        ("token mint", "token.mint"),
    ];
    for (line, kind) in cases {
        let ran = home.run(&format!("{line} -o json"));
        let document = envelope(&ran, kind, 0);
        assert_eq!(ran.err, "", "{line}");
        let speaks = !line.starts_with("env");
        let target = json!({"api": "v1", "base_url": site.url, "sandbox": false});
        assert_eq!(
            document["target"],
            if speaks { target } else { Value::Null },
            "{line}"
        );
    }
    let token = home.run("token mint --raw").out;
    let ran = home
        .call(["token", "inspect", "-o", "json"])
        .input(token)
        .run();
    envelope(&ran, "token.inspect", 0);
}

#[test]
fn every_command_fails_in_one_document_of_its_own_kind() {
    let home = Home::with_env("AIRBYTE_CLIENT_ID='x'\n");
    let cases = [
        ("template plan", "template.plan", "config.missing"),
        ("template create --yes", "template.create", "config.missing"),
        ("template list", "template.list", "config.missing"),
        ("check", "check", "config.missing"),
        ("env check", "env.check", "config.missing"),
        ("token mint", "token.mint", "config.missing"),
    ];
    for (line, kind, code) in cases {
        let ran = home.run(&format!("{line} -o json"));
        let document = envelope(&ran, kind, 3);
        assert_eq!(document["error"]["code"], code, "{line}");
        assert_eq!(ran.err, "", "{line}");
    }
    let ran = home
        .call(["token", "inspect", "-o", "json"])
        .input("no token")
        .run();
    let document = envelope(&ran, "token.inspect", 1);
    assert_eq!(document["error"]["code"], "token.malformed");
}

#[test]
fn every_command_names_all_the_settings_it_lacks_at_once() {
    const OPENS: &str = "AIRBYTE_ORGANIZATION_ID, AIRBYTE_CLIENT_ID, AIRBYTE_CLIENT_SECRET";
    const STORES: &str = "AWS_S3_ACCESS_KEY_ID, AWS_S3_SECRET_ACCESS_KEY, S3_BUCKET_NAME, S3_PATH_PREFIX, S3_BUCKET_REGION";
    let home = Home::with_env("");
    for (line, names) in [
        ("token mint", format!("{OPENS}, EXTERNAL_USER_ID")),
        ("token mint u", OPENS.to_owned()),
        ("template plan", format!("{OPENS}, {STORES}")),
        ("template create --yes", format!("{OPENS}, {STORES}")),
        ("verify", format!("{OPENS}, EXTERNAL_USER_ID, {STORES}")),
        ("verify u", format!("{OPENS}, {STORES}")),
    ] {
        let error = home.run(&format!("{line} -o json")).expect(3).json()["error"].clone();
        assert_eq!(error["because"], names, "{line}");
    }
    let home = Home::with_env("BASE_URL=ftp://x\nTEMPLATE_FORMAT=x\nALLOWED_ORIGIN=x\n");
    for line in ["export curl", "token mint u", "template plan"] {
        let ran = home.run(&format!("{line} -o json")).expect(3);
        let because = ran.json()["error"]["because"].as_str().unwrap().to_owned();
        assert!(because.contains("BASE_URL must start with"), "{because}");
        let origin = because.contains("ALLOWED_ORIGIN has no scheme");
        let format = because.contains("TEMPLATE_FORMAT is none of");
        assert_eq!(
            (origin, format),
            (!line.contains("template"), !line.contains("token")),
            "{line}: {because}"
        );
    }
}

#[test]
fn a_command_in_a_hint_acts_on_the_same_setup() {
    let site = Site::new(&["template=commit+cut"]);
    let home = Home::new();
    home.write("two it.env", site.env());
    let flags = ["--env-file", "two it.env", "--api", "v1"];
    let again = "--env-file 'two it.env' --api v1`";
    let run = |line: &str| {
        let args = line.split_whitespace().chain(flags);
        let text = home.call(args.clone()).run();
        let document = home.call(args.chain(["-o", "json"])).run().json();
        (text, document)
    };
    let (text, document) = run("template create --yes");
    let hint = format!("`embedctl template create --force {again} sends it again");
    assert!(text.expect(7).err.contains(&hint));
    let told = document["error"]["hint"].as_str().unwrap();
    assert!(told.contains(&hint), "{told}");
    home.write(
        "two it.env",
        site.env_with(&[("ALLOWED_ORIGIN", "nothing")]),
    );
    let hint = format!(
        "`embedctl env set ALLOWED_ORIGIN {again} asks for it, and `embedctl {again} opens the form"
    );
    let (text, document) = run("token mint");
    assert!(text.expect(3).err.contains(&hint));
    assert_eq!(document["error"]["hint"], *hint);
    let (text, document) = run("check");
    assert!(text.expect(3).out.contains(&hint));
    assert_eq!(document["data"]["rungs"][0]["error"]["hint"], *hint);
    home.write("two it.env", site.env_with(&[("TEMPLATE_NAME", "other")]));
    let (text, document) = run("check --only template");
    let hint = format!("`embedctl template create {again} makes it");
    assert!(text.expect(0).out.contains(&hint));
    let told = document["data"]["rungs"].to_string();
    assert!(told.contains(&hint), "{told}");
}

#[test]
fn an_env_file_that_cannot_be_read_is_a_document_of_each_commands_kind() {
    let home = Home::with_env(b"AIRBYTE_CLIENT_ID=\xff\xfe\n");
    for (line, kind) in [
        ("check", "check"),
        ("env check", "env.check"),
        ("env show", "env.show"),
        ("template plan", "template.plan"),
        ("template create --yes", "template.create"),
        ("template list", "template.list"),
        ("token mint", "token.mint"),
    ] {
        let document = envelope(&home.run(&format!("{line} -o json")), kind, 3);
        assert_eq!(document["error"]["code"], "env_file.unreadable");
        assert_eq!(document["data"], json!({}));
    }
}

#[test]
fn the_error_of_a_check_is_the_first_failed_rungs() {
    let site = Site::new(&[]);
    let home = site.home_with(&[("AIRBYTE_CLIENT_SECRET", "wrong-secret")]);
    let document = envelope(&home.run("check -o json"), "check", 4);
    assert_eq!(document["error"], document["data"]["rungs"][1]["error"]);
    assert_eq!(document["error"]["code"], "auth.refused");
    assert_eq!(document["error"]["status"], 401);
    assert_eq!(document["error"]["retryable"], false);
    assert_eq!(
        document["error"]["url"],
        format!("{}/v1/applications/token", site.url)
    );
}

#[test]
fn a_refused_address_does_not_show_its_password() {
    for env in [
        "BASE_URL='https://user:canary-pass@host.example'",
        "BASE_URL='admin:canary-pass@host.example'",
        "BASE_URL='https://user:12/canary-pass@host.example'",
        "S3_ENDPOINT='https://user:canary-pass@:443'",
        "ALLOWED_ORIGIN='user:canary-pass@host.example'",
    ] {
        let home = Home::with_env(format!("{env}\n"));
        for line in [
            "check",
            "env check",
            "env show",
            "template plan",
            "template list",
            "token mint",
        ] {
            for output in ["text", "json"] {
                let ran = home.run(&format!("{line} -o {output}"));
                assert!(
                    !format!("{}{}", ran.out, ran.err).contains("canary-pass"),
                    "{env}: {line}: {ran:?}"
                );
            }
        }
    }
}

#[test]
fn waits_that_the_service_asks_for_are_in_the_document() {
    let site = Site::new(&["token=rate:90"]);
    let document = envelope(&site.home().run("check -o json"), "check", 6);
    let error = &document["error"];
    assert_eq!(error["code"], "service.rate_limited");
    assert_eq!(
        (&error["retryable"], &error["retry_after_s"]),
        (&json!(true), &json!(90))
    );
}
