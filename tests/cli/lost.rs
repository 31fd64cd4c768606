//! A template whose answer is lost: carried out or not, it is never sent twice unasked.

use crate::support::{Home, Site, route, until};
use rustix::process::Signal;

/// Creates once, and demands that the outcome be unknown, now and later, until one `--force`.
#[track_caller]
fn stays_unknown(fault: &str, flags: &str, carried_out: usize) {
    let site = Site::new(&[&format!("{fault}*1")]);
    let home = site.home();
    let ran = home
        .run(&format!("template create --yes -o json {flags}"))
        .expect(7);
    let document = ran.json();
    assert_eq!(document["error"]["code"], "template.unknown", "{fault}");
    assert!(document["error"]["because"].is_string() && document["error"]["hint"].is_string());
    assert_eq!(document["data"]["outcome"], "unknown");
    assert_eq!(document["data"]["id"], serde_json::Value::Null);
    assert_eq!(site.seen("templates"), carried_out, "{fault}");
    for _ in 0..2 {
        let ran = home.run("template create --yes").expect(7);
        assert!(ran.err.contains("--force"), "{ran:?}");
    }
    assert_eq!(
        home.run("template plan -o json").expect(0).json()["data"]["would"],
        "ask"
    );
    assert_eq!(site.count(route::TEMPLATE), 1, "{fault}: sent once");
    home.run("template create --yes --force").expect(0);
    home.run("template create --yes").expect(0);
    assert_eq!(site.count(route::TEMPLATE), 2, "{fault}");
    assert_eq!(site.seen("templates"), carried_out + 1, "{fault}");
}

#[test]
fn a_connection_cut_after_the_creation() {
    stays_unknown("template=commit+reset", "", 1);
}

#[test]
fn a_connection_cut_before_the_creation() {
    stays_unknown("template=reset", "", 0);
}

#[test]
fn a_gateway_that_lost_the_answer() {
    for code in [502, 503, 504] {
        stays_unknown(&format!("template=commit+status:{code}"), "", 1);
    }
    stays_unknown("template=commit+html:502", "", 1);
}

#[test]
fn a_failure_inside_and_a_time_out_there() {
    for code in [500, 408] {
        stays_unknown(&format!("template=commit+status:{code}"), "", 1);
    }
}

#[test]
fn silence() {
    stays_unknown("template=commit+hang", "--timeout 0.5", 1);
}

#[test]
fn an_answer_without_an_id() {
    for change in [
        "missing:id",
        "null:id",
        "blank:id",
        "type:id",
        "empty",
        "bad-json",
        "cut-json",
        "array",
        "html:200",
    ] {
        let fault = if change == "html:200" {
            "template=commit+html:200".to_owned()
        } else {
            format!("template={change}")
        };
        stays_unknown(&fault, "", 1);
    }
}

#[test]
fn an_answer_cut_in_the_middle_or_larger_than_any() {
    stays_unknown("template=cut", "", 1);
    stays_unknown("template=huge:2", "", 1);
}

#[test]
fn force_whose_answer_is_lost_as_well_is_unknown_again() {
    let site = Site::new(&["template=commit+reset*2"]);
    let home = site.home();
    home.run("template create --yes").expect(7);
    home.run("template create --yes --force").expect(7);
    home.run("template create --yes").expect(7);
    assert_eq!(
        (site.count(route::TEMPLATE), site.seen("templates")),
        (2, 2)
    );
}

#[test]
fn nothing_listens_so_nothing_is_unknown() {
    let site = Site::new(&[]);
    let home = site.home_with(&[("BASE_URL", "http://127.0.0.1:1")]);
    home.run("template create --yes").expect(5);
    assert_eq!(home.ledger(), "");
}

#[test]
fn killed_between_request_and_answer_the_next_run_asks() {
    let site = Site::new(&["template=commit+delay:600000"]);
    let home = site.home();
    let running = home.call(["template", "create", "--yes"]).start();
    until("the template is made", || site.seen("templates") == 1);
    running.signal(Signal::KILL);
    drop(running);
    assert!(home.ledger().contains("template.intent"));
    let ran = home.run("template create --yes").expect(7);
    insta::assert_snapshot!(ran.block(), @r"
exit 7
--- err
error: whether the connection template exists is not known
  because: it was sent at TIME and no readable answer came; nothing was sent again
  hint: look in Airbyte under Connection templates; if it is there, say so in the console (screen 2, key a); if not, `embedctl template create --force` sends it again
");
    assert_eq!(site.count(route::TEMPLATE), 1);
}

#[test]
fn interrupted_between_request_and_answer_the_next_run_asks() {
    let site = Site::new(&["template=commit+delay:600000"]);
    let home = site.home();
    let running = home
        .call(["template", "create", "--yes", "-o", "json"])
        .start();
    until("the template is made", || site.seen("templates") == 1);
    running.signal(Signal::INT);
    let ran = running.wait().expect(130);
    let document = ran.json();
    assert_eq!(
        (&document["exit"], &document["error"]["code"]),
        (&130.into(), &"cancelled".into())
    );
    home.run("template create --yes").expect(7);
    assert_eq!(site.count(route::TEMPLATE), 1);
}

#[test]
fn two_at_once_send_one() {
    let site = Site::new(&["template=delay:300"]);
    let home = site.home();
    let both = [(); 2].map(|()| {
        home.call(["template", "create", "--yes", "-o", "json"])
            .start()
    });
    let mut outcomes = both.map(|running| {
        let document = running.wait().expect(0).json();
        document["data"]["outcome"].as_str().unwrap().to_owned()
    });
    outcomes.sort();
    assert_eq!(outcomes, ["created", "exists"]);
    assert_eq!(
        (site.count(route::TEMPLATE), site.seen("templates")),
        (1, 1)
    );
}

#[test]
fn the_ledger_holds_no_secret() {
    let site = Site::new(&["template=commit+reset*1"]);
    let home: Home = site.home();
    home.run("template create --yes").expect(7);
    home.run("template create --yes --force").expect(0);
    home.run("token mint").expect(0);
    let ledger = home.ledger();
    assert!(
        ledger.contains("template.intent")
            && ledger.contains("template.made")
            && ledger.contains("\"mint\"")
    );
    for name in [
        "AIRBYTE_CLIENT_SECRET",
        "AWS_S3_SECRET_ACCESS_KEY",
        "AWS_S3_ACCESS_KEY_ID",
    ] {
        assert!(!ledger.contains(&site.setting(name)), "{name}");
    }
}
