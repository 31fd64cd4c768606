//! Jobs. What becomes of one is settled when it is made, and its state is a function of the time
//! that has passed since.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

use super::ids::Id;
use super::landing::Landed;

/// What is to become of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It succeeds and moves what there is.
    Succeeds,
    /// It succeeds and moves nothing.
    Empty,
    /// It waits for a place, for ever.
    Queued,
    /// It waits for a worker, for ever.
    Pending,
    /// It runs, for ever.
    Running,
    /// One attempt fails and another never comes.
    Incomplete,
    /// It fails, with what the connector said.
    Fails(String),
}

/// What a job does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Sync,
    Reset,
    Clear,
}

/// The published states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Pending,
    Queued,
    Running,
    Incomplete,
    Failed,
    Succeeded,
    Cancelled,
}

impl Kind {
    /// As it is on the wire.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Sync => "sync",
            Self::Reset => "reset",
            Self::Clear => "clear",
        }
    }
}

impl Status {
    /// As it is on the wire.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Incomplete => "incomplete",
            Self::Failed => "failed",
            Self::Succeeded => "succeeded",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether nothing can change any more.
    pub(super) fn is_over(self) -> bool {
        matches!(self, Self::Failed | Self::Succeeded | Self::Cancelled)
    }
}

/// How long the states last.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    pending: Duration,
    running: Duration,
}

impl Pace {
    /// A job that takes this long in all: two fifths waiting, three running.
    pub(super) fn of(whole: Duration) -> Self {
        let pending = whole / 5 * 2;
        Self {
            pending,
            running: whole.saturating_sub(pending),
        }
    }

    fn whole(self) -> Duration {
        self.pending + self.running
    }
}

/// A job.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) id: u64,
    pub(super) kind: Kind,
    pub(super) connection: Id,
    pub(super) fate: Fate,
    pub(super) pace: Pace,
    pub(super) began: Instant,
    /// The same moment by the server's clock.
    pub(super) created_at: Timestamp,
    /// How long after its beginning it was called off.
    pub(super) cancelled: Option<Duration>,
    /// What it moved, once it has.
    pub(super) landed: Option<Landed>,
}

impl Job {
    /// The state now.
    pub(super) fn status(&self, now: Instant) -> Status {
        self.at(now).0
    }

    /// When it got into the state in which it is now, by the server's clock.
    pub(super) fn updated_at(&self, now: Instant) -> Timestamp {
        self.after(self.at(now).1)
    }

    /// How long the job has taken, or took.
    pub(super) fn took(&self, now: Instant) -> Duration {
        match self.at(now) {
            (status, since) if status.is_over() => since,
            _ => now.saturating_duration_since(self.began),
        }
    }

    /// When its rows are read, by the server's clock.
    pub(super) fn running_at(&self) -> Timestamp {
        self.after(self.pace.pending)
    }

    /// How long until the next state; none when this one stays.
    pub(super) fn next_change(&self, now: Instant) -> Option<Duration> {
        let passed = now.saturating_duration_since(self.began);
        let next = match self.status(now) {
            Status::Pending if self.fate != Fate::Pending => self.pace.pending,
            Status::Running if self.fate != Fate::Running => self.pace.whole(),
            Status::Pending
            | Status::Queued
            | Status::Running
            | Status::Incomplete
            | Status::Failed
            | Status::Succeeded
            | Status::Cancelled => return None,
        };
        Some(next.saturating_sub(passed))
    }

    /// Whether it has succeeded and what it moves is still to be written.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.landed.is_none() && self.status(now) == Status::Succeeded
    }

    /// State, and how long after the beginning it was reached.
    fn at(&self, now: Instant) -> (Status, Duration) {
        if let Some(after) = self.cancelled {
            return (Status::Cancelled, after);
        }
        let passed = now.saturating_duration_since(self.began);
        let (pending, whole) = (self.pace.pending, self.pace.whole());
        match &self.fate {
            Fate::Queued => (Status::Queued, Duration::ZERO),
            Fate::Pending => (Status::Pending, Duration::ZERO),
            _ if passed < pending => (Status::Pending, Duration::ZERO),
            Fate::Running => (Status::Running, pending),
            _ if passed < whole => (Status::Running, pending),
            Fate::Succeeds | Fate::Empty => (Status::Succeeded, whole),
            Fate::Incomplete => (Status::Incomplete, whole),
            Fate::Fails(_) => (Status::Failed, whole),
        }
    }

    fn after(&self, passed: Duration) -> Timestamp {
        let passed = SignedDuration::try_from(passed).unwrap_or(SignedDuration::ZERO);
        self.created_at
            .saturating_add(passed)
            .unwrap_or(self.created_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(fate: Fate) -> Job {
        Job {
            id: 1,
            kind: Kind::Sync,
            connection: Id::NONE,
            fate,
            pace: Pace::of(Duration::from_millis(500)),
            began: Instant::now(),
            created_at: Timestamp::UNIX_EPOCH,
            cancelled: None,
            landed: None,
        }
    }

    fn ms(number: u64) -> Duration {
        Duration::from_millis(number)
    }

    #[test]
    fn states_follow_each_other_in_their_time() {
        for (fate, early, middle, late) in [
            (Fate::Succeeds, "pending", "running", "succeeded"),
            (Fate::Empty, "pending", "running", "succeeded"),
            (Fate::Queued, "queued", "queued", "queued"),
            (Fate::Pending, "pending", "pending", "pending"),
            (Fate::Running, "pending", "running", "running"),
            (Fate::Incomplete, "pending", "running", "incomplete"),
            (Fate::Fails("x".to_owned()), "pending", "running", "failed"),
        ] {
            let job = job(fate);
            for (passed, expected) in [
                (0, early),
                (199, early),
                (200, middle),
                (499, middle),
                (500, late),
                (9000, late),
            ] {
                let now = job.began + ms(passed);
                assert_eq!(job.status(now).name(), expected, "{:?} {passed}", job.fate);
            }
        }
    }

    #[test]
    fn each_state_says_when_it_ends_and_when_it_began() {
        let job = job(Fate::Succeeds);
        let at = |passed| job.began + ms(passed);
        assert_eq!(job.next_change(at(50)), Some(ms(150)));
        assert_eq!(job.next_change(at(200)), Some(ms(300)));
        assert_eq!(job.next_change(at(500)), None);
        assert_eq!(job.updated_at(at(300)).as_millisecond(), 200);
        assert_eq!(job.updated_at(at(9000)).as_millisecond(), 500);
        assert_eq!((job.took(at(300)), job.took(at(9000))), (ms(300), ms(500)));
        assert!(!job.is_due(at(499)) && job.is_due(at(500)));
        assert_eq!(super::tests::job(Fate::Running).next_change(at(900)), None);
    }

    #[test]
    fn a_job_called_off_moves_nothing() {
        let mut job = job(Fate::Succeeds);
        job.cancelled = Some(ms(100));
        let late = job.began + ms(9000);
        assert_eq!(
            (job.status(late), job.took(late)),
            (Status::Cancelled, ms(100))
        );
        assert!(!job.is_due(late) && job.next_change(late).is_none());
    }
}
