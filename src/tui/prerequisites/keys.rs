//! The keys of the form, and what of them the key bar shows.
//!
//! Depends on the form's state, on `keys`.

use ratatui::crossterm::event::KeyCode;

use super::{choices, offered};
use crate::domain::field::Key;
use crate::tui::action::{self, Entry};
use crate::tui::keys::{Binding, Hint, bare, ctrl, hint, hint_as, letter};
use crate::tui::model::{Model, Work};

/// What can be done here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Check, then go on.
    Go,
    /// Check, although nothing was edited.
    Again,
    /// To the next field.
    Next,
    /// To the field before.
    Previous,
    /// Write the edited settings.
    Save,
    /// Read the env file again.
    Reload,
    /// Show a secret for a while.
    Reveal,
    /// Take the repair that is offered.
    Fix,
    /// The choice before.
    ChoiceBefore,
    /// The choice after.
    ChoiceAfter,
    /// Leave the field, or stop what runs.
    Back,
    /// Copy the ladder for a ticket.
    CopyLadder,
    /// Show the IAM policy that the keys need.
    Policy,
}

const RELOAD: Binding<Action> = Binding {
    keys: &[bare(KeyCode::F(5))],
    action: Action::Reload,
    verb: "read again",
    help: "read the env file again; what was edited here and not saved stays",
};

/// The keys inside the form.
pub const KEYS: &[Binding<Action>] = &[
    Binding {
        keys: &[bare(KeyCode::Enter)],
        action: Action::Go,
        verb: "check",
        help: "check the settings; once they hold, go on to the template",
    },
    Binding {
        keys: &[bare(KeyCode::Tab), bare(KeyCode::Down)],
        action: Action::Next,
        verb: "next",
        help: "to the next field",
    },
    Binding {
        keys: &[bare(KeyCode::BackTab), bare(KeyCode::Up)],
        action: Action::Previous,
        verb: "previous",
        help: "to the field before",
    },
    Binding {
        keys: &[ctrl('s')],
        action: Action::Save,
        verb: "save",
        help: "write the settings that were edited, and only those",
    },
    RELOAD,
    Binding {
        keys: &[ctrl('r')],
        action: Action::Reveal,
        verb: "reveal",
        help: "show this secret for 10 seconds",
    },
    Binding {
        keys: &[ctrl('f')],
        action: Action::Fix,
        verb: "fix",
        help: "take the repair that is offered: of this field, or of a failed rung",
    },
    Binding {
        keys: &[bare(KeyCode::Esc)],
        action: Action::Back,
        verb: "rail",
        help: "leave the form for the rail; stop a running check",
    },
];

/// The keys of fields with a list of choices.
pub(super) const CHOICE_KEYS: &[Binding<Action>] = &[
    Binding {
        keys: &[bare(KeyCode::Left)],
        action: Action::ChoiceBefore,
        verb: "choose",
        help: "region, format: the choice before",
    },
    Binding {
        keys: &[bare(KeyCode::Right)],
        action: Action::ChoiceAfter,
        verb: "choose",
        help: "region, format: the choice after",
    },
];

/// The keys of this screen while the rail has the keys.
pub const RAIL_KEYS: &[Binding<Action>] = &[
    Binding {
        keys: &[letter('r')],
        action: Action::Again,
        verb: "check again",
        help: "on the rail: check again, although nothing was edited",
    },
    Binding {
        keys: &[letter('y')],
        action: Action::CopyLadder,
        verb: "copy the ladder",
        help: "on the rail: copy the rungs as text for a ticket",
    },
    Binding {
        keys: &[letter('i')],
        action: Action::Policy,
        verb: "IAM policy",
        help: "on the rail: the exact IAM policy for this bucket and prefix",
    },
    Binding {
        keys: &[ctrl('f')],
        action: Action::Fix,
        verb: "fix",
        help: "on the rail too: take the repair of a failed rung",
    },
    Binding {
        keys: &[ctrl('s')],
        action: Action::Save,
        verb: "save",
        help: "on the rail too: write the settings that were edited",
    },
    RELOAD,
];

/// Returns the rows of all tables of this screen.
pub fn entries() -> Vec<Entry> {
    [KEYS, CHOICE_KEYS, RAIL_KEYS]
        .into_iter()
        .flat_map(action::entries)
        .chain(action::entries(super::policy::KEYS))
        .collect()
}

/// Returns why an action cannot be done now.
pub fn why_not(model: &Model, action: Action) -> Option<&'static str> {
    let field = model.form.field();
    match action {
        Action::Go | Action::Again if model.setup.is_some() => Some("another job is still running"),
        Action::Save if model.unsaved().is_empty() => Some("nothing was edited"),
        Action::Reload if model.save_asks_path => Some("a private sandbox reads no env file"),
        Action::Reveal if !field.secret => Some("this field is no secret"),
        Action::Fix if model.draft.repair(field.key).is_none() && offered(model).is_none() => {
            Some("no repair is offered")
        }
        Action::ChoiceBefore | Action::ChoiceAfter if choices(field.key).is_none() => {
            Some("this field has no list")
        }
        Action::Policy if model.draft.text(Key::Bucket).is_empty() => {
            Some("the form names no bucket yet")
        }
        Action::Go
        | Action::Again
        | Action::Next
        | Action::Previous
        | Action::Save
        | Action::Reload
        | Action::Reveal
        | Action::Fix
        | Action::ChoiceBefore
        | Action::ChoiceAfter
        | Action::Back
        | Action::CopyLadder
        | Action::Policy => None,
    }
}

/// Returns the key bar.
pub fn hints(model: &Model) -> Vec<Hint> {
    let form = &model.form;
    if model.setup_work() == Some(Work::Check) {
        return [hint_as(KEYS, Action::Back, "stop")]
            .into_iter()
            .flatten()
            .collect();
    }
    let go = if form.is_proven() && form.unusable() == 0 {
        "go on to the template"
    } else {
        "check"
    };
    let field = form.field();
    let can = |action| why_not(model, action).is_none();
    [
        hint_as(KEYS, Action::Go, go).filter(|_| can(Action::Go)),
        match (model.draft.repair(field.key), offered(model)) {
            (Some(_), _) => hint(KEYS, Action::Fix),
            (None, Some(offer)) => hint_as(KEYS, Action::Fix, &offer.verb()),
            (None, None) => None,
        },
        (field.secret && !form.line.is_empty())
            .then(|| hint(KEYS, Action::Reveal))
            .flatten(),
        hint(KEYS, Action::Save).filter(|_| can(Action::Save)),
        hint(KEYS, Action::Back),
    ]
    .into_iter()
    .flatten()
    .collect()
}
