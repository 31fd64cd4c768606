//! The ladder as text, to paste into a ticket.
//!
//! Depends on the form's state, on `domain::ladder`: below its first line it is the text of `check`.

use std::fmt::Write as _;
use std::time::Duration;

use super::RungState;
use crate::domain::field::Key;
use crate::domain::ladder::{Rung, Status, Step};
use crate::domain::moment::clock_time;
use crate::tui::model::Model;

/// Writes the ladder as text fit for a ticket: no secret, nothing cut.
pub(super) fn text(model: &Model) -> String {
    let api = model.draft.text(Key::Api);
    let base = model.draft.shown_base_url();
    let mut text = format!(
        "embedctl {} · {api} · {base} · {}\n",
        env!("CARGO_PKG_VERSION"),
        clock_time(model.now.wall)
    );
    let config = match model.draft.settings() {
        Ok(_) => Step {
            rung: Rung::Config,
            status: Status::Pass,
            took: Duration::ZERO,
            detail: model.draft.told(),
            failure: None,
        },
        Err(failure) => Step {
            rung: Rung::Config,
            status: Status::Fail,
            took: Duration::ZERO,
            detail: failure.message.clone(),
            failure: Some(failure),
        },
    };
    let _ = writeln!(text, "{}", config.text());
    for (rung, state) in &model.form.rungs {
        let step = match state {
            RungState::Ended(step) => match model.form.doubt(*rung) {
                Some(detail) => Step {
                    status: Status::Warn,
                    detail,
                    ..step.clone()
                },
                None => step.clone(),
            },
            RungState::NotYet | RungState::Running => Step::skipped(*rung, "not walked"),
        };
        let _ = writeln!(text, "{}", step.text());
    }
    if model.form.stale {
        text.push_str("(settings were edited after these rungs were walked)\n");
    }
    text
}
