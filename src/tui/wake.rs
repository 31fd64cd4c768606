//! When the screen will next change on its own.
//!
//! Depends on `model`. One pure function: the shell sleeps until a key, an event, a signal, or this.

use std::time::Duration;

use super::model::{Model, SPIN};
use super::screen::Screen;

/// Below this nobody sees a difference; it keeps a moment that has just passed from being asked for
/// again and again.
const LEAST: Duration = Duration::from_millis(10);

/// Returns how long until something changes without a key or an event; `None` on a still screen.
pub fn next_wake(model: &Model) -> Option<Duration> {
    let parts = [
        spinner(model),
        retry(model),
        reveal(model),
        access_token(model),
        countdowns(model),
        model.tokens.next_change(model.now),
        data(model),
        renewal(model),
    ];
    parts.into_iter().flatten().min().map(|d| d.max(LEAST))
}

fn spinner(model: &Model) -> Option<Duration> {
    model.is_busy().then(|| until_whole(model, SPIN))
}

fn retry(model: &Model) -> Option<Duration> {
    let left = model.retry_left()?;
    Some(rest_of(left, Duration::from_secs(1)))
}

fn reveal(model: &Model) -> Option<Duration> {
    let until = model.form.revealed_until?;
    Some(until.uptime.saturating_sub(model.now.uptime))
}

/// The access token's life stands in the header in whole minutes.
fn access_token(model: &Model) -> Option<Duration> {
    let left = model.access_left()?;
    (!left.is_zero()).then(|| rest_of(left, Duration::from_mins(1)))
}

fn countdowns(model: &Model) -> Option<Duration> {
    let shown = model.screen == Screen::Tokens && model.help.is_none();
    (shown && super::tokens::view::shows_countdown(model))
        .then(|| until_whole(model, Duration::from_secs(1)))
}

/// The clock of a wait, and how long ago things were.
fn data(model: &Model) -> Option<Duration> {
    let shown = model.screen == Screen::Data && model.help.is_none();
    shown
        .then(|| super::data::view::next_change(model))
        .flatten()
}

fn renewal(model: &Model) -> Option<Duration> {
    (model.wire.ended.is_none())
        .then(|| model.tokens.next_renewal(model.now))
        .flatten()
}

/// Returns how long until the uptime is a whole number of steps, so that all countdowns step at once.
fn until_whole(model: &Model, step: Duration) -> Duration {
    step.saturating_sub(modulo(model.now.uptime, step))
}

/// Returns how long until what is left is a whole number of steps.
fn rest_of(left: Duration, step: Duration) -> Duration {
    match modulo(left, step) {
        Duration::ZERO => step,
        rest => rest,
    }
}

fn modulo(span: Duration, step: Duration) -> Duration {
    let nanos = span.as_nanos() % step.as_nanos().max(1);
    u64::try_from(nanos).map_or(Duration::ZERO, Duration::from_nanos)
}
