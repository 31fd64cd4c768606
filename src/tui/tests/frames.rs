//! Snapshots: every screen in its states, as a grid of text; a few as a grid of roles as well.

use super::*;
use crate::domain::failure::Code;
use crate::domain::field::Key;
use crate::domain::template::Consent;

pub(super) fn refused() -> Failure {
    Failure::new(Code::AuthRefused, "Airbyte refused the client ID or secret")
        .because("it answered 401: \"Client authentication failed\"")
        .hint("copy AIRBYTE_CLIENT_ID and AIRBYTE_CLIENT_SECRET again from Settings > Applications")
}

pub(super) fn not_entitled() -> Failure {
    Failure::new(
        Code::AuthNotEntitled,
        "the organization is not entitled to Embedded",
    )
    .because("it answered 403: \"license/entitlement\"")
    .hint("ask your Airbyte account representative to switch Embedded on")
}

pub(super) fn checked() -> Driver {
    let mut driver = Driver::ready();
    driver.press("enter");
    driver.answer(Event::Exchanged(exchange(
        "/v1/applications/token",
        Some(200),
    )));
    driver.holds_access_token();
    driver.done(1, Outcome::Checked(steps()));
    driver
}

pub(super) fn planned(would: impl Fn(&Driver) -> Would) -> Driver {
    let mut driver = checked();
    driver.press("enter");
    let ticket = driver.ticket();
    let would = would(&driver);
    let plan = plan(&driver, would);
    driver.done(ticket, Outcome::Planned(Box::new(plan)));
    driver
}

/// A board with a row in every state.
pub(super) fn board() -> Driver {
    let mut driver = Driver::at_tokens();
    driver.answer(Event::Exchanged(exchange(
        "/v1/embedded/widget_token",
        Some(200),
    )));
    driver.add("ageing, expired, user-43, acme GmbH, user/7, tester, 日本語の会社, queued");
    for (name, age) in [
        ("expired", 0),
        ("ageing", 250),
        ("user-43", 900),
        ("user-42", 1_175),
    ] {
        driver.tick(age);
        driver.press("/").type_text(name).press("enter enter");
        let ticket = driver.ticket();
        let minted = token(&driver, name);
        driver.done(ticket, Outcome::Minted(Box::new(minted)));
        if name.starts_with("user") {
            driver.press("r");
        }
        driver.press("esc");
    }
    driver.tick(1_253);
    driver.press("/").type_text("tester").press("enter enter");
    let ticket = driver.ticket();
    driver.fails(ticket, not_entitled());
    driver.press("esc");
    driver
        .press("/")
        .type_text("user-43")
        .press("enter enter esc");
    driver.press("/").type_text("acme").press("enter enter esc");
    driver.press("home");
    driver
}

macro_rules! snapshot {
    ($name:literal, $driver:expr) => {
        insta::assert_snapshot!($name, $driver.frames())
    };
}

#[test]
fn the_form_in_its_states() {
    snapshot!("form_first_run", Driver::empty());
    let mut driver = Driver::ready();
    snapshot!("form_filled", driver);
    driver.press("tab tab");
    snapshot!("form_in_a_secret", driver);
    driver.press("backtab backtab backtab");
    snapshot!("form_scrolled_down", driver);
    let mut driver = Driver::ready();
    driver.press("enter");
    driver.answer(Event::RungEnded(Ticket(1), steps()[0].clone()));
    driver.answer(Event::RungBegun(Ticket(1), Rung::Organization));
    snapshot!("form_checking", driver);
    driver.press("enter");
    snapshot!("form_enter_while_checking", driver);
    snapshot!("form_checked", checked());
    let mut driver = checked();
    driver.type_text("0");
    snapshot!("form_edited_after_check", driver);
    driver.press("esc");
    snapshot!("form_on_the_rail", driver);
    driver.press("q");
    snapshot!("quit_asks", driver);
}

fn failed_check() -> Driver {
    let mut driver = Driver::ready();
    driver.press("enter");
    let mut steps = steps();
    steps[0] = Step {
        status: Status::Fail,
        failure: Some(refused()),
        ..step(Rung::Auth, Status::Fail, "refused")
    };
    steps[1] = Step::skipped(Rung::Organization, "needs auth");
    driver.answer(Event::Exchanged(exchange(
        "/v1/applications/token",
        Some(401),
    )));
    driver.done(1, Outcome::Checked(steps));
    driver
}

#[test]
fn a_failed_check_says_why_and_what_to_do() {
    let mut driver = failed_check();
    snapshot!("form_check_failed", driver);
}

#[test]
fn where_two_rungs_fail_both_are_told_with_what_to_do() {
    let mut driver = failed_check();
    driver.press("enter");
    let ticket = driver.ticket();
    let mut steps = steps();
    for (i, rung) in [(0, Rung::Auth), (2, Rung::Bucket)] {
        steps[i] = Step {
            status: Status::Fail,
            failure: Some(refused()),
            ..step(rung, Status::Fail, "refused")
        };
    }
    driver.done(ticket, Outcome::Checked(steps));
    driver.size(80, 26);
    let frame = driver.frame();
    assert_eq!(frame.matches("do       copy").count(), 2, "{frame}");
    for rung in ["✖ auth", "✔ organization", "✖ bucket"] {
        assert!(frame.contains(rung), "{rung}\n{frame}");
    }
    snapshot!("form_two_failed", driver);
}

#[test]
fn bad_settings_are_told_beside_the_field_and_below() {
    let mut driver = Driver::with("S3_BUCKET_NAME", "s3://Acme-Embedded");
    snapshot!("form_bad_bucket", driver);
    let mut driver = Driver::with("EXTERNAL_USER_ID", "jane@acme.example");
    snapshot!("form_caution", driver);
    let mut driver = Driver::empty();
    driver.press("enter");
    snapshot!("form_missing", driver);
    driver.paste(
        "AIRBYTE_ORGANIZATION_ID=5f0c3a1e-6a0e-4d0e-b1a7-0f7e5a3391aa\nAIRBYTE_CLIENT_ID=abc\nAIRBYTE_CLIENT_SECRET=canary-7f3a-never-shown\nS3_BUCKET=acme\nfoo\nbar",
    );
    snapshot!("paste_review", driver);
    driver.press("enter");
    snapshot!("paste_taken", driver);
}

#[test]
fn a_terminal_that_is_too_small_is_told_so() {
    let mut driver = checked();
    driver.size(59, 16);
    insta::assert_snapshot!("too_small_59x16", driver.frame());
    driver.size(20, 5);
    insta::assert_snapshot!("too_small_20x5", driver.frame());
}

#[test]
fn a_region_and_a_path_are_asked_for() {
    let mut driver = Driver::with("S3_BUCKET_REGION", "eu-west-1");
    while driver.model.form.field().key != Key::Region {
        driver.press("tab");
    }
    snapshot!("form_region", driver);
    let draft = Draft::resolve(&[(Source::Sandbox, layer(&nine()))]);
    let mut driver = Driver::new(Start {
        save_asks_path: true,
        place: Place::Sandbox,
        ..start(draft)
    });
    snapshot!("form_sandbox", driver);
    driver.type_text("x").press("ctrl-s");
    snapshot!("save_asks_for_a_path", driver);
}

#[test]
fn the_template_in_its_states() {
    let mut driver = Driver::empty();
    driver.press("alt-2");
    snapshot!("template_incomplete", driver);
    let mut driver = checked();
    driver.press("enter");
    snapshot!("template_planning", driver);
    let ticket = driver.ticket();
    driver.fails(ticket, refused());
    snapshot!("template_plan_failed", driver);
    let mut driver = planned(|_| Would::Create);
    snapshot!("template_ready", driver);
    driver.press("s");
    snapshot!("template_schedule", driver);
    driver.press("ctrl-u").type_text("* * * * *").press("enter");
    snapshot!("template_schedule_bad", driver);
    driver.press("esc enter");
    snapshot!("template_asks", driver);
    driver.press("enter");
    snapshot!("template_creating", driver);
    let ticket = driver.ticket();
    driver.press("enter");
    snapshot!("template_creating_enter_again", driver);
    let created = Creation::Created {
        id: "0d2f7c1e-1111-4222-8333-9b1e5c0077b1".to_owned(),
    };
    let ledger = "~/.local/state/embedctl/ledger.jsonl".to_owned();
    driver.done(ticket, Outcome::Created(created, ledger));
    snapshot!("template_created", driver);
}

#[test]
fn a_template_whose_bucket_refused() {
    let mut driver = planned(|_| Would::Create);
    driver.press("enter enter");
    let ticket = driver.ticket();
    let failure = Failure::new(
        Code::BucketDenied,
        "could not put an object into the bucket, so nothing was sent",
    )
    .because("put of acme-embedded answered 403: AccessDenied, User: arn:aws:iam::123456789012:user/acme-embedded is not authorized to perform: s3:PutObject on resource: \"arn:aws:s3:::acme-embedded/customers/embedctl-probe-2561a64f-fda7-4673-be64-87b6cf7067c1\" because no identity-based policy allows the s3:PutObject action")
    .hint("allow s3:PutObject on the folder for this access key");
    driver.done(ticket, Outcome::Unproved(Consent::OnlyIfAbsent, failure));
    snapshot!("template_unproved", driver);
    driver.press("F");
    snapshot!("template_unproved_asks", driver);
}

#[test]
fn a_template_that_may_or_does_exist() {
    let mut exists = planned(|driver| Would::Nothing(known(driver)));
    snapshot!("template_exists", exists);
    let mut conflict = planned(|driver| {
        let mut other = known(driver);
        other.identity.prefix = "elsewhere".to_owned();
        other.identity.format = "csv".to_owned();
        let differences = other.differences(&driver.model.draft.template().unwrap());
        Would::Conflict(other, differences)
    });
    snapshot!("template_conflict", conflict);
    conflict.press("F");
    snapshot!("template_conflict_asks", conflict);
    let mut unknown = planned(|_| Would::Ask(Doubt::Sent("2026-01-02T12:31:07Z".to_owned())));
    snapshot!("template_unknown", unknown);
    insta::assert_snapshot!("template_unknown_roles", unknown.roles());
    unknown.press("F");
    snapshot!("template_unknown_asks", unknown);
}

#[test]
fn the_board_in_its_states() {
    let mut driver = Driver::empty();
    driver.press("alt-3");
    snapshot!("tokens_incomplete", driver);
    let mut driver = Driver::ready();
    driver.press("alt-3");
    snapshot!("tokens_not_yet", driver);
    let planned = plan(&driver, Would::Create);
    let ticket = driver.setup();
    driver.done(ticket, Outcome::Planned(Box::new(planned)));
    driver.press("enter");
    snapshot!("tokens_without_template_asks", driver);
    let mut driver = board();
    snapshot!("tokens_board", driver);
    insta::assert_snapshot!("tokens_board_roles", driver.roles());
    driver.press("down down down down down down");
    snapshot!("tokens_failed", driver);
}

#[test]
fn lines_and_questions_on_the_board() {
    let mut driver = board();
    driver.press("a").type_text("user-44, user-45");
    snapshot!("tokens_add", driver);
    driver.paste("user-46\nuser-47\n\u{202e}bad\n");
    snapshot!("tokens_add_pasted", driver);
    driver.press("esc x");
    snapshot!("tokens_forget", driver);
    driver.press("esc /").type_text("user");
    snapshot!("tokens_filter", driver);
    driver.press("esc f1");
    snapshot!("help_tokens", driver);
    driver.press("down down down down down down down down");
    snapshot!("help_tokens_scrolled", driver);
}

#[test]
fn connections_that_fail() {
    let mut driver = Driver::ready();
    driver.press("enter");
    let mut lost = exchange("/v1/applications/token", None);
    lost.again_in = Some(Duration::from_millis(2_500));
    driver.answer(Event::Exchanged(lost));
    driver.answer(Event::RungBegun(Ticket(1), Rung::Auth));
    snapshot!("retrying", driver);
    driver.tell(Message::ClientEnded(None));
    snapshot!("client_ended", driver);
}

#[test]
fn roles_of_the_form() {
    let mut driver = failed_check();
    driver.press("tab tab");
    insta::assert_snapshot!("form_check_failed_roles", driver.roles());
    driver.press("esc");
    insta::assert_snapshot!("form_on_the_rail_roles", driver.roles());
}

#[test]
fn without_colour_no_cell_has_one() {
    for mut driver in [failed_check(), board()] {
        driver.model.theme = Theme::Plain;
        for cell in driver.buffer().content {
            assert_eq!(cell.fg, ratatui::style::Color::Reset);
            assert_eq!(cell.bg, ratatui::style::Color::Reset);
        }
    }
}
