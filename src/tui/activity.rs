//! Screen 6: every request with how it ended, and one of them opened up.
//!
//! Depends on `activity::log` for the requests, on `model`, `keys`, `prompt`; on `domain`. Nothing is
//! asked for here: the page only shows what the transports told.

use ratatui::crossterm::event::KeyEvent;

use super::keys::find;
use super::message::Effect;
use super::model::{Focus, Model};
use super::prompt::Prompt;
use super::rows::Move;
use super::screen::Screen;
use super::theme::Role;
use crate::domain::curl;
use crate::domain::secret::Secret;

mod keys;
mod log;
pub mod view;

pub use keys::{Action, DETAIL_KEYS, KEYS, hints, table, why_not};
pub use log::{Entry, LIMIT, Log};

/// The page's state.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    /// The requests, oldest first.
    pub log: Log,
    /// The selected one is opened up, scrolled by so many lines.
    pub open: Option<usize>,
}

/// Takes a key; `None` when this screen does not know it.
pub fn press(model: &mut Model, key: KeyEvent) -> Option<Vec<Effect>> {
    find(table(model), key).map(|action| act(model, action))
}

/// Does what a key stands for.
pub fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    match action {
        Action::Open => open(model),
        Action::Copy => return copy(model),
        Action::Errors => errors(model),
        Action::Filter => {
            let filter = model.activity.log.filter();
            model.prompt = Some(Prompt::filter(Screen::Activity, filter));
        }
        Action::Before => beside(model, Move::Up),
        Action::After => beside(model, Move::Down),
        Action::Back => back(model),
    }
    Vec::new()
}

/// Selects a request, as a click does; opens it when it is selected already.
pub fn point(model: &mut Model, number: u64) {
    let selected = model.activity.log.selected().map(|entry| entry.number);
    if selected == Some(number) {
        open(model);
    } else {
        model.activity.log.select(number);
    }
}

fn open(model: &mut Model) {
    if model.activity.log.selected().is_some() {
        model.activity.log.hold();
        model.activity.open = Some(0);
    } else {
        model.say(Role::Quiet, "There is no request to open");
    }
}

fn copy(model: &mut Model) -> Vec<Effect> {
    let Some(entry) = model.activity.log.selected() else {
        model.say(Role::Quiet, "There is no request to copy");
        return Vec::new();
    };
    let text = curl::command(&entry.exchange);
    model.copy("The curl command, its secrets as $VARS,", Secret::new(text))
}

fn errors(model: &mut Model) {
    let only = !model.activity.log.errors_only();
    model.activity.log.show_errors_only(only);
}

/// Moves through the list, or scrolls the one that is opened up.
pub fn go_by(model: &mut Model, step: Move) {
    let page = view::page_rows(model);
    match model.activity.open {
        Some(scroll) => {
            let most = view::overflow(model);
            model.activity.open = Some(step.lead(scroll, most, page));
        }
        None => model.activity.log.go(step, page),
    }
}

/// Opens the request before or after the one that is opened up.
fn beside(model: &mut Model, step: Move) {
    model.activity.log.go(step, 1);
    model.activity.log.hold();
    model.activity.open = Some(0);
}

/// One step back: from the opened one to the list, from a narrowed list to the whole, to the rail.
fn back(model: &mut Model) {
    let page = &mut model.activity;
    if page.open.is_some() {
        page.open = None;
        page.log.let_go();
    } else if page.log.filter().is_on() {
        page.log.set_filter("");
    } else if page.log.errors_only() {
        page.log.show_errors_only(false);
    } else {
        model.focus = Focus::Rail(Screen::Activity);
    }
}
