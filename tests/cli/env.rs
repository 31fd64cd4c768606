//! The env file and the process environment as the commands see them.

use serde_json::Value;

use crate::support::{Home, Site};

const REQUIRED: [&str; 9] = [
    "AIRBYTE_ORGANIZATION_ID",
    "AIRBYTE_CLIENT_ID",
    "AIRBYTE_CLIENT_SECRET",
    "EXTERNAL_USER_ID",
    "AWS_S3_ACCESS_KEY_ID",
    "AWS_S3_SECRET_ACCESS_KEY",
    "S3_BUCKET_NAME",
    "S3_PATH_PREFIX",
    "S3_BUCKET_REGION",
];

/// The row of one setting in `env show -o json`.
fn row(home: &Home, name: &str) -> Value {
    let document = home.run("env show -o json").expect(0).json();
    let rows = document["data"]["settings"].as_array().unwrap().clone();
    rows.into_iter().find(|row| row["name"] == name).unwrap()
}

#[test]
fn without_an_env_file_every_missing_setting_is_named_at_once() {
    let home = Home::new();
    let ran = home.run("check").expect(3);
    insta::assert_snapshot!(ran.block(), @r"
exit 3
--- out
fail  config SPAN  9 settings are missing
      because: AIRBYTE_ORGANIZATION_ID, AIRBYTE_CLIENT_ID, AIRBYTE_CLIENT_SECRET, EXTERNAL_USER_ID, AWS_S3_ACCESS_KEY_ID, AWS_S3_SECRET_ACCESS_KEY, S3_BUCKET_NAME, S3_PATH_PREFIX, S3_BUCKET_REGION
      hint: run `embedctl` to fill in the form, or `embedctl env set NAME` for each
skip  auth                   needs config
skip  organization           needs config
skip  bucket                 needs config
skip  template               needs config
skip  mint                   needs config
skip  page                   needs config
skip  data                   not asked for; --data looks for the user's objects
--- err
warning: there is no .env here
");
    let ran = home.run("env check").expect(3);
    insta::assert_snapshot!(ran.block(), @r"
exit 3
--- out
missing  AIRBYTE_ORGANIZATION_ID
missing  AIRBYTE_CLIENT_ID
missing  AIRBYTE_CLIENT_SECRET
missing  EXTERNAL_USER_ID
missing  AWS_S3_ACCESS_KEY_ID
missing  AWS_S3_SECRET_ACCESS_KEY
missing  S3_BUCKET_NAME
missing  S3_PATH_PREFIX
missing  S3_BUCKET_REGION
ok       ALLOWED_ORIGIN              default      http://localhost:3001
ok       PORT                        default      3001
ok       BASE_URL                    default      https://api.airbyte.com
ok       AIRBYTE_API                 default      v1
ok       S3_ENDPOINT
ok       TEMPLATE_NAME               default      destination-s3
ok       TEMPLATE_FORMAT             default      jsonl
ok       TEMPLATE_SCHEDULE           default      hourly
ok       AIRBYTE_REGION_ID
ok       SOURCE_TEMPLATE_TAGS
ok       CONNECTION_TEMPLATE_TAGS
--- err
warning: there is no .env here
error: 9 settings are missing
  because: AIRBYTE_ORGANIZATION_ID, AIRBYTE_CLIENT_ID, AIRBYTE_CLIENT_SECRET, EXTERNAL_USER_ID, AWS_S3_ACCESS_KEY_ID, AWS_S3_SECRET_ACCESS_KEY, S3_BUCKET_NAME, S3_PATH_PREFIX, S3_BUCKET_REGION
  hint: run `embedctl` to fill in the form, or `embedctl env set NAME` for each
");
}

#[test]
fn an_env_file_that_is_not_there_is_named_as_the_cause() {
    let site = Site::new(&[]);
    let home = Home::new();
    for line in ["check", "env show", "token mint", "serve", "template plan"] {
        let ran = home
            .run(&format!("{line} --env-file nope.env -o json"))
            .expect(3);
        let error = &ran.json()["error"];
        assert_eq!(error["code"], "env_file.unreadable", "{line}");
        assert_eq!(error["because"], "there is no file nope.env here", "{line}");
        let ran = home.run(&format!("{line} -o json"));
        assert!(ran.out.contains("there is no .env here"), "{line}: {ran:?}");
    }
    // What writes a file makes it, and who has all settings from elsewhere needs none.
    let set = ["env", "set", "PORT", "--env-file", "new.env"];
    home.call(set).input("3002").run().expect(0);
    let mut call = home.call(["check", "--only", "auth"]);
    for (name, value) in site.sandbox.settings_with_s3(&site.url, &site.s3_url) {
        call = call.env(name, value);
    }
    assert_eq!(call.run().expect(0).err, "");
}

#[test]
fn what_is_no_env_file_is_not_to_be_corrected() {
    let home = Home::new();
    std::fs::create_dir(home.path("folder")).unwrap();
    home.pipe("pipe");
    for name in ["folder", "pipe"] {
        let ran = home
            .run(&format!("check --env-file {name} -o json"))
            .expect(3);
        assert_eq!(
            ran.json()["error"]["hint"],
            "make it a file that you may read, or name another with --env-file",
            "{name}"
        );
    }
}

#[test]
fn the_hint_for_a_line_that_others_misread_fits_it() {
    let site = Site::new(&[]);
    let home = Home::with_env(
        site.env()
            .replace("EXTERNAL_USER_ID=", "EXTERNAL_USER_ID = "),
    );
    let error = home.run("env check -o json").expect(1).json()["error"].clone();
    assert_eq!(error["code"], "env_file.misread");
    let hint = error["hint"].as_str().unwrap();
    assert!(hint.contains("without blanks around ="), "{hint}");
}

#[test]
fn each_setting_is_missed_by_name_and_a_blank_one_counts_as_missing() {
    let site = Site::new(&[]);
    for name in REQUIRED {
        for value in ["", "   "] {
            let home = site.home_with(&[(name, value)]);
            let document = home.run("check -o json").expect(3).json();
            let error = &document["error"];
            assert_eq!(
                (error["code"].as_str(), error["because"].as_str()),
                (Some("config.missing"), Some(name))
            );
        }
    }
    assert_eq!(site.requests(), 0, "nothing is asked of anybody");
}

#[test]
fn several_missing_settings_are_told_in_the_guides_order() {
    let site = Site::new(&[]);
    let home = site.home_with(&[("S3_BUCKET_REGION", ""), ("AIRBYTE_CLIENT_ID", "")]);
    let document = home.run("check -o json").expect(3).json();
    assert_eq!(
        document["error"]["because"],
        "AIRBYTE_CLIENT_ID, S3_BUCKET_REGION"
    );
}

#[test]
fn a_file_with_crlf_a_byte_order_mark_export_and_quotes_is_read() {
    let site = Site::new(&[]);
    let text = site
        .env()
        .replace('\n', "\r\n")
        .replace("AIRBYTE_CLIENT_ID=", "export AIRBYTE_CLIENT_ID=");
    let text = text.replace(
        "EXTERNAL_USER_ID='user-42'",
        "EXTERNAL_USER_ID=\"user#42\" # a customer",
    );
    let home = Home::with_env(format!("\u{feff}{text}"));
    home.run("check --only auth --only organization").expect(0);
    assert_eq!(row(&home, "EXTERNAL_USER_ID")["value"], "user#42");
    // A shell would take the mark and the carriage returns for values: that is a verdict, not an error.
    let ran = home.run("env check").expect(1);
    assert!(
        ran.err.contains("byte order mark") && ran.err.contains("CRLF"),
        "{ran:?}"
    );
    assert_eq!(
        home.run("env check -o json").json()["error"]["code"],
        "env_file.misread"
    );
}

#[test]
fn quotes_that_docker_alone_takes_for_value_are_a_warning_and_no_verdict() {
    let site = Site::new(&[]);
    let ran = site.home().run("env check").expect(0);
    assert!(
        ran.err
            .starts_with("warning: line 1: docker run --env-file"),
        "{ran:?}"
    );
}

#[test]
fn nothing_in_a_value_is_expanded_or_executed() {
    let home = Home::with_env("TEMPLATE_NAME='a=$(touch owned)`touch owned`${HOME}$HOME'\n");
    assert_eq!(
        row(&home, "TEMPLATE_NAME")["value"],
        "a=$(touch owned)`touch owned`${HOME}$HOME"
    );
    assert!(!home.path("owned").exists());
}

#[test]
fn a_key_given_twice_counts_as_it_stands_last_and_its_lines_are_named() {
    let home = Home::with_env("PORT=3001\n# between\nPORT=3002\n");
    let ran = home.run("env show -o json").expect(0);
    assert_eq!(row(&home, "PORT")["value"], "3002");
    assert_eq!(
        ran.json()["warnings"],
        serde_json::json!([
            ".env line 3: PORT is given on lines 1 and 3; the last one, line 3, counts"
        ])
    );
}

#[test]
fn lines_that_are_not_text_are_told_by_number_and_never_quoted() {
    for bytes in [&b"PORT=1\nKEY=canary\xff\n"[..], b"PORT=1\nKEY=canary\0x\n"] {
        let ran = Home::with_env(bytes).run("check").expect(3);
        assert!(
            ran.err.contains("line 2") && !ran.err.contains("canary"),
            "{ran:?}"
        );
    }
}

#[test]
fn a_file_that_others_may_read_is_used_with_the_command_that_closes_it() {
    let site = Site::new(&[]);
    let home = site.home();
    home.chmod(".env", 0o644);
    let ran = home.run("check --only auth").expect(0);
    assert!(ran.err.contains("chmod 600 .env"), "{ran:?}");
    // The command takes a file's name for a name, whatever it begins with and holds.
    home.write("-a b", "PORT=1\n");
    home.chmod("-a b", 0o644);
    let ran = home.call(["env", "show", "--env-file=-a b"]).run();
    assert!(ran.err.contains("chmod 600 './-a b'"), "{ran:?}");
    home.chmod(".env", 0o600);
    assert_eq!(home.run("check --only auth").expect(0).err, "");
}

#[test]
fn a_secret_with_a_line_break_or_control_character_goes_nowhere() {
    let site = Site::new(&[]);
    for secret in ["a\nb", "a\tb", "a b", "a\x1bb", "a\u{202e}b", "a\u{7f}b"] {
        let text = site.env_with(&[("AIRBYTE_CLIENT_SECRET", "")]);
        let home = Home::with_env(format!("{text}AIRBYTE_CLIENT_SECRET=\"{secret}\"\n"));
        let ran = home.run("check -o json").expect(3);
        let because = ran.json()["error"]["because"].as_str().unwrap().to_owned();
        assert!(
            because.starts_with("AIRBYTE_CLIENT_SECRET holds"),
            "{because}"
        );
    }
    assert_eq!(site.requests(), 0);
}

#[test]
fn an_external_user_that_cannot_be_a_name_is_refused() {
    let site = Site::new(&[]);
    let long = "x".repeat(4096);
    for user in ["a\u{202e}b", "a\x1b[2Jb", &long] {
        site.home_with(&[("EXTERNAL_USER_ID", user)])
            .run("check")
            .expect(3);
    }
    assert_eq!(site.requests(), 0);
    for user in ["🙂", "../up", "o'neil"] {
        let text = site.env_with(&[("EXTERNAL_USER_ID", "")]);
        let home = Home::with_env(format!("{text}EXTERNAL_USER_ID=\"{user}\"\n"));
        home.run("check --mint").expect(0);
        let made = site.state()["workspaces"].to_string();
        assert!(made.contains(user), "{made}");
    }
}

#[test]
fn unsafe_base_urls_are_refused_before_anything_is_sent() {
    for (url, why) in [
        ("file:///etc/passwd", "must start with https://"),
        ("https://user:pass@api.example", "user name or password"),
        ("http://api.example", "must be https"),
        ("https://169.254.169.254", "this machine's own services"),
        ("http://169.254.169.254", "this machine's own services"),
        ("https://api.airbyte.ai", "host of the agents API"),
        ("https://api.example/v2", "has the path /v2"),
        ("api.airbyte.com", "has no scheme"),
        ("https://api.example?x=1", "must end after the path"),
    ] {
        let ran = Site::new(&[])
            .home_with(&[("BASE_URL", url)])
            .run("check -o json")
            .expect(3);
        let because = ran.json()["error"]["because"].as_str().unwrap().to_owned();
        assert!(because.contains(why), "{url}: {because}");
    }
}

#[test]
fn harmless_spellings_of_the_base_url_are_one() {
    let site = Site::new(&[]);
    for tail in ["", "/", "/v1", "/v1/", "/api/public/v1"] {
        let url = format!("{}{tail}", site.url);
        site.home_with(&[("BASE_URL", &url)])
            .run("check --only auth")
            .expect(0);
    }
    let url = site.url.replace("127.0.0.1", "localhost");
    site.home_with(&[("BASE_URL", &url)])
        .run("check --only auth")
        .expect(0);
}

#[test]
fn a_flag_outranks_the_environment_and_that_the_file() {
    let site = Site::new(&[]);
    let home = site.home_with(&[("BASE_URL", "https://in.file.example")]);
    let shown = |line: &str| {
        let ran = home
            .call(line.split_whitespace())
            .env("BASE_URL", "https://in.environment.example")
            .run()
            .expect(0);
        let rows = ran.json()["data"]["settings"].as_array().unwrap().clone();
        let row = rows
            .into_iter()
            .find(|row| row["name"] == "BASE_URL")
            .unwrap();
        let text = |key: &str| row[key].as_str().unwrap().to_owned();
        (text("value"), text("source"), text("detail"))
    };
    let (value, source, detail) = shown("env show -o json");
    assert_eq!(
        (value.as_str(), source.as_str()),
        ("https://in.environment.example", "environment")
    );
    assert!(
        detail.contains("the environment hides another value in the file"),
        "{detail}"
    );
    let (value, source, detail) = shown("env show -o json --base-url https://in.flag.example");
    assert_eq!(
        (value.as_str(), source.as_str()),
        ("https://in.flag.example", "flag")
    );
    assert!(
        detail.contains("the flag hides another value in the environment and the file"),
        "{detail}"
    );
    assert_eq!(row(&home, "BASE_URL")["source"], "file");
    assert_eq!(row(&home, "PORT")["source"], "default");
}

#[test]
fn an_organization_that_is_no_uuid_is_refused_before_anything_is_sent() {
    let site = Site::new(&[]);
    let ran = site
        .home_with(&[("AIRBYTE_ORGANIZATION_ID", "acme")])
        .run("check -o json")
        .expect(3);
    assert_eq!(ran.json()["error"]["code"], "config.invalid");
    assert_eq!(site.requests(), 0);
}

#[test]
fn names_of_the_sample_apps_are_read_and_told() {
    let home = Home::with_env("SONAR_AIRBYTE_CLIENT_ID='their-id'\n");
    let row = row(&home, "AIRBYTE_CLIENT_ID");
    assert_eq!(
        (row["value"].as_str(), row["status"].as_str()),
        (Some("their-id"), Some("warn"))
    );
    assert!(
        row["detail"]
            .as_str()
            .unwrap()
            .contains("SONAR_AIRBYTE_CLIENT_ID")
    );
}

#[test]
fn what_the_newer_api_cannot_express_is_said_before_anything_is_sent() {
    let site = Site::new(&[]);
    let ran = site
        .home_with(&[("AIRBYTE_API", "agents"), ("TEMPLATE_SCHEDULE", "manual")])
        .run("check -o json")
        .expect(3);
    let error = ran.json()["error"].clone();
    assert_eq!(error["code"], "config.unsupported");
    assert!(
        error["because"]
            .as_str()
            .unwrap()
            .contains("agents API cannot express")
    );
    assert_eq!(site.requests(), 0);
}

#[test]
fn secrets_are_shown_by_their_length_alone() {
    let home = Home::with_env(
        "AIRBYTE_CLIENT_SECRET='canary-secret'\nAWS_S3_SECRET_ACCESS_KEY='canary-aws'\n",
    );
    for line in [
        "env show",
        "env check",
        "env show -o json",
        "env check -o json",
    ] {
        let ran = home.run(line);
        assert!(
            !ran.out.contains("canary") && !ran.err.contains("canary"),
            "{ran:?}"
        );
    }
    assert_eq!(
        row(&home, "AIRBYTE_CLIENT_SECRET")["value"],
        "•••••••• (13 characters)"
    );
}

#[test]
fn env_show_tells_value_source_and_finding_of_every_setting() {
    let home = Home::with_env(
        "EXTERNAL_USER_ID=0\nS3_BUCKET_REGION=us-eats-1\nAIRBYTE_CLIENT_SECRET=canary\nALLOWED_ORIGIN=http://localhost:3001/\n",
    );
    insta::assert_snapshot!(home.run("env show").expect(0).block(), @r"
exit 0
--- out
missing  AIRBYTE_ORGANIZATION_ID
missing  AIRBYTE_CLIENT_ID
ok       AIRBYTE_CLIENT_SECRET       file         •••••••• (6 characters)
warn     EXTERNAL_USER_ID            file         0
         EXTERNAL_USER_ID is the guide's test value: everyone who uses it shares one workspace
missing  AWS_S3_ACCESS_KEY_ID
missing  AWS_S3_SECRET_ACCESS_KEY
missing  S3_BUCKET_NAME
missing  S3_PATH_PREFIX
invalid  S3_BUCKET_REGION            file         us-eats-1
         S3_BUCKET_REGION is not a region that the S3 connector accepts; did you mean us-east-1
warn     ALLOWED_ORIGIN              file         http://localhost:3001/
         ALLOWED_ORIGIN is sent as http://localhost:3001
ok       PORT                        default      3001
ok       BASE_URL                    default      https://api.airbyte.com
ok       AIRBYTE_API                 default      v1
ok       S3_ENDPOINT
ok       TEMPLATE_NAME               default      destination-s3
ok       TEMPLATE_FORMAT             default      jsonl
ok       TEMPLATE_SCHEDULE           default      hourly
ok       AIRBYTE_REGION_ID
ok       SOURCE_TEMPLATE_TAGS
ok       CONNECTION_TEMPLATE_TAGS
");
}
