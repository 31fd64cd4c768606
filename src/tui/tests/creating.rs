//! Keys on Template: what is planned, asked and sent.

use super::frames::planned;
use super::keys::{cancels, notice};
use super::reload::outside;
use super::*;
use crate::domain::failure::Code;
use crate::domain::field::Key;
use crate::domain::template::{Consent, Format, Proof, Schedule};
use crate::tui::model::Work;

#[test]
fn enter_pressed_five_times_creates_once() {
    let mut driver = Driver::ready();
    driver.press("alt-2");
    let planned = plan(&driver, Would::Create);
    driver.done(1, Outcome::Planned(Box::new(planned)));
    let mut creations = Vec::new();
    for _ in 0..5 {
        driver.press("enter");
        creations.extend(driver.effects.clone());
    }
    let access = driver.model.access().unwrap();
    let spec = driver.model.draft.template().unwrap();
    assert_eq!(
        creations,
        [Effect::Send(Command::Start(
            Ticket(2),
            Job::Create(access, spec, Consent::OnlyIfAbsent, Proof::First)
        ))]
    );
    driver.press("f");
    assert_eq!(driver.effects, []);
    assert_eq!(driver.model.draft.text(Key::TemplateFormat), "jsonl");
    let created = Creation::Created {
        id: "0d2f".to_owned(),
    };
    driver.done(2, Outcome::Created(created, "ledger".to_owned()));
    assert!(driver.model.template.is_known());
    driver.press("enter");
    assert_eq!(driver.model.screen, Screen::Tokens);
}

#[test]
fn the_template_is_edited_where_it_is_looked_at() {
    let mut driver = Driver::ready();
    driver.press("alt-2 f");
    assert_eq!(cancels(&driver), [1]);
    match driver.started()[0].1 {
        Job::Plan(_, spec) => assert_eq!(spec.format, Format::JsonlGz),
        other => panic!("{other:?}"),
    }
    driver
        .press("s ctrl-u")
        .type_text("0 0 6 * * *")
        .press("enter");
    assert_eq!(driver.effects, [], "a bad schedule stays in its line");
    driver
        .press("ctrl-u")
        .type_text("0 0 6 * * ?")
        .press("enter");
    match driver.started()[0].1 {
        Job::Plan(_, spec) => assert_eq!(spec.schedule, Schedule::Cron("0 0 6 * * ?".to_owned())),
        other => panic!("{other:?}"),
    }
    driver.press("n ctrl-u").type_text("q").press("esc");
    assert_eq!(driver.model.draft.text(Key::TemplateName), "destination-s3");
}

#[test]
fn after_an_unknown_outcome_enter_sends_nothing() {
    let mut driver = Driver::ready();
    driver.press("alt-2");
    let planned = plan(&driver, Would::Create);
    driver.done(1, Outcome::Planned(Box::new(planned)));
    driver.press("enter enter");
    driver.fails(2, Failure::new(Code::TemplateUnknown, "no answer came"));
    assert!(matches!(driver.started()[0].1, Job::Plan(..)));
    let planned = plan(
        &driver,
        Would::Ask(Doubt::Sent("2026-01-02T12:31:07Z".to_owned())),
    );
    driver.done(3, Outcome::Planned(Box::new(planned)));
    driver.press("enter");
    assert_eq!(driver.effects, []);
    driver.press("F esc");
    assert_eq!(driver.effects, []);
    driver.press("F enter");
    assert!(matches!(
        driver.started()[0].1,
        Job::Create(_, _, Consent::SendAnyway, Proof::First)
    ));
    driver.fails(4, Failure::new(Code::TemplateUnknown, "no answer came"));
    let planned = plan(
        &driver,
        Would::Ask(Doubt::Sent("2026-01-02T12:31:07Z".to_owned())),
    );
    driver.done(5, Outcome::Planned(Box::new(planned)));
    driver.press("a");
    assert!(matches!(driver.started()[0].1, Job::Adopt(..)));
}

fn unproved(driver: &mut Driver, ticket: u64, consent: Consent) {
    let failure = Failure::new(Code::BucketDenied, "refused, so nothing was sent");
    driver.done(ticket, Outcome::Unproved(consent, failure));
}

#[test]
fn a_bucket_that_refused_can_be_tried_again_or_passed_over() {
    let mut driver = Driver::ready();
    driver.press("alt-2");
    let planned = plan(&driver, Would::Create);
    driver.done(1, Outcome::Planned(Box::new(planned)));
    driver.press("enter enter");
    unproved(&mut driver, 2, Consent::OnlyIfAbsent);
    assert_eq!(driver.effects, [], "the plan holds");
    driver.press("F esc");
    assert_eq!(driver.effects, []);
    driver.press("enter enter");
    assert!(matches!(
        driver.started()[0].1,
        Job::Create(_, _, Consent::OnlyIfAbsent, Proof::First)
    ));
    unproved(&mut driver, 3, Consent::OnlyIfAbsent);
    driver.press("F enter");
    assert!(matches!(
        driver.started()[0].1,
        Job::Create(_, _, Consent::OnlyIfAbsent, Proof::LeftOut)
    ));
}

#[test]
fn what_was_consented_to_holds_after_a_bucket_that_refused() {
    let mut driver = Driver::ready();
    driver.press("alt-2");
    let planned = plan(
        &driver,
        Would::Ask(Doubt::Sent("2026-01-02T12:31:07Z".to_owned())),
    );
    driver.done(1, Outcome::Planned(Box::new(planned)));
    driver.press("F enter");
    unproved(&mut driver, 2, Consent::SendAnyway);
    driver.press("enter enter");
    assert!(matches!(
        driver.started()[0].1,
        Job::Create(_, _, Consent::SendAnyway, Proof::First)
    ));
    unproved(&mut driver, 3, Consent::SendAnyway);
    driver.press("F enter");
    assert!(matches!(
        driver.started()[0].1,
        Job::Create(_, _, Consent::SendAnyway, Proof::LeftOut)
    ));
    unproved(&mut driver, 4, Consent::SendAnyway);
    driver.press("f");
    assert_eq!(
        driver.model.template.unproved, None,
        "another template begins anew"
    );
}

#[test]
fn a_creation_that_was_sent_outlives_an_edit() {
    let mut driver = Driver::ready();
    driver.press("alt-2");
    let planned = plan(&driver, Would::Create);
    driver.done(1, Outcome::Planned(Box::new(planned)));
    driver.press("enter enter alt-1 tab").type_text("0");
    assert_eq!(cancels(&driver), Vec::<u64>::new());
    assert_eq!(driver.model.setup_work(), Some(Work::Create));
    let created = Creation::Created {
        id: "0d2f".to_owned(),
    };
    driver.done(2, Outcome::Created(created, "ledger".to_owned()));
    assert!(
        !driver.model.template.is_known(),
        "it is another template's"
    );
    assert!(notice(&driver).contains("before they were edited"));
}

#[test]
fn what_is_there_after_all_has_no_failure_above_it() {
    let mut driver = planned(|_| Would::Create);
    driver.press("enter enter");
    let lost = Failure::new(
        Code::TemplateUnknown,
        "it is not known whether it was created",
    )
    .because("no answer in time")
    .hint("in a shell, `embedctl template create --force` sends it again");
    let ticket = driver.ticket();
    driver.fails(ticket, lost);
    let ask = Would::Ask(Doubt::Sent("2026-01-02T12:31:07Z".to_owned()));
    let asked = plan(&driver, ask);
    driver.done(driver.setup(), Outcome::Planned(Box::new(asked)));
    let frame = driver.frame();
    assert!(frame.contains("✖ it is not known"), "{frame}");
    assert!(!frame.contains("--force"), "the keys do it here\n{frame}");
    driver.press("a");
    let exists = existing(&driver);
    driver.done(driver.setup(), Outcome::Planned(Box::new(exists)));
    let frame = driver.frame();
    assert!(frame.contains("✔ This template exists"), "{frame}");
    assert!(frame.contains("As sent "), "{frame}");
    assert!(!frame.contains("it is not known"), "{frame}");
    assert_eq!(driver.model.template.failure, None);
}

#[test]
fn an_adoption_that_was_sent_outlives_an_edit_and_is_no_other_templates() {
    let mut driver = planned(|_| Would::Ask(Doubt::Sent("2026-01-02T12:31:07Z".to_owned())));
    driver.press("a");
    let ticket = driver.ticket();
    let old = existing(&driver);
    driver.press("alt-1").focus(Key::Bucket).type_text("x");
    assert_eq!(cancels(&driver), Vec::<u64>::new());
    driver.done(ticket, Outcome::Planned(Box::new(old.clone())));
    assert_eq!(driver.model.template.plan, None);
    assert!(!driver.model.template.is_known());
    assert_eq!(
        notice(&driver),
        "! The template of the settings before they were edited is recorded"
    );
    let mut driver = planned(|_| Would::Ask(Doubt::Sent("2026-01-02T12:31:07Z".to_owned())));
    driver.press("a");
    let ticket = driver.ticket();
    driver.press("alt-1").focus(Key::Bucket).type_text("x");
    driver.press("backspace");
    driver.done(ticket, Outcome::Planned(Box::new(old)));
    assert!(driver.model.template.is_known(), "put back");
}

#[test]
fn what_was_said_outlives_the_answer_of_another_job() {
    let mut driver = planned(|_| Would::Create);
    driver.press("f");
    let planning = driver.ticket();
    driver.press("ctrl-s");
    let saving = driver.ticket();
    driver.done(saving, Outcome::Saved(".env".to_owned()));
    let planned = plan(&driver, Would::Create);
    driver.done(planning, Outcome::Planned(Box::new(planned)));
    assert_eq!(notice(&driver), "✔ Saved 1 setting to .env");
}

#[test]
fn a_question_is_closed_when_the_settings_become_others() {
    let mut driver = planned(|_| Would::Create);
    driver.press("alt-1 f5");
    let reading = driver.ticket();
    driver.press("alt-2 enter");
    assert!(driver.model.prompt.is_some());
    let fresh = outside(&[("S3_BUCKET_NAME", "acme-other")]);
    driver.done(reading, Outcome::Reloaded(Box::new(fresh), Vec::new()));
    assert_eq!(driver.model.prompt, None);
    driver.press("enter");
    let sent = |(_, job): &(u64, &Job)| matches!(job, Job::Create(..));
    assert!(!driver.started().iter().any(sent), "{:?}", driver.effects);
}
