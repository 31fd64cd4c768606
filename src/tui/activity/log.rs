//! The requests that are kept, which of them are shown, and which is selected.
//!
//! Depends on `rows`, on `domain::exchange`. Bounded in number and in memory: the oldest make room.

use std::collections::VecDeque;
use std::time::Duration;

use crate::domain::exchange::Exchange;
use crate::tui::rows::{Filter, Following, Move};

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
    /// What the filter looks at.
    fn line(&self) -> String {
        let exchange = &self.exchange;
        let status = exchange.status.map(|s| s.to_string()).unwrap_or_default();
        let why = exchange.why.as_deref().unwrap_or_default();
        format!("{} {} {status} {why}", exchange.method, exchange.path)
    }
}

/// The requests, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Log {
    entries: VecDeque<Entry>,
    weight: usize,
    made: u64,
    failed: u64,
    at: Following,
    filter: Filter,
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
                && (!self.filter.is_on() || self.filter.leaves(&entry.line()))
        })
    }

    fn numbers(&self) -> impl DoubleEndedIterator<Item = u64> {
        self.shown().map(|entry| entry.number)
    }

    /// Returns the selected one.
    pub fn selected(&self) -> Option<&Entry> {
        self.shown().nth(self.at.place(self.numbers()))
    }

    /// Moves the selection among those shown.
    pub fn go(&mut self, step: Move, page: usize) {
        let numbers: Vec<u64> = self.numbers().collect();
        self.at.go(step, &numbers, page);
    }

    /// Selects a request by its number.
    pub fn select(&mut self, number: u64) {
        let newest = self.numbers().next_back();
        self.at.select(Some(number), newest);
    }

    /// Holds on to the selected one, whatever comes.
    pub fn hold(&mut self) {
        let number = self.selected().map(|entry| entry.number);
        self.at.hold(number);
    }

    /// Follows the newest again, if that is the selected one.
    pub fn let_go(&mut self) {
        if let Some(number) = self.selected().map(|entry| entry.number) {
            self.select(number);
        }
    }

    /// Returns the filter.
    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// Shows only requests that hold a text, capitals or not.
    pub fn set_filter(&mut self, text: &str) {
        self.filter = Filter::new(text);
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
            to: crate::domain::exchange::To::Airbyte,
            at: jiff::Timestamp::UNIX_EPOCH,
            method: "GET",
            path: "/v1/x".to_owned(),
            status: Some(status),
            lost: None,
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
        log.go(Move::Down, 1);
        log.push(exchange(200, 0));
        log.push(exchange(200, 0));
        assert_eq!(log.selected().unwrap().number, 2);
        log.go(Move::Up, 1);
        log.push(exchange(200, 0));
        assert_eq!(log.selected().unwrap().number, 1);
        log.go(Move::Last, 1);
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
        log.go(Move::Up, 1);
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
