//! What is written, and what is never lost by it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::support::{Home, Ran, Site};
use crate::{AWS, CLIENT};

fn read(home: &Home, name: &str) -> String {
    fs::read_to_string(home.path(name)).unwrap()
}

#[test]
fn each_export_writes_its_files_and_says_so() {
    let home = Home::new();
    for (what, files) in [
        ("curl", &["airbyte-embedded.sh"][..]),
        ("node", &["server.js", "index.html"]),
        ("html", &["index.html"]),
    ] {
        let ran = home.run(&format!("export {what} --dir {what}")).expect(0);
        let told: Vec<String> = files
            .iter()
            .map(|f| format!("written  {what}/{f}\n"))
            .collect();
        assert_eq!(ran.out, told.concat());
        assert!(ran.err.starts_with("next: "), "{ran:?}");
        let document = home
            .run(&format!("export {what} --dir {what} -o json"))
            .expect(0)
            .json();
        assert_eq!(document["kind"], "export");
        let listed = document["data"]["files"].as_array().unwrap();
        let paths: Vec<&str> = listed.iter().map(|f| f["path"].as_str().unwrap()).collect();
        let expected: Vec<String> = files.iter().map(|f| format!("{what}/{f}")).collect();
        assert_eq!(paths, expected);
    }
    let mode = fs::metadata(home.path("node/server.js"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(
        mode & 0o133,
        0,
        "{mode:o}: no secret in it, and nothing to execute"
    );
}

#[test]
fn what_comes_next_can_be_typed_as_it_stands() {
    let home = Home::new();
    home.write("it's.env", "");
    for (line, next) in [
        ("curl", "sh airbyte-embedded.sh access-token"),
        ("node", "node --env-file=.env server.js"),
        ("curl --dir exp", "sh exp/airbyte-embedded.sh access-token"),
        ("node --dir exp", "node --env-file=.env exp/server.js"),
        (
            "curl --dir exp --env-file it's.env",
            "ENV_FILE='it'\\''s.env' sh exp/airbyte-embedded.sh access-token",
        ),
        (
            "node --dir exp --env-file it's.env",
            "node --env-file='it'\\''s.env' exp/server.js",
        ),
    ] {
        let ran = home.run(&format!("export {line}")).expect(0);
        assert!(ran.err.ends_with(&format!("next: {next}\n")), "{ran:?}");
    }
}

#[test]
fn a_file_of_another_text_is_replaced_only_when_that_is_confirmed() {
    let home = Home::new();
    home.write("index.html", "my own work");
    insta::assert_snapshot!(home.run("export node").expect(2).block(), @r"
    exit 2
    --- err
    error: replacing index.html needs a confirmation
      because: what is there is another text, and nobody is there to be asked
      hint: --dir names another folder; --yes replaces it
    ");
    assert_eq!(read(&home, "index.html"), "my own work");
    assert!(!home.path("server.js").exists(), "all files or none");
    let ran = home.run("export node --yes").expect(0);
    assert_eq!(ran.out, "written  server.js\nreplaced  index.html\n");
    assert_eq!(
        home.run("export node").expect(0).out,
        "same  server.js\nsame  index.html\n"
    );
}

#[test]
fn a_link_is_replaced_and_not_written_through() {
    let home = Home::new();
    home.write("precious", "my own work");
    std::os::unix::fs::symlink(home.path("precious"), home.path("index.html")).unwrap();
    std::os::unix::fs::symlink(home.path("nowhere"), home.path("server.js")).unwrap();
    home.run("export node").expect(2);
    home.run("export node --yes").expect(0);
    assert_eq!(read(&home, "precious"), "my own work");
    assert!(!home.path("nowhere").exists());
    assert!(read(&home, "index.html").contains("open-widget"));
}

#[test]
fn what_cannot_be_written_is_the_machines_fault() {
    let home = Home::new();
    home.write("file", "");
    let ran: Ran = home.run("export html --dir file/below -o json").expect(8);
    let document = ran.json();
    assert_eq!(document["error"]["code"], "machine.disk");
    assert_eq!(document["kind"], "export");
    fs::create_dir(home.path("index.html")).unwrap();
    home.run("export html --yes").expect(8);
}

#[test]
fn a_dash_prints_the_file_itself() {
    let home = Home::new();
    for (what, name) in [
        ("curl", "airbyte-embedded.sh"),
        ("node", "server.js"),
        ("html", "index.html"),
    ] {
        let printed = home.run(&format!("export {what} --dir -")).expect(0);
        assert_eq!(printed.err, "");
        home.run(&format!("export {what} --yes")).expect(0);
        assert_eq!(printed.out, read(&home, name));
    }
    home.run("export curl --dir - -o json").expect(2);
}

#[test]
fn settings_that_stand_in_the_files_must_be_well_formed() {
    let home = Home::with_env("BASE_URL=http://api.airbyte.com\nTEMPLATE_SCHEDULE=often\n");
    let ran = home.run("export node -o json").expect(3);
    assert_eq!(ran.json()["error"]["code"], "config.invalid");
    assert!(!home.path("server.js").exists());
    home.run("export").expect(2);
    home.run("export perl").expect(2);
}

#[test]
fn an_env_file_that_others_misread_is_told() {
    let home = Home::with_env("AIRBYTE_CLIENT_SECRET=a#b\n");
    let ran = home.run("export node").expect(0);
    assert!(
        ran.err.contains("warning: the env file has lines"),
        "{ran:?}"
    );
    assert!(
        !home
            .run("export html --dir html")
            .expect(0)
            .err
            .contains("warning")
    );
}

#[test]
fn no_file_holds_a_value_of_the_settings() {
    let site = Site::new(&[]);
    let home = site.home();
    for api in ["v1", "agents"] {
        for what in ["curl", "node", "html"] {
            let line = format!("export {what} --dir {api}-{what} --api {api}");
            let ran = home
                .call(line.split_whitespace())
                .env("AIRBYTE_CLIENT_SECRET", CLIENT)
                .env("AWS_S3_SECRET_ACCESS_KEY", AWS)
                .run()
                .expect(0);
            for text in [&ran.out, &ran.err] {
                assert!(!text.contains("Kanarie"), "{ran:?}");
            }
        }
    }
    let kept = [
        "AIRBYTE_CLIENT_SECRET",
        "AWS_S3_SECRET_ACCESS_KEY",
        "AIRBYTE_ORGANIZATION_ID",
        "AIRBYTE_CLIENT_ID",
        "AWS_S3_ACCESS_KEY_ID",
        "S3_BUCKET_NAME",
    ];
    let files = home.files(&[".env"]);
    assert!(files.len() >= 8, "{files:?}");
    for (path, text) in files {
        assert!(!text.contains("Kanarie"), "{}", path.display());
        for name in kept {
            assert!(
                !text.contains(&site.setting(name)),
                "{name} in {}",
                path.display()
            );
        }
        if path.ends_with("index.html") {
            assert!(!text.contains("AIRBYTE_"), "the page names no setting");
        } else {
            assert!(
                text.contains(&site.url),
                "{}: the base URL may stand there",
                path.display()
            );
        }
    }
}

#[test]
fn the_guides_mistakes_are_in_no_file() {
    let home = Home::new();
    home.run("export curl").expect(0);
    home.run("export node").expect(0);
    let (shell, server, page) = (
        read(&home, "airbyte-embedded.sh"),
        read(&home, "server.js"),
        read(&home, "index.html"),
    );
    assert!(shell.contains(r#""grant-type": "client_credentials""#));
    for text in [&shell, &server] {
        assert!(!text.contains("<client_credentials>") && !text.contains("--insecure"));
    }
    for wildcard in [
        "\"Access-Control-Allow-Origin\", \"*\"",
        "headers.referer",
        "require(\"express\")",
    ] {
        assert!(!server.contains(wildcard), "{wildcard}");
    }
    assert!(!shell.contains("--location") && !shell.contains(" -k "));
    assert!(
        page.contains("airbyte-embedded-widget@0.4.5\""),
        "the version is pinned"
    );
    assert_eq!(page.matches("new AirbyteEmbeddedWidget").count(), 1);
}
