//! Keys and the tables that bind them. Dispatch, key bar and help all read the same rows.
//!
//! Depends on ratatui's key events alone.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// One key with its modifiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chord {
    code: KeyCode,
    modifiers: KeyModifiers,
}

/// A key without modifiers.
pub const fn bare(code: KeyCode) -> Chord {
    Chord {
        code,
        modifiers: KeyModifiers::NONE,
    }
}

/// A character, capital or not.
pub const fn letter(c: char) -> Chord {
    bare(KeyCode::Char(c))
}

/// A character with Ctrl.
pub const fn ctrl(c: char) -> Chord {
    Chord {
        code: KeyCode::Char(c),
        modifiers: KeyModifiers::CONTROL,
    }
}

/// A character with Alt.
pub const fn alt(c: char) -> Chord {
    Chord {
        code: KeyCode::Char(c),
        modifiers: KeyModifiers::ALT,
    }
}

impl Chord {
    /// Returns true when the event is this key. A capital counts whether or not the terminal also
    /// tells of Shift, and so does Shift-Tab.
    pub fn is(self, key: KeyEvent) -> bool {
        let mut modifiers = key.modifiers;
        if matches!(key.code, KeyCode::Char(_) | KeyCode::BackTab) {
            modifiers.remove(KeyModifiers::SHIFT);
        }
        let mut code = key.code;
        if let KeyCode::Char(c) = &mut code
            && modifiers.contains(KeyModifiers::CONTROL)
        {
            c.make_ascii_lowercase();
        }
        self.code == code && self.modifiers == modifiers
    }

    /// Returns the event of this key, for what stands in for a key press.
    pub fn event(self) -> KeyEvent {
        KeyEvent::new(self.code, self.modifiers)
    }

    /// Returns the key as it is written on screen.
    pub fn name(self) -> String {
        let key = self.bare_name();
        if self.modifiers.contains(KeyModifiers::CONTROL) {
            format!("Ctrl-{}", key.to_uppercase())
        } else if self.modifiers.contains(KeyModifiers::ALT) {
            format!("Alt-{key}")
        } else {
            key
        }
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "keys that no table binds have no name of ours"
    )]
    fn bare_name(self) -> String {
        match self.code {
            KeyCode::Char(c) => c.to_string(),
            KeyCode::F(n) => format!("F{n}"),
            KeyCode::Enter => "Enter".to_owned(),
            KeyCode::Esc => "Esc".to_owned(),
            KeyCode::Tab => "Tab".to_owned(),
            KeyCode::BackTab => "Shift-Tab".to_owned(),
            KeyCode::Up => "↑".to_owned(),
            KeyCode::Down => "↓".to_owned(),
            KeyCode::Left => "←".to_owned(),
            KeyCode::Right => "→".to_owned(),
            KeyCode::PageUp => "PgUp".to_owned(),
            KeyCode::PageDown => "PgDn".to_owned(),
            KeyCode::Home => "Home".to_owned(),
            KeyCode::End => "End".to_owned(),
            other => format!("{other:?}"),
        }
    }
}

/// One row of a table: the keys, what they do, and how that is said.
#[derive(Debug)]
pub struct Binding<A: 'static> {
    /// The keys; the first is the one shown in the key bar.
    pub keys: &'static [Chord],
    /// What they do.
    pub action: A,
    /// How the key bar says it: a verb.
    pub verb: &'static str,
    /// How help says it: a sentence without its stop.
    pub help: &'static str,
}

/// A key and its verb, as the key bar shows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// The key.
    pub key: String,
    /// What it does now.
    pub verb: String,
    /// The key, for a click on the entry.
    pub chord: Chord,
}

/// Returns what a key does by a table.
pub fn find<A: Copy>(table: &[Binding<A>], key: KeyEvent) -> Option<A> {
    table
        .iter()
        .find(|row| row.keys.iter().any(|chord| chord.is(key)))
        .map(|row| row.action)
}

/// Returns the key bar's entry of an action.
pub fn hint<A: Copy + PartialEq>(table: &[Binding<A>], action: A) -> Option<Hint> {
    let row = table.iter().find(|row| row.action == action)?;
    let chord = *row.keys.first()?;
    Some(Hint {
        key: chord.name(),
        verb: row.verb.to_owned(),
        chord,
    })
}

/// Returns the key bar's entry of an action, with another verb.
pub fn hint_as<A: Copy + PartialEq>(table: &[Binding<A>], action: A, verb: &str) -> Option<Hint> {
    hint(table, action).map(|hint| Hint {
        verb: verb.to_owned(),
        ..hint
    })
}

/// What can be done on every screen, inside a field too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anywhere {
    /// Open or close help.
    Help,
    /// Open or close the palette.
    Palette,
    /// Go to a screen, by its number.
    Screen(u8),
    /// Take the mouse, or leave it to the terminal.
    Mouse,
    /// Start the background task again.
    Restart,
    /// Show stand-ins, or what is real.
    Privacy,
    /// End at once.
    Quit,
    /// Hand the terminal back to the shell.
    Suspend,
    /// Paint everything anew.
    Redraw,
}

/// The keys that hold everywhere. Esc is each screen's own.
pub const ANYWHERE: &[Binding<Anywhere>] = &[
    Binding {
        keys: &[bare(KeyCode::F(1))],
        action: Anywhere::Help,
        verb: "help",
        help: "open and close this page",
    },
    Binding {
        keys: &[ctrl('p')],
        action: Anywhere::Palette,
        verb: "actions",
        help: "every action by its name: type a part of it, Enter does it",
    },
    Binding {
        keys: &[alt('1')],
        action: Anywhere::Screen(1),
        verb: "prerequisites",
        help: "go to Prerequisites",
    },
    Binding {
        keys: &[alt('2')],
        action: Anywhere::Screen(2),
        verb: "template",
        help: "go to Template",
    },
    Binding {
        keys: &[alt('3')],
        action: Anywhere::Screen(3),
        verb: "tokens",
        help: "go to Tokens",
    },
    Binding {
        keys: &[alt('4')],
        action: Anywhere::Screen(4),
        verb: "preview",
        help: "go to Preview",
    },
    Binding {
        keys: &[alt('5')],
        action: Anywhere::Screen(5),
        verb: "data",
        help: "go to Data",
    },
    Binding {
        keys: &[alt('6')],
        action: Anywhere::Screen(6),
        verb: "activity",
        help: "go to Activity",
    },
    Binding {
        keys: &[bare(KeyCode::F(2))],
        action: Anywhere::Mouse,
        verb: "mouse",
        help: "take the mouse, or leave it to the terminal for selecting text",
    },
    Binding {
        keys: &[bare(KeyCode::F(3))],
        action: Anywhere::Privacy,
        verb: "privacy",
        help: "for a shared screen: stand-ins for ids, users, buckets and paths, or what is real",
    },
    Binding {
        keys: &[bare(KeyCode::F(4))],
        action: Anywhere::Restart,
        verb: "start again",
        help: "start the background task again, once it has stopped",
    },
    Binding {
        keys: &[ctrl('c')],
        action: Anywhere::Quit,
        verb: "quit",
        help: "quit at once, from anywhere",
    },
    Binding {
        keys: &[ctrl('z')],
        action: Anywhere::Suspend,
        verb: "suspend",
        help: "back to the shell; fg returns",
    },
    Binding {
        keys: &[ctrl('l')],
        action: Anywhere::Redraw,
        verb: "redraw",
        help: "paint the screen anew",
    },
];

/// What can be done on every screen while no field has the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outside {
    /// Open help.
    Help,
    /// Open the palette.
    Palette,
    /// Go to a screen, by its number.
    Screen(u8),
    /// End, after asking when something would be lost.
    Quit,
}

/// The keys that hold on every screen outside fields.
pub const OUTSIDE: &[Binding<Outside>] = &[
    Binding {
        keys: &[letter('?')],
        action: Outside::Help,
        verb: "help",
        help: "open this page",
    },
    Binding {
        keys: &[letter(':')],
        action: Outside::Palette,
        verb: "actions",
        help: "every action by its name",
    },
    Binding {
        keys: &[letter('1')],
        action: Outside::Screen(1),
        verb: "prerequisites",
        help: "1 to 6: go to that screen",
    },
    Binding {
        keys: &[letter('2')],
        action: Outside::Screen(2),
        verb: "template",
        help: "",
    },
    Binding {
        keys: &[letter('3')],
        action: Outside::Screen(3),
        verb: "tokens",
        help: "",
    },
    Binding {
        keys: &[letter('4')],
        action: Outside::Screen(4),
        verb: "preview",
        help: "",
    },
    Binding {
        keys: &[letter('5')],
        action: Outside::Screen(5),
        verb: "data",
        help: "",
    },
    Binding {
        keys: &[letter('6')],
        action: Outside::Screen(6),
        verb: "activity",
        help: "",
    },
    Binding {
        keys: &[letter('q')],
        action: Outside::Quit,
        verb: "quit",
        help: "quit; asks when something would be lost",
    },
];

/// What can be done on the rail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnRail {
    /// Choose the place above.
    Up,
    /// Choose the place below.
    Down,
    /// Open the chosen place.
    Open,
    /// Go back into the screen that is shown.
    Into,
}

/// The keys of the rail.
pub const RAIL: &[Binding<OnRail>] = &[
    Binding {
        keys: &[bare(KeyCode::Enter)],
        action: OnRail::Open,
        verb: "open",
        help: "open the chosen place",
    },
    Binding {
        keys: &[bare(KeyCode::Up), letter('k'), bare(KeyCode::BackTab)],
        action: OnRail::Up,
        verb: "choose",
        help: "choose the place above",
    },
    Binding {
        keys: &[bare(KeyCode::Down), letter('j')],
        action: OnRail::Down,
        verb: "choose",
        help: "choose the place below",
    },
    Binding {
        keys: &[bare(KeyCode::Tab), bare(KeyCode::Right)],
        action: OnRail::Into,
        verb: "back into the screen",
        help: "back into the screen that is shown",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    fn event(code: KeyCode, modifiers: KeyModifiers) -> KeyEvent {
        KeyEvent::new(code, modifiers)
    }

    #[test]
    fn a_capital_counts_with_and_without_shift() {
        for modifiers in [KeyModifiers::NONE, KeyModifiers::SHIFT] {
            assert!(letter('M').is(event(KeyCode::Char('M'), modifiers)));
        }
        assert!(!letter('M').is(event(KeyCode::Char('m'), KeyModifiers::NONE)));
        assert!(bare(KeyCode::BackTab).is(event(KeyCode::BackTab, KeyModifiers::SHIFT)));
        assert!(!letter('q').is(event(KeyCode::Char('q'), KeyModifiers::ALT)));
    }

    #[test]
    fn keys_are_written_as_on_a_keyboard() {
        let names = [
            ctrl('s').name(),
            alt('3').name(),
            bare(KeyCode::F(1)).name(),
            letter('M').name(),
        ];
        assert_eq!(names, ["Ctrl-S", "Alt-3", "F1", "M"]);
    }
}
