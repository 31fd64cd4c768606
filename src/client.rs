//! The background task: commands in, progress and outcomes out. It owns the one API client
//! and the running demo app.
//!
//! Depends on `demo`, `ops`, `api`, `ledger`, `env_file`, `browser` and `domain`; knows nothing of screens. Several
//! tickets may be open at once: the setup lane holds one, where the newest command supersedes, and
//! minting holds one per user. Every ticket ends with exactly one [`Event::Done`].

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use jiff::Timestamp;
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;

use crate::api::{Client, Notice};
use crate::browser;
use crate::bucket;
use crate::domain::exchange::Exchange;
use crate::domain::failure::Code;
use crate::domain::failure::Failure;
use crate::domain::field::Key;
use crate::domain::ladder::{Rung, Step};
use crate::domain::landing::Landing;
use crate::domain::moment::Moment;
use crate::domain::origin::Origin;
use crate::domain::secret::Secret;
use crate::domain::settings::{Access, Draft, Layer, Source};
use crate::domain::source_template::Catalogue;
use crate::domain::template::{Consent, Creation, Plan, Proof, TemplateSpec};
use crate::domain::token::Minted;
use crate::domain::user::{ExternalUser, UserList};
use crate::domain::visit::Visit;
use crate::env_file::Edit;
use crate::ledger::{Entry, Ledger, Scope};
use crate::ops::check::{self, Progress, Walk};
use crate::ops::mint::{self, Roster};
use crate::ops::template::{self, Uncreated};
use crate::ops::verify;
use crate::ops::{Customer, Tools};

mod reading;
mod stand;

use reading::advised;
pub use stand::{Door, Opened, Stand};

/// Names one command, so that its answers can be told from another's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// An order to the task.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Begin a job under a new ticket.
    Start(Ticket, Job),
    /// Give a job up. It still ends with one `Done`, whose failure is `cancelled`; a request that
    /// has been sent is not undone by it.
    Cancel(Ticket),
    /// These credentials are left: the access token that is held for them is forgotten.
    Leave(Box<Access>),
}

/// What can be ordered.
#[derive(Clone, Debug, PartialEq)]
pub enum Job {
    /// Walk the rungs that the Prerequisites screen shows (`auth`, `organization`, `bucket`) on a draft.
    Check(Draft),
    /// Say what creating the template would do.
    Plan(Access, TemplateSpec),
    /// Create the template as far as was consented to, the bucket proved first or not.
    Create(Access, TemplateSpec, Consent, Proof),
    /// Record that the template whose outcome was unknown is there; answers with a new plan.
    Adopt(Access, TemplateSpec),
    /// Look for the user's data, once, or until there is some or the span has passed.
    Verify(Access, TemplateSpec, ExternalUser, Option<Duration>),
    /// Let a customer of this user connect Sample Data; a private sandbox alone can.
    Play(ExternalUser),
    /// Serve the demo app until it is cancelled, in the place of the one that runs.
    Serve(Box<Stand>),
    /// List what customers are offered in the widget.
    Catalogue(Access),
    /// Open a URL in the browser.
    Browse(String),
    /// Mint a widget token.
    Mint(Access, Origin, ExternalUser),
    /// List the users minted for before, from the ledger.
    Recall(Access),
    /// Take a user off that list.
    Forget(Access, ExternalUser),
    /// Read external user IDs from a file, one a line.
    Users(PathBuf),
    /// Write these settings into the env file, or into another file.
    Save(Vec<(Key, Secret)>, Option<PathBuf>),
    /// Read the settings again, as at the start.
    Reload,
}

/// A user known from the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownUser {
    /// The external user ID.
    pub user: ExternalUser,
    /// The workspace, where a token said it.
    pub workspace_id: Option<String>,
    /// When a token was last minted for it.
    pub minted_at: Option<Timestamp>,
}

/// How a job ended well.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// `Check`: the rungs walked, in order. A failed rung is an outcome, not a failure of the job.
    Checked(Vec<Step>),
    /// `Plan` and `Adopt`.
    Planned(Box<Plan>),
    /// `Create`, with the ledger's path as it is shown to a person.
    Created(Creation, String),
    /// `Create` again: the bucket was not proved, and nothing was sent. With what had been consented
    /// to.
    Unproved(Consent, Failure),
    /// `Verify`: what was found last. No data is an outcome, not a failure of the job.
    Landed(Box<Landing>),
    /// `Play`: what became of it, in a sentence.
    Played(String),
    /// `Catalogue`.
    Offered(Box<Catalogue>),
    /// `Browse`: the browser has been started.
    Browsed,
    /// `Mint`.
    Minted(Box<Minted>),
    /// `Recall`.
    Recalled(Vec<KnownUser>),
    /// `Forget`.
    Forgotten,
    /// `Users`.
    Users(Box<UserList>),
    /// `Save`: the file written, as it is shown to a person.
    Saved(String),
    /// `Reload`: the settings, and what is to be told of the file.
    Reloaded(Box<Draft>, Vec<String>),
}

/// What the task tells.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A rung of a `Check` has begun.
    RungBegun(Ticket, Rung),
    /// A rung of a `Check` has ended.
    RungEnded(Ticket, Step),
    /// A `Verify` has looked and goes on waiting.
    Looked(Ticket, Box<Landing>),
    /// The demo app of a `Serve` answers.
    Opened(Ticket, Opened),
    /// Somebody came to it.
    Visited(Ticket, Visit),
    /// A job has ended.
    Done(Ticket, Result<Outcome, Failure>),
    /// A request was tried; `again_in` tells of a retry to come.
    Exchanged(Exchange),
    /// A new access token is held: how long it lives, from when.
    AccessToken(Duration, Moment),
}

/// Looks a variable of the process environment up.
pub type Environment = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// What the task works with, and one that takes its place too.
#[derive(Clone)]
pub struct Resources {
    /// The API client.
    pub api: Arc<Client>,
    /// The bucket's client.
    pub bucket: bucket::Client,
    /// The record of what we created.
    pub ledger: Arc<Ledger>,
    /// The env file that `Save` writes and `Reload` reads.
    pub env_file: PathBuf,
    /// The settings that outrank the env file; `None` where no env file is read.
    pub outranking: Option<Vec<(Source, Layer)>>,
    /// A customer of the private sandbox, if there is one.
    pub customer: Option<Customer>,
    /// The process environment, for the browser.
    pub environment: Environment,
}

impl Resources {
    fn tools(&self) -> Tools<'_> {
        Tools {
            api: &self.api,
            bucket: &self.bucket,
            ledger: &self.ledger,
        }
    }
}

/// Makes the observer of the bucket's requests, in the same way as [`observer`].
pub fn bucket_observer(events: mpsc::Sender<Event>) -> bucket::Observer {
    Arc::new(move |exchange| {
        let _full = events.try_send(Event::Exchanged(exchange));
    })
}

/// Makes the observer that tells of requests as events. What does not fit into the channel is
/// dropped: a log may have gaps, a request must not wait for the screen.
pub fn observer(events: mpsc::Sender<Event>) -> Arc<dyn Fn(Notice) + Send + Sync> {
    Arc::new(move |notice| {
        let event = match notice {
            Notice::Exchanged(exchange) => Event::Exchanged(exchange),
            Notice::AccessToken(life, received) => Event::AccessToken(life, received),
        };
        let _full = events.try_send(event);
    })
}

/// Serves commands until their channel closes, then gives up what is running and returns.
pub async fn serve(
    resources: Resources,
    mut commands: mpsc::Receiver<Command>,
    events: mpsc::Sender<Event>,
) {
    let mut desk = Desk::new(resources, events);
    loop {
        // Finished jobs first, so that a completed creation is never thrown away in a tie.
        tokio::select! {
            biased;
            Some(finished) = desk.running.next(), if !desk.running.is_empty() => desk.finish(finished).await,
            command = commands.recv() => match command {
                Some(Command::Start(ticket, job)) => desk.start(ticket, job).await,
                Some(Command::Cancel(ticket)) => desk.cancel(ticket).await,
                Some(Command::Leave(access)) => desk.resources.api.forget_access_token(&access),
                None => return,
            },
        }
    }
}

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

struct Desk {
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
    roster: Option<Arc<Roster>>,
}

impl Desk {
    fn new(resources: Resources, events: mpsc::Sender<Event>) -> Desk {
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
            roster: None,
        }
    }

    async fn start(&mut self, ticket: Ticket, job: Job) {
        match job {
            Job::Mint(access, origin, user) => self.start_mint(ticket, (access, origin, user)),
            Job::Check(_) | Job::Plan(..) | Job::Create(..) | Job::Adopt(..) => {
                self.start_setup(ticket, job).await;
            }
            Job::Verify(..) | Job::Play(_) | Job::Catalogue(_) | Job::Browse(_) => {
                self.start_own(ticket, job);
            }
            Job::Serve(stand) => self.start_stand(ticket, *stand),
            Job::Recall(access) => {
                let result = recall(&self.resources.ledger, &access);
                self.tell(Event::Done(ticket, result)).await;
            }
            Job::Forget(access, user) => {
                let result = self.forget(&access, &user);
                self.tell(Event::Done(ticket, result)).await;
            }
            Job::Save(edits, path) => {
                let path = path.unwrap_or_else(|| self.resources.env_file.clone());
                self.start_blocking(ticket, move || save(&path, &edits));
            }
            Job::Users(path) => self.start_blocking(ticket, move || users(&path)),
            Job::Reload => {
                let resources = Arc::clone(&self.resources);
                self.start_blocking(ticket, move || reading::read(&resources));
            }
        }
    }

    async fn start_setup(&mut self, ticket: Ticket, job: Job) {
        if let Some((old, stop)) = self.setup.take() {
            stop.cancel();
            self.tell(Event::Done(old, Err(cancelled()))).await;
        }
        let stop = CancellationToken::new();
        self.setup = Some((ticket, stop.clone()));
        let resources = Arc::clone(&self.resources);
        let events = self.events.clone();
        let sent = access_of(&job);
        let work = async move { set_up(&resources, &events, ticket, job).await };
        self.run(Lane::Setup(ticket), stop, sent, work);
    }

    /// Starts a job that runs beside all others and can be cancelled.
    fn start_own(&mut self, ticket: Ticket, job: Job) {
        let stop = CancellationToken::new();
        self.own.insert(ticket, stop.clone());
        let resources = Arc::clone(&self.resources);
        let events = self.events.clone();
        let sent = access_of(&job);
        let work = async move { alone(&resources, &events, ticket, job).await };
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
        self.running.push(Box::pin(async move {
            let ended = tokio::task::spawn_blocking(work).await;
            let result = ended.unwrap_or_else(|_ended| {
                Err(Failure::new(
                    Code::Internal,
                    "the file job ended unexpectedly",
                ))
            });
            Finished {
                lane: Lane::Own(ticket),
                result,
            }
        }));
    }

    /// Starts the demo app. The one before is stopped, and this one waits until its port is free.
    fn start_stand(&mut self, ticket: Ticket, stand: Stand) {
        let stop = CancellationToken::new();
        if let Some(before) = self.stand.replace(stop.clone()) {
            before.cancel();
        }
        self.own.insert(ticket, stop.clone());
        let resources = Arc::clone(&self.resources);
        let events = self.events.clone();
        let turn = Arc::clone(&self.turn);
        self.running.push(Box::pin(async move {
            let result = tokio::select! {
                biased;
                () = stop.cancelled() => Err(cancelled()),
                _turn = turn.acquire() => stand::serve(&resources, &events, ticket, stand, &stop).await,
            };
            Finished {
                lane: Lane::Own(ticket),
                result,
            }
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
        let places = Arc::clone(&self.places);
        let lane = Lane::Mint(Box::new(key.clone()));
        let (access, origin, user) = key;
        let sent = Some(access.clone());
        let work = async move {
            let _place = places.acquire().await;
            let tools = resources.tools();
            let minted =
                mint::mint(tools.api, tools.ledger, &roster, &access, &origin, &user).await;
            minted.map(|m| Outcome::Minted(Box::new(m)))
        };
        self.run(lane, stop, sent, work);
    }

    fn roster(&mut self, access: &Access) -> Arc<Roster> {
        match &self.roster {
            Some(roster) if roster.is_of(access) => Arc::clone(roster),
            _ => {
                let roster = Arc::new(Roster::load(&self.resources.ledger, access));
                self.roster = Some(Arc::clone(&roster));
                roster
            }
        }
    }

    fn forget(&mut self, access: &Access, user: &ExternalUser) -> Result<Outcome, Failure> {
        self.roster(access).remove(user);
        let entry = Entry::Forget {
            user: user.as_str().to_owned(),
        };
        let now = self.resources.api.clock().now().wall;
        self.resources
            .ledger
            .append(&Scope::of(access), entry, now)?;
        Ok(Outcome::Forgotten)
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

/// The credentials that a job sends.
fn access_of(job: &Job) -> Option<Access> {
    match job {
        Job::Check(draft) => draft.access().ok(),
        Job::Plan(access, _)
        | Job::Create(access, ..)
        | Job::Adopt(access, _)
        | Job::Verify(access, ..)
        | Job::Catalogue(access)
        | Job::Mint(access, ..)
        | Job::Recall(access)
        | Job::Forget(access, _) => Some(access.clone()),
        Job::Serve(stand) => Some(stand.serving.access.clone()),
        Job::Play(_) | Job::Browse(_) | Job::Users(_) | Job::Save(..) | Job::Reload => None,
    }
}

async fn set_up(
    resources: &Resources,
    events: &mpsc::Sender<Event>,
    ticket: Ticket,
    job: Job,
) -> Result<Outcome, Failure> {
    let tools = resources.tools();
    match job {
        Job::Check(draft) => Ok(Outcome::Checked(check(tools, events, ticket, &draft).await)),
        Job::Plan(access, spec) => template::plan(tools, &access, &spec)
            .await
            .map(|p| Outcome::Planned(Box::new(p))),
        Job::Create(access, spec, consent, proof) => {
            match template::create(tools, &access, &spec, consent, proof).await {
                Ok(creation) => Ok(Outcome::Created(creation, resources.ledger.shown())),
                Err(Uncreated::Unproved(failure)) => Ok(Outcome::Unproved(consent, failure)),
                Err(Uncreated::Failed(failure)) => Err(failure),
            }
        }
        Job::Adopt(access, spec) => template::adopt(tools, &access, &spec)
            .await
            .map(|p| Outcome::Planned(Box::new(p))),
        Job::Verify(..)
        | Job::Play(_)
        | Job::Serve(_)
        | Job::Catalogue(_)
        | Job::Browse(_)
        | Job::Mint(..)
        | Job::Recall(_)
        | Job::Forget(..)
        | Job::Users(_)
        | Job::Save(..)
        | Job::Reload => Err(Failure::new(Code::Internal, "this job has its own lane")),
    }
}

async fn alone(
    resources: &Resources,
    events: &mpsc::Sender<Event>,
    ticket: Ticket,
    job: Job,
) -> Result<Outcome, Failure> {
    match (job, &resources.customer) {
        (Job::Verify(access, spec, user, wait), _) => {
            let target = verify::Target {
                access: &access,
                spec: &spec,
                user: &user,
            };
            let look = verify::Look {
                wait: wait.unwrap_or_default(),
                ..verify::Look::default()
            };
            let mut tell = |landing: &Landing| {
                let _full = events.try_send(Event::Looked(ticket, Box::new(landing.clone())));
            };
            let landing = verify::verify(resources.tools(), &target, &look, &mut tell).await;
            landing.map(|landing| Outcome::Landed(Box::new(landing)))
        }
        (Job::Catalogue(access), _) => {
            let catalogue = resources.api.catalogue(&access).await;
            catalogue.map(|catalogue| Outcome::Offered(Box::new(catalogue)))
        }
        (Job::Browse(url), _) => browse(&resources.environment, url).await,
        (Job::Play(user), Some(customer)) => customer(user).await.map(Outcome::Played),
        (Job::Play(_), None) => Err(Failure::new(
            Code::ConfigUnsupported,
            "nobody plays the customer here",
        )
        .because("only a private sandbox has one")
        .hint("start the console with --sandbox")),
        _ => Err(Failure::new(Code::Internal, "this job has its own lane")),
    }
}

/// The rungs that the Prerequisites screen shows.
const SETUP_RUNGS: [Rung; 3] = [Rung::Auth, Rung::Organization, Rung::Bucket];

async fn check(
    tools: Tools<'_>,
    events: &mpsc::Sender<Event>,
    ticket: Ticket,
    draft: &Draft,
) -> Vec<Step> {
    let walk = Walk {
        only: SETUP_RUNGS.to_vec(),
        ..Walk::default()
    };
    let shown = |rung: Rung| SETUP_RUNGS.contains(&rung);
    let mut tell = |progress| {
        let event = match progress {
            Progress::Begun(rung) if shown(rung) => Event::RungBegun(ticket, rung),
            Progress::Ended(step) if shown(step.rung) => Event::RungEnded(ticket, step),
            Progress::Begun(_) | Progress::Ended(_) => return,
        };
        let _full = events.try_send(event);
    };
    let mut steps = check::walk(tools, draft, &walk, &mut tell).await;
    steps.retain(|step| shown(step.rung));
    steps
}

async fn browse(environment: &Environment, url: String) -> Result<Outcome, Failure> {
    let environment = Arc::clone(environment);
    let opening =
        tokio::task::spawn_blocking(move || browser::open(&url, |name| environment(name)));
    let opened = opening.await.unwrap_or_else(|_ended| {
        Err(Failure::new(
            Code::Internal,
            "opening the browser ended unexpectedly",
        ))
    });
    opened.map(|()| Outcome::Browsed)
}

fn recall(ledger: &Ledger, access: &Access) -> Result<Outcome, Failure> {
    let users = ledger.read()?.users(&Scope::of(access));
    let known = users.into_iter().map(|k| KnownUser {
        user: k.user,
        workspace_id: k.workspace_id,
        minted_at: k.minted_at,
    });
    Ok(Outcome::Recalled(known.collect()))
}

fn cancelled() -> Failure {
    Failure::new(Code::Cancelled, "cancelled").because("what had been sent by then is not undone")
}

/// The most that is read of a list of users, in bytes.
const LIST_LIMIT: u64 = 16 << 20;

fn users(path: &Path) -> Result<Outcome, Failure> {
    use std::io::Read as _;
    let failure = |why: String| {
        Failure::new(Code::MachineDisk, "the list of users cannot be read")
            .because(format!("{}: {why}", path.display()))
            .hint("name a text file with one external user ID a line")
    };
    let file = std::fs::File::open(path).map_err(|e| failure(e.to_string()))?;
    let mut text = String::new();
    let read = file.take(LIST_LIMIT + 1).read_to_string(&mut text);
    let read = read.map_err(|e| failure(e.to_string()))?;
    if read as u64 > LIST_LIMIT {
        return Err(failure("it is larger than 16 MiB".to_owned()));
    }
    Ok(Outcome::Users(Box::new(UserList::parse_lines(&text))))
}

fn save(path: &Path, edits: &[(Key, Secret)]) -> Result<Outcome, Failure> {
    let mut edit = Edit::open(path)?;
    edit.apply(edits)?;
    Ok(Outcome::Saved(edit.save()?))
}
