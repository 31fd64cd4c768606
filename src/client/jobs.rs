//! What the jobs do.
//!
//! Depends on `ops`, `ledger`, `env_file`, `browser` and `domain`.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OnceCell, mpsc};
use tokio::task::JoinError;

use super::{Event, Outcome, Resources, Ticket};
use crate::browser;
use crate::domain::failure::{Code, Failure};
use crate::domain::field::Key;
use crate::domain::ladder::Rung;
use crate::domain::landing::Landing;
use crate::domain::secret::Secret;
use crate::domain::settings::{Access, Draft};
use crate::domain::template::{Consent, Proof, TemplateSpec};
use crate::domain::user::ExternalUser;
use crate::env_file::Edit;
use crate::ledger::{Entry, Scope};
use crate::ops::check::{self, Progress, Walk};
use crate::ops::mint::{self, Roster};
use crate::ops::template::{self, Uncreated};
use crate::ops::verify;

/// What a job works with, and where it tells what under which ticket.
pub(super) struct Context {
    pub(super) resources: Arc<Resources>,
    pub(super) events: mpsc::Sender<Event>,
    pub(super) ticket: Ticket,
}

impl Context {
    /// Tells of progress. What does not fit is dropped: a job must not wait for the screen.
    fn progress(&self, event: Event) {
        let _full = self.events.try_send(event);
    }
}

/// The rungs that the Prerequisites screen shows.
const SETUP_RUNGS: [Rung; 3] = [Rung::Auth, Rung::Organization, Rung::Bucket];

pub(super) async fn check(at: Context, draft: Draft) -> Result<Outcome, Failure> {
    let walk = Walk {
        only: SETUP_RUNGS.to_vec(),
        ..Walk::default()
    };
    let shown = |rung: Rung| SETUP_RUNGS.contains(&rung);
    let mut tell = |progress| match progress {
        Progress::Begun(rung) if shown(rung) => at.progress(Event::RungBegun(at.ticket, rung)),
        Progress::Ended(step) if shown(step.rung) => at.progress(Event::RungEnded(at.ticket, step)),
        Progress::Begun(_) | Progress::Ended(_) => {}
    };
    let mut steps = check::walk(at.resources.tools(), &draft, &walk, &mut tell).await;
    steps.retain(|step| shown(step.rung));
    Ok(Outcome::Checked(steps))
}

pub(super) async fn plan(
    at: Context,
    access: Access,
    spec: TemplateSpec,
) -> Result<Outcome, Failure> {
    let plan = template::plan(at.resources.tools(), &access, &spec).await?;
    Ok(Outcome::Planned(Box::new(plan)))
}

pub(super) async fn create(
    at: Context,
    access: Access,
    spec: TemplateSpec,
    consent: Consent,
    proof: Proof,
) -> Result<Outcome, Failure> {
    match template::create(at.resources.tools(), &access, &spec, consent, proof).await {
        Ok(creation) => Ok(Outcome::Created(creation, at.resources.ledger.shown())),
        Err(Uncreated::Unproved(failure)) => Ok(Outcome::Unproved(consent, failure)),
        Err(Uncreated::Failed(failure)) => Err(failure),
    }
}

pub(super) async fn adopt(
    at: Context,
    access: Access,
    spec: TemplateSpec,
) -> Result<Outcome, Failure> {
    let plan = template::adopt(at.resources.tools(), &access, &spec).await?;
    Ok(Outcome::Planned(Box::new(plan)))
}

pub(super) async fn verify(
    at: Context,
    access: Access,
    spec: TemplateSpec,
    user: ExternalUser,
    wait: Option<Duration>,
) -> Result<Outcome, Failure> {
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
        at.progress(Event::Looked(at.ticket, Box::new(landing.clone())));
    };
    let landing = verify::verify(at.resources.tools(), &target, &look, &mut tell).await?;
    Ok(Outcome::Landed(Box::new(landing)))
}

pub(super) async fn catalogue(at: Context, access: Access) -> Result<Outcome, Failure> {
    let catalogue = at.resources.api.catalogue(&access).await?;
    Ok(Outcome::Offered(Box::new(catalogue)))
}

pub(super) async fn play(at: Context, user: ExternalUser) -> Result<Outcome, Failure> {
    let Some(customer) = &at.resources.customer else {
        return Err(
            Failure::new(Code::ConfigUnsupported, "nobody plays the customer here")
                .because("only a private sandbox has one")
                .hint("start the console with --sandbox"),
        );
    };
    customer(user).await.map(Outcome::Played)
}

pub(super) async fn browse(at: Context, url: String) -> Result<Outcome, Failure> {
    let environment = Arc::clone(&at.resources.environment);
    let opening =
        tokio::task::spawn_blocking(move || browser::open(&url, |name| environment(name)));
    ended("opening the browser", opening.await).map(|()| Outcome::Browsed)
}

pub(super) fn recall(resources: &Resources, access: &Access) -> Result<Outcome, Failure> {
    let book = resources.ledger.read()?;
    Ok(Outcome::Recalled(book.users(&Scope::of(access))))
}

pub(super) fn forget(
    resources: &Resources,
    access: &Access,
    user: &ExternalUser,
    roster: &OnceCell<Roster>,
) -> Result<Outcome, Failure> {
    let entry = Entry::Forget {
        user: user.as_str().to_owned(),
    };
    let now = resources.api.clock().now().wall;
    resources.ledger.append(&Scope::of(access), entry, now)?;
    // One that is not read yet will be read without this user.
    if let Some(roster) = roster.get() {
        roster.remove(user);
    }
    Ok(Outcome::Forgotten)
}

/// Returns the users that are known from before, read from the ledger by whoever asks first.
pub(super) async fn roster<'r>(
    resources: &Arc<Resources>,
    access: &Access,
    roster: &'r OnceCell<Roster>,
) -> Result<&'r Roster, Failure> {
    let load = || async {
        let (resources, access) = (Arc::clone(resources), access.clone());
        let load = move || Ok(Roster::load(&resources.ledger, &access));
        ended(
            "reading the ledger",
            tokio::task::spawn_blocking(load).await,
        )
    };
    roster.get_or_try_init(load).await
}

/// The result of what ran on a thread of its own.
pub(super) fn ended<T>(
    what: &str,
    ended: Result<Result<T, Failure>, JoinError>,
) -> Result<T, Failure> {
    ended.unwrap_or_else(|_ended| {
        let what = format!("{what} ended unexpectedly");
        Err(Failure::new(Code::Internal, what))
    })
}

/// How a job ends that was given up.
pub(super) fn cancelled() -> Failure {
    Failure::new(Code::Cancelled, "cancelled").because("what had been sent by then is not undone")
}

pub(super) fn users(path: &Path) -> Result<Outcome, Failure> {
    mint::read_users(Some(path)).map(|list| Outcome::Users(Box::new(list)))
}

/// Writes settings into the env file, or into a new one, whose path must be free: whoever names it
/// has not seen what is in it.
pub(super) fn save(
    env_file: &Path,
    new: Option<&Path>,
    edits: &[(Key, Secret)],
) -> Result<Outcome, Failure> {
    let mut edit = match new {
        Some(path) => Edit::begin(path)?,
        None => Edit::open(env_file)?,
    };
    edit.apply(edits)?;
    Ok(Outcome::Saved(edit.save()?))
}
