//! The widget's events, as the page hands them in.

use std::io::Write as _;

use crate::ask::{Demo, EVENT};
use crate::support::Site;

#[test]
fn events_of_both_vocabularies_are_taken_and_told() {
    let site = Site::new(&[]);
    let demo = Demo::before(&site, "");
    for body in [
        r#"{"type":"end_user_action_result","message":"partial_user_config_created","data":{"sourceId":"s","name":"Sample Data"}}"#,
        r#"{"type":"end_user_action_result","message":"source_update_error","data":{"name":"Faker"},"error":{"message":"not\u001b[2J now"}}"#,
        r#"{"type":"something new"}"#,
    ] {
        let answer = demo
            .ask("POST", EVENT)
            .origin(&demo.url)
            .body(body)
            .send()
            .expect(204);
        assert_eq!(answer.body, "");
    }
    assert_eq!(site.requests(), 0);
    let url = demo.url.clone();
    let told = demo.end().err;
    for line in [
        format!("event source_created \"Sample Data\"  {url}  ok"),
        format!("event source_update_error \"Faker\": not [2J now  {url}  ok"),
        format!("event something new  {url}  ok"),
    ] {
        assert!(told.contains(&line), "{line}\n{told}");
    }
    assert!(!told.contains('\x1b'));
}

#[test]
fn what_is_no_event_is_refused() {
    let site = Site::new(&[]);
    let demo = Demo::before(&site, "");
    for body in [
        "",
        "{",
        "null",
        "[]",
        "{}",
        "\"CLOSE_DIALOG\"",
        &"[".repeat(10_000),
    ] {
        let answer = demo.ask("POST", EVENT).body(body).send().expect(400);
        assert_eq!(answer.code(), "request.body", "{body}");
    }
    let large = format!(r#"{{"type":"x","data":"{}"}}"#, "x".repeat(64 << 10));
    let answer = demo.ask("POST", EVENT).body(&large).send().expect(413);
    assert_eq!(answer.code(), "request.large");
}

#[test]
fn an_event_that_breaks_off_or_lies_about_its_length_harms_nobody() {
    let site = Site::new(&[]);
    let demo = Demo::before(&site, "");
    let mut stream = demo.connect();
    let host = format!("localhost:{}", demo.port);
    write!(
        stream,
        "POST {EVENT} HTTP/1.1\r\nhost: {host}\r\ncontent-length: 99\r\n\r\n{{"
    )
    .unwrap();
    drop(stream);
    let endless = format!(
        "POST {EVENT} HTTP/1.1\r\nhost: {host}\r\ntransfer-encoding: chunked\r\n\r\n{}",
        format!("4000\r\n{}\r\n", "x".repeat(0x4000)).repeat(5)
    );
    demo.raw(&endless).expect(413);
    demo.get("/healthz").send().expect(200);
}
