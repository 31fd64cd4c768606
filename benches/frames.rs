//! What a frame costs, by how many users are on the board: `cargo bench --bench frames`.
//!
//! Depends on `tui` alone, with no terminal. The figure that counts is the ratio, measured in one run:
//! a page of ten thousand rows is to cost what a page of ten does.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement prints, and ends where it cannot go on"
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use embedctl::client::{Event, Outcome, Ticket};
use embedctl::domain::moment::{Clock, Moment};
use embedctl::domain::origin::Origin;
use embedctl::domain::secret::Secret;
use embedctl::domain::settings::{Draft, Layer, Source};
use embedctl::domain::token::{Minted, Opened};
use embedctl::domain::user::ExternalUser;
use embedctl::tui::message::Message;
use embedctl::tui::model::Model;
use embedctl::tui::screen::Screen;
use embedctl::tui::update::{go, update};
use embedctl::tui::view::view;
use embedctl::tui::{Place, Start};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

/// The sizes of the board.
const USERS: [usize; 3] = [10, 1_000, 10_000];

/// How often each is drawn; once is enough to see that it works.
fn rounds() -> usize {
    let measured = std::env::args().any(|argument| argument == "--bench");
    if measured { 400 } else { 1 }
}

fn main() {
    println!("a frame of the board at 100x28, cursor in the middle, tokens counting down");
    let mut costs = USERS.map(|count| (count, model(count), Vec::new()));
    let mut terminal = Terminal::new(TestBackend::new(100, 28)).unwrap();
    // In turns, so that whatever else the machine does falls on all of them.
    for round in 0..rounds() {
        for (_, model, spent) in &mut costs {
            let passed = Duration::from_secs(round as u64);
            let now = Moment {
                wall: model.now.wall + Duration::from_secs(1),
                uptime: model.now.uptime.max(passed),
            };
            let began = Instant::now();
            black_box(update(model, Message::Ticked(now)));
            terminal.draw(|frame| view(model, frame)).unwrap();
            spent.push(began.elapsed());
        }
    }
    let medians = costs.map(|(count, _, mut spent)| {
        spent.sort_unstable();
        (
            count,
            spent.get(spent.len() / 2).copied().unwrap_or_default(),
        )
    });
    let least = medians.first().map_or(1.0, |(_, cost)| cost.as_secs_f64());
    for (count, cost) in medians {
        let ratio = cost.as_secs_f64() / least;
        println!(
            "{count:>7} users  {:>7.1} µs  {ratio:.2}x",
            cost.as_secs_f64() * 1e6
        );
    }
}

/// A console on the board of so many users, a hundred of them with a token.
fn model(count: usize) -> Model {
    let settings = [
        (
            "AIRBYTE_ORGANIZATION_ID",
            "5f0c3a1e-6a0e-4d0e-b1a7-0f7e5a3391aa",
        ),
        ("AIRBYTE_CLIENT_ID", "7d1b40c2-52f6-4c1a-9d5e-3b0b6c9d1f20"),
        ("AIRBYTE_CLIENT_SECRET", "not-a-secret"),
        ("EXTERNAL_USER_ID", "user-0"),
        ("AWS_S3_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
        ("AWS_S3_SECRET_ACCESS_KEY", "not-a-secret"),
        ("S3_BUCKET_NAME", "acme-embedded"),
        ("S3_PATH_PREFIX", "customers"),
        ("S3_BUCKET_REGION", "us-east-1"),
    ];
    let layer = Layer::new(settings.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let start = Start {
        draft: Draft::resolve(&[(Source::File, layer)]),
        place: Place::Live,
        env_file: ".env".to_owned(),
        notes: Vec::new(),
        color: true,
        clipboard: true,
        over_ssh: false,
        save_asks_path: false,
    };
    let mut model = Model::new(start, Clock::start().now(), (100, 28));
    go(&mut model, Screen::Tokens);
    let users = (0..count).map(|i| ExternalUser::parse(&format!("user-{i}")).unwrap());
    model.tokens.add(users.collect());
    let middle = count / 2;
    for i in middle.saturating_sub(50)..(middle + 50).min(count) {
        let ticket = Ticket(1_000_000 + i as u64);
        let user = ExternalUser::parse(&format!("user-{i}")).unwrap();
        model.tokens.opened(ticket, &user);
        let minted = minted(user, model.now);
        let event = Event::Done(ticket, Ok(Outcome::Minted(Box::new(minted))));
        update(&mut model, Message::Answered(event));
    }
    model.tokens.select(middle);
    model
}

fn minted(user: ExternalUser, now: Moment) -> Minted {
    let origin = Origin::parse("http://localhost:3001").unwrap();
    Minted {
        opened: Ok(Opened {
            user: Some(user.as_str().to_owned()),
            workspace_id: Some("8a1f2b70-0000-4000-8000-00000000c203".to_owned()),
            origin: Some(origin.as_str().to_owned()),
            roles: vec!["EMBEDDED_END_USER".to_owned()],
            expires_at: Some(now.wall + Duration::from_mins(20)),
            widget_url: None,
            widget_origin: None,
        }),
        user,
        origin,
        token: Secret::new("x".repeat(1_000)),
        life: Some(Duration::from_mins(20)),
        received: now,
        first_here: false,
    }
}
