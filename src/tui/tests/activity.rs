//! Screen 6: the log of requests, one of them opened up, and what leaves by the clipboard.

use super::*;
use crate::domain::record::{Body, Proof, Record};

/// Requests of every kind: answered, refused, to be tried again, lost, and to the bucket.
fn log() -> Driver {
    let mut driver = Driver::ready();
    driver.press("alt-6");
    let text = |text: &str| Body::Text(text.to_owned(), 0);
    let token = Exchange {
        record: Box::new(Record {
            url: "https://api.airbyte.com/v1/applications/token".to_owned(),
            sent: text(
                "{\n  \"client_id\": \"7d1b40c2-52f6-4c1a-9d5e-3b0b6c9d1f20\",\n  \"client_secret\": \"$AIRBYTE_CLIENT_SECRET\"\n}",
            ),
            received: text("{\n  \"access_token\": \"••••••••\",\n  \"expires_in\": 900\n}"),
            ..Record::default()
        }),
        ..exchange("/v1/applications/token", Some(200))
    };
    let organizations = Exchange {
        method: "GET",
        took: Duration::from_millis(21),
        ..exchange("/v1/embedded/organizations", Some(200))
    };
    let refused = Exchange {
        why: Some("license/entitlement".to_owned()),
        at: moment(89).wall,
        took: Duration::from_millis(19),
        record: Box::new(Record {
            url: "https://api.airbyte.com/v1/embedded/widget_token".to_owned(),
            proof: Proof::Bearer,
            sent: text(
                "{\n  \"organizationId\": \"5f0c3a1e-6a0e-4d0e-b1a7-0f7e5a3391aa\",\n  \"allowedOrigin\": \"http://localhost:3001\",\n  \"externalUserId\": \"user-42\"\n}",
            ),
            received: Body::Text(
                "{\n  \"type\": \"error:license/entitlement\",\n  \"data\": {\n    \"entitlement\": \"feature-embedded\"\n  }\n}".to_owned(),
                1_200,
            ),
            ..Record::default()
        }),
        ..exchange("/v1/embedded/widget_token", Some(403))
    };
    let slowed = Exchange {
        why: Some("service unavailable".to_owned()),
        at: moment(100).wall,
        took: Duration::from_millis(211),
        again_in: Some(Duration::from_millis(812)),
        ..exchange("/v1/embedded/widget_token", Some(503))
    };
    let lost = Exchange {
        lost: Some(Code::NetworkLost),
        why: Some("connection lost".to_owned()),
        at: moment(101).wall,
        attempt: 2,
        ..exchange("/v1/embedded/widget_token", None)
    };
    let stopped = Exchange {
        lost: Some(Code::Cancelled),
        why: Some(crate::domain::exchange::GIVEN_UP.to_owned()),
        at: moment(110).wall,
        ..exchange("/v1/embedded/widget_token", None)
    };
    let object = Exchange {
        to: To::Bucket,
        method: "GET",
        at: moment(130).wall,
        record: Box::new(Record {
            url: "https://acme-embedded.s3.us-east-1.amazonaws.com/customers/user-42/sample_data_users/2026_01_02_1767357000000_0.jsonl".to_owned(),
            proof: Proof::Signature("us-east-1".to_owned()),
            received: Body::Withheld("an object, which is never kept".to_owned()),
            ..Record::default()
        }),
        ..exchange(
            "/customers/user-42/sample_data_users/2026_01_02_1767357000000_0.jsonl",
            Some(200),
        )
    };
    for exchange in [token, organizations, refused, slowed, lost, stopped, object] {
        driver.answer(Event::Exchanged(exchange));
    }
    driver
}

#[test]
fn the_log_in_its_states() {
    let mut empty = Driver::ready();
    empty.press("6").press("alt-6");
    insta::assert_snapshot!("empty", empty.frames());
    let mut driver = log();
    insta::assert_snapshot!("log", driver.frames());
    insta::assert_snapshot!("log_roles", driver.roles());
    driver.press("home down down enter");
    insta::assert_snapshot!("opened", driver.frames());
    driver.size(60, 16);
    driver.press("end");
    insta::assert_snapshot!("opened_scrolled_60x16", driver.frame());
    driver.size(100, 28);
    driver.press("esc e");
    insta::assert_snapshot!("errors_only", driver.frames());
    driver.press("e / 5 0 3");
    insta::assert_snapshot!("filtered", driver.frames());
    driver.press("enter esc").press("/").type_text("nowhere");
    insta::assert_snapshot!("filtered_to_nothing", driver.frames());
}

#[test]
fn a_request_leaves_as_curl_with_its_secrets_as_variables() {
    let mut driver = log();
    driver.press("home y");
    let [Effect::Copy(text)] = driver.effects.as_slice() else {
        panic!("{:?}", driver.effects);
    };
    assert!(text.expose().starts_with("curl -X POST"));
    assert!(text.expose().contains("\"'\"$AIRBYTE_CLIENT_SECRET\"'\""));
    driver.press("down down enter y");
    let [Effect::Copy(text)] = driver.effects.as_slice() else {
        panic!("{:?}", driver.effects);
    };
    assert!(
        text.expose()
            .contains("-H \"Authorization: Bearer $TOKEN\"")
    );
}

#[test]
fn what_is_open_stays_open_while_others_come() {
    let mut driver = log();
    driver.press("enter");
    let before = driver.frame();
    for _ in 0..20 {
        driver.answer(Event::Exchanged(exchange("/v1/other", Some(200))));
    }
    assert!(driver.frame().contains("sample_data_users"), "{before}");
    driver.press("right");
    assert!(driver.frame().contains("/v1/other"));
    driver.press("left left");
    assert!(driver.frame().contains("given up before an answer"));
    driver.press("esc");
    assert_eq!(driver.model.activity.open, None);
}

#[test]
fn esc_goes_back_one_step_at_a_time() {
    let mut driver = log();
    driver
        .press("e")
        .press("/")
        .type_text("widget")
        .press("enter");
    driver.press("enter");
    assert!(driver.model.activity.open.is_some());
    driver.press("esc");
    assert!(driver.model.activity.open.is_none());
    assert_eq!(driver.model.activity.log.filter().text(), "widget");
    driver.press("esc");
    assert_eq!(driver.model.activity.log.filter().text(), "");
    assert!(driver.model.activity.log.errors_only());
    driver.press("esc");
    assert!(!driver.model.activity.log.errors_only());
    driver.press("esc");
    assert_eq!(
        driver.model.focus,
        crate::tui::model::Focus::Rail(Screen::Activity)
    );
}

#[test]
fn a_thousand_requests_scroll_by_pages_and_follow_the_newest() {
    let mut driver = log();
    for i in 0..1_500 {
        driver.answer(Event::Exchanged(exchange(&format!("/v1/n/{i}"), Some(200))));
    }
    assert!(driver.frame().contains("/v1/n/1499"));
    driver.press("pgup up");
    let selected = driver.model.activity.log.selected().unwrap().number;
    driver.answer(Event::Exchanged(exchange("/v1/new", Some(200))));
    assert_eq!(
        driver.model.activity.log.selected().unwrap().number,
        selected
    );
    driver.press("end");
    assert!(driver.frame().contains("/v1/new"));
    assert!(driver.frame().contains("the last 1,000 are kept"));
    assert!(driver.frame().contains("1,508"), "{}", driver.frame());
}

#[test]
fn one_outage_has_one_word_everywhere() {
    let mut driver = Driver::ready();
    driver.answer(Event::Exchanged(exchange("/v1/applications/token", None)));
    driver.press("alt-6");
    let frame = driver.frame();
    assert_eq!(
        frame.matches("offline").count(),
        3,
        "header, list, footer\n{frame}"
    );
    driver.press("enter");
    assert_eq!(
        driver.frame().matches("✖ offline").count(),
        2,
        "{}",
        driver.frame()
    );
}

#[test]
fn the_header_tells_whose_answer_it_was_and_forgets_none_over_a_stop() {
    let header = |exchange: Exchange| {
        let mut driver = Driver::ready();
        driver.answer(Event::Exchanged(exchange));
        let stopped = Exchange {
            lost: Some(Code::Cancelled),
            ..super::exchange("/v1/embedded/widget_token", None)
        };
        driver.answer(Event::Exchanged(stopped));
        let frame = driver.frame();
        assert!(
            frame.contains("stopped  38 ms"),
            "the footer tells it\n{frame}"
        );
        frame.lines().next().unwrap().to_owned()
    };
    let bucket = |status| Exchange {
        to: To::Bucket,
        ..exchange("/acme-embedded/", status)
    };
    assert!(header(bucket(Some(403))).ends_with("✖ bucket refused"));
    assert!(header(bucket(None)).ends_with("✖ bucket offline"));
    assert!(header(bucket(Some(200))).ends_with("● online"));
    assert!(header(exchange("/v1/x", Some(403))).ends_with("   ✖ refused"));
    assert!(header(exchange("/v1/x", Some(400))).ends_with("   ! 400"));
}

#[test]
fn calls_have_the_room_that_no_reason_needs() {
    let mut driver = Driver::ready();
    for of in ["sources", "destinations"] {
        let path = format!("/v1/workspaces/8a1f2b70-0000/{of}");
        driver.answer(Event::Exchanged(exchange(&path, Some(200))));
    }
    driver.press("alt-6");
    assert!(
        driver
            .frame()
            .contains("/v1/workspaces/8a1f2b70-0000/sources")
    );
}
