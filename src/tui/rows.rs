//! What the lists of the screens have in common: how one moves through them, what narrows them, which
//! row stays selected while others come, and what is said of those that are not shown.
//!
//! Depends on `keys`, `theme`; on `domain::text`. Knows no list: places and numbers come in as
//! arguments.

use ratatui::crossterm::event::KeyCode;

use super::keys::{Binding, Hint, bare, hint_as, letter};
use super::theme::Look;
use crate::domain::text::grouped;

/// A move through rows, or through the lines of what is opened up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// One up.
    Up,
    /// One down.
    Down,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// To the first.
    First,
    /// To the last.
    Last,
}

/// The keys of every screen that has rows or lines to move through.
pub const MOVES: &[Binding<Move>] = &[
    Binding {
        keys: &[bare(KeyCode::Up), letter('k')],
        action: Move::Up,
        verb: "up",
        help: "the row above, or a line up",
    },
    Binding {
        keys: &[bare(KeyCode::Down), letter('j')],
        action: Move::Down,
        verb: "down",
        help: "the row below, or a line down",
    },
    Binding {
        keys: &[bare(KeyCode::PageUp)],
        action: Move::PageUp,
        verb: "page up",
        help: "the page above",
    },
    Binding {
        keys: &[bare(KeyCode::PageDown)],
        action: Move::PageDown,
        verb: "page down",
        help: "the page below",
    },
    Binding {
        keys: &[bare(KeyCode::Home), letter('g')],
        action: Move::First,
        verb: "first",
        help: "the first row, or to the top",
    },
    Binding {
        keys: &[bare(KeyCode::End), letter('G')],
        action: Move::Last,
        verb: "last",
        help: "the last row, or to the end; what comes is then followed",
    },
];

/// Returns the key bar's entry of a page of which so many lines do not fit; none where all do.
pub fn scroll_hint(overflow: usize) -> Option<Hint> {
    if overflow == 0 {
        return None;
    }
    hint_as(MOVES, Move::Up, "scroll").map(|hint| Hint {
        key: format!("{}↓", hint.key),
        ..hint
    })
}

impl Move {
    /// Returns where this leads from a place; what lies outside is cut to the ends.
    pub fn lead(self, at: usize, last: usize, page: usize) -> usize {
        // There may be less by now than where one stood.
        let at = at.min(last);
        let to = match self {
            Move::Up => at.saturating_sub(1),
            Move::Down => at.saturating_add(1),
            Move::PageUp => at.saturating_sub(page),
            Move::PageDown => at.saturating_add(page),
            Move::First => 0,
            Move::Last => last,
        };
        to.min(last)
    }
}

/// A text that rows must hold to be shown, capitals or not; an empty one leaves all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    text: String,
}

impl Filter {
    /// Makes the filter of a typed text.
    pub fn new(text: &str) -> Filter {
        Filter {
            text: text.trim().to_lowercase(),
        }
    }

    /// Returns the text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns true when rows may be left out.
    pub fn is_on(&self) -> bool {
        !self.text.is_empty()
    }

    /// Returns true when a row is shown.
    pub fn leaves(&self, row: &str) -> bool {
        !self.is_on() || row.to_lowercase().contains(&self.text)
    }

    /// Returns the heading of the narrowed column: its name, and the text behind it. A part of a name
    /// has no stand-in, so a shared screen shows dots.
    pub fn heading(&self, look: Look<'_>, name: &str) -> String {
        if !self.is_on() {
            return name.to_owned();
        }
        if look.is_veiled() {
            let dots = "•".repeat(self.text.chars().count());
            return format!("{name} /{dots}");
        }
        format!("{name} /{}", self.text)
    }
}

/// Which row of a list that grows at its end is selected, by the number that it keeps: the newest
/// one, until another is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Following {
    chosen: Option<u64>,
}

impl Following {
    /// Returns the place of the selected row among the numbers that are shown. One that is hidden or
    /// gone leaves its neighbour selected.
    pub fn place(self, shown: impl Iterator<Item = u64>) -> usize {
        let wanted = self.chosen.unwrap_or(u64::MAX);
        let up_to = shown.take_while(|number| *number <= wanted).count();
        up_to.saturating_sub(1)
    }

    /// Moves among the numbers that are shown. From the newest on it follows what comes.
    pub fn go(&mut self, step: Move, shown: &[u64], page: usize) {
        let last = shown.len().saturating_sub(1);
        let to = step.lead(self.place(shown.iter().copied()), last, page);
        self.select(shown.get(to).copied(), shown.last().copied());
    }

    /// Selects a number; the newest is followed.
    pub fn select(&mut self, number: Option<u64>, newest: Option<u64>) {
        self.chosen = number.filter(|_| number != newest);
    }

    /// Holds on to a number, be it the newest.
    pub fn hold(&mut self, number: Option<u64>) {
        self.chosen = number;
    }
}

/// Returns the first row of the page that shows this one, in a list that grows at its end: whole pages from
/// there, so that what is followed stands at the foot of a full page.
pub fn first_row(at: usize, count: usize, page: usize) -> usize {
    let below = count.saturating_sub(at + 1) / page * page;
    count.saturating_sub(below + page)
}

/// Returns which rows a page shows when it does not show all, and of how many in all when some are
/// left out.
pub fn place(from: usize, page: usize, shown: usize, all: Option<usize>) -> String {
    let number = |n: usize| grouped(n as u64);
    let part = (shown > page).then(|| {
        let (first, last) = (number(from + 1), number((from + page).min(shown)));
        format!("{first}–{last} of {}", number(shown))
    });
    match (part, all) {
        (None, None) => String::new(),
        (Some(part), None) => part,
        (None, Some(all)) => format!("{} of {}", number(shown), number(all)),
        (Some(part), Some(all)) => format!("{part}, {} in all", number(all)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_move_ends_at_the_ends() {
        let all = |at| MOVES.iter().map(move |row| row.action.lead(at, 9, 4));
        assert_eq!(all(5).collect::<Vec<_>>(), [4, 6, 1, 9, 0, 9]);
        assert_eq!(all(0).collect::<Vec<_>>(), [0, 1, 0, 4, 0, 9]);
        assert_eq!(all(9).collect::<Vec<_>>(), [8, 9, 5, 9, 0, 9]);
        assert_eq!(Move::Down.lead(0, 0, 0), 0);
        assert_eq!(Move::Up.lead(99, 9, 4), 8, "from where the end is by now");
    }

    #[test]
    fn a_filter_knows_no_capitals_and_an_empty_one_leaves_all() {
        let filter = Filter::new("  Ümlaut ");
        assert!(filter.leaves("an ÜMLAUT") && !filter.leaves("umlaut"));
        assert!(Filter::new(" ").leaves(""));
    }

    #[test]
    fn a_chosen_row_that_is_hidden_or_gone_leaves_its_neighbour_selected() {
        let mut following = Following::default();
        assert_eq!(following.place([].into_iter()), 0);
        assert_eq!(following.place([4, 5, 6].into_iter()), 2);
        following.go(Move::Up, &[4, 5, 6], 9);
        assert_eq!(
            following.place([4, 5, 6, 7].into_iter()),
            1,
            "not carried away"
        );
        assert_eq!(following.place([4, 6, 7].into_iter()), 0, "hidden");
        assert_eq!(following.place([6, 7].into_iter()), 0, "gone");
        following.go(Move::Last, &[6, 7], 9);
        assert_eq!(following, Following::default(), "the newest again");
    }

    #[test]
    fn pages_are_counted_from_the_end() {
        assert_eq!(first_row(9, 10, 4), 6);
        assert_eq!(first_row(5, 10, 4), 2);
        assert_eq!(first_row(0, 10, 4), 0);
        assert_eq!(first_row(0, 0, 4), 0);
        assert_eq!(first_row(2, 3, 4), 0);
    }

    #[test]
    fn what_is_not_shown_is_said() {
        assert_eq!(place(0, 5, 5, None), "");
        assert_eq!(place(5, 5, 1_012, None), "6–10 of 1,012");
        assert_eq!(place(0, 5, 2, Some(12)), "2 of 12");
        assert_eq!(place(5, 5, 7, Some(12)), "6–7 of 7, 12 in all");
    }
}
