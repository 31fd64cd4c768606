//! The palette: every action by its name, found by typing, run by Enter.
//!
//! Depends on `action` for the rows, on `input`, `keys`, `pen`. With nothing typed it lists what this
//! screen knows; a name finds the other screens' actions as well. What cannot be done now is listed
//! too, dim and with the reason, so that a name one remembers is always found.

use ratatui::crossterm::event::{KeyCode, KeyEvent};
use ratatui::text::Line as TextLine;
use unicode_width::UnicodeWidthStr as _;

use super::action::{self, Entry};
use super::input::Line;
use super::keys::{Binding, Hint, bare, find, hint};
use super::message::Effect;
use super::model::Model;
use super::mouse::Click;
use super::pen::Row;
use super::rows::{self, Move};
use super::theme::Role;
use super::view::{Drawn, body_size};

/// The palette's state.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Palette {
    line: Line,
    at: usize,
}

/// What can be done in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Run,
    Close,
    Move(Move),
}

/// Letters are text here, and so are the ends of the line.
const KEYS: &[Binding<Action>] = &[
    Binding {
        keys: &[bare(KeyCode::Enter)],
        action: Action::Run,
        verb: "do it",
        help: "do the chosen action",
    },
    Binding {
        keys: &[bare(KeyCode::Esc)],
        action: Action::Close,
        verb: "close",
        help: "close the palette",
    },
    Binding {
        keys: &[bare(KeyCode::Up), bare(KeyCode::BackTab)],
        action: Action::Move(Move::Up),
        verb: "choose",
        help: "the action above",
    },
    Binding {
        keys: &[bare(KeyCode::Down), bare(KeyCode::Tab)],
        action: Action::Move(Move::Down),
        verb: "choose",
        help: "the action below",
    },
    Binding {
        keys: &[bare(KeyCode::PageUp)],
        action: Action::Move(Move::PageUp),
        verb: "page up",
        help: "the page above",
    },
    Binding {
        keys: &[bare(KeyCode::PageDown)],
        action: Action::Move(Move::PageDown),
        verb: "page down",
        help: "the page below",
    },
];

/// The lines that are not rows: title, line, blank, place.
const FIXED: usize = 4;

/// Beyond this a key no longer reads as belonging to its name.
const WIDEST: usize = 110;

/// Returns the key bar.
pub fn hints() -> Vec<Hint> {
    [Action::Run, Action::Close, Action::Move(Move::Down)]
        .into_iter()
        .filter_map(|action| hint(KEYS, action))
        .collect()
}

/// Takes a key while the palette has the keys.
pub fn press(model: &mut Model, mut palette: Palette, key: KeyEvent) -> Vec<Effect> {
    let page = page_rows(model);
    let last = matching(model, &palette).len().saturating_sub(1);
    let at = palette.at.min(last);
    match find(KEYS, key) {
        Some(Action::Run) => return run(model, palette),
        Some(Action::Close) => return Vec::new(),
        Some(Action::Move(step)) => palette.at = step.lead(at, last, page),
        None => {
            if palette.line.press(key) {
                palette.at = 0;
            }
        }
    }
    model.palette = Some(palette);
    Vec::new()
}

/// Takes a paste.
pub fn paste(model: &mut Model, mut palette: Palette, text: &str) {
    palette.line.paste(text);
    palette.at = 0;
    model.palette = Some(palette);
}

/// Runs a row by its place among those shown, as a click does.
pub fn pick(model: &mut Model, at: usize) -> Vec<Effect> {
    match model.palette.take() {
        Some(palette) => run(model, Palette { at, ..palette }),
        None => Vec::new(),
    }
}

fn run(model: &mut Model, palette: Palette) -> Vec<Effect> {
    let rows = matching(model, &palette);
    let at = palette.at.min(rows.len().saturating_sub(1));
    let Some((entry, why_not)) = rows.get(at) else {
        model.palette = Some(palette);
        return Vec::new();
    };
    if let Some(why) = why_not {
        model.say(Role::Warn, format!("Not now: {why}"));
        model.palette = Some(palette);
        return Vec::new();
    }
    action::run_entry(model, &entry.clone())
}

/// The rows that hold every word that is typed, the best first, with the reason where they cannot be
/// done now.
fn matching(model: &Model, palette: &Palette) -> Vec<(Entry, Option<&'static str>)> {
    let text = palette.line.text().to_lowercase();
    let words: Vec<&str> = text.split_whitespace().collect();
    let elsewhere = if words.is_empty() {
        Vec::new()
    } else {
        action::elsewhere(model)
    };
    let mut rows: Vec<(usize, Entry, Option<&'static str>)> = action::offered(model)
        .into_iter()
        .chain(elsewhere)
        .filter_map(|entry| {
            let far = if entry.screen.is_some() { 5 } else { 0 };
            let why = action::why_not(model, entry.act);
            let late = if why.is_some() { 10 } else { 0 };
            Some((rank(&entry, &words)? + far + late, entry, why))
        })
        .collect();
    // Stable: rows that fit alike stay in the tables' order.
    rows.sort_by_key(|(rank, ..)| *rank);
    rows.into_iter()
        .map(|(_, entry, why)| (entry, why))
        .collect()
}

/// How well a row fits, the least the best; `None` when a word is not in it.
fn rank(entry: &Entry, words: &[&str]) -> Option<usize> {
    let name = entry.name.to_lowercase();
    let keys = entry.keys.to_lowercase();
    let in_row = |word: &&str| {
        name.contains(word) || entry.verb.contains(word) || keys.split(' ').any(|key| key == *word)
    };
    if !words.iter().all(in_row) {
        return None;
    }
    let Some(first) = words.first() else {
        return Some(0);
    };
    let begins = |text: &str| {
        text.split([' ', ',', ';'])
            .any(|part| part.starts_with(first))
    };
    Some(if entry.verb.starts_with(first) {
        0
    } else if name.starts_with(first) {
        1
    } else if begins(&name) {
        2
    } else {
        3
    })
}

fn page_rows(model: &Model) -> usize {
    body_size(model).1.saturating_sub(FIXED).max(1)
}

/// Draws the palette in the place of the screen.
pub fn draw(model: &Model, palette: &Palette, width: usize, height: usize) -> Drawn {
    let look = model.look();
    let width = width.min(WIDEST);
    let rows = matching(model, palette);
    let page = height.saturating_sub(FIXED).max(1);
    let at = palette.at.min(rows.len().saturating_sub(1));
    let from = at / page * page;
    let room = width.saturating_sub(4).max(1);
    let (piece, column) = palette.line.window(room, false);
    let padding = " ".repeat(room.saturating_sub(piece.width()));
    let mut drawn = Drawn::still(vec![
        Row::new(look)
            .at(1)
            .put(Role::Strong, "Actions")
            .at(13)
            .until(Role::Quiet, "type a part of the name", width)
            .line(),
        Row::new(look)
            .at(3)
            .put(Role::Focus, format!("{piece}{padding}"))
            .line(),
        TextLine::default(),
    ]);
    drawn.cursor = Some((3 + column.min(room - 1), 1));
    if rows.is_empty() {
        let text = "No action holds that. Backspace widens, Esc closes.";
        drawn
            .lines
            .push(Row::new(look).at(3).until(Role::Quiet, text, width).line());
    }
    for (i, (entry, why)) in rows.iter().enumerate().skip(from).take(page) {
        drawn.click_line(Click::Action(i));
        drawn
            .lines
            .push(row_line(model, entry, *why, i == at, width));
    }
    drawn.lines.resize(3 + page, TextLine::default());
    let place = rows::place(from, page, rows.len(), None);
    drawn
        .lines
        .push(Row::new(look).right(Role::Quiet, place, width).line());
    drawn
}

fn row_line(
    model: &Model,
    entry: &Entry,
    why: Option<&str>,
    here: bool,
    width: usize,
) -> TextLine<'static> {
    let (mark, role) = match (here, why) {
        (true, None) => (" ▸", Role::Strong),
        (true, Some(_)) => (" ▸", Role::Quiet),
        (false, None) => ("  ", Role::Text),
        (false, Some(_)) => ("  ", Role::Quiet),
    };
    let name = match entry.screen {
        Some(screen) => format!("{}: {}", screen.title(), entry.name),
        None => entry.name.to_owned(),
    };
    // What cannot be done now has its reason where its key would stand. Another screen's key does
    // nothing here.
    let (right, right_role, name) = match why {
        None if entry.screen.is_some() => ("", Role::Quiet, name),
        None => (entry.keys.as_str(), Role::Strong, name),
        Some(why) => (why, Role::Quiet, format!("– {name}")),
    };
    let end = width.saturating_sub(right.width() + 2);
    Row::new(model.look())
        .put(Role::Text, mark)
        .at(3)
        .until(role, name, end)
        .right(right_role, right, width)
        .line()
}
