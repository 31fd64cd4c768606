//! `embedctl serve`: the demo app until interrupted.
//!
//! Depends on `demo`, `browser`, `session`, `print`.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::arguments;
use super::aside::Aside;
use super::print::{Printer, Report, target};
use super::session::{Environment, Session};
use super::signals::Signals;
use crate::browser;
use crate::cli::{self, Cli};
use crate::demo::{App, Listening, Options, Watch, Widget};
use crate::domain::base_url::Api;
use crate::domain::failure::{Exit, Failure};
use crate::domain::field::Key;
use crate::domain::moment::rfc3339;
use crate::domain::origin::Origin;
use crate::domain::settings::{Draft, Serving, Source};
use crate::domain::user::ExternalUser;
use crate::domain::visit::{Visit, What};
use crate::ledger::{Fate, Scope};

const KIND: &str = "serve";

/// How many visits may wait to be printed. A terminal that is held back loses lines and holds
/// nobody up.
const LINES: usize = 1024;

/// How long visits are gathered before they are written: a flood of them is written in few pieces,
/// and nobody sees a fiftieth of a second.
const GATHER: Duration = Duration::from_millis(20);

/// How long the last lines may take at the end.
const LAST_LINES: Duration = Duration::from_millis(300);

pub(super) async fn run(
    cli: &Cli,
    args: &cli::Serve,
    environment: &Environment,
    printer: &mut Printer,
) -> Exit {
    let private = args.sandbox || cli.sandbox;
    if let Some([what, because, hint]) = contradiction(cli, args, private) {
        return printer.usage(what, because, hint);
    }
    let mut signals = Signals::listen();
    let session = if private {
        Session::private(cli, environment).await
    } else {
        Session::open(cli, environment).map(Session::with_ledger)
    };
    let session = match session {
        Ok(session) => session,
        Err(failure) => return printer.finish(Report::failed(KIND, None, &[], &failure)),
    };
    printer.destination(&session, &cli.common);
    let target = target(&session.draft, private);
    let aside = (!cli.common.quiet).then(|| environment.aside.clone());
    let (lines, visits) = Lines::begin(aside);
    let started = start(args, &session, private, visits).await;
    let started = match started {
        Ok(started) => started,
        Err(failure) => {
            let report = Report::failed(KIND, Some(target), &session.warnings, &failure);
            return printer.finish(report);
        }
    };
    announce(args, &session, &started, printer);
    // Nobody can reach what could not say where it is.
    if printer.is_cut_off() {
        return printer.end(Exit::Machine);
    }
    let trouble = started.app.trouble();
    let url = started.app.url();
    let ending = CancellationToken::new();
    let served = started.app.serve(started.listening, ending.cancelled());
    let asked = async {
        let exit = signals.wait().await;
        ending.cancel();
        exit
    };
    let both = async { tokio::join!(served, asked).1 };
    let opened = async {
        if args.open {
            open(url, environment, printer).await;
        }
        std::future::pending().await
    };
    let exit = tokio::select! {
        exit = both => exit,
        exit = opened => exit,
    };
    lines.end();
    if let Some(trouble) = trouble.take() {
        printer.failure(&trouble);
    }
    printer.end(exit)
}

/// What was asked for and cannot be had together, why, and what to do.
fn contradiction(cli: &Cli, args: &cli::Serve, private: bool) -> Option<[&'static str; 3]> {
    let beyond = args.bind.is_some_and(|bind| !bind.ip().is_loopback());
    let two_addresses = arguments::two_addresses(cli, private);
    if two_addresses.is_some() {
        two_addresses
    } else if beyond && !args.public {
        Some([
            "--bind names an address that others reach",
            "whoever reaches the demo app gets widget tokens, and with them a customer's workspace",
            "bind 127.0.0.1 or [::1], or say that it is meant with --public",
        ])
    } else if args.public && args.user_param {
        Some([
            "--public and --user-param exclude each other",
            "whoever reaches the demo app could open any customer's workspace",
            "leave one of them out",
        ])
    } else {
        None
    }
}

/// The app and the ports that it is going to answer on.
struct Started {
    app: App,
    listening: Listening,
    user: ExternalUser,
    widget: Widget,
}

async fn start(
    args: &cli::Serve,
    session: &Session,
    private: bool,
    watch: Watch,
) -> Result<Started, Failure> {
    let Serving {
        access,
        user,
        origin,
        port,
    } = session.draft.serving(args.user.clone())?;
    let bind = args
        .bind
        .unwrap_or_else(|| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    let listening = Listening::bind(bind).await?;
    let widget = match args.widget {
        Some(cli::Widget::Own) => Widget::Own,
        // Offline, the vendor's script would not load.
        None if private || access.base_url.is_loopback() => Widget::Own,
        Some(cli::Widget::Vendor) | None => Widget::Vendor,
    };
    let options = Options {
        access,
        origins: listed(&session.draft, origin),
        user: user.clone(),
        user_param: args.user_param,
        widget,
        widget_hosts: args.widget_host.clone(),
        public: args.public,
    };
    let (api, ledger) = (Arc::clone(&session.api), Arc::clone(&session.ledger));
    Ok(Started {
        app: App::new(options, &listening, api, ledger, watch),
        listening,
        user,
        widget,
    })
}

/// The origin of the settings, if somebody set it. The default, and what a private sandbox says, is
/// the app's own at a port that it may not have.
fn listed(draft: &Draft, origin: Origin) -> Vec<Origin> {
    match draft.source(Key::AllowedOrigin) {
        Source::Default | Source::Sandbox => Vec::new(),
        Source::Typed | Source::Flag | Source::Environment | Source::File => vec![origin],
    }
}

fn announce(args: &cli::Serve, session: &Session, started: &Started, printer: &mut Printer) {
    let url = started.app.url();
    let mut warnings = session.warnings.clone();
    if args.public {
        let at = started.listening.address();
        warnings.push(format!(
            "whoever reaches {at} gets widget tokens for {}",
            started.user
        ));
    }
    warnings.extend(without_template(session, &started.user));
    for warning in &warnings {
        printer.note(&format!("warning: {warning}"));
    }
    if printer.is_json() {
        printer.line(&json!({ "url": url }).to_string());
    } else {
        printer.line(&url);
    }
    let script = match started.widget {
        Widget::Own => "embedctl's own script",
        Widget::Vendor => "the vendor's script",
    };
    printer.note(&format!(
        "the demo app for {}, with {script}; Ctrl-C ends it",
        started.user
    ));
    let origins: Vec<&str> = started.app.origins().iter().map(Origin::as_str).collect();
    printer.note(&format!("tokens open on {}", origins.join(" and ")));
}

/// A workspace that is made before the template never gets its destination. Where the API cannot
/// list templates, the ledger tells.
fn without_template(session: &Session, user: &ExternalUser) -> Option<String> {
    let access = session.draft.access().ok()?;
    let book = session.ledger.read().ok()?;
    let scope = Scope::of(&access);
    let made = book.attempts(&scope).iter().any(|a| a.fate == Fate::Made);
    let known = book.users(&scope).iter().any(|known| known.user == *user);
    (access.api == Api::V1 && !made && !known).then(|| {
        format!(
            "no connection template is known here, and a workspace made for {user} without one never gets its destination; `embedctl template create` makes it"
        )
    })
}

/// Opens the page while it is served: an opener may take its time.
async fn open(url: String, environment: &Environment, printer: &Printer) {
    let environment = environment.clone();
    let opened = tokio::task::spawn_blocking(move || {
        browser::open(&url, |name| environment.get(name).map(str::to_owned))
    });
    if let Ok(Err(failure)) = opened.await {
        printer.failure(&failure);
    }
}

/// The lines that tell of visits, written by a thread of their own.
struct Lines {
    ended: Receiver<()>,
}

impl Lines {
    /// Begins to write, or to pass them over; the watch hands visits over without waiting.
    fn begin(aside: Option<Aside>) -> (Lines, Watch) {
        let (hand_over, visits) = sync_channel(LINES);
        let (end, ended) = sync_channel(1);
        let lost = Arc::new(AtomicU64::new(0));
        let missed = Arc::clone(&lost);
        std::thread::spawn(move || {
            write_lines(&visits, &missed, aside.as_ref());
            let _gone = end.send(());
        });
        let watch = move |visit| count_lost(&hand_over, &lost, visit);
        (Lines { ended }, Arc::new(watch))
    }

    /// Waits until what was handed over is written, if that does not take long.
    fn end(self) {
        let _held_back = self.ended.recv_timeout(LAST_LINES);
    }
}

fn count_lost(hand_over: &SyncSender<Visit>, lost: &AtomicU64, visit: Visit) {
    if hand_over.try_send(visit).is_err() {
        lost.fetch_add(1, Ordering::Relaxed);
    }
}

fn write_lines(visits: &Receiver<Visit>, lost: &AtomicU64, aside: Option<&Aside>) {
    while let Ok(first) = visits.recv() {
        let Some(aside) = aside else { continue };
        std::thread::sleep(GATHER);
        let visits = std::iter::once(first).chain(visits.try_iter());
        let mut lines: Vec<String> = visits.map(|visit| line(&visit)).collect();
        let missed = lost.swap(0, Ordering::Relaxed);
        if missed > 0 {
            lines.push(format!("{missed} more came than could be shown"));
        }
        aside.line(&lines.join("\n"));
    }
}

/// One visit as one line: when, what, the origin that the browser really sent, the verdict.
fn line(visit: &Visit) -> String {
    let what = match &visit.what {
        What::Page => "page".to_owned(),
        What::Token(user) => format!("token for {user}"),
        What::Event(event) => {
            let source = event
                .source
                .as_deref()
                .map_or(String::new(), |s| format!(" {s:?}"));
            let error = event
                .error
                .as_deref()
                .map_or(String::new(), |e| format!(": {e}"));
            format!("event {}{source}{error}", event.kind.name())
        }
        What::Other(path) => path.clone(),
    };
    let origin = visit.origin.as_deref().unwrap_or("no Origin");
    let verdict = match &visit.refused {
        None => "ok".to_owned(),
        Some(why) => format!("refused: {why}"),
    };
    format!("{}  {what}  {origin}  {verdict}", rfc3339(visit.at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::visit::{EventKind, WidgetEvent};
    use jiff::Timestamp;

    fn told(what: What, origin: Option<&str>, refused: Option<&str>) -> String {
        line(&Visit {
            at: Timestamp::UNIX_EPOCH,
            what,
            origin: origin.map(str::to_owned),
            refused: refused.map(str::to_owned),
            hint: None,
        })
    }

    #[test]
    fn a_visit_is_one_line() {
        let user = ExternalUser::parse("user-42").unwrap();
        let event = WidgetEvent {
            kind: EventKind::SourceCreateError,
            source: Some("Sample Data".to_owned()),
            error: Some("no".to_owned()),
        };
        assert_eq!(
            told(What::Page, None, None),
            "1970-01-01T00:00:00Z  page  no Origin  ok"
        );
        assert_eq!(
            told(What::Token(user), Some("http://evil.example"), Some("no")),
            "1970-01-01T00:00:00Z  token for user-42  http://evil.example  refused: no"
        );
        assert_eq!(
            told(What::Event(event), Some("http://localhost:3001"), None),
            "1970-01-01T00:00:00Z  event source_create_error \"Sample Data\": no  http://localhost:3001  ok"
        );
    }

    #[test]
    fn a_terminal_that_is_held_back_holds_nobody_up() {
        let (hand_over, visits) = sync_channel(1);
        let lost = AtomicU64::new(0);
        let visit = || Visit {
            at: Timestamp::UNIX_EPOCH,
            what: What::Page,
            origin: None,
            refused: None,
            hint: None,
        };
        for _ in 0..3 {
            count_lost(&hand_over, &lost, visit());
        }
        assert_eq!(lost.load(Ordering::Relaxed), 2);
        assert_eq!(visits.recv(), Ok(visit()));
    }
}
