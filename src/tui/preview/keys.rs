//! The keys of the demo app's page, and what of them the key bar shows.
//!
//! Depends on the page's state, on `keys`.

use ratatui::crossterm::event::KeyCode;

use super::view::catalogue_overflow;
use super::{Hit, is_outdated, serving};
use crate::domain::failure::Code;
use crate::tui::customer;
use crate::tui::keys::{Binding, Hint, bare, hint, hint_as, letter};
use crate::tui::model::Model;
use crate::tui::rows::scroll_hint;
use crate::tui::view::whole_size;

/// What can be done here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Start the demo app, or stop it.
    Switch,
    /// Open it in the browser.
    Browse,
    /// Another user, typed.
    User,
    /// Play a customer.
    Play,
    /// To the data of the selected visit's user.
    Data,
    /// Open or close the catalogue.
    Catalogue,
    /// Start it anew, on the settings as they stand.
    Anew,
    /// Start it on a free port.
    FreePort,
    /// Copy its address.
    Copy,
    /// Show only some visits.
    Filter,
    /// Close the catalogue, drop the filter, or to the rail. The demo app runs on.
    Back,
}

/// The keys of this screen.
pub const KEYS: &[Binding<Action>] = &[
    Binding {
        keys: &[bare(KeyCode::Enter)],
        action: Action::Switch,
        verb: "start",
        help: "start the demo app, or stop it",
    },
    Binding {
        keys: &[letter('o')],
        action: Action::Browse,
        verb: "open",
        help: "open the demo app in the browser",
    },
    Binding {
        keys: &[letter('u')],
        action: Action::User,
        verb: "user",
        help: "another external user, typed; the demo app then mints for that one",
    },
    Binding {
        keys: &[letter('p')],
        action: Action::Play,
        verb: "play a customer",
        help: "sandbox only: a customer connects Sample Data",
    },
    Binding {
        keys: &[letter('d')],
        action: Action::Data,
        verb: "data",
        help: "see the data of the selected visit's user",
    },
    Binding {
        keys: &[letter('c')],
        action: Action::Catalogue,
        verb: "catalogue",
        help: "all that customers are offered, and how to add a tile of your own",
    },
    Binding {
        keys: &[letter('r')],
        action: Action::Anew,
        verb: "start anew",
        help: "start the demo app anew, on the settings as they stand",
    },
    Binding {
        keys: &[letter('f')],
        action: Action::FreePort,
        verb: "take a free port",
        help: "start the demo app on a free port, whatever PORT says",
    },
    Binding {
        keys: &[letter('y')],
        action: Action::Copy,
        verb: "copy address",
        help: "copy the demo app's address",
    },
    Binding {
        keys: &[letter('/')],
        action: Action::Filter,
        verb: "filter",
        help: "show only visits whose user, call, origin or verdict holds a text",
    },
    Binding {
        keys: &[bare(KeyCode::Esc)],
        action: Action::Back,
        verb: "rail",
        help: "close the catalogue, drop the filter, or to the rail; the demo app runs on",
    },
];

/// Returns why an action cannot be done now.
pub fn why_not(model: &Model, action: Action) -> Option<&'static str> {
    let page = &model.preview;
    let runs = page.opened().is_some();
    match action {
        Action::Switch if !page.is_running() && serving(model).is_none() => {
            Some("the settings are not complete")
        }
        Action::Browse | Action::Copy | Action::Anew if !runs => Some("the demo app does not run"),
        Action::Browse if model.over_ssh => Some("over SSH the browser is on your side"),
        Action::FreePort if page.is_running() => Some("the demo app has its port"),
        Action::Filter if page.hits.is_empty() => Some("nobody has come yet"),
        Action::Play => customer::why_not(model),
        Action::Switch
        | Action::Browse
        | Action::User
        | Action::Data
        | Action::Catalogue
        | Action::Anew
        | Action::FreePort
        | Action::Copy
        | Action::Filter
        | Action::Back => None,
    }
}

/// Returns the key bar.
pub fn hints(model: &Model) -> Vec<Hint> {
    let page = &model.preview;
    if page.open.is_some() {
        let scroll = scroll_hint(catalogue_overflow(model, whole_size(model)));
        return [hint_as(KEYS, Action::Back, "close"), scroll]
            .into_iter()
            .flatten()
            .collect();
    }
    let stage = page.run.as_ref().map(|run| &run.stage);
    if stage.is_none() && serving(model).is_none() {
        return hint_as(KEYS, Action::Switch, "fill in the form")
            .into_iter()
            .collect();
    }
    let taken = page
        .failure
        .as_ref()
        .is_some_and(|failure| failure.code == Code::MachinePort);
    let first = match stage {
        None if page.has_failed() => hint_as(KEYS, Action::Switch, "try again"),
        None => hint(KEYS, Action::Switch),
        Some(_) => hint_as(KEYS, Action::Switch, "stop"),
    };
    // What can be done, where it matters too.
    let when = |matters: bool, action| {
        let can = matters && why_not(model, action).is_none();
        can.then(|| hint(KEYS, action)).flatten()
    };
    let connected = page.hit().is_some_and(Hit::is_source_created);
    [
        first,
        hint_as(KEYS, Action::Back, "drop the filter").filter(|_| page.filter.is_on()),
        when(taken, Action::FreePort),
        when(connected, Action::Data),
        when(is_outdated(model), Action::Anew),
        when(true, Action::Browse),
        when(model.over_ssh, Action::Copy),
        when(true, Action::User),
        when(true, Action::Play),
        when(true, Action::Filter),
        when(true, Action::Catalogue),
    ]
    .into_iter()
    .flatten()
    .collect()
}
