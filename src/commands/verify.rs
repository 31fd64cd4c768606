//! `embedctl verify`: has the user's data landed?
//!
//! Depends on `ops::verify`, `session`, `print`.

use serde_json::{Value, json};

use super::print::{Printer, Report, Tone, target};
use super::session::{Environment, Session};
use super::signals::Signals;
use crate::cli::{Cli, Verify};
use crate::domain::failure::{Code, Exit, Failure};
use crate::domain::landing::{Landing, LinkStatus, Stream};
use crate::domain::moment::rfc3339;
use crate::domain::settings::Access;
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
    let waits = !printer.is_json() && environment.terminal.stderr;
    let mut told = None;
    let mut signals = Signals::listen();
    let mut last = None;
    let mut tell = |landing: &Landing| {
        // Said again only when something has changed, so that a log stays readable.
        if waits && told != landing.reason {
            printer.aside(&format!(
                "waiting: {}",
                landing.reason.as_deref().unwrap_or_default()
            ));
            told.clone_from(&landing.reason);
        }
        last = Some(landing.clone());
    };
    let verified = tokio::select! {
        verified = verify(session.tools(), &target, &look, &mut tell) => verified,
        exit = signals.wait() => {
            let failure = Failure::new(Code::Cancelled, "stopped while looking for data");
            let data = last.as_ref().map_or_else(|| json!({}), document);
            return printer.finish(Report { kind: KIND, exit, target: Some(target_shown), warnings: &session.warnings, data, failure: Some(&failure) });
        }
    };
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
    let failure = landing.reason.as_deref().map(nothing);
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

fn settings(
    session: &Session,
    args: &Verify,
) -> Result<(Access, TemplateSpec, ExternalUser), Failure> {
    let user = match &args.user {
        None => session.draft.user()?,
        Some(text) => ExternalUser::parse(text).map_err(|why| {
            Failure::new(Code::ConfigInvalid, "this external user ID cannot be used")
                .because(format!("it {why}"))
                .hint("name one external user ID")
        })?,
    };
    Ok((session.draft.access()?, session.draft.template()?, user))
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
