//! `embedctl env import`: settings taken over from a pasted block or another env file.
//!
//! Depends on `env_file`, `prompt`, `print`. What would be taken is shown before anything is
//! written, and a setting that has another value already is kept unless the caller insists.

use std::path::Path;

use serde_json::json;

use super::input::{self, Input};
use super::{outranked, verdict};
use crate::cli::{Cli, EnvImport};
use crate::commands::print::{Printer, Report, Tone};
use crate::commands::prompt;
use crate::commands::session::Environment;
use crate::commands::signals::Signals;
use crate::domain::failure::{Code, Exit, Failure};
use crate::domain::field::Key;
use crate::domain::secret::Secret;
use crate::domain::text::counted;
use crate::env_file::{Block, Edit, parse_block};

const KIND: &str = "env.import";

/// Lines and names spelled out in one sentence.
const MOST_TOLD: usize = 8;

pub(super) async fn run(
    cli: &Cli,
    args: &EnvImport,
    environment: &Environment,
    printer: &mut Printer,
) -> Exit {
    let mut signals = Signals::listen();
    let mut import = Import {
        cli,
        force: args.force,
        environment,
        printer,
    };
    tokio::select! {
        exit = import.run(args.file.as_deref()) => exit,
        exit = signals.wait() => {
            let failure = Signals::failure("nothing was written; run the same command again");
            printer.finish(Report { exit, ..Report::failed(KIND, None, &[], &failure) })
        }
    }
}

/// How a setting of the block stands to the file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// The file does not have it.
    New,
    /// The file has this very value.
    Same,
    /// The file has another value.
    Differs,
}

/// A setting of the block.
struct Found {
    key: Key,
    /// The name it has in the block.
    name: String,
    value: Secret,
    /// The value as it may be shown.
    shown: String,
    standing: Standing,
}

/// What the block holds.
struct Offer {
    found: Vec<Found>,
    /// Names that are no settings of ours.
    strangers: Vec<String>,
    /// Lines that are no settings at all.
    ignored: Vec<usize>,
}

impl Offer {
    fn of(block: &Block, edit: &Edit) -> Offer {
        let draft = edit.draft();
        let mut found: Vec<Found> = Vec::new();
        for key in Key::all() {
            let names = std::iter::once(key.variable()).chain(key.field().aliases.iter().copied());
            let given = names
                .filter_map(|name| block.settings.iter().find(|(given, _)| given == name))
                .find(|(_, value)| !value.trim().is_empty());
            let Some((name, value)) = given else {
                continue;
            };
            let value = value.trim();
            found.push(Found {
                key,
                name: name.clone(),
                shown: key.shown(value),
                standing: match draft.value(key) {
                    None => Standing::New,
                    Some(_) if draft.text(key) == value => Standing::Same,
                    Some(_) => Standing::Differs,
                },
                value: Secret::new(value),
            });
        }
        let is_ours = |name: &str| {
            Key::of_variable(name)
                .or_else(|| Key::of_alias(name))
                .is_some()
        };
        let strangers = block.settings.iter().map(|(name, _)| name);
        Offer {
            found,
            strangers: strangers.filter(|name| !is_ours(name)).cloned().collect(),
            ignored: block.ignored.clone(),
        }
    }

    fn keys(&self, standing: Standing) -> Vec<Key> {
        let found = self.found.iter().filter(|f| f.standing == standing);
        found.map(|f| f.key).collect()
    }

    fn values(&self, keys: &[Key]) -> Vec<(Key, Secret)> {
        let found = self.found.iter().filter(|f| keys.contains(&f.key));
        found.map(|f| (f.key, f.value.clone())).collect()
    }

    /// What was not understood. A name that does not look like a variable's may be half a secret,
    /// and is counted instead of told.
    fn not_understood(&self) -> Vec<String> {
        let is_variable = |name: &&String| {
            name.chars()
                .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
        };
        let (names, odd): (Vec<&String>, Vec<&String>) =
            self.strangers.iter().partition(is_variable);
        let mut told = Vec::new();
        if !names.is_empty() {
            let list: Vec<&str> = names.iter().map(|name| name.as_str()).collect();
            told.push(format!("no settings of embedctl: {}", listed(&list)));
        }
        if !odd.is_empty() {
            told.push(format!("not understood: {}", counted(odd.len(), "name")));
        }
        if !self.ignored.is_empty() {
            let lines: Vec<String> = self.ignored.iter().map(ToString::to_string).collect();
            let noun = if lines.len() == 1 { "line" } else { "lines" };
            told.push(format!("not understood: {noun} {}", listed(&lines)));
        }
        told
    }
}

fn listed<T: AsRef<str>>(words: &[T]) -> String {
    let told: Vec<&str> = words.iter().take(MOST_TOLD).map(AsRef::as_ref).collect();
    let untold = words.len() - told.len();
    if untold == 0 {
        told.join(", ")
    } else {
        format!("{} and {untold} more", told.join(", "))
    }
}

struct Import<'a> {
    cli: &'a Cli,
    force: bool,
    environment: &'a Environment,
    printer: &'a mut Printer,
}

impl Import<'_> {
    async fn run(&mut self, file: Option<&Path>) -> Exit {
        match self.try_run(file).await {
            Ok(exit) => exit,
            Err(failure) => self
                .printer
                .finish(Report::failed(KIND, None, &[], &failure)),
        }
    }

    async fn try_run(&mut self, file: Option<&Path>) -> Result<Exit, Failure> {
        let Input { name, text } = self.read(file).await?;
        let mut edit = Edit::open(&self.cli.common.env_file)?;
        let offer = Offer::of(&parse_block(&text), &edit);
        let not_understood = offer.not_understood();
        if offer.found.is_empty() {
            self.printer.warnings(&not_understood);
            return Err(
                Failure::new(Code::ConfigMissing, "no setting was recognised")
                    .because(format!(
                        "{name} holds none of embedctl's settings with a value"
                    ))
                    .hint("a setting is written NAME=value; `embedctl env show` lists the names"),
            );
        }
        let mut keys = offer.keys(Standing::New);
        let differing = offer.keys(Standing::Differs);
        if self.force {
            keys.extend(&differing);
        }
        self.show(&offer, &not_understood);
        let mut warnings = judge(edit.clone(), &offer, &keys)?;
        if !keys.is_empty() || !differing.is_empty() {
            match self.consent(&keys, &differing).await {
                Consent::Given => {}
                Consent::GivenToAll => {
                    keys.extend(differing.iter().filter(|_| !self.force));
                    warnings = judge(edit.clone(), &offer, &keys)?;
                }
                Consent::Refused(refused) => return Ok(refused),
            }
        }
        let kept: Vec<Key> = differing
            .into_iter()
            .filter(|key| !keys.contains(key))
            .collect();
        if !kept.is_empty() {
            warnings.push(format!(
                "kept as they are: {}; --force replaces them",
                names(&kept).join(", ")
            ));
        }
        edit.apply(&offer.values(&keys))?;
        warnings.extend(outranked(self.environment, &edit.draft(), &keys));
        let file = if keys.is_empty() {
            self.cli.common.env_file.display().to_string()
        } else {
            edit.save()?
        };
        self.printer.warnings(&warnings);
        warnings.splice(0..0, not_understood);
        Ok(self.tell(&keys, &kept, &file, &warnings))
    }

    async fn read(&self, file: Option<&Path>) -> Result<Input, Failure> {
        let by_hand =
            file.is_none_or(|path| path == Path::new("-")) && self.environment.terminal.stdin;
        if !by_hand {
            return input::read(file, "the block").await;
        }
        let invitation = "paste the settings (nothing is shown), then press Enter and Ctrl-D";
        let pasted = prompt::paste_unseen(invitation, input::LIMIT + 1).await;
        input::text(
            pasted.unwrap_or_default(),
            "what was pasted".to_owned(),
            "the block",
        )
    }

    fn show(&mut self, offer: &Offer, not_understood: &[String]) {
        if !self.printer.is_json() {
            for found in &offer.found {
                let (tone, word) = match found.standing {
                    Standing::New => (Tone::Good, "new"),
                    Standing::Same => (Tone::Quiet, "same"),
                    Standing::Differs => (Tone::Warn, "differs"),
                };
                let word = self.printer.tone(tone, &format!("{word:<7}"));
                let from = if found.name == found.key.variable() {
                    String::new()
                } else {
                    format!("  (from {})", found.name)
                };
                let line = format!(
                    "{word}  {:<26}  {}{from}",
                    found.key.variable(),
                    found.shown
                );
                self.printer.line(&line);
            }
        }
        self.printer.warnings(not_understood);
    }

    /// Asks for what was not confirmed by a flag.
    async fn consent(&mut self, keys: &[Key], differing: &[Key]) -> Consent {
        if self.cli.common.yes {
            return Consent::Given;
        }
        if !self.environment.is_interactive(&self.cli.common) {
            return Consent::Refused(self.printer.usage(
                "taking settings over needs a confirmation",
                "nobody is there to give it",
                "look at what is listed, then add --yes",
            ));
        }
        let file = self.cli.common.env_file.display().to_string();
        let take = format!("Write {} into {file}?", counted(keys.len(), "setting"));
        if !keys.is_empty() && !prompt::is_confirmed(&take).await {
            self.printer.aside("nothing was written");
            return Consent::Refused(Exit::Usage);
        }
        let replace = format!(
            "Replace {} as well?",
            counted(differing.len(), "differing value")
        );
        if !self.force && !differing.is_empty() && prompt::is_confirmed(&replace).await {
            return Consent::GivenToAll;
        }
        Consent::Given
    }

    fn tell(&mut self, keys: &[Key], kept: &[Key], file: &str, warnings: &[String]) -> Exit {
        if !self.printer.is_json() {
            if keys.is_empty() {
                self.printer.line("nothing to write");
            } else {
                let count = counted(keys.len(), "setting");
                let word = self.printer.tone(Tone::Good, "written");
                self.printer.line(&format!("{word}  {count} in {file}"));
            }
        }
        self.printer.finish(Report {
            kind: KIND,
            exit: Exit::Done,
            target: None,
            warnings,
            data: json!({"written": names(keys), "kept": names(kept), "file": file}),
            failure: None,
        })
    }
}

enum Consent {
    Given,
    /// To the values that differ as well.
    GivenToAll,
    Refused(Exit),
}

fn names(keys: &[Key]) -> Vec<&'static str> {
    keys.iter().map(|key| key.variable()).collect()
}

/// Judges the file as it would be with these settings.
fn judge(mut edit: Edit, offer: &Offer, keys: &[Key]) -> Result<Vec<String>, Failure> {
    let spelled = edit.apply(&offer.values(keys));
    verdict(&edit.draft(), keys, spelled)
}
