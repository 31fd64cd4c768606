//! The pauses that services ask for: while one lasts, nobody sends to that service.
//!
//! Depends on `domain`.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use url::{Origin, Url};

use crate::domain::moment::Moment;

/// The longest pause that is kept. A service may ask for a day, by mistake or not; a console that
/// runs as long lets a request through at this interval, to learn whether that still holds.
pub(super) const LONGEST: Duration = Duration::from_mins(5);

/// The pauses, by the service that asked: one that is busy does not hold up another.
#[derive(Default)]
pub(super) struct Pauses(Mutex<HashMap<Origin, Pause>>);

#[derive(Clone, Copy)]
struct Pause {
    asked_at: Moment,
    span: Duration,
}

/// What is left of a pause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Left {
    /// Of what the service asked for.
    pub(super) asked: Duration,
    /// Of what is kept of it; never nothing.
    pub(super) kept: Duration,
}

impl Pause {
    fn left(self, now: Moment) -> Option<Left> {
        let passed = now.since(self.asked_at);
        let kept = self.span.min(LONGEST).saturating_sub(passed);
        (!kept.is_zero()).then(|| Left {
            asked: self.span.saturating_sub(passed),
            kept,
        })
    }
}

impl Pauses {
    /// Records that the service behind a URL asked for a pause. Of several, the one that ends last
    /// holds.
    pub(super) fn ask(&self, url: &Url, span: Duration, now: Moment) {
        let new = Pause {
            asked_at: now,
            span,
        };
        let mut pauses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let held = pauses.entry(url.origin()).or_insert(new);
        if held.left(now).map(|left| left.asked) < Some(span) {
            *held = new;
        }
    }

    /// Returns what is left of the pause of the service behind a URL, if there is one.
    pub(super) fn left(&self, url: &Url, now: Moment) -> Option<Left> {
        let pauses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        pauses.get(&url.origin())?.left(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    const NOW: Moment = Moment {
        wall: Timestamp::UNIX_EPOCH,
        uptime: Duration::ZERO,
    };

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn a_pause_lasts_as_long_as_asked_for_and_holds_one_service_only() {
        let (api, page) = (url("https://a.example/v1/x"), url("https://b.example/"));
        let pauses = Pauses::default();
        assert_eq!(pauses.left(&api, NOW), None);
        pauses.ask(&api, seconds(10), NOW);
        let other_path = url("https://a.example/v1/y");
        let left = |after| pauses.left(&other_path, NOW.plus(seconds(after)));
        assert_eq!(left(4).map(|left| left.kept), Some(seconds(6)));
        assert_eq!(left(10), None);
        assert_eq!(pauses.left(&page, NOW), None);
    }

    #[test]
    fn of_several_the_one_that_ends_last_holds() {
        let api = url("https://a.example/");
        let pauses = Pauses::default();
        for (after, span, ends) in [(0, 10, 10), (1, 2, 10), (2, 20, 22), (23, 1, 24)] {
            let now = NOW.plus(seconds(after));
            pauses.ask(&api, seconds(span), now);
            let left = pauses.left(&api, now).map(|left| left.kept);
            assert_eq!(left, Some(seconds(ends - after)), "after {after}");
        }
    }

    #[test]
    fn a_pause_of_a_day_or_more_lets_a_request_through_now_and_then() {
        let api = url("https://a.example/");
        for span in [seconds(86_400), Duration::MAX] {
            let pauses = Pauses::default();
            pauses.ask(&api, span, NOW);
            let left = pauses.left(&api, NOW.plus(seconds(60))).unwrap();
            assert_eq!(left.kept + seconds(60), LONGEST);
            assert_eq!(left.asked + seconds(60), span);
            assert_eq!(pauses.left(&api, NOW.plus(LONGEST)), None);
        }
    }
}
