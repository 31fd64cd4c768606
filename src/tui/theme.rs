//! The look of the screen: named roles, and the two themes that give them a style.
//!
//! Depends on ratatui and `veil`. The only file that names a colour; all of them are the terminal's own
//! sixteen, and none is a background, so that the console sits well on light and dark alike.

use std::borrow::Cow;

use ratatui::style::{Color, Modifier, Style};

use super::veil::Veil;
use crate::domain::secret::ends;

/// What a piece of text is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Values.
    Text,
    /// Titles, the selected row's name, keys.
    Strong,
    /// Labels, sources, what is read last.
    Quiet,
    /// A good verdict.
    Good,
    /// A verdict to think about.
    Warn,
    /// A bad verdict.
    Bad,
    /// Something that runs.
    Busy,
    /// Where the keys go.
    Focus,
    /// A place that must not be mistaken.
    Alarm,
}

impl Role {
    /// Every role.
    pub const ALL: [Role; 9] = [
        Role::Text,
        Role::Strong,
        Role::Quiet,
        Role::Good,
        Role::Warn,
        Role::Bad,
        Role::Busy,
        Role::Focus,
        Role::Alarm,
    ];
}

/// Which of the two themes holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    /// Colours and modifiers.
    Color,
    /// Modifiers alone, for `NO_COLOR`: no colour code ever reaches the terminal.
    Plain,
}

impl Theme {
    /// Returns the style of a role.
    pub fn style(self, role: Role) -> Style {
        let plain = Style::new();
        match (role, self) {
            (Role::Strong, _) => plain.add_modifier(Modifier::BOLD),
            (Role::Quiet, _) => plain.add_modifier(Modifier::DIM),
            (Role::Focus, _) => plain.add_modifier(Modifier::REVERSED),
            (Role::Alarm, _) => plain.add_modifier(Modifier::REVERSED | Modifier::BOLD),
            (Role::Good, Theme::Color) => plain.fg(Color::Green),
            (Role::Warn, Theme::Color) => plain.fg(Color::Yellow),
            (Role::Bad, Theme::Color) => plain.fg(Color::Red),
            (Role::Busy, Theme::Color) => plain.fg(Color::Cyan),
            (Role::Text, _) | (Role::Good | Role::Busy, Theme::Plain) => plain,
            (Role::Warn, Theme::Plain) => plain.add_modifier(Modifier::UNDERLINED),
            (Role::Bad, Theme::Plain) => plain.add_modifier(Modifier::BOLD | Modifier::UNDERLINED),
        }
    }
}

/// How a frame is to be drawn: what every line is written with. Handed down by the model, so that a
/// line cannot be written without it.
#[derive(Clone, Copy, Debug)]
pub struct Look<'m> {
    theme: Theme,
    veil: &'m Veil,
}

impl<'m> Look<'m> {
    /// Makes the look of a theme, behind a veil.
    pub fn of(theme: Theme, veil: &'m Veil) -> Look<'m> {
        Look { theme, veil }
    }

    /// Returns a text as it may be shown.
    pub fn shown(self, text: &str) -> Cow<'_, str> {
        self.veil.text(text)
    }

    /// Returns an id by its ends, or its stand-in.
    pub fn ends(self, id: &str) -> String {
        if self.veil.is_on() {
            self.veil.text(id).into_owned()
        } else {
            ends(id)
        }
    }

    /// Returns a text that is kept back whole on a shared screen: what is being typed, a customer's row.
    pub fn guarded(self, text: &str) -> Cow<'_, str> {
        if self.veil.is_on() && !text.is_empty() {
            Cow::Borrowed("•••")
        } else {
            Cow::Borrowed(text)
        }
    }

    /// Returns true while stand-ins are shown.
    pub fn is_veiled(self) -> bool {
        self.veil.is_on()
    }

    /// Returns the style of a role.
    pub fn style(self, role: Role) -> Style {
        self.theme.style(role)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_roles_look_alike_in_colour() {
        for a in Role::ALL {
            for b in Role::ALL {
                let same = Theme::Color.style(a) == Theme::Color.style(b);
                assert_eq!(same, a == b, "{a:?} {b:?}");
            }
        }
    }

    #[test]
    fn the_plain_theme_has_no_colour() {
        for role in Role::ALL {
            let style = Theme::Plain.style(role);
            assert_eq!((style.fg, style.bg), (None, None), "{role:?}");
        }
    }
}
