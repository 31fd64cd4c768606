//! A pasted block of settings: `KEY=value`, `export KEY=value` and `KEY: value` lines.
//!
//! Depends on nothing of ours. Lenient on purpose: what people paste comes from chats, wikis and
//! shells; what is taken is shown before it counts.

use std::fmt;

/// What a block holds.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Block {
    /// The settings, in order; of equal names the last stands once, at the first one's place.
    pub settings: Vec<(String, String)>,
    /// How many lines were neither a setting, nor blank, nor a comment.
    pub ignored: usize,
}

impl fmt::Debug for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&String> = self.settings.iter().map(|(name, _)| name).collect();
        f.debug_struct("Block")
            .field("settings", &names)
            .field("ignored", &self.ignored)
            .finish()
    }
}

/// Reads a block.
pub fn parse(text: &str) -> Block {
    let mut block = Block::default();
    for line in text.trim_start_matches('\u{feff}').lines() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') || line.starts_with("```") {
            continue;
        }
        match setting(line) {
            Some((name, value)) => match block.settings.iter_mut().find(|(n, _)| *n == name) {
                Some(old) => old.1 = value,
                None => block.settings.push((name, value)),
            },
            None => block.ignored += 1,
        }
    }
    block
}

fn setting(line: &str) -> Option<(String, String)> {
    let line = line.strip_prefix("$ ").unwrap_or(line);
    let line = line.strip_prefix("export ").unwrap_or(line).trim_start();
    let (name, value) = match (line.split_once('='), line.split_once(':')) {
        (Some((name, value)), _) if is_name(name) => (name, value),
        (_, Some((name, value))) if is_name(name) => (name, value),
        _ => return None,
    };
    let name = name.trim().trim_matches(['"', '\'']);
    Some((name.to_owned(), unquoted(value.trim())))
}

/// Capitals alone: a line of prose with a colon in it is no setting.
fn is_name(name: &str) -> bool {
    let name = name.trim().trim_matches(['"', '\'']);
    name.starts_with(|c: char| c.is_ascii_uppercase() || c == '_')
        && name
            .chars()
            .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

fn unquoted(value: &str) -> String {
    for quote in ['"', '\''] {
        if let Some(rest) = value.strip_prefix(quote)
            && let Some((inner, after)) = split_at_closing(rest, quote)
            && is_trailer(after)
        {
            return inner;
        }
    }
    let bare = value.split_once(" #").map_or(value, |(bare, _)| bare);
    bare.trim().trim_end_matches([';', ',']).to_owned()
}

/// What may follow a closing quote: nothing, a comma or semicolon, a comment.
fn is_trailer(after: &str) -> bool {
    let after = after.trim_start_matches([';', ',']).trim();
    after.is_empty() || after.starts_with('#')
}

fn split_at_closing(rest: &str, quote: char) -> Option<(String, &str)> {
    let mut inner = String::new();
    let mut chars = rest.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' if quote == '"' => match chars.next()? {
                'n' => inner.push('\n'),
                escaped @ ('"' | '\\' | '$' | '`') => inner.push(escaped),
                other => inner.extend(['\\', other]),
            },
            c if c == quote => return Some((inner, chars.as_str())),
            c => inner.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> Vec<(String, String)> {
        parse(text).settings
    }

    #[test]
    fn the_usual_spellings_are_read() {
        let cases = [
            ("A=1", "1"),
            ("export A=1", "1"),
            ("$ export A=1;", "1"),
            ("A: 1", "1"),
            ("A = \"a b\" # why", "a b"),
            ("A='x#y'", "x#y"),
            ("A=a#b # comment", "a#b"),
            ("A=\"say \\\"hi\\\"\"", "say \"hi\""),
            ("A=http://h:1/x", "http://h:1/x"),
            ("A: http://h:1/x?a=b", "http://h:1/x?a=b"),
            ("A=", ""),
            ("A=s3cr=t/+", "s3cr=t/+"),
        ];
        for (line, value) in cases {
            assert_eq!(pairs(line), [("A".to_owned(), value.to_owned())], "{line}");
        }
    }

    #[test]
    fn what_is_no_setting_is_counted() {
        let block = parse("\u{feff}# note\n\nHello: there\nA=1\nnonsense\nA=2\n```\n");
        assert_eq!(block.settings, [("A".to_owned(), "2".to_owned())]);
        assert_eq!(block.ignored, 2);
    }

    #[test]
    fn debug_shows_names_alone() {
        assert!(!format!("{:?}", parse("A=canary")).contains("canary"));
    }
}
