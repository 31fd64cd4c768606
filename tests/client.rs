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
use embedctl::domain::failure::{Code, Failure};
use embedctl::domain::field::Key;
use embedctl::domain::ladder::Status;
use embedctl::domain::moment::Clock;
use embedctl::domain::origin::Origin;
use embedctl::domain::secret::Secret;
use embedctl::domain::settings::{Draft, Layer, Settings, Source};
use embedctl::domain::template::{Consent, Creation, Proof, Would};
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
                Arc::new(|_| {}),
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

#[tokio::test]
async fn a_check_tells_each_rung_as_it_ends() {
    let site = Site::new(&[]);
    let mut desk = Desk::of(&site);
    let ticket = desk.start(Job::Check(desk.draft.clone())).await;
    let Ok(Outcome::Checked(steps)) = desk.done(ticket).await else {
        panic!("{:?}", desk.told);
    };
    let seen: Vec<_> = steps
        .iter()
        .map(|step| (step.rung.name(), step.status))
        .collect();
    assert_eq!(
        seen,
        [
            ("auth", Status::Pass),
            ("organization", Status::Pass),
            ("bucket", Status::Pass)
        ]
    );
    let ended: Vec<_> = desk
        .told
        .iter()
        .filter_map(|event| match event {
            Event::RungEnded(of, step) if *of == ticket => Some(step.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(ended, steps);
    assert!(
        desk.told
            .iter()
            .any(|event| matches!(event, Event::AccessToken(..)))
    );
}

#[tokio::test]
async fn the_newest_of_the_setup_lane_supersedes() {
    let site = Site::new(&["token=hang*1"]);
    let mut desk = Desk::of(&site);
    let old = desk.start(Job::Check(desk.draft.clone())).await;
    until("the first hangs", || site.count(route::TOKEN) == 1).await;
    let new = desk.start(Job::Check(desk.draft.clone())).await;
    assert!(cancelled(&desk.done(old).await));
    assert!(desk.done(new).await.is_ok());
    assert_eq!(desk.close().await, HashMap::from([(old, 1), (new, 1)]));
}

#[tokio::test]
async fn a_cancelled_job_is_done_once() {
    let site = Site::new(&["any=hang"]);
    let mut desk = Desk::of(&site);
    let check = desk.start(Job::Check(desk.draft.clone())).await;
    let mint = desk.start(desk.mint("a")).await;
    until("one hangs", || site.requests() > 0).await;
    for ticket in [check, mint] {
        desk.cancel(ticket).await;
        desk.cancel(ticket).await;
        assert!(cancelled(&desk.done(ticket).await));
    }
    desk.cancel(Ticket(99)).await;
    assert_eq!(desk.close().await, HashMap::from([(check, 1), (mint, 1)]));
}

#[tokio::test]
async fn a_user_asked_for_twice_is_minted_once_and_both_are_told() {
    let site = Site::new(&["widget=delay:200"]);
    let mut desk = Desk::of(&site);
    let first = desk.start(desk.mint("a")).await;
    let second = desk.start(desk.mint("a")).await;
    let (Ok(Outcome::Minted(one)), Ok(Outcome::Minted(two))) =
        (desk.done(first).await, desk.done(second).await)
    else {
        panic!("{:?}", desk.told);
    };
    assert_eq!(one.token, two.token);
    assert_eq!(site.count(route::WIDGET), 1);
    // Cancelling one of two keeps the other's.
    let first = desk.start(desk.mint("b")).await;
    let second = desk.start(desk.mint("b")).await;
    desk.cancel(first).await;
    assert!(cancelled(&desk.done(first).await));
    assert!(desk.done(second).await.is_ok());
    assert_eq!(site.count(route::WIDGET), 2);
    assert!(desk.close().await.values().all(|times| *times == 1));
}

#[tokio::test]
async fn a_mint_asked_for_right_after_it_was_cancelled_is_minted() {
    let site = Site::new(&["widget=hang*1"]);
    let mut desk = Desk::of(&site);
    let first = desk.start(desk.mint("a")).await;
    until("it hangs", || site.count(route::WIDGET) == 1).await;
    desk.cancel(first).await;
    let second = desk.start(desk.mint("a")).await;
    assert!(cancelled(&desk.done(first).await));
    assert!(desk.done(second).await.is_ok());
    assert_eq!(desk.close().await, HashMap::from([(first, 1), (second, 1)]));
}

#[tokio::test]
async fn a_bulk_keeps_to_its_four_places() {
    let site = Site::new(&["widget=hang*4"]);
    let mut desk = Desk::of(&site);
    let mut tickets = Vec::new();
    for number in 0..20 {
        tickets.push(desk.start(desk.mint(&format!("user-{number}"))).await);
    }
    until("four hang", || site.count(route::WIDGET) == 4).await;
    // Whatever else the task does meanwhile, no fifth is sent; a place that is given up is taken.
    let look = desk.start(Job::Recall(desk.settings.access.clone())).await;
    desk.done(look).await.unwrap();
    assert_eq!(site.count(route::WIDGET), 4);
    for ticket in &tickets[..4] {
        desk.cancel(*ticket).await;
    }
    for ticket in &tickets[4..] {
        assert!(desk.done(*ticket).await.is_ok());
    }
    assert_eq!(site.count(route::WIDGET), 20);
    assert!(desk.close().await.values().all(|times| *times == 1));
}

#[tokio::test]
async fn a_hanging_mint_delays_no_check() {
    let site = Site::new(&["widget=hang"]);
    let mut desk = Desk::of(&site);
    for number in 0..8 {
        desk.start(desk.mint(&format!("user-{number}"))).await;
    }
    let check = desk.start(Job::Check(desk.draft.clone())).await;
    assert!(desk.done(check).await.is_ok());
}

#[tokio::test]
async fn a_closed_channel_ends_the_task_whatever_hangs() {
    let site = Site::new(&["any=hang"]);
    let mut desk = Desk::of(&site);
    desk.start(Job::Check(desk.draft.clone())).await;
    desk.start(desk.mint("a")).await;
    until("they hang", || site.requests() > 0).await;
    desk.close().await;
}

#[tokio::test]
async fn a_template_is_planned_created_and_found_again() {
    let site = Site::new(&[]);
    let mut desk = Desk::of(&site);
    let ticket = desk.start(desk.create()).await;
    let Ok(Outcome::Created(Creation::Created { id }, place)) = desk.done(ticket).await else {
        panic!("{:?}", desk.told);
    };
    assert_eq!(site.state()["templates"][0]["id"], id.as_str());
    assert!(place.ends_with("ledger.jsonl"));
    let again = desk.start(desk.create()).await;
    assert!(
        matches!(desk.done(again).await, Ok(Outcome::Created(Creation::Exists { id: Some(found) }, _)) if found == id)
    );
    let (access, spec) = (desk.settings.access.clone(), desk.settings.template.clone());
    let plan = desk.start(Job::Plan(access, spec)).await;
    assert!(
        matches!(desk.done(plan).await, Ok(Outcome::Planned(plan)) if matches!(plan.would, Would::Nothing(_)))
    );
    assert_eq!(site.count(route::TEMPLATE), 1);
}

#[tokio::test]
async fn a_lost_creation_is_adopted_or_sent_again_on_request() {
    for adopt in [true, false] {
        let site = Site::new(&["template=commit+reset*1"]);
        let mut desk = Desk::of(&site);
        for _ in 0..2 {
            let ticket = desk.start(desk.create()).await;
            assert_eq!(
                desk.done(ticket).await.unwrap_err().code,
                Code::TemplateUnknown
            );
        }
        assert_eq!(site.count(route::TEMPLATE), 1);
        let (access, spec) = (desk.settings.access.clone(), desk.settings.template.clone());
        let job = if adopt {
            Job::Adopt(access, spec)
        } else {
            Job::Create(access, spec, Consent::SendAnyway, Proof::First)
        };
        let ticket = desk.start(job).await;
        let outcome = desk.done(ticket).await.unwrap();
        match outcome {
            Outcome::Planned(plan) => assert!(adopt && matches!(plan.would, Would::Nothing(_))),
            other => {
                assert!(!adopt && matches!(other, Outcome::Created(Creation::Created { .. }, _)));
            }
        }
        assert_eq!(site.seen("templates"), if adopt { 1 } else { 2 });
        let ticket = desk.start(desk.create()).await;
        assert!(matches!(
            desk.done(ticket).await,
            Ok(Outcome::Created(Creation::Exists { .. }, _))
        ));
    }
}

#[tokio::test]
async fn a_bucket_that_refuses_is_an_outcome_and_can_be_passed_over() {
    let site = Site::new(&["s3.put=deny"]);
    let mut desk = Desk::of(&site);
    let ticket = desk.start(desk.create()).await;
    match desk.done(ticket).await.unwrap() {
        Outcome::Unproved(Consent::OnlyIfAbsent, failure) => {
            assert_eq!(failure.code, Code::BucketDenied);
            assert!(failure.message.ends_with("nothing was sent"), "{failure:?}");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(site.seen("templates"), 0);
    assert!(!desk.folder.path().join("state/ledger.jsonl").exists());
    let (access, spec) = (desk.settings.access.clone(), desk.settings.template.clone());
    let job = Job::Create(access, spec, Consent::OnlyIfAbsent, Proof::LeftOut);
    let ticket = desk.start(job).await;
    assert!(matches!(
        desk.done(ticket).await,
        Ok(Outcome::Created(Creation::Created { .. }, _))
    ));
}

#[tokio::test]
async fn a_probe_that_was_given_up_takes_itself_away() {
    let site = Site::new(&["s3.get=delay:300"]);
    let mut desk = Desk::of(&site);
    let ticket = desk.start(desk.create()).await;
    until("the probe is put", || site.count("S3 PUT") == 1).await;
    desk.cancel(ticket).await;
    assert!(cancelled(&desk.done(ticket).await));
    until("it is deleted", || site.count("S3 DELETE") == 2).await;
    until("nothing is left", || site.sandbox.objects("").is_empty()).await;
    assert_eq!(site.seen("templates"), 0);
}

#[tokio::test]
async fn a_long_look_delays_nothing_else() {
    let site = Site::new(&[]);
    let mut desk = Desk::of(&site);
    site.fault("s3.list=hang");
    let (access, spec) = (desk.settings.access.clone(), desk.settings.template.clone());
    let user = desk.settings.user.clone();
    let look = desk.start(Job::Verify(access, spec, user, None)).await;
    until("it lists", || site.count("S3 LIST") == 1).await;
    let mint = desk.start(desk.mint("user-43")).await;
    assert!(matches!(desk.done(mint).await, Ok(Outcome::Minted(_))));
    desk.cancel(look).await;
    assert!(cancelled(&desk.done(look).await));
}

#[tokio::test]
async fn a_superseded_creation_leaves_its_intent() {
    let site = Site::new(&["template=commit+delay:600000"]);
    let mut desk = Desk::of(&site);
    let create = desk.start(desk.create()).await;
    until("it is made", || site.seen("templates") == 1).await;
    let (access, spec) = (desk.settings.access.clone(), desk.settings.template.clone());
    let plan = desk.start(Job::Plan(access, spec)).await;
    assert!(cancelled(&desk.done(create).await));
    assert!(
        matches!(desk.done(plan).await, Ok(Outcome::Planned(plan)) if matches!(plan.would, Would::Ask(_)))
    );
}

#[tokio::test]
async fn users_are_recalled_and_forgotten() {
    let site = Site::new(&[]);
    let mut desk = Desk::of(&site);
    for user in ["b", "a", "b"] {
        let ticket = desk.start(desk.mint(user)).await;
        desk.done(ticket).await.unwrap();
    }
    let access = desk.settings.access.clone();
    let names = |outcome| match outcome {
        Ok(Outcome::Recalled(known)) => {
            let known: Vec<client::KnownUser> = known;
            assert!(
                known
                    .iter()
                    .all(|k| k.workspace_id.is_some() && k.minted_at.is_some())
            );
            known
                .iter()
                .map(|k| k.user.as_str().to_owned())
                .collect::<Vec<_>>()
        }
        other => panic!("{other:?}"),
    };
    let ticket = desk.start(Job::Recall(access.clone())).await;
    assert_eq!(names(desk.done(ticket).await), ["b", "a"]);
    let user = ExternalUser::parse("b").unwrap();
    let ticket = desk.start(Job::Forget(access.clone(), user)).await;
    assert_eq!(desk.done(ticket).await, Ok(Outcome::Forgotten));
    let ticket = desk.start(Job::Recall(access)).await;
    assert_eq!(names(desk.done(ticket).await), ["a"]);
}

fn edits(desk: &Desk, edits: &[(Key, &str)], path: Option<PathBuf>) -> (PathBuf, Job) {
    let edits = edits.iter().map(|(key, text)| (*key, Secret::new(*text)));
    (
        desk.folder.path().join(".env"),
        Job::Save(edits.collect(), path),
    )
}

#[tokio::test]
async fn users_are_read_from_a_file_one_a_line() {
    let site = Site::new(&[]);
    let mut desk = Desk::of(&site);
    let path = desk.folder.path().join("users.txt");
    std::fs::write(&path, "user-1\r\nAcme, Inc.\n\nuser-1\n\u{202e}bad\n").unwrap();
    let ticket = desk.start(Job::Users(path.clone())).await;
    let Ok(Outcome::Users(list)) = desk.done(ticket).await else {
        panic!("no list");
    };
    let names: Vec<&str> = list.users.iter().map(ExternalUser::as_str).collect();
    assert_eq!(names, ["user-1", "Acme, Inc."]);
    assert_eq!(list.refused[0].0, 5);
    let missing = desk.start(Job::Users(path.join("not"))).await;
    let failure = desk.done(missing).await.unwrap_err();
    assert_eq!(failure.code, Code::MachineDisk);
    assert_eq!(desk.close().await[&ticket], 1);
}

#[tokio::test]
async fn saving_writes_what_was_edited_and_keeps_the_rest() {
    use std::os::unix::fs::PermissionsExt as _;
    let site = Site::new(&[]);
    let mut desk = Desk::of(&site);
    let (path, job) = edits(
        &desk,
        &[
            (Key::Bucket, " new-bucket "),
            (Key::Prefix, ""),
            (Key::SecretAccessKey, "a b'c"),
        ],
        None,
    );
    let before = "# mine\r\nexport OTHER=1\r\nS3_BUCKET_NAME=old # where\r\nS3_PATH_PREFIX=p\r\n";
    std::fs::write(&path, before).unwrap();
    let ticket = desk.start(job).await;
    assert_eq!(
        desk.done(ticket).await,
        Ok(Outcome::Saved(path.display().to_string()))
    );
    let after = std::fs::read_to_string(&path).unwrap();
    assert_eq!(
        after,
        "# mine\r\nexport OTHER=1\r\nS3_BUCKET_NAME=new-bucket # where\r\nAWS_S3_SECRET_ACCESS_KEY=\"a b'c\"\r\n"
    );
    let mode = std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    // Another file, when one is named, and nothing but the edits in it.
    let other = desk.folder.path().join("other.env");
    let (_, job) = edits(&desk, &[(Key::Region, "us-east-1")], Some(other.clone()));
    let ticket = desk.start(job).await;
    desk.done(ticket).await.unwrap();
    assert_eq!(
        std::fs::read_to_string(other).unwrap(),
        "S3_BUCKET_REGION=us-east-1\n"
    );
    assert_eq!(std::fs::read_to_string(&path).unwrap(), after);
}

#[tokio::test]
async fn the_file_is_read_again_below_what_outranks_it() {
    let site = Site::new(&[]);
    let region = ("S3_BUCKET_REGION".to_owned(), "eu-west-1".to_owned());
    let mut desk = Desk::with(&site, vec![region]);
    let path = desk.folder.path().join(".env");
    let ticket = desk.start(Job::Reload).await;
    let failure = desk.done(ticket).await.unwrap_err();
    assert_eq!(failure.code, Code::MachineDisk, "there is none yet");
    let text = site.env_with(&[("AIRBYTE_CLIENT_SECRET", "rotated")]);
    std::fs::write(
        &path,
        format!("{text}S3_BUCKET_NAME=twice\nS3_BUCKET_NAME=told\n"),
    )
    .unwrap();
    let ticket = desk.start(Job::Reload).await;
    let Ok(Outcome::Reloaded(draft, warnings)) = desk.done(ticket).await else {
        panic!("{:?}", desk.told);
    };
    assert_eq!(draft.text(Key::ClientSecret), "rotated");
    assert_eq!(draft.source(Key::ClientSecret), Source::File);
    assert_eq!(draft.text(Key::Region), "eu-west-1");
    assert_eq!(draft.source(Key::Region), Source::Environment);
    assert!(
        warnings
            .iter()
            .any(|warning| warning.contains("S3_BUCKET_NAME"))
    );
    std::fs::write(&path, "no setting\n").unwrap();
    let ticket = desk.start(Job::Reload).await;
    let failure = desk.done(ticket).await.unwrap_err();
    assert_eq!(failure.code, Code::EnvFileUnreadable);
}

#[tokio::test]
async fn credentials_that_are_left_have_their_access_token_forgotten() {
    let site = Site::new(&[]);
    let mut desk = Desk::of(&site);
    let fetched = || site.count("POST /v1/applications/token");
    for expected in [1, 1] {
        let ticket = desk.start(desk.mint("user-42")).await;
        desk.done(ticket).await.unwrap();
        assert_eq!(fetched(), expected, "held while it is good");
    }
    let leave = Command::Leave(Box::new(desk.settings.access.clone()));
    desk.commands.send(leave).await.unwrap();
    let ticket = desk.start(desk.mint("user-42")).await;
    desk.done(ticket).await.unwrap();
    assert_eq!(fetched(), 2);
}

#[tokio::test]
async fn refused_credentials_that_the_file_no_longer_has_lead_to_reading_it() {
    let site = Site::new(&[]);
    let mut desk = Desk::of(&site);
    let path = desk.folder.path().join(".env");
    let old = [("AIRBYTE_CLIENT_SECRET", "rotated-away")];
    let own = site.sandbox.settings_with_s3(&site.url, &site.s3_url);
    let others = old.map(|(name, value)| (name, value.to_owned()));
    let values = own.into_iter().chain(others);
    let values = values.map(|(name, value)| (name.to_owned(), value));
    let draft = Draft::resolve(&[(Source::File, Layer::new(values))]);
    desk.settings = draft.settings().unwrap();
    let hint = async |desk: &mut Desk, job| {
        let ticket = desk.start(job).await;
        let failure = match desk.done(ticket).await {
            Ok(Outcome::Checked(steps)) => steps[0].failure.clone().unwrap(),
            other => other.unwrap_err(),
        };
        assert_eq!(failure.code, Code::AuthRefused);
        failure.hint.unwrap()
    };
    // The file has what was sent: reading it again would not help.
    std::fs::write(&path, site.env_with(&old)).unwrap();
    let mint = desk.mint("user-42");
    assert!(!hint(&mut desk, mint.clone()).await.contains("F5"));
    std::fs::write(&path, site.env()).unwrap();
    for job in [mint, desk.create(), Job::Check(draft)] {
        assert!(hint(&mut desk, job).await.contains("F5"));
    }
}

#[tokio::test]
async fn what_no_spelling_carries_is_refused_and_nothing_written() {
    let site = Site::new(&[]);
    let mut desk = Desk::of(&site);
    let (path, job) = edits(
        &desk,
        &[
            (Key::Bucket, "new-bucket"),
            (Key::SecretAccessKey, "canary'\"$`"),
        ],
        None,
    );
    let ticket = desk.start(job).await;
    let failure = desk.done(ticket).await.unwrap_err();
    assert_eq!(failure.code, Code::ConfigInvalid);
    assert!(!format!("{failure:?}").contains("canary"));
    assert!(!path.exists());
    // A folder in the file's place is this machine's refusal.
    std::fs::create_dir(&path).unwrap();
    let (_, job) = edits(&desk, &[(Key::Bucket, "new-bucket")], None);
    let ticket = desk.start(job).await;
    assert!(desk.done(ticket).await.is_err());
}

#[tokio::test]
async fn another_origin_is_another_token() {
    let site = Site::new(&[]);
    let mut desk = Desk::of(&site);
    let user = ExternalUser::parse("a").unwrap();
    let origin = Origin::parse("https://other.example").unwrap();
    let job = Job::Mint(desk.settings.access.clone(), origin.clone(), user);
    let ticket = desk.start(job).await;
    let Ok(Outcome::Minted(minted)) = desk.done(ticket).await else {
        panic!("{:?}", desk.told);
    };
    assert_eq!(
        minted.opened.unwrap().origin.as_deref(),
        Some(origin.as_str())
    );
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

/// Sends a request to the demo app and returns the status and the body.
async fn ask(port: u16, line: &str, headers: &str, body: &str) -> (u16, String) {
    let request = format!(
        "{line} HTTP/1.1\r\nhost: localhost:{port}\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n{body}",
        body.len()
    );
    let asked = tokio::task::spawn_blocking(move || {
        use std::io::{Read as _, Write as _};
        let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    });
    let answer = asked.await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, body.to_owned())
}

fn is_reachable(port: u16) -> bool {
    std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()
}

#[tokio::test]
async fn the_demo_app_answers_tells_of_visits_and_ends_when_it_is_cancelled() {
    let site = Site::new(&[]);
    let mut desk = Desk::of(&site);
    let (ticket, opened) = desk.serve(desk.stand(Door::Free)).await;
    let port = opened.port;
    assert_eq!(opened.url, format!("http://localhost:{port}"));
    assert_eq!(opened.origins, [Origin::parse(&opened.url).unwrap()]);

    assert_eq!(ask(port, "GET /", "", "").await.0, 200);
    let (of, visit) = desk.visit().await;
    assert_eq!((of, visit.what), (ticket, What::Page));

    let (status, body) = ask(port, "GET /api/widget_token", "", "").await;
    assert!(
        status == 200 && body.contains("\"token\""),
        "{status} {body}"
    );
    let (_, visit) = desk.visit().await;
    let user = ExternalUser::parse("user-42").unwrap();
    assert_eq!((visit.what, visit.refused), (What::Token(user), None));

    let origin = "origin: http://evil.example\r\n";
    assert_eq!(ask(port, "GET /api/widget_token", origin, "").await.0, 403);
    let (_, visit) = desk.visit().await;
    assert_eq!(visit.origin.as_deref(), Some("http://evil.example"));
    assert!(visit.refused.is_some());

    let event = r#"{"message":"source_created","data":{"name":"Sample Data"}}"#;
    let own = format!("origin: {}\r\n", opened.url);
    ask(port, "POST /api/embedded_response", &own, event).await;
    let (_, visit) = desk.visit().await;
    match visit.what {
        What::Event(event) => assert_eq!(event.kind, EventKind::SourceCreated),
        other => panic!("{other:?}"),
    }

    desk.cancel(ticket).await;
    assert!(cancelled(&desk.done(ticket).await));
    assert!(!is_reachable(port));
    assert_eq!(desk.close().await[&ticket], 1);
}

#[tokio::test]
async fn the_newest_demo_app_takes_the_place_and_the_port_of_the_one_before() {
    let site = Site::new(&[]);
    let mut desk = Desk::of(&site);
    let (first, opened) = desk.serve(desk.stand(Door::Free)).await;
    let mut stand = desk.stand(Door::Only(opened.port));
    stand.serving.user = ExternalUser::parse("user-43").unwrap();
    let skipped = desk.start(Job::Serve(Box::new(stand.clone()))).await;
    let (newest, again) = desk.serve(stand).await;
    assert_eq!(again, opened);
    assert!(cancelled(&desk.done(first).await));
    assert!(cancelled(&desk.done(skipped).await));
    ask(opened.port, "GET /api/widget_token", "", "").await;
    let (of, visit) = desk.visit().await;
    let user = ExternalUser::parse("user-43").unwrap();
    assert_eq!((of, visit.what), (newest, What::Token(user)));
    let times = desk.close().await;
    assert_eq!((times[&first], times[&skipped]), (1, 1));
    // It ends with the task that owns it.
    until("the port is free", || !is_reachable(opened.port)).await;
}

#[tokio::test]
async fn a_port_that_is_taken_is_told_or_passed_over() {
    let site = Site::new(&[]);
    let mut desk = Desk::of(&site);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let stand = desk.stand(Door::Only(port));
    let ticket = desk.start(Job::Serve(Box::new(stand))).await;
    let failure = desk.done(ticket).await.unwrap_err();
    assert_eq!(failure.code, Code::MachinePort);
    assert!(failure.because.unwrap().contains(&port.to_string()));
    assert!(failure.hint.unwrap().contains("free one"));
    let (_, opened) = desk.serve(desk.stand(Door::OrFree(port))).await;
    assert_ne!(opened.port, port);
    assert!(is_reachable(opened.port));
}

#[tokio::test]
async fn a_task_that_panicked_is_replaced_by_one_with_the_same_resources() {
    let site = Site::new(&[]);
    let mut desk = Desk::of(&site);
    let (app, opened) = desk.serve(desk.stand(Door::Free)).await;
    let ticket = desk.start(desk.create()).await;
    desk.done(ticket).await.unwrap();
    site.fault("widget=hang*1");
    let lost = desk.start(desk.mint("user-42")).await;
    until("the mint is asked for", || site.count(route::WIDGET) == 1).await;
    desk.panic().await;
    until("the port is free", || !is_reachable(opened.port)).await;
    // What the first one had done is known, and what it held is free.
    let (access, spec) = (desk.settings.access.clone(), desk.settings.template.clone());
    let ticket = desk.start(Job::Plan(access, spec)).await;
    let Ok(Outcome::Planned(plan)) = desk.done(ticket).await else {
        panic!("{:?}", desk.told);
    };
    assert!(matches!(plan.would, Would::Nothing(_)), "{:?}", plan.would);
    let ticket = desk.start(desk.mint("user-42")).await;
    desk.done(ticket).await.unwrap();
    let (_, again) = desk.serve(desk.stand(Door::Only(opened.port))).await;
    assert_eq!(again, opened);
    assert_eq!(site.count("POST /v1/applications/token"), 1, "still held");
    let times = desk.close().await;
    assert!(!times.contains_key(&lost) && !times.contains_key(&app));
}

#[tokio::test]
async fn an_origin_that_the_settings_name_may_ask_too() {
    let site = Site::new(&[]);
    let mut desk = Desk::of(&site);
    let mut stand = desk.stand(Door::Free);
    stand.lists_origin = true;
    stand.serving.origin = Origin::parse("http://localhost:3000").unwrap();
    let (_, opened) = desk.serve(stand).await;
    assert_eq!(opened.origins.len(), 2);
    let origin = "origin: http://localhost:3000\r\n";
    let (status, _) = ask(opened.port, "GET /api/widget_token", origin, "").await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn the_catalogue_comes_with_the_call_that_adds_to_it() {
    for (api, path, field) in [
        ("v1", "/v1/config_templates/sources", "actorDefinitionId"),
        (
            "agents",
            "/api/v1/integrations/templates/sources",
            "actor_definition_id",
        ),
    ] {
        let site = Site::new(&[]);
        let mut desk = Desk::of(&site);
        let mut draft = desk.draft.clone();
        draft.type_in(Key::Api, api);
        let job = Job::Catalogue(draft.access().unwrap());
        let ticket = desk.start(job).await;
        let Ok(Outcome::Offered(catalogue)) = desk.done(ticket).await else {
            panic!("{:?}", desk.told);
        };
        assert_eq!(catalogue.templates[0].name, "Sample Data");
        assert_eq!(catalogue.own.url, format!("{}{path}", site.url));
        // With a connector filled in, the service takes it.
        let mut body = catalogue.own.body.clone();
        assert!(body[field].as_str().unwrap().starts_with('<'));
        body[field] = "dfd88b22-b603-4c3d-aad7-3701784586b1".into();
        let bearer = Client::new(Options::quiet(), Clock::start())
            .access_token(&draft.access().unwrap())
            .await
            .unwrap();
        let port = site.url.rsplit(':').next().unwrap().parse().unwrap();
        let headers = format!(
            "content-type: application/json\r\nauthorization: Bearer {}\r\n",
            bearer.secret.expose()
        );
        let line = format!("{} {path}", catalogue.own.method);
        let (status, answer) = ask(port, &line, &headers, &body.to_string()).await;
        assert_eq!(status, 200, "{answer}");
    }
}

#[tokio::test]
async fn a_browser_that_cannot_be_opened_is_told_with_the_address() {
    let site = Site::new(&[]);
    let mut desk = Desk::of(&site);
    let url = "http://localhost:3001".to_owned();
    let ticket = desk.start(Job::Browse(url)).await;
    let failure = desk.done(ticket).await.unwrap_err();
    assert_eq!(failure.code, Code::MachineBrowser);
    assert!(failure.hint.unwrap().contains("http://localhost:3001"));
}
