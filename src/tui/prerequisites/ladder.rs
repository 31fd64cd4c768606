//! The ladder as text, to paste into a ticket.
//!
//! Depends on the form's state, on `failure`.

use std::fmt::Write as _;

use super::RungState;
use crate::domain::field::{FIELDS, Key};
use crate::domain::moment::{clock_time, span};
use crate::tui::failure;
use crate::tui::model::Model;

/// Writes the ladder as text fit for a ticket: no secret, nothing cut.
pub(super) fn text(model: &Model) -> String {
    let api = model.draft.text(Key::Api);
    let base = model.draft.text(Key::BaseUrl);
    let mut text = format!(
        "embedctl {} · {api} · {base} · {}\n",
        env!("CARGO_PKG_VERSION"),
        clock_time(model.now.wall)
    );
    let usable = FIELDS.len() - model.form.unusable();
    let config = if usable == FIELDS.len() {
        "pass"
    } else {
        "fail"
    };
    let _ = writeln!(
        text,
        "{:<13} {config:<5} {usable} of {} settings",
        "config",
        FIELDS.len()
    );
    for (key, finding) in &model.form.findings {
        if !finding.is_usable() {
            let _ = writeln!(text, "  {} {}", key.variable(), finding.detail());
        }
    }
    for (rung, state) in &model.form.rungs {
        let name = rung.name();
        match state {
            RungState::Ended(step) => {
                let _ = writeln!(
                    text,
                    "{name:<13} {:<5} {}  {}",
                    step.status.name(),
                    span(step.took),
                    step.detail
                );
                if let Some(failure) = &step.failure {
                    text.push_str(&failure::text(failure));
                }
            }
            RungState::NotYet | RungState::Running => {
                let _ = writeln!(text, "{name:<13} –     not walked");
            }
        }
    }
    if model.form.stale {
        text.push_str("(settings were edited after these rungs were walked)\n");
    }
    text
}
