//! Privacy: on no screen, in no state and at no width does anything real show while it is on.

use super::*;
use crate::tui::tests::frames::{board, checked, planned};
use crate::tui::tests::preview::visited;

/// What must not be seen: ids, users, buckets, keys, folders, names.
const REAL: [&str; 17] = [
    "5f0c3a1e",
    "5f0c…",
    "7d1b40c2",
    "7d1b…",
    "8a1f2b70",
    "8a1f…",
    "0d2f7c1e",
    "0d2f…",
    "user-42",
    "user-43",
    "acme GmbH",
    "AKIA",
    "acme-embedded",
    "customers",
    "Acme",
    "Reda",
    "local/state",
];

#[track_caller]
fn shows_nothing_real(driver: &mut Driver, place: &str) {
    for (width, height) in [(100, 28), (60, 16), (61, 17), (80, 24), (200, 60)] {
        driver.size(width, height);
        let frame = driver.frame();
        // The person at the keys must know that what stands there is not real.
        assert!(frame.contains("PRIVATE"), "{place}\n{frame}");
        for real in REAL {
            assert!(!frame.contains(real), "{real} on {place}\n{frame}");
        }
    }
    driver.size(100, 28);
}

#[test]
fn nothing_real_shows_on_any_screen() {
    let mut driver = checked();
    driver.press("f3");
    shows_nothing_real(&mut driver, "the form");
    for _ in 0..12 {
        driver.press("tab");
        shows_nothing_real(&mut driver, "a field");
    }
    driver.press("esc");
    shows_nothing_real(&mut driver, "the rail");
    driver.press("i");
    shows_nothing_real(&mut driver, "the policy");
    let mut driver = planned(|_| Would::Create);
    driver.press("f3");
    shows_nothing_real(&mut driver, "the plan");
    driver.press("enter");
    shows_nothing_real(&mut driver, "the question");
    driver.press("enter");
    let ticket = driver.ticket();
    let id = "0d2f7c1e-1111-4222-8333-9b1e5c0077b1".to_owned();
    let ledger = "/home/jo/.local/state/embedctl/ledger.jsonl".to_owned();
    driver.done(ticket, Outcome::Created(Creation::Created { id }, ledger));
    shows_nothing_real(&mut driver, "the created template");
    let mut driver = planned(|driver| Would::Nothing(known(driver)));
    driver.press("f3");
    shows_nothing_real(&mut driver, "the existing template");
}

#[test]
fn nothing_real_shows_of_tokens_data_and_requests() {
    let mut driver = board();
    driver.press("f3");
    for _ in 0..6 {
        shows_nothing_real(&mut driver, "the board");
        driver.press("down");
    }
    driver.press("home x");
    shows_nothing_real(&mut driver, "forget?");
    driver.press("esc /").type_text("user-4");
    shows_nothing_real(&mut driver, "the filter's line");
    driver.press("enter");
    shows_nothing_real(&mut driver, "the filter");
    driver.press("esc home d");
    let ticket = driver.ticket();
    let landed = landing(&driver, "user-42");
    driver.done(ticket, Outcome::Landed(Box::new(landed)));
    shows_nothing_real(&mut driver, "the data");
    driver.press("O");
    shows_nothing_real(&mut driver, "the address");
    driver.press("/").type_text("users").press("enter");
    shows_nothing_real(&mut driver, "the filter of the streams");
    let url = "https://acme-embedded.s3.us-east-1.amazonaws.com/customers/user-42/users/1.jsonl";
    driver.answer(Event::Exchanged(Exchange {
        record: Box::new(crate::domain::record::Record {
            url: url.to_owned(),
            sent: crate::domain::record::Body::Text(
                "{\n  \"organizationId\": \"5f0c3a1e-6a0e-4d0e-b1a7-0f7e5a3391aa\",\n  \"externalUserId\": \"acme GmbH\"\n}".to_owned(),
                0,
            ),
            ..Default::default()
        }),
        ..exchange("/customers/user-42/acme%20GmbH/users/1.jsonl", Some(403))
    }));
    driver.press("alt-6");
    shows_nothing_real(&mut driver, "the log");
    driver.press("enter");
    shows_nothing_real(&mut driver, "a request");
    driver.press("ctrl-p");
    shows_nothing_real(&mut driver, "the palette");
}

#[test]
fn nothing_real_shows_of_narrowed_visits() {
    let (mut driver, _) = visited();
    driver.press("f3 /").type_text("user-42");
    shows_nothing_real(&mut driver, "the filter's line");
    driver.press("enter");
    assert!(
        driver.frame().contains("What /•••••••"),
        "{}",
        driver.frame()
    );
    shows_nothing_real(&mut driver, "the visits");
}

#[test]
fn what_is_copied_stays_real_and_that_is_said() {
    let mut driver = planned(|driver| Would::Nothing(known(driver)));
    driver.press("f3 y");
    let id = Secret::new("0d2f7c1e-1111-4222-8333-9b1e5c0077b1");
    assert_eq!(driver.effects, [Effect::Copy(id)]);
    let notice = driver.model.notice.clone().unwrap();
    assert_eq!(
        notice.text,
        "✔ The template's id sent to the clipboard, the real text"
    );
}

#[test]
fn the_same_user_has_the_same_stand_in_on_every_screen() {
    let mut driver = board();
    driver.press("f3");
    let of = |driver: &Driver| {
        let frame = driver.frame();
        let word = frame
            .split_whitespace()
            .find(|word| word.starts_with("user-A"));
        word.unwrap().to_owned()
    };
    let on_board = of(&driver);
    driver.press("home d");
    assert_eq!(of(&driver), on_board);
    driver.press("f3");
    assert!(driver.frame().contains("user-42"));
    driver.press("f3");
    assert_eq!(of(&driver), on_board, "off and on again");
    insta::assert_snapshot!("board", {
        driver.press("alt-3");
        driver.frame()
    });
}

#[test]
fn nothing_real_shows_of_the_field_that_has_the_cursor() {
    let mut driver = checked();
    driver.focus(Key::Bucket);
    let path = "/acme-embedded/customers/probe";
    driver.answer(Event::Exchanged(exchange(path, Some(200))));
    driver.press("f3");
    driver.model.notice = None;
    shows_nothing_real(&mut driver, "the last request");
    // What is typed is whole, once something is started with it.
    driver.type_text("2").press("enter");
    assert_eq!(driver.started().len(), 1);
    let path = "/acme-embedded2/customers/probe";
    driver.answer(Event::Exchanged(exchange(path, Some(200))));
    shows_nothing_real(&mut driver, "a request with what was typed");
    driver.type_text("3");
    driver
        .press("ctrl-p")
        .type_text("IAM policy for")
        .press("enter");
    shows_nothing_real(&mut driver, "the policy of what was typed");
}
