//! The background task over a sandbox: commands in, every ticket done exactly once.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::wildcard_enum_match_arm,
    reason = "tests: what must not happen ends one"
)]

#[path = "client/demo.rs"]
mod demo;
#[path = "client/env_file.rs"]
mod env_file;
#[path = "client/mints.rs"]
mod mints;
#[path = "client/setup.rs"]
mod setup;
#[path = "support/support.rs"]
mod support;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use embedctl::api::{Client, Detail, Options};
use embedctl::client::{
    self, Command, Door, Event, Job, Opened, Outcome, Resources, Stand, Ticket,
};
use embedctl::domain::exchange::To;
use embedctl::domain::failure::{Code, Failure};
use embedctl::domain::field::Key;
use embedctl::domain::ladder::Status;
use embedctl::domain::moment::Clock;
use embedctl::domain::origin::Origin;
use embedctl::domain::secret::Secret;
use embedctl::domain::settings::{Draft, Layer, Settings, Source};
use embedctl::domain::template::{Consent, Creation, Doubt, Proof, Would};
use embedctl::domain::user::ExternalUser;
use embedctl::domain::visit::{EventKind, Visit, What};
use embedctl::ledger::Ledger;
use embedctl::ops::Customer;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use support::{DEADLINE, Site, route};

/// The task, with somebody to talk to it.
struct Desk {
    commands: Sender<Command>,
    events: Receiver<Event>,
    task: JoinHandle<()>,
    resources: Resources,
    news: Sender<Event>,
    settings: Settings,
    draft: Draft,
    folder: tempfile::TempDir,
    /// All that was told so far.
    told: Vec<Event>,
    next: u64,
}

impl Desk {
    fn of(site: &Site) -> Desk {
        Desk::with(site, Vec::new())
    }

    /// One with these settings in the process environment.
    fn with(site: &Site, environment: Vec<(String, String)>) -> Desk {
        let values = site
            .sandbox
            .settings_with_s3(&site.url, &site.s3_url)
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value));
        let draft = Draft::resolve(&[(Source::File, Layer::new(values))]);
        let folder = tempfile::tempdir().unwrap();
        let (commands, orders) = channel(1024);
        let (news, events) = channel(4096);
        let options = Options {
            observer: client::observer(news.clone()),
            detail: Detail::Record,
            ..Options::quiet()
        };
        let customer: Customer = Arc::new(|_| panic!("canary"));
        let resources = Resources {
            api: Arc::new(Client::new(options, Clock::start())),
            bucket: embedctl::bucket::Client::new(
                Arc::new(embedctl::http::Http::new(embedctl::http::Options::default())),
                client::bucket_observer(news.clone()),
            ),
            ledger: Arc::new(Ledger::new(Some(folder.path().join("state")))),
            env_file: folder.path().join(".env"),
            outranking: Some(vec![(Source::Environment, Layer::new(environment))]),
            customer: Some(customer),
            environment: Arc::new(|_| None),
        };
        Desk {
            commands,
            events,
            task: tokio::spawn(client::serve(resources.clone(), orders, news.clone())),
            resources,
            news,
            settings: draft.settings().unwrap(),
            draft,
            folder,
            told: Vec::new(),
            next: 0,
        }
    }

    async fn start(&mut self, job: Job) -> Ticket {
        self.next += 1;
        let ticket = Ticket(self.next);
        self.commands
            .send(Command::Start(ticket, job))
            .await
            .unwrap();
        ticket
    }

    async fn cancel(&self, ticket: Ticket) {
        self.commands.send(Command::Cancel(ticket)).await.unwrap();
    }

    fn mint(&self, user: &str) -> Job {
        let user = ExternalUser::parse(user).unwrap();
        Job::Mint(
            self.settings.access.clone(),
            self.settings.origin.clone(),
            user,
        )
    }

    fn create(&self) -> Job {
        Job::Create(
            self.settings.access.clone(),
            self.settings.template.clone(),
            Consent::OnlyIfAbsent,
            Proof::First,
        )
    }

    async fn event(&mut self) -> Event {
        let event = timeout(DEADLINE, self.events.recv())
            .await
            .unwrap()
            .unwrap();
        self.told.push(event.clone());
        event
    }

    /// Waits until a ticket is done.
    async fn done(&mut self, ticket: Ticket) -> Result<Outcome, Failure> {
        let found = |event: &Event| match event {
            Event::Done(done, result) if *done == ticket => Some(result.clone()),
            _ => None,
        };
        if let Some(result) = self.told.iter().find_map(found) {
            return result;
        }
        loop {
            if let Some(result) = found(&self.event().await) {
                return result;
            }
        }
    }

    /// Lets the task panic, and starts one with the same resources in its place.
    async fn panic(&mut self) {
        let user = ExternalUser::parse("user-42").unwrap();
        self.start(Job::Play(user)).await;
        let ended = timeout(DEADLINE, &mut self.task).await.unwrap();
        assert!(ended.unwrap_err().is_panic());
        let (commands, orders) = channel(1024);
        self.commands = commands;
        let task = client::serve(self.resources.clone(), orders, self.news.clone());
        self.task = tokio::spawn(task);
    }

    /// Closes the channel, hears the task out, and counts how often each ticket was done.
    async fn close(mut self) -> HashMap<Ticket, usize> {
        drop(self.commands);
        timeout(DEADLINE, &mut self.task).await.unwrap().unwrap();
        drop((self.resources, self.news));
        while let Some(event) = self.events.recv().await {
            self.told.push(event);
        }
        let mut times = HashMap::new();
        for event in &self.told {
            if let Event::Done(ticket, _) = event {
                *times.entry(*ticket).or_insert(0) += 1;
            }
        }
        times
    }
}

/// Waits for something in the sandbox without blocking the task.
async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let wait = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(timeout(DEADLINE, wait).await.is_ok(), "in vain: {what}");
}

fn cancelled(result: &Result<Outcome, Failure>) -> bool {
    result
        .as_ref()
        .is_err_and(|failure| failure.code == Code::Cancelled)
}

impl Desk {
    fn stand(&self, door: Door) -> Stand {
        Stand {
            serving: self.draft.serving(None).unwrap(),
            lists_origin: false,
            door,
        }
    }

    /// Starts the demo app and waits until it answers.
    async fn serve(&mut self, stand: Stand) -> (Ticket, Opened) {
        let ticket = self.start(Job::Serve(Box::new(stand))).await;
        loop {
            match self.event().await {
                Event::Opened(of, opened) if of == ticket => return (ticket, opened),
                Event::Done(of, result) if of == ticket => panic!("{result:?}"),
                _ => {}
            }
        }
    }

    async fn visit(&mut self) -> (Ticket, Visit) {
        loop {
            if let Event::Visited(ticket, visit) = self.event().await {
                return (ticket, visit);
            }
        }
    }
}

fn is_reachable(port: u16) -> bool {
    std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()
}
