//! Tests of the console: tables on `update`, snapshots of the screens, random walks.
//!
//! Depends on the whole of `tui`. Everything is fixed: time, ids, sizes.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a test looks for one kind and fails on every other"
)]

use std::time::Duration;

use jiff::Timestamp;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::message::{Effect, Message};
use super::model::{Focus, Model, Place};
use super::theme::{Role, Theme};
use super::update::update;
use super::view::{cut_off, view};
use super::wake::next_wake;
use super::{Start, screen::Screen};
use crate::client::{Command, Event, Job, Outcome, Ticket};
use crate::domain::exchange::{Exchange, To};
use crate::domain::failure::{Code, Failure};
use crate::domain::field::Key;
use crate::domain::ladder::{Rung, Status, Step};
use crate::domain::landing::{ChainLink, Landing, Link, LinkStatus, Played, SampleRow, Stream};
use crate::domain::moment::Moment;
use crate::domain::origin::Origin;
use crate::domain::secret::Secret;
use crate::domain::settings::{Draft, Layer, Source};
use crate::domain::template::{Creation, Doubt, Plan, Shown, Would};
use crate::domain::token::{Minted, Opened};
use crate::domain::user::ExternalUser;

mod activity;
mod creating;
mod data;
mod form;
mod frames;
mod glyphs;
mod keys;
mod minting;
mod mouse;
mod moved;
mod outage;
mod palette;
mod preview;
mod privacy;
mod reload;
mod repair;
mod walks;

/// Stands where no secret may be seen.
const CANARY: &str = "canary-7f3a-never-shown";

/// The guide's nine settings.
pub(super) fn nine() -> Vec<(&'static str, &'static str)> {
    vec![
        (
            "AIRBYTE_ORGANIZATION_ID",
            "5f0c3a1e-6a0e-4d0e-b1a7-0f7e5a3391aa",
        ),
        ("AIRBYTE_CLIENT_ID", "7d1b40c2-52f6-4c1a-9d5e-3b0b6c9d1f20"),
        ("AIRBYTE_CLIENT_SECRET", CANARY),
        ("EXTERNAL_USER_ID", "user-42"),
        ("AWS_S3_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
        ("AWS_S3_SECRET_ACCESS_KEY", CANARY),
        ("S3_BUCKET_NAME", "acme-embedded"),
        ("S3_PATH_PREFIX", "customers"),
        ("S3_BUCKET_REGION", "us-east-1"),
    ]
}

pub(super) fn layer(pairs: &[(&str, &str)]) -> Layer {
    Layer::new(
        pairs
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned())),
    )
}

pub(super) fn start(draft: Draft) -> Start {
    Start {
        draft,
        place: Place::Live,
        env_file: ".env".to_owned(),
        notes: Vec::new(),
        color: true,
        clipboard: true,
        save_asks_path: false,
        over_ssh: false,
    }
}

fn moment(seconds: u64) -> Moment {
    Moment {
        wall: Timestamp::from_second(1_767_357_000).unwrap() + Duration::from_secs(seconds),
        uptime: Duration::from_secs(seconds),
    }
}

fn user(text: &str) -> ExternalUser {
    ExternalUser::parse(text).unwrap()
}

/// The sizes that count: the smallest, the usual one, a comfortable one, a large one.
const SIZES: [(u16, u16); 4] = [(60, 16), (80, 24), (100, 30), (200, 60)];

/// Drives a model as the shell does.
struct Driver {
    model: Model,
    effects: Vec<Effect>,
}

impl Driver {
    fn new(start: Start) -> Driver {
        Driver {
            model: Model::new(start, moment(0), (100, 28)),
            effects: Vec::new(),
        }
    }

    /// Starts with the nine settings in the file.
    fn ready() -> Driver {
        Driver::new(start(Draft::resolve(&[(Source::File, layer(&nine()))])))
    }

    /// Starts with nothing.
    fn empty() -> Driver {
        Driver::new(start(Draft::default()))
    }

    /// Starts with the nine and one changed.
    fn with(name: &'static str, value: &'static str) -> Driver {
        let mut pairs = nine();
        pairs.retain(|(k, _)| *k != name);
        pairs.push((name, value));
        Driver::new(start(Draft::resolve(&[(Source::File, layer(&pairs))])))
    }

    fn tell(&mut self, message: Message) -> &mut Driver {
        self.effects = update(&mut self.model, message);
        self
    }

    /// Presses keys by their names, separated by spaces; keeps the last key's effects.
    fn press(&mut self, keys: &str) -> &mut Driver {
        for name in keys.split(' ') {
            self.tell(Message::Pressed(key(name)));
        }
        self
    }

    fn type_text(&mut self, text: &str) -> &mut Driver {
        for c in text.chars() {
            let key = KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE);
            self.tell(Message::Pressed(key));
        }
        self
    }

    fn paste(&mut self, text: &str) -> &mut Driver {
        self.tell(Message::Pasted(Secret::new(text)))
    }

    fn answer(&mut self, event: Event) -> &mut Driver {
        self.tell(Message::Answered(event))
    }

    fn done(&mut self, ticket: u64, outcome: Outcome) -> &mut Driver {
        self.answer(Event::Done(Ticket(ticket), Ok(outcome)))
    }

    fn fails(&mut self, ticket: u64, failure: Failure) -> &mut Driver {
        self.answer(Event::Done(Ticket(ticket), Err(failure)))
    }

    fn tick(&mut self, seconds: u64) -> &mut Driver {
        self.tell(Message::Ticked(moment(seconds)))
    }

    fn size(&mut self, width: u16, height: u16) -> &mut Driver {
        self.tell(Message::Resized(width, height))
    }

    /// The tickets of the jobs that the last fact started.
    fn started(&self) -> Vec<(u64, &Job)> {
        self.effects
            .iter()
            .filter_map(|effect| match effect {
                Effect::Send(Command::Start(ticket, job)) => Some((ticket.0, job)),
                _ => None,
            })
            .collect()
    }

    /// The ticket of the one job that the last fact started.
    fn ticket(&self) -> u64 {
        match self.started().as_slice() {
            [(ticket, _)] => *ticket,
            other => panic!("{} jobs started", other.len()),
        }
    }

    /// The ticket of the job in the setup lane.
    fn setup(&self) -> u64 {
        self.model.setup.as_ref().unwrap().ticket.0
    }

    /// Goes through check and plan to the tokens, the template known.
    fn at_tokens() -> Driver {
        let mut driver = Driver::ready();
        driver.press("alt-3");
        let plan = driver.setup();
        let recall = *driver.model.errands.keys().next().unwrap();
        driver.answer(Event::Done(recall, Ok(Outcome::Recalled(Vec::new()))));
        let exists = existing(&driver);
        driver.done(plan, Outcome::Planned(Box::new(exists)));
        driver
    }

    /// Puts the cursor of the form into a field.
    fn focus(&mut self, key: Key) -> &mut Driver {
        if self.model.focus != Focus::Body {
            self.press("tab");
        }
        while self.model.form.field().key != key {
            self.press("down");
        }
        self
    }

    /// Takes the news of an access token for the settings as they stand.
    fn holds_access_token(&mut self) -> &mut Driver {
        let of = Box::new(self.model.access().unwrap());
        self.answer(Event::AccessToken(of, Duration::from_mins(15), moment(0)))
    }

    /// Adds users by the prompt.
    fn add(&mut self, users: &str) -> &mut Driver {
        self.press("a").type_text(users).press("enter")
    }

    fn buffer(&self) -> ratatui::buffer::Buffer {
        let (width, height) = self.model.size;
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| view(&self.model, frame)).unwrap();
        terminal.backend().buffer().clone()
    }

    /// The screen as text, trailing blanks cut.
    fn frame(&self) -> String {
        let buffer = self.buffer();
        grid(&buffer, |cell| cell.symbol().to_owned())
    }

    /// The screen as text at every size that counts, and back at its own.
    fn frames(&mut self) -> String {
        let own = self.model.size;
        let effects = std::mem::take(&mut self.effects);
        let frames = SIZES.map(|(width, height)| {
            let frame = self.size(width, height).frame();
            // What asks for an answer may cover what is above it; the catalogue is scrolled.
            if self.model.prompt.is_none() && self.model.preview.open.is_none() {
                assert_eq!(cut_off(&self.model), 0, "lines below\n{frame}");
            }
            format!("{width}×{height}\n{frame}")
        });
        self.size(own.0, own.1).effects = effects;
        frames.join("\n")
    }

    /// The screen as letters, one for each role.
    fn roles(&self) -> String {
        let buffer = self.buffer();
        grid(&buffer, |cell| letter(cell).to_owned())
    }
}

fn grid(
    buffer: &ratatui::buffer::Buffer,
    draw: impl Fn(&ratatui::buffer::Cell) -> String,
) -> String {
    let mut out = String::new();
    for y in 0..buffer.area.height {
        let mut line = String::new();
        let mut skip = 0;
        for x in 0..buffer.area.width {
            let cell = buffer.cell((x, y)).unwrap();
            if skip > 0 {
                skip -= 1;
                continue;
            }
            skip = unicode_width::UnicodeWidthStr::width(cell.symbol()).saturating_sub(1);
            line.push_str(&draw(cell));
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

fn letter(cell: &ratatui::buffer::Cell) -> &'static str {
    let role = Role::ALL.into_iter().find(|role| {
        let style = Theme::Color.style(*role);
        style.fg.unwrap_or(ratatui::style::Color::Reset) == cell.fg
            && style.add_modifier == cell.modifier
    });
    match role {
        None => "?",
        Some(Role::Text) if cell.symbol() == " " => " ",
        Some(Role::Text) => ".",
        Some(Role::Strong) => "S",
        Some(Role::Quiet) => "q",
        Some(Role::Good) => "G",
        Some(Role::Warn) => "W",
        Some(Role::Bad) => "B",
        Some(Role::Busy) => "~",
        Some(Role::Focus) => "F",
        Some(Role::Alarm) => "A",
    }
}

/// Reads a key's name: `ctrl-s`, `alt-3`, `enter`, `M`.
fn key(name: &str) -> KeyEvent {
    let (modifiers, rest) = match name.split_once('-') {
        Some(("ctrl", rest)) => (KeyModifiers::CONTROL, rest),
        Some(("alt", rest)) => (KeyModifiers::ALT, rest),
        _ => (KeyModifiers::NONE, name),
    };
    let code = match rest {
        "enter" => KeyCode::Enter,
        "esc" => KeyCode::Esc,
        "tab" => KeyCode::Tab,
        "backtab" => KeyCode::BackTab,
        "up" => KeyCode::Up,
        "down" => KeyCode::Down,
        "left" => KeyCode::Left,
        "right" => KeyCode::Right,
        "pgdn" => KeyCode::PageDown,
        "pgup" => KeyCode::PageUp,
        "end" => KeyCode::End,
        "home" => KeyCode::Home,
        "backspace" => KeyCode::Backspace,
        "space" => KeyCode::Char(' '),
        "f1" => KeyCode::F(1),
        "f2" => KeyCode::F(2),
        "f3" => KeyCode::F(3),
        "f4" => KeyCode::F(4),
        "f5" => KeyCode::F(5),
        one => KeyCode::Char(one.chars().next().unwrap()),
    };
    KeyEvent::new(code, modifiers)
}

fn step(rung: Rung, status: Status, detail: &str) -> Step {
    Step {
        rung,
        status,
        took: Duration::from_millis(38),
        detail: detail.to_owned(),
        failure: None,
    }
}

fn steps() -> Vec<Step> {
    vec![
        step(
            Rung::Auth,
            Status::Pass,
            "token lives 15 min, clock in step",
        ),
        step(Rung::Organization, Status::Pass, "Acme, organization_admin"),
        step(
            Rung::Bucket,
            Status::Pass,
            "list, put, get and delete under customers/ work, in us-east-1",
        ),
    ]
}

fn plan(driver: &Driver, would: Would) -> Plan {
    let spec = driver.model.draft.template().unwrap();
    Plan {
        name: spec.name.clone(),
        method: "POST",
        url: "https://api.airbyte.com/v1/config_templates/connections".to_owned(),
        body: serde_json::json!({
            "organizationId": spec.organization,
            "destinationName": spec.name,
            "destinationActorDefinitionId": crate::domain::template::S3_DEFINITION,
            "destinationConfiguration": spec.destination(Shown::Masked),
        }),
        existing: Vec::new(),
        would,
        listed: false,
    }
}

fn known(driver: &Driver) -> crate::domain::template::Existing {
    let spec = driver.model.draft.template().unwrap();
    crate::domain::template::Existing {
        id: Some("0d2f7c1e-1111-4222-8333-9b1e5c0077b1".to_owned()),
        name: spec.name.clone(),
        identity: spec.identity(),
        created_at: Some("2026-01-01T10:00:00Z".to_owned()),
    }
}

fn existing(driver: &Driver) -> Plan {
    let known = known(driver);
    let mut plan = plan(driver, Would::Nothing(known.clone()));
    plan.existing = vec![known];
    plan
}

/// A token of 20 minutes that has arrived now.
fn token(driver: &Driver, name: &str) -> Minted {
    let workspace = format!("8a1f2b70-0000-4000-8000-{:012x}", name.len() * 49_667);
    let origin = Origin::parse("http://localhost:3001").unwrap();
    let now = driver.model.now;
    Minted {
        user: user(name),
        opened: Ok(Opened {
            user: Some(name.to_owned()),
            workspace_id: Some(workspace.clone()),
            origin: Some(origin.as_str().to_owned()),
            roles: vec!["EMBEDDED_END_USER".to_owned()],
            expires_at: Some(now.wall + Duration::from_mins(20)),
            widget_url: Some(format!(
                "https://cloud.airbyte.com/embedded-widget?workspaceId={workspace}&allowedOrigin=http%3A%2F%2Flocalhost%3A3001"
            )),
            widget_origin: Some("https://cloud.airbyte.com".to_owned()),
        }),
        origin,
        token: Secret::new(format!("{CANARY}{}", "x".repeat(1_000))),
        life: Some(Duration::from_mins(20)),
        received: now,
        first_here: true,
    }
}

/// Three streams of a Faker source, for a user.
fn landing(driver: &Driver, name: &str) -> Landing {
    let details = [
        (Link::Workspace, "8a1f2b70-0000-4000-8000-00000000c203"),
        (Link::Source, "Sample Data"),
        (Link::Destination, "destination-s3"),
        (Link::Connection, "hourly"),
        (Link::Job, "7, succeeded"),
    ];
    let newest = driver.model.now.wall - Duration::from_secs(3);
    let streams = [
        ("users", 1_000, 412_345),
        ("purchases", 1_000, 188_020),
        ("products", 100, 21_400),
    ];
    let fields = |i: u64| {
        let names = ["Reda Alvarez", "Jo Müller", "日本 太郎"];
        let row = serde_json::json!({
            "id": i,
            "name": (names[usize::try_from(i % 3).unwrap()]),
            "email": format!("user-{i}@example.com"),
            "address": {"city": "Lyon", "postal_code": "69001"},
            "created_at": "2009-08-12T18:57:58+00:00",
            "title": null,
            "weight": 71,
        });
        row.as_object().unwrap().clone()
    };
    Landing {
        user: user(name),
        folder: format!("customers/{name}/"),
        chain: details
            .map(|(link, detail)| ChainLink {
                link,
                status: LinkStatus::Ok,
                detail: detail.to_owned(),
            })
            .to_vec(),
        reason: None,
        advice: None,
        streams: streams
            .map(|(name, rows, bytes)| Stream {
                name: name.to_owned(),
                objects: 1,
                rows: Some(rows),
                bytes,
                newest: Some(newest),
            })
            .to_vec(),
        complete: true,
        sample: (1..=5)
            .map(|i| SampleRow {
                stream: "users".to_owned(),
                fields: fields(i),
            })
            .collect(),
        operator_url: Some(
            "https://cloud.airbyte.com/workspaces/8a1f2b70-0000-4000-8000-00000000c203".to_owned(),
        ),
    }
}

/// Nothing, because the chain ends at a link.
fn nothing(
    driver: &Driver,
    name: &str,
    at: Link,
    status: LinkStatus,
    why: (&str, &str),
) -> Landing {
    let mut landing = landing(driver, name);
    for link in &mut landing.chain {
        if link.link == at {
            link.status = status;
            why.0.clone_into(&mut link.detail);
        } else if link.link > at {
            link.status = LinkStatus::Unknown;
            link.detail.clear();
        }
    }
    landing.reason = Some(why.1.to_owned());
    landing.advice = (at == Link::Destination)
        .then(|| "mint for a new external user ID, or add the destination by hand".to_owned());
    landing.streams.clear();
    landing.sample.clear();
    landing
}

fn exchange(path: &str, status: Option<u16>) -> Exchange {
    Exchange {
        to: To::Airbyte,
        at: moment(0).wall,
        method: "POST",
        path: path.to_owned(),
        status,
        lost: status.is_none().then_some(Code::NetworkConnect),
        took: Duration::from_millis(38),
        attempt: 1,
        attempts: 3,
        why: None,
        again_in: None,
        record: Box::default(),
    }
}
