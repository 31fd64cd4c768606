//! Renewal, and the other moments at which a row changes on its own.
//!
//! Depends on the rows alone.

use std::time::Duration;

use super::{Board, Row};
use crate::domain::moment::Moment;
use crate::domain::user::ExternalUser;

/// How many rows may renew themselves.
pub const AUTO_LIMIT: usize = 20;

/// How long a renewal that failed for a passing reason waits for its next try.
const RETRY: Duration = Duration::from_secs(30);

impl Board {
    /// Returns how many rows renew themselves.
    pub fn auto_count(&self) -> usize {
        self.lively().filter(|row| row.auto).count()
    }

    /// Switches the selected row's renewal; `None` when no more rows may renew themselves.
    pub fn toggle_auto(&mut self) -> Option<bool> {
        let full = self.auto_count() >= AUTO_LIMIT;
        let at = *self.shown.get(self.cursor)?;
        let row = self.rows.get_mut(at)?;
        if !row.auto && full {
            return None;
        }
        row.auto = !row.auto;
        let auto = row.auto;
        self.lively.insert(at);
        Some(auto)
    }

    /// Ends the renewal of the rows whose token is being asked for, which would ask again; returns how
    /// many there were.
    pub fn end_renewals_at_work(&mut self) -> usize {
        let mut ended = 0;
        for at in &self.lively {
            if let Some(row) = self.rows.get_mut(*at)
                && row.auto
                && row.is_at_work()
            {
                row.auto = false;
                ended += 1;
            }
        }
        ended
    }

    /// Returns how long until a row's token is due for renewal; the one place that decides it.
    fn renewal_in(&self, row: &Row, now: Moment) -> Option<Duration> {
        if !row.auto || row.is_at_work() {
            return None;
        }
        let token = self.held(row)?;
        let due = token
            .renewal_age()?
            .saturating_sub(now.since(token.received));
        match &row.failure {
            None => Some(due),
            Some((failure, at)) if failure.retryable => {
                let wait = failure.retry_after.unwrap_or(RETRY).max(RETRY);
                Some(due.max(wait.saturating_sub(now.since(*at))))
            }
            Some(_) => None,
        }
    }

    /// Returns the users whose renewal is due.
    pub fn due(&self, now: Moment) -> Vec<ExternalUser> {
        let rows = self.lively().filter(|row| row.auto);
        rows.filter(|row| self.renewal_in(row, now) == Some(Duration::ZERO))
            .map(|row| row.user.clone())
            .collect()
    }

    /// Returns how long until the next renewal.
    pub fn next_renewal(&self, now: Moment) -> Option<Duration> {
        let rows = self.lively().filter(|row| row.auto);
        rows.filter_map(|row| self.renewal_in(row, now)).min()
    }

    /// Returns how long until the next token expires, which the rail shows.
    pub fn next_change(&self, now: Moment) -> Option<Duration> {
        let current = self.current()?;
        self.lively()
            .filter(|row| row.target == Some(current))
            .filter_map(|row| row.token.as_ref()?.left(now))
            .filter(|left| !left.is_zero())
            .min()
    }
}
