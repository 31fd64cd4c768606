//! Screen 2: the connection template, planned, looked at, and made.
//!
//! Depends on `model`, `keys`, `prompt`; on `domain::template`. Nothing is sent before it was shown
//! and confirmed, and nothing is sent twice unasked.

use ratatui::crossterm::event::KeyEvent;

use super::input::Line;
use super::keys::find;
use super::message::Effect;
use super::model::{Focus, Model, Work};
use super::prompt::{Prompt, Question, Wanted};
use super::rows::Move;
use super::screen::Screen;
use super::theme::Role;
use super::update::{edited, go, stop_setup};
use super::{moved, prerequisites};
use crate::client::{Job, Outcome};
use crate::domain::failure::{Code, Failure};
use crate::domain::field::Key;
use crate::domain::moment::Moment;
use crate::domain::secret::Secret;
use crate::domain::settings::Access;
use crate::domain::template::{
    Consent, Creation, Difference, Doubt, Existing, Format, Plan, Proof, TemplateSpec, Would,
};

mod keys;
pub mod view;

pub use keys::{Action, KEYS, hints, why_not};

/// A creation that ended well.
#[derive(Clone, Debug, PartialEq)]
pub struct Made {
    /// How.
    pub creation: Creation,
    /// Where it is recorded, as it is shown to a person.
    pub ledger: String,
    /// When.
    pub at: Moment,
}

/// The page's state. It belongs to one configuration; another one begins anew.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    /// The configuration that the rest belongs to.
    pub of: Option<(Access, TemplateSpec)>,
    /// What creating would do.
    pub plan: Option<Plan>,
    /// What creating did.
    pub made: Option<Made>,
    /// What went wrong.
    pub failure: Option<Failure>,
    /// Set when that is the bucket, which was not proved: what had been consented to.
    pub unproved: Option<Consent>,
    /// How far the request's body is scrolled.
    pub scroll: usize,
}

/// What the page stands at, and so what Enter means.
#[derive(Debug)]
pub enum Condition<'a> {
    /// The settings do not describe a template yet.
    Incomplete,
    /// No plan yet.
    Unplanned,
    /// Planning failed.
    Failed(&'a Failure),
    /// Nothing of this name is known: it can be made.
    Ready(&'a Plan),
    /// Made in this session.
    Made(&'a Made),
    /// It exists.
    Exists(&'a Existing),
    /// One of this name has other values.
    Conflict(&'a Existing, &'a [Difference]),
    /// It may exist.
    Unknown(&'a Doubt),
}

impl Page {
    /// Returns true when a template is known to exist, so that new workspaces get their destination.
    pub fn is_known(&self) -> bool {
        self.made.is_some()
            || self
                .plan
                .as_ref()
                .is_some_and(|plan| matches!(plan.would, Would::Nothing(_)))
    }

    /// Returns what the page stands at.
    pub fn condition(&self) -> Condition<'_> {
        if self.of.is_none() {
            return Condition::Incomplete;
        }
        if let Some(made) = &self.made {
            return Condition::Made(made);
        }
        match (&self.plan, &self.failure) {
            (Some(plan), _) => match &plan.would {
                Would::Create => Condition::Ready(plan),
                Would::Nothing(existing) => Condition::Exists(existing),
                Would::Conflict(existing, differences) => {
                    Condition::Conflict(existing, differences)
                }
                Would::Ask(doubt) => Condition::Unknown(doubt),
            },
            (None, Some(failure)) => Condition::Failed(failure),
            (None, None) => Condition::Unplanned,
        }
    }

    /// Returns the id of the template that is known.
    pub fn id(&self) -> Option<&str> {
        match self.condition() {
            Condition::Made(made) => match &made.creation {
                Creation::Created { id } => Some(id),
                Creation::Exists { id } => id.as_deref(),
            },
            Condition::Exists(existing) => existing.id.as_deref(),
            Condition::Incomplete
            | Condition::Unplanned
            | Condition::Failed(_)
            | Condition::Ready(_)
            | Condition::Conflict(..)
            | Condition::Unknown(_) => None,
        }
    }
}

/// Returns the configuration that the settings describe now.
pub fn described(model: &Model) -> Option<(Access, TemplateSpec)> {
    Some((model.access()?, model.draft.template().ok()?))
}

/// Begins anew when the settings describe another template than the page is about.
pub fn follow(model: &mut Model) {
    let of = described(model);
    if model.template.of != of {
        model.template = Page {
            of,
            ..Page::default()
        };
    }
}

/// Orders a plan when one is wanted on the screen that is shown and the lane is free.
pub fn want_plan(model: &mut Model) -> Vec<Effect> {
    let shown = matches!(
        model.screen,
        Screen::Template | Screen::Tokens | Screen::Preview
    );
    follow(model);
    let page = &model.template;
    let wanted = shown && page.plan.is_none() && page.made.is_none() && page.failure.is_none();
    if !wanted || model.setup.is_some() {
        return Vec::new();
    }
    plan(model)
}

fn plan(model: &mut Model) -> Vec<Effect> {
    let of = model.template.of.clone();
    match of.clone() {
        Some((access, spec)) => model.set_up(Work::Plan, of, Job::Plan(access, spec)),
        None => Vec::new(),
    }
}

/// Takes a key; `None` when this screen does not know it.
pub fn press(model: &mut Model, key: KeyEvent) -> Option<Vec<Effect>> {
    find(KEYS, key).map(|action| act(model, action))
}

/// Scrolls the request.
pub fn go_by(model: &mut Model, step: Move) {
    let (page, overflow) = view::body_page(model);
    model.template.scroll = step.lead(model.template.scroll, overflow, page);
}

/// Does what a key stands for; what edits waits while something is sent.
pub fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    let edits = action != Action::Back;
    if let Some(work) = model.setup_work()
        && edits
        && work != Work::Plan
    {
        let words = work.words();
        model.say(
            Role::Busy,
            format!("Still {words}; nothing is sent twice. Esc stops it"),
        );
        return Vec::new();
    }
    match action {
        Action::Go => primary(model),
        Action::Format => next_format(model),
        Action::Schedule => {
            let text = model.draft.text(Key::TemplateSchedule);
            ask_line(model, Wanted::Schedule, &text)
        }
        Action::Name => {
            let text = model.draft.text(Key::TemplateName);
            ask_line(model, Wanted::TemplateName, &text)
        }
        Action::Adopt => adopt(model),
        Action::Again if let Some(consent) = model.template.unproved => {
            ask(model, Question::CreateUnproved(consent))
        }
        Action::Again => match model.template.condition() {
            Condition::Conflict(..) | Condition::Unknown(_) => ask(model, Question::CreateAgain),
            Condition::Incomplete
            | Condition::Unplanned
            | Condition::Failed(_)
            | Condition::Ready(_)
            | Condition::Made(_)
            | Condition::Exists(_) => Vec::new(),
        },
        Action::Moved => speak_agents(model),
        Action::Save => prerequisites::save(model),
        Action::CopyId => match model.template.id().map(Secret::new) {
            Some(id) => model.copy("The template's id", id),
            None => Vec::new(),
        },
        Action::Refresh => refresh(model),
        Action::Back => {
            if model.setup.is_some() {
                return stop_setup(model);
            }
            model.focus = Focus::Rail(Screen::Template);
            Vec::new()
        }
    }
}

/// Looks again; what was known stays where nobody can look.
fn refresh(model: &mut Model) -> Vec<Effect> {
    if model.setup.is_some() {
        return Vec::new();
    }
    follow(model);
    let effects = plan(model);
    if !effects.is_empty() {
        let page = &mut model.template;
        (page.plan, page.failure, page.unproved) = (None, None, None);
    }
    effects
}

fn ask(model: &mut Model, question: Question) -> Vec<Effect> {
    model.prompt = Some(Prompt::Ask(question));
    Vec::new()
}

fn ask_line(model: &mut Model, wanted: Wanted, text: &str) -> Vec<Effect> {
    model.prompt = Some(Prompt::Line(wanted, Line::new(text), None));
    Vec::new()
}

fn primary(model: &mut Model) -> Vec<Effect> {
    match model.template.condition() {
        Condition::Incomplete => go(model, Screen::Prerequisites),
        Condition::Unplanned | Condition::Failed(_) => act(model, Action::Refresh),
        Condition::Ready(_) if moved_is_offered(model) => {
            model.say(
                Role::Warn,
                "Nothing sent: m uses the agents API, r looks again at this one",
            );
            Vec::new()
        }
        Condition::Ready(_) => ask(model, Question::Create),
        Condition::Made(_) | Condition::Exists(_) => go(model, Screen::Tokens),
        Condition::Conflict(..) | Condition::Unknown(_)
            if model.template.unproved == Some(Consent::SendAnyway) =>
        {
            ask(model, Question::CreateAgain)
        }
        Condition::Conflict(..) => {
            model.say(
                Role::Warn,
                "Nothing sent: n gives it another name, F sends all the same",
            );
            Vec::new()
        }
        Condition::Unknown(_) => {
            model.say(
                Role::Warn,
                "Nothing sent: look in Airbyte first, then a or F",
            );
            Vec::new()
        }
    }
}

/// Returns true when what went wrong is that the organization has moved to the newer API.
pub fn moved_is_offered(model: &Model) -> bool {
    let failure = model.template.failure.as_ref();
    failure.is_some_and(|failure| moved::is_offered(model, failure))
}

fn speak_agents(model: &mut Model) -> Vec<Effect> {
    if !moved_is_offered(model) {
        return Vec::new();
    }
    moved::speak_agents(model)
}

fn next_format(model: &mut Model) -> Vec<Effect> {
    let now = model.draft.text(Key::TemplateFormat);
    let at = Format::ALL.iter().position(|f| f.name() == now);
    let next = at.map_or(0, |at| (at + 1) % Format::ALL.len());
    match Format::ALL.get(next) {
        Some(format) => edit(model, Key::TemplateFormat, format.name()),
        None => Vec::new(),
    }
}

/// Edits one of the template's settings from this screen.
pub fn edit(model: &mut Model, key: Key, text: &str) -> Vec<Effect> {
    model.set(key, text);
    edited(model)
}

fn adopt(model: &mut Model) -> Vec<Effect> {
    let of = model.template.of.clone();
    match (model.template.condition(), of.clone()) {
        (Condition::Unknown(_), Some((access, spec))) => {
            model.set_up(Work::Adopt, of, Job::Adopt(access, spec))
        }
        _ => Vec::new(),
    }
}

/// Sends the creation that was confirmed.
pub fn create(model: &mut Model, consent: Consent, proof: Proof) -> Vec<Effect> {
    let of = model.template.of.clone();
    let Some((access, spec)) = of.clone() else {
        return Vec::new();
    };
    if model.setup.is_some() {
        return Vec::new();
    }
    let effects = model.set_up(Work::Create, of, Job::Create(access, spec, consent, proof));
    if !effects.is_empty() {
        model.template.failure = None;
        model.template.unproved = None;
    }
    effects
}

/// Takes a bucket that was not proved: the plan holds as it was, since nothing was sent.
pub fn unproved(model: &mut Model, consent: Consent, failure: Failure) {
    model.template.failure = Some(failure);
    model.template.unproved = Some(consent);
}

/// Tells of the end of what was sent for the template that the settings described before they were
/// edited; the page is about another one, and nothing of it counts here.
pub fn left_behind(model: &mut Model, result: Result<Outcome, Failure>) {
    let text = match result {
        Ok(Outcome::Created(..)) => {
            "The template was created, from the settings before they were edited".to_owned()
        }
        Err(failure) | Ok(Outcome::Unproved(_, failure)) => {
            format!("Of the template before the edits: {}", failure.message)
        }
        Ok(_) => "The template of the settings before they were edited is recorded".to_owned(),
    };
    model.say(Role::Warn, text);
}

/// Takes the end of a creation. Whatever it was, the plan is made anew, so that the page shows what
/// is known to exist now and never what was known before.
pub fn created(model: &mut Model, result: Result<(Creation, String), Failure>) -> Vec<Effect> {
    match result {
        Ok((creation, ledger)) => {
            model.template.failure = None;
            model.template.made = Some(Made {
                creation,
                ledger,
                at: model.now,
            });
            Vec::new()
        }
        Err(failure) => {
            let stopped = failure.code == Code::Cancelled;
            model.template.plan = None;
            model.template.failure = None;
            let effects = want_plan(model);
            if stopped {
                model.say(
                    Role::Warn,
                    "Stopped waiting. What has been sent is not undone by that",
                );
            } else {
                model.template.failure = Some(failure);
            }
            effects
        }
    }
}
