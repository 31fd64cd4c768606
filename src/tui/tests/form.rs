//! Keys and pastes on Prerequisites.

use super::keys::{cancels, notice};
use super::*;
use crate::domain::failure::{Code, Exit};
use crate::domain::field::Key;
use crate::tui::prompt::{Prompt, Question};

#[test]
fn enter_checks_the_draft_and_then_goes_on() {
    let mut driver = Driver::ready();
    driver.press("enter");
    let draft = driver.model.draft.clone();
    assert_eq!(
        driver.effects,
        [Effect::Send(Command::Start(Ticket(1), Job::Check(draft)))]
    );
    driver.done(1, Outcome::Checked(steps()));
    assert_eq!(driver.model.screen, Screen::Prerequisites);
    driver.press("enter");
    assert_eq!(driver.model.screen, Screen::Template);
    let access = driver.model.access().unwrap();
    let spec = driver.model.draft.template().unwrap();
    assert_eq!(
        driver.effects,
        [Effect::Send(Command::Start(
            Ticket(2),
            Job::Plan(access, spec)
        ))]
    );
}

#[test]
fn a_bad_field_gets_the_cursor_instead_of_a_check() {
    let mut driver = Driver::with("S3_BUCKET_REGION", "us-eats-1");
    driver.press("up enter");
    assert_eq!(driver.effects, []);
    assert_eq!(driver.model.form.field().key, Key::Region);
    assert_eq!(notice(&driver), "✖ Region needs attention");
    driver.press("ctrl-f");
    assert_eq!(driver.model.draft.text(Key::Region), "us-east-1");
    driver.press("enter");
    assert_eq!(driver.started().len(), 1);
}

#[test]
fn the_first_run_stands_in_the_first_field() {
    let mut driver = Driver::empty();
    assert_eq!(driver.model.form.field().key, Key::OrganizationId);
    driver.type_text("q1?");
    assert_eq!(driver.model.draft.text(Key::OrganizationId), "q1?");
    assert_eq!(driver.effects, []);
    driver.press("esc q");
    assert_eq!(
        driver.model.prompt,
        Some(Prompt::Ask(Question::Quit)),
        "an edit is not saved"
    );
    driver.press("esc");
    assert_eq!(driver.effects, []);
    driver.press("q y");
    assert_eq!(driver.effects, [Effect::Quit(Exit::Done)]);
}

#[test]
fn editing_makes_a_check_stale_and_gives_a_running_one_up() {
    let mut driver = Driver::ready();
    driver.press("enter");
    driver.answer(Event::RungBegun(Ticket(1), Rung::Auth));
    driver.type_text("0");
    assert_eq!(cancels(&driver), [1]);
    let before = driver.model.clone();
    driver.done(1, Outcome::Checked(steps()));
    driver.answer(Event::RungEnded(Ticket(1), steps()[0].clone()));
    assert_eq!(driver.model, before, "a stale answer changes nothing");
}

#[test]
fn a_text_put_back_as_it_was_is_no_edit() {
    let mut driver = Driver::ready();
    driver.type_text("0");
    assert_eq!(driver.model.unsaved().len(), 1);
    driver.press("backspace");
    assert_eq!(driver.model.unsaved(), []);
    assert_eq!(driver.model.draft.source(Key::OrganizationId), Source::File);
}

#[test]
fn saving_writes_the_edited_settings_alone() {
    let mut driver = Driver::ready();
    driver.press("ctrl-s");
    assert_eq!(driver.effects, []);
    driver
        .press("up up up up up up up up up up up up up")
        .type_text("2");
    let (ticket, job) = {
        driver.press("ctrl-s");
        let started = driver.started();
        (started[0].0, started[0].1.clone())
    };
    assert_eq!(
        job,
        Job::Save(vec![(Key::Prefix, Secret::new("customers2"))], None)
    );
    driver.type_text("3");
    driver.done(ticket, Outcome::Saved(".env".to_owned()));
    assert_eq!(driver.model.draft.text(Key::Prefix), "customers23");
    assert_eq!(driver.model.draft.source(Key::Prefix), Source::Typed);
    driver.press("backspace");
    assert_eq!(driver.model.draft.source(Key::Prefix), Source::File);
    assert_eq!(driver.model.unsaved(), []);
}

#[test]
fn under_a_sandbox_saving_asks_for_a_path() {
    let draft = Draft::resolve(&[(Source::Sandbox, layer(&nine()))]);
    let mut driver = Driver::new(Start {
        save_asks_path: true,
        ..start(draft)
    });
    driver.type_text("x").press("ctrl-s enter");
    assert_eq!(driver.effects, [], "an empty path is not taken");
    driver.type_text("here.env").press("enter");
    match driver.started()[0].1 {
        Job::Save(values, Some(path)) => {
            assert_eq!(values.len(), 1);
            assert_eq!(path.to_str(), Some("here.env"));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_path_that_is_taken_is_given_back_for_editing() {
    let draft = Draft::resolve(&[(Source::Sandbox, layer(&nine()))]);
    let mut driver = Driver::new(Start {
        save_asks_path: true,
        ..start(draft)
    });
    driver.type_text("x").press("ctrl-s");
    driver.type_text("used.env").press("enter");
    let ticket = driver.ticket();
    let taken = Failure::new(Code::MachineDisk, "the settings were not saved")
        .because("used.env is there already: name a new file");
    driver.fails(ticket, taken);
    assert!(driver.frame().contains("✖ used.env is there already"));
    driver.press("backspace backspace backspace backspace");
    driver.type_text("-2.env").press("enter");
    match driver.started()[0].1 {
        Job::Save(_, Some(path)) => assert_eq!(path.to_str(), Some("used-2.env")),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_pasted_block_counts_only_after_a_look() {
    let mut driver = Driver::empty();
    driver.paste(
        "export AIRBYTE_CLIENT_ID='abc'\nS3_BUCKET=other\nS3_BUCKET_NAME=mine\nOTHER=1\nhello",
    );
    assert_eq!(driver.effects, []);
    assert_eq!(driver.model.draft, Draft::default());
    driver.press("esc");
    assert_eq!(driver.model.draft, Draft::default());
    driver.paste("AIRBYTE_CLIENT_ID=abc\nS3_BUCKET=other\nS3_BUCKET_NAME=mine");
    driver.press("enter");
    assert_eq!(driver.model.draft.text(Key::ClientId), "abc");
    assert_eq!(driver.model.draft.text(Key::Bucket), "mine");
    assert_eq!(driver.started(), [], "taking them checks nothing");
}

#[test]
fn a_pasted_value_that_the_form_will_not_take_says_why() {
    let mut driver = Driver::ready();
    driver.paste("PORT=99999\nS3_BUCKET=Not A Bucket\nAIRBYTE_CLIENT_ID=abc");
    for (width, height) in SIZES {
        let frame = driver.size(width, height).frame();
        assert!(frame.contains("✖ PORT  "), "{frame}");
        assert!(frame.contains("✖ S3_BUCKET → S3_BUCKET_NAME  "), "{frame}");
        assert!(frame.contains("✔ AIRBYTE_CLIENT_ID"), "{frame}");
        assert!(frame.contains("Enter take them"), "{frame}");
    }
    let frame = driver.frame();
    let mut after = driver.model.draft.clone();
    after.type_in(Key::Port, "99999");
    assert!(frame.contains(after.finding(Key::Port).detail()), "{frame}");
    // However many there are, the answers keep their place.
    let every: Vec<String> = Key::all()
        .map(|key| format!("{}=%%", key.variable()))
        .collect();
    driver.press("esc").paste(&every.join("\n"));
    for (width, height) in SIZES {
        let frame = driver.size(width, height).frame();
        assert!(frame.contains("Enter take them · Esc keep"), "{frame}");
        assert!(frame.matches("✖ ").count() >= 4, "{frame}");
    }
}

#[test]
fn a_block_is_one_however_its_lines_break() {
    for end in ["\n", "\r\n", "\r"] {
        let block = ["AIRBYTE_CLIENT_ID=abc", "S3_BUCKET_NAME=mine", ""].join(end);
        let mut driver = Driver::empty();
        driver.paste(&block).press("enter");
        assert_eq!(driver.model.draft.text(Key::ClientId), "abc", "{end:?}");
        assert_eq!(driver.model.draft.text(Key::Bucket), "mine", "{end:?}");
        assert_eq!(driver.model.draft.text(Key::OrganizationId), "", "{end:?}");

        let mut driver = Driver::at_tokens();
        driver.press("a").paste(&["a-1", "a-2", "a-3"].join(end));
        driver.press("enter");
        assert_eq!(driver.model.tokens.len(), 4, "{end:?}");
    }
}

#[test]
fn settings_that_run_together_are_no_value() {
    for text in [
        "AIRBYTE_ORGANIZATION_ID=abc AIRBYTE_CLIENT_SECRET=never",
        "abc AIRBYTE_CLIENT_SECRET=never",
        "PORT=1;AIRBYTE_CLIENT_SECRET=never",
        "S3_BUCKET=a AIRBYTE_CLIENT_SECRET=never\nS3_PATH_PREFIX=b",
    ] {
        let mut driver = Driver::empty();
        driver.paste(text);
        assert_eq!(driver.model.draft, Draft::default(), "{text}");
        assert_eq!(driver.model.prompt, None, "{text}");
        assert!(notice(&driver).contains("one a line"), "{text}");
        assert!(!driver.frame().contains("never"), "{text}");
    }
    // A secret may hold anything.
    let mut driver = Driver::empty();
    driver.paste("x+PORT=y");
    assert_eq!(driver.model.draft.text(Key::OrganizationId), "x+PORT=y");
}

#[test]
fn a_paste_of_one_line_goes_into_the_field_and_never_submits() {
    let mut driver = Driver::empty();
    driver.paste("abc\x1b[201~\r\n");
    assert_eq!(driver.model.draft.text(Key::OrganizationId), "abc[201~");
    assert_eq!(driver.effects, []);
    driver.press("esc").paste("nowhere");
    assert_eq!(driver.model.draft.text(Key::OrganizationId), "abc[201~");
}

#[test]
fn a_revealed_secret_hides_after_ten_seconds_or_on_leaving() {
    let mut driver = Driver::ready();
    driver.press("tab tab ctrl-r");
    assert!(driver.frame().contains(CANARY));
    driver.tick(9);
    assert_eq!(next_wake(&driver.model), Some(Duration::from_secs(1)));
    assert!(driver.frame().contains(CANARY));
    driver.tick(10);
    assert!(!driver.frame().contains(CANARY));
    assert_eq!(next_wake(&driver.model), None);
    driver.press("ctrl-r tab backtab");
    assert!(!driver.frame().contains(CANARY));
}

#[test]
fn a_region_is_chosen_with_the_arrows_or_by_typing_a_piece() {
    let mut driver = Driver::with("S3_BUCKET_REGION", "eu-west-1");
    while driver.model.form.field().key != Key::Region {
        driver.press("tab");
    }
    driver.press("right");
    assert_eq!(driver.model.draft.text(Key::Region), "eu-west-2");
    driver.press("left left");
    assert_eq!(driver.model.draft.text(Key::Region), "eu-south-2");
    driver.press("ctrl-u").type_text("sa-").press("right");
    assert_eq!(driver.model.draft.text(Key::Region), "sa-east-1");
}

#[test]
fn a_refused_address_shows_no_password() {
    let mut driver = Driver::with("BASE_URL", "u:hunter2@host.example");
    driver.size(200, 60).press("esc");
    let frame = driver.frame();
    assert!(
        frame.contains("host.example") && !frame.contains("hunter2"),
        "{frame}"
    );
    driver.press("y");
    let Some(Effect::Copy(text)) = driver.effects.first() else {
        panic!("{:?}", driver.effects);
    };
    let text = text.expose();
    assert!(
        text.contains("host.example") && !text.contains("hunter2"),
        "{text}"
    );
}

#[test]
fn the_ladder_is_copied_from_the_rail() {
    let mut driver = Driver::ready();
    driver.press("enter").done(1, Outcome::Checked(steps()));
    driver.press("esc y");
    let Some(Effect::Copy(text)) = driver.effects.first() else {
        panic!("{:?}", driver.effects);
    };
    assert!(!text.expose().contains(CANARY));
    insta::assert_snapshot!(text.expose());
    // Below its first line it is what `check` prints of these rungs.
    let printed: Vec<String> = steps().iter().map(Step::text).collect();
    assert!(
        text.expose()
            .ends_with(&format!("{}\n", printed.join("\n")))
    );
}

#[test]
fn a_paste_does_not_reach_a_field_below_the_policy() {
    let mut driver = Driver::ready();
    driver
        .press("ctrl-p")
        .type_text("IAM policy for")
        .press("enter");
    assert!(driver.model.form.policy.is_some());
    let before = driver.model.draft.clone();
    driver.paste("zzz");
    assert_eq!(driver.model.draft, before);
    assert!(notice(&driver).contains("goes into a field"));
}

#[test]
fn what_stands_as_it_was_saved_is_no_edit_however_it_comes() {
    let mut driver = Driver::ready();
    driver.paste("TEMPLATE_FORMAT=jsonl\nS3_PATH_PREFIX=customers");
    driver.press("enter");
    assert_eq!(driver.model.unsaved(), []);
    driver.focus(Key::TemplateName).type_text("destination-s3");
    assert_eq!(driver.model.unsaved(), []);
    driver.type_text("x").press("ctrl-u");
    assert_eq!(driver.model.unsaved(), []);
    // An origin that was chosen stays when the port is another; the default follows it.
    driver.focus(Key::AllowedOrigin);
    driver.type_text("http://localhost:3001");
    let chosen = vec![(Key::AllowedOrigin, Secret::new("http://localhost:3001"))];
    assert_eq!(driver.model.unsaved(), chosen);
}

/// The form, checked and found good.
fn proven() -> Driver {
    let mut driver = Driver::ready();
    driver.press("enter").done(1, Outcome::Checked(steps()));
    assert!(driver.model.form.is_proven());
    driver
}

#[test]
fn what_passed_once_can_be_checked_again() {
    let mut driver = proven();
    driver.press("esc r");
    assert!(matches!(driver.started()[0].1, Job::Check(_)));
    assert!(!driver.model.form.is_proven(), "until it is known again");
    driver.press("r");
    assert_eq!(driver.effects, [], "one at a time");
}

#[test]
fn rungs_that_a_later_request_is_at_odds_with_do_not_stay_green() {
    let bucket = Exchange {
        to: To::Bucket,
        ..exchange("/acme-embedded/", Some(403))
    };
    let cases = [
        (exchange("/v1/x", None), "✔ bucket", "offline since"),
        (exchange("/v1/x", Some(401)), "✔ bucket", "refused since"),
        (exchange("/v1/x", Some(403)), "✔ auth", "refused since"),
        (bucket, "✔ organization", "refused since"),
    ];
    for (exchange, stays, since) in cases {
        let mut driver = proven();
        driver.tick(9);
        driver.answer(Event::Exchanged(exchange.clone()));
        assert!(!driver.model.form.is_proven());
        let frame = driver.frame();
        assert!(
            frame.contains(&format!("held at 12:30:00 UTC; {since}")),
            "{frame}"
        );
        assert!(frame.contains(stays), "{frame}");
        driver.press("alt-3");
        assert!(
            driver.frame().contains("! 1 Prerequisites"),
            "{}",
            driver.frame()
        );
        driver.press("alt-1 esc y");
        let Some(Effect::Copy(text)) = driver.effects.first() else {
            panic!("{:?}", driver.effects);
        };
        assert!(text.expose().contains(since), "{}", text.expose());
        // What answers again is at odds with nothing.
        let well = Exchange {
            status: Some(200),
            lost: None,
            ..exchange
        };
        driver.answer(Event::Exchanged(well));
        assert!(driver.model.form.is_proven());
    }
}

#[test]
fn an_edit_that_is_taken_back_leaves_what_was_proven() {
    let mut driver = proven();
    driver.type_text("0");
    assert!(driver.frame().contains("edited since"));
    driver.press("backspace");
    assert!(driver.model.form.is_proven());
    // A check that was stopped has proven nothing.
    let mut driver = Driver::ready();
    driver.press("enter");
    driver.answer(Event::RungEnded(Ticket(1), steps()[0].clone()));
    driver.press("esc");
    driver.fails(1, Failure::new(Code::Cancelled, "cancelled"));
    driver.type_text("0").press("backspace");
    assert!(driver.model.form.stale);
}

#[test]
fn digits_lead_on_from_a_form_that_is_proven() {
    let mut driver = proven();
    driver.press("alt-3 1 3");
    assert_eq!(driver.model.screen, Screen::Tokens);
    driver.press("1 enter").type_text("0");
    assert!(driver.model.draft.text(Key::OrganizationId).ends_with('0'));
    // One that needs something has the cursor in it.
    driver.press("alt-3 1").type_text("1");
    assert!(driver.model.draft.text(Key::OrganizationId).ends_with("01"));
}

#[test]
fn a_failed_rung_has_the_cursor_in_the_field_it_names() {
    let refused = Failure::new(Code::BucketKeys, "could not list the bucket")
        .hint("the secret does not belong to the key: copy AWS_S3_SECRET_ACCESS_KEY again");
    let failed = Step {
        status: Status::Fail,
        failure: Some(refused),
        ..steps()[2].clone()
    };
    let outcome = || {
        let mut steps = steps();
        steps[2] = failed.clone();
        Outcome::Checked(steps)
    };
    let mut driver = Driver::ready();
    driver.press("enter").done(1, outcome());
    assert_eq!(driver.model.form.field().key, Key::SecretAccessKey);
    // Not under the hands of somebody who has moved on.
    let mut driver = Driver::ready();
    driver.press("enter tab").done(1, outcome());
    assert_eq!(driver.model.form.field().key, Key::ClientId);
}
