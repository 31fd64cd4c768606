//! `embedctl env set`: settings written into the env file, their values never by argument.
//!
//! Depends on `env_file`, `prompt`, `print`.

use std::path::Path;

use serde_json::json;

use super::input::{self, Input};
use super::{outranked, verdict};
use crate::cli::{Cli, EnvSet};
use crate::commands::print::{Printer, Report, Tone};
use crate::commands::prompt;
use crate::commands::session::Environment;
use crate::commands::signals::Signals;
use crate::domain::failure::{Code, Exit, Failure};
use crate::domain::field::{FIELDS, Key};
use crate::domain::secret::Secret;
use crate::domain::text::{counted, sanitize};
use crate::env_file::Edit;

const KIND: &str = "env.set";

pub(super) async fn run(
    cli: &Cli,
    args: &EnvSet,
    environment: &Environment,
    printer: &mut Printer,
) -> Exit {
    let keys = match keys(&args.names) {
        Ok(keys) => keys,
        Err(wrong) => return printer.usage(&wrong.what, wrong.because, &wrong.hint),
    };
    let asks = !args.remove && args.from.is_none() && environment.terminal.stdin;
    if asks && !environment.is_interactive(&cli.common) {
        return printer.usage(
            &format!("{} needs a value", args.names.join(", ")),
            "nobody is there to be asked for it",
            "pipe it in, or name a file with --from",
        );
    }
    let mut signals = Signals::listen();
    let values = async {
        if args.remove {
            Ok(keys.iter().map(|key| (*key, Secret::default())).collect())
        } else if asks {
            asked(&keys).await
        } else {
            read(&keys, args.from.as_deref()).await
        }
    };
    let done = tokio::select! {
        values = values => values.and_then(|values| write(cli, environment, args.remove, &values)),
        exit = signals.wait() => {
            let failure = Signals::failure("nothing was written; run the same command again");
            return printer.finish(Report { exit, ..Report::failed(KIND, None, &[], &failure) });
        }
    };
    match done {
        Err(failure) => printer.finish(Report::failed(KIND, None, &[], &failure)),
        Ok(done) => done.tell(args.remove, printer),
    }
}

/// What is wrong with a name. It is not repeated: it may be a value.
struct Wrong {
    what: String,
    because: &'static str,
    hint: String,
}

/// The settings that are named, each once, by their own names or by a sample app's.
fn keys(names: &[String]) -> Result<Vec<Key>, Wrong> {
    let mut keys = Vec::new();
    for (name, number) in names.iter().zip(1..) {
        let key = key(name, number)?;
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    Ok(keys)
}

fn key(name: &str, number: usize) -> Result<Key, Wrong> {
    if let Some(key) = Key::of_variable(name).or_else(|| Key::of_alias(name)) {
        return Ok(key);
    }
    if let Some((name, _value)) = name.split_once('=') {
        let named = Key::of_variable(name).map_or("NAME", Key::variable);
        return Err(Wrong {
            what: format!("argument {number} holds a value"),
            because: "other programs of this machine can read arguments, and the shell keeps them",
            hint: format!("`embedctl env set {named}` asks for it, and --from FILE reads it"),
        });
    }
    let near = FIELDS
        .iter()
        .map(|field| (strsim::jaro_winkler(name, field.variable), field.variable))
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .filter(|(likeness, _)| *likeness > 0.85);
    Err(Wrong {
        what: format!("argument {number} is not the name of a setting"),
        because: "only the settings of embedctl are written",
        hint: match near {
            Some((_, variable)) => format!("did you mean {variable}?"),
            None => "`embedctl env show` lists them".to_owned(),
        },
    })
}

async fn asked(keys: &[Key]) -> Result<Vec<(Key, Secret)>, Failure> {
    let mut values = Vec::new();
    for key in keys {
        let question = format!("{}: ", key.variable());
        let value = if key.field().secret {
            prompt::ask_unseen(&question).await
        } else {
            prompt::ask(&question).await.map(Secret::new)
        };
        values.push((*key, value.unwrap_or_default()));
    }
    none_is_empty(values)
}

/// The values of a file or of standard input: of one setting the whole text, of several a line each.
async fn read(keys: &[Key], from: Option<&Path>) -> Result<Vec<(Key, Secret)>, Failure> {
    let Input { name, text } = input::read(from, "the value").await?;
    let text = text.strip_suffix('\n').unwrap_or(&text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    if let [key] = keys {
        return none_is_empty(vec![(*key, Secret::new(text))]);
    }
    let lines: Vec<&str> = text.lines().collect();
    if lines.len() != keys.len() {
        return Err(Failure::new(
            Code::ConfigInvalid,
            format!(
                "{} cannot be taken from {}",
                counted(keys.len(), "value"),
                counted(lines.len(), "line")
            ),
        )
        .because(format!(
            "{name} must hold one line for each setting that is named"
        ))
        .hint("write the values in the order of the names; nothing was written"));
    }
    let values = keys.iter().copied().zip(lines.into_iter().map(Secret::new));
    none_is_empty(values.collect())
}

/// An empty value is more likely a command that failed than a wish.
fn none_is_empty(values: Vec<(Key, Secret)>) -> Result<Vec<(Key, Secret)>, Failure> {
    let empty: Vec<&str> = values
        .iter()
        .filter(|(_, value)| value.is_blank())
        .map(|(key, _)| key.variable())
        .collect();
    if empty.is_empty() {
        return Ok(values);
    }
    Err(Failure::new(
        Code::ConfigMissing,
        format!("no value came for {}", empty.join(", ")),
    )
    .because("what came is empty")
    .hint("give a value, or take the setting out of the file with --remove; nothing was written"))
}

/// What was written.
struct Done {
    file: String,
    /// Each setting, with its value as it may be shown.
    settings: Vec<(Key, String)>,
    warnings: Vec<String>,
}

fn write(
    cli: &Cli,
    environment: &Environment,
    remove: bool,
    values: &[(Key, Secret)],
) -> Result<Done, Failure> {
    let mut keys: Vec<Key> = values.iter().map(|(key, _)| *key).collect();
    let mut edit = Edit::open(&cli.common.env_file)?;
    let mut warnings = Vec::new();
    let file = sanitize(&cli.common.env_file.display().to_string());
    if remove {
        let absent = |key: &Key| edit.get(key.variable()).is_none();
        let absent = keys.extract_if(.., |key| absent(key));
        warnings.extend(absent.map(|key| format!("{} is not in {file}", key.variable())));
    }
    let spelled = edit.apply(values);
    let draft = edit.draft();
    if remove {
        warnings.extend(values.iter().filter_map(|(key, _)| {
            let alias = draft.value(*key)?.alias?;
            Some(format!(
                "{} is still read from {alias}, a sample app's name for it",
                key.variable()
            ))
        }));
    } else {
        warnings.extend(verdict(&draft, &keys, spelled)?);
    }
    warnings.extend(outranked(environment, &draft, &keys));
    let settings = keys.iter().map(|key| (*key, draft.shown(*key)));
    Ok(Done {
        settings: settings.collect(),
        warnings,
        // A file that nothing is taken out of stays as it is, or stays absent.
        file: if keys.is_empty() { file } else { edit.save()? },
    })
}

impl Done {
    fn tell(&self, removed: bool, printer: &mut Printer) -> Exit {
        printer.warnings(&self.warnings);
        if !printer.is_json() {
            for (key, shown) in &self.settings {
                let line = if removed {
                    format!(
                        "{}  {}",
                        printer.tone(Tone::Good, "removed"),
                        key.variable()
                    )
                } else {
                    let word = printer.tone(Tone::Good, "written");
                    format!("{word}  {:<26}  {shown}", key.variable())
                };
                printer.line(line.trim_end());
            }
            if !self.settings.is_empty() {
                printer.note(&format!("in {}", self.file));
            }
        }
        let written: Vec<&str> = self
            .settings
            .iter()
            .map(|(key, _)| key.variable())
            .collect();
        printer.finish(Report {
            kind: KIND,
            exit: Exit::Done,
            target: None,
            warnings: &self.warnings,
            data: json!({"written": written, "file": self.file}),
            failure: None,
        })
    }
}
