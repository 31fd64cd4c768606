//! `embedctl check`: the ladder, headless.
//!
//! Depends on `ops::check`, `session`, `print`.

use serde_json::{Map, Value, json};

use super::print::{Printer, Report, Tone, error, target};
use super::session::{Environment, Private, Session};
use super::signals::Signals;
use crate::cli::{Check, Cli};
use crate::domain::failure::{Code, Exit, Failure};
use crate::domain::ladder::{Status, Step};
use crate::domain::user::ExternalUser;
use crate::ops::check::{Progress, Walk, walk};

const KIND: &str = "check";

pub(super) async fn run(
    cli: &Cli,
    args: &Check,
    environment: &Environment,
    printer: &mut Printer,
) -> Exit {
    let private = args.sandbox || cli.sandbox;
    if private && cli.common.base_url.is_some() {
        return printer.usage(
            "--sandbox and --base-url exclude each other",
            "a private sandbox has its own address",
            "leave one of them out",
        );
    }
    let session = if private {
        Session::private(cli, environment).await
    } else {
        Session::open(cli, environment).map(Session::with_ledger)
    };
    let (session, plan) = match session.and_then(|session| Ok((session, plan(args)?))) {
        Ok(opened) => opened,
        Err(failure) => return printer.finish(Report::failed(KIND, None, &[], &failure)),
    };
    let customer = session.private.as_ref().map(Private::customer);
    let plan = Walk { customer, ..plan };
    printer.warnings(&session.warnings);
    let target = target(&session.draft, private);
    let mut signals = Signals::listen();
    let mut steps = Vec::new();
    let mut tell = |progress| match progress {
        Progress::Begun(rung) => {
            printer.progress(&format!("{} …  {}", rung.name(), rung.proves()));
        }
        Progress::Ended(step) => {
            if !printer.is_json() {
                print_step(printer, &step);
            }
            steps.push(step);
        }
    };
    let stopped = tokio::select! {
        _ = walk(session.tools(), &session.draft, &plan, &mut tell) => None,
        exit = signals.wait() => Some(exit),
    };
    let cancelled = stopped.map(|_| Signals::failure("run the same command again"));
    let failed = steps.iter().find_map(|step| step.failure.as_ref());
    let exit = stopped.unwrap_or_else(|| failed.map_or(Exit::Done, Failure::exit));
    let failed = cancelled.as_ref().or(failed);
    if printer.is_json() {
        let data = json!({"rungs": steps.iter().map(rung).collect::<Vec<_>>()});
        let report = Report {
            kind: KIND,
            exit,
            target: Some(target),
            warnings: &session.warnings,
            data,
            failure: failed,
        };
        return printer.finish(report);
    }
    if let Some(cancelled) = &cancelled {
        printer.failure(cancelled);
    }
    printer.end(exit)
}

fn plan(args: &Check) -> Result<Walk, Failure> {
    let user = match &args.user {
        None => None,
        Some(text) => Some(ExternalUser::parse(text).map_err(|why| {
            Failure::new(
                Code::ConfigInvalid,
                "the user given with --user cannot be used",
            )
            .because(format!("it {why}"))
            .hint("name one external user ID")
        })?),
    };
    Ok(Walk {
        only: args.only.clone(),
        skip: args.skip.clone(),
        read_only: args.read_only,
        insist: args.mint,
        data: args.data,
        customer: None,
        user,
    })
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

fn rung(step: &Step) -> Value {
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
        map.insert("error".into(), error(failure));
    }
    Value::Object(map)
}
