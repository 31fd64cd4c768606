//! Everything the console knows: plain data that `update` changes and `view` reads.
//!
//! Depends on the screens' own states, on the client's types and `domain`.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::client::{Command, Job, Ticket};
use crate::domain::exchange::Exchange;
use crate::domain::failure::Failure;
use crate::domain::field::Key;
use crate::domain::moment::Moment;
use crate::domain::origin::Origin;
use crate::domain::secret::Secret;
use crate::domain::settings::{Access, Draft};
use crate::domain::template::TemplateSpec;
use crate::domain::user::ExternalUser;

use super::Start;
use super::message::Effect;
use super::outage::NOBODY;
use super::palette::Palette;
use super::prerequisites::Form;
use super::preview;
use super::prompt::Prompt;
use super::screen::Screen;
use super::template::Page;
use super::theme::{Look, Role, Theme};
use super::tokens::Board;
use super::veil::Veil;
use super::{activity, data};

/// Which world the console works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A stand-in on this machine.
    Sandbox,
    /// Airbyte, for real.
    Live,
}

/// Where the keys go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Focus {
    /// The rail, with this place chosen.
    Rail(Screen),
    /// The screen that is shown.
    Body,
}

/// A sentence for the person at the keys; the next key takes it away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// How it looks.
    pub role: Role,
    /// What it says.
    pub text: String,
}

/// What the setup lane is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Walking the rungs of the form.
    Check,
    /// Planning the template.
    Plan,
    /// Creating the template.
    Create,
    /// Recording a template whose outcome was unknown.
    Adopt,
}

impl Work {
    /// Returns what it is at, in words.
    pub const fn words(self) -> &'static str {
        match self {
            Work::Check => "checking the prerequisites",
            Work::Plan => "planning the template",
            Work::Create => "creating the template",
            Work::Adopt => "recording the template",
        }
    }
}

/// The one job of the setup lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setup {
    /// Its ticket.
    pub ticket: Ticket,
    /// What it does.
    pub work: Work,
    /// The template that it is about; a check is about none.
    pub of: Option<(Access, TemplateSpec)>,
    /// Whether it has been told to stop.
    pub stopping: bool,
}

/// A small job outside the setup lane whose answer is awaited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Errand {
    /// Listing the users known from before, of this configuration.
    Recall(Access),
    /// Taking a user off that list.
    Forget(ExternalUser),
    /// Reading users from a file.
    Users,
    /// Asking what customers are offered, of this configuration.
    Catalogue(Access),
    /// Playing a customer for this user.
    Play(ExternalUser),
    /// Opening the browser; with where the address is to be had when none opens.
    Browse(&'static str),
    /// Reading the env file again.
    Reload,
    /// Writing these settings, of this draft; to a path that was typed, or to the env file.
    Save(Vec<Key>, Box<Draft>, Option<String>),
}

/// What is known of the connection to the API.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wire {
    /// The last request, without its record.
    pub last: Option<Exchange>,
    /// The last one that was not given up, which says how the connection stands.
    pub heard: Option<Exchange>,
    /// When the next try of a failed request is due.
    pub retry_at: Option<Moment>,
    /// Whose the access token is that was told of last, its life, and when it arrived.
    pub access_token: Option<(Box<Access>, Duration, Moment)>,
    /// Why there is no client task any more.
    pub ended: Option<Failure>,
}

/// The whole state.
#[derive(Clone, Debug, PartialEq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, answered by yes or no"
)]
pub struct Model {
    /// The time, as last told.
    pub now: Moment,
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    /// The look.
    pub theme: Theme,
    /// Sandbox or live.
    pub place: Place,
    /// The env file, as it is shown to a person.
    pub env_file: String,
    /// Whether the terminal may take what is sent to its clipboard.
    pub clipboard: bool,
    /// Whether saving asks for a path first.
    pub save_asks_path: bool,
    /// Whether the person's browser is on another machine.
    pub over_ssh: bool,
    /// The settings as they stand on the form.
    pub draft: Draft,
    /// The settings as they were at the start or the last save.
    pub saved: Draft,
    /// The place that is shown.
    pub screen: Screen,
    /// Where the keys go.
    pub focus: Focus,
    /// Screen 1.
    pub form: Form,
    /// Screen 2.
    pub template: Page,
    /// Screen 3.
    pub tokens: Board,
    /// Screen 4.
    pub preview: preview::Page,
    /// Screen 5.
    pub data: data::Page,
    /// Screen 6.
    pub activity: activity::Page,
    /// A question or a line that has the keys.
    pub prompt: Option<Prompt>,
    /// The palette is open, over whatever has the keys otherwise.
    pub palette: Option<Palette>,
    /// Stand-ins for what a shared screen must not show.
    pub veil: Veil,
    /// Which state of the board's users the veil knows.
    pub veiled_users: Option<u64>,
    /// Whether the mouse is ours.
    pub mouse: bool,
    /// Help is open, scrolled by so many lines.
    pub help: Option<usize>,
    /// A sentence in the footer.
    pub notice: Option<Notice>,
    /// The job in the setup lane.
    pub setup: Option<Setup>,
    /// Small jobs whose answers are awaited.
    pub errands: BTreeMap<Ticket, Errand>,
    /// The connection.
    pub wire: Wire,
    tickets: u64,
}

impl Model {
    /// Makes the state before the first frame.
    pub fn new(start: Start, now: Moment, size: (u16, u16)) -> Model {
        let notice = start.notes.first().map(|note| {
            let more = start.notes.len() - 1;
            let text = match more {
                0 => note.clone(),
                more => format!("{note} (and {more} more: embedctl env check)"),
            };
            Notice {
                role: Role::Warn,
                text,
            }
        });
        let mut model = Model {
            now,
            size,
            theme: if start.color {
                Theme::Color
            } else {
                Theme::Plain
            },
            place: start.place,
            env_file: start.env_file,
            clipboard: start.clipboard,
            save_asks_path: start.save_asks_path,
            saved: start.draft.clone(),
            form: Form::new(&start.draft),
            template: Page::default(),
            tokens: Board::default(),
            preview: preview::Page::default(),
            data: data::Page::default(),
            activity: activity::Page::default(),
            over_ssh: start.over_ssh,
            draft: start.draft,
            screen: Screen::Prerequisites,
            focus: Focus::Body,
            prompt: None,
            palette: None,
            veil: Veil::default(),
            veiled_users: None,
            mouse: false,
            help: None,
            notice,
            setup: None,
            errands: BTreeMap::new(),
            wire: Wire::default(),
            tickets: 0,
        };
        model.tokens.aim(model.target());
        model
    }

    /// Returns what lines are written with.
    pub fn look(&self) -> Look<'_> {
        Look::of(self.theme, &self.veil)
    }

    /// Returns what opens the API, when the settings for it are well formed.
    pub fn access(&self) -> Option<Access> {
        self.draft.access().ok()
    }

    /// Returns what minting needs.
    pub fn target(&self) -> Option<(Access, Origin)> {
        Some((self.access()?, self.draft.origin().ok()?))
    }

    /// Returns true when typed letters are text.
    pub fn in_field(&self) -> bool {
        match &self.prompt {
            _ if self.palette.is_some() => true,
            Some(prompt) => prompt.is_line(),
            None => {
                let on_form = self.screen == Screen::Prerequisites && self.form.policy.is_none();
                on_form && self.focus == Focus::Body
            }
        }
    }

    /// Says something in the footer. What is coloured has its glyph too, so that it is told apart
    /// without colours.
    pub fn say(&mut self, role: Role, text: impl Into<String>) {
        let text = text.into();
        let glyph = match role {
            Role::Good => "✔",
            Role::Warn => "!",
            Role::Bad => "✖",
            Role::Text | Role::Strong | Role::Quiet | Role::Busy | Role::Focus | Role::Alarm => "",
        };
        let text = if glyph.is_empty() || text.starts_with(glyph) {
            text
        } else {
            format!("{glyph} {text}")
        };
        self.notice = Some(Notice { role, text });
    }

    /// Orders a job of the client task, under the next ticket. Says that there is nobody when the task has
    /// ended: the one place that does, so ask here before anything is changed for the job's sake.
    pub fn order(&mut self, job: Job) -> Option<(Ticket, Effect)> {
        if self.wire.ended.is_some() {
            self.say(Role::Bad, NOBODY);
            return None;
        }
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        Some((ticket, Effect::Send(Command::Start(ticket, job))))
    }

    /// Returns what the setup lane is at.
    pub fn setup_work(&self) -> Option<Work> {
        self.setup.as_ref().map(|setup| setup.work)
    }

    /// Starts a job in the setup lane, about this template or none; no effect when nobody takes it.
    pub fn set_up(
        &mut self,
        work: Work,
        of: Option<(Access, TemplateSpec)>,
        job: Job,
    ) -> Vec<Effect> {
        let Some((ticket, effect)) = self.order(job) else {
            return Vec::new();
        };
        self.setup = Some(Setup {
            ticket,
            work,
            of,
            stopping: false,
        });
        vec![effect]
    }

    /// Starts a small job outside the setup lane; no effect when nobody takes it.
    pub fn send_out(&mut self, errand: Errand, job: Job) -> Vec<Effect> {
        let Some((ticket, effect)) = self.order(job) else {
            return Vec::new();
        };
        self.errands.insert(ticket, errand);
        vec![effect]
    }

    /// Copies a text: to the terminal's clipboard, or else into a file.
    pub fn copy(&mut self, what: &str, text: Secret) -> Vec<Effect> {
        // Terminals drop longer sequences without a word.
        const LIMIT: usize = 55_000;
        if text.expose().len() > LIMIT || !self.clipboard {
            return vec![Effect::Keep(what.to_owned(), text)];
        }
        // What is copied is meant for a place of its own; on a shared screen that has to be said.
        let real = if self.veil.is_on() {
            ", the real text"
        } else {
            ""
        };
        self.say(Role::Good, format!("{what} sent to the clipboard{real}"));
        vec![Effect::Copy(text)]
    }

    /// Returns the settings that were edited and not saved, with their texts; a value that was taken
    /// away counts, with an empty text.
    pub fn unsaved(&self) -> Vec<(Key, Secret)> {
        Key::all()
            .filter(|key| {
                let was = self.saved.value(*key).map(|v| &v.text);
                was != self.draft.value(*key).map(|v| &v.text)
            })
            .map(|key| {
                let text = self
                    .draft
                    .value(key)
                    .map_or_else(Secret::default, |v| v.text.clone());
                (key, text)
            })
            .collect()
    }

    /// Sets a setting by hand. What stands as it was saved is no edit, and neither is a default that nobody
    /// saved, unless choosing it means more: some follow other settings, and a port gives way to a free one.
    pub fn set(&mut self, key: Key, text: &str) {
        let mut as_saved = self.draft.clone();
        as_saved.take_from(&self.saved, key);
        let means_more = matches!(key, Key::AllowedOrigin | Key::BaseUrl | Key::Port);
        let is_saved = match self.saved.value(key) {
            Some(was) => was.text.expose() == text,
            None if text.trim().is_empty() => true,
            None => !means_more && as_saved.text(key) == text.trim(),
        };
        if is_saved {
            self.draft = as_saved;
        } else {
            self.draft.type_in(key, text);
        }
        if self.form.field().key == key && self.form.line.text() != text {
            self.form.load(&self.draft);
        }
    }

    /// Returns true when something runs, so that a spinner turns.
    pub fn is_busy(&self) -> bool {
        self.setup.is_some()
            || self.tokens.is_minting()
            || self.data.ticket().is_some()
            || preview::is_busy(self)
    }

    /// Returns the spinner's picture at this moment.
    pub fn spinner(&self) -> &'static str {
        match self.now.uptime.as_millis() / SPIN.as_millis() % 4 {
            0 => "◌",
            1 => "◔",
            2 => "◑",
            _ => "◕",
        }
    }
}

/// How long one picture of the spinner stands.
pub const SPIN: Duration = Duration::from_millis(250);

impl Model {
    /// Returns how long until the next try of a failed request.
    pub fn retry_left(&self) -> Option<Duration> {
        let left = self.wire.retry_at?.uptime.saturating_sub(self.now.uptime);
        (!left.is_zero()).then_some(left)
    }

    /// Returns how long the access token of the settings as they stand still lives.
    pub fn access_left(&self) -> Option<Duration> {
        let (of, life, since) = self.wire.access_token.as_ref()?;
        (self.access()? == **of).then(|| life.saturating_sub(self.now.since(*since)))
    }
}
