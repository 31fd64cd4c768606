//! Screen 4: the demo app, everyone who comes to it, and what customers are offered in the widget.
//!
//! Depends on `model`, `keys`, `prompt`, the template's page and the board's users; on the client's
//! types and `domain`. One app runs at a time, on the settings it was started with; another user or
//! other settings mean starting it anew, in which the newer one takes the older one's place.

use std::collections::VecDeque;

use jiff::Timestamp;
use ratatui::crossterm::event::KeyEvent;

use super::input::Line;
use super::keys::find;
use super::message::Effect;
use super::model::{Errand, Focus, Model, Place};
use super::prompt::{Prompt, Wanted};
use super::rows::{Filter, Following, Move};
use super::screen::Screen;
use super::theme::Role;
use super::update::{go, mismatch};
use super::view::body_size;
use super::{customer, data, template, tokens};
use crate::client::{Command, Door, Job, Opened, Outcome, Stand, Ticket};
use crate::domain::failure::{Code, Failure};
use crate::domain::field::Key;
use crate::domain::secret::Secret;
use crate::domain::settings::{Access, Serving, Source};
use crate::domain::source_template::Catalogue;
use crate::domain::user::ExternalUser;
use crate::domain::visit::{EventKind, Visit, What};

mod keys;
pub mod view;

pub use keys::{Action, KEYS, hints, why_not};

/// How many visits are kept; the newest stay.
pub const KEPT: usize = 500;

/// What the app is at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It has been ordered.
    Opening,
    /// It answers.
    Open(Opened),
    /// It lets the last visitors finish.
    Closing,
}

/// The app that was started last.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Run {
    ticket: Ticket,
    /// What it runs on.
    on: Serving,
    stage: Stage,
}

/// A visit, and for whom the app ran when it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Its number, from 1; it stays the same while others come and go.
    number: u64,
    visit: Visit,
    user: ExternalUser,
}

impl Hit {
    /// Returns true when a customer has connected a source by it, so that there will be data.
    fn is_source_created(&self) -> bool {
        matches!(&self.visit.what, What::Event(event) if event.kind == EventKind::SourceCreated)
    }

    /// What the filter looks at: the row, and for whom the app ran.
    fn line(&self) -> String {
        let what = match &self.visit.what {
            What::Page => "page".to_owned(),
            What::Token(_) => "token for".to_owned(),
            What::Event(event) => {
                let source = event.source.as_deref().unwrap_or_default();
                format!("event {} {source}", event.kind.name())
            }
            What::Other(path) => path.clone(),
        };
        let origin = self.visit.origin.as_deref().unwrap_or_default();
        let verdict = self.trouble().unwrap_or(self.done());
        format!("{what} {} {origin} {verdict}", self.user)
    }

    /// Returns what was done for it when there was no trouble, in a few words.
    fn done(&self) -> &'static str {
        match &self.visit.what {
            What::Page | What::Other(_) => "served",
            What::Token(_) => "minted",
            What::Event(_) if self.is_source_created() => "d sees the data",
            What::Event(_) => "noted",
        }
    }

    /// Returns why it was refused, or what error it tells.
    fn trouble(&self) -> Option<&str> {
        let told = match &self.visit.what {
            What::Event(event) => event.error.as_deref(),
            What::Page | What::Token(_) | What::Other(_) => None,
        };
        self.visit.refused.as_deref().or(told)
    }
}

/// The page's state.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    /// The user chosen here; `None` is the settings' own.
    chosen: Option<ExternalUser>,
    run: Option<Run>,
    failure: Option<Failure>,
    hits: VecDeque<Hit>,
    /// How many came in all.
    total: u64,
    /// Which visit is selected.
    at: Following,
    filter: Filter,
    /// Whose catalogue it is, and what is known of it.
    catalogue: Option<(Access, Result<Box<Catalogue>, Failure>)>,
    /// The customer who was played last, when, and whether data will land.
    played: Option<(ExternalUser, Timestamp, bool)>,
    /// Whether an app was started in this session.
    was_started: bool,
    /// The catalogue is open, scrolled by so many lines.
    pub(super) open: Option<usize>,
}

impl Page {
    /// Returns the app when it answers.
    pub fn opened(&self) -> Option<&Opened> {
        match &self.run.as_ref()?.stage {
            Stage::Open(opened) => Some(opened),
            Stage::Opening | Stage::Closing => None,
        }
    }

    /// Returns true while there is an app that would end with the program.
    pub fn is_running(&self) -> bool {
        self.run.is_some()
    }

    /// Returns true when an app was started in this session, whatever became of it.
    pub fn was_started(&self) -> bool {
        self.was_started
    }

    /// Returns true while it opens or closes.
    pub fn is_turning(&self) -> bool {
        self.is_running() && self.opened().is_none()
    }

    /// Returns true when the last start failed, or the app ended by itself.
    pub fn has_failed(&self) -> bool {
        self.failure.is_some()
    }

    /// Returns how many visits came.
    pub fn visits(&self) -> u64 {
        self.total
    }

    /// Returns how many visits are kept.
    pub fn kept(&self) -> usize {
        self.hits.len()
    }

    /// Returns those that the filter leaves, oldest first.
    pub fn shown(&self) -> impl DoubleEndedIterator<Item = &Hit> {
        let filter = &self.filter;
        let leaves = |hit: &&Hit| !filter.is_on() || filter.leaves(&hit.line());
        self.hits.iter().filter(leaves)
    }

    /// Shows only visits that hold a text, capitals or not.
    pub fn set_filter(&mut self, text: &str) {
        self.filter = Filter::new(text);
    }

    /// Returns the selected one of those that are shown: the newest, unless another was chosen.
    fn hit(&self) -> Option<&Hit> {
        self.shown().nth(self.place())
    }

    fn place(&self) -> usize {
        self.at.place(self.shown().map(|hit| hit.number))
    }

    /// Returns the users whose visits are kept.
    pub fn users(&self) -> impl Iterator<Item = &ExternalUser> {
        let mut last = None;
        self.hits
            .iter()
            .map(|hit| &hit.user)
            .filter(move |user| last.replace(*user) != Some(*user))
    }

    fn take(&mut self, visit: Visit, user: ExternalUser) {
        self.total += 1;
        if self.hits.len() == KEPT {
            self.hits.pop_front();
        }
        self.hits.push_back(Hit {
            number: self.total,
            visit,
            user,
        });
    }

    /// Notes that a customer was played, and whether data will land.
    pub fn was_played(&mut self, user: ExternalUser, at: Timestamp, lands: bool) {
        self.played = Some((user, at, lands));
    }

    /// Returns when this customer was played, if last, and whether data will land.
    fn played(&self, user: &ExternalUser) -> Option<(Timestamp, bool)> {
        let (played, at, lands) = self.played.as_ref()?;
        (played == user).then_some((*at, *lands))
    }

    /// Returns the ticket of the app that was started last.
    pub fn ticket(&self) -> Option<Ticket> {
        self.run.as_ref().map(|run| run.ticket)
    }
}

/// Returns the user for whom the app mints, or would.
pub fn user(model: &Model) -> Option<ExternalUser> {
    let chosen = model.preview.chosen.clone();
    chosen.or_else(|| model.draft.user().ok())
}

/// Returns what a start would run on, when the settings for it are well formed.
fn serving(model: &Model) -> Option<Serving> {
    model.draft.serving(model.preview.chosen.clone()).ok()
}

/// Returns true when the app runs on other settings than those that stand on the form.
fn is_outdated(model: &Model) -> bool {
    let run = model.preview.run.as_ref();
    run.is_some_and(|run| serving(model).as_ref() != Some(&run.on))
}

/// Returns true when the page would make a workspace that never gets its destination: no template
/// is known, and neither is the user.
fn is_trap(model: &Model) -> bool {
    let none_known = matches!(model.template.condition(), template::Condition::Ready(_));
    none_known && user(model).is_some_and(|user| !model.tokens.is_known(&user))
}

/// Returns true when the user's workspace may have been made while no template was known.
fn is_bare(model: &Model) -> bool {
    let row = user(model).and_then(|user| model.tokens.row(&user));
    row.is_some_and(tokens::Row::is_bare)
}

/// Returns true while the catalogue of the settings as they stand is asked for.
fn is_asking(model: &Model) -> bool {
    let now = model.access();
    let mut errands = model.errands.values();
    errands.any(|errand| matches!(errand, Errand::Catalogue(of) if Some(of) == now.as_ref()))
}

/// Returns true when something of this screen runs, so that a spinner turns.
pub fn is_busy(model: &Model) -> bool {
    model.preview.is_turning() || customer::user(model).is_some() || is_asking(model)
}

/// Returns the catalogue of the settings as they stand, or why it is not known.
fn catalogue(model: &Model) -> Option<&Result<Box<Catalogue>, Failure>> {
    let (of, told) = model.preview.catalogue.as_ref()?;
    (model.access().as_ref() == Some(of)).then_some(told)
}

/// Does what entering the screen asks for.
pub fn entered(model: &mut Model) -> Vec<Effect> {
    let mut effects = template::want_plan(model);
    effects.extend(tokens::recall(model));
    effects.extend(want_catalogue(model));
    effects
}

fn want_catalogue(model: &mut Model) -> Vec<Effect> {
    if is_asking(model) || matches!(catalogue(model), Some(Ok(_))) {
        return Vec::new();
    }
    let Some(access) = model.access() else {
        return Vec::new();
    };
    let errand = Errand::Catalogue(access.clone());
    model.send_out(errand, Job::Catalogue(access))
}

/// Takes what became of asking for the catalogue; other settings' may come after these ones'.
pub fn offered(model: &mut Model, of: Access, told: Result<Outcome, Failure>) {
    let told = match told {
        Ok(Outcome::Offered(catalogue)) => Ok(catalogue),
        Ok(_) => Err(mismatch()),
        Err(failure) => Err(failure),
    };
    if model.access().as_ref() == Some(&of) {
        model.preview.catalogue = Some((of, told));
    }
}

/// Selects a visit by its number.
pub fn point(model: &mut Model, number: u64) {
    let page = &mut model.preview;
    let newest = page.shown().next_back().map(|hit| hit.number);
    page.at.select(Some(number), newest);
}

/// Takes a key; `None` when this screen does not know it.
pub fn press(model: &mut Model, key: KeyEvent) -> Option<Vec<Effect>> {
    find(KEYS, key).map(|action| act(model, action))
}

/// Does what a key of this screen stands for.
pub fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    match action {
        Action::Switch => return switch(model),
        Action::Browse => return browse(model),
        Action::User => {
            model.prompt = Some(Prompt::Line(Wanted::PreviewUser, Line::default(), None));
        }
        Action::Play => return play(model),
        Action::Data => return see_data(model),
        Action::Catalogue => return open_catalogue(model),
        Action::Anew => return anew(model),
        Action::FreePort => return free_port(model),
        Action::Copy => return copy(model),
        Action::Filter => filter(model),
        Action::Back => {
            if model.preview.open.take().is_some() {
                return Vec::new();
            }
            if model.preview.filter.is_on() {
                model.preview.set_filter("");
            } else {
                model.focus = Focus::Rail(Screen::Preview);
            }
        }
    }
    Vec::new()
}

/// Starts the app, or stops it.
fn switch(model: &mut Model) -> Vec<Effect> {
    match model.preview.run.as_mut() {
        None => start(model, None),
        Some(run) if run.stage == Stage::Closing => {
            model.say(
                Role::Busy,
                "It lets the last visitors finish, a second at most",
            );
            Vec::new()
        }
        Some(run) => {
            run.stage = Stage::Closing;
            let ticket = run.ticket;
            vec![Effect::Send(Command::Cancel(ticket))]
        }
    }
}

/// Starts an app, in the place of the one that runs.
fn start(model: &mut Model, door: Option<Door>) -> Vec<Effect> {
    let Some(on) = serving(model) else {
        return go(model, Screen::Prerequisites);
    };
    let stand = Stand {
        door: door.unwrap_or_else(|| door_of(model, &on)),
        lists_origin: lists_origin(model),
        serving: on.clone(),
    };
    let Some((ticket, effect)) = model.order(Job::Serve(Box::new(stand))) else {
        return Vec::new();
    };
    model.preview.failure = None;
    model.preview.was_started = true;
    model.preview.run = Some(Run {
        ticket,
        on,
        stage: Stage::Opening,
    });
    vec![effect]
}

/// Whether pages on the origin of the settings may ask for tokens too. One that nobody has chosen
/// stands for the app's own, at whatever port it gets.
fn lists_origin(model: &Model) -> bool {
    let source = model.draft.source(Key::AllowedOrigin);
    !matches!(source, Source::Default | Source::Sandbox)
}

/// Which port to ask for: the one it has already, so that open pages find it again; else that of
/// the settings. In a private sandbox nobody has chosen one, so there another one will do.
fn door_of(model: &Model, on: &Serving) -> Door {
    let before = model.preview.run.as_ref().zip(model.preview.opened());
    match before {
        Some((run, opened)) if run.on.port == on.port => Door::Only(opened.port),
        _ if model.place == Place::Sandbox && model.draft.source(Key::Port) == Source::Default => {
            Door::OrFree(on.port)
        }
        _ => Door::Only(on.port),
    }
}

/// Takes the news that the app answers.
pub fn opened(model: &mut Model, ticket: Ticket, opened: Opened) {
    let Some(run) = model.preview.run.as_mut() else {
        return;
    };
    if run.ticket != ticket || run.stage != Stage::Opening {
        return;
    }
    let wanted = run.on.port;
    let elsewhere = (opened.port != wanted)
        .then(|| format!("! Port {wanted} is taken, so it runs at {}", opened.url));
    run.stage = Stage::Open(opened);
    if let Some(text) = elsewhere {
        model.say(Role::Warn, text);
    }
}

/// Takes a visit.
pub fn visited(model: &mut Model, ticket: Ticket, visit: Visit) {
    let Some(run) = &model.preview.run else {
        return;
    };
    if run.ticket != ticket {
        return;
    }
    let user = match &visit.what {
        What::Token(user) => user.clone(),
        What::Page | What::Event(_) | What::Other(_) => run.on.user.clone(),
    };
    model.preview.take(visit, user);
}

/// Takes the end of the app that was started last.
pub fn done(model: &mut Model, result: Result<Outcome, Failure>) {
    model.preview.run = None;
    let failure = match result {
        Ok(_) => mismatch(),
        Err(failure) => failure,
    };
    if failure.code == Code::Cancelled {
        model.say(Role::Quiet, "The demo app has stopped");
    } else {
        model.preview.failure = Some(failure);
    }
}

fn anew(model: &mut Model) -> Vec<Effect> {
    if model.preview.is_running() {
        return start(model, None);
    }
    model.say(Role::Quiet, "It does not run: Enter starts it");
    Vec::new()
}

fn free_port(model: &mut Model) -> Vec<Effect> {
    if model.preview.is_running() {
        model.say(Role::Quiet, "It has its port");
        return Vec::new();
    }
    start(model, Some(Door::Free))
}

/// Lets the app mint for another user.
pub fn choose(model: &mut Model, user: ExternalUser) -> Vec<Effect> {
    let own = model.draft.user().ok();
    model.preview.chosen = (own.as_ref() != Some(&user)).then_some(user);
    if model.preview.is_running() && is_outdated(model) {
        return start(model, None);
    }
    Vec::new()
}

fn browse(model: &mut Model) -> Vec<Effect> {
    let Some(url) = address(model) else {
        return Vec::new();
    };
    if model.over_ssh {
        let text = format!("! Over SSH the browser is on your side: forward the port, open {url}");
        model.say(Role::Warn, text);
        return Vec::new();
    }
    let errand = Errand::Browse("y copies the address");
    let effects = model.send_out(errand, Job::Browse(url.clone()));
    if !effects.is_empty() {
        model.say(Role::Busy, format!("Opening {url}"));
    }
    effects
}

fn copy(model: &mut Model) -> Vec<Effect> {
    let Some(url) = address(model) else {
        return Vec::new();
    };
    model.copy("The address", Secret::new(url))
}

/// Returns where it answers, or says that it does not.
fn address(model: &mut Model) -> Option<String> {
    let url = model.preview.opened().map(|opened| opened.url.clone());
    if url.is_none() {
        model.say(Role::Quiet, "It does not run yet: Enter starts it");
    }
    url
}

fn play(model: &mut Model) -> Vec<Effect> {
    if !customer::is_free(model) {
        return Vec::new();
    }
    match user(model) {
        Some(user) => customer::play(model, user),
        None => go(model, Screen::Prerequisites),
    }
}

/// Goes to the data of the selected visit's user, or of the customer.
fn see_data(model: &mut Model) -> Vec<Effect> {
    let selected = model.preview.hit().map(|hit| hit.user.clone());
    match selected.or_else(|| user(model)) {
        Some(user) => data::open(model, user),
        None => go(model, Screen::Prerequisites),
    }
}

fn filter(model: &mut Model) {
    if model.preview.hits.is_empty() {
        model.say(Role::Quiet, "Nobody has come yet");
        return;
    }
    model.preview.open = None;
    model.prompt = Some(Prompt::filter(Screen::Preview, &model.preview.filter));
}

fn open_catalogue(model: &mut Model) -> Vec<Effect> {
    if model.preview.open.take().is_some() {
        return Vec::new();
    }
    model.preview.open = Some(0);
    want_catalogue(model)
}

/// Moves in the catalogue when it is open, else among the visits.
pub fn go_by(model: &mut Model, step: Move) {
    let page = view::page_rows(model);
    if let Some(from) = model.preview.open {
        let last = view::catalogue_overflow(model, body_size(model));
        model.preview.open = Some(step.lead(from, last, page));
        return;
    }
    let visits = &mut model.preview;
    let numbers: Vec<u64> = visits.shown().map(|hit| hit.number).collect();
    visits.at.go(step, &numbers, page);
}
