//! `embedctl env check` and `embedctl env show`.
//!
//! Depends on `session`, `print`, `env_file`.

use serde_json::{Value, json};

use super::print::{Printer, Report, Tone, without_userinfo};
use super::session::{Environment, Session};
use crate::cli::{Cli, Env};
use crate::domain::failure::{Code, Exit, Failure};
use crate::domain::field::Key;
use crate::domain::settings::{Draft, Finding, Source};
use crate::domain::text::counted;
use crate::env_file::{EnvFile, NoteKind};

pub(super) fn run(cli: &Cli, args: &Env, environment: &Environment, printer: &mut Printer) -> Exit {
    let kind = match args {
        Env::Check => "env.check",
        Env::Show => "env.show",
    };
    let session = match Session::open(cli, environment) {
        Ok(session) => session,
        Err(failure) => return printer.finish(Report::failed(kind, None, &[], &failure)),
    };
    let mut warnings = session.warnings.clone();
    let misread = told(session.env_file.as_ref(), NoteKind::ReadDifferently);
    let failure = match args {
        Env::Show => None,
        Env::Check => {
            warnings.extend(misread.iter().cloned());
            let docker = told(session.env_file.as_ref(), NoteKind::DockerDiffers);
            warnings.extend(docker);
            session
                .draft
                .settings()
                .err()
                .or_else(|| misread_failure(&misread))
        }
    };
    printer.warnings(&warnings);
    if !printer.is_json() {
        for (key, finding) in session.draft.findings() {
            print_setting(printer, &session.draft, key, &finding);
        }
    }
    let exit = failure.as_ref().map_or(Exit::Done, Failure::exit);
    let settings: Vec<Value> = session
        .draft
        .findings()
        .iter()
        .map(|(key, finding)| setting(&session.draft, *key, finding))
        .collect();
    printer.finish(Report {
        kind,
        exit,
        target: None,
        warnings: &warnings,
        data: json!({"settings": settings}),
        failure: failure.as_ref(),
    })
}

/// The file's notes of one kind, as warnings.
fn told(file: Option<&EnvFile>, kind: NoteKind) -> Vec<String> {
    let notes = file.into_iter().flat_map(EnvFile::notes);
    let meant = notes.filter(|note| note.kind == kind);
    meant
        .map(|note| format!("line {}: {}", note.line, note.text))
        .collect()
}

fn misread_failure(misread: &[String]) -> Option<Failure> {
    if misread.is_empty() {
        return None;
    }
    Some(
        Failure::new(
            Code::EnvFileMisread,
            format!(
                "other programs would read {} of the env file differently",
                counted(misread.len(), "line")
            ),
        )
        .because(misread.join("; "))
        .hint("save the file as UTF-8 with LF line ends, and put such a value into single quotes"),
    )
}

fn print_setting(printer: &mut Printer, draft: &Draft, key: Key, finding: &Finding) {
    let tone = match finding {
        Finding::Good => Tone::Good,
        Finding::Warning(_) => Tone::Warn,
        Finding::Missing | Finding::Invalid(_) | Finding::Unsupported(_) => Tone::Bad,
    };
    let word = printer.tone(tone, &format!("{:<7}", finding.name()));
    let source = if draft.text(key).is_empty() {
        String::new()
    } else {
        draft.source(key).to_string()
    };
    let line = format!(
        "{word}  {:<26}  {:<11}  {}",
        key.variable(),
        source,
        shown(draft, key)
    );
    printer.line(line.trim_end());
    for text in details(draft, key, finding) {
        printer.line(&format!("         {text}"));
    }
}

/// What is to be said below a setting: its finding, and what its value hides.
fn details(draft: &Draft, key: Key, finding: &Finding) -> Vec<String> {
    let mut details = Vec::new();
    if !matches!(finding, Finding::Good | Finding::Missing) {
        details.push(format!("{} {}", key.variable(), finding.detail()));
    }
    if let Some(value) = draft.value(key)
        && !value.shadows.is_empty()
    {
        let hidden: Vec<String> = value.shadows.iter().map(Source::to_string).collect();
        details.push(format!(
            "the {} hides another value in the {}",
            value.source,
            hidden.join(" and the ")
        ));
    }
    details
}

/// Returns the value as it may be shown.
fn shown(draft: &Draft, key: Key) -> String {
    let text = draft.text(key);
    if key.field().secret {
        return if text.is_empty() {
            String::new()
        } else {
            format!("•••••••• ({})", counted(text.chars().count(), "character"))
        };
    }
    without_userinfo(&text)
}

fn setting(draft: &Draft, key: Key, finding: &Finding) -> Value {
    let detail: Vec<String> = details(draft, key, finding);
    json!({
        "name": key.variable(),
        "status": finding.name(),
        "source": draft.source(key).name(),
        "value": shown(draft, key),
        "detail": if *finding == Finding::Missing { "is missing".to_owned() } else { detail.join("; ") },
    })
}
