//! Screen 1: what a failed rung offers, and the IAM policy.

use super::keys::{cancels, notice};
use super::*;
use crate::domain::failure::Code;
use crate::domain::field::Key;
use crate::tui::model::Focus;

fn failed(rung: Rung, failure: &Failure) -> Driver {
    let mut driver = Driver::ready();
    driver.press("enter");
    let mut steps = steps();
    for step in &mut steps {
        if step.rung == rung {
            step.status = Status::Fail;
            step.failure = Some(failure.clone());
        }
    }
    driver.done(1, Outcome::Checked(steps));
    driver
}

fn elsewhere() -> Driver {
    let failure = Failure::new(Code::BucketRegion, "the bucket refuses to be listed")
        .because("ListObjectsV2 of acme-embedded answered 301: PermanentRedirect")
        .hint("the bucket is in eu-west-1: set S3_BUCKET_REGION=eu-west-1");
    failed(Rung::Bucket, &failure)
}

fn moved() -> Driver {
    let failure = Failure::new(
        Code::ServiceMoved,
        "this organization has moved to Airbyte's newer API",
    )
    .because("api.airbyte.com answered 410: error:embedded/endpoint-moved")
    .hint("set AIRBYTE_API=agents, or give --api agents; nothing was sent anywhere else");
    failed(Rung::Organization, &failure)
}

#[test]
fn a_region_is_corrected_with_one_key_and_checked_again() {
    let mut driver = elsewhere();
    insta::assert_snapshot!("form_region_offered", driver.frames());
    driver.press("ctrl-f");
    assert_eq!(driver.model.draft.text(Key::Region), "eu-west-1");
    assert_eq!(driver.model.draft.source(Key::Region), Source::Typed);
    match driver.started().as_slice() {
        [(_, Job::Check(draft))] => assert_eq!(*draft, driver.model.draft),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_move_is_followed_from_the_form_and_from_the_rail() {
    for keys in ["ctrl-f", "esc ctrl-f"] {
        let mut driver = moved();
        assert!(driver.frame().contains("Ctrl-F uses the agents API"));
        driver.press(keys);
        assert!(matches!(driver.started().as_slice(), [(_, Job::Check(_))]));
        assert_eq!(driver.model.draft.text(Key::Api), "agents");
        assert!(driver.frame().contains("agents · https://api.airbyte.ai"));
        driver.press("alt-1 ctrl-s");
        match driver.started().as_slice() {
            [(_, Job::Save(values, None))] => {
                assert_eq!(values, &[(Key::Api, Secret::new("agents"))]);
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn an_edit_takes_the_offer_away_and_a_fields_own_repair_comes_first() {
    let mut driver = elsewhere();
    driver.type_text("0").press("ctrl-f");
    assert_eq!(driver.model.draft.text(Key::Region), "us-east-1");
    assert_eq!(cancels(&driver), Vec::<u64>::new());
    let mut driver = failed(
        Rung::Bucket,
        &Failure::new(Code::BucketDenied, "denied").hint("grant s3:PutObject"),
    );
    driver.press("ctrl-f");
    assert_eq!(driver.effects, [], "nothing is offered");
    assert!(driver.frame().contains("Esc i shows the IAM policy"));
}

#[test]
fn the_iam_policy_is_read_scrolled_and_copied_outside_fields() {
    let mut driver = Driver::ready();
    driver.press("esc i");
    insta::assert_snapshot!("form_iam_policy", driver.frames());
    driver.press("y");
    match driver.effects.as_slice() {
        [Effect::Copy(text)] => {
            assert!(
                text.expose()
                    .contains("arn:aws:s3:::acme-embedded/customers/*")
            );
            assert!(!text.expose().contains(CANARY));
        }
        other => panic!("{other:?}"),
    }
    assert!(notice(&driver).contains("The IAM policy sent"));
    driver.size(60, 16);
    for _ in 0..60 {
        driver.press("j");
    }
    insta::assert_snapshot!("form_iam_policy_scrolled_60x16", driver.frame());
    driver.press("esc");
    assert_eq!(driver.model.form.policy, None);
    assert_eq!(driver.model.focus, Focus::Rail(Screen::Prerequisites));
    driver.press("i 2");
    assert_eq!(
        driver.model.screen,
        Screen::Template,
        "digits still lead on"
    );
    assert_eq!(driver.model.form.policy, None);
    let mut driver = Driver::empty();
    driver.press("esc i");
    assert!(notice(&driver).contains("no bucket"));
}

#[test]
fn in_a_field_i_is_a_letter() {
    let mut driver = Driver::empty();
    driver.press("i");
    assert_eq!(driver.model.form.policy, None);
    assert_eq!(driver.model.draft.text(Key::OrganizationId), "i");
}
