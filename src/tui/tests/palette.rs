//! The palette: found by typing, run by Enter, over whatever has the keys; and the tables behind it.

use super::*;
use crate::domain::failure::Code;
use crate::domain::template::Consent;
use crate::tui::action::{self, Act};
use crate::tui::keys::{Anywhere, Outside};
use crate::tui::model::Focus;
use crate::tui::prompt::{Prompt, Question};
use crate::tui::tests::frames::{board, checked, planned};

/// Runs an action by its name.
fn run<'a>(driver: &'a mut Driver, name: &str) -> &'a mut Driver {
    driver.press("ctrl-p").type_text(name).press("enter")
}

#[test]
fn the_palette_in_its_states() {
    let mut driver = board();
    driver.press("ctrl-p");
    insta::assert_snapshot!("open", driver.frames());
    insta::assert_snapshot!("open_roles", driver.roles());
    driver.type_text("mint");
    insta::assert_snapshot!("narrowed", driver.frames());
    driver.type_text("xyz");
    insta::assert_snapshot!("nothing", driver.frames());
    let mut driver = checked();
    driver
        .press("enter ctrl-p")
        .type_text("record")
        .press("enter");
    insta::assert_snapshot!("not_now", driver.frames());
}

#[test]
fn the_whole_walk_goes_by_the_palette_alone() {
    let mut driver = Driver::ready();
    run(&mut driver, "check the settings");
    let ticket = driver.ticket();
    driver.done(ticket, Outcome::Checked(steps()));
    run(&mut driver, "check the settings");
    assert_eq!(driver.model.screen, Screen::Template);
    let ticket = driver.ticket();
    let plan = plan(&driver, Would::Create);
    driver.done(ticket, Outcome::Planned(Box::new(plan)));
    run(&mut driver, "create the template");
    assert!(driver.model.prompt.is_some());
    run(&mut driver, "do what the question says");
    let ticket = driver.ticket();
    let id = "0d2f7c1e-1111-4222-8333-9b1e5c0077b1".to_owned();
    let created = Outcome::Created(Creation::Created { id }, "ledger".to_owned());
    driver.done(ticket, created);
    run(&mut driver, "go to tokens");
    run(&mut driver, "mint a token");
    assert!(matches!(driver.started().as_slice(), [(_, Job::Mint(..))]));
    run(&mut driver, "add external users").type_text("user-43");
    run(&mut driver, "take the line");
    assert_eq!(driver.model.tokens.len(), 2);
    run(&mut driver, "quit;");
    assert!(driver.model.prompt.is_some(), "a mint is under way");
    run(&mut driver, "do nothing");
    assert_eq!(driver.model.prompt, None);
    run(&mut driver, "quit at once");
    assert!(matches!(driver.effects.as_slice(), [Effect::Quit(_)]));
}

#[test]
fn a_name_finds_the_other_screens_actions_and_leads_there() {
    let mut driver = board();
    driver.press("alt-5 ctrl-p").type_text("filter");
    insta::assert_snapshot!("elsewhere", driver.frames());
    driver.press("esc");
    run(&mut driver, "show only the users");
    assert_eq!(driver.model.screen, Screen::Tokens);
    assert!(driver.model.prompt.is_some(), "the filter is asked for");
    driver.press("ctrl-p").type_text("errors");
    let frame = driver.frame();
    assert!(frame.contains("No action holds that"), "{frame}");
}

#[test]
fn it_closes_without_doing_anything_and_opens_in_a_field() {
    let mut driver = Driver::ready();
    let before = driver.model.clone();
    driver.press("ctrl-p").type_text("quit").press("esc");
    assert_eq!(driver.model, before);
    driver.press("ctrl-p").type_text("quit").press("ctrl-p");
    assert_eq!(driver.model, before);
    driver.press("esc :");
    assert!(driver.model.palette.is_some(), "a colon on the rail");
    driver.press("alt-3");
    assert_eq!(
        (driver.model.palette.is_none(), driver.model.screen),
        (true, Screen::Tokens)
    );
    driver.press("ctrl-p f1");
    assert!(driver.model.palette.is_none() && driver.model.help.is_some());
}

#[test]
fn what_cannot_be_done_says_why_and_does_nothing() {
    let mut driver = Driver::at_tokens();
    run(&mut driver, "stop minting, and its renewal");
    assert_eq!(driver.effects, []);
    let notice = driver.model.notice.clone().unwrap();
    assert_eq!(notice.text, "! Not now: nothing is being minted");
    assert!(driver.model.palette.is_some());
}

#[test]
fn a_letter_typed_into_it_is_text_and_a_paste_too() {
    let mut driver = Driver::at_tokens();
    driver.press("ctrl-p q M");
    assert_eq!(driver.effects, []);
    driver.press("esc ctrl-p").paste("copy\nthe id");
    assert!(driver.model.palette.is_some() && driver.model.prompt.is_none());
}

/// Every row of every table is offered somewhere, by the name that help has for it.
#[test]
fn every_action_of_every_screen_is_offered() {
    for screen in Screen::ALL {
        let mut driver = Driver::ready();
        driver.press(&format!("alt-{}", screen.number()));
        let mut offered = action::offered(&driver.model);
        driver.press("esc");
        offered.extend(action::offered(&driver.model));
        driver.answer(Event::Exchanged(exchange("/v1/x", Some(200))));
        driver.press(&format!("alt-{} i enter", screen.number()));
        offered.extend(action::offered(&driver.model));
        driver.press("esc esc").model.focus = Focus::Rail(screen);
        driver.press("i");
        offered.extend(action::offered(&driver.model));
        for entry in action::of_screen(screen) {
            assert!(
                offered.iter().any(|o| o.act == entry.act),
                "{screen:?}: {}",
                entry.name
            );
        }
        let anywhere = [Act::Anywhere(Anywhere::Help), Act::Outside(Outside::Quit)];
        for act in anywhere {
            assert!(offered.iter().any(|o| o.act == act), "{screen:?} {act:?}");
        }
    }
}

#[test]
fn no_two_rows_of_a_screen_share_a_name_or_a_key() {
    for screen in Screen::ALL {
        let rows = action::of_screen(screen);
        for (i, a) in rows.iter().enumerate() {
            for b in rows.iter().skip(i + 1).filter(|b| a.act != b.act) {
                assert_ne!(a.name, b.name, "{screen:?}");
            }
        }
    }
}

/// What the key bar offers can be done by its name too.
#[test]
fn what_the_key_bar_offers_after_a_failed_probe_is_no_refusal() {
    let mut driver = planned(|_| Would::Create);
    driver.press("enter enter");
    let ticket = driver.ticket();
    let refused = Failure::new(Code::BucketDenied, "refused");
    driver.done(ticket, Outcome::Unproved(Consent::OnlyIfAbsent, refused));
    assert!(driver.frame().contains("F send anyway"));
    run(&mut driver, "a failed probe");
    let asked = Question::CreateUnproved(Consent::OnlyIfAbsent);
    assert_eq!(driver.model.prompt, Some(Prompt::Ask(asked)));
}

#[test]
fn what_the_demo_app_can_do_is_found_by_its_name() {
    let mut driver = super::preview::running().0;
    driver.press("alt-3 ctrl-p").type_text("demo app");
    let frame = driver.frame();
    for name in [
        "open the demo app in the browser",
        "copy the demo app's address",
        "start the demo app anew",
    ] {
        assert!(frame.contains(name), "{name}\n{frame}");
    }
}
