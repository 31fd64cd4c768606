//! The keys of the log and of the request that is opened up, and what of them the key bar shows.
//!
//! Depends on the page's state, on `keys`.

use ratatui::crossterm::event::KeyCode;

use crate::tui::keys::{Binding, Hint, bare, hint, hint_as, letter};
use crate::tui::model::Model;

/// What can be done here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Open the selected request up.
    Open,
    /// Copy it as a curl command.
    Copy,
    /// Show only what failed, or everything.
    Errors,
    /// Show only some requests.
    Filter,
    /// Open the request before.
    Before,
    /// Open the request after.
    After,
    /// Close, widen, or to the rail.
    Back,
}

/// The keys of the list.
pub const KEYS: &[Binding<Action>] = &[
    Binding {
        keys: &[bare(KeyCode::Enter)],
        action: Action::Open,
        verb: "open",
        help: "open the request: what was sent and what came back, without secrets",
    },
    Binding {
        keys: &[letter('y')],
        action: Action::Copy,
        verb: "copy as curl",
        help: "copy the request as a curl command, its secrets as $VARS",
    },
    Binding {
        keys: &[letter('e')],
        action: Action::Errors,
        verb: "errors only",
        help: "show only what failed, or everything again",
    },
    Binding {
        keys: &[letter('/')],
        action: Action::Filter,
        verb: "filter",
        help: "show only requests whose method, path, status or reason holds a text",
    },
    Binding {
        keys: &[bare(KeyCode::Esc)],
        action: Action::Back,
        verb: "rail",
        help: "drop the filter, or to the rail",
    },
];

/// The keys of a request that is opened up.
pub const DETAIL_KEYS: &[Binding<Action>] = &[
    Binding {
        keys: &[bare(KeyCode::Esc), bare(KeyCode::Enter)],
        action: Action::Back,
        verb: "close",
        help: "close the request",
    },
    Binding {
        keys: &[letter('y')],
        action: Action::Copy,
        verb: "copy as curl",
        help: "copy the request as a curl command, its secrets as $VARS",
    },
    Binding {
        keys: &[bare(KeyCode::Left)],
        action: Action::Before,
        verb: "before",
        help: "open the request before",
    },
    Binding {
        keys: &[bare(KeyCode::Right)],
        action: Action::After,
        verb: "after",
        help: "open the request after",
    },
];

/// Returns the table that holds now.
pub fn table(model: &Model) -> &'static [Binding<Action>] {
    if model.activity.open.is_some() {
        DETAIL_KEYS
    } else {
        KEYS
    }
}

/// Returns why an action cannot be done now.
pub fn why_not(model: &Model, action: Action) -> Option<&'static str> {
    let of_one = matches!(action, Action::Open | Action::Copy);
    (of_one && model.activity.log.selected().is_none()).then_some("there is no request")
}

/// Returns the key bar.
pub fn hints(model: &Model) -> Vec<Hint> {
    let log = &model.activity.log;
    let hints = if model.activity.open.is_some() {
        [
            hint(DETAIL_KEYS, Action::Back),
            None,
            hint(DETAIL_KEYS, Action::Copy),
            hint(DETAIL_KEYS, Action::Before),
            hint(DETAIL_KEYS, Action::After),
        ]
    } else {
        let errors = if log.errors_only() {
            hint_as(KEYS, Action::Errors, "everything")
        } else {
            hint(KEYS, Action::Errors)
        };
        let can = |action| hint(KEYS, action).filter(|_| why_not(model, action).is_none());
        [
            can(Action::Open),
            hint_as(KEYS, Action::Back, "drop the filter").filter(|_| log.filter().is_on()),
            can(Action::Copy),
            errors,
            can(Action::Filter),
        ]
    };
    hints.into_iter().flatten().collect()
}
