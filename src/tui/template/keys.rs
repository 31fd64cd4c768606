//! The keys of the template's page, and what of them the key bar shows.
//!
//! Depends on the page's state, on `keys`.

use ratatui::crossterm::event::KeyCode;

use super::{Condition, moved_is_offered};
use crate::tui::keys::{Binding, Hint, bare, ctrl, hint, hint_as, letter};
use crate::tui::model::{Model, Work};

/// What can be done here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// The one primary thing: create, go on, try again.
    Go,
    /// The next format.
    Format,
    /// Edit the schedule.
    Schedule,
    /// Edit the name.
    Name,
    /// The template whose outcome was unknown is there.
    Adopt,
    /// Send although one exists or may exist.
    Again,
    /// Speak the API that the organization has moved to.
    Moved,
    /// Write the edited settings.
    Save,
    /// Copy the id.
    CopyId,
    /// Look for it anew.
    Refresh,
    /// To the rail, or stop what runs.
    Back,
}

/// The keys of this screen.
pub const KEYS: &[Binding<Action>] = &[
    Binding {
        keys: &[bare(KeyCode::Enter)],
        action: Action::Go,
        verb: "create",
        help: "create the template, after asking; once it exists, go on to tokens",
    },
    Binding {
        keys: &[letter('f')],
        action: Action::Format,
        verb: "format",
        help: "the next format (edits the setting)",
    },
    Binding {
        keys: &[letter('s')],
        action: Action::Schedule,
        verb: "schedule",
        help: "edit the schedule: hourly, manual or a Quartz cron",
    },
    Binding {
        keys: &[letter('n')],
        action: Action::Name,
        verb: "name",
        help: "edit the template's name",
    },
    Binding {
        keys: &[letter('a')],
        action: Action::Adopt,
        verb: "it is there",
        help: "after an unknown outcome: record that the template is there",
    },
    Binding {
        keys: &[letter('F')],
        action: Action::Again,
        verb: "send again",
        help: "after an unknown outcome, a conflict or a failed probe: send all the same, after asking",
    },
    Binding {
        keys: &[letter('m')],
        action: Action::Moved,
        verb: "use the agents API",
        help: "after \"moved\": use the agents API (edits the setting), and plan anew",
    },
    Binding {
        keys: &[ctrl('s')],
        action: Action::Save,
        verb: "save",
        help: "write the settings that were edited, and only those",
    },
    Binding {
        keys: &[letter('y')],
        action: Action::CopyId,
        verb: "copy id",
        help: "send the template's id to the terminal's clipboard",
    },
    Binding {
        keys: &[letter('r')],
        action: Action::Refresh,
        verb: "look again",
        help: "look again for what exists",
    },
    Binding {
        keys: &[bare(KeyCode::Esc)],
        action: Action::Back,
        verb: "rail",
        help: "to the rail; stop what runs",
    },
];

/// Returns why an action cannot be done now.
pub fn why_not(model: &Model, action: Action) -> Option<&'static str> {
    let condition = model.template.condition();
    let unknown = matches!(condition, Condition::Unknown(_));
    let conflict = matches!(condition, Condition::Conflict(..));
    match action {
        Action::Back => None,
        _ if model.setup_work().is_some_and(|work| work != Work::Plan) => {
            Some("another job is still running")
        }
        Action::Adopt if !unknown => Some("only after an unknown outcome"),
        Action::Again if !unknown && !conflict && model.template.unproved.is_none() => {
            Some("only after an unknown outcome, a conflict or a failed probe")
        }
        Action::Moved if !moved_is_offered(model) => Some("only after the organization has moved"),
        Action::Save if model.unsaved().is_empty() => Some("nothing was edited"),
        Action::CopyId if model.template.id().is_none() => Some("no id is known"),
        Action::Go
        | Action::Format
        | Action::Schedule
        | Action::Name
        | Action::Adopt
        | Action::Again
        | Action::Moved
        | Action::Save
        | Action::CopyId
        | Action::Refresh => None,
    }
}

/// Returns the key bar.
pub fn hints(model: &Model) -> Vec<Hint> {
    if model.setup.is_some() {
        return hint_as(KEYS, Action::Back, "stop").into_iter().collect();
    }
    let can = |action: &Action| why_not(model, *action).is_none();
    if moved_is_offered(model) {
        return [Action::Moved, Action::Refresh, Action::Save]
            .into_iter()
            .filter(can)
            .filter_map(|action| hint(KEYS, action))
            .collect();
    }
    if model.template.unproved.is_some() {
        let keys = [
            hint_as(KEYS, Action::Go, "try again"),
            hint_as(KEYS, Action::Again, "send anyway"),
        ];
        return keys.into_iter().flatten().collect();
    }
    let edit = [Action::Format, Action::Schedule, Action::Name].map(|a| hint(KEYS, a));
    let first = match model.template.condition() {
        Condition::Incomplete => vec![hint_as(KEYS, Action::Go, "fill in the form")],
        Condition::Unplanned | Condition::Failed(_) => {
            vec![hint_as(KEYS, Action::Go, "look again")]
        }
        Condition::Ready(_) => vec![hint(KEYS, Action::Go)],
        Condition::Made(_) | Condition::Exists(_) => {
            let id = hint(KEYS, Action::CopyId).filter(|_| can(&Action::CopyId));
            vec![hint_as(KEYS, Action::Go, "go on to tokens"), id]
        }
        Condition::Conflict(..) => vec![
            hint_as(KEYS, Action::Name, "another name"),
            hint_as(KEYS, Action::Again, "send anyway"),
        ],
        Condition::Unknown(_) => {
            return [
                hint(KEYS, Action::Adopt),
                hint(KEYS, Action::Again),
                hint(KEYS, Action::Refresh),
            ]
            .into_iter()
            .flatten()
            .collect();
        }
    };
    let mut hints: Vec<Hint> = Vec::new();
    for hint in first.into_iter().chain(edit).flatten() {
        if !hints.iter().any(|h| h.key == hint.key) {
            hints.push(hint);
        }
    }
    hints
}
