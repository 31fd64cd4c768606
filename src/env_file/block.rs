//! Settings out of a block of text that somebody pasted or piped in.
//!
//! More lenient than a file, because there is nothing to write back and a person is looking:
//! `KEY: value` counts, and a value that the grammar of files refuses is taken as it stands.
//!
//! Depends on [`super::line`] and on `domain::text`.

use std::collections::HashMap;
use std::fmt;

use zeroize::Zeroizing;

use super::line::{self, Line};
use crate::domain::text::with_line_feeds;

/// What a pasted block holds.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Block {
    /// Key and value in the order of the text; of equal keys the last, in the place of the first.
    pub settings: Vec<(String, Zeroizing<String>)>,
    /// The numbers, from 1, of lines that are neither settings, comments nor blank.
    pub ignored: Vec<usize>,
}

impl fmt::Debug for Block {
    /// Keys only: a pasted value is likely a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys: Vec<&str> = self.settings.iter().map(|(key, _)| key.as_str()).collect();
        f.debug_struct("Block")
            .field("keys", &keys)
            .field("ignored", &self.ignored)
            .finish()
    }
}

/// Finds the settings in `text` and the lines that are none. Never fails.
///
/// Reads `KEY=value`, `export KEY=value` and `KEY: value`, with or without quotes, with comments
/// and any line break. A carriage return counts as a line break, since terminals paste it as one.
pub fn parse_block(text: &str) -> Block {
    let text = with_line_feeds(text);
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut block = Block::default();
    let mut places = HashMap::new();
    let mut add = |key: &str, value: &str| {
        let place = *places.entry(key.to_owned()).or_insert(block.settings.len());
        let value = Zeroizing::new(value.to_owned());
        match block.settings.get_mut(place) {
            Some((_, old)) => *old = value,
            None => block.settings.push((key.to_owned(), value)),
        }
    };
    let mut number = 1;
    while !rest.is_empty() {
        let (line, taken) = line::first(rest);
        let (raw, after) = rest.split_at_checked(taken).unwrap_or((rest, ""));
        match line {
            Ok(Line::Setting(setting)) => add(&setting.key, &setting.value),
            Ok(Line::Other { remark: None, .. }) => {}
            Ok(Line::Other { .. }) => block.ignored.push(number),
            Err(_) => match loose(raw) {
                Some((key, value)) => add(key, value),
                None => block.ignored.push(number),
            },
        }
        number += raw.matches('\n').count();
        rest = after;
    }
    block
}

/// A setting taken as it stands, without escapes.
fn loose(raw: &str) -> Option<(&str, &str)> {
    let line = raw.trim();
    let line = line
        .strip_prefix("export")
        .filter(|rest| rest.starts_with(char::is_whitespace))
        .map_or(line, str::trim_start);
    let (key, rest) = line::name(line)?;
    let rest = rest.trim_start();
    let value = match rest.strip_prefix('=') {
        Some(value) => unquoted(value.trim_start()),
        None => colon_value(rest)?,
    };
    Some((key, value))
}

/// The value of `KEY: value`. A key with nothing behind it, or with the mark of a block, is the
/// head of a YAML mapping and not a setting.
fn colon_value(rest: &str) -> Option<&str> {
    let value = rest.strip_prefix(':')?;
    if !value.starts_with(char::is_whitespace) {
        return None;
    }
    let value = unquoted(value.trim_start());
    let heads_a_block = value.is_empty() || matches!(value, "|" | ">" | "|-" | ">-");
    (!heads_a_block).then_some(value)
}

fn unquoted(value: &str) -> &str {
    for quote in ['\'', '"'] {
        if let Some(inner) = value.strip_prefix(quote)
            && let Some((inner, after)) = inner.split_once(quote)
            && (after.trim().is_empty() || after.trim_start().starts_with('#'))
        {
            return inner;
        }
    }
    if value.starts_with('#') {
        return "";
    }
    let comment = value.match_indices('#').find(|(at, _)| {
        value
            .get(..*at)
            .is_some_and(|before| before.ends_with([' ', '\t']))
    });
    let end = comment.map_or(value.len(), |(at, _)| at);
    value.get(..end).unwrap_or(value).trim_end()
}
