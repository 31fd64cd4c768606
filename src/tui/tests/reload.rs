//! Reading the env file again: what changes, what is kept, what is told.

use super::frames::checked;
use super::keys::notice;
use super::*;
use crate::domain::field::Key;

const ROTATED: &str = "rotated-5d20-never-shown";

/// The nine with some changed, as the file has them.
pub(super) fn outside(changes: &[(&'static str, &'static str)]) -> Draft {
    let mut pairs = nine();
    for (name, value) in changes {
        pairs.retain(|(known, _)| known != name);
        pairs.push((name, value));
    }
    Draft::resolve(&[(Source::File, layer(&pairs))])
}

/// Reads the file, which says this by now.
fn read(driver: &mut Driver, fresh: Draft) {
    driver.press("f5");
    let ticket = driver.ticket();
    driver.done(ticket, Outcome::Reloaded(Box::new(fresh), Vec::new()));
}

#[test]
fn a_rotated_secret_is_taken_and_the_old_access_token_left() {
    let mut driver = checked();
    driver.holds_access_token();
    let before = driver.model.access().unwrap();
    read(&mut driver, outside(&[("AIRBYTE_CLIENT_SECRET", ROTATED)]));
    let after = driver.model.access().unwrap();
    assert_eq!(after.client_secret, Secret::new(ROTATED));
    let leave = Effect::Send(Command::Leave(Box::new(before)));
    assert!(driver.effects.contains(&leave), "{:?}", driver.effects);
    assert_eq!(notice(&driver), "✔ Read .env again; changed: Client secret");
    assert_eq!(driver.model.access_left(), None);
    assert!(!driver.model.form.is_proven(), "it is checked anew");
    assert!(driver.model.unsaved().is_empty());
    for text in [driver.frame(), format!("{:?}", driver.model)] {
        assert!(!text.contains(ROTATED) && !text.contains(CANARY));
    }
    insta::assert_snapshot!("reload_rotated", driver.frames());
}

#[test]
fn what_was_edited_here_stays_and_that_is_said() {
    let mut driver = Driver::ready();
    driver.model.form.at = Key::all().position(|key| key == Key::Bucket).unwrap();
    driver.model.form.load(&driver.model.draft.clone());
    driver.type_text("-2");
    let fresh = outside(&[
        ("S3_BUCKET_NAME", "another-bucket"),
        ("S3_BUCKET_REGION", "eu-west-1"),
    ]);
    read(&mut driver, fresh.clone());
    assert_eq!(driver.model.draft.text(Key::Bucket), "acme-embedded-2");
    assert_eq!(driver.model.form.line.text(), "acme-embedded-2");
    assert_eq!(driver.model.draft.text(Key::Region), "eu-west-1");
    insta::assert_snapshot!("reload_edited", driver.frames());
    let unsaved = vec![(Key::Bucket, Secret::new("acme-embedded-2"))];
    assert_eq!(driver.model.unsaved(), unsaved, "Ctrl-S still writes it");
    // Read once more, nothing is new; an edit that the file has by now is none.
    read(&mut driver, fresh);
    assert_eq!(notice(&driver), "✔ Read .env again; nothing has changed");
    let same = outside(&[("S3_BUCKET_NAME", "acme-embedded-2")]);
    read(&mut driver, same);
    assert!(driver.model.unsaved().is_empty());
}

#[test]
fn a_setting_that_was_taken_away_here_stays_away() {
    let mut driver = Driver::ready();
    driver.press("ctrl-u");
    read(
        &mut driver,
        outside(&[("AIRBYTE_ORGANIZATION_ID", "other")]),
    );
    assert_eq!(driver.model.draft.text(Key::OrganizationId), "");
    let kept = "! Read .env again; kept as edited: Organization ID";
    assert_eq!(notice(&driver), kept);
}

#[test]
fn nothing_new_leaves_everything_as_it_was() {
    let mut driver = checked();
    driver.press("f5");
    let mut before = driver.model.clone();
    before.errands.clear();
    let ticket = driver.ticket();
    let fresh = Outcome::Reloaded(Box::new(outside(&[])), Vec::new());
    driver.done(ticket, fresh);
    assert_eq!(driver.effects, []);
    before.notice.clone_from(&driver.model.notice);
    assert_eq!(driver.model, before, "the rungs too");
}

#[test]
fn what_outranks_the_file_is_named_where_the_file_changes_nothing() {
    let pairs = [("AIRBYTE_CLIENT_SECRET", CANARY)];
    let resolve = |file: &[(&str, &str)]| {
        Draft::resolve(&[
            (Source::Environment, layer(&pairs)),
            (Source::File, layer(file)),
        ])
    };
    let mut driver = Driver::new(start(resolve(&nine())));
    let mut rotated = nine();
    rotated.push(("AIRBYTE_CLIENT_SECRET", ROTATED));
    read(&mut driver, resolve(&rotated));
    assert_eq!(
        notice(&driver),
        "✔ Read .env again; nothing has changed; the environment outranks its Client secret"
    );
    assert_eq!(driver.effects, []);
}

#[test]
fn reading_and_writing_the_file_take_turns() {
    let mut driver = Driver::ready();
    driver.type_text("x").press("f5");
    assert_eq!(driver.started(), [(1, &Job::Reload)]);
    for key in ["f5", "ctrl-s"] {
        driver.press(key);
        assert_eq!(driver.effects, [], "{key}");
        assert_eq!(notice(&driver), "Still reading the env file");
    }
    let failure = Failure::new(crate::domain::failure::Code::MachineDisk, "no file");
    let before = driver.model.draft.clone();
    driver.fails(1, failure);
    assert_eq!(notice(&driver), "✖ no file");
    assert_eq!(driver.model.draft, before);
    driver.press("ctrl-s f5");
    assert_eq!(notice(&driver), "Still saving");
}

#[test]
fn a_private_sandbox_reads_none() {
    let mut driver = Driver::new(Start {
        place: Place::Sandbox,
        save_asks_path: true,
        ..start(outside(&[]))
    });
    driver.press("f5");
    assert_eq!(driver.effects, []);
    assert_eq!(notice(&driver), "A private sandbox reads no env file");
}

#[test]
fn the_screen_that_is_shown_asks_anew() {
    let mut driver = Driver::ready();
    driver.press("f5");
    let ticket = driver.ticket();
    driver.press("alt-2");
    let fresh = outside(&[("S3_BUCKET_NAME", "acme-other")]);
    driver.done(ticket, Outcome::Reloaded(Box::new(fresh), Vec::new()));
    match driver.started().as_slice() {
        [(_, Job::Plan(_, spec))] => assert_eq!(spec.bucket, "acme-other"),
        other => panic!("{other:?}"),
    }
}
