//! Lines of styled text laid out in columns.
//!
//! Depends on `theme`, `domain::text`. Columns are counted as the terminal counts them, so that
//! wide characters do not push a table apart.

use ratatui::text::{Line, Span};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::theme::{Look, Role};
use crate::domain::text::{fit, fit_ends};

/// One line being written from left to right.
#[derive(Clone, Debug)]
pub struct Row<'m> {
    look: Look<'m>,
    spans: Vec<Span<'static>>,
    width: usize,
}

impl<'m> Row<'m> {
    /// Begins an empty line.
    pub fn new(look: Look<'m>) -> Row<'m> {
        Row {
            look,
            spans: Vec::new(),
            width: 0,
        }
    }

    /// Returns how many columns are written.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Writes a text.
    #[must_use]
    pub fn put(self, role: Role, text: impl AsRef<str>) -> Row<'m> {
        let text = self.look.shown(text.as_ref()).into_owned();
        self.raw(role, text)
    }

    /// Writes a text as it stands: it may be shown, or has been made so.
    fn raw(mut self, role: Role, text: String) -> Row<'m> {
        if !text.is_empty() {
            self.width += text.width();
            self.spans.push(Span::styled(text, self.look.style(role)));
        }
        self
    }

    /// Writes as much of a text as fits `columns`.
    #[must_use]
    pub fn fit(self, role: Role, text: impl AsRef<str>, columns: usize) -> Row<'m> {
        let cut = fit(&self.look.shown(text.as_ref()), columns);
        self.raw(role, cut)
    }

    /// Writes a name, or as much of its beginning and its end as fits `columns`: names that begin
    /// alike end differently.
    #[must_use]
    pub fn fit_ends(self, role: Role, text: impl AsRef<str>, columns: usize) -> Row<'m> {
        let cut = fit_ends(&self.look.shown(text.as_ref()), columns);
        self.raw(role, cut)
    }

    /// Writes as much of a text as fits up to `column`, counted from the line's start.
    #[must_use]
    pub fn until(self, role: Role, text: impl AsRef<str>, column: usize) -> Row<'m> {
        let room = column.saturating_sub(self.width);
        self.fit(role, text, room)
    }

    /// Writes a text when it fits whole up to `column`, and leaves it out else: for what is only good
    /// to know.
    #[must_use]
    pub fn whole(self, role: Role, text: impl AsRef<str>, column: usize) -> Row<'m> {
        let text = self.look.shown(text.as_ref()).into_owned();
        if self.width + text.width() <= column {
            self.raw(role, text)
        } else {
            self
        }
    }

    /// Moves on to a column; a line that is there already keeps one space between.
    #[must_use]
    pub fn at(self, column: usize) -> Row<'m> {
        let gap = if self.width == 0 {
            column
        } else {
            column.saturating_sub(self.width).max(1)
        };
        self.raw(Role::Text, " ".repeat(gap))
    }

    /// Writes a text so that it ends at `width`; leaves it out when that leaves no gap of two.
    #[must_use]
    pub fn right(self, role: Role, text: impl AsRef<str>, width: usize) -> Row<'m> {
        let text = self.look.shown(text.as_ref()).into_owned();
        let start = width.saturating_sub(text.width());
        if text.is_empty() || start < self.width + 2 {
            return self;
        }
        self.at(start).raw(role, text)
    }

    /// Ends the line.
    pub fn line(self) -> Line<'static> {
        Line::from(self.spans)
    }
}

/// Breaks a text into lines of at most `width` columns, at spaces where there are any.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let gap = usize::from(!line.is_empty());
        if line.width() + gap + word.width() <= width {
            if gap == 1 {
                line.push(' ');
            }
            line.push_str(word);
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        for c in word.chars() {
            if line.width() + c.width().unwrap_or(0) > width && !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            line.push(c);
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// Breaks a text into at most so many lines; what does not fit is cut, and the cut is marked.
pub fn wrap_to(text: &str, width: usize, most: usize) -> Vec<String> {
    let mut lines = wrap(text, width);
    if lines.len() > most {
        lines.truncate(most);
        if let Some(last) = lines.last_mut() {
            *last = fit(&format!("{last} …"), width.max(1));
        }
    }
    lines
}

/// Writes a wrapped text under an indent.
pub fn paragraph(
    look: Look<'_>,
    role: Role,
    indent: usize,
    text: &str,
    width: usize,
) -> Vec<Line<'static>> {
    // Before it is broken into lines: a name may lie on both sides of a break.
    wrap(&look.shown(text), width.saturating_sub(indent))
        .into_iter()
        .map(|piece| {
            Row::new(look)
                .put(Role::Text, " ".repeat(indent))
                .put(role, piece)
                .line()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::theme::Theme;
    use crate::tui::veil::Veil;

    #[test]
    fn text_is_broken_at_spaces_and_long_words_where_they_must() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh i", 3), ["abc", "def", "gh", "i"]);
        assert_eq!(wrap("日本語", 5), ["日本", "語"]);
        assert_eq!(wrap("x", 0), ["x"]);
    }

    #[test]
    fn columns_hold_whatever_stands_before() {
        let veil = Veil::default();
        let look = Look::of(Theme::Color, &veil);
        let row = Row::new(look).put(Role::Text, "ab").at(5);
        assert_eq!(row.width(), 5);
        let row = Row::new(look).put(Role::Text, "日本語").at(3);
        assert_eq!(row.width(), 7);
        let row = row.right(Role::Quiet, "end", 10);
        assert_eq!(row.width(), 7, "no room for a gap of two");
    }

    #[test]
    fn a_text_cut_to_lines_says_so() {
        assert_eq!(wrap_to("one two three", 7, 2), ["one two", "three"]);
        assert_eq!(wrap_to("one two three", 9, 1), ["one two …"]);
        assert_eq!(wrap_to("one two three", 7, 1), ["one tw…"]);
        assert!(wrap_to("one two three", 7, 0).is_empty());
    }
}
