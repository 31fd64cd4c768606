//! `embedctl check`: the ladder, headless.
//!
//! Depends on `ops::check`, `session`, `print`.

use serde_json::{Map, Value, json};

use super::arguments;
use super::junit::{self, Suite};
use super::print::{Printer, Report, Tone, target};
use super::session::{Environment, Private, Session};
use super::signals::Signals;
use crate::cli::{Check, Cli};
use crate::domain::failure::{Exit, Failure};
use crate::domain::ladder::{Status, Step};
use crate::domain::moment::Clock;
use crate::ops::check::{Progress, Walk, walk};

const KIND: &str = "check";

pub(super) async fn run(
    cli: &Cli,
    args: &Check,
    environment: &Environment,
    printer: &mut Printer,
) -> Exit {
    if let Some([what, because, hint]) = arguments::two_addresses(cli, args.sandbox || cli.sandbox)
    {
        return printer.usage(what, because, hint);
    }
    let clock = Clock::start();
    let began = clock.now();
    let mut walked = match open(cli, args, environment).await {
        Ok((session, plan)) => {
            printer.destination(&session, &cli.common);
            Walked::over(&session, &plan, printer).await
        }
        Err(failure) => Walked::not(failure),
    };
    if let Some(path) = &args.junit {
        let suite = Suite {
            steps: &walked.steps,
            broken_off: walked.broken_off.as_ref(),
            properties: &walked.properties(),
            began: began.wall,
            took: clock.now().since(began),
        };
        let report = junit::write(path, &suite);
        walked.unreported = report.err();
    }
    walked.tell(printer)
}

async fn open(
    cli: &Cli,
    args: &Check,
    environment: &Environment,
) -> Result<(Session, Walk), Failure> {
    let session = if args.sandbox || cli.sandbox {
        Session::private(cli, environment).await?
    } else {
        Session::open(cli, environment)?.with_ledger()
    };
    let customer = session.private.as_ref().map(Private::customer);
    let plan = Walk {
        customer,
        ..plan(args)
    };
    Ok((session, plan))
}

/// The ladder as far as it was walked.
#[derive(Default)]
struct Walked {
    target: Option<Value>,
    warnings: Vec<String>,
    steps: Vec<Step>,
    /// What kept the rest from being walked: settings that cannot be read, or a signal.
    broken_off: Option<Failure>,
    /// The exit code of the signal.
    stopped: Option<Exit>,
    /// Why the report was not written.
    unreported: Option<Failure>,
}

impl Walked {
    fn not(failure: Failure) -> Walked {
        Walked {
            broken_off: Some(failure),
            ..Walked::default()
        }
    }

    /// Walks, and prints each rung as it ends.
    async fn over(session: &Session, plan: &Walk, printer: &mut Printer) -> Walked {
        printer.warnings(&session.warnings);
        let mut signals = Signals::listen();
        let mut steps = Vec::new();
        let mut tell = |progress| match progress {
            Progress::Begun(rung) => {
                printer.progress(&format!("{} …  {}", rung.name(), rung.proves()));
            }
            Progress::Ended(step) => {
                let step = printer.setup().step(step);
                if !printer.is_json() {
                    print_step(printer, &step);
                }
                steps.push(step);
            }
        };
        let stopped = tokio::select! {
            _ = walk(session.tools(), &session.draft, plan, &mut tell) => None,
            exit = signals.wait() => Some(exit),
        };
        let broken_off = match stopped {
            Some(_) => {
                let hint = "run the same command again";
                Some(signals.settle(&session.bucket, hint).await)
            }
            None => None,
        };
        Walked {
            target: Some(target(&session.draft, session.private.is_some())),
            warnings: session.warnings.clone(),
            steps,
            broken_off,
            stopped,
            unreported: None,
        }
    }

    /// The check's own failure.
    fn failure(&self) -> Option<&Failure> {
        let failed = self.steps.iter().find_map(|step| step.failure.as_ref());
        self.broken_off.as_ref().or(failed)
    }

    fn properties(&self) -> Vec<(&'static str, String)> {
        let exit = self.own_exit().code().to_string();
        let mut properties = vec![
            ("version", env!("CARGO_PKG_VERSION").to_owned()),
            ("exit", exit),
        ];
        for name in ["api", "base_url", "sandbox"] {
            let value = self.target.as_ref().and_then(|target| target.get(name));
            properties.extend(value.map(|value| {
                let text = value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned);
                (name, text)
            }));
        }
        properties
    }

    fn own_exit(&self) -> Exit {
        let failed = self.failure().map_or(Exit::Done, Failure::exit);
        self.stopped.unwrap_or(failed)
    }

    /// Tells the verdict. A report that was not written decides the exit code only of a check that
    /// went well.
    fn tell(mut self, printer: &mut Printer) -> Exit {
        let own = self.own_exit();
        let exit = match &self.unreported {
            Some(unreported) if own == Exit::Done => unreported.exit(),
            _ => own,
        };
        if !printer.is_json() {
            let told = self.broken_off.iter().chain(&self.unreported);
            for failure in told {
                printer.failure(failure);
            }
            return printer.end(exit);
        }
        if let Some(unreported) = self.unreported.as_ref().filter(|_| own != Exit::Done) {
            let because = unreported.because.as_deref().unwrap_or_default();
            self.warnings
                .push(format!("{}: {because}", unreported.message));
        }
        let rungs: Vec<Value> = self.steps.iter().map(|step| rung(step, printer)).collect();
        let begun = self.target.is_some();
        printer.finish(Report {
            kind: KIND,
            exit,
            target: self.target.clone(),
            warnings: &self.warnings,
            data: if begun {
                json!({"rungs": rungs})
            } else {
                json!({})
            },
            failure: self.failure().or(self.unreported.as_ref()),
        })
    }
}

fn plan(args: &Check) -> Walk {
    Walk {
        only: args.only.clone(),
        skip: args.skip.clone(),
        read_only: args.read_only,
        insist: args.mint,
        data: args.data,
        customer: None,
        user: args.user.clone(),
    }
}

fn print_step(printer: &mut Printer, step: &Step) {
    let tone = match step.status {
        Status::Pass => Tone::Good,
        Status::Warn => Tone::Warn,
        Status::Fail => Tone::Bad,
        Status::Skip => Tone::Quiet,
    };
    let word = printer.tone(tone, step.status.name());
    printer.line(&format!("{word}  {}", step.line()));
    for reason in step.reasons() {
        printer.line(&reason);
    }
}

fn rung(step: &Step, printer: &Printer) -> Value {
    let mut map = Map::new();
    map.insert("id".into(), json!(step.rung.name()));
    map.insert("status".into(), json!(step.status.name()));
    if step.status != Status::Skip {
        map.insert(
            "duration_ms".into(),
            json!(u64::try_from(step.took.as_millis()).unwrap_or(u64::MAX)),
        );
    }
    map.insert("detail".into(), json!(step.detail));
    if let Some(failure) = &step.failure {
        map.insert("error".into(), printer.error(failure));
    }
    Value::Object(map)
}
