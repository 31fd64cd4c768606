//! The requests that are kept, which of them are shown, and which is selected.
//!
//! Depends on `domain::exchange`. Bounded in number and in memory: the oldest make room.

use std::collections::VecDeque;
use std::time::Duration;

use crate::domain::exchange::Exchange;

/// How many requests are kept.
pub const LIMIT: usize = 1_000;

/// How much memory their bodies may take, in bytes; the oldest are dropped beyond it.
const WEIGHT_LIMIT: usize = 4 << 20;

/// A request that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number, from 1, which it keeps when others are dropped.
    pub number: u64,
    /// What was told of it.
    pub exchange: Exchange,
}

impl Entry {
    fn holds(&self, text: &str) -> bool {
        let exchange = &self.exchange;
        let status = exchange.status.map(|s| s.to_string()).unwrap_or_default();
        let why = exchange.why.as_deref().unwrap_or_default();
        let line = format!("{} {} {status} {why}", exchange.method, exchange.path);
        line.to_lowercase().contains(text)
    }
}

/// The requests, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Log {
    entries: VecDeque<Entry>,
    weight: usize,
    made: u64,
    failed: u64,
    /// The number of the selected one; `None` follows the newest.
    at: Option<u64>,
    filter: String,
    errors_only: bool,
}

impl Log {
    /// Takes a request in.
    pub fn push(&mut self, exchange: Exchange) {
        self.made += 1;
        self.failed += u64::from(!exchange.succeeded());
        self.weight += exchange.record.weight();
        self.entries.push_back(Entry {
            number: self.made,
            exchange,
        });
        while self.entries.len() > LIMIT || (self.weight > WEIGHT_LIMIT && self.entries.len() > 1) {
            let dropped = self.entries.pop_front();
            self.weight -= dropped.map_or(0, |entry| entry.exchange.record.weight());
        }
    }

    /// Returns how many requests were made, those that are not kept any more included.
    pub fn made(&self) -> u64 {
        self.made
    }

    /// Returns how many of them failed.
    pub fn failed(&self) -> u64 {
        self.failed
    }

    /// Returns how many are kept.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns true when none is kept.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Returns those that filter and choice leave, oldest first.
    pub fn shown(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        self.entries.iter().filter(|entry| {
            (!self.errors_only || !entry.exchange.succeeded())
                && (self.filter.is_empty() || entry.holds(&self.filter))
        })
    }

    /// Returns the selected one: the last that is not newer than the one chosen.
    pub fn selected(&self) -> Option<&Entry> {
        let Some(at) = self.at else {
            return self.shown().next_back();
        };
        let chosen = self.shown().take_while(|entry| entry.number <= at).last();
        chosen.or_else(|| self.shown().next())
    }

    /// Moves the selection among those shown. From the newest on, the list follows what comes.
    pub fn move_by(&mut self, by: isize) {
        let numbers: Vec<u64> = self.shown().map(|entry| entry.number).collect();
        let selected = self.selected().map(|entry| entry.number);
        let at = numbers.iter().position(|n| Some(*n) == selected);
        let last = numbers.len().saturating_sub(1);
        let to = at.unwrap_or(last).saturating_add_signed(by).min(last);
        self.at = numbers.get(to).copied().filter(|_| to < last);
    }

    /// Selects a request by its number.
    pub fn select(&mut self, number: u64) {
        let newest = self.shown().next_back().map(|entry| entry.number);
        self.at = (newest != Some(number)).then_some(number);
    }

    /// Holds on to the selected one, whatever comes.
    pub fn hold(&mut self) {
        self.at = self.selected().map(|entry| entry.number);
    }

    /// Returns the filter's text.
    pub fn filter(&self) -> &str {
        &self.filter
    }

    /// Shows only requests that hold a text, capitals or not.
    pub fn set_filter(&mut self, text: &str) {
        self.filter = text.trim().to_lowercase();
    }

    /// Returns true when only what failed is shown.
    pub fn errors_only(&self) -> bool {
        self.errors_only
    }

    /// Shows only what failed, or everything.
    pub fn show_errors_only(&mut self, only: bool) {
        self.errors_only = only;
    }

    /// Returns how long the shown requests took that were answered, oldest first.
    pub fn latencies(&self) -> Vec<Duration> {
        let answered = self.shown().filter(|e| e.exchange.status.is_some());
        answered.map(|entry| entry.exchange.took).collect()
    }
}

/// Returns the span that this share of the spans does not exceed, in hundredths; the nearest rank.
pub(super) fn percentile(spans: &[Duration], share: usize) -> Option<Duration> {
    let mut sorted = spans.to_vec();
    sorted.sort_unstable();
    let rank = (sorted.len() * share).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::record::{Body, Record};

    fn exchange(status: u16, size: usize) -> Exchange {
        Exchange {
            at: jiff::Timestamp::UNIX_EPOCH,
            method: "GET",
            path: "/v1/x".to_owned(),
            status: Some(status),
            took: Duration::from_millis(u64::from(status)),
            attempt: 1,
            attempts: 1,
            why: None,
            again_in: None,
            record: Box::new(Record {
                received: Body::Text("x".repeat(size), 0),
                ..Record::default()
            }),
        }
    }

    fn numbers(log: &Log) -> (u64, u64) {
        let first = log.shown().next().map_or(0, |e| e.number);
        (first, log.shown().next_back().map_or(0, |e| e.number))
    }

    #[test]
    fn the_oldest_make_room() {
        let mut log = Log::default();
        for _ in 0..LIMIT + 5 {
            log.push(exchange(200, 0));
        }
        assert_eq!(
            (log.len(), log.made(), numbers(&log)),
            (LIMIT, 1_005, (6, 1_005))
        );
        for _ in 0..300 {
            log.push(exchange(500, 16 << 10));
        }
        assert!(
            log.weight <= WEIGHT_LIMIT && log.len() <= 256,
            "{}",
            log.len()
        );
        log.push(exchange(200, WEIGHT_LIMIT + 1));
        assert_eq!(log.len(), 1, "the newest is always there");
        assert_eq!(log.failed(), 300);
    }

    #[test]
    fn the_newest_is_followed_until_another_is_chosen() {
        let mut log = Log::default();
        assert_eq!(log.selected(), None);
        log.move_by(1);
        log.push(exchange(200, 0));
        log.push(exchange(200, 0));
        assert_eq!(log.selected().unwrap().number, 2);
        log.move_by(-1);
        log.push(exchange(200, 0));
        assert_eq!(log.selected().unwrap().number, 1);
        log.move_by(isize::MAX);
        log.push(exchange(200, 0));
        assert_eq!(log.selected().unwrap().number, 4);
        log.hold();
        log.push(exchange(200, 0));
        assert_eq!(log.selected().unwrap().number, 4);
    }

    #[test]
    fn a_selection_that_is_hidden_or_dropped_goes_to_its_neighbour() {
        let mut log = Log::default();
        for status in [403, 200, 500] {
            log.push(exchange(status, 0));
        }
        log.move_by(-1);
        log.show_errors_only(true);
        assert_eq!(log.selected().unwrap().number, 1);
        log.set_filter("500");
        assert_eq!(log.selected().unwrap().number, 3);
        log.set_filter("nowhere");
        assert_eq!(log.selected(), None);
        log.set_filter("");
        log.show_errors_only(false);
        assert_eq!(log.selected().unwrap().number, 2, "it is there again");
    }

    #[test]
    fn percentiles_are_of_the_nearest_rank() {
        let spans: Vec<Duration> = (1..=20).map(Duration::from_millis).collect();
        assert_eq!(percentile(&spans, 50), Some(Duration::from_millis(10)));
        assert_eq!(percentile(&spans, 95), Some(Duration::from_millis(19)));
        assert_eq!(percentile(&[], 50), None);
        assert_eq!(percentile(&spans[..1], 95), Some(Duration::from_millis(1)));
    }
}
