//! `check --junit`: a report that CI systems read, written whatever the outcome.

use quick_xml::Reader;
use quick_xml::events::Event;
use rustix::process::Signal;
use serde_json::Value;

use crate::support::{Home, Site, until};

/// Each case of the report as `rung outcome`, after the whole was found to be well formed.
fn cases(home: &Home, name: &str) -> Vec<String> {
    let text = std::fs::read_to_string(home.path(name)).unwrap();
    let mut reader = Reader::from_str(&text);
    reader.config_mut().check_end_names = true;
    let mut cases: Vec<String> = Vec::new();
    loop {
        let event = reader.read_event().unwrap();
        if event == Event::Eof {
            break;
        }
        let (Event::Start(element) | Event::Empty(element)) = event else {
            continue;
        };
        let tag = element.name().as_ref().to_owned();
        match tag.as_str() {
            "testcase" => {
                let name = element.try_get_attribute("name").unwrap().unwrap();
                cases.push(name.value.into_owned());
            }
            "failure" | "error" | "skipped" => {
                let case = cases.last_mut().unwrap();
                *case = format!("{case} {tag}");
            }
            _ => {}
        }
    }
    cases
}

#[test]
fn each_rung_is_a_case() {
    let site = Site::new(&[]);
    let home = site.home_with(&[("AIRBYTE_CLIENT_SECRET", "wrong")]);
    home.write("report.xml", "an older report");
    let ran = home.run("check --junit report.xml -o json").expect(4);
    assert_eq!(
        cases(&home, "report.xml"),
        [
            "config",
            "auth failure",
            "organization skipped",
            "bucket",
            "template skipped",
            "mint skipped",
            "page skipped",
            "data skipped"
        ]
    );
    let text = std::fs::read_to_string(home.path("report.xml")).unwrap();
    assert!(text.contains("type=\"auth.refused\"") && text.contains("hint: copy"));
    assert!(text.contains(&format!(
        "<property name=\"base_url\" value=\"{}\"/>",
        site.url
    )));
    let rungs = ran.json()["data"]["rungs"].as_array().unwrap().len();
    assert!(text.contains(&format!("tests=\"{rungs}\" failures=\"1\" errors=\"0\"")));
    let left: Vec<_> = std::fs::read_dir(home.path(".")).unwrap().collect();
    assert_eq!(left.len(), 2, "the env file and the report: {left:?}");
    home.run("check --sandbox --junit report.xml").expect(0);
    assert_eq!(cases(&home, "report.xml")[1], "auth");
}

#[test]
fn a_check_that_could_not_begin_or_end_is_reported_too() {
    let home = Home::with_env("S3_BUCKET_NAME='never closed\n");
    home.run("check --junit report.xml").expect(3);
    assert_eq!(
        cases(&home, "report.xml")[..2],
        ["config error", "auth skipped"]
    );
    let site = Site::new(&["token=hang"]);
    let home = site.home();
    let running = home.call(["check", "--junit", "report.xml"]).start();
    until("it waits", || site.requests() > 0);
    running.signal(Signal::TERM);
    running.wait().expect(143);
    assert_eq!(
        cases(&home, "report.xml")[..3],
        ["config", "auth error", "organization skipped"]
    );
}

#[test]
fn a_report_that_cannot_be_written_hides_no_verdict() {
    let site = Site::new(&[]);
    let home = site.home();
    let ran = home.run("check --junit none/report.xml").expect(8);
    assert_eq!(
        ran.err.matches("could not be written").count(),
        1,
        "{ran:?}"
    );
    let ran = home.run("check --junit none/report.xml -o json").expect(8);
    assert_eq!(ran.json()["error"]["code"], "machine.disk");
    assert_eq!(ran.json()["data"]["rungs"].as_array().unwrap().len(), 8);
    let home = site.home_with(&[("AIRBYTE_CLIENT_SECRET", "wrong")]);
    let ran = home.run("check --junit none/report.xml").expect(4);
    assert!(ran.err.contains("could not be written"), "{ran:?}");
    let document: Value = home
        .run("check --junit none/report.xml -o json")
        .expect(4)
        .json();
    assert_eq!(document["error"]["code"], "auth.refused");
    assert!(
        document["warnings"]
            .to_string()
            .contains("could not be written")
    );
    let ran = home.run("check --junit -").expect(2);
    assert!(ran.err.contains("name a file"), "{ran:?}");
}

#[test]
fn a_link_is_written_through_and_stays() {
    use std::os::unix::fs::symlink;
    let home = Home::new();
    std::fs::create_dir(home.path("folder")).unwrap();
    home.write("folder/real.xml", "an older report");
    symlink("folder/real.xml", home.path("second.xml")).unwrap();
    symlink("second.xml", home.path("link.xml")).unwrap();
    symlink("folder/new.xml", home.path("dangling.xml")).unwrap();
    for (link, real) in [
        ("link.xml", "folder/real.xml"),
        ("dangling.xml", "folder/new.xml"),
    ] {
        home.run(&format!("check --sandbox --only config --junit {link}"))
            .expect(0);
        assert!(home.path(link).is_symlink(), "{link}");
        assert!(home.path(real).symlink_metadata().unwrap().is_file());
        assert_eq!(cases(&home, real)[0], "config");
    }
    // What a stream of the process goes to is a file of somebody else's, and not replaced.
    symlink("/proc/self/fd/1", home.path("stream")).unwrap();
    let out = home.write("out.txt", "");
    home.call([
        "check",
        "--sandbox",
        "--only",
        "config",
        "--junit",
        "stream",
    ])
    .stdout_to(out.to_str().unwrap())
    .run()
    .expect(0);
    assert!(home.path("stream").is_symlink());
    let text = std::fs::read_to_string(&out).unwrap();
    assert!(
        text.starts_with("pass  config") && text.ends_with("</testsuites>\n"),
        "{text}"
    );
}

#[test]
fn a_pipe_that_nobody_reads_is_not_waited_for() {
    let home = Home::new();
    let pipe = home.pipe("pipe");
    let line = "check --sandbox --only config --junit pipe";
    let ran = home.run(line).expect(8);
    assert!(ran.err.contains("pipe: nobody reads it"), "{ran:?}");
    let reader = std::thread::spawn(move || std::fs::read_to_string(pipe).unwrap());
    until("the report is read", || home.run(line).code() == 0);
    assert!(reader.join().unwrap().ends_with("</testsuites>\n"));
}

#[test]
fn a_device_is_written_to_and_not_replaced() {
    let home = Home::new();
    home.run("check --sandbox --junit /dev/null").expect(0);
    let kind = std::fs::metadata("/dev/null").unwrap().file_type();
    assert!(std::os::unix::fs::FileTypeExt::is_char_device(&kind));
    let ran = home.run("check --sandbox --junit /dev/full").expect(8);
    assert!(ran.err.contains("/dev/full: "), "{ran:?}");
}
