//! One line of editable text, comparable and discreet.
//!
//! Depends on tui-input for the editing, on `keys`, `domain::text`. It adds what tui-input leaves out:
//! equality, a `Debug` that shows no text, pastes, and the piece of the text that fits a width.

use std::fmt;

use ratatui::crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use tui_input::InputRequest;
use tui_input::backend::crossterm::EventHandler as _;
use unicode_width::UnicodeWidthChar as _;

use super::keys::ctrl;
use crate::domain::text::is_steering;

/// The longest text a field takes, in characters.
pub const LIMIT: usize = 4096;

/// A line being edited.
#[derive(Clone, Default)]
pub struct Line {
    input: tui_input::Input,
}

impl PartialEq for Line {
    fn eq(&self, other: &Line) -> bool {
        self.text() == other.text() && self.input.cursor() == other.input.cursor()
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Line(•••• at {})", self.input.cursor())
    }
}

/// How much of a paste was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Whether its end had to be left out.
    pub cut: bool,
    /// How many control and invisible characters were dropped.
    pub dropped: usize,
}

impl Line {
    /// Begins with a text, the cursor behind it.
    pub fn new(text: &str) -> Line {
        Line {
            input: tui_input::Input::new(text.to_owned()),
        }
    }

    /// Returns the text.
    pub fn text(&self) -> &str {
        self.input.value()
    }

    /// Returns true when there is no text.
    pub fn is_empty(&self) -> bool {
        self.text().is_empty()
    }

    /// Edits by a key and returns true when the text has changed.
    pub fn press(&mut self, key: KeyEvent) -> bool {
        let key = as_bound(key);
        let full = self.text().chars().count() >= LIMIT;
        // What was deleted comes back all at once.
        let puts_back = ctrl('y').is(key);
        let before = (full || puts_back).then(|| self.clone());
        let changed = self
            .input
            .handle_event(&Event::Key(key))
            .is_some_and(|state| state.value);
        match before {
            Some(before) if self.text().chars().count() > LIMIT => {
                *self = before;
                false
            }
            _ => changed,
        }
    }

    /// Puts a pasted text in at the cursor, as one line.
    pub fn paste(&mut self, text: &str) -> Taken {
        let text = text.trim_matches(['\r', '\n']);
        let kept: Vec<char> = text.chars().filter(|c| !is_steering(*c)).collect();
        let dropped = text.chars().count() - kept.len();
        let count = self.text().chars().count();
        let room = LIMIT.saturating_sub(count);
        let at = self.input.cursor();
        let piece = kept.iter().take(room);
        let whole: String = self
            .text()
            .chars()
            .take(at)
            .chain(piece.copied())
            .chain(self.text().chars().skip(at))
            .collect();
        let cursor = at + kept.len().min(room);
        self.input = tui_input::Input::new(whole).with_cursor(cursor);
        Taken {
            cut: kept.len() > room,
            dropped,
        }
    }

    /// Puts the cursor at a column of the piece that fits `width`, as a click does.
    pub fn point(&mut self, column: usize, width: usize, masked: bool) {
        let from = self.first(width, masked);
        let mut used = 0;
        let before = self.text().chars().skip(from).take_while(|c| {
            used += shown(*c, masked).width().unwrap_or(0);
            used <= column
        });
        let cursor = from + before.count();
        self.input.handle(InputRequest::SetCursor(cursor));
    }

    /// Returns the first character that is shown in `width` columns, so that the cursor is in them.
    fn first(&self, width: usize, masked: bool) -> usize {
        let cursor = self.input.cursor();
        let widths: Vec<usize> = self
            .text()
            .chars()
            .take(cursor)
            .map(|c| shown(c, masked).width().unwrap_or(0))
            .collect();
        let mut columns: usize = widths.iter().sum();
        let mut from = 0;
        for one in widths {
            if columns < width {
                break;
            }
            columns -= one;
            from += 1;
        }
        from
    }

    /// Returns the piece that fits `width` columns and the cursor's column in it. `masked` shows a
    /// dot for every character.
    pub fn window(&self, width: usize, masked: bool) -> (String, usize) {
        if width == 0 {
            return (String::new(), 0);
        }
        let shown: Vec<char> = self.text().chars().map(|c| shown(c, masked)).collect();
        let columns = |from: usize, to: usize| -> usize {
            let piece = shown.iter().skip(from).take(to.saturating_sub(from));
            piece.map(|c| c.width().unwrap_or(0)).sum()
        };
        let cursor = self.input.cursor();
        let from = self.first(width, masked);
        let mut used = 0;
        let mut piece: String = shown
            .iter()
            .skip(from)
            .take_while(|c| {
                used += c.width().unwrap_or(0);
                used <= width
            })
            .collect();
        if from > 0 && !masked && !piece.is_empty() {
            // What lies before is not shown, which has to be seen.
            let first = piece.remove(0).width().unwrap_or(0);
            piece.insert_str(0, ["", "…", "… "].get(first).copied().unwrap_or("…"));
        }
        (piece, columns(from, cursor))
    }
}

/// Terminals tell of Alt where the editor binds Meta.
fn as_bound(key: KeyEvent) -> KeyEvent {
    let (code, modifiers) = match (key.code, key.modifiers) {
        (KeyCode::Char('b') | KeyCode::Left, KeyModifiers::ALT) => {
            (KeyCode::Left, KeyModifiers::CONTROL)
        }
        (KeyCode::Char('f') | KeyCode::Right, KeyModifiers::ALT) => {
            (KeyCode::Right, KeyModifiers::CONTROL)
        }
        (KeyCode::Char('d'), KeyModifiers::ALT) => (KeyCode::Delete, KeyModifiers::CONTROL),
        other => other,
    };
    KeyEvent {
        code,
        modifiers,
        ..key
    }
}

/// A character as a field shows it: what would steer the terminal stands there as a dot.
fn shown(c: char, masked: bool) -> char {
    match c {
        _ if masked => '•',
        c if is_steering(c) => '·',
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_paste_becomes_one_clean_line_at_the_cursor() {
        let mut line = Line::new("ab");
        assert_eq!(
            line.paste("x\x1b[2J\ty\r\n"),
            Taken {
                cut: false,
                dropped: 2
            }
        );
        assert_eq!(line.text(), "abx[2Jy");
    }

    #[test]
    fn a_paste_is_cut_at_the_limit() {
        let mut line = Line::new("ab");
        assert!(line.paste(&"é".repeat(5_000)).cut);
        assert_eq!(line.text().chars().count(), LIMIT);
    }

    #[test]
    fn what_was_deleted_is_not_put_back_beyond_the_limit() {
        let mut line = Line::new(&"x".repeat(LIMIT));
        let press =
            |line: &mut Line, c| line.press(KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL));
        press(&mut line, 'u');
        assert!(press(&mut line, 'y'));
        line.press(KeyEvent::new(KeyCode::Backspace, KeyModifiers::NONE));
        assert!(!press(&mut line, 'y'));
        assert_eq!(line.text().chars().count(), LIMIT - 1);
    }

    #[test]
    fn the_window_follows_the_cursor_in_columns() {
        let line = Line::new("日本語abc");
        assert_eq!(line.window(20, false), ("日本語abc".to_owned(), 9));
        assert_eq!(line.window(5, false), ("…bc".to_owned(), 3));
        assert_eq!(line.window(6, false), ("… abc".to_owned(), 5));
        assert_eq!(line.window(0, false), (String::new(), 0));
        assert_eq!(line.window(4, true), ("•••".to_owned(), 3));
    }

    #[test]
    fn words_are_moved_over_by_alt_as_well_as_by_ctrl() {
        let press = |line: &mut Line, code, modifiers| line.press(KeyEvent::new(code, modifiers));
        for (code, modifiers) in [
            (KeyCode::Char('b'), KeyModifiers::ALT),
            (KeyCode::Left, KeyModifiers::ALT),
            (KeyCode::Left, KeyModifiers::CONTROL),
        ] {
            let mut line = Line::new("one two");
            press(&mut line, code, modifiers);
            assert_eq!(line.window(20, false).1, 4, "{code:?} {modifiers:?}");
        }
        let mut line = Line::new("one two");
        press(&mut line, KeyCode::Home, KeyModifiers::NONE);
        press(&mut line, KeyCode::Char('f'), KeyModifiers::ALT);
        assert!((3..=4).contains(&line.window(20, false).1));
        press(&mut line, KeyCode::Home, KeyModifiers::NONE);
        press(&mut line, KeyCode::Char('d'), KeyModifiers::ALT);
        assert!(!line.text().contains("one"), "{}", line.text());
        press(&mut line, KeyCode::Char('y'), KeyModifiers::CONTROL);
        assert!(line.text().contains("one"), "put back");
    }

    #[test]
    fn debug_shows_no_text() {
        assert_eq!(format!("{:?}", Line::new("canary")), "Line(•••• at 6)");
    }
}
