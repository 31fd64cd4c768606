//! One line of editable text, comparable and discreet.
//!
//! Depends on tui-input for the editing, on `domain::text`. It adds what tui-input leaves out:
//! equality, a `Debug` that shows no text, pastes, and the piece of the text that fits a width.

use std::fmt;

use ratatui::crossterm::event::{Event, KeyEvent};
use tui_input::backend::crossterm::EventHandler as _;
use unicode_width::UnicodeWidthChar as _;

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
        let full = self.text().chars().count() >= LIMIT;
        let before = full.then(|| self.clone());
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
        let mut from = 0;
        while from < cursor && columns(from, cursor) >= width {
            from += 1;
        }
        let mut used = 0;
        let piece = shown
            .iter()
            .skip(from)
            .take_while(|c| {
                used += c.width().unwrap_or(0);
                used <= width
            })
            .collect();
        (piece, columns(from, cursor))
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
    fn the_window_follows_the_cursor_in_columns() {
        let line = Line::new("日本語abc");
        assert_eq!(line.window(20, false), ("日本語abc".to_owned(), 9));
        assert_eq!(line.window(5, false), ("abc".to_owned(), 3));
        assert_eq!(line.window(0, false), (String::new(), 0));
        assert_eq!(line.window(4, true), ("•••".to_owned(), 3));
    }

    #[test]
    fn debug_shows_no_text() {
        assert_eq!(format!("{:?}", Line::new("canary")), "Line(•••• at 6)");
    }
}
