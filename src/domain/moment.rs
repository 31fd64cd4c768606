//! Points in time as the program sees them, and spans in words.
//!
//! Depends on nothing of ours.

use std::time::Duration;

use jiff::Timestamp;

/// A point in time on two clocks: the wall clock, which people set, and a monotonic one, which may
/// stand still while a machine sleeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The wall clock.
    pub wall: Timestamp,
    /// Time since the program started, on the monotonic clock.
    pub uptime: Duration,
}

impl Moment {
    /// Returns how much time has passed since `earlier`: the larger of what the two clocks say, so
    /// that a laptop that slept does not show dead tokens as live.
    pub fn since(self, earlier: Moment) -> Duration {
        let wall = self.wall.duration_since(earlier.wall);
        let wall = Duration::try_from(wall).unwrap_or(Duration::ZERO);
        wall.max(self.uptime.saturating_sub(earlier.uptime))
    }

    /// Returns the same moment, later by `span` on both clocks.
    #[must_use]
    pub fn plus(self, span: Duration) -> Moment {
        Moment {
            wall: self.wall.saturating_add(span).unwrap_or(self.wall),
            uptime: self.uptime.saturating_add(span),
        }
    }
}

/// Makes [`Moment`]s; the only place where the clocks are read.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    started: std::time::Instant,
}

impl Clock {
    /// Starts the monotonic clock at zero.
    pub fn start() -> Self {
        Self {
            started: std::time::Instant::now(),
        }
    }

    /// Reads both clocks.
    pub fn now(&self) -> Moment {
        Moment {
            wall: Timestamp::now(),
            uptime: self.started.elapsed(),
        }
    }
}

/// Writes what is left of a life: `19:41`, or `1:05:00` from an hour on.
pub fn countdown(left: Duration) -> String {
    let s = left.as_secs();
    if s >= 3600 {
        format!("{}:{:02}:{:02}", s / 3600, s % 3600 / 60, s % 60)
    } else {
        format!("{}:{:02}", s / 60, s % 60)
    }
}

/// Writes a span in its largest fitting unit: `240 ms`, `2 s`, `14 min`, `3 h`, `2 days`.
pub fn span(span: Duration) -> String {
    let ms = span.as_millis();
    let s = span.as_secs();
    match s {
        _ if ms < 1000 => format!("{ms} ms"),
        0..120 => format!("{s} s"),
        120..7200 => format!("{} min", s / 60),
        7200..172_800 => format!("{} h", s / 3600),
        _ => format!("{} days", s / 86_400),
    }
}

/// Writes a point in time for a person: `2026-01-02 12:50:07 UTC`.
pub fn clock_time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// Writes a point in time for a machine: RFC 3339 in UTC, whole seconds.
pub fn rfc3339(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(wall: i64, uptime: u64) -> Moment {
        Moment {
            wall: Timestamp::from_second(wall).unwrap(),
            uptime: Duration::from_secs(uptime),
        }
    }

    #[test]
    fn a_machine_that_slept_has_aged() {
        assert_eq!(at(1_300, 2).since(at(100, 1)), Duration::from_mins(20));
    }

    #[test]
    fn a_clock_set_back_does_not_make_time_go_back() {
        assert_eq!(at(10, 65).since(at(100, 5)), Duration::from_mins(1));
    }

    #[test]
    fn spans_read_as_a_person_would_say_them() {
        let said = [0, 999, 1_000, 119_000, 120_000, 7_200_000, 200_000_000]
            .map(|ms| span(Duration::from_millis(ms)));
        assert_eq!(
            said,
            ["0 ms", "999 ms", "1 s", "119 s", "2 min", "2 h", "2 days"]
        );
        assert_eq!(countdown(Duration::from_secs(1_181)), "19:41");
        assert_eq!(countdown(Duration::from_secs(3_905)), "1:05:05");
    }
}
