//! `-q`, `-v` and `--log-file`: how much is told, and where.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use crate::support::{Home, Site};

fn lines(home: &Home) -> Vec<Value> {
    let text = std::fs::read_to_string(home.path("log.jsonl")).unwrap();
    assert!(text.ends_with('\n'));
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn each_request_is_told_as_it_happens() {
    let site = Site::new(&["organizations=status:503*1"]);
    let home = site.home();
    let ran = home
        .run("check -v --only auth --only organization")
        .expect(0);
    let first: Vec<&str> = ran.err.lines().take(2).collect();
    assert!(
        first[0].starts_with("POST /v1/applications/token  200  "),
        "{ran:?}"
    );
    assert!(
        first[1].starts_with("GET /v1/embedded/organizations  503  ")
            && first[1].contains("try 1 of 3, again in "),
        "{ran:?}"
    );
    assert!(ran.err.contains("  try 2 of 3\n"), "{ran:?}");
    let ran = home.run("check -v -o json --only auth").expect(0);
    assert!(ran.json()["ok"].as_bool().unwrap() && ran.err.starts_with("POST "));
    assert_eq!(home.run("check --only auth").expect(0).err, "");
}

#[test]
fn quiet_leaves_results_and_errors() {
    let site = Site::new(&[]);
    let home = site.home();
    let ran = home.run("token mint a -q").expect(0);
    assert_eq!((ran.out.lines().count(), ran.err.as_str()), (1, ""));
    let ran = home.run("env check -q").expect(0);
    assert_eq!(ran.err, "", "its warning about Docker is one");
    let ran = home.run("template create -q").expect(2);
    assert!(ran.err.starts_with("error: "), "{ran:?}");
    let ran = home.run("check -q -v").expect(2);
    assert!(ran.err.contains("cannot be used with"), "{ran:?}");
}

#[test]
fn the_log_is_one_object_a_line_and_grows_from_run_to_run() {
    let site = Site::new(&["token=reset*1"]);
    let home = site.home();
    home.run("check --log-file log.jsonl --only auth --only bucket")
        .expect(0);
    let first = lines(&home);
    assert_eq!(first[0]["status"], Value::Null);
    assert_eq!(
        (&first[0]["attempt"], &first[1]["attempt"]),
        (&1.into(), &2.into())
    );
    assert!(first[0]["again_in_ms"].is_u64() && first[0]["why"].is_string());
    let keys: Vec<&str> = first[1]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(
        keys,
        [
            "at",
            "to",
            "method",
            "path",
            "status",
            "ms",
            "attempt",
            "attempts",
            "again_in_ms",
            "why"
        ]
    );
    assert_eq!(first[1]["path"], "/v1/applications/token");
    assert!(first.iter().any(|line| line["to"] == "bucket"));
    let mode = home
        .path("log.jsonl")
        .metadata()
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    home.run("token mint a -q --log-file log.jsonl").expect(0);
    let all = lines(&home);
    assert_eq!(all[..first.len()], first);
    assert_eq!(all.last().unwrap()["path"], "/v1/embedded/widget_token");
}

#[test]
fn a_log_that_is_not_a_file_of_ours_is_refused_before_anything_is_sent() {
    let site = Site::new(&[]);
    let home = site.home();
    home.write("real.jsonl", "");
    std::os::unix::fs::symlink("real.jsonl", home.path("link.jsonl")).unwrap();
    std::fs::create_dir(home.path("folder")).unwrap();
    home.pipe("pipe");
    for name in ["link.jsonl", "folder", "pipe", "none/log.jsonl"] {
        let ran = home
            .run(&format!("check -o json --log-file {name}"))
            .expect(8);
        assert_eq!(ran.json()["error"]["code"], "machine.disk", "{name}");
    }
    assert_eq!(site.requests(), 0);
    assert_eq!(std::fs::read(home.path("real.jsonl")).unwrap(), b"");
}

#[test]
fn a_log_that_is_full_gives_way_to_another_and_one_is_kept() {
    let site = Site::new(&[]);
    let home = site.home();
    for age in 1..=2 {
        let log = home.write("log.jsonl", format!("{{\"age\":{age}}}\n"));
        let file = std::fs::OpenOptions::new().write(true).open(log).unwrap();
        file.set_len(10 << 20).unwrap();
        home.run("check --log-file log.jsonl --only auth").expect(0);
        let lines = lines(&home);
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0]["path"], "/v1/applications/token");
        let kept = home.path("log.jsonl.1");
        let text = std::fs::read(&kept).unwrap();
        assert!(text.starts_with(format!("{{\"age\":{age}}}").as_bytes()));
        for path in [kept, home.path("log.jsonl")] {
            assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        }
    }
    let names = std::fs::read_dir(home.path(".")).unwrap();
    assert_eq!(names.count(), 3, "the env file and two logs");
}

#[test]
fn a_full_disk_ends_the_log_and_not_the_run() {
    let site = Site::new(&[]);
    let ran = site.home().run("check --log-file /dev/full").expect(0);
    assert_eq!(ran.err.matches("the log ends here").count(), 1, "{ran:?}");
}
