//! Where jobs run: each in its lane, every ticket with exactly one end.
//!
//! Depends on `ops`, `ledger` and `domain`.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::sync::{OnceCell, Semaphore, mpsc};
use tokio_util::sync::CancellationToken;

use super::jobs::{self, Context, cancelled, ended};
use super::reading::{self, advised};
use super::{Command, Event, Job, Outcome, Resources, Stand, Ticket, stand};
use crate::domain::failure::Failure;
use crate::domain::origin::Origin;
use crate::domain::settings::Access;
use crate::domain::user::ExternalUser;
use crate::ledger::Scope;
use crate::ops::mint::{self, Roster};

/// What tells two mints apart: the same one is sent once, whoever asks.
type MintKey = (Access, Origin, ExternalUser);

/// A job that has ended.
struct Finished {
    lane: Lane,
    result: Result<Outcome, Failure>,
}

/// Where a job runs.
enum Lane {
    /// One at a time; a newer one supersedes.
    Setup(Ticket),
    /// One per user; later askers join.
    Mint(Box<MintKey>),
    /// As many as are asked for.
    Own(Ticket),
}

type Running = Pin<Box<dyn Future<Output = Finished> + Send>>;

/// The jobs that run, and what they share.
pub(super) struct Desk {
    resources: Arc<Resources>,
    events: mpsc::Sender<Event>,
    running: FuturesUnordered<Running>,
    setup: Option<(Ticket, CancellationToken)>,
    mints: HashMap<MintKey, (Vec<Ticket>, CancellationToken)>,
    own: HashMap<Ticket, CancellationToken>,
    /// Stops the demo app that was started last.
    stand: Option<CancellationToken>,
    /// Whose turn it is to hold the demo app's port.
    turn: Arc<Semaphore>,
    places: Arc<Semaphore>,
    /// Whose turn it is with the ledger: in the order in which it was asked for.
    ledger: Arc<Semaphore>,
    /// The users known from before, of the access that was used last.
    roster: Option<(Scope, Arc<OnceCell<Roster>>)>,
}

impl Desk {
    pub(super) fn new(resources: Resources, events: mpsc::Sender<Event>) -> Desk {
        Desk {
            resources: Arc::new(resources),
            events,
            running: FuturesUnordered::new(),
            setup: None,
            mints: HashMap::new(),
            own: HashMap::new(),
            stand: None,
            turn: Arc::new(Semaphore::new(1)),
            places: Arc::new(Semaphore::new(mint::JOBS)),
            ledger: Arc::new(Semaphore::new(1)),
            roster: None,
        }
    }

    /// Serves commands until their channel closes.
    pub(super) async fn serve(mut self, mut commands: mpsc::Receiver<Command>) {
        loop {
            // Finished jobs first, so that a completed creation is never thrown away in a tie.
            tokio::select! {
                biased;
                Some(finished) = self.running.next(), if !self.running.is_empty() => self.finish(finished).await,
                command = commands.recv() => match command {
                    Some(Command::Start(ticket, job)) => self.start(ticket, job),
                    Some(Command::Cancel(ticket)) => self.cancel(ticket).await,
                    Some(Command::Leave(access)) => self.resources.api.forget_access_token(&access),
                    None => return,
                },
            }
        }
    }

    fn start(&mut self, ticket: Ticket, job: Job) {
        let at = Context {
            resources: Arc::clone(&self.resources),
            events: self.events.clone(),
            ticket,
        };
        match job {
            Job::Check(draft) => {
                let sent = draft.access().ok();
                self.start_setup(ticket, sent, jobs::check(at, draft));
            }
            Job::Plan(access, spec) => {
                let sent = Some(access.clone());
                self.start_setup(ticket, sent, jobs::plan(at, access, spec));
            }
            Job::Create(access, spec, consent, proof) => {
                let sent = Some(access.clone());
                let work = jobs::create(at, access, spec, consent, proof);
                self.start_setup(ticket, sent, work);
            }
            Job::Adopt(access, spec) => {
                let sent = Some(access.clone());
                self.start_setup(ticket, sent, jobs::adopt(at, access, spec));
            }
            Job::Verify(access, spec, user, wait) => {
                let sent = Some(access.clone());
                self.start_own(ticket, sent, jobs::verify(at, access, spec, user, wait));
            }
            Job::Catalogue(access) => {
                let sent = Some(access.clone());
                self.start_own(ticket, sent, jobs::catalogue(at, access));
            }
            Job::Play(user) => self.start_own(ticket, None, jobs::play(at, user)),
            Job::Browse(url) => self.start_own(ticket, None, jobs::browse(at, url)),
            Job::Serve(stand) => self.start_stand(at, *stand),
            Job::Mint(access, origin, user) => self.start_mint(ticket, (access, origin, user)),
            Job::Recall(access) => {
                self.start_with_ledger(ticket, move || jobs::recall(&at.resources, &access));
            }
            Job::Forget(access, user) => {
                let roster = self.roster(&access);
                let forget = move || jobs::forget(&at.resources, &access, &user, &roster);
                self.start_with_ledger(ticket, forget);
            }
            Job::Save(edits, new) => self.start_blocking(ticket, move || {
                jobs::save(&at.resources.env_file, new.as_deref(), &edits)
            }),
            Job::Users(path) => self.start_blocking(ticket, move || jobs::users(&path)),
            Job::Reload => self.start_blocking(ticket, move || reading::read(&at.resources)),
        }
    }

    fn start_setup(
        &mut self,
        ticket: Ticket,
        sent: Option<Access>,
        work: impl Future<Output = Result<Outcome, Failure>> + Send + 'static,
    ) {
        let stop = CancellationToken::new();
        if let Some((old, before)) = self.setup.replace((ticket, stop.clone())) {
            before.cancel();
            // Its end is told now; what it comes to later is for nobody.
            self.running.push(Box::pin(std::future::ready(Finished {
                lane: Lane::Own(old),
                result: Err(cancelled()),
            })));
        }
        self.run(Lane::Setup(ticket), stop, sent, work);
    }

    /// Starts a job that runs beside all others and can be cancelled.
    fn start_own(
        &mut self,
        ticket: Ticket,
        sent: Option<Access>,
        work: impl Future<Output = Result<Outcome, Failure>> + Send + 'static,
    ) {
        let stop = CancellationToken::new();
        self.own.insert(ticket, stop.clone());
        self.run(Lane::Own(ticket), stop, sent, work);
    }

    /// Runs what can be cancelled; a refusal of the credentials that it sends is advised on.
    fn run(
        &mut self,
        lane: Lane,
        stop: CancellationToken,
        sent: Option<Access>,
        work: impl Future<Output = Result<Outcome, Failure>> + Send + 'static,
    ) {
        let resources = Arc::clone(&self.resources);
        self.running.push(Box::pin(async move {
            let work = async { advised(&resources, sent, work.await).await };
            let result = tokio::select! {
                biased;
                result = work => result,
                () = stop.cancelled() => Err(cancelled()),
            };
            Finished { lane, result }
        }));
    }

    /// Starts what waits for the disk, off the loop.
    fn start_blocking(
        &mut self,
        ticket: Ticket,
        work: impl FnOnce() -> Result<Outcome, Failure> + Send + 'static,
    ) {
        self.running.push(Box::pin(off_the_loop(ticket, work)));
    }

    /// Starts what waits for the disk with the ledger, off the loop, after all that was started with
    /// the ledger before.
    fn start_with_ledger(
        &mut self,
        ticket: Ticket,
        work: impl FnOnce() -> Result<Outcome, Failure> + Send + 'static,
    ) {
        let ledger = Arc::clone(&self.ledger);
        self.running.push(Box::pin(async move {
            let _turn = ledger.acquire().await;
            off_the_loop(ticket, work).await
        }));
    }

    /// Starts the demo app. The one before is stopped, and this one waits until its port is free.
    fn start_stand(&mut self, at: Context, stand: Stand) {
        let stop = CancellationToken::new();
        if let Some(before) = self.stand.replace(stop.clone()) {
            before.cancel();
        }
        self.own.insert(at.ticket, stop.clone());
        let turn = Arc::clone(&self.turn);
        self.running.push(Box::pin(async move {
            let lane = Lane::Own(at.ticket);
            let result = tokio::select! {
                biased;
                () = stop.cancelled() => Err(cancelled()),
                _turn = turn.acquire() => stand::serve(&at, stand, &stop).await,
            };
            Finished { lane, result }
        }));
    }

    fn start_mint(&mut self, ticket: Ticket, key: MintKey) {
        if let Some((tickets, _)) = self.mints.get_mut(&key) {
            tickets.push(ticket);
            return;
        }
        let stop = CancellationToken::new();
        self.mints.insert(key.clone(), (vec![ticket], stop.clone()));
        let roster = self.roster(&key.0);
        let resources = Arc::clone(&self.resources);
        let (places, ledger) = (Arc::clone(&self.places), Arc::clone(&self.ledger));
        let lane = Lane::Mint(Box::new(key.clone()));
        let (access, origin, user) = key;
        let sent = Some(access.clone());
        let work = async move {
            let _place = places.acquire().await;
            // A user that was forgotten before is not known here.
            let turn = ledger.acquire().await;
            let roster = jobs::roster(&resources, &access, &roster).await?;
            drop(turn);
            let tools = resources.tools();
            let minted = mint::mint(tools.api, tools.ledger, roster, &access, &origin, &user).await;
            minted.map(|m| Outcome::Minted(Box::new(m)))
        };
        self.run(lane, stop, sent, work);
    }

    fn roster(&mut self, access: &Access) -> Arc<OnceCell<Roster>> {
        let scope = Scope::of(access);
        if let Some((_, roster)) = self.roster.as_ref().filter(|(of, _)| *of == scope) {
            return Arc::clone(roster);
        }
        let roster = Arc::new(OnceCell::new());
        self.roster = Some((scope, Arc::clone(&roster)));
        roster
    }

    async fn cancel(&mut self, ticket: Ticket) {
        if let Some((current, stop)) = &self.setup
            && *current == ticket
        {
            stop.cancel();
            return;
        }
        if let Some(stop) = self.own.get(&ticket) {
            stop.cancel();
            return;
        }
        let joined = self
            .mints
            .iter_mut()
            .find(|(_, (tickets, _))| tickets.contains(&ticket));
        let Some((_, (tickets, stop))) = joined else {
            return;
        };
        tickets.retain(|t| *t != ticket);
        if tickets.is_empty() {
            stop.cancel();
        }
        self.tell(Event::Done(ticket, Err(cancelled()))).await;
    }

    async fn finish(&mut self, finished: Finished) {
        match finished.lane {
            Lane::Setup(ticket) => {
                // A superseded job has been told of when it was superseded.
                if self
                    .setup
                    .as_ref()
                    .is_some_and(|(current, _)| *current == ticket)
                {
                    self.setup = None;
                    self.tell(Event::Done(ticket, finished.result)).await;
                }
            }
            Lane::Mint(key) => {
                let (tickets, _) = self.mints.remove(&*key).unwrap_or_default();
                for ticket in tickets {
                    self.tell(Event::Done(ticket, finished.result.clone()))
                        .await;
                }
            }
            Lane::Own(ticket) => {
                self.own.remove(&ticket);
                self.tell(Event::Done(ticket, finished.result)).await;
            }
        }
    }

    async fn tell(&mut self, event: Event) {
        // The screen may have gone; the command channel then closes too, and that ends the task.
        let _gone = self.events.send(event).await;
    }
}

/// Does what waits for the disk on a thread of its own.
async fn off_the_loop(
    ticket: Ticket,
    work: impl FnOnce() -> Result<Outcome, Failure> + Send + 'static,
) -> Finished {
    Finished {
        lane: Lane::Own(ticket),
        result: ended("the file job", tokio::task::spawn_blocking(work).await),
    }
}
