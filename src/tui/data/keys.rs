//! The keys of the data's page, and what of them the key bar shows.
//!
//! Depends on the page's state, on `keys`.

use ratatui::crossterm::event::KeyCode;

use super::{Work, work};
use crate::tui::customer;
use crate::tui::keys::{Binding, Hint, bare, hint, hint_as, letter};
use crate::tui::model::Model;

/// What can be done here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Look now.
    Look,
    /// Wait until there is some, or stop waiting.
    Wait,
    /// Another user, typed.
    User,
    /// The user before, of the board.
    UserBefore,
    /// The user after, of the board.
    UserAfter,
    /// Show and copy the address in the operator UI.
    Operator,
    /// Play a customer.
    Play,
    /// Show only some streams.
    Filter,
    /// Stop what runs, drop the filter, or to the rail.
    Back,
}

/// The keys of this screen.
pub const KEYS: &[Binding<Action>] = &[
    Binding {
        keys: &[bare(KeyCode::Enter)],
        action: Action::Look,
        verb: "look now",
        help: "look for this user's data: the chain in Airbyte, then the bucket",
    },
    Binding {
        keys: &[letter('w')],
        action: Action::Wait,
        verb: "wait",
        help: "wait for this user's data, 10 minutes at most; w again stops",
    },
    Binding {
        keys: &[letter('u')],
        action: Action::User,
        verb: "user",
        help: "another external user, typed",
    },
    Binding {
        keys: &[letter('p')],
        action: Action::Play,
        verb: "play a customer",
        help: "sandbox only: a customer connects Sample Data; then look",
    },
    Binding {
        keys: &[letter('O')],
        action: Action::Operator,
        verb: "in Airbyte",
        help: "show the workspace's address in Airbyte and copy it",
    },
    Binding {
        keys: &[letter('/')],
        action: Action::Filter,
        verb: "filter",
        help: "show only streams whose name holds a text",
    },
    Binding {
        keys: &[bare(KeyCode::Left)],
        action: Action::UserBefore,
        verb: "user before",
        help: "the user before, of those on Tokens",
    },
    Binding {
        keys: &[bare(KeyCode::Right)],
        action: Action::UserAfter,
        verb: "user after",
        help: "the user after, of those on Tokens",
    },
    Binding {
        keys: &[bare(KeyCode::Esc)],
        action: Action::Back,
        verb: "rail",
        help: "stop what runs, drop the filter, or to the rail",
    },
];

/// Returns why an action cannot be done now.
pub fn why_not(model: &Model, action: Action) -> Option<&'static str> {
    let page = &model.data;
    match action {
        Action::Look | Action::Wait if page.of.is_none() => Some("the settings are not complete"),
        Action::Operator if page.landing().is_none() => Some("look first"),
        Action::Filter if page.streams().is_empty() => Some("there is no stream"),
        Action::Play => customer::why_not(model),
        Action::Look
        | Action::Wait
        | Action::User
        | Action::UserBefore
        | Action::UserAfter
        | Action::Operator
        | Action::Filter
        | Action::Back => None,
    }
}

/// Returns the key bar.
pub fn hints(model: &Model) -> Vec<Hint> {
    let page = &model.data;
    if page.of.is_none() {
        return hint_as(KEYS, Action::Look, "fill in the form")
            .into_iter()
            .collect();
    }
    let first = match work(model) {
        Some(Work::Wait(_)) => {
            return hint_as(KEYS, Action::Wait, "stop waiting")
                .into_iter()
                .collect();
        }
        Some(Work::Look | Work::Play) => hint_as(KEYS, Action::Back, "stop"),
        None if page.found.is_some() || page.failure.is_some() => {
            hint_as(KEYS, Action::Look, "look again")
        }
        None => hint(KEYS, Action::Look),
    };
    let play = hint(KEYS, Action::Play).filter(|_| why_not(model, Action::Play).is_none());
    let address = page
        .landing()
        .and_then(|landing| landing.operator_url.as_ref())
        .and_then(|_| hint(KEYS, Action::Operator));
    let filter = (page.streams().len() > 1)
        .then(|| hint(KEYS, Action::Filter))
        .flatten();
    [
        first,
        hint_as(KEYS, Action::Back, "drop the filter").filter(|_| page.filter.is_on()),
        hint(KEYS, Action::Wait),
        play,
        hint(KEYS, Action::User),
        address,
        filter,
    ]
    .into_iter()
    .flatten()
    .collect()
}
