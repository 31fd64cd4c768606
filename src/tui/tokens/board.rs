//! The rows of the board: users, their tokens, and what is being done about them.
//!
//! Depends on the client's tickets, on `rows` and on `domain`. Knows no keys and no screen. A row is found by
//! its user in constant time, so that ten thousand of them are no burden.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::time::Duration;

use jiff::Timestamp;

use crate::client::{KnownUser, Ticket};
use crate::domain::failure::{Code, Failure};
use crate::domain::moment::Moment;
use crate::domain::origin::Origin;
use crate::domain::settings::Access;
use crate::domain::token::Minted;
use crate::domain::user::ExternalUser;
use crate::tui::rows::Filter;

mod queue;
mod renewal;

pub use renewal::AUTO_LIMIT;

/// What is being done about a row. Whether the token is copied when it is there belongs to the work, so
/// that it goes with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Work {
    Nothing,
    Queued { copy: bool },
    Open { copy: bool },
}

/// A token that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// For whom.
    pub user: ExternalUser,
    /// Whether it is copied as soon as it is there.
    pub copy: bool,
}

impl Wish {
    /// Asks for a token alone.
    pub fn of(user: ExternalUser) -> Wish {
        Wish { user, copy: false }
    }
}

/// Whether a workspace was made from a template, as far as this session has seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Making {
    /// Nothing speaks against it.
    Fine,
    /// A token is asked for while no template is known.
    Blind,
    /// It may have been made while no template was known, so that it may have no destination.
    Bare,
}

/// One user on the board.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Who.
    pub user: ExternalUser,
    /// The workspace, as far as known.
    pub workspace: Option<String>,
    /// When a token was last minted, as the ledger knows it.
    pub seen_at: Option<Timestamp>,
    /// Whether the user is known from before, so that its workspace exists.
    pub known: bool,
    /// Whether its token renews itself.
    pub auto: bool,
    own: bool,
    making: Making,
    work: Work,
    token: Option<Minted>,
    failure: Option<(Failure, Moment)>,
    /// Which configuration token and failure belong to.
    target: Option<usize>,
}

impl Row {
    fn new(user: ExternalUser) -> Row {
        Row {
            user,
            workspace: None,
            seen_at: None,
            known: false,
            auto: false,
            own: false,
            making: Making::Fine,
            work: Work::Nothing,
            token: None,
            failure: None,
            target: None,
        }
    }

    /// Returns true when its workspace may have been made while no template was known, so that it may
    /// have no destination.
    pub fn is_bare(&self) -> bool {
        self.making == Making::Bare
    }

    /// Returns true while a token is being asked for.
    pub fn is_at_work(&self) -> bool {
        self.work != Work::Nothing
    }
}

/// How a row stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Nothing was asked for.
    NotYet,
    /// Waiting for its turn.
    Queued,
    /// Being asked for.
    Minting,
    /// Being asked for anew, the old one still good.
    Renewing,
    /// Good.
    Live,
    /// Good, with less than a fifth of its life left.
    Ageing,
    /// Over.
    Expired,
    /// There is a token that cannot be read.
    Unreadable,
    /// Asking failed.
    Failed,
}

/// How far a number of mints are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// How many were asked for.
    pub asked: usize,
    /// How many have ended, failed ones included.
    pub ended: usize,
    /// How many have failed.
    pub failed: usize,
}

/// All rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Board {
    rows: Vec<Row>,
    index: HashMap<ExternalUser, usize>,
    /// The rows that the filter leaves, as indices, in order.
    shown: Vec<usize>,
    /// The rows with a token, a failure or a renewal, as indices: what every frame counts is among
    /// these, however many others there are.
    lively: BTreeSet<usize>,
    cursor: usize,
    filter: Filter,
    /// How far the mints are that were asked for since none was under way.
    batch: Batch,
    /// Counts the changes of who is on the board.
    generation: u64,
    queue: VecDeque<ExternalUser>,
    open: BTreeMap<Ticket, ExternalUser>,
    /// The configurations that tokens were minted under.
    targets: Vec<(Access, Origin)>,
    target: Option<(Access, Origin)>,
    recalled: Option<Access>,
    /// What to go on with once it is known whether there is a template.
    waiting: Vec<Wish>,
    /// Whether minting without a known template was accepted for this configuration.
    pub trap_accepted: bool,
}

impl Board {
    /// Aims at a configuration; tokens of another one do not count. Returns the tickets of the mints
    /// that are open for the old one, which are given up.
    pub fn aim(&mut self, target: Option<(Access, Origin)>) -> Vec<Ticket> {
        if self.target == target {
            return Vec::new();
        }
        self.target = target;
        self.trap_accepted = false;
        self.stop().0
    }

    /// Returns how far the mints are that were asked for since none was under way.
    pub fn batch(&self) -> Batch {
        self.batch
    }

    fn current(&self) -> Option<usize> {
        let target = self.target.as_ref()?;
        self.targets.iter().position(|t| t == target)
    }

    fn enter_target(&mut self) -> Option<usize> {
        if let Some(at) = self.current() {
            return Some(at);
        }
        self.targets.push(self.target.clone()?);
        Some(self.targets.len() - 1)
    }

    /// Returns the row of a user.
    pub fn row(&self, user: &ExternalUser) -> Option<&Row> {
        self.rows.get(*self.index.get(user)?)
    }

    /// Returns the rows with a token, a failure or a renewal, in order.
    fn lively(&self) -> impl Iterator<Item = &Row> {
        self.lively.iter().filter_map(|at| self.rows.get(*at))
    }

    fn row_mut(&mut self, user: &ExternalUser) -> Option<&mut Row> {
        let at = *self.index.get(user)?;
        self.rows.get_mut(at)
    }

    /// Returns the user of the row before or after a user's, round the ends; the first or last one
    /// when it has no row. `None` when there is no other.
    pub fn beside(&self, user: &ExternalUser, forward: bool) -> Option<&ExternalUser> {
        let count = self.rows.len();
        let at = match (self.index.get(user), forward) {
            (Some(at), true) => (at + 1) % count.max(1),
            (Some(at), false) => (at + count - 1) % count.max(1),
            (None, true) => 0,
            (None, false) => count.saturating_sub(1),
        };
        let other = &self.rows.get(at)?.user;
        (other != user).then_some(other)
    }

    /// Returns every user, whatever the filter leaves.
    pub fn users(&self) -> impl Iterator<Item = &ExternalUser> {
        self.rows.iter().map(|row| &row.user)
    }

    /// Returns a number that changes whenever another user is on the board.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Returns how many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Returns true when there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Returns how many rows the filter leaves.
    pub fn shown_len(&self) -> usize {
        self.shown.len()
    }

    /// Returns rows among those that the filter leaves.
    pub fn shown(&self, from: usize, count: usize) -> impl Iterator<Item = (usize, &Row)> {
        let piece = self.shown.iter().enumerate().skip(from).take(count);
        piece.filter_map(|(i, at)| Some((i, self.rows.get(*at)?)))
    }

    /// Returns the place of the selected row among those shown.
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// Selects a row among those shown; the last one when there are fewer.
    pub fn select(&mut self, at: usize) {
        self.cursor = at.min(self.shown.len().saturating_sub(1));
    }

    /// Returns the selected row.
    pub fn selected(&self) -> Option<&Row> {
        self.rows.get(*self.shown.get(self.cursor)?)
    }

    /// Returns the filter.
    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// Shows only users whose ID holds a text, capitals or not.
    pub fn set_filter(&mut self, text: &str) {
        let selected = self.selected().map(|row| row.user.clone());
        self.filter = Filter::new(text);
        self.show();
        self.reselect(selected.as_ref());
    }

    /// Selects a user's row, wherever it stands by now; the first one when it is not shown.
    fn reselect(&mut self, user: Option<&ExternalUser>) {
        let row = user.and_then(|user| self.index.get(user));
        let at = row.and_then(|row| self.shown.iter().position(|i| i == row));
        self.select(at.unwrap_or(0));
    }

    fn show(&mut self) {
        let filter = &self.filter;
        self.shown = self
            .rows
            .iter()
            .enumerate()
            .filter(|(_, row)| filter.leaves(row.user.as_str()))
            .map(|(i, _)| i)
            .collect();
    }

    fn reindex(&mut self) {
        self.generation += 1;
        let is_lively = |row: &Row| row.token.is_some() || row.failure.is_some() || row.auto;
        let rows = self.rows.iter().enumerate();
        self.lively = rows
            .filter(|(_, row)| is_lively(row))
            .map(|(i, _)| i)
            .collect();
        self.index = self
            .rows
            .iter()
            .enumerate()
            .map(|(i, row)| (row.user.clone(), i))
            .collect();
        self.show();
        self.select(self.cursor);
    }

    /// Adds users that are not there yet, in order; selects the first of them. Returns how many.
    pub fn add(&mut self, users: Vec<ExternalUser>) -> usize {
        let before = self.rows.len();
        for user in users {
            self.put(user);
        }
        self.show();
        if self.rows.len() > before
            && let Some(at) = self.shown.iter().position(|i| *i == before)
        {
            self.select(at);
        }
        self.rows.len() - before
    }

    fn put(&mut self, user: ExternalUser) {
        if !self.index.contains_key(&user) {
            self.generation += 1;
            self.index.insert(user.clone(), self.rows.len());
            self.rows.push(Row::new(user));
        }
    }

    /// Puts the settings' own user first; one that was there for an earlier setting goes, unless
    /// something is known of it. The row that is selected stays so.
    pub fn own(&mut self, user: ExternalUser) {
        let selected = self.selected().map(|row| row.user.clone());
        let is_idle = |row: &Row| row.token.is_none() && !row.known && !row.is_at_work();
        self.rows
            .retain(|row| !(row.own && row.user != user && is_idle(row)));
        let at = self.rows.iter().position(|row| row.user == user);
        if at.is_none() {
            let mut row = Row::new(user);
            row.own = true;
            self.rows.insert(0, row);
        }
        self.reindex();
        self.reselect(selected.as_ref());
    }

    /// Returns true when the users known from before are on the board for this configuration.
    pub fn is_recalled(&self, access: &Access) -> bool {
        self.recalled.as_ref() == Some(access)
    }

    /// Takes the users known from before.
    pub fn recall(&mut self, of: Access, users: Vec<KnownUser>) {
        for row in &mut self.rows {
            row.known = false;
            row.workspace = None;
            row.seen_at = None;
            row.making = Making::Fine;
        }
        for known in users {
            self.put(known.user.clone());
            if let Some(row) = self.row_mut(&known.user) {
                row.known = true;
                row.workspace = known.workspace_id;
                row.seen_at = known.minted_at;
            }
        }
        self.recalled = Some(of);
        self.show();
        self.select(self.cursor);
    }

    /// Takes a user off the board.
    pub fn remove(&mut self, user: &ExternalUser) {
        self.rows.retain(|row| row.user != *user);
        self.reindex();
    }

    /// Returns true when the user's workspace is known to exist.
    pub fn is_known(&self, user: &ExternalUser) -> bool {
        self.row(user)
            .is_some_and(|row| row.known || self.held(row).is_some())
    }

    /// Returns the token that a row holds for the present configuration.
    pub fn held<'a>(&self, row: &'a Row) -> Option<&'a Minted> {
        let token = row.token.as_ref()?;
        (row.target.is_some() && row.target == self.current()).then_some(token)
    }

    /// Returns why asking failed, for the present configuration.
    pub fn failure<'a>(&self, row: &'a Row) -> Option<&'a Failure> {
        let (failure, _) = row.failure.as_ref()?;
        (row.target.is_some() && row.target == self.current()).then_some(failure)
    }

    /// Returns what is left of a row's token, while something is.
    pub fn left(&self, row: &Row, now: Moment) -> Option<Duration> {
        let left = self.held(row)?.left(now)?;
        (!left.is_zero()).then_some(left)
    }

    /// Returns the token of a row while it can be used.
    pub fn usable<'a>(&self, row: &'a Row, now: Moment) -> Option<&'a Minted> {
        self.held(row)
            .filter(|token| token.left(now).is_none_or(|left| !left.is_zero()))
    }

    /// Returns how a row stands.
    pub fn state(&self, row: &Row, now: Moment) -> State {
        let is_good = self.left(row, now).is_some();
        match row.work {
            Work::Open { .. } | Work::Queued { .. } if is_good => return State::Renewing,
            Work::Open { .. } => return State::Minting,
            Work::Queued { .. } => return State::Queued,
            Work::Nothing => {}
        }
        if self.failure(row).is_some() {
            return State::Failed;
        }
        let Some(token) = self.held(row) else {
            return State::NotYet;
        };
        match (token.left(now), token.life) {
            _ if token.opened.is_err() => State::Unreadable,
            (Some(left), _) if left.is_zero() => State::Expired,
            (Some(left), Some(life)) if left < life.mul_f64(0.2) => State::Ageing,
            _ => State::Live,
        }
    }

    /// Returns how many tokens are good.
    pub fn live(&self, now: Moment) -> usize {
        let current = self.current();
        self.lively()
            .filter(|row| current.is_some() && row.target == current)
            .filter(|row| {
                let left = row.token.as_ref().map(|token| token.left(now));
                left.is_some_and(|left| left.is_none_or(|left| !left.is_zero()))
            })
            .count()
    }

    /// Returns how many rows failed; one that was stopped did not.
    pub fn failures(&self) -> usize {
        let failed = |f: &Failure| f.code != Code::Cancelled;
        self.lively()
            .filter(|row| self.failure(row).is_some_and(failed))
            .count()
    }

    /// Takes a token.
    pub fn arrived(&mut self, user: &ExternalUser, token: Minted) {
        let target = self.enter_target();
        self.lively.extend(self.index.get(user));
        if let Some(row) = self.row_mut(user) {
            row.workspace = token
                .workspace_id()
                .map(str::to_owned)
                .or(row.workspace.take());
            row.known = true;
            if row.making == Making::Blind && token.first_here {
                row.making = Making::Bare;
            }
            row.seen_at = Some(token.received.wall);
            row.failure = None;
            row.token = Some(token);
            row.target = target;
        }
    }

    /// Notes whether a template is known while a token is asked for: a workspace that this makes
    /// gets its destination only from one.
    pub fn asked(&mut self, user: &ExternalUser, template_is_known: bool) {
        if let Some(row) = self.row_mut(user)
            && !row.is_bare()
        {
            row.making = if template_is_known {
                Making::Fine
            } else {
                Making::Blind
            };
        }
    }

    /// Notes that a user's workspace was seen to have its destination.
    pub fn has_destination(&mut self, user: &ExternalUser) {
        if let Some(row) = self.row_mut(user) {
            row.making = Making::Fine;
        }
    }

    /// Returns true when a good token opens a workspace that may have no destination.
    pub fn has_bare(&self, now: Moment) -> bool {
        self.lively()
            .any(|row| row.is_bare() && self.usable(row, now).is_some())
    }

    /// Notes why a token did not come. One that is still good stays.
    pub fn failed(&mut self, user: &ExternalUser, failure: Failure, now: Moment) {
        self.batch.failed += 1;
        self.stopped(user, failure, now);
    }

    /// Notes that a token was given up, and what that leaves open. What may have been done counts as
    /// done: a workspace that may have been made without a template may have no destination.
    pub fn stopped(&mut self, user: &ExternalUser, failure: Failure, now: Moment) {
        let target = self.enter_target();
        let may_be_done = matches!(
            failure.code,
            Code::Cancelled | Code::NetworkTimeout | Code::NetworkLost
        );
        self.lively.extend(self.index.get(user));
        if let Some(row) = self.row_mut(user) {
            if row.target != target {
                row.token = None;
            }
            if row.making == Making::Blind && may_be_done {
                row.making = Making::Bare;
            }
            row.failure = Some((failure, now));
            row.target = target;
        }
    }
}
