//! How other programs would read a line that we have read.
//!
//! Small models of a POSIX shell, of Node's dotenv (the package and `--env-file`) and of
//! `docker run --env-file`, exact enough to tell whether their value is ours. They name the first
//! thing that sets a reader apart, never any part of a value.
//!
//! Depends on [`super::line`].

use super::line::Setting;

/// What a reader does differently, as the end of a sentence that begins with its name.
pub(super) type Difference = &'static str;

/// How a POSIX shell that sources the file departs from us.
pub(super) fn shell(setting: &Setting) -> Option<Difference> {
    let name = setting.head.trim_start();
    if setting.key.contains('.') {
        return Some("allows no . in a name");
    }
    if !name.ends_with(&format!("{}=", setting.key)) {
        return Some("takes no blanks around =");
    }
    if setting.tail.starts_with('#') {
        return Some("takes # right after = for the value");
    }
    if blanks(&setting.tail).any(|c| c != ' ' && c != '\t') {
        return Some("keeps the unusual blank behind the value");
    }
    match shell_value(&setting.text) {
        Err(difference) => Some(difference),
        Ok(value) if value == setting.value.as_str() => None,
        Ok(_) => Some("keeps \\n as two characters"),
    }
}

/// The blanks behind a value, up to a comment. dotenvy passes over all kinds alike.
fn blanks(tail: &str) -> impl Iterator<Item = char> {
    tail.chars().take_while(|c| c.is_whitespace())
}

fn shell_value(text: &str) -> Result<String, Difference> {
    let mut value = String::new();
    let mut chars = text.chars().peekable();
    let mut quote = None;
    let mut before = '=';
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some('\''), '\'') | (Some('"'), '"') => quote = None,
            (Some('\''), c) => value.push(c),
            (_, '$') => return Err("expands $"),
            (_, '`') => return Err("runs what stands between back-ticks"),
            (Some(_), '\\') => {
                if chars.peek().is_some_and(|c| !"$`\"\\\n".contains(*c)) {
                    value.push('\\');
                }
                value.extend(chars.next().filter(|c| *c != '\n'));
            }
            (None, '\\') => value.extend(chars.next()),
            (None, '\'' | '"') => quote = Some(c),
            (None, ' ' | '\t') => return Err("takes the second word for a command"),
            (None, ';' | '&' | '|' | '<' | '>' | '(' | ')') => {
                return Err("takes ; & | < > ( ) for the end of the value");
            }
            (None, '~') if matches!(before, '=' | ':') => {
                return Err("replaces ~ by a home folder");
            }
            (_, c) => value.push(c),
        }
        before = c;
    }
    Ok(value)
}

/// How Node's dotenv departs from us.
pub(super) fn node(setting: &Setting) -> Option<Difference> {
    // The package trims every blank, `--env-file` only spaces.
    let before = setting.head.trim_start().chars();
    let mut beside = before
        .filter(|c| c.is_whitespace())
        .chain(blanks(&setting.tail));
    if beside.any(|c| c != ' ') {
        return Some("may keep the tab or unusual blank beside the value");
    }
    let text = setting.text.as_str();
    if text.starts_with('`') {
        return Some("takes back-ticks for quotes");
    }
    if text.contains('\u{feff}') {
        return Some("may drop the byte order mark in the value");
    }
    let quote = text.chars().next().filter(|c| "'\"".contains(*c));
    let inner = quote.and_then(|quote| one_quoted(text, quote));
    let (value, difference) = match (quote, inner) {
        (Some('"'), Some(inner)) => (
            inner.replace("\\n", "\n").replace("\\r", "\r"),
            "keeps the backslash of an escape",
        ),
        (_, Some(inner)) => (inner.to_owned(), "reads the quotes differently"),
        (_, None) if text.contains('#') => (
            text.split('#').next().unwrap_or_default().trim().to_owned(),
            "cuts the value at #",
        ),
        (_, None) if text.contains('\\') => (text.to_owned(), "keeps the backslash of an escape"),
        (_, None) => (text.to_owned(), "keeps quotes inside the value"),
    };
    (value != setting.value.as_str()).then_some(difference)
}

/// What is inside, if the text is one quoted piece by Node's lights, where a backslash hides a
/// quote of any kind.
fn one_quoted(text: &str, quote: char) -> Option<&str> {
    let inner = text.strip_prefix(quote)?.strip_suffix(quote)?;
    let mut before = quote;
    let whole = inner.chars().all(|c| {
        let ends = c == quote && before != '\\';
        before = c;
        !ends
    });
    whole.then_some(inner)
}

/// Whether `docker run --env-file`, which takes all that follows `=` as it stands, has our value.
pub(super) fn docker_agrees(setting: &Setting) -> bool {
    setting.head.trim_start() == format!("{}=", setting.key)
        && setting.text == setting.value
        && setting.tail.is_empty()
}
