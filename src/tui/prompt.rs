//! What takes the keys away from a screen for a moment: a question, one line to type, or the review
//! of a pasted block.
//!
//! Depends on `model`, `input`, `paste`, `pen`; on `domain`. A question states what will happen in
//! words, and Esc always means that nothing does.

use std::path::PathBuf;

use ratatui::crossterm::event::{KeyCode, KeyEvent};

use super::input::Line;
use super::keys::{Binding, Hint, bare, find, hint_as, letter};
use super::message::Effect;
use super::model::{Errand, Model};
use super::paste::Block;
use super::rows::Filter;
use super::screen::Screen;
use super::theme::Role;
use super::tokens::Wish;
use super::update::edited;
use super::{data, prerequisites, preview, template, tokens};
use crate::client::Job;
use crate::domain::failure::Exit;
use crate::domain::field::Key;
use crate::domain::secret::Secret;
use crate::domain::settings::{Draft, Finding};
use crate::domain::template::{Consent, Proof, Schedule};
use crate::domain::text::{counted, fit_ends, is_steering, sanitize};
use crate::domain::user::{ExternalUser, UserList};

mod view;

pub use view::draw;

/// What has the keys.
#[derive(Clone, Debug, PartialEq)]
pub enum Prompt {
    /// A question that is answered by yes or no.
    Ask(Question),
    /// A line to type: what for, the text, and what is wrong with it.
    Line(Wanted, Line, Option<String>),
    /// A pasted block, before it counts.
    Paste(Review),
}

/// What a yes would do.
#[derive(Clone, Debug, PartialEq)]
pub enum Question {
    /// Create the template.
    Create,
    /// Create it although one exists or may exist.
    CreateAgain,
    /// Create it as far as was consented to, although the bucket was not proved.
    CreateUnproved(Consent),
    /// Mint although no template is known.
    MintUnknown(Vec<Wish>),
    /// Mint for so many.
    MintAll(usize),
    /// Mint, then copy.
    MintToCopy(ExternalUser),
    /// Take a user off the board.
    Forget(ExternalUser),
    /// End the program.
    Quit,
}

/// What a typed line is for.
#[derive(Clone, Debug, PartialEq)]
pub enum Wanted {
    /// The file to save to.
    SavePath,
    /// The template's name.
    TemplateName,
    /// The template's schedule.
    Schedule,
    /// External users, besides those pasted already.
    Users(Vec<ExternalUser>),
    /// The filter of this screen's list.
    Filter(Screen),
    /// The user whose data are looked for.
    DataUser,
    /// The user for whom the demo app mints.
    PreviewUser,
}

/// The settings found in a pasted block.
#[derive(Clone, PartialEq, Eq)]
pub struct Review {
    /// The setting, the sample apps' name under which it stood, and the text.
    found: Vec<(Key, Option<String>, Secret)>,
    /// How many lines were no settings of ours.
    ignored: usize,
}

impl std::fmt::Debug for Review {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let keys: Vec<Key> = self.found.iter().map(|(key, _, _)| *key).collect();
        f.debug_struct("Review")
            .field("found", &keys)
            .field("ignored", &self.ignored)
            .finish()
    }
}

impl Review {
    /// Looks for settings in a block; `None` when there is not one.
    pub fn of(block: Block) -> Option<Review> {
        let mut review = Review {
            found: Vec::new(),
            ignored: block.ignored,
        };
        for (name, value) in block.settings {
            let key = Key::of_variable(&name)
                .map(|key| (key, None))
                .or_else(|| Key::of_alias(&name).map(|key| (key, Some(name))));
            let value: String = value.chars().filter(|c| !is_steering(*c)).collect();
            match key {
                // The setting's own name outranks a sample app's, whichever comes first.
                Some((key, Some(_))) if review.has(key) => {}
                Some((key, alias)) if !value.trim().is_empty() => {
                    review.found.retain(|(k, _, _)| *k != key);
                    review.found.push((key, alias, Secret::new(value)));
                }
                _ => review.ignored += 1,
            }
        }
        (!review.found.is_empty()).then_some(review)
    }

    fn has(&self, key: Key) -> bool {
        self.found.iter().any(|(k, _, _)| *k == key)
    }

    /// Returns what is to be said of each value found, once all of them are in the form.
    fn findings(&self, draft: &Draft) -> Vec<Finding> {
        let mut after = draft.clone();
        for (key, _, text) in &self.found {
            after.type_in(*key, text.expose());
        }
        let found = self.found.iter();
        found.map(|(key, ..)| after.finding(*key)).collect()
    }

    /// Returns true when a value holds another setting.
    pub fn is_run_together(&self) -> bool {
        let mut values = self.found.iter().map(|(_, _, text)| text.expose());
        values.any(holds_setting)
    }
}

/// Returns true when a word of a text is a setting, `NAME=value`. Such a text is no value: its
/// settings have run together, and the rest of them, secrets too, would be shown as one.
pub fn holds_setting(text: &str) -> bool {
    let ours = |name| Key::of_variable(name).or_else(|| Key::of_alias(name));
    text.split(|c: char| c.is_whitespace() || c == ';')
        .filter_map(|word| word.split_once('='))
        .any(|(name, _)| ours(name).is_some())
}

impl Prompt {
    /// Asks for the filter of a screen's list, beginning with the one it has.
    pub fn filter(screen: Screen, now: &Filter) -> Prompt {
        Prompt::Line(Wanted::Filter(screen), Line::new(now.text()), None)
    }

    /// Returns true when letters are text.
    pub fn is_line(&self) -> bool {
        matches!(self, Prompt::Line(..))
    }
}

/// An answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Do it.
    Yes,
    /// Do nothing.
    No,
}

const QUESTION_KEYS: &[Binding<Answer>] = &[
    Binding {
        keys: &[bare(KeyCode::Enter), letter('y')],
        action: Answer::Yes,
        verb: "yes",
        help: "do what the question says",
    },
    Binding {
        keys: &[bare(KeyCode::Esc), letter('n')],
        action: Answer::No,
        verb: "no",
        help: "do nothing",
    },
];

const LINE_KEYS: &[Binding<Answer>] = &[
    Binding {
        keys: &[bare(KeyCode::Enter)],
        action: Answer::Yes,
        verb: "take it",
        help: "take the line",
    },
    Binding {
        keys: &[bare(KeyCode::Esc)],
        action: Answer::No,
        verb: "leave it",
        help: "leave everything as it was",
    },
];

/// Returns the key bar.
pub fn hints(prompt: &Prompt) -> Vec<Hint> {
    let (yes, no) = match prompt {
        Prompt::Ask(Question::Create) => ("create", "not now"),
        Prompt::Ask(Question::CreateAgain) => ("send again", "not now"),
        Prompt::Ask(Question::CreateUnproved(_)) => ("send anyway", "not now"),
        Prompt::Ask(Question::MintUnknown(_)) => ("mint anyway", "not now"),
        Prompt::Ask(Question::MintAll(_) | Question::MintToCopy(_)) => ("mint", "not now"),
        Prompt::Ask(Question::Forget(_)) => ("forget", "keep"),
        Prompt::Ask(Question::Quit) => ("quit", "stay"),
        Prompt::Line(Wanted::Filter(_), ..) => ("keep the filter", "drop it"),
        Prompt::Line(..) => ("take it", "leave it"),
        Prompt::Paste(_) => ("take them", "keep what was there"),
    };
    [
        hint_as(LINE_KEYS, Answer::Yes, yes),
        hint_as(LINE_KEYS, Answer::No, no),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Returns the table that holds while a prompt has the keys.
pub fn keys(prompt: &Prompt) -> &'static [Binding<Answer>] {
    if prompt.is_line() {
        LINE_KEYS
    } else {
        QUESTION_KEYS
    }
}

/// Returns what quitting would lose or end, in words.
pub fn left(model: &Model) -> Vec<String> {
    let mut left = Vec::new();
    let unsaved = model.unsaved().len();
    if unsaved > 0 {
        left.push(format!("{} not saved", counted(unsaved, "edited setting")));
    }
    if let Some(work) = model.setup_work() {
        left.push(format!("still {}", work.words()));
    }
    let minting = model.tokens.under_way();
    if minting > 0 {
        left.push(format!("{} under way", counted(minting, "mint")));
    }
    if model.preview.is_running() {
        left.push("the demo app runs and ends too".to_owned());
    }
    left
}

/// Takes a key while a prompt has the keys.
pub fn press(model: &mut Model, prompt: Prompt, key: KeyEvent) -> Vec<Effect> {
    if let Some(given) = find(keys(&prompt), key) {
        model.prompt = Some(prompt);
        return answer(model, given);
    }
    match prompt {
        Prompt::Line(wanted, mut line, complaint) => {
            let changed = line.press(key);
            let complaint = if changed { None } else { complaint };
            typed(model, &wanted, &line);
            keep(model, Prompt::Line(wanted, line, complaint))
        }
        asked @ (Prompt::Ask(_) | Prompt::Paste(_)) => keep(model, asked),
    }
}

/// Answers the prompt that has the keys.
pub fn answer(model: &mut Model, answer: Answer) -> Vec<Effect> {
    match (model.prompt.take(), answer) {
        (Some(Prompt::Ask(question)), Answer::Yes) => return agreed(model, question),
        (Some(Prompt::Paste(review)), Answer::Yes) => return take(model, review),
        (Some(Prompt::Line(wanted, line, _)), Answer::Yes) => return entered(model, wanted, line),
        (Some(Prompt::Line(wanted, ..)), Answer::No) => set_filter(model, &wanted, ""),
        (Some(Prompt::Ask(_) | Prompt::Paste(_)), Answer::No) | (None, _) => {}
    }
    Vec::new()
}

/// Takes a paste while a prompt has the keys.
pub fn paste(model: &mut Model, prompt: Prompt, text: &str) -> Vec<Effect> {
    match prompt {
        Prompt::Line(Wanted::Users(mut pasted), mut line, _) => {
            if text.trim().contains('\n') || text.chars().count() > super::input::LIMIT {
                let list = UserList::parse(text);
                let complaint = match list.refused.first() {
                    Some((at, why)) => {
                        let count = counted(list.refused.len(), "line");
                        Some(format!("left out {count}; line {at} {why}"))
                    }
                    None => None,
                };
                pasted.extend(list.users);
                keep(model, Prompt::Line(Wanted::Users(pasted), line, complaint))
            } else {
                line.paste(text);
                keep(model, Prompt::Line(Wanted::Users(pasted), line, None))
            }
        }
        Prompt::Line(wanted, mut line, _) => {
            line.paste(text);
            typed(model, &wanted, &line);
            keep(model, Prompt::Line(wanted, line, None))
        }
        other @ (Prompt::Ask(_) | Prompt::Paste(_)) => keep(model, other),
    }
}

fn keep(model: &mut Model, prompt: Prompt) -> Vec<Effect> {
    model.prompt = Some(prompt);
    Vec::new()
}

fn typed(model: &mut Model, wanted: &Wanted, line: &Line) {
    set_filter(model, wanted, line.text());
}

/// Narrows what is shown, when the line is a filter's.
fn set_filter(model: &mut Model, wanted: &Wanted, text: &str) {
    let Wanted::Filter(screen) = wanted else {
        return;
    };
    match screen {
        Screen::Tokens => model.tokens.set_filter(text),
        Screen::Activity => model.activity.log.set_filter(text),
        Screen::Preview => model.preview.set_filter(text),
        Screen::Data => model.data.set_filter(text),
        Screen::Prerequisites | Screen::Template => {}
    }
}

fn agreed(model: &mut Model, question: Question) -> Vec<Effect> {
    match question {
        Question::Create => template::create(model, Consent::OnlyIfAbsent, Proof::First),
        Question::CreateAgain => template::create(model, Consent::SendAnyway, Proof::First),
        Question::CreateUnproved(consent) => template::create(model, consent, Proof::LeftOut),
        Question::MintUnknown(wishes) => {
            model.tokens.trap_accepted = true;
            tokens::mint(model, wishes)
        }
        Question::MintAll(_) => tokens::mint_everyone(model),
        Question::MintToCopy(user) => tokens::mint(model, vec![Wish { user, copy: true }]),
        Question::Forget(user) => tokens::forget(model, &user),
        Question::Quit => vec![Effect::Quit(Exit::Done)],
    }
}

fn entered(model: &mut Model, wanted: Wanted, line: Line) -> Vec<Effect> {
    let text = line.text().trim().to_owned();
    let complaint = match &wanted {
        Wanted::SavePath if text.is_empty() => Some("the path is empty".to_owned()),
        Wanted::TemplateName if text.is_empty() => Some("the name is empty".to_owned()),
        Wanted::Schedule => Schedule::parse(&text).err(),
        Wanted::TemplateName if text.chars().any(is_steering) => {
            Some("the name holds a control or invisible character".to_owned())
        }
        Wanted::Users(_) if text.starts_with('@') => {
            let named = text.len() > 1;
            (!named).then(|| "@ names no file".to_owned())
        }
        Wanted::Users(pasted) => {
            let list = UserList::parse(&text);
            match bad_entry(&text) {
                // The view names it, as far as the screen may show it.
                Some((_, why)) => Some(format!("one of them {why}")),
                None if list.users.is_empty() && pasted.is_empty() => {
                    Some("no ID stands there yet".to_owned())
                }
                None => None,
            }
        }
        Wanted::DataUser | Wanted::PreviewUser => {
            let parsed = ExternalUser::parse(&text);
            parsed.err().map(|why| format!("the ID {why}"))
        }
        Wanted::SavePath | Wanted::TemplateName | Wanted::Filter(_) => None,
    };
    if complaint.is_some() {
        return keep(model, Prompt::Line(wanted, line, complaint));
    }
    match wanted {
        Wanted::SavePath => prerequisites::save_to(model, Some(&text)),
        Wanted::TemplateName => template::edit(model, Key::TemplateName, &text),
        Wanted::Schedule => template::edit(model, Key::TemplateSchedule, &text),
        Wanted::Users(users) if text.starts_with('@') => {
            model.tokens.add(users);
            let path = PathBuf::from(text.trim_start_matches('@').trim());
            let effects = model.send_out(Errand::Users, Job::Users(path));
            if !effects.is_empty() {
                model.say(Role::Busy, "Reading the list …");
            }
            effects
        }
        Wanted::Users(mut users) => {
            users.extend(UserList::parse(&text).users);
            tokens::added(model, users);
            Vec::new()
        }
        Wanted::DataUser => match ExternalUser::parse(&text) {
            Ok(user) => data::open(model, user),
            Err(why) => keep(model, Prompt::Line(wanted, line, Some(why))),
        },
        Wanted::PreviewUser => match ExternalUser::parse(&text) {
            Ok(user) => preview::choose(model, user),
            Err(why) => keep(model, Prompt::Line(wanted, line, Some(why))),
        },
        Wanted::Filter(_) => {
            set_filter(model, &wanted, &text);
            Vec::new()
        }
    }
}

/// Returns the first of a line's IDs that cannot be taken, shortened, and why.
fn bad_entry(text: &str) -> Option<(String, String)> {
    let mut entries = text.split(',').filter(|entry| !entry.trim().is_empty());
    entries.find_map(|entry| {
        let why = ExternalUser::parse(entry).err()?;
        Some((fit_ends(&sanitize(entry.trim()), 24), why))
    })
}

/// Takes the settings of a pasted block into the form.
fn take(model: &mut Model, review: Review) -> Vec<Effect> {
    let count = counted(review.found.len(), "setting");
    for (key, _, text) in review.found {
        model.set(key, text.expose());
    }
    let effects = edited(model);
    model.say(
        Role::Good,
        format!("Took {count}; nothing is saved until Ctrl-S"),
    );
    effects
}
