//! The six places of the walk, in order.
//!
//! Depends on nothing of ours.

/// A place on the rail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Screen {
    /// The settings, and the rungs that prove them.
    Prerequisites,
    /// The connection template.
    Template,
    /// The board of widget tokens.
    Tokens,
    /// The demo app.
    Preview,
    /// The customers' data.
    Data,
    /// Every request.
    Activity,
}

impl Screen {
    /// Every place, in the order of the walk.
    pub const ALL: [Screen; 6] = [
        Screen::Prerequisites,
        Screen::Template,
        Screen::Tokens,
        Screen::Preview,
        Screen::Data,
        Screen::Activity,
    ];

    /// Returns the name on the rail.
    pub const fn title(self) -> &'static str {
        match self {
            Screen::Prerequisites => "Prerequisites",
            Screen::Template => "Template",
            Screen::Tokens => "Tokens",
            Screen::Preview => "Preview",
            Screen::Data => "Data",
            Screen::Activity => "Activity",
        }
    }

    /// Returns the number on the rail, from 1.
    pub const fn number(self) -> u8 {
        self as u8 + 1
    }

    /// Returns the place of that number.
    pub fn numbered(number: u8) -> Option<Screen> {
        Screen::ALL.into_iter().find(|s| s.number() == number)
    }

    /// Returns the place before, or the first.
    #[must_use]
    pub fn before(self) -> Screen {
        Screen::numbered(self.number().saturating_sub(1)).unwrap_or(self)
    }

    /// Returns the place after, or the last.
    #[must_use]
    pub fn after(self) -> Screen {
        Screen::numbered(self.number() + 1).unwrap_or(self)
    }
}
