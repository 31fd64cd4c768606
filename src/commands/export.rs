//! `embedctl export curl|node|html`: the embedding guide's files, corrected, for the reader's own app.
//!
//! Depends on `session`, `print`; `render` fills the templates, `write` puts the files in place. No
//! file holds a value of a secret: they read the reader's own settings when they run.

use std::path::Path;

use serde_json::json;

use self::render::Export as Files;
use self::write::{Planned, Standing};
use super::print::{Printer, Report, Tone, target};
use super::prompt;
use super::session::{Environment, Session};
use crate::cli::{Cli, Export, Exported};
use crate::domain::failure::{Exit, Failure};
use crate::domain::shell;
use crate::env_file::{EnvFile, NoteKind};

mod render;
mod write;

const KIND: &str = "export";

pub(super) async fn run(
    cli: &Cli,
    args: &Export,
    environment: &Environment,
    printer: &mut Printer,
) -> Exit {
    let session = match Session::open(cli, environment) {
        Ok(session) => session,
        Err(failure) => return printer.finish(Report::failed(KIND, None, &[], &failure)),
    };
    let mut job = Job {
        cli,
        environment,
        printer,
        warnings: warnings(&session, args.what),
        session: &session,
    };
    job.printer.warnings(&job.warnings);
    let files = match Files::of(&session.draft) {
        Ok(files) => files,
        Err(failure) => return job.end(&[], Some(&failure)),
    };
    if args.dir.as_os_str() == "-" {
        return job.print(&files, args.what);
    }
    match job.write(&contents(&files, args.what), &args.dir).await {
        Err(Refused::Unconfirmed) => Exit::Usage,
        Err(Refused::Failed(failure)) => job.end(&[], Some(&failure)),
        Ok(written) => {
            if !job.printer.is_json() {
                job.printer
                    .note(&next(args.what, &written, &cli.common.env_file));
            }
            job.end(&written, None)
        }
    }
}

struct Job<'a> {
    cli: &'a Cli,
    environment: &'a Environment,
    printer: &'a mut Printer,
    session: &'a Session,
    warnings: Vec<String>,
}

enum Refused {
    Unconfirmed,
    Failed(Box<Failure>),
}

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Refused {
        Refused::Failed(Box::new(failure))
    }
}

/// The files of an export, the chief one first.
fn contents(files: &Files, what: Exported) -> Vec<(&'static str, String)> {
    match what {
        Exported::Curl => vec![("airbyte-embedded.sh", files.shell())],
        Exported::Node => vec![("server.js", files.server()), ("index.html", files.page())],
        Exported::Html => vec![("index.html", files.page())],
    }
}

impl Job<'_> {
    /// Prints the chief file instead of writing any.
    fn print(&mut self, files: &Files, what: Exported) -> Exit {
        if self.printer.is_json() {
            return self.printer.usage(
                "--dir - and -o json exclude each other",
                "--dir - prints the file itself, which is not JSON",
                "leave -o json out, or name a folder",
            );
        }
        if let Some((_, text)) = contents(files, what).first() {
            self.printer.line(text.trim_end());
        }
        self.printer.end(Exit::Done)
    }

    async fn write(
        &mut self,
        contents: &[(&'static str, String)],
        folder: &Path,
    ) -> Result<Vec<Planned>, Refused> {
        let planned = contents
            .iter()
            .map(|(name, text)| write::plan(folder, name, text.clone()))
            .collect::<Result<Vec<_>, Failure>>()?;
        self.confirm(&planned).await?;
        for file in &planned {
            file.write()?;
            if !self.printer.is_json() {
                let word = match file.standing {
                    Standing::New => "written",
                    Standing::Same => "same",
                    Standing::Other => "replaced",
                };
                let word = self.printer.tone(Tone::Good, word);
                self.printer
                    .line(&format!("{word}  {}", file.path.display()));
            }
        }
        Ok(planned)
    }

    /// A file of another text may hold the reader's own work.
    async fn confirm(&mut self, planned: &[Planned]) -> Result<(), Refused> {
        let lost: Vec<String> = planned
            .iter()
            .filter(|file| file.standing == Standing::Other)
            .map(|file| file.path.display().to_string())
            .collect();
        if lost.is_empty() || self.cli.common.yes {
            return Ok(());
        }
        let lost = lost.join(" and ");
        if !self.environment.is_interactive(&self.cli.common) {
            self.printer.usage(
                &format!("replacing {lost} needs a confirmation"),
                "what is there is another text, and nobody is there to be asked",
                "--dir names another folder; --yes replaces it",
            );
            return Err(Refused::Unconfirmed);
        }
        let question = format!("Replace {lost}, where another text is?");
        if prompt::is_confirmed(&question).await {
            return Ok(());
        }
        self.printer.aside("nothing was written");
        Err(Refused::Unconfirmed)
    }

    fn end(&mut self, written: &[Planned], failure: Option<&Failure>) -> Exit {
        let files: Vec<_> = written
            .iter()
            .map(|file| json!({"path": file.path.display().to_string()}))
            .collect();
        self.printer.finish(Report {
            kind: KIND,
            exit: failure.map_or(Exit::Done, Failure::exit),
            target: Some(target(&self.session.draft, false)),
            warnings: &self.warnings,
            data: if failure.is_some() {
                json!({})
            } else {
                json!({"files": files})
            },
            failure,
        })
    }
}

/// What is to be told of the env file, which other programs are about to read.
fn warnings(session: &Session, what: Exported) -> Vec<String> {
    let mut warnings = session.warnings.clone();
    let notes = session.env_file.iter().flat_map(EnvFile::notes);
    let differs = notes.filter(|note| note.kind == NoteKind::ReadDifferently);
    if what != Exported::Html && differs.count() > 0 {
        warnings.push(
            "the env file has lines that other programs read differently: see `embedctl env check`"
                .to_owned(),
        );
    }
    warnings
}

/// What to do with the files that were written, the chief one first.
fn next(what: Exported, written: &[Planned], env_file: &Path) -> String {
    let chief = written.first().map_or(Path::new(""), |file| &file.path);
    let chief = shell::word(&chief.to_string_lossy());
    let file = shell::word(&env_file.to_string_lossy());
    match what {
        Exported::Curl if env_file.as_os_str() == Cli::ENV_FILE => {
            format!("next: sh {chief} access-token")
        }
        Exported::Curl => format!("next: ENV_FILE={file} sh {chief} access-token"),
        Exported::Node => format!("next: node --env-file={file} {chief}"),
        Exported::Html => {
            "next: serve it from the backend; `embedctl export node` writes one".to_owned()
        }
    }
}
