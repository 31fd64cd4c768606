//! The end of the background task: what was awaited ends as failed, and one key starts the task again.
//!
//! Depends on `model`, `update`, the screens that await something; on `domain::failure`.

use ratatui::text::Line;

use super::failure;
use super::message::Effect;
use super::model::Model;
use super::theme::Role;
use super::tokens;
use super::update::{done, entered};
use super::view::Drawn;
use crate::client::Ticket;
use crate::domain::failure::{Code, Failure};

/// What is said of an order while there is nobody to take it.
pub const NOBODY: &str = "✖ The background task has stopped: F4 starts it again";

const STOPPED: &str = "the background task has stopped";

/// Takes the news that the task has ended, and where a bug ended it.
pub fn ended(model: &mut Model, place: Option<String>) {
    if model.wire.ended.is_some() {
        return;
    }
    let because = place.map_or("it ended by itself".to_owned(), |place| {
        format!("a bug in embedctl at {place}")
    });
    let hint = if model.preview.is_running() {
        "F4 starts it again; the demo app stopped too"
    } else {
        "F4 starts it again; what it did is given up"
    };
    let failure = Failure::new(Code::Internal, STOPPED).because(because);
    model.wire.ended = Some(failure.clone().hint(hint));
    model.tokens.drop_queue();
    if let Some(app) = model.preview.ticket() {
        let failure = Failure::new(Code::Internal, "the demo app has stopped")
            .because("the background task that served it has stopped")
            .hint("F4, then Enter, starts both again");
        let _nothing = done(model, app, Err(failure));
    }
    for ticket in awaited(model) {
        let failure = failure.clone().hint("F4 starts the task; then try again");
        // What this leads to is refused where it is ordered.
        let _nothing = done(model, ticket, Err(failure));
    }
    model.notice = None;
}

/// Tells of a bug that ended something else: a file job, a visitor's request.
pub fn stumbled(model: &mut Model, place: &str) {
    let text = format!("✖ A bug in embedctl at {place} ended a part of what was being done");
    model.say(Role::Bad, text);
}

/// Every ticket that is open, but the demo app's.
fn awaited(model: &Model) -> Vec<Ticket> {
    let setup = model.setup.as_ref().map(|setup| setup.ticket);
    let lone = [setup, model.data.ticket()];
    let errands = model.errands.keys().copied();
    let mints = model.tokens.open_tickets();
    lone.into_iter()
        .flatten()
        .chain(errands)
        .chain(mints)
        .collect()
}

/// Starts the task again, and asks for what the screen that is shown needs.
pub fn restart(model: &mut Model) -> Vec<Effect> {
    if model.wire.ended.take().is_none() {
        model.say(Role::Quiet, "The background task runs");
        return Vec::new();
    }
    let was = |failure: &mut Failure| failure.message == STOPPED;
    model.template.failure.take_if(was);
    model.say(Role::Good, "✔ The background task runs again");
    let mut effects = vec![Effect::Restart];
    effects.extend(tokens::recall(model));
    effects.extend(entered(model));
    effects
}

/// Draws what happened and what to do, below the screen that is shown.
pub fn draw(model: &Model, width: usize) -> Option<Drawn> {
    let failure = model.wire.ended.as_ref()?;
    let mut lines = vec![Line::default()];
    lines.extend(failure::lines(model.look(), failure, 1, width, usize::MAX));
    Some(Drawn::still(lines))
}
