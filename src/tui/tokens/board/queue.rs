//! What is being minted, and what waits for its turn.
//!
//! Depends on the client's tickets and on the rows.

use super::{Batch, Board, Wish, Work};
use crate::client::Ticket;
use crate::domain::moment::Moment;
use crate::domain::user::ExternalUser;

impl Board {
    /// Gives up what is open, queued and waiting; returns the open tickets and how many others.
    pub fn stop(&mut self) -> (Vec<Ticket>, usize) {
        let waiting = std::mem::take(&mut self.waiting);
        let open = std::mem::take(&mut self.open);
        let queue = std::mem::take(&mut self.queue);
        for user in open.values().chain(&queue) {
            if let Some(row) = self.index.get(user).and_then(|i| self.rows.get_mut(*i)) {
                row.work = Work::Nothing;
            }
        }
        (open.into_keys().collect(), queue.len() + waiting.len())
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

    /// Returns the users whose mints are with the client, and whose workspaces are not known.
    pub fn open_for_the_first_time(&self) -> Vec<ExternalUser> {
        let users = self.open.values().filter(|user| !self.is_known(user));
        users.cloned().collect()
    }

    /// Returns the tickets of the mints that are with the client.
    pub fn open_tickets(&self) -> impl Iterator<Item = Ticket> {
        self.open.keys().copied()
    }

    /// Gives up what is open, queued or waiting for one user, and its renewal, which would ask again.
    pub fn drop_work_of(&mut self, user: &ExternalUser) -> Option<Ticket> {
        self.waiting.retain(|wish| wish.user != *user);
        self.queue.retain(|queued| queued != user);
        let ticket = self.open.iter().find(|(_, u)| *u == user).map(|(t, _)| *t);
        if let Some(ticket) = ticket {
            self.open.remove(&ticket);
        }
        if let Some(row) = self.row_mut(user) {
            row.work = Work::Nothing;
            row.auto = false;
        }
        ticket
    }

    /// Returns the users among those that the filter leaves without a good token and without one under way,
    /// in order.
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

    /// Returns how many mints are with the client or wait here for their turn or for the template.
    pub fn under_way(&self) -> usize {
        self.open.len() + self.queue.len() + self.waiting.len()
    }

    /// Keeps wishes until it is known whether there is a template.
    pub fn wait(&mut self, wishes: Vec<Wish>) {
        self.begin();
        for wish in wishes {
            match self.waiting.iter_mut().find(|w| w.user == wish.user) {
                Some(before) => before.copy |= wish.copy,
                None => self.waiting.push(wish),
            }
        }
    }

    /// Returns true when a wish waits.
    pub fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Takes out what waits.
    pub fn take_waiting(&mut self) -> Vec<Wish> {
        std::mem::take(&mut self.waiting)
    }

    /// Queues a wish; one that is under way for this user is joined.
    pub fn enqueue(&mut self, wish: Wish) {
        self.begin();
        let Some(row) = self.row_mut(&wish.user) else {
            return;
        };
        match &mut row.work {
            Work::Queued { copy } | Work::Open { copy } => *copy |= wish.copy,
            Work::Nothing => {
                row.work = Work::Queued { copy: wish.copy };
                self.batch.asked += 1;
                self.queue.push_back(wish.user);
            }
        }
    }

    /// Counts anew when nothing is under way.
    fn begin(&mut self) {
        if self.under_way() == 0 {
            self.batch = Batch::default();
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
            let copy = row.work == Work::Queued { copy: true };
            row.work = Work::Open { copy };
        }
    }

    /// Notes that a mint has ended; returns what was asked for, or `None` for a ticket that is not open.
    pub fn close(&mut self, ticket: Ticket) -> Option<Wish> {
        let user = self.open.remove(&ticket)?;
        self.batch.ended += 1;
        let work = self
            .row_mut(&user)
            .map(|row| std::mem::replace(&mut row.work, Work::Nothing));
        let copy = work == Some(Work::Open { copy: true });
        Some(Wish { user, copy })
    }
}
