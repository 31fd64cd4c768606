//! Screen 5: what has landed in the bucket for one customer, and at which link it stopped.
//!
//! Depends on `model`, `keys`, `prompt`, `customer`, the board's users; on `domain::landing`. One job at a
//! time: a look, or a wait. What is known belongs to one configuration and one user: another
//! configuration begins anew, another user has the last look at it back, and answers to the old one are
//! dropped.

use std::collections::VecDeque;
use std::time::Duration;

use ratatui::crossterm::event::KeyEvent;

use super::input::Line;
use super::keys::find;
use super::message::Effect;
use super::model::{Focus, Model};
use super::prompt::{Prompt, Wanted};
use super::rows::{Filter, Move};
use super::screen::Screen;
use super::theme::Role;
use super::update::{go, mismatch};
use super::{customer, operator, template, tokens};
use crate::client::{Command, Job, Outcome, Ticket};
use crate::domain::failure::{Code, Failure};
use crate::domain::landing::{ChainLink, Landing, Link, LinkStatus, Stream};
use crate::domain::moment::Moment;
use crate::domain::settings::Access;
use crate::domain::template::TemplateSpec;
use crate::domain::user::ExternalUser;

mod keys;
pub mod view;

pub use keys::{Action, KEYS, hints, why_not};

/// How long a wait lasts at most.
pub const WAIT: Duration = Duration::from_mins(10);

/// What is being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Looking once.
    Look,
    /// Waiting until there is some, since this moment.
    Wait(Moment),
    /// Playing a customer for this user, to look afterwards.
    Play,
}

/// What the page is about: a configuration, and a user in it.
type Aim = (Access, TemplateSpec, ExternalUser);

/// What a look found, and when.
type Look = (Box<Landing>, Moment);

/// Of how many users that are not shown the last look is kept; the latest stay.
const KEPT: usize = 100;

/// How the user's data stand, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nobody has looked yet.
    NotYet,
    /// There is some.
    Landed,
    /// There is none, and nothing is wrong that is known.
    Nothing,
    /// There is none, and a link is missing or failed.
    Broken,
    /// Looking failed.
    Failed,
}

/// The page's state.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    /// The user chosen here; `None` is the settings' own.
    chosen: Option<ExternalUser>,
    of: Option<Aim>,
    /// The look that is under way, and since when it waits.
    running: Option<(Ticket, Option<Moment>)>,
    /// What was found last, and when.
    found: Option<Look>,
    /// The last looks at other users, under the same configuration, the latest at the end.
    others: VecDeque<(ExternalUser, Look)>,
    failure: Option<Failure>,
    /// The selected stream's name, so that it stays selected when others overtake it.
    stream: Option<String>,
    filter: Filter,
    /// Whether the operator UI's address was asked for.
    address: bool,
}

impl Page {
    /// Returns what was found last.
    pub fn landing(&self) -> Option<&Landing> {
        self.found.as_ref().map(|(landing, _)| &**landing)
    }

    /// Returns how the data stand.
    pub fn standing(&self) -> Standing {
        let broken = |status| matches!(status, LinkStatus::Missing | LinkStatus::Failed);
        match (&self.failure, self.landing()) {
            (Some(_), _) => Standing::Failed,
            (None, None) => Standing::NotYet,
            (None, Some(landing)) if landing.has_data() => Standing::Landed,
            (None, Some(landing)) if landing.chain.iter().any(|link| broken(link.status)) => {
                Standing::Broken
            }
            (None, Some(_)) => Standing::Nothing,
        }
    }

    /// Returns every stream that was found last.
    pub fn streams(&self) -> &[Stream] {
        self.landing().map_or(&[], |landing| &landing.streams)
    }

    /// Returns those that the filter leaves.
    pub fn shown(&self) -> impl Iterator<Item = &Stream> {
        let leaves = |stream: &&Stream| self.filter.leaves(&stream.name);
        self.streams().iter().filter(leaves)
    }

    /// Shows only streams whose name holds a text, capitals or not.
    pub fn set_filter(&mut self, text: &str) {
        self.filter = Filter::new(text);
    }

    /// Returns the selected stream's place among those that are shown.
    fn selected(&self) -> usize {
        let at = |name: &String| self.shown().position(|s| s.name == *name);
        self.stream.as_ref().and_then(at).unwrap_or(0)
    }

    fn select(&mut self, at: usize) {
        let at = at.min(self.shown().count().saturating_sub(1));
        let name = self.shown().nth(at).map(|s| s.name.clone());
        if name.is_some() {
            self.stream = name;
        }
    }

    /// Returns the ticket of the look that is under way.
    pub fn ticket(&self) -> Option<Ticket> {
        self.running.map(|(ticket, _)| ticket)
    }

    /// Notes why what was asked for failed.
    pub fn fail(&mut self, failure: Failure) {
        self.failure = Some(failure);
    }
}

/// Returns the user whose data are asked for.
pub fn user(model: &Model) -> Option<ExternalUser> {
    let chosen = model.data.chosen.clone();
    chosen.or_else(|| model.draft.user().ok())
}

/// Returns true when the page is about this user.
pub fn is_about(model: &Model, user: &ExternalUser) -> bool {
    let of = model.data.of.as_ref();
    of.is_some_and(|(_, _, of)| of == user)
}

/// Returns what is being done.
pub fn work(model: &Model) -> Option<Work> {
    match model.data.running {
        Some((_, Some(since))) => Some(Work::Wait(since)),
        Some((_, None)) => Some(Work::Look),
        None => customer::user(model)
            .filter(|user| is_about(model, user))
            .map(|_| Work::Play),
    }
}

/// Begins anew when the settings or the user are others than the page is about. What was found for a
/// user stays known while the settings stay.
pub fn follow(model: &mut Model) -> Vec<Effect> {
    let of = template::described(model)
        .zip(user(model))
        .map(|((access, spec), user)| (access, spec, user));
    if model.data.of == of {
        return Vec::new();
    }
    let effects = give_up(model);
    let before = std::mem::take(&mut model.data);
    let mut others = before.others;
    let mut found = None;
    match (before.of, &of) {
        (Some((access, spec, was)), Some((to_access, to_spec, user)))
            if access == *to_access && spec == *to_spec =>
        {
            others.extend(before.found.map(|look| (was, look)));
            let at = others.iter().position(|(other, _)| other == user);
            found = at.and_then(|at| others.remove(at)).map(|(_, look)| look);
            others.drain(..others.len().saturating_sub(KEPT));
        }
        _ => others.clear(),
    }
    model.data = Page {
        chosen: before.chosen,
        of,
        found,
        others,
        ..Page::default()
    };
    effects
}

/// Does what entering the screen asks for.
pub fn entered(model: &mut Model) -> Vec<Effect> {
    if let Ok(user) = model.draft.user() {
        model.tokens.own(user);
    }
    let mut effects = follow(model);
    effects.extend(tokens::recall(model));
    effects
}

/// Goes to a user's data and looks, unless the page shows them already.
pub fn open(model: &mut Model, user: ExternalUser) -> Vec<Effect> {
    let is_new = !is_about(model, &user);
    let mut effects = go(model, Screen::Data);
    effects.extend(choose(model, user));
    if model.data.of.is_some() && work(model).is_none() && (is_new || model.data.found.is_none()) {
        effects.extend(begin(model, None));
    }
    effects
}

/// Looks when the page is about this user, after something was done for it.
pub fn look_after(model: &mut Model, user: &ExternalUser) -> Vec<Effect> {
    if is_about(model, user) && work(model).is_none() {
        return begin(model, None);
    }
    Vec::new()
}

fn choose(model: &mut Model, user: ExternalUser) -> Vec<Effect> {
    let own = model.draft.user().ok();
    model.data.chosen = (own.as_ref() != Some(&user)).then_some(user);
    follow(model)
}

/// Takes a key; `None` when this screen does not know it.
pub fn press(model: &mut Model, key: KeyEvent) -> Option<Vec<Effect>> {
    find(KEYS, key).map(|action| act(model, action))
}

/// Selects a stream, as a click does.
pub fn point(model: &mut Model, at: usize) {
    model.data.select(at);
}

/// Moves through the streams.
pub fn go_by(model: &mut Model, step: Move) {
    let page = view::page_rows(model);
    let last = model.data.shown().count().saturating_sub(1);
    let to = step.lead(model.data.selected(), last, page);
    model.data.select(to);
}

/// Does what a key stands for.
pub fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    match action {
        Action::Look => return look(model),
        Action::Wait => return wait(model),
        Action::User => {
            model.prompt = Some(Prompt::Line(Wanted::DataUser, Line::default(), None));
        }
        Action::UserBefore => return neighbour(model, false),
        Action::UserAfter => return neighbour(model, true),
        Action::Operator => return in_airbyte(model),
        Action::Play => return play(model),
        Action::Filter => filter(model),
        Action::Back => {
            if work(model).is_some() {
                return stop(model);
            }
            if model.data.filter.is_on() {
                model.data.set_filter("");
            } else {
                model.focus = Focus::Rail(Screen::Data);
            }
        }
    }
    Vec::new()
}

fn filter(model: &mut Model) {
    if model.data.streams().is_empty() {
        model.say(Role::Quiet, "There is no stream yet: Enter looks");
        return;
    }
    model.prompt = Some(Prompt::filter(Screen::Data, &model.data.filter));
}

fn look(model: &mut Model) -> Vec<Effect> {
    match work(model) {
        None => begin(model, None),
        Some(work) => {
            let text = match work {
                Work::Look => "Looking already; nothing is asked twice",
                Work::Wait(_) => "Waiting looks again by itself; Esc stops it",
                Work::Play => "The customer is still at work; what landed is looked for next",
            };
            model.say(Role::Busy, text);
            Vec::new()
        }
    }
}

fn wait(model: &mut Model) -> Vec<Effect> {
    match work(model) {
        Some(Work::Wait(_)) => stop(model),
        Some(Work::Play) => look(model),
        Some(Work::Look) | None => {
            let mut effects = give_up(model);
            effects.extend(begin(model, Some(model.now)));
            effects
        }
    }
}

fn play(model: &mut Model) -> Vec<Effect> {
    if !customer::is_free(model) {
        return Vec::new();
    }
    let Some((_, _, user)) = model.data.of.clone() else {
        return go(model, Screen::Prerequisites);
    };
    let mut effects = give_up(model);
    model.data.failure = None;
    effects.extend(customer::play(model, user));
    effects
}

/// Looks, once or until there is some.
fn begin(model: &mut Model, since: Option<Moment>) -> Vec<Effect> {
    let Some((access, spec, user)) = model.data.of.clone() else {
        return go(model, Screen::Prerequisites);
    };
    let job = Job::Verify(access, spec, user, since.map(|_| WAIT));
    let Some((ticket, effect)) = model.order(job) else {
        return Vec::new();
    };
    model.data.running = Some((ticket, since));
    model.data.failure = None;
    vec![effect]
}

/// Lets go of what is awaited; its answer is dropped when it comes.
fn give_up(model: &mut Model) -> Vec<Effect> {
    let Some((ticket, _)) = model.data.running.take() else {
        return Vec::new();
    };
    vec![Effect::Send(Command::Cancel(ticket))]
}

fn stop(model: &mut Model) -> Vec<Effect> {
    let text = match work(model) {
        Some(Work::Play) => {
            let text = "Stopped; the customer may have connected by then";
            model.say(Role::Quiet, text);
            return customer::stop(model);
        }
        Some(Work::Wait(_)) => "Stopped waiting; what was found stays",
        Some(Work::Look) | None => "Stopped looking",
    };
    model.say(Role::Quiet, text);
    give_up(model)
}

fn neighbour(model: &mut Model, forward: bool) -> Vec<Effect> {
    let other = user(model).map_or_else(
        || model.tokens.selected().map(|row| row.user.clone()),
        |user| model.tokens.beside(&user, forward).cloned(),
    );
    let Some(other) = other else {
        model.say(Role::Quiet, "No other user is known here: u types one");
        return Vec::new();
    };
    choose(model, other)
}

fn in_airbyte(model: &mut Model) -> Vec<Effect> {
    let address = model.data.landing().map(|l| l.operator_url.clone());
    match address {
        Some(Some(address)) => {
            model.data.address = true;
            operator::open(model, &address)
        }
        Some(None) => {
            model.say(Role::Warn, operator::UNKNOWN);
            Vec::new()
        }
        None => {
            model.say(
                Role::Quiet,
                "Look first: the workspace is found on the way there",
            );
            Vec::new()
        }
    }
}

/// Takes a look of a wait that goes on.
pub fn looked(model: &mut Model, ticket: Ticket, landing: Box<Landing>) {
    if is_awaited(model, ticket) {
        found(model, landing);
    }
}

fn found(model: &mut Model, landing: Box<Landing>) {
    let destination = |link: &ChainLink| link.link == Link::Destination;
    if landing
        .chain
        .iter()
        .any(|link| destination(link) && link.status == LinkStatus::Ok)
    {
        model.tokens.has_destination(&landing.user);
    }
    model.data.found = Some((landing, model.now));
}

fn is_awaited(model: &Model, ticket: Ticket) -> bool {
    model.data.running.is_some_and(|(open, _)| open == ticket)
}

/// Takes the end of the look that is under way.
pub fn done(model: &mut Model, result: Result<Outcome, Failure>) {
    let waited = matches!(work(model), Some(Work::Wait(_)));
    model.data.running = None;
    let failure = match result {
        Ok(Outcome::Landed(landing)) => {
            if waited && !landing.has_data() {
                model.say(Role::Warn, "! The wait is over, and nothing has landed");
            }
            found(model, landing);
            return;
        }
        Ok(_) => mismatch(),
        Err(failure) => failure,
    };
    if failure.code == Code::Cancelled {
        model.say(Role::Quiet, "Stopped");
    } else {
        model.data.failure = Some(failure);
    }
}
