//! The shell script, run by `sh` with curl against the sandbox.

use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::support::{Home, Site, route, until};
use crate::{AWS, CLIENT};

const AGENTS: [&str; 3] = [
    "POST /api/v1/account/applications/token",
    "POST /api/v1/integrations/templates/connections",
    "POST /api/v1/account/applications/widget-token",
];
const V1: [&str; 3] = [route::TOKEN, route::TEMPLATE, route::WIDGET];

/// The script in a home, ready to run with a cleared environment.
fn script(home: &Home, arguments: &[&str]) -> Command {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut command = Command::new("sh");
    command
        .arg("airbyte-embedded.sh")
        .args(arguments)
        .current_dir(home.path("."))
        .env_clear()
        .env("PATH", path)
        .env("HOME", home.path("."))
        .stdin(Stdio::null());
    command
}

fn run(mut command: Command) -> (i32, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().expect("sh is there");
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

fn exported(site: &Site, others: &[(&str, &str)]) -> Home {
    let home = site.home_with(others);
    home.run("export curl").expect(0);
    home
}

#[test]
#[ignore = "needs sh and curl"]
fn the_walk_gets_the_guides_answers_and_sends_what_embedctl_sends() {
    for (api, routes) in [("v1", V1), ("agents", AGENTS)] {
        let site = Site::new(&[]);
        let home = exported(&site, &[("AIRBYTE_API", api)]);
        let mut command = script(&home, &[]);
        command.env("CONFIRM", "yes");
        let (code, out, err) = run(command);
        assert_eq!(code, 0, "{out}{err}");
        let [id, token] = out.lines().collect::<Vec<_>>()[..] else {
            panic!("an id and a token: {out}")
        };
        assert_eq!(site.state()["templates"][0]["id"], id);
        let inspected = home
            .call([
                "token",
                "inspect",
                "--origin",
                "http://localhost:3001",
                "-o",
                "json",
            ])
            .input(token)
            .run()
            .expect(0)
            .json();
        assert_eq!(inspected["data"]["verdict"], "usable");
        assert_eq!(inspected["data"]["user"], "user-42");
        assert!(!err.contains(token), "it is printed once: {err}");

        let sent = routes.map(|request| json(&site.last_body(request)));
        home.run("template create --yes --force").expect(0);
        home.run("token mint").expect(0);
        assert_eq!(
            sent,
            routes.map(|request| json(&site.last_body(request))),
            "{api}"
        );
    }
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
#[ignore = "needs sh and curl"]
fn the_template_is_not_made_unasked() {
    let site = Site::new(&[]);
    let home = exported(&site, &[]);
    for arguments in [&[][..], &["template"]] {
        let (code, out, err) = run(script(&home, arguments));
        assert_eq!((code, out.as_str()), (2, ""), "{err}");
        assert!(err.contains("CONFIRM=yes"), "{err}");
    }
    assert_eq!(site.count(route::TEMPLATE) + site.count(route::WIDGET), 0);
    assert_eq!(run(script(&home, &["nonsense"])).0, 2);
    assert_eq!(run(script(&home, &["access-token"])).0, 0);
    assert_eq!(run(script(&home, &["widget-token"])).0, 0);
}

#[test]
#[ignore = "needs sh and curl"]
fn refusals_and_lost_answers_have_embedctls_own_exit_codes() {
    for (fault, step, expected) in [
        ("token=status:401", "access-token", 4),
        ("token=status:500", "access-token", 6),
        ("token=redirect:302", "access-token", 6),
        ("token=reset", "access-token", 5),
        ("token=html:200", "access-token", 6),
        ("widget=status:403", "widget-token", 4),
        ("widget=empty", "widget-token", 6),
        ("template=status:404", "template", 6),
        ("template=commit+reset", "template", 7),
        ("template=commit+status:503", "template", 7),
        ("template=missing:id", "template", 7),
    ] {
        let site = Site::new(&[fault]);
        let home = exported(&site, &[]);
        let mut command = script(&home, &[step]);
        command.env("CONFIRM", "yes");
        let (code, out, err) = run(command);
        assert_eq!((code, out.as_str()), (expected, ""), "{fault}: {err}");
        assert!(err.contains("error: "), "{fault}: {err}");
        let secret = site.setting("AIRBYTE_CLIENT_SECRET");
        assert!(!err.contains(&secret), "{fault}: {err}");
    }
    let site = Site::new(&[]);
    let home = exported(&site, &[("AIRBYTE_CLIENT_ID", "")]);
    let (code, _, err) = run(script(&home, &["access-token"]));
    assert_eq!(code, 3, "{err}");
    assert!(err.contains("AIRBYTE_CLIENT_ID is not set"), "{err}");
    home.write(
        ".env",
        "AIRBYTE_CLIENT_ID=a\nAIRBYTE_CLIENT_SECRET=b\nBASE_URL=http://api.airbyte.com\n",
    );
    assert_eq!(run(script(&home, &["access-token"])).0, 3, "never in clear");
    home.write(
        ".env",
        "AIRBYTE_CLIENT_ID=a\nAIRBYTE_CLIENT_SECRET=b\nBASE_URL=http://127.0.0.1:1\n",
    );
    assert_eq!(run(script(&home, &["access-token"])).0, 5);
}

#[test]
#[ignore = "needs sh and curl"]
fn any_secret_is_sent_as_it_is_and_stands_among_no_arguments() {
    let site = Site::new(&["token=hang*1"]);
    let home = exported(&site, &[("AIRBYTE_CLIENT_SECRET", "")]);
    let mut command = script(&home, &["access-token"]);
    command.env("AIRBYTE_CLIENT_SECRET", CLIENT);
    let mut child = command.stderr(Stdio::null()).spawn().unwrap();
    until("curl waits for its answer", || site.requests() > 0);
    for entry in std::fs::read_dir("/proc").unwrap() {
        // Other processes come and go meanwhile.
        let line = std::fs::read(entry.unwrap().path().join("cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).into_owned();
        assert!(!line.contains("Kanarie"), "{line}");
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(json(&site.last_body(route::TOKEN))["client_secret"], CLIENT);

    let site = Site::new(&[]);
    let home = exported(&site, &[("AWS_S3_SECRET_ACCESS_KEY", "")]);
    let mut command = script(&home, &["template"]);
    command
        .env("AWS_S3_SECRET_ACCESS_KEY", AWS)
        .env("CONFIRM", "yes");
    let (code, _, err) = run(command);
    assert_eq!(code, 0, "{err}");
    let sent = json(&site.last_body(route::TEMPLATE));
    assert_eq!(sent["destinationConfiguration"]["secret_access_key"], AWS);
}

#[test]
#[ignore = "needs sh and curl"]
fn the_env_file_is_read_and_never_executed() {
    let site = Site::new(&[]);
    let home = exported(&site, &[]);
    let (id, secret) = (
        site.setting("AIRBYTE_CLIENT_ID"),
        site.setting("AIRBYTE_CLIENT_SECRET"),
    );
    let text = format!(
        "# comment\r\nPATH=/nonexistent\nEVIL=$(touch owned)\n export_me\n\
         export AIRBYTE_CLIENT_ID=\"{id}\"\r\nAIRBYTE_CLIENT_SECRET={secret} # `touch owned`\n\
         TEMPLATE_NAME='$(touch owned)'\nBASE_URL='{}'",
        site.url
    );
    home.write(".env", text);
    let (code, _, err) = run(script(&home, &["access-token"]));
    assert_eq!(code, 0, "{err}");
    assert!(!home.path("owned").exists());
    let mut command = script(&home, &["access-token"]);
    command.env("AIRBYTE_CLIENT_SECRET", "another");
    assert_eq!(run(command).0, 4, "the environment outranks the file");
}
