//! `embedctl env check|show`, and what `set` and `import` share.
//!
//! Depends on `session`, `print`, `env_file`.

mod import;
mod input;
mod set;

use serde_json::{Value, json};

use super::print::{Printer, Report, Tone};
use super::session::{Environment, Session};
use crate::cli::{Cli, Env};
use crate::domain::failure::{Code, Exit, Failure};
use crate::domain::field::Key;
use crate::domain::settings::{Draft, Finding, Source};
use crate::domain::text::counted;
use crate::env_file::{EnvFile, NoteKind};

pub(super) async fn run(
    cli: &Cli,
    args: &Env,
    environment: &Environment,
    printer: &mut Printer,
) -> Exit {
    match args {
        Env::Check => look(cli, true, environment, printer),
        Env::Show => look(cli, false, environment, printer),
        Env::Set(args) => set::run(cli, args, environment, printer).await,
        Env::Import(args) => import::run(cli, args, environment, printer).await,
    }
}

/// Shows every setting; `check` also judges them, and the file that they stand in.
fn look(cli: &Cli, check: bool, environment: &Environment, printer: &mut Printer) -> Exit {
    let kind = if check { "env.check" } else { "env.show" };
    let session = match Session::open(cli, environment) {
        Ok(session) => session,
        Err(failure) => return printer.finish(Report::failed(kind, None, &[], &failure)),
    };
    let mut warnings = session.warnings.clone();
    let misread = told(session.env_file.as_ref(), NoteKind::ReadDifferently);
    let failure = if check {
        warnings.extend(misread.iter().cloned());
        let docker = told(session.env_file.as_ref(), NoteKind::DockerDiffers);
        warnings.extend(docker);
        let settings = session.draft.settings().err();
        settings.or_else(|| misread_failure(&misread))
    } else {
        None
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
        .hint("write NAME=value without blanks around =, quoted as said above, and save the file as UTF-8 with LF line ends"),
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
        draft.shown(key)
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

/// Judges settings that are about to be written, all at once; `spelled` tells whether a file can
/// hold them. Returns what is to be told of those that will do.
fn verdict(
    draft: &Draft,
    keys: &[Key],
    spelled: Result<(), Failure>,
) -> Result<Vec<String>, Failure> {
    let judged = draft.require(keys).map_err(|failure| {
        failure.hint("nothing was written; correct these and run the same command again")
    });
    match (judged, spelled) {
        (Ok(()), Ok(())) => {}
        (Err(failure), Ok(())) | (Ok(()), Err(failure)) => return Err(failure),
        (Err(judged), Err(spelled)) => {
            let both = [judged.because.clone(), spelled.because].map(Option::unwrap_or_default);
            return Err(Failure {
                message: "several settings need attention".to_owned(),
                ..judged.because(both.join("; "))
            });
        }
    }
    let warnings = keys.iter().filter_map(|key| match draft.finding(*key) {
        Finding::Warning(text) => Some(format!("{} {text}", key.variable())),
        Finding::Good | Finding::Missing | Finding::Invalid(_) | Finding::Unsupported(_) => None,
    });
    Ok(warnings.collect())
}

/// What was written and will not hold, since the process environment says otherwise.
fn outranked(environment: &Environment, draft: &Draft, keys: &[Key]) -> Vec<String> {
    let outranked = keys.iter().filter(|key| {
        let other = environment.get(key.variable()).map(str::trim);
        other.is_some_and(|other| !other.is_empty() && other != draft.text(**key))
    });
    outranked
        .map(|key| {
            format!(
                "the process environment has another value for {}, which outranks the file",
                key.variable()
            )
        })
        .collect()
}

fn setting(draft: &Draft, key: Key, finding: &Finding) -> Value {
    let detail: Vec<String> = details(draft, key, finding);
    json!({
        "name": key.variable(),
        "status": finding.name(),
        "source": draft.source(key).name(),
        "value": draft.shown(key),
        "detail": if *finding == Finding::Missing { "is missing".to_owned() } else { detail.join("; ") },
    })
}
