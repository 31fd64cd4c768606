//! Keys on Tokens: minting, renewing, copying, forgetting.

use super::frames::planned;
use super::keys::{cancels, notice};
use super::*;
use crate::client::KnownUser;
use crate::domain::failure::Code;
use crate::tui::model::Focus;
use crate::tui::prompt::{Prompt, Question};
use crate::tui::tokens::Wish;

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
fn the_first_mint_without_a_template_is_asked_for_once() {
    let mut driver = Driver::ready();
    driver.press("alt-3");
    let planned = plan(&driver, Would::Create);
    let ticket = driver.setup();
    driver.press("enter");
    assert_eq!(driver.effects, [], "the template is still being looked for");
    driver.done(ticket, Outcome::Planned(Box::new(planned)));
    assert_eq!(
        driver.model.prompt,
        Some(Prompt::Ask(Question::MintUnknown(vec![Wish::of(user(
            "user-42"
        ))])))
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
    let ticket = driver.setup();
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
        "✔ Token of user-42 sent to the clipboard · C clears"
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
fn a_first_mint_that_is_stopped_may_have_made_its_workspace() {
    let mut driver = Driver::at_tokens();
    driver.press("enter c");
    assert_eq!(cancels(&driver).len(), 1);
    let frame = driver.frame();
    assert!(frame.contains("! stopped"), "{frame}");
    assert!(frame.contains("the workspace may exist"), "{frame}");
    assert!(!frame.contains("Not minted here before"), "{frame}");
    assert_eq!(driver.model.tokens.failures(), 0);
    // Without a template it may be one that never gets its destination, whatever is made later.
    let mut driver = without_template();
    driver.press("enter enter c");
    let exists = existing(&driver);
    driver.model.template.plan = Some(exists);
    driver.press("enter");
    let ticket = driver.ticket();
    let minted = token(&driver, "user-42");
    driver.done(ticket, Outcome::Minted(Box::new(minted)));
    assert!(driver.frame().contains("user-42 !"), "{}", driver.frame());
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

/// A board whose own user has a token that renews itself, and the renewal just begun.
fn renewing() -> Driver {
    let mut driver = Driver::at_tokens();
    driver.press("enter");
    let ticket = driver.ticket();
    let minted = token(&driver, "user-42");
    driver.done(ticket, Outcome::Minted(Box::new(minted)));
    driver.press("r").tick(16 * 60);
    assert_eq!(minted_users(&driver), ["user-42"]);
    driver
}

#[test]
fn a_renewal_that_is_stopped_does_not_begin_again() {
    let mut driver = renewing();
    let ticket = driver.ticket();
    driver.press("c");
    assert_eq!(cancels(&driver), [ticket]);
    assert_eq!(
        notice(&driver),
        "! Stopped 1 mint; what is done is kept; 1 row renews itself no more"
    );
    driver.tick(16 * 60 + 1);
    assert_eq!(driver.effects, []);
    assert_eq!(driver.model.tokens.auto_count(), 0);
}

#[test]
fn the_line_for_users_counts_what_it_makes_and_names_what_it_cannot_take() {
    let mut driver = Driver::at_tokens();
    driver.press("a");
    let frame = driver.frame();
    assert!(frame.contains("one ID for each customer"), "{frame}");
    driver.type_text("user-43");
    assert!(driver.frame().contains("makes 1 workspace if it is new"));
    driver
        .press("ctrl-u")
        .type_text(&format!("user-43, bad-one-{}, user-44", "x".repeat(300)));
    let named = |driver: &Driver| driver.frame().contains("✖ bad-one-");
    assert!(named(&driver), "{}", driver.frame());
    driver.press("enter");
    assert!(named(&driver), "{}", driver.frame());
    assert!(driver.model.prompt.is_some());
    driver.press("f3");
    assert!(!named(&driver), "on a shared screen {}", driver.frame());
    assert!(driver.frame().contains("is 308 characters long"));
}

#[test]
fn a_line_for_one_user_opens_with_what_to_type() {
    for keys in ["alt-4 u", "alt-5 u"] {
        let mut driver = Driver::at_tokens();
        driver.press(keys);
        let frame = driver.frame();
        assert!(frame.contains("as your app names the customer"), "{frame}");
        assert!(!frame.contains("is empty"), "{frame}");
        driver.press("enter");
        let frame = driver.frame();
        assert!(frame.contains("✖ the ID is empty"), "{frame}");
    }
}

#[test]
fn nothing_is_minted_for_a_user_who_is_being_forgotten() {
    let mut driver = renewing();
    driver.press("x enter").tick(16 * 60 + 1);
    assert_eq!(driver.effects, []);
}

#[test]
fn settings_that_change_and_change_back_leave_a_renewal_on() {
    let mut driver = renewing();
    driver.press("alt-1").focus(Key::OrganizationId);
    driver.type_text("x").press("backspace");
    assert_eq!(driver.model.tokens.auto_count(), 1);
    driver.tick(16 * 60 + 1);
    assert_eq!(minted_users(&driver), ["user-42"]);
}

fn copies(driver: &Driver) -> bool {
    let copy = |effect: &Effect| matches!(effect, Effect::Copy(_));
    driver.effects.iter().any(copy)
}

#[test]
fn a_token_that_was_to_be_copied_is_not_after_its_mint_was_given_up() {
    let stopped = |driver: &mut Driver| {
        driver.press("y enter c");
    };
    let left = |driver: &mut Driver| {
        driver.model.template.plan.as_mut().unwrap().would = Would::Create;
        driver.press("y enter");
        assert!(matches!(
            driver.model.prompt,
            Some(Prompt::Ask(Question::MintUnknown(_)))
        ));
        driver.press("alt-1 alt-3");
        driver.model.tokens.trap_accepted = true;
    };
    let refused = |driver: &mut Driver| {
        driver.tell(Message::ClientEnded(None));
        driver.press("y enter f4");
    };
    let give_ups: [&dyn Fn(&mut Driver); 3] = [&stopped, &left, &refused];
    for (at, give_up) in give_ups.into_iter().enumerate() {
        let mut driver = Driver::at_tokens();
        give_up(&mut driver);
        driver.press("enter");
        let ticket = driver.ticket();
        let minted = token(&driver, "user-42");
        driver.done(ticket, Outcome::Minted(Box::new(minted)));
        assert!(!copies(&driver), "{at}");
    }
}

#[test]
fn a_mint_under_way_is_copied_when_that_is_asked_for_meanwhile() {
    let mut driver = Driver::at_tokens();
    driver.press("enter");
    let ticket = driver.ticket();
    driver.press("y enter");
    assert_eq!(driver.effects, [], "one at a time");
    let minted = token(&driver, "user-42");
    driver.done(ticket, Outcome::Minted(Box::new(minted)));
    assert!(copies(&driver));
}

#[test]
fn all_that_waits_for_the_template_is_minted() {
    let waiting = || {
        let mut driver = Driver::ready();
        driver.press("alt-3").add("a,b").press("home enter");
        assert_eq!(notice(&driver), "Looking for the template first");
        driver.press("down enter enter");
        assert_eq!(driver.model.tokens.under_way(), 2);
        driver
    };
    let exists = |driver: &mut Driver| {
        let plan = existing(driver);
        driver.done(driver.setup(), Outcome::Planned(Box::new(plan)));
    };
    let mut driver = waiting();
    exists(&mut driver);
    assert_eq!(minted_users(&driver), ["user-42", "a"]);
    // What is being typed is not disturbed, and neither is another screen.
    let mut driver = waiting();
    driver.press("/").type_text("a");
    exists(&mut driver);
    assert_eq!(driver.effects, []);
    driver.press("esc");
    assert_eq!(minted_users(&driver), ["user-42", "a"]);
    let mut driver = waiting();
    driver.press("alt-2");
    exists(&mut driver);
    assert_eq!(driver.effects, []);
    driver.press("alt-3");
    assert_eq!(minted_users(&driver), ["user-42", "a"]);
    // It can be stopped like all that is under way.
    let mut driver = waiting();
    driver.press("c");
    assert_eq!(notice(&driver), "! Stopped 2 mints; what is done is kept");
    exists(&mut driver);
    assert_eq!(driver.effects, []);
}

#[test]
fn minting_without_a_template_is_asked_for_in_every_organization() {
    let mut driver = planned(|_| Would::Create);
    driver.press("alt-3 enter enter");
    assert_eq!(minted_users(&driver), ["user-42"]);
    driver.press("alt-1").focus(Key::OrganizationId);
    driver
        .press("ctrl-u")
        .type_text("6f0c3a1e-6a0e-4d0e-b1a7-0f7e5a3391aa")
        .press("alt-3");
    let planned = plan(&driver, Would::Create);
    driver.done(driver.setup(), Outcome::Planned(Box::new(planned)));
    driver.press("enter");
    assert_eq!(driver.effects, []);
    assert!(matches!(
        driver.model.prompt,
        Some(Prompt::Ask(Question::MintUnknown(_)))
    ));
}

#[test]
fn the_selected_row_stays_so_when_another_user_comes_first() {
    let mut driver = Driver::at_tokens();
    driver.press("enter");
    let ticket = driver.ticket();
    let minted = token(&driver, "user-42");
    driver.done(ticket, Outcome::Minted(Box::new(minted)));
    driver.add("a,b,c").press("end");
    driver.press("alt-1").focus(Key::ExternalUserId);
    driver.type_text("9").press("alt-3");
    assert_eq!(driver.model.tokens.len(), 5);
    assert_eq!(driver.model.tokens.selected().unwrap().user, user("c"));
}

/// The board, the template known not to be there.
fn without_template() -> Driver {
    let mut driver = Driver::ready();
    driver.press("alt-3");
    let planned = plan(&driver, Would::Create);
    let ticket = driver.setup();
    driver.done(ticket, Outcome::Planned(Box::new(planned)));
    driver
}

/// A board whose one user was minted for although no template was known.
fn bare() -> Driver {
    let mut driver = without_template();
    driver.press("enter enter");
    let ticket = driver.ticket();
    let minted = token(&driver, "user-42");
    driver.done(ticket, Outcome::Minted(Box::new(minted)));
    driver
}

#[test]
fn a_workspace_made_before_the_template_stays_marked_until_it_has_a_destination() {
    let mut driver = bare();
    insta::assert_snapshot!("tokens_bare", driver.frames());
    driver.press("alt-2");
    let exists = existing(&driver);
    driver.model.template.plan = Some(exists);
    driver.press("alt-3 r");
    assert!(driver.frame().contains("user-42 !"), "{}", driver.frame());
    assert!(driver.frame().contains("! Its workspace may have been"));
    driver.press("alt-4");
    assert!(driver.frame().contains("! 3 Tokens"), "{}", driver.frame());
    assert!(driver.frame().contains("! The customer's workspace may"));
    driver.press("alt-3 d");
    let look = driver.ticket();
    let landed = landing(&driver, "user-42");
    driver.done(look, Outcome::Landed(Box::new(landed)));
    driver.press("alt-3");
    assert!(!driver.frame().contains("user-42 !"), "{}", driver.frame());
    assert!(!driver.frame().contains("Its workspace may have been"));
}

#[test]
fn a_workspace_made_after_the_template_is_not_marked() {
    let mut driver = Driver::at_tokens();
    driver.press("enter");
    let ticket = driver.ticket();
    let minted = token(&driver, "user-42");
    driver.done(ticket, Outcome::Minted(Box::new(minted)));
    assert!(!driver.frame().contains("user-42 !"), "{}", driver.frame());
}

#[test]
fn what_is_to_be_known_of_a_user_is_told_at_every_size_and_beside_auto() {
    let mut driver = Driver::at_tokens();
    driver.add("a e/f").press("enter");
    let ticket = driver.ticket();
    let minted = token(&driver, "a e/f");
    driver.done(ticket, Outcome::Minted(Box::new(minted)));
    driver.press("r");
    for (width, height) in SIZES {
        let frame = driver.size(width, height).frame();
        assert!(frame.contains("a e/f !"), "{frame}");
        assert!(
            frame.contains("! holds \"/\", which makes a folder"),
            "{frame}"
        );
        assert!(frame.contains("auto"), "{frame}");
    }
}

#[test]
fn a_filter_names_its_way_out_and_hides_nothing_that_was_just_added() {
    let mut driver = Driver::at_tokens();
    driver.press("/").type_text("zzz").press("enter");
    assert!(
        driver.frame().contains("Esc drop the filter"),
        "{}",
        driver.frame()
    );
    driver.add("zzz-1").size(200, 60);
    assert!(
        driver.model.tokens.filter().is_on(),
        "it leaves the new one"
    );
    assert!(
        driver.frame().contains("M mint those shown"),
        "{}",
        driver.frame()
    );
    driver.add("newone");
    assert!(!driver.model.tokens.filter().is_on());
    assert_eq!(driver.model.tokens.selected().unwrap().user, user("newone"));
}

#[test]
fn a_key_that_does_nothing_says_why() {
    let mut driver = Driver::at_tokens();
    driver.press("c");
    assert_eq!(notice(&driver), "Nothing is being minted");
    driver.press("alt-1 ctrl-r");
    assert_eq!(notice(&driver), "Not now: this field is no secret");
    driver.press("ctrl-f");
    assert_eq!(notice(&driver), "Not now: no repair is offered");
}

#[test]
fn renewing_what_is_over_begins_at_once_and_says_so() {
    let mut driver = Driver::at_tokens();
    driver.press("enter");
    let ticket = driver.ticket();
    let minted = token(&driver, "user-42");
    driver.done(ticket, Outcome::Minted(Box::new(minted)));
    driver.tick(21 * 60);
    assert!(driver.frame().contains("Expired "), "{}", driver.frame());
    driver.press("r");
    assert_eq!(
        notice(&driver),
        "✔ Renewed by itself from now on, beginning at once"
    );
}

#[test]
fn a_count_on_the_folded_rail_is_whole_or_left_out() {
    let mut driver = Driver::at_tokens();
    let users: Vec<String> = (0..200).map(|i| format!("u{i}")).collect();
    driver.press("a").paste(&users.join("\n")).press("enter");
    for i in 0..1_234 {
        driver.answer(Event::Exchanged(exchange(&format!("/v1/{i}"), Some(200))));
    }
    for screen in 1..=6 {
        driver.press(&format!("alt-{screen}")).size(60, 16);
        let frame = driver.frame();
        let rail = frame.lines().nth(2).unwrap().trim_end();
        assert!(rail.ends_with("1,234") || rail.ends_with('6'), "{rail}");
    }
}

#[test]
fn the_first_token_names_the_next_place_of_the_walk() {
    let mut driver = Driver::at_tokens();
    let mint = |driver: &mut Driver| {
        driver.press("enter");
        let ticket = driver.ticket();
        let minted = token(driver, "user-42");
        driver.done(ticket, Outcome::Minted(Box::new(minted)));
    };
    mint(&mut driver);
    assert_eq!(notice(&driver), "✔ Minted: 4 opens the demo app");
    driver.press("down");
    assert!(
        driver.frame().contains("Enter mint anew · 4 preview"),
        "{}",
        driver.frame()
    );
    driver.press("4 enter 3");
    assert!(!driver.frame().contains("4 preview"), "{}", driver.frame());
}
