//! `embedctl verify`: has the user's data landed?
//!
//! Depends on `ops::verify`, `session`, `print`.

use std::convert::Infallible;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

use super::aside::Aside;
use super::print::{Printer, Report, Tone, target};
use super::session::{Environment, Session};
use super::signals::Signals;
use crate::cli::{Cli, Verify};
use crate::domain::failure::{Exit, Failure};
use crate::domain::landing::{Landing, LinkStatus, Stream};
use crate::domain::moment::{Clock, countdown, rfc3339};
use crate::domain::settings::{Access, Part};
use crate::domain::template::TemplateSpec;
use crate::domain::text::{grouped, sanitize};
use crate::domain::user::ExternalUser;
use crate::ops::verify::{Look, Target, newest, nothing, summary, verify};

const KIND: &str = "verify";

pub(super) async fn run(
    cli: &Cli,
    args: &Verify,
    environment: &Environment,
    printer: &mut Printer,
) -> Exit {
    let session = match Session::open(cli, environment) {
        Ok(session) => session,
        Err(failure) => return printer.finish(Report::failed(KIND, None, &[], &failure)),
    };
    printer.destination(&session, &cli.common);
    printer.warnings(&session.warnings);
    let target_shown = target(&session.draft, false);
    let (access, spec, user) = match settings(&session, args) {
        Ok(settings) => settings,
        Err(failure) => {
            return printer.finish(Report::failed(
                KIND,
                Some(target_shown),
                &session.warnings,
                &failure,
            ));
        }
    };
    let target = Target {
        access: &access,
        spec: &spec,
        user: &user,
    };
    let look = Look {
        wait: args.wait.unwrap_or_default(),
        since: args.since,
        sample: usize::from(args.sample),
        full: args.full,
    };
    let mut signals = Signals::listen();
    let seen: Mutex<Option<Landing>> = Mutex::new(None);
    let mut tell = |landing: &Landing| {
        *seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(landing.clone());
    };
    let stderr = printer.stderr();
    let verified = tokio::select! {
        verified = verify(session.tools(), &target, &look, &mut tell) => verified,
        never = show_wait(&stderr, &look, &seen) => match never {},
        exit = signals.wait() => {
            let failure = Signals::failure("run the same command again");
            let last = seen.lock().unwrap_or_else(PoisonError::into_inner);
            let data = last.as_ref().map_or_else(|| json!({}), document);
            return printer.finish(Report { kind: KIND, exit, target: Some(target_shown), warnings: &session.warnings, data, failure: Some(&failure) });
        }
    };
    stderr.clear();
    let landing = match verified {
        Ok(landing) => landing,
        Err(failure) => {
            return printer.finish(Report::failed(
                KIND,
                Some(target_shown),
                &session.warnings,
                &failure,
            ));
        }
    };
    if !printer.is_json() {
        print(printer, &landing, session.api.clock().now().wall);
    }
    let failure = nothing(&landing, &look);
    let exit = failure.as_ref().map_or(Exit::Done, Failure::exit);
    printer.finish(Report {
        kind: KIND,
        exit,
        target: Some(target_shown),
        warnings: &session.warnings,
        data: document(&landing),
        failure: failure.as_ref(),
    })
}

/// Shows, once a second, what is waited for and how long it may still take.
async fn show_wait(stderr: &Aside, look: &Look, seen: &Mutex<Option<Landing>>) -> Infallible {
    let clock = Clock::start();
    let began = clock.now();
    let mut second = tokio::time::interval(Duration::from_secs(1));
    loop {
        second.tick().await;
        let last = seen.lock().unwrap_or_else(PoisonError::into_inner);
        let reason = last.as_ref().and_then(|landing| landing.reason.as_deref());
        let left = look.wait.saturating_sub(clock.now().since(began));
        stderr.progress(&match reason {
            Some(reason) => format!("waiting, {} left: {reason}", countdown(left)),
            None => "looking …".to_owned(),
        });
    }
}

fn settings(
    session: &Session,
    args: &Verify,
) -> Result<(Access, TemplateSpec, ExternalUser), Failure> {
    let draft = &session.draft;
    let user = match &args.user {
        None => {
            draft.demand(&[Part::Access, Part::Template, Part::User])?;
            draft.user()?
        }
        Some(user) => {
            draft.demand(&[Part::Access, Part::Template])?;
            user.clone()
        }
    };
    Ok((draft.access()?, draft.template()?, user))
}

fn print(printer: &mut Printer, landing: &Landing, now: jiff::Timestamp) {
    for link in &landing.chain {
        let tone = match link.status {
            LinkStatus::Ok => Tone::Good,
            LinkStatus::Missing | LinkStatus::Failed => Tone::Bad,
            LinkStatus::Unknown => Tone::Quiet,
        };
        let word = printer.tone(tone, &format!("{:<7}", link.status.name()));
        let line = format!("{word}  {:<11}  {}", link.link.name(), link.detail);
        printer.line(line.trim_end());
    }
    if !landing.has_data() {
        return;
    }
    printer.line(&format!(
        "\n{:<20}  {:>12}  {:>14}  {:>8}",
        "stream", "rows", "bytes", "objects"
    ));
    for stream in &landing.streams {
        printer.line(&row(stream));
    }
    for sample in &landing.sample {
        printer.line(&format!(
            "{}  {}",
            sample.stream,
            Value::Object(sample.fields.clone())
        ));
    }
    let newest =
        newest(landing, now).map_or(String::new(), |ago| format!(", the newest read {ago}"));
    let word = printer.tone(Tone::Good, "landed");
    printer.line(&format!("\n{word}  {}{newest}", summary(landing)));
}

fn row(stream: &Stream) -> String {
    let rows = stream.rows.map_or("not counted".to_owned(), grouped);
    format!(
        "{:<20}  {rows:>12}  {:>14}  {:>8}",
        stream.name,
        grouped(stream.bytes),
        grouped(stream.objects)
    )
}

fn document(landing: &Landing) -> Value {
    let chain: Vec<Value> = landing
        .chain
        .iter()
        .map(|link| json!({"link": link.link.name(), "status": link.status.name(), "detail": link.detail}))
        .collect();
    let streams: Vec<Value> = landing
        .streams
        .iter()
        .map(|s| json!({"name": s.name, "objects": s.objects, "rows": s.rows, "bytes": s.bytes, "newest_extracted_at": s.newest.map(rfc3339)}))
        .collect();
    let sample: Vec<Value> = landing
        .sample
        .iter()
        .map(|row| json!({"stream": row.stream, "row": row.fields}))
        .collect();
    json!({
        "user": landing.user.as_str(),
        "folder": sanitize(&landing.folder),
        "chain": chain,
        "reason": landing.reason,
        "streams": streams,
        "complete": landing.complete,
        "sample": sample,
    })
}
