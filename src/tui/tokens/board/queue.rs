//! What is being minted, and what waits for its turn.
//!
//! Depends on the client's tickets and on the rows.

use super::{Batch, Board, Work};
use crate::client::Ticket;
use crate::domain::moment::Moment;
use crate::domain::user::ExternalUser;

impl Board {
    /// Gives up what is open and queued; returns the open tickets and how many were queued.
    pub fn stop(&mut self) -> (Vec<Ticket>, usize) {
        let open = std::mem::take(&mut self.open);
        let queue = std::mem::take(&mut self.queue);
        for user in open.values().chain(&queue) {
            if let Some(row) = self.index.get(user).and_then(|i| self.rows.get_mut(*i)) {
                row.work = Work::Nothing;
            }
        }
        (open.into_keys().collect(), queue.len())
    }

    /// Gives up what is queued, and what waits to be.
    pub fn drop_queue(&mut self) {
        self.waiting.clear();
        for user in std::mem::take(&mut self.queue) {
            if let Some(row) = self.row_mut(&user) {
                row.work = Work::Nothing;
            }
        }
    }

    /// Returns the tickets of the mints that are with the client.
    pub fn open_tickets(&self) -> impl Iterator<Item = Ticket> {
        self.open.keys().copied()
    }

    /// Gives up what is open or queued for one user.
    pub fn drop_work_of(&mut self, user: &ExternalUser) -> Option<Ticket> {
        self.queue.retain(|queued| queued != user);
        let ticket = self.open.iter().find(|(_, u)| *u == user).map(|(t, _)| *t);
        if let Some(ticket) = ticket {
            self.open.remove(&ticket);
        }
        if let Some(row) = self.row_mut(user) {
            row.work = Work::Nothing;
        }
        ticket
    }

    /// Returns the users without a good token and without one under way, in order.
    pub fn without_token(&self, now: Moment) -> Vec<ExternalUser> {
        self.shown(0, usize::MAX)
            .filter(|(_, row)| !row.is_at_work() && self.usable(row, now).is_none())
            .map(|(_, row)| row.user.clone())
            .collect()
    }

    /// Returns true while tokens are being asked for.
    pub fn is_minting(&self) -> bool {
        !self.open.is_empty()
    }

    /// Returns how many mints are with the client.
    pub fn open_count(&self) -> usize {
        self.open.len()
    }

    /// Returns how many mints are with the client or wait here.
    pub fn under_way(&self) -> usize {
        self.open.len() + self.queue.len()
    }

    /// Queues a user, unless one is under way for it.
    pub fn enqueue(&mut self, user: ExternalUser) {
        if self.under_way() == 0 {
            self.batch = Batch::default();
        }
        if let Some(row) = self.row_mut(&user)
            && row.work == Work::Nothing
        {
            row.work = Work::Queued;
            self.batch.asked += 1;
            self.queue.push_back(user);
        }
    }

    /// Takes the next user out of the queue.
    pub fn next_queued(&mut self) -> Option<ExternalUser> {
        self.queue.pop_front()
    }

    /// Notes that a mint is with the client.
    pub fn opened(&mut self, ticket: Ticket, user: &ExternalUser) {
        self.open.insert(ticket, user.clone());
        if let Some(row) = self.row_mut(user) {
            row.work = Work::Open;
        }
    }

    /// Notes that a mint has ended; returns its user, or `None` for a ticket that is not open.
    pub fn close(&mut self, ticket: Ticket) -> Option<ExternalUser> {
        let user = self.open.remove(&ticket)?;
        self.batch.ended += 1;
        if let Some(row) = self.row_mut(&user) {
            row.work = Work::Nothing;
        }
        Some(user)
    }
}
