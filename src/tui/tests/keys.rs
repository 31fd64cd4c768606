//! Tables on `update`: what a key, a paste, an answer or time leads to.

use super::frames::planned;
use super::*;
use crate::domain::failure::{Code, Exit};
use crate::tui::model::{Focus, Work};

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
fn an_idle_screen_stays_still() {
    let mut driver = Driver::ready();
    assert_eq!(next_wake(&driver.model), None);
    driver.press("enter");
    assert_eq!(next_wake(&driver.model), Some(Duration::from_millis(250)));
    driver.done(1, Outcome::Checked(steps()));
    assert_eq!(next_wake(&driver.model), None);
    driver.holds_access_token();
    assert_eq!(
        next_wake(&driver.model),
        Some(Duration::from_mins(1)),
        "the header's minutes"
    );
}

#[test]
fn a_retry_counts_down_in_the_header() {
    let mut driver = Driver::ready();
    driver.press("enter");
    let mut lost = exchange("/v1/applications/token", Some(503));
    lost.again_in = Some(Duration::from_millis(2_500));
    driver.answer(Event::Exchanged(lost));
    assert!(driver.frame().contains("◌ retrying in 3 s"));
    driver.tick(2);
    assert!(driver.frame().contains("◌ retrying in 1 s"));
    driver.answer(Event::Exchanged(exchange(
        "/v1/applications/token",
        Some(200),
    )));
    assert!(driver.frame().contains("● online"));
}

#[test]
fn a_retry_that_was_given_up_is_told_no_more() {
    let mut driver = Driver::ready();
    driver.press("enter");
    let mut lost = exchange("/v1/applications/token", Some(503));
    lost.again_in = Some(Duration::from_secs(4));
    driver.answer(Event::Exchanged(lost.clone()));
    assert!(driver.frame().contains("retrying"));
    driver.type_text("x");
    assert!(!driver.frame().contains("retrying"), "{}", driver.frame());
    driver.answer(Event::Exchanged(lost));
    assert!(!driver.frame().contains("retrying"), "told too late");
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
fn signals_end_with_their_own_code() {
    for exit in [Exit::Terminated, Exit::Hangup, Exit::Interrupted] {
        let mut driver = Driver::ready();
        driver.tell(Message::Signalled(exit));
        assert_eq!(driver.effects, [Effect::Quit(exit)]);
    }
}

#[test]
fn the_question_of_quitting_follows_what_is_left() {
    let mut driver = Driver::ready();
    driver.press("enter").model.focus = Focus::Rail(Screen::Prerequisites);
    driver.press("q");
    assert!(driver.frame().contains("left: still checking"));
    driver.done(1, Outcome::Checked(steps()));
    let frame = driver.frame();
    assert!(frame.contains("What was under way has ended."), "{frame}");
}

#[test]
fn esc_is_said_to_stop_only_where_it_stops() {
    let mut driver = Driver::ready();
    driver.press("alt-2 alt-1");
    assert_eq!(driver.model.setup_work(), Some(Work::Plan));
    let frame = driver.frame();
    assert!(!frame.contains("Esc stop") && !frame.contains("Enter check"));
    driver.press("esc");
    assert_eq!(driver.effects, [], "the plan goes on");
    driver.press("alt-2");
    assert!(driver.frame().contains("Esc stop"));
    driver.press("esc");
    assert_eq!(cancels(&driver), [1]);
}

#[test]
fn the_header_tells_the_life_of_the_settings_own_token() {
    let mut driver = Driver::ready();
    driver.holds_access_token();
    assert!(driver.frame().contains("access token 15 min"));
    driver.focus(Key::ClientId).type_text("0");
    assert!(!driver.frame().contains("access token"));
    assert_eq!(next_wake(&driver.model), None);
    driver.press("backspace");
    assert!(driver.frame().contains("access token 15 min"), "put back");
}

#[test]
fn what_scrolls_ends_with_its_last_line_and_goes_by_the_page() {
    let template = planned(|_| Would::Create);
    let mut policy = Driver::ready();
    policy.size(60, 16).press("esc i");
    let mut help = Driver::at_tokens();
    help.press("?");
    let pages = vec![("template", template), ("policy", policy), ("help", help)];
    for (name, mut driver) in pages {
        let top = driver.frame();
        let end = driver.press("end").frame();
        assert_ne!(top, end, "{name}");
        assert_eq!(driver.press("down").frame(), end, "{name}");
        assert_ne!(driver.press("up").frame(), end, "{name}");
        let above = driver.press("end pgup").frame();
        assert_ne!(driver.press("down").frame(), above, "{name}");
        assert_eq!(driver.press("home").frame(), top, "{name}");
        let page = driver.press("pgdn").frame();
        assert_ne!(driver.press("home down").frame(), page, "{name}");
    }
}

#[test]
fn a_notice_that_is_too_long_for_the_footer_is_read_above_it() {
    let why = "✖ the env file was not written: .env cannot be written: Permission denied";
    for (width, height) in SIZES {
        let mut driver = Driver::ready();
        driver.size(width, height);
        driver.model.say(Role::Bad, why);
        let frame = driver.frame();
        let words = frame.split_whitespace().collect::<Vec<_>>().join(" ");
        let whole = words.replace(" │", "");
        assert!(whole.contains("Permission denied"), "{frame}");
        let footer = frame.lines().last().unwrap();
        assert!(footer.contains("Enter check"), "{frame}");
        assert!(footer.contains("F1 help"), "{frame}");
        driver.press("tab");
        assert!(!driver.frame().contains("Permission"), "{}", driver.frame());
    }
}
