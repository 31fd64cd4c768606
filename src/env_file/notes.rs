//! What is worth telling about a file that can be read.
//!
//! Depends on [`super::readers`] for how other programs take a line.

use std::collections::HashMap;

use super::line::Line;
use super::{EnvFile, Setting, quote, quote::Style, readers};

/// Line numbers spelled out in one note.
const MOST_LISTED: usize = 12;

/// Something worth telling about a line. The text never quotes a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The number of the line, from 1; of a note on the whole file, the first line it is about.
    pub line: usize,
    /// The key it is about, if it is about one.
    pub key: Option<String>,
    /// What kind of thing it is.
    pub kind: NoteKind,
    /// What to tell, as one sentence without a final stop.
    pub text: String,
}

/// The kinds of [`Note`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NoteKind {
    /// A key is given more than once; the last line counts.
    Duplicate,
    /// A line sets nothing, or looks like a setting but lies inside the quotes of another.
    NotASetting,
    /// Another program that reads env files would find another value.
    ReadDifferently,
    /// `docker run --env-file`, which knows no quotes, would find another value. Quotes that all
    /// others need are thereby no mistake.
    DockerDiffers,
}

/// All notes, in the order of the lines.
pub(super) fn of(file: &EnvFile) -> Vec<Note> {
    let mut notes = duplicates(file);
    notes.extend(not_settings(file));
    notes.extend(
        file.winners()
            .filter_map(|(line, setting)| differs(line, setting)),
    );
    notes.extend(whole_file(file));
    notes.sort_by_key(|note| note.line);
    notes
}

fn duplicates(file: &EnvFile) -> Vec<Note> {
    let mut lines: HashMap<&str, Vec<usize>> = HashMap::new();
    for (number, setting) in file.settings() {
        lines.entry(&setting.key).or_default().push(number);
    }
    let several = lines.into_iter().filter(|(_, numbers)| numbers.len() > 1);
    several
        .filter_map(|(key, numbers)| {
            let last = *numbers.last()?;
            Some(Note {
                line: last,
                key: Some(key.to_owned()),
                kind: NoteKind::Duplicate,
                text: format!(
                    "{key} is given on lines {}; the last one, line {last}, counts",
                    listed(&numbers)
                ),
            })
        })
        .collect()
}

fn not_settings(file: &EnvFile) -> Vec<Note> {
    let mut notes = Vec::new();
    for (number, line) in file.numbered() {
        let remark = match line {
            Line::Other { remark, .. } => remark.map(|remark| (number, None, remark.to_owned())),
            Line::Setting(setting) => swallowed(setting).map(|offset| {
                let text = format!(
                    "looks like a setting, but lies inside the quotes that open on line {number}"
                );
                (number + offset, Some(setting.key.clone()), text)
            }),
        };
        notes.extend(remark.map(|(line, key, text)| Note {
            line,
            key,
            kind: NoteKind::NotASetting,
            text,
        }));
    }
    notes
}

/// How many lines into a quoted value the first line is that looks like a setting.
fn swallowed(setting: &Setting) -> Option<usize> {
    setting
        .text
        .split('\n')
        .skip(1)
        .position(|line| {
            super::line::name(line.trim_start())
                .is_some_and(|(_, rest)| rest.trim_start().starts_with('='))
        })
        .map(|position| position + 1)
}

fn differs(line: usize, setting: &Setting) -> Option<Note> {
    let shell = readers::shell(setting).map(|what| format!("a shell {what}"));
    let node = readers::node(setting).map(|what| format!("Node's dotenv {what}"));
    let readers: Vec<String> = shell.into_iter().chain(node).collect();
    if readers.is_empty() {
        return None;
    }
    Some(Note {
        line,
        key: Some(setting.key.clone()),
        kind: NoteKind::ReadDifferently,
        text: format!(
            "{} is read differently elsewhere: {}{}",
            setting.key,
            readers.join(", "),
            remedy(setting)
        ),
    })
}

/// The quotes that would end the disagreement, where the value is what causes it.
fn remedy(setting: &Setting) -> &'static str {
    match quote::spell(&setting.value, Style::Free) {
        Ok(spelling) if spelling == *setting.text => "",
        Ok(spelling) if spelling.starts_with('\'') => "; single quotes avoid that",
        Ok(spelling) if spelling.starts_with('"') => "; double quotes avoid that",
        Ok(_) => "; written without quotes it is the same to all",
        Err(_) => "",
    }
}

/// One note for what concerns many lines alike.
fn whole_file(file: &EnvFile) -> Vec<Note> {
    let note = |line, text| Note {
        line,
        key: None,
        kind: NoteKind::ReadDifferently,
        text,
    };
    let mut notes = Vec::new();
    if file.byte_order_mark {
        notes.push(note(
            1,
            "the file begins with a byte order mark, which a shell takes for part of line 1"
                .to_owned(),
        ));
    }
    let carriage_return = file
        .settings()
        .find(|(_, setting)| setting.ending.contains('\r') || setting.text.contains('\r'));
    if let Some((line, _)) = carriage_return {
        notes.push(note(
            line,
            "lines end in CRLF, and a shell keeps the CR as part of each value".to_owned(),
        ));
    }
    let docker: Vec<usize> = file
        .winners()
        .filter(|(_, setting)| !readers::docker_agrees(setting))
        .map(|(number, _)| number)
        .collect();
    if let Some(first) = docker.first() {
        let lines = if docker.len() == 1 { "line" } else { "lines" };
        let text = format!(
            "docker run --env-file takes everything around = as it stands, quotes, blanks and comments too, and so reads {lines} {} differently",
            listed(&docker)
        );
        notes.push(Note {
            kind: NoteKind::DockerDiffers,
            ..note(*first, text)
        });
    }
    notes
}

/// `3`, `3 and 7`, `3, 7 and 9`; of very many the first few.
fn listed(numbers: &[usize]) -> String {
    let words: Vec<String> = numbers
        .iter()
        .take(MOST_LISTED)
        .map(usize::to_string)
        .collect();
    let untold = numbers.len().saturating_sub(MOST_LISTED);
    match words.split_last() {
        Some(_) if untold > 0 => format!("{} and {untold} more", words.join(", ")),
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => String::new(),
    }
}
