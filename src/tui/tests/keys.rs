//! Tables on `update`: what a key, a paste, an answer or time leads to.

use super::*;
use crate::client::KnownUser;
use crate::domain::failure::{Code, Exit};
use crate::domain::field::Key;
use crate::domain::template::{Consent, Format, Proof, Schedule};
use crate::tui::model::{Focus, Work};
use crate::tui::prompt::{Prompt, Question};

pub(super) fn cancels(driver: &Driver) -> Vec<u64> {
    driver
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Send(Command::Cancel(ticket)) => Some(ticket.0),
            _ => None,
        })
        .collect()
}

pub(super) fn notice(driver: &Driver) -> &str {
    driver
        .model
        .notice
        .as_ref()
        .map_or("", |notice| &notice.text)
}

fn minted_users(driver: &Driver) -> Vec<String> {
    driver
        .started()
        .into_iter()
        .filter_map(|(_, job)| match job {
            Job::Mint(_, _, user) => Some(user.to_string()),
            _ => None,
        })
        .collect()
}

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
    assert_eq!(notice(&driver), "Region needs attention");
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
fn q_quits_at_once_when_nothing_would_be_lost() {
    let mut driver = Driver::ready();
    driver.press("esc esc esc");
    assert_eq!(driver.effects, [], "Esc never quits");
    driver.press("q");
    assert_eq!(driver.effects, [Effect::Quit(Exit::Done)]);
}

#[test]
fn keys_that_hold_everywhere_hold_in_a_field() {
    let cases = [
        ("ctrl-c", vec![Effect::Quit(Exit::Done)]),
        ("ctrl-z", vec![Effect::Suspend]),
        ("ctrl-l", vec![Effect::Redraw]),
    ];
    for (key, effects) in cases {
        assert_eq!(Driver::ready().press(key).effects, effects, "{key}");
    }
    let mut driver = Driver::ready();
    driver.press("alt-6");
    assert_eq!(driver.model.screen, Screen::Activity);
    driver.press("3");
    assert_eq!(driver.model.screen, Screen::Tokens);
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
    let planned = plan(&driver, Would::Ask("2026-01-02T12:31:07Z".to_owned()));
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
    let planned = plan(&driver, Would::Ask("2026-01-02T12:31:07Z".to_owned()));
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
    let planned = plan(&driver, Would::Ask("2026-01-02T12:31:07Z".to_owned()));
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
    driver.press("enter enter alt-1").type_text("0");
    assert_eq!(cancels(&driver), Vec::<u64>::new());
    assert_eq!(driver.model.setup.unwrap().work, Work::Create);
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
fn esc_stops_what_runs_before_it_leaves() {
    let mut driver = Driver::ready();
    driver.press("enter esc");
    assert_eq!(cancels(&driver), [1]);
    driver.press("esc");
    assert_eq!(driver.effects, [], "told once");
    driver.fails(1, Failure::new(Code::Cancelled, "cancelled"));
    assert_eq!(driver.model.setup, None);
    assert_eq!(driver.model.focus, Focus::Body);
    driver.press("esc");
    assert_eq!(driver.model.focus, Focus::Rail(Screen::Prerequisites));
}

#[test]
fn the_first_mint_without_a_template_is_asked_for_once() {
    let mut driver = Driver::ready();
    driver.press("alt-3");
    let planned = plan(&driver, Would::Create);
    let ticket = driver.model.setup.unwrap().ticket.0;
    driver.press("enter");
    assert_eq!(driver.effects, [], "the template is still being looked for");
    driver.done(ticket, Outcome::Planned(Box::new(planned)));
    assert_eq!(
        driver.model.prompt,
        Some(Prompt::Ask(Question::MintUnknown(vec![user("user-42")])))
    );
    driver.press("esc");
    assert_eq!(driver.effects, []);
    driver.press("enter enter");
    assert_eq!(minted_users(&driver), ["user-42"]);
    driver.add("user-43").press("enter");
    assert_eq!(minted_users(&driver), ["user-43"], "asked once");
}

#[test]
fn a_user_known_from_before_is_minted_without_asking() {
    let mut driver = Driver::ready();
    driver.press("alt-3");
    let recall = *driver.model.errands.keys().next().unwrap();
    let known = KnownUser {
        user: user("user-42"),
        workspace_id: Some("8a1f2b70-0000-4000-8000-00000000c203".to_owned()),
        minted_at: None,
    };
    driver.answer(Event::Done(recall, Ok(Outcome::Recalled(vec![known]))));
    let planned = plan(&driver, Would::Create);
    let ticket = driver.model.setup.unwrap().ticket.0;
    driver.done(ticket, Outcome::Planned(Box::new(planned)));
    driver.press("enter");
    assert_eq!(minted_users(&driver), ["user-42"]);
}

#[test]
fn users_known_from_before_are_recalled_after_the_first_frame() {
    let mut driver = Driver::ready();
    driver.tell(Message::Begun);
    let access = driver.model.access().unwrap();
    assert_eq!(
        driver.effects,
        [Effect::Send(Command::Start(Ticket(1), Job::Recall(access)))]
    );
    driver.press("alt-3");
    let jobs: Vec<_> = driver.started();
    assert_eq!(jobs.len(), 1, "recalled once");
    assert!(matches!(jobs[0].1, Job::Plan(..)));
    assert_eq!(Driver::empty().tell(Message::Begun).effects, []);
}

#[test]
fn one_mint_a_user_is_under_way() {
    let mut driver = Driver::at_tokens();
    driver.press("enter");
    assert_eq!(minted_users(&driver), ["user-42"]);
    let ticket = driver.ticket();
    driver.press("enter");
    assert_eq!(driver.effects, []);
    driver.press("M");
    assert_eq!(driver.effects, []);
    let minted = token(&driver, "user-42");
    driver.done(ticket, Outcome::Minted(Box::new(minted)));
    assert_eq!(driver.model.tokens.live(driver.model.now), 1);
}

#[test]
fn many_are_minted_sixty_four_at_a_time_in_order() {
    let mut driver = Driver::at_tokens();
    let list: Vec<String> = (0..200).map(|i| format!("user-{i:03}")).collect();
    driver.press("a").paste(&list.join("\n")).press("enter");
    driver.press("M");
    assert_eq!(
        driver.model.prompt,
        Some(Prompt::Ask(Question::MintAll(201)))
    );
    driver.press("enter");
    let mut order = minted_users(&driver);
    assert_eq!(order.len(), 64);
    let mut open: std::collections::VecDeque<u64> =
        driver.started().iter().map(|(ticket, _)| *ticket).collect();
    while let Some(ticket) = open.pop_front() {
        driver.fails(ticket, Failure::new(Code::NetworkLost, "cut off"));
        order.extend(minted_users(&driver));
        open.extend(driver.started().iter().map(|(ticket, _)| *ticket));
        assert!(driver.model.tokens.open_count() <= 64);
    }
    let mut expected = vec!["user-42".to_owned()];
    expected.extend(list);
    assert_eq!(order, expected);
}

#[test]
fn a_renewal_is_asked_for_on_another_screen() {
    let mut driver = Driver::at_tokens();
    driver.press("enter");
    let ticket = driver.ticket();
    let minted = token(&driver, "user-42");
    driver.done(ticket, Outcome::Minted(Box::new(minted)));
    driver.press("r alt-1");
    assert_eq!(
        next_wake(&driver.model),
        Some(Duration::from_mins(16)),
        "nothing but the renewal at 80 %"
    );
    driver.tick(16 * 60 - 1);
    assert_eq!(driver.effects, []);
    driver.tick(16 * 60);
    assert_eq!(minted_users(&driver), ["user-42"]);
    let ticket = driver.ticket();
    driver.tick(16 * 60 + 1);
    assert_eq!(driver.effects, [], "asked once");
    let failure = Failure {
        retryable: true,
        ..Failure::new(Code::ServiceUnavailable, "not available")
    };
    driver.fails(ticket, failure);
    assert_eq!(next_wake(&driver.model), Some(Duration::from_secs(30)));
    driver.tick(16 * 60 + 31);
    assert_eq!(minted_users(&driver), ["user-42"], "tried again later");
}

#[test]
fn a_workspace_is_shown_in_airbyte_once_it_is_known() {
    let mut driver = Driver::at_tokens();
    driver.press("O");
    assert_eq!(driver.effects, []);
    assert!(notice(&driver).contains("not known here"));
    driver.press("enter");
    let ticket = driver.ticket();
    let minted = token(&driver, "user-42");
    driver.done(ticket, Outcome::Minted(Box::new(minted)));
    driver.press("O");
    let Some(Effect::Copy(text)) = driver.effects.first() else {
        panic!("{:?}", driver.effects)
    };
    let address = text.expose().to_owned();
    assert!(address.starts_with("https://cloud.airbyte.com/workspaces/"));
    let (ticket, job) = driver.started().remove(0);
    assert_eq!(*job, Job::Browse(address));
    let none = Failure::new(Code::MachineBrowser, "the browser could not be opened");
    driver.fails(ticket, none);
    assert!(notice(&driver).contains("its address was copied"));
    driver.model.over_ssh = true;
    driver.press("O");
    assert!(matches!(driver.effects.as_slice(), [Effect::Copy(_)]));
}

#[test]
fn no_more_than_twenty_rows_renew_themselves() {
    let mut driver = Driver::at_tokens();
    let list: Vec<String> = (0..20).map(|i| format!("user-{i:03}")).collect();
    driver.add(&list.join(",")).press("home");
    for _ in 0..21 {
        driver.press("r down");
    }
    assert_eq!(driver.model.tokens.auto_count(), 20);
    driver.press("r");
    assert!(notice(&driver).contains("20 rows"), "{}", notice(&driver));
}

#[test]
fn a_token_is_copied_and_an_expired_one_minted_first() {
    let mut driver = Driver::at_tokens();
    driver.press("enter");
    let ticket = driver.ticket();
    let minted = token(&driver, "user-42");
    let text = minted.token.clone();
    driver.done(ticket, Outcome::Minted(Box::new(minted)));
    driver.press("y");
    assert_eq!(driver.effects, [Effect::Copy(text.clone())]);
    assert_eq!(
        notice(&driver),
        "The token of user-42 sent to the terminal's clipboard; C clears it"
    );
    driver.tick(20 * 60).press("y");
    assert_eq!(driver.effects, []);
    driver.press("enter");
    let ticket = driver.ticket();
    let minted = token(&driver, "user-42");
    driver.done(ticket, Outcome::Minted(Box::new(minted)));
    assert_eq!(driver.effects, [Effect::Copy(text)]);
}

#[test]
fn tokens_of_another_configuration_do_not_count() {
    let mut driver = Driver::at_tokens();
    driver.add("user-43").press("home enter");
    let ticket = driver.ticket();
    let minted = token(&driver, "user-42");
    driver.done(ticket, Outcome::Minted(Box::new(minted)));
    driver.press("down enter");
    let open = driver.ticket();
    driver.press("alt-1 tab").type_text("x");
    assert_eq!(cancels(&driver), [open]);
    assert_eq!(driver.model.tokens.live(driver.model.now), 0);
    let late = token(&driver, "user-43");
    driver.done(open, Outcome::Minted(Box::new(late)));
    assert_eq!(driver.model.tokens.live(driver.model.now), 0, "too late");
    driver.press("backspace");
    assert_eq!(driver.model.tokens.live(driver.model.now), 1, "put back");
}

#[test]
fn forgetting_asks_and_takes_the_row_away() {
    let mut driver = Driver::at_tokens();
    driver.add("user-43").press("x esc");
    assert_eq!(driver.effects, []);
    driver.press("x enter");
    let access = driver.model.access().unwrap();
    let ticket = driver.ticket();
    assert_eq!(
        driver.effects,
        [Effect::Send(Command::Start(
            Ticket(ticket),
            Job::Forget(access, user("user-43"))
        ))]
    );
    driver.done(ticket, Outcome::Forgotten);
    assert_eq!(driver.model.tokens.len(), 1);
}

#[test]
fn the_filter_narrows_as_one_types_and_esc_drops_it() {
    let mut driver = Driver::at_tokens();
    driver.add("alpha, beta, Albert").press("/").type_text("AL");
    assert_eq!(driver.model.tokens.shown_len(), 2);
    driver.press("enter esc");
    assert_eq!(driver.model.tokens.shown_len(), 4);
    assert_eq!(driver.model.focus, Focus::Body);
}

#[test]
fn stopping_keeps_what_is_done() {
    let mut driver = Driver::at_tokens();
    driver.add("user-43").press("M");
    let open: Vec<u64> = driver.started().iter().map(|(t, _)| *t).collect();
    let minted = token(&driver, "user-42");
    driver.done(open[0], Outcome::Minted(Box::new(minted)));
    driver.press("c");
    assert_eq!(cancels(&driver), [open[1]]);
    driver.fails(open[1], Failure::new(Code::Cancelled, "cancelled"));
    assert_eq!(driver.model.tokens.live(driver.model.now), 1);
    assert_eq!(driver.model.tokens.failures(), 0);
}

#[test]
fn an_idle_screen_stays_still() {
    let mut driver = Driver::ready();
    assert_eq!(next_wake(&driver.model), None);
    driver.press("enter");
    assert_eq!(next_wake(&driver.model), Some(Duration::from_millis(250)));
    driver.done(1, Outcome::Checked(steps()));
    assert_eq!(next_wake(&driver.model), None);
    driver.answer(Event::AccessToken(Duration::from_mins(15), moment(0)));
    assert_eq!(
        next_wake(&driver.model),
        Some(Duration::from_mins(1)),
        "the header's minutes"
    );
}

#[test]
fn a_countdown_on_screen_wakes_each_second_and_none_off_it() {
    let mut driver = Driver::at_tokens();
    driver.press("enter");
    let ticket = driver.ticket();
    let minted = token(&driver, "user-42");
    driver.done(ticket, Outcome::Minted(Box::new(minted)));
    assert_eq!(next_wake(&driver.model), Some(Duration::from_secs(1)));
    driver.press("alt-2");
    assert_eq!(
        next_wake(&driver.model),
        Some(Duration::from_mins(20)),
        "the rail's count of live tokens"
    );
    driver.tick(20 * 60);
    assert_eq!(next_wake(&driver.model), None);
}

#[test]
fn a_retry_counts_down_in_the_header() {
    let mut driver = Driver::ready();
    let mut lost = exchange("/v1/applications/token", Some(503));
    lost.again_in = Some(Duration::from_millis(2_500));
    driver.answer(Event::Exchanged(lost));
    assert!(driver.frame().contains("◌ retrying in 3 s"));
    assert_eq!(next_wake(&driver.model), Some(Duration::from_millis(500)));
    driver.answer(Event::Exchanged(exchange(
        "/v1/applications/token",
        Some(200),
    )));
    assert!(driver.frame().contains("● online"));
    assert_eq!(next_wake(&driver.model), None);
}

#[test]
fn an_order_the_channel_did_not_take_ends_as_failed() {
    let mut driver = Driver::ready();
    driver.press("enter");
    let command = Command::Start(Ticket(1), Job::Check(driver.model.draft.clone()));
    driver.tell(Message::Refused(command));
    assert_eq!(driver.model.setup, None);
    assert!(notice(&driver).contains("too many orders"));
}

#[test]
fn a_client_that_ended_is_said_and_asked_nothing_more() {
    let mut driver = Driver::at_tokens();
    driver.press("enter").tell(Message::ClientEnded(None));
    assert!(driver.frame().contains("the background task has stopped"));
    driver.press("enter");
    assert_eq!(driver.effects, []);
    assert_eq!(next_wake(&driver.model), None);
}

#[test]
fn help_lists_the_keys_of_the_screen() {
    let mut driver = Driver::at_tokens();
    driver.press("?");
    for words in ["On Tokens", "mint a token for the selected user"] {
        assert!(driver.frame().contains(words), "{words}");
    }
    driver.press("esc");
    assert!(!driver.frame().contains("On Tokens"));
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
fn users_come_from_a_file_named_with_an_at_sign() {
    let mut driver = Driver::at_tokens();
    driver.press("a").type_text("@").press("enter");
    assert!(driver.frame().contains("names no file"));
    driver.type_text("users.txt").press("enter");
    let started = driver.started();
    let [(ticket, Job::Users(path))] = started.as_slice() else {
        panic!("{started:?}");
    };
    assert_eq!(path.to_str(), Some("users.txt"));
    let ticket = *ticket;
    let list = crate::domain::user::UserList::parse_lines("user-1\nuser-2\nuser-42\n\u{202e}x");
    driver.done(ticket, Outcome::Users(Box::new(list)));
    assert_eq!(driver.model.tokens.len(), 3);
    let text = &driver.model.notice.as_ref().unwrap().text;
    assert!(
        text.starts_with("! Added 2 users; 1 was there already; left out 1 line: 4 "),
        "{text}"
    );
}

#[test]
fn a_bulk_tells_how_far_it_is_and_keeps_what_is_done_when_it_is_stopped() {
    let mut driver = Driver::at_tokens();
    let list: Vec<String> = (0..9_999).map(|i| format!("u-{i}")).collect();
    driver.press("a").paste(&list.join("\n")).press("enter");
    driver.press("M enter");
    let mut open: std::collections::VecDeque<u64> =
        driver.started().iter().map(|(ticket, _)| *ticket).collect();
    for i in 0..312 {
        let ticket = open.pop_front().unwrap();
        if i % 100 == 0 {
            driver.fails(ticket, Failure::new(Code::NetworkLost, "cut off"));
        } else {
            let name = if i == 0 {
                "user-42".to_owned()
            } else {
                format!("u-{}", i - 1)
            };
            let minted = token(&driver, &name);
            driver.done(ticket, Outcome::Minted(Box::new(minted)));
        }
        open.extend(driver.started().iter().map(|(ticket, _)| *ticket));
    }
    let frame = driver.frame();
    assert!(
        frame.contains("312 of 10,000 mints, 4 failed · c stops"),
        "{frame}"
    );
    driver.press("c");
    assert_eq!(cancels(&driver).len(), 64);
    assert_eq!(driver.model.tokens.live(driver.model.now), 308);
    assert_eq!(driver.model.tokens.under_way(), 0);
    driver.press("M enter");
    assert!(
        driver.frame().contains("0 of 9,692 mints · c stops"),
        "{}",
        driver.frame()
    );
}

#[test]
fn signals_end_with_their_own_code() {
    for exit in [Exit::Terminated, Exit::Hangup, Exit::Interrupted] {
        let mut driver = Driver::ready();
        driver.tell(Message::Signalled(exit));
        assert_eq!(driver.effects, [Effect::Quit(exit)]);
    }
}

#[test]
fn ten_thousand_rows_are_drawn_by_the_page() {
    let mut driver = Driver::at_tokens();
    let list: Vec<String> = (0..10_000).map(|i| format!("user-{i:05}")).collect();
    driver
        .press("a")
        .paste(&list.join("\n"))
        .press("enter end pgup");
    let frame = driver.frame();
    assert!(frame.contains("of 10,001"), "{frame}");
    assert_eq!(frame.matches(" user-0").count(), 12 + 2, "{frame}");
    assert!(frame.contains("0/10k"), "{frame}");
}
