//! Screen 5: looking, waiting, playing; and how what was found is drawn.

use super::frames::not_entitled;
use super::keys::{cancels, notice};
use super::*;
use crate::domain::failure::Code;
use crate::tui::data::{self, Standing, WAIT};
use crate::tui::model::Focus;
use crate::tui::prompt::Prompt;

fn at_data() -> Driver {
    let mut driver = Driver::at_tokens();
    driver.press("alt-5");
    driver
}

fn in_sandbox() -> Driver {
    let draft = Draft::resolve(&[(Source::Sandbox, layer(&nine()))]);
    let mut driver = Driver::new(Start {
        place: Place::Sandbox,
        ..start(draft)
    });
    driver.press("alt-5");
    driver
}

/// A page that has found three streams.
pub(super) fn landed() -> Driver {
    let mut driver = at_data();
    driver.press("enter");
    let ticket = driver.ticket();
    let found = landing(&driver, "user-42");
    driver.done(ticket, Outcome::Landed(Box::new(found)));
    driver
}

fn found_nothing(at: Link, status: LinkStatus, why: (&str, &str)) -> Driver {
    let mut driver = at_data();
    driver.press("enter");
    let ticket = driver.ticket();
    let found = nothing(&driver, "user-42", at, status, why);
    driver.done(ticket, Outcome::Landed(Box::new(found)));
    driver
}

const NO_DESTINATION: (&str, &str) = (
    "none named destination-s3",
    "the workspace has no destination named destination-s3: it was made before the template, or Airbyte refused the configuration",
);

#[test]
fn enter_looks_once() {
    let mut driver = at_data();
    driver.press("enter");
    let access = driver.model.access().unwrap();
    let spec = driver.model.draft.template().unwrap();
    let ticket = driver.ticket();
    assert_eq!(
        driver.effects,
        [Effect::Send(Command::Start(
            Ticket(ticket),
            Job::Verify(access, spec, user("user-42"), None)
        ))]
    );
    driver.press("enter");
    assert_eq!(driver.effects, [], "nothing is asked twice");
    let found = landing(&driver, "user-42");
    driver.done(ticket, Outcome::Landed(Box::new(found)));
    assert_eq!(driver.model.data.standing(), Standing::Landed);
    assert_eq!(data::work(&driver.model), None);
    assert!(
        driver.frame().contains("▸ 5 Data    2,100"),
        "{}",
        driver.frame()
    );
}

#[test]
fn a_wait_has_a_clock_and_takes_looks_on_the_way() {
    let mut driver = at_data();
    driver.press("w");
    let ticket = driver.ticket();
    match driver.started()[0].1 {
        Job::Verify(.., Some(span)) => assert_eq!(*span, WAIT),
        other => panic!("{other:?}"),
    }
    driver.tick(42);
    assert!(driver.frame().contains("waiting, 0:42 of 10:00"));
    assert!(next_wake(&driver.model).unwrap() <= Duration::from_secs(1));
    let found = nothing(
        &driver,
        "user-42",
        Link::Job,
        LinkStatus::Unknown,
        ("7, running", "the first sync is running"),
    );
    driver.answer(Event::Looked(Ticket(ticket), Box::new(found)));
    insta::assert_snapshot!("data_waiting", driver.frames());
    driver.press("w");
    assert_eq!(cancels(&driver), [ticket]);
    assert_eq!(data::work(&driver.model), None);
    assert!(driver.frame().contains("the first sync is running"), "kept");
    let before = driver.model.clone();
    driver.fails(ticket, Failure::new(Code::Cancelled, "cancelled"));
    assert_eq!(driver.model, before, "the late answer changes nothing");
}

#[test]
fn a_wait_that_ends_without_data_says_so() {
    let mut driver = at_data();
    driver.press("w");
    let ticket = driver.ticket();
    let found = nothing(
        &driver,
        "user-42",
        Link::Source,
        LinkStatus::Missing,
        ("", "no source"),
    );
    driver.tick(600);
    driver.done(ticket, Outcome::Landed(Box::new(found)));
    assert!(notice(&driver).contains("nothing has landed"));
    assert_eq!(driver.model.data.standing(), Standing::Broken);
}

#[test]
fn esc_stops_before_it_leaves() {
    let mut driver = at_data();
    driver.press("enter");
    let ticket = driver.ticket();
    driver.press("esc");
    assert_eq!(cancels(&driver), [ticket]);
    assert_eq!(driver.model.focus, Focus::Body);
    driver.press("esc");
    assert_eq!(driver.model.focus, Focus::Rail(Screen::Data));
}

#[test]
fn waiting_takes_over_from_a_look() {
    let mut driver = at_data();
    driver.press("enter");
    let look = driver.ticket();
    driver.press("w");
    assert_eq!(cancels(&driver), [look]);
    assert_ne!(driver.ticket(), look);
}

#[test]
fn answers_of_an_old_configuration_are_dropped() {
    let edits = ["S3_PATH_PREFIX", "EXTERNAL_USER_ID", "AIRBYTE_CLIENT_ID"];
    for name in edits {
        let mut driver = at_data();
        driver.press("w");
        let ticket = driver.ticket();
        let found = landing(&driver, "user-42");
        driver.press("alt-1");
        while driver.model.form.field().variable != name {
            driver.press("tab");
        }
        driver.type_text("x");
        assert_eq!(cancels(&driver), [ticket], "{name}");
        driver.answer(Event::Looked(Ticket(ticket), Box::new(found.clone())));
        driver.done(ticket, Outcome::Landed(Box::new(found)));
        assert_eq!(driver.model.data.landing(), None, "{name}");
        assert_eq!(driver.model.data.standing(), Standing::NotYet, "{name}");
    }
}

#[test]
fn another_user_is_typed_or_chosen_among_those_on_the_board() {
    let mut driver = at_data();
    driver.press("u enter");
    assert!(
        matches!(&driver.model.prompt, Some(Prompt::Line(_, _, Some(why))) if why == "the ID is empty")
    );
    driver.type_text("acme GmbH");
    assert!(driver.frame().contains("acme_GmbH/"));
    driver.press("enter");
    match driver.started()[0].1 {
        Job::Verify(_, _, of, None) => assert_eq!(*of, user("acme GmbH")),
        other => panic!("{other:?}"),
    }
    let look = driver.ticket();
    driver.press("right");
    assert_eq!(cancels(&driver), [look], "user-42, the first on the board");
    assert!(driver.frame().contains("Data of user-42"));
    driver.press("3").add("user-43").press("5 left");
    assert!(driver.frame().contains("Data of user-43"));
    assert_eq!(driver.started(), [], "choosing asks nothing");
    driver.press("right right");
    assert!(driver.frame().contains("Data of user-43"), "round the end");
}

#[test]
fn the_last_look_at_each_user_is_kept_while_the_settings_stay() {
    let mut driver = landed();
    driver.press("3").add("user-43").press("5").tick(60);
    driver.press("right");
    assert!(driver.frame().contains("Data of user-43"));
    assert_eq!(driver.model.data.standing(), Standing::NotYet);
    driver.press("left");
    let frame = driver.frame();
    assert!(frame.contains("▸ 5 Data    2,100"), "{frame}");
    assert!(frame.contains("looked 60 s ago"), "{frame}");
    assert_eq!(driver.started(), [], "choosing asks nothing");
    // Whoever asks for the data of another user wants them as they are now.
    driver.press("right 3 up d");
    assert_eq!(driver.started().len(), 1);
    let frame = driver.frame();
    assert!(frame.contains("Data of user-42"), "{frame}");
    assert!(frame.contains("2,100"), "meanwhile the last look\n{frame}");
    driver.press("esc right");
    let prefix = crate::domain::field::Key::Prefix;
    driver.model.draft.type_in(prefix, "elsewhere");
    driver.press("left");
    assert!(driver.frame().contains("Data of user-42"));
    assert_eq!(driver.model.data.landing(), None, "another folder");
}

#[test]
fn d_on_the_board_looks_at_that_user() {
    let mut driver = Driver::at_tokens();
    driver.add("user-43").press("d");
    assert_eq!(driver.model.screen, Screen::Data);
    match driver.started()[0].1 {
        Job::Verify(_, _, of, None) => assert_eq!(*of, user("user-43")),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_customer_is_played_in_a_sandbox_alone_and_then_looked_for() {
    let mut driver = at_data();
    driver.press("p");
    assert_eq!(driver.effects, []);
    assert!(notice(&driver).contains("sandbox"));
    let mut driver = in_sandbox();
    insta::assert_snapshot!("data_not_yet_sandbox", driver.frames());
    driver.press("p");
    let play = driver.ticket();
    assert_eq!(
        driver.effects,
        [Effect::Send(Command::Start(
            Ticket(play),
            Job::Play(user("user-42"))
        ))]
    );
    insta::assert_snapshot!("data_playing", driver.frames());
    driver.press("p");
    assert_eq!(driver.effects, [], "one at a time");
    driver.done(play, Outcome::Played(Played::Synced));
    assert!(matches!(driver.started()[0].1, Job::Verify(_, _, _, None)));
    assert!(notice(&driver).contains("✔ Sample Data is connected"));
    let look = driver.ticket();
    driver.fails(look, not_entitled());
    assert_eq!(driver.model.data.standing(), Standing::Failed);
    driver.press("p esc");
    assert_eq!(cancels(&driver).len(), 1, "cancellable");
}

#[test]
fn the_operators_page_is_shown_copied_and_opened() {
    let mut driver = at_data();
    driver.press("O");
    assert_eq!(driver.effects, []);
    let mut driver = landed();
    driver.press("O");
    let Some(Effect::Copy(text)) = driver.effects.first() else {
        panic!("{:?}", driver.effects)
    };
    let address = text.expose().to_owned();
    assert!(address.starts_with("https://cloud.airbyte.com/"));
    let (ticket, job) = driver.started().remove(0);
    assert_eq!(*job, Job::Browse(address));
    driver.done(ticket, Outcome::Browsed);
    assert_eq!(
        notice(&driver),
        "✔ The address in Airbyte sent to the clipboard"
    );
    insta::assert_snapshot!("data_address", driver.frames());
}

#[test]
fn the_selected_stream_stays_selected_when_others_overtake_it() {
    let mut driver = landed();
    driver.press("down");
    let frame = driver.frame();
    assert!(frame.contains("▸ purchases"), "{frame}");
    driver.press("enter");
    let ticket = driver.ticket();
    let mut found = landing(&driver, "user-42");
    found.streams.rotate_left(1);
    driver.done(ticket, Outcome::Landed(Box::new(found)));
    assert!(driver.frame().contains("▸ purchases"));
    driver.press("up up up");
    assert!(driver.frame().contains("▸ purchases"));
}

#[test]
fn an_idle_page_tells_how_long_ago_and_wakes_for_that_alone() {
    let mut driver = landed();
    assert_eq!(next_wake(&driver.model), Some(Duration::from_secs(1)));
    driver.tick(117);
    assert!(driver.frame().contains("2 min ago"));
    driver.tick(200);
    assert_eq!(next_wake(&driver.model), Some(Duration::from_secs(37)));
    driver.press("f1");
    assert_eq!(next_wake(&driver.model), None);
}

#[test]
fn data_that_landed_at_every_size() {
    let mut driver = landed();
    insta::assert_snapshot!("data_landed", driver.frames());
    insta::assert_snapshot!("data_landed_roles", driver.roles());
}

#[test]
fn no_data_comes_with_its_reason_at_every_size() {
    let mut driver = found_nothing(Link::Destination, LinkStatus::Missing, NO_DESTINATION);
    insta::assert_snapshot!("data_nothing", driver.frames());
    let mut driver = found_nothing(
        Link::Job,
        LinkStatus::Failed,
        ("7", "the newest sync failed: Access Denied"),
    );
    insta::assert_snapshot!("data_job_failed", driver.frames());
}

#[test]
fn what_was_not_read_is_said() {
    let mut driver = landed();
    driver.press("enter");
    let ticket = driver.ticket();
    let mut found = landing(&driver, "user-42");
    found.complete = false;
    found.streams[2].rows = None;
    found.streams[2].newest = None;
    found.chain.truncate(2);
    driver.done(ticket, Outcome::Landed(Box::new(found)));
    insta::assert_snapshot!("data_incomplete", driver.frames());
}

#[test]
fn more_streams_than_fit_are_paged() {
    let mut driver = landed();
    driver.press("enter");
    let ticket = driver.ticket();
    let mut found = landing(&driver, "user-42");
    let template = found.streams[0].clone();
    found.streams = (0..40)
        .map(|i| Stream {
            name: format!("a_rather_long_name_of_a_stream_{i:02}"),
            rows: Some(4_000_000_000 / (i + 1)),
            bytes: 9_999_999_999,
            ..template.clone()
        })
        .collect();
    driver.done(ticket, Outcome::Landed(Box::new(found)));
    for _ in 0..39 {
        driver.press("j");
    }
    insta::assert_snapshot!("data_many_streams", driver.frames());
}

#[test]
fn the_filter_leaves_the_streams_that_hold_a_text_and_esc_drops_it() {
    let mut driver = at_data();
    driver.press("/");
    assert_eq!(driver.model.prompt, None, "there is nothing to filter yet");
    let mut driver = landed();
    driver.press("down /").type_text("U");
    insta::assert_snapshot!("data_filter", driver.frames());
    driver.type_text("c").press("enter");
    insta::assert_snapshot!("data_filtered", driver.frames());
    driver.press("esc");
    let frame = driver.frame();
    assert!(frame.contains("▸ purchases"), "selected as before\n{frame}");
    driver.press("/").type_text("nowhere").press("enter");
    assert!(driver.frame().contains("No stream holds that text"));
    // What runs is stopped first.
    driver.press("w esc");
    assert!(driver.frame().contains("/nowhere"));
    driver.press("esc esc");
    assert_eq!(driver.model.focus, Focus::Rail(Screen::Data));
}

#[test]
fn a_failed_look_says_what_why_and_what_to_do() {
    let mut driver = at_data();
    driver.press("enter");
    let ticket = driver.ticket();
    driver.fails(ticket, not_entitled());
    insta::assert_snapshot!("data_failed", driver.frames());
    let mut driver = landed();
    driver.press("enter");
    let ticket = driver.ticket();
    driver.fails(ticket, not_entitled());
    insta::assert_snapshot!("data_failed_after_a_look", driver.frames());
}

#[test]
fn without_settings_enter_leads_to_the_form() {
    let mut driver = Driver::empty();
    driver.press("alt-5");
    insta::assert_snapshot!("data_without_settings", driver.frames());
    for key in ["w", "p", "enter"] {
        driver.press("alt-5").press(key);
        assert_eq!(driver.started(), [], "{key}");
    }
    assert_eq!(driver.model.screen, Screen::Prerequisites);
}

#[test]
fn one_customer_is_played_whichever_screen_asks() {
    let mut driver = in_sandbox();
    driver.press("alt-4 p");
    let play = driver.ticket();
    driver.press("alt-5 p");
    assert_eq!(driver.effects, []);
    assert_eq!(notice(&driver), "The customer is still at work");
    assert!(driver.frame().contains("a customer connects"));
    // Looking waits for what the customer does.
    driver.press("alt-4 d");
    assert_eq!(driver.effects, []);
    driver.press("alt-4");
    driver.done(play, Outcome::Played(Played::Synced));
    assert!(matches!(driver.started()[0].1, Job::Verify(_, _, _, None)));
    assert_eq!(
        notice(&driver),
        "✔ Sample Data is connected and has synced · d sees the data"
    );
    // One for another user than the page is about leaves the page as it is.
    driver.press("u").type_text("user-43").press("enter p");
    let play = driver.ticket();
    driver.fails(play, not_entitled());
    assert_eq!(driver.model.data.standing(), Standing::NotYet);
    assert!(notice(&driver).starts_with("✖"), "{}", notice(&driver));
}
