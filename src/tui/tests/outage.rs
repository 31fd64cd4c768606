//! The background task ends: nothing spins on, nothing is sent into the void, one key starts it again.

use super::frames::board;
use super::keys::notice;
use super::preview::running;
use super::*;
use crate::domain::failure::Code;
use crate::tui::tokens::State;

const PLACE: &str = "client.rs:270";

pub(super) fn ends(driver: &mut Driver) {
    driver.tell(Message::ClientEnded(Some(PLACE.to_owned())));
}

#[track_caller]
fn is_still(driver: &Driver) {
    let model = &driver.model;
    assert!(
        !model.is_busy() && model.setup.is_none(),
        "{}",
        driver.frame()
    );
    assert!(model.errands.is_empty() && model.tokens.under_way() == 0);
    assert!(!model.preview.is_running());
    let sent = |effect: &Effect| matches!(effect, Effect::Send(_));
    assert!(!driver.effects.iter().any(sent), "{:?}", driver.effects);
}

#[test]
fn it_is_told_on_every_screen_with_the_key_that_helps() {
    let mut driver = board();
    ends(&mut driver);
    insta::assert_snapshot!("outage_board", driver.frames());
    for screen in Screen::ALL {
        for (width, height) in [(60, 16), (100, 28)] {
            driver
                .size(width, height)
                .press(&format!("alt-{}", screen.number()));
            let frame = driver.frame();
            for words in [
                "✖ the background task has stopped",
                PLACE,
                "F4 starts it again",
            ] {
                assert!(frame.contains(words), "{screen:?} {words}\n{frame}");
            }
        }
    }
    let (mut driver, _) = running();
    ends(&mut driver);
    insta::assert_snapshot!("outage_preview", driver.frames());
    driver.tell(Message::ClientEnded(None));
    assert!(driver.frame().contains(PLACE), "told once");
}

#[test]
fn a_bug_elsewhere_is_told_and_nothing_else_ends() {
    let mut driver = Driver::ready();
    driver.press("enter");
    driver.tell(Message::Stumbled("disk.rs:9".to_owned()));
    assert!(notice(&driver).contains("disk.rs:9"), "{}", notice(&driver));
    assert!(driver.model.setup.is_some());
    assert_eq!(driver.effects, []);
}

#[test]
fn whatever_was_under_way_ends_as_failed() {
    // A check, a plan, a wait, the demo app, a file to be written, and mints of which some wait.
    let mut checking = Driver::ready();
    checking.press("enter");
    checking.answer(Event::RungBegun(Ticket(1), Rung::Auth));
    let mut planning = Driver::ready();
    planning.press("alt-2");
    let mut waiting = Driver::at_tokens();
    waiting.press("alt-5 w");
    let (mut serving, _) = running();
    let mut saving = Driver::ready();
    saving.type_text("x").press("ctrl-s");
    let mut minting = Driver::at_tokens();
    let many: Vec<String> = (0..100).map(|n| format!("row-{n}")).collect();
    minting.add(&many.join(",")).press("M enter");
    assert_eq!(minting.model.tokens.under_way(), 101);
    let fails = |driver: &mut Driver| {
        let model = &driver.model;
        assert!(!model.errands.is_empty() || model.is_busy() || model.preview.is_running());
        ends(driver);
        is_still(driver);
        assert_eq!(next_wake(&driver.model), None);
    };
    fails(&mut checking);
    fails(&mut planning);
    fails(&mut waiting);
    fails(&mut serving);
    fails(&mut saving);
    fails(&mut minting);
}

#[test]
fn a_mint_that_was_lost_has_failed_and_one_that_waited_was_never_asked_for() {
    let mut driver = Driver::at_tokens();
    let many: Vec<String> = (0..100).map(|n| format!("row-{n}")).collect();
    driver.add(&many.join(",")).press("M enter");
    ends(&mut driver);
    let model = &driver.model;
    let count = |state| {
        let rows = model.tokens.shown(0, usize::MAX);
        rows.filter(|(_, row)| model.tokens.state(row, model.now) == state)
            .count()
    };
    assert_eq!((count(State::Failed), count(State::NotYet)), (64, 37));
}

#[test]
fn what_is_asked_for_meanwhile_ends_at_once() {
    let mut driver = board();
    ends(&mut driver);
    for keys in [
        "alt-1 enter",
        "alt-1 x ctrl-s",
        "alt-1 f5",
        "alt-2 enter",
        "alt-2 r",
        "alt-3 enter",
        "alt-3 M",
        "alt-3 x enter",
        "alt-4 enter",
        "alt-4 p",
        "alt-4 c",
        "alt-5 enter",
        "alt-5 w",
    ] {
        driver.press(keys);
        is_still(&driver);
        driver.press("esc");
    }
    driver.press("alt-1 f5");
    assert!(
        notice(&driver).contains("F4 starts it again"),
        "{}",
        notice(&driver)
    );
    driver.tick(5_000);
    is_still(&driver);
}

#[test]
fn f4_starts_it_again_and_asks_for_what_the_screen_needs() {
    let mut driver = Driver::ready();
    driver.press("f4");
    assert_eq!(
        (notice(&driver), driver.effects.len()),
        ("The background task runs", 0)
    );
    driver.press("alt-3");
    let lost = Ticket(driver.setup());
    ends(&mut driver);
    driver.press("f4");
    assert_eq!(driver.effects[0], Effect::Restart);
    assert!(matches!(
        driver.started()[..],
        [(_, Job::Recall(_)), (_, Job::Plan(..))]
    ));
    assert!(
        !driver.frame().contains("has stopped"),
        "{}",
        driver.frame()
    );
    let late = existing(&driver);
    driver.answer(Event::Done(lost, Ok(Outcome::Planned(Box::new(late)))));
    assert_eq!(
        driver.model.template.plan, None,
        "an answer to what was given up"
    );
    let ticket = driver.setup();
    let plan = existing(&driver);
    driver.done(ticket, Outcome::Planned(Box::new(plan)));
    driver.press("enter");
    assert!(matches!(driver.started()[..], [(_, Job::Mint(..))]));
}

#[test]
fn it_is_in_the_palette_and_in_a_field() {
    let mut driver = Driver::ready();
    driver
        .press("ctrl-p")
        .type_text("start the background")
        .press("enter");
    assert_eq!(notice(&driver), "! Not now: the background task runs");
    ends(&mut driver);
    driver.press("enter");
    assert_eq!(driver.effects[0], Effect::Restart);
    let mut driver = Driver::ready();
    ends(&mut driver);
    driver.type_text("x").press("f4");
    assert_eq!(driver.effects[0], Effect::Restart);
    assert_eq!(driver.model.unsaved().len(), 1, "what was typed stays");
}

#[test]
fn a_creation_that_was_sent_is_looked_for_again() {
    let mut driver = Driver::ready();
    driver.press("alt-2");
    let ticket = driver.setup();
    let ready = plan(&driver, Would::Create);
    driver.done(ticket, Outcome::Planned(Box::new(ready)));
    driver.press("enter enter");
    assert!(matches!(driver.started()[..], [(_, Job::Create(..))]));
    ends(&mut driver);
    is_still(&driver);
    let failure = driver.model.template.failure.as_ref().unwrap();
    assert_eq!(failure.code, Code::Internal);
    driver.press("f4");
    assert!(
        driver
            .started()
            .iter()
            .any(|(_, job)| matches!(job, Job::Plan(..)))
    );
}

#[test]
fn what_is_asked_for_meanwhile_leaves_everything_as_it_was() {
    let mut driver = board();
    driver.press("alt-4");
    for (ticket, _) in driver.model.errands.clone() {
        driver.answer(Event::Done(ticket, Ok(preview::catalogue())));
    }
    driver.press("alt-1 enter");
    let check = driver.ticket();
    let mut walked = steps();
    walked[2].status = Status::Fail;
    driver.done(check, Outcome::Checked(walked));
    ends(&mut driver);
    for (screen, keys) in [
        ("alt-1", "enter"),
        ("alt-2", "r"),
        ("alt-3", "M"),
        ("alt-3", "x enter"),
        ("alt-4", "enter"),
        ("alt-5", "enter"),
        ("alt-5", "w"),
    ] {
        let mut before = driver.press(screen).model.clone();
        driver.press(keys);
        assert_eq!(driver.effects, [], "{keys}");
        assert!(notice(&driver).contains("F4 starts it again"), "{keys}");
        before.notice.clone_from(&driver.model.notice);
        assert!(driver.model == before, "{screen} {keys}");
    }
}
