//! Screen 1: the settings as a form, and the rungs that prove them.
//!
//! Depends on `model`, `input`, `keys`; on `domain`. A value is judged as it is typed; Enter first
//! walks the rungs on what stands there, then goes on.

use std::time::Duration;

use ratatui::crossterm::event::KeyEvent;

use super::failure;
use super::input::Line;
use super::keys::find;
use super::message::Effect;
use super::model::{Focus, Model, Work};
use super::screen::Screen;
use super::theme::Role;
use super::update::{edited, go, stop_setup};
use crate::client::Job;
use crate::domain::base_url::Api;
use crate::domain::exchange::{Exchange, To};
use crate::domain::field::{FIELDS, Field, Key};
use crate::domain::ladder::{Rung, Status, Step};
use crate::domain::moment::Moment;
use crate::domain::secret::Secret;
use crate::domain::settings::{Draft, Finding};
use crate::domain::template::{Format, REGIONS};
use crate::domain::text::counted;

mod keys;
mod ladder;
pub mod policy;
mod reload;
mod repair;
mod save;
pub mod view;

pub use keys::{Action, KEYS, RAIL_KEYS, entries, hints, why_not};
pub use reload::{reload, reloaded};
pub use repair::{Offer, offered};
pub use save::{not_saved_to, save, save_to, saved};

/// How long a secret stays revealed.
const REVEAL: Duration = Duration::from_secs(10);

/// The rungs that this screen walks.
const RUNGS: [Rung; 3] = [Rung::Auth, Rung::Organization, Rung::Bucket];

/// How far a rung is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RungState {
    /// Not tried.
    NotYet,
    /// Under way.
    Running,
    /// Walked.
    Ended(Step),
}

/// A walk of the rungs: on what, when, and where the cursor stood.
#[derive(Clone, Debug, PartialEq)]
struct Walk {
    draft: Box<Draft>,
    at: Moment,
    cursor: usize,
}

/// The form's state.
#[derive(Clone, Debug, PartialEq)]
pub struct Form {
    /// Which row of the table has the cursor.
    pub at: usize,
    /// The text being edited there.
    pub line: Line,
    /// What is to be said of each setting.
    pub findings: Vec<(Key, Finding)>,
    /// Whether Enter was pressed once; before, an empty field is no fault yet.
    pub tried: bool,
    /// Until when a secret is shown.
    pub revealed_until: Option<Moment>,
    /// The rungs, in order.
    pub rungs: Vec<(Rung, RungState)>,
    /// What the rungs were walked on last.
    walked: Option<Walk>,
    /// Whether the settings are others now than the rungs were walked on.
    pub stale: bool,
    /// Rungs that a request has been at odds with since, and how it ended.
    doubts: Vec<(Rung, String)>,
    /// The IAM policy is open, scrolled by so many lines.
    pub policy: Option<usize>,
}

impl Form {
    /// Makes the form of a draft, with the cursor in the first field that needs attention.
    pub fn new(draft: &Draft) -> Form {
        let findings = draft.findings();
        let at = findings.iter().position(|(_, f)| !f.is_usable());
        let mut form = Form {
            at: at.unwrap_or(0),
            line: Line::default(),
            findings,
            tried: false,
            revealed_until: None,
            rungs: not_yet(),
            walked: None,
            stale: false,
            doubts: Vec::new(),
            policy: None,
        };
        form.load(draft);
        form
    }

    /// Returns the field that has the cursor.
    pub fn field(&self) -> &'static Field {
        Key::all()
            .nth(self.at)
            .unwrap_or(Key::OrganizationId)
            .field()
    }

    /// Returns what is to be said of a setting.
    pub fn finding(&self, key: Key) -> &Finding {
        self.findings
            .iter()
            .find(|(k, _)| *k == key)
            .map_or(&Finding::Good, |(_, f)| f)
    }

    /// Returns how many settings cannot be used as they stand.
    pub fn unusable(&self) -> usize {
        self.findings.iter().filter(|(_, f)| !f.is_usable()).count()
    }

    /// Takes the focused field's text out of the draft.
    pub fn load(&mut self, draft: &Draft) {
        self.line = draft
            .value(self.field().key)
            .map_or_else(Line::default, |v| Line::new(v.text.expose()));
        self.revealed_until = None;
    }

    /// Takes new settings in: what is to be said of them, and whether the rungs were walked on them.
    pub fn judge(&mut self, draft: &Draft) {
        self.findings = draft.findings();
        let is_same = |walk: &Walk| Key::all().all(|key| reload::same(&walk.draft, draft, key));
        let began = |(_, state): &(Rung, RungState)| *state != RungState::NotYet;
        self.stale = self.rungs.iter().any(began) && !self.walked.as_ref().is_some_and(is_same);
        self.abandon();
    }

    /// Begins anew, from the first rung.
    fn begin(&mut self, draft: &Draft, now: Moment) {
        self.rungs = not_yet();
        self.stale = false;
        self.doubts.clear();
        self.walked = Some(Walk {
            draft: Box::new(draft.clone()),
            at: now,
            cursor: self.at,
        });
    }

    /// Notes that the walk was stopped: what it found does not stand for the settings.
    pub fn stopped(&mut self) {
        self.walked = None;
        self.stale = true;
    }

    /// Takes a request that was made after the walk: one that was refused, or that nobody answered,
    /// is at odds with what the rungs say; one that went well is not, any more.
    pub fn heard(&mut self, exchange: &Exchange) {
        let rungs: &[Rung] = match (exchange.to, exchange.status) {
            (To::Bucket, _) => &[Rung::Bucket],
            (To::Airbyte, Some(403)) => &[Rung::Organization],
            (To::Airbyte, _) => &[Rung::Auth, Rung::Organization],
        };
        let how = match exchange.status {
            None => failure::ended(exchange),
            Some(401 | 403) => "refused".to_owned(),
            Some(_) if exchange.succeeded() => String::new(),
            Some(_) => return,
        };
        self.doubts.retain(|(rung, _)| !rungs.contains(rung));
        if !how.is_empty() {
            let doubts = rungs.iter().map(|rung| (*rung, how.clone()));
            self.doubts.extend(doubts);
        }
    }

    /// Returns what is to be said of a rung that held and that a later request is at odds with.
    pub fn doubt(&self, rung: Rung) -> Option<String> {
        let (_, how) = self.doubts.iter().find(|(doubted, _)| *doubted == rung)?;
        let at = self.walked.as_ref()?.at.wall.strftime("%H:%M:%S");
        let (_, state) = self.rungs.iter().find(|(r, _)| *r == rung)?;
        matches!(state, RungState::Ended(step) if matches!(step.status, Status::Pass | Status::Warn))
            .then(|| format!("held at {at} UTC; {how} since"))
    }

    /// Returns true when every rung was walked on these very settings, none failed, and nothing has
    /// been at odds with that since.
    pub fn is_proven(&self) -> bool {
        self.has_passed() && self.doubts.is_empty()
    }

    /// Returns true when every rung was walked on these very settings and none failed.
    pub fn has_passed(&self) -> bool {
        !self.stale
            && self.rungs.iter().all(|(_, state)| match state {
                RungState::Ended(step) => step.status != Status::Fail,
                RungState::NotYet | RungState::Running => false,
            })
    }

    /// Returns the rung that failed.
    pub fn failed(&self) -> Option<&Step> {
        self.rungs.iter().find_map(|(_, state)| match state {
            RungState::Ended(step) if step.status == Status::Fail => Some(step),
            RungState::Ended(_) | RungState::NotYet | RungState::Running => None,
        })
    }

    fn set(&mut self, rung: Rung, to: RungState) {
        if let Some((_, state)) = self.rungs.iter_mut().find(|(r, _)| *r == rung) {
            *state = to;
        }
    }

    /// Marks a rung as begun.
    pub fn begun(&mut self, rung: Rung) {
        self.set(rung, RungState::Running);
    }

    /// Marks a rung as ended.
    pub fn ended(&mut self, step: Step) {
        self.set(step.rung, RungState::Ended(step));
    }

    /// Puts the cursor into the field that the failed rung names, unless it was moved since the walk
    /// began.
    pub fn show_failed(&mut self, draft: &Draft) {
        let failure = self.failed().and_then(|step| step.failure.as_ref());
        let named = failure.and_then(|failure| first_named(failure.hint.as_deref()?));
        let stayed = self
            .walked
            .as_ref()
            .is_some_and(|walk| walk.cursor == self.at);
        if let (Some(at), true) = (named, stayed) {
            self.at = at;
            self.load(draft);
        }
    }

    /// Takes back the rungs that never ended.
    pub fn abandon(&mut self) {
        for (_, state) in &mut self.rungs {
            if *state == RungState::Running {
                *state = RungState::NotYet;
            }
        }
    }
}

/// Returns the field that a text names first.
fn first_named(text: &str) -> Option<usize> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .find_map(|word| Key::all().position(|key| key.variable() == word))
}

fn not_yet() -> Vec<(Rung, RungState)> {
    RUNGS.map(|rung| (rung, RungState::NotYet)).to_vec()
}

/// Takes a key while the form has the keys.
pub fn press(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    if let Some(action) = find(KEYS, key) {
        return act(model, action);
    }
    if choices(model.form.field().key).is_some()
        && let Some(action) = find(keys::CHOICE_KEYS, key)
    {
        return act(model, action);
    }
    if model.form.line.press(key) {
        return typed(model);
    }
    Vec::new()
}

/// Does what a key stands for; one that would do nothing says why.
pub fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    if let (Action::Reveal | Action::Fix, Some(why)) = (action, why_not(model, action)) {
        model.say(Role::Quiet, format!("Not now: {why}"));
        return Vec::new();
    }
    match action {
        Action::Go => check(model),
        Action::Again => check_again(model),
        Action::Next => step(model, 1),
        Action::Previous => step(model, FIELDS.len() - 1),
        Action::Save => save(model),
        Action::Reload => reload(model),
        Action::Reveal => reveal(model),
        Action::Fix => fix(model),
        Action::ChoiceBefore => choose(model, false),
        Action::ChoiceAfter => choose(model, true),
        Action::Back => back(model),
        Action::CopyLadder => {
            let text = ladder::text(model);
            model.copy("The ladder", Secret::new(text))
        }
        Action::Policy => {
            policy::open(model);
            Vec::new()
        }
    }
}

/// Puts the cursor into a field, as a click does: at this column of its text, where it is being
/// edited already.
pub fn point(model: &mut Model, at: usize, column: usize) {
    if model.form.at == at {
        let masked = model.form.field().secret && model.form.revealed_until.is_none();
        let room = view::editor_room(model, model.form.field());
        model.form.line.point(column, room, masked);
        return;
    }
    model.form.at = at;
    model.form.load(&model.draft);
}

/// Takes the repair that is offered: the focused field's own, or else the failed rung's, which then
/// is walked again.
fn fix(model: &mut Model) -> Vec<Effect> {
    let own = model.draft.repair(model.form.field().key);
    if let (Some(text), Focus::Body) = (own, model.focus) {
        return put(model, &text);
    }
    let Some(offer) = offered(model) else {
        return Vec::new();
    };
    let mut effects = repair::take(model, &offer);
    effects.extend(check(model));
    effects
}

/// Takes a paste of one line into the focused field.
pub fn paste(model: &mut Model, text: &str) -> Vec<Effect> {
    let taken = model.form.line.paste(text);
    let effects = typed(model);
    if taken.cut {
        model.say(
            Role::Warn,
            "The paste was longer than 4,096 characters; its end was left out",
        );
    } else if taken.dropped > 0 {
        let dropped = counted(taken.dropped, "control character");
        model.say(Role::Warn, format!("Left out of the paste: {dropped}"));
    }
    effects
}

fn back(model: &mut Model) -> Vec<Effect> {
    if model.setup_work() == Some(Work::Check) {
        return stop_setup(model);
    }
    model.form.revealed_until = None;
    model.focus = Focus::Rail(Screen::Prerequisites);
    Vec::new()
}

fn step(model: &mut Model, by: usize) -> Vec<Effect> {
    model.form.at = (model.form.at + by) % FIELDS.len();
    model.form.load(&model.draft);
    Vec::new()
}

fn reveal(model: &mut Model) -> Vec<Effect> {
    if model.form.field().secret {
        model.form.revealed_until = match model.form.revealed_until {
            Some(_) => None,
            None => Some(model.now.plus(REVEAL)),
        };
    }
    Vec::new()
}

/// Writes the line's text into the draft.
fn typed(model: &mut Model) -> Vec<Effect> {
    let text = model.form.line.text().to_owned();
    model.set(model.form.field().key, &text);
    edited(model)
}

fn put(model: &mut Model, text: &str) -> Vec<Effect> {
    model.form.line = Line::new(text);
    typed(model)
}

/// Returns the values a setting can have, where there is a list of them.
pub fn choices(key: Key) -> Option<Vec<&'static str>> {
    match key {
        Key::Region => Some(REGIONS.to_vec()),
        Key::TemplateFormat => Some(Format::ALL.map(Format::name).to_vec()),
        Key::Api => Some(Api::ALL.map(Api::name).to_vec()),
        Key::AirbyteRegion => Some(vec!["us", "eu"]),
        Key::OrganizationId
        | Key::ClientId
        | Key::ClientSecret
        | Key::ExternalUserId
        | Key::AccessKeyId
        | Key::SecretAccessKey
        | Key::Bucket
        | Key::Prefix
        | Key::AllowedOrigin
        | Key::Port
        | Key::BaseUrl
        | Key::Endpoint
        | Key::SourceTags
        | Key::ConnectionTags
        | Key::TemplateName
        | Key::TemplateSchedule => None,
    }
}

/// Returns the choices that hold what is typed, all of them when that is one of them already.
pub fn matching(key: Key, text: &str) -> Vec<&'static str> {
    let all = choices(key).unwrap_or_default();
    let text = text.trim().to_lowercase();
    if all.iter().any(|c| *c == text) {
        return all;
    }
    all.into_iter().filter(|c| c.contains(&text)).collect()
}

fn choose(model: &mut Model, forward: bool) -> Vec<Effect> {
    let key = model.form.field().key;
    let text = model.draft.text(key);
    let mut list = matching(key, &text);
    if list.is_empty() {
        list = choices(key).unwrap_or_default();
    }
    let at = list.iter().position(|c| *c == text);
    let next = match (at, forward) {
        (None, _) => 0,
        (Some(at), true) => (at + 1) % list.len(),
        (Some(at), false) => (at + list.len() - 1) % list.len(),
    };
    match list.get(next) {
        Some(choice) => put(model, choice),
        None => Vec::new(),
    }
}

/// Walks the rungs, or goes on when they have passed.
fn check(model: &mut Model) -> Vec<Effect> {
    if is_held_back(model) {
        return Vec::new();
    }
    if model.form.is_proven() {
        return go(model, Screen::Template);
    }
    walk(model)
}

/// Walks the rungs again, whatever they said.
fn check_again(model: &mut Model) -> Vec<Effect> {
    if is_held_back(model) {
        return Vec::new();
    }
    walk(model)
}

/// Returns true when nothing can be checked now, and says why.
fn is_held_back(model: &mut Model) -> bool {
    if let Some(work) = model.setup_work() {
        let words = work.words();
        model.say(Role::Busy, format!("Still {words}; nothing was sent twice"));
        return true;
    }
    model.form.tried = true;
    let bad = |(_, f): &(Key, Finding)| !f.is_usable();
    let Some(at) = model.form.findings.iter().position(bad) else {
        return false;
    };
    model.form.at = at;
    model.form.load(&model.draft);
    model.focus = Focus::Body;
    let label = model.form.field().label;
    let text = match model.form.unusable() {
        1 => format!("{label} needs attention"),
        n => format!("{n} settings need attention; first: {label}"),
    };
    model.say(Role::Bad, text);
    true
}

fn walk(model: &mut Model) -> Vec<Effect> {
    let draft = model.draft.clone();
    let effects = model.set_up(Work::Check, None, Job::Check(draft));
    if !effects.is_empty() {
        model.form.begin(&model.draft, model.now);
    }
    effects
}
