//! An organization that has moved: the one key that follows it, and what the newer API can list.

use super::frames::planned;
use super::keys::notice;
use super::*;
use crate::domain::failure::Code;
use crate::domain::field::Key;
use crate::domain::template::Existing;

fn moved() -> Failure {
    Failure::new(
        Code::ServiceMoved,
        "this organization has moved to Airbyte's newer API",
    )
    .because("api.airbyte.com answered 404: \"Not Found\"")
    .hint("set AIRBYTE_API=agents, or give --api agents; nothing was sent anywhere else")
}

/// A creation that met the move, planned anew.
fn after_creating() -> Driver {
    let mut driver = planned(|_| Would::Create);
    driver.press("enter enter");
    let ticket = driver.ticket();
    driver.fails(ticket, moved());
    let ticket = driver.ticket();
    let again = plan(&driver, Would::Create);
    driver.done(ticket, Outcome::Planned(Box::new(again)));
    driver
}

fn other(name: &str, id: &str) -> Existing {
    Existing {
        id: Some(id.to_owned()),
        name: name.to_owned(),
        identity: crate::domain::template::Identity::default(),
        created_at: Some("2026-01-01T10:00:00Z".to_owned()),
    }
}

/// A page whose API has listed what exists.
fn listed(would: impl Fn(&Driver) -> Would, others: usize) -> Driver {
    let mut driver = Driver::with("AIRBYTE_API", "agents");
    driver.press("alt-2");
    let ticket = driver.ticket();
    let mut plan = plan(&driver, would(&driver));
    plan.listed = true;
    plan.url = "https://api.airbyte.ai/api/v1/integrations/templates/connections".to_owned();
    for i in 0..others {
        let name = format!("destination-of-team-{i}");
        plan.existing
            .push(other(&name, "5c0f7c1e-1111-4222-8333-9b1e5c00a1a1"));
    }
    if !matches!(plan.would, Would::Create) {
        plan.existing.push(known(&driver));
    }
    driver.done(ticket, Outcome::Planned(Box::new(plan)));
    driver
}

#[test]
fn one_key_follows_the_move_and_plans_anew() {
    let mut driver = after_creating();
    insta::assert_snapshot!("template_moved", driver.frames());
    driver.press("enter");
    assert_eq!(driver.effects, [], "Enter does not send what has moved");
    assert!(notice(&driver).contains("m uses the agents API"));
    driver.press("m");
    match driver.started().as_slice() {
        [(_, Job::Plan(access, _))] => {
            assert_eq!(access.api.name(), "agents");
            assert_eq!(access.base_url.shown(), "https://api.airbyte.ai");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(driver.model.draft.source(Key::Api), Source::Typed);
    let ticket = driver.ticket();
    let mut again = plan(&driver, Would::Create);
    again.listed = true;
    driver.done(ticket, Outcome::Planned(Box::new(again)));
    insta::assert_snapshot!("template_followed_the_move", driver.frames());
    driver.press("m");
    assert_eq!(driver.effects, [], "offered once");
    driver.press("ctrl-s");
    match driver.started().as_slice() {
        [(_, Job::Save(values, None))] => {
            assert_eq!(values, &[(Key::Api, Secret::new("agents"))]);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_vendor_address_in_the_file_moves_along() {
    let mut driver = Driver::with("BASE_URL", "https://api.airbyte.com");
    driver.press("alt-2");
    let ticket = driver.ticket();
    driver.fails(ticket, moved());
    assert!(driver.frame().contains("m use the agents API"));
    driver.press("m");
    assert_eq!(
        driver.model.draft.text(Key::BaseUrl),
        "https://api.airbyte.ai"
    );
    assert_eq!(driver.model.unsaved().len(), 2);
}

#[test]
fn without_a_move_the_key_does_nothing() {
    let mut driver = planned(|_| Would::Create);
    driver.press("m");
    assert_eq!(driver.effects, []);
    assert_eq!(driver.model.draft.text(Key::Api), "v1");
}

#[test]
fn what_exists_stands_beside_the_plan() {
    let mut driver = listed(|_| Would::Create, 6);
    insta::assert_snapshot!("template_listed", driver.frames());
    let mut driver = listed(|driver| Would::Nothing(known(driver)), 1);
    insta::assert_snapshot!("template_listed_exists", driver.frames());
    let mut driver = listed(
        |driver| {
            let mut other = known(driver);
            other.identity.prefix = "elsewhere".to_owned();
            let differences = other.differences(&driver.model.draft.template().unwrap());
            Would::Conflict(other, differences)
        },
        1,
    );
    insta::assert_snapshot!("template_listed_conflict", driver.frames());
}
