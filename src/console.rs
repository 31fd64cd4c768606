//! Opens the console: settings, the background task, and the screen over them.
//!
//! Depends on `client`, `commands::session`, `tui`.

use std::sync::Arc;

use clap::CommandFactory as _;

use crate::cli::{Cli, Color};
use crate::client;
use crate::commands::{
    Environment, LEFT_BEHIND, Printer, Private, Requests, Session, env_file_written_over,
    private_sandbox, two_addresses,
};
use crate::domain::failure::{Code, Exit, Failure};
use crate::ledger::Ledger;
use crate::tui::{self, Place, Start};

/// How many orders may wait for the task, and how many of its events for the screen.
const CHANNEL: usize = 1024;

pub(crate) async fn run(cli: &Cli, environment: &Environment, printer: &mut Printer) -> Exit {
    let terminal = environment.terminal;
    if !terminal.stdin
        || !terminal.stdout
        || environment.get("TERM").is_none_or(|term| term == "dumb")
    {
        printer.aside("error: the console needs a terminal\n  hint: `embedctl check` does the same walk without one\n");
        printer.aside(&Cli::command().render_help().to_string());
        return Exit::Usage;
    }
    let refused = two_addresses(cli, cli.sandbox).or_else(|| env_file_written_over(cli));
    if let Some([what, because, hint]) = refused {
        return printer.usage(what, because, hint);
    }
    let opened = match Requests::open_silent(&cli.common) {
        Ok(requests) => {
            let opened = open(cli, environment, &requests, printer).await;
            if let Some(trouble) = requests.trouble() {
                printer.aside(&format!("warning: {trouble}"));
            }
            opened
        }
        Err(failure) => Err(failure),
    };
    match opened {
        Ok(exit) => exit,
        Err(failure) => {
            printer.failure(&failure);
            failure.exit()
        }
    }
}

/// Returns false for terminals that are known to drop what is sent to their clipboard (OSC 52).
fn takes_copies(environment: &Environment) -> bool {
    let is = |name: &str, values: &[&str]| {
        environment
            .get(name)
            .is_some_and(|value| values.contains(&value))
    };
    !is("TERM", &["linux", "vt100", "vt220", "cons25"]) && !is("TERM_PROGRAM", &["Apple_Terminal"])
}

async fn open(
    cli: &Cli,
    environment: &Environment,
    requests: &Requests,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let private: Option<Private> = if cli.sandbox {
        Some(private_sandbox(false, &cli.common).await?)
    } else {
        None
    };
    let (draft, ledger, notes) = if let Some(private) = &private {
        let folder = private.folder.path().to_owned();
        (private.draft.clone(), Ledger::new(Some(folder)), Vec::new())
    } else {
        let session = Session::open(cli, environment)?.with_ledger();
        let ledger = Ledger::new(environment.state_folder());
        (session.draft, ledger, session.warnings)
    };
    let (news, events) = tokio::sync::mpsc::channel(CHANNEL);
    let clients = crate::commands::clients(
        &cli.common,
        requests.and_of_api(client::observer(news.clone())),
        requests.and_of_bucket(client::bucket_observer(news.clone())),
    )?;
    let clock = clients.api.clock();
    let bucket = clients.bucket.clone();
    let resources = client::Resources {
        api: clients.api,
        bucket: clients.bucket,
        ledger: Arc::new(ledger),
        env_file: cli.common.env_file.clone(),
        outranking: private
            .is_none()
            .then(|| crate::commands::outranking(&cli.common, environment)),
        customer: private.as_ref().map(Private::customer),
        environment: {
            let environment = environment.clone();
            Arc::new(move |name| environment.get(name).map(str::to_owned))
        },
    };
    let launch = Box::new(move || {
        let (commands, orders) = tokio::sync::mpsc::channel(CHANNEL);
        let task = client::serve(resources.clone(), orders, news.clone());
        (commands, tokio::spawn(task))
    });
    let start = Start {
        draft,
        place: if private.is_some() {
            Place::Sandbox
        } else {
            Place::Live
        },
        env_file: cli.common.env_file.display().to_string(),
        notes,
        color: match cli.common.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => environment.get("NO_COLOR").is_none(),
        },
        clipboard: takes_copies(environment),
        save_asks_path: private.is_some(),
        over_ssh: is_over_ssh(environment),
    };
    let exit = tui::run(start, launch, events, clock).await;
    // The terminal is the caller's again. A probe that is under way takes itself away first, unless
    // that is not waited for.
    let settled = tokio::select! {
        settled = bucket.settle() => settled,
        _impatient = tokio::signal::ctrl_c() => false,
    };
    if !settled {
        printer.aside(&format!("warning: {LEFT_BEHIND}"));
    }
    exit.map_err(|e| {
        Failure::new(Code::MachineDisk, "the terminal cannot be used")
            .because(crate::domain::text::sanitize(&format!("{e:#}")))
            .hint("`embedctl check` does the same walk without one")
    })
}

/// Whether the person's browser is on another machine. A screen that is forwarded has its own.
fn is_over_ssh(environment: &Environment) -> bool {
    let any = |names: [&str; 2]| names.iter().any(|name| environment.get(name).is_some());
    any(["SSH_CONNECTION", "SSH_TTY"]) && !any(["DISPLAY", "WAYLAND_DISPLAY"])
}
