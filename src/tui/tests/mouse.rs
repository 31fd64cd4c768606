//! The mouse: every click lands on what is drawn there, and does what a key would.

use super::*;
use crate::domain::field::Key;
use crate::tui::tests::data::landed;
use crate::tui::tests::frames::board;
use crate::tui::tests::preview::visited;

impl Driver {
    /// Clicks on a text of the frame, found by its first cell.
    fn click_on(&mut self, text: &str) -> &mut Driver {
        let frame = self.frame();
        let at = frame.lines().enumerate().find_map(|(row, line)| {
            let (before, _) = line.split_once(text)?;
            let column = unicode_width::UnicodeWidthStr::width(before);
            Some((column, row))
        });
        let (column, row) = at.unwrap_or_else(|| panic!("no {text:?} in\n{frame}"));
        self.click(column, row)
    }

    fn click(&mut self, column: usize, row: usize) -> &mut Driver {
        let cell = |n: usize| u16::try_from(n).unwrap();
        self.tell(Message::Clicked(cell(column), cell(row)))
    }
}

#[test]
fn the_whole_walk_goes_by_the_mouse_alone() {
    let mut driver = Driver::ready();
    driver.click_on("Enter check");
    let ticket = driver.ticket();
    driver.done(ticket, Outcome::Checked(steps()));
    driver.click_on("Enter go on to the template");
    let ticket = driver.ticket();
    let plan = plan(&driver, Would::Create);
    driver.done(ticket, Outcome::Planned(Box::new(plan)));
    driver.click_on("Enter create").click_on("Enter create");
    let ticket = driver.ticket();
    let id = "0d2f7c1e-1111-4222-8333-9b1e5c0077b1".to_owned();
    let created = Outcome::Created(Creation::Created { id }, "ledger".to_owned());
    driver.done(ticket, created);
    driver.click_on("3 Tokens").click_on("Enter mint");
    assert!(matches!(driver.started().as_slice(), [(_, Job::Mint(..))]));
    driver.click_on("6 Activity");
    assert_eq!(driver.model.screen, Screen::Activity);
}

#[test]
fn fields_take_the_cursor_where_they_are_clicked() {
    let mut driver = Driver::ready();
    driver.click_on("Bucket");
    assert_eq!(driver.model.form.field().key, Key::Bucket);
    driver.click_on("acme-embedded");
    driver.type_text("x");
    assert_eq!(driver.model.draft.text(Key::Bucket), "xacme-embedded");
    driver.click_on("embedded").type_text("y");
    assert_eq!(driver.model.draft.text(Key::Bucket), "xacme-yembedded");
}

#[test]
fn rows_are_selected_and_an_opened_request_takes_two_clicks() {
    let mut driver = board();
    driver.click_on("acme GmbH");
    assert_eq!(
        driver.model.tokens.selected().unwrap().user,
        user("acme GmbH")
    );
    assert_eq!(driver.effects, [], "nothing is minted by it");
    driver
        .press("alt-6")
        .answer(Event::Exchanged(exchange("/v1/one", Some(200))));
    driver.answer(Event::Exchanged(exchange("/v1/two", Some(200))));
    driver.click_on("/v1/one");
    assert_eq!(driver.model.activity.open, None);
    driver.click_on("/v1/one");
    assert_eq!(driver.model.activity.open, Some(0));
}

#[test]
fn a_click_on_a_narrowed_list_selects_what_stands_there() {
    for (width, height) in [(100, 28), (60, 20)] {
        let (mut driver, _) = visited();
        driver.size(width, height);
        driver.press("/").type_text("token").press("enter");
        driver.click_on("token for");
        let frame = driver.frame();
        let line = frame.lines().find(|line| line.contains("▸ ✔")).unwrap();
        assert!(line.contains("token for user-42"), "{frame}");
        let mut driver = landed();
        driver.size(width, height);
        driver.press("/").type_text("p").press("enter");
        driver.click_on("products");
        assert!(driver.frame().contains("▸ products"), "{}", driver.frame());
    }
}

#[test]
fn a_folded_rail_is_clicked_as_well() {
    let mut driver = Driver::ready();
    driver.size(60, 16).click_on("○ 3");
    assert_eq!(driver.model.screen, Screen::Tokens);
}

#[test]
fn what_lies_below_a_question_waits_for_its_answer() {
    let mut driver = board();
    driver.press("x").click_on("acme GmbH");
    assert!(driver.model.prompt.is_some());
    assert_eq!(
        driver.model.tokens.selected().unwrap().user,
        user("user-42")
    );
    driver.click_on("Esc keep");
    assert_eq!(driver.model.prompt, None);
}

#[test]
fn the_palette_runs_what_is_clicked() {
    let mut driver = Driver::at_tokens();
    driver
        .press("ctrl-p")
        .type_text("go to")
        .click_on("go to Activity");
    assert_eq!(
        (driver.model.screen, driver.model.palette.is_none()),
        (Screen::Activity, true)
    );
}

#[test]
fn the_wheel_scrolls_what_has_the_keys() {
    let mut driver = board();
    driver.tell(Message::Wheeled { up: false });
    assert_eq!(driver.model.tokens.cursor(), 3);
    driver.tell(Message::Wheeled { up: true });
    assert_eq!(driver.model.tokens.cursor(), 0);
    driver.press("f1").tell(Message::Wheeled { up: false });
    assert_eq!(driver.model.help, Some(3));
    let mut driver = Driver::ready();
    driver.tell(Message::Wheeled { up: false });
    assert_eq!(driver.model.form.at, 1, "a field at a time");
}

#[test]
fn the_mouse_is_the_terminals_until_it_is_taken() {
    let mut driver = Driver::ready();
    driver.press("f2");
    assert_eq!(driver.effects, [Effect::Mouse(true)]);
    assert!(driver.frame().contains("MOUSE"));
    driver.press("f2");
    assert_eq!(driver.effects, [Effect::Mouse(false)]);
    assert!(!driver.frame().contains("MOUSE"));
}

#[test]
fn a_click_anywhere_at_any_size_panics_nowhere() {
    for (width, height) in [(1, 1), (60, 16), (79, 17), (100, 28)] {
        for keys in ["esc", "a", "ctrl-p", "f1", "alt-6"] {
            for row in 0..usize::from(height) {
                for column in (0..usize::from(width)).step_by(7) {
                    let mut driver = Driver::at_tokens();
                    driver.size(width, height).press(keys).click(column, row);
                    driver.frame();
                }
            }
        }
    }
}
