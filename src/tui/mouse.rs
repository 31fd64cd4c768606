//! What a click or a turn of the wheel means.
//!
//! Depends on `view` for what stands where: the very lines that were drawn say what a click on them
//! does, so there is no second geometry. A click does what a key does, and nothing else.

use ratatui::crossterm::event::KeyCode;

use super::keys::{Chord, bare};
use super::message::Effect;
use super::model::{Focus, Model};
use super::screen::Screen;
use super::update::{go, press};
use super::{activity, data, palette, prerequisites, preview, tokens, view};

/// What a click on a place does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Click {
    /// What this key does.
    Key(Chord),
    /// Go to a screen.
    Go(Screen),
    /// Put the cursor into a field of the form, by its row in the table and the column of its text.
    Field(usize, usize),
    /// Select a row of the board, by its place among those shown.
    User(usize),
    /// Select a visit to the demo app, by its number.
    Visit(u64),
    /// Select a stream, by its place.
    Stream(usize),
    /// Select a request by its number; open it when it is selected already.
    Request(u64),
    /// Run a row of the palette, by its place among those shown.
    Action(usize),
}

/// How many rows one notch of the wheel is.
const NOTCH: usize = 3;

/// Does what a click stands for; a click on nothing does nothing.
pub fn click(model: &mut Model, column: u16, row: u16) -> Vec<Effect> {
    let Some((click, column)) = view::clicked(model, column, row) else {
        return Vec::new();
    };
    match click {
        Click::Key(chord) => return press(model, chord.event()),
        Click::Go(screen) => {
            model.notice = None;
            return go(model, screen);
        }
        Click::Action(at) => {
            model.notice = None;
            return palette::pick(model, at);
        }
        Click::Field(..)
        | Click::User(_)
        | Click::Visit(_)
        | Click::Stream(_)
        | Click::Request(_) => {}
    }
    // What lies below a question waits for its answer.
    if model.prompt.is_some() {
        return Vec::new();
    }
    model.notice = None;
    model.focus = Focus::Body;
    match click {
        Click::Field(at, start) => prerequisites::point(model, at, column.saturating_sub(start)),
        Click::User(at) => tokens::point(model, at),
        Click::Visit(number) => preview::point(model, number),
        Click::Stream(at) => data::point(model, at),
        Click::Request(number) => activity::point(model, number),
        Click::Key(_) | Click::Go(_) | Click::Action(_) => {}
    }
    Vec::new()
}

/// Turns the wheel: what the arrow keys do here, by a notch; in a form by a field.
pub fn wheel(model: &mut Model, up: bool) -> Vec<Effect> {
    let key = bare(if up { KeyCode::Up } else { KeyCode::Down });
    let times = if model.in_field() && model.palette.is_none() {
        1
    } else {
        NOTCH
    };
    let mut effects = Vec::new();
    for _ in 0..times {
        effects.extend(press(model, key.event()));
    }
    effects
}
