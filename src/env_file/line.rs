//! Cuts a file into logical lines and reads the value of one of them.
//!
//! Where a line ends, what stands before its value and what stands after it is found here, so
//! that all of it can be written back untouched. What the value *is* is dotenvy's verdict, with
//! four departures, each of which would otherwise lose data:
//!
//! - `$` is literal. It is escaped before dotenvy sees it, so nothing is ever expanded.
//! - `KEY=two words` is the value `two words`, as people and Node's dotenv take it. dotenvy
//!   refuses it. Quotes and backslashes in such a line are refused, because then readers that
//!   accept the line disagree on what it says.
//! - dotenvy splits lines by one set of rules and parses them by another. Where they differ, its
//!   splitter takes an open quote for closed or a comment for a value, and runs on into the next
//!   lines: at a backslash before a closing single quote, and at an apostrophe in a comment that
//!   stands right behind `=` or behind two blanks. The parser's view holds here.
//! - A line break inside quotes is `\n`, also in a file with CRLF. dotenvy keeps the CR.
//!
//! Refused although dotenvy accepts them: a value ending in a bare backslash (dotenvy drops it, a
//! shell joins the next line, Node keeps it), and a quote that opens in the middle of a value and
//! closes on another line (`don't` and, some lines on, `can't`: the settings between would
//! vanish).
//!
//! Depends on dotenvy alone.

use std::iter::Peekable;
use std::str::CharIndices;

use zeroize::Zeroizing;

/// Why a line cannot be read. Fixed texts, so that no value can slip into one.
pub(super) type Reason = &'static str;

const NOT_A_SETTING: Reason = "it is not of the form KEY=value";
const COLON: Reason = "it is written KEY: value; write KEY=value";
const BAD_NAME: Reason =
    "the name before = may have only letters, digits and _, and must not begin with a digit";
const UNCLOSED: Reason = "a quote is opened and never closed";
const UNCLOSED_INSIDE: Reason = "a quote inside the value is not closed on the same line; put the whole value in quotes of the other kind";
const OUTSIDE_QUOTES: Reason =
    "there are blanks outside the quotes; put the whole value in one pair of quotes";
const LAST_BACKSLASH: Reason = "the value ends in a backslash; put it in single quotes";
const BAD_ESCAPE: Reason =
    "a backslash stands before a character that cannot follow one; put the value in single quotes";

/// What a shell would do with `export NAME`, in the words of a note.
pub(super) const EXPORT_ONLY: Reason =
    "not a setting: it has no value, it only marks names for export in a shell";

/// One logical line. Its parts, joined, are the bytes that were read.
#[derive(Clone)]
pub(super) enum Line {
    /// A blank line or a comment; or, with a remark, a line that sets nothing.
    Other {
        raw: Zeroizing<String>,
        remark: Option<Reason>,
    },
    /// A line that gives a key a value.
    Setting(Setting),
}

/// A setting: the value, and everything on its line that is not the value.
#[derive(Clone)]
pub(super) struct Setting {
    /// Indentation, `export`, the key, `=` and the blanks around it.
    pub(super) head: String,
    pub(super) key: String,
    /// The value as spelled, quotes included.
    pub(super) text: Zeroizing<String>,
    /// Blanks and a comment.
    pub(super) tail: String,
    /// The line break, empty on a last line that has none.
    pub(super) ending: String,
    /// The value as meant.
    pub(super) value: Zeroizing<String>,
}

impl Line {
    /// The pieces that make up the line, in order.
    pub(super) fn parts(&self) -> [&str; 4] {
        match self {
            Line::Other { raw, .. } => [raw.as_str(), "", "", ""],
            Line::Setting(setting) => [
                &setting.head,
                setting.text.as_str(),
                &setting.tail,
                &setting.ending,
            ],
        }
    }

    /// How many line breaks it has, which is how far it moves the line number.
    pub(super) fn breaks(&self) -> usize {
        self.parts()
            .iter()
            .map(|part| part.matches('\n').count())
            .sum()
    }

    pub(super) fn ends_with(&self, ending: &str) -> bool {
        match self {
            Line::Other { raw, .. } => raw.ends_with(ending),
            Line::Setting(setting) => setting.ending.ends_with(ending),
        }
    }

    pub(super) fn setting(&self) -> Option<&Setting> {
        match self {
            Line::Setting(setting) => Some(setting),
            Line::Other { .. } => None,
        }
    }

    fn other(raw: &str, remark: Option<Reason>) -> Line {
        Line::Other {
            raw: Zeroizing::new(raw.to_owned()),
            remark,
        }
    }
}

/// Reads the first logical line of `rest` and says how many bytes it takes.
///
/// A line that cannot be read takes one physical line where its end is in doubt, so that the
/// lines after it are still looked at. Carriage returns must stand before line breaks only.
pub(super) fn first(rest: &str) -> (Result<Line, Reason>, usize) {
    let physical = rest.split_inclusive('\n').next().unwrap_or_default();
    let body = physical.trim_end_matches(['\r', '\n']);
    let trimmed = body.trim_start();
    if trimmed.is_empty() || trimmed.starts_with('#') {
        return (Ok(Line::other(physical, None)), physical.len());
    }
    let Some((key, head)) = head(body) else {
        let line = if exports_names_only(trimmed) {
            Ok(Line::other(physical, Some(EXPORT_ONLY)))
        } else {
            Err(why_no_setting(trimmed))
        };
        return (line, physical.len());
    };
    let after = rest.get(head.len()..).unwrap_or_default();
    let extent = match Scan::over(after) {
        Ok(extent) => extent,
        Err(reason) => return (Err(reason), physical.len()),
    };
    let (text, after) = after.split_at_checked(extent.text).unwrap_or((after, ""));
    let line = after.split_inclusive('\n').next().unwrap_or_default();
    let tail = line.trim_end_matches(['\r', '\n']);
    let taken = head.len() + text.len() + line.len();
    let Some(value) = verdict(key, &extent.spelling) else {
        return (Err(BAD_ESCAPE), taken);
    };
    let setting = Setting {
        head: head.to_owned(),
        key: key.to_owned(),
        text: Zeroizing::new(text.to_owned()),
        tail: tail.to_owned(),
        ending: line.get(tail.len()..).unwrap_or_default().to_owned(),
        value,
    };
    (Ok(Line::Setting(setting)), taken)
}

/// Splits off a name as dotenvy knows them.
pub(super) fn name(text: &str) -> Option<(&str, &str)> {
    if !text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        return None;
    }
    let end = text
        .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.'))
        .unwrap_or(text.len());
    text.split_at_checked(end)
}

/// The key, and everything up to where its value begins.
///
/// Blanks before a comment, or before the end of the line, belong to what follows the value.
fn head(body: &str) -> Option<(&str, &str)> {
    let (mut key, mut rest) = name(body.trim_start())?;
    rest = rest.trim_start();
    if key == "export" && !rest.starts_with('=') {
        (key, rest) = name(rest)?;
        rest = rest.trim_start();
    }
    let rest = rest.strip_prefix('=')?;
    let value = rest.trim_start();
    let value = if value.is_empty() || value.starts_with('#') {
        rest
    } else {
        value
    };
    let head = body.get(..body.len().checked_sub(value.len())?)?;
    Some((key, head))
}

fn exports_names_only(trimmed: &str) -> bool {
    let statement = trimmed.split(" #").next().unwrap_or_default();
    let mut words = statement.split_whitespace();
    words.next() == Some("export")
        && words.clone().next().is_some()
        && words.all(|word| name(word).is_some_and(|(_, rest)| rest.is_empty()))
}

fn why_no_setting(trimmed: &str) -> Reason {
    let colon = name(trimmed)
        .and_then(|(_, rest)| rest.trim_start().strip_prefix(':'))
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace));
    if colon {
        COLON
    } else if trimmed.contains('=') {
        BAD_NAME
    } else {
        NOT_A_SETTING
    }
}

/// Asks dotenvy for the value. `None` is its refusal, without its text, which quotes the value.
fn verdict(key: &str, spelling: &str) -> Option<Zeroizing<String>> {
    let line = Zeroizing::new(format!("{key}={spelling}\n"));
    let mut settings = dotenvy::from_read_iter(line.as_bytes());
    let (found, value) = settings.next()?.ok()?;
    let value = Zeroizing::new(value);
    (found == key && settings.next().is_none()).then_some(value)
}

/// How far the value reaches, and the same value spelled so that dotenvy reads it as we mean it.
struct Extent {
    text: usize,
    spelling: Zeroizing<String>,
}

struct Scan<'a> {
    whole: &'a str,
    chars: Peekable<CharIndices<'a>>,
    /// Where the value ends, as far as we have come.
    end: usize,
    spelling: Zeroizing<String>,
    /// A blank stood between two characters outside quotes.
    words: bool,
    /// A quote or a backslash was seen.
    marks: bool,
}

impl<'a> Scan<'a> {
    fn over(text: &'a str) -> Result<Extent, Reason> {
        let mut scan = Scan {
            whole: text,
            chars: text.char_indices().peekable(),
            end: 0,
            spelling: Zeroizing::new(String::new()),
            words: false,
            marks: false,
        };
        if !text.starts_with('#') {
            while scan.step()? {}
        }
        Ok(Extent {
            text: scan.end,
            spelling: scan.spelling,
        })
    }

    /// Takes one piece of the value; `false` at the end of the line.
    fn step(&mut self) -> Result<bool, Reason> {
        let Some((at, c)) = self.chars.next() else {
            return Ok(false);
        };
        match c {
            '\r' | '\n' => return Ok(false),
            '\'' | '"' => self.quoted(at, c)?,
            '\\' => self.escape()?,
            '$' => self.spelling.push_str("\\$"),
            c if c.is_whitespace() => return self.blanks(at),
            c => self.spelling.push(c),
        }
        self.end = self.position();
        Ok(true)
    }

    /// Where the next character is.
    fn position(&mut self) -> usize {
        self.chars.peek().map_or(self.whole.len(), |(at, _)| *at)
    }

    /// The next character of this line that is no blank, without going there.
    fn behind_blanks(&self) -> Option<char> {
        let mut ahead = self.chars.clone().map(|(_, c)| c);
        let next = ahead.find(|c| !c.is_whitespace() || matches!(c, '\r' | '\n'))?;
        (!next.is_whitespace()).then_some(next)
    }

    /// Blanks end the value before a comment and at the end of the line, and belong to it
    /// elsewhere.
    fn blanks(&mut self, at: usize) -> Result<bool, Reason> {
        if matches!(self.behind_blanks(), None | Some('#')) {
            return Ok(false);
        }
        while self
            .chars
            .next_if(|(_, c)| c.is_whitespace() && !matches!(c, '\r' | '\n'))
            .is_some()
        {}
        self.end = self.position();
        let run = self.whole.get(at..self.end).unwrap_or_default();
        // dotenvy takes only these two for the end of a value; the rest are ordinary to it.
        if run.contains([' ', '\t']) {
            if self.marks {
                return Err(OUTSIDE_QUOTES);
            }
            self.words = true;
            self.spelling.push('"');
            self.spelling.push_str(run);
            self.spelling.push('"');
        } else {
            self.spelling.push_str(run);
        }
        Ok(true)
    }

    fn mark(&mut self) -> Result<(), Reason> {
        self.marks = true;
        if self.words {
            return Err(OUTSIDE_QUOTES);
        }
        Ok(())
    }

    fn escape(&mut self) -> Result<(), Reason> {
        self.mark()?;
        // Behind a last backslash a blank cannot be seen, and dotenvy drops both.
        if self.behind_blanks().is_none() {
            return Err(LAST_BACKSLASH);
        }
        self.spelling.push('\\');
        self.spelling.extend(self.chars.next().map(|(_, c)| c));
        Ok(())
    }

    fn quoted(&mut self, at: usize, quote: char) -> Result<(), Reason> {
        self.mark()?;
        self.spelling.push(quote);
        // dotenvy's line splitter believes in escapes inside single quotes; its parser does not.
        let mut escaped = false;
        while let Some((_, c)) = self.chars.next() {
            match c {
                '\r' => continue,
                '\n' if at > 0 => return Err(UNCLOSED_INSIDE),
                '\'' if quote == '\'' => {
                    self.close_single(escaped);
                    return Ok(());
                }
                '"' if quote == '"' && !escaped => {
                    self.spelling.push('"');
                    return Ok(());
                }
                '$' if quote == '"' && !escaped => self.spelling.push_str("\\$"),
                c => self.spelling.push(c),
            }
            escaped = c == '\\' && !escaped;
        }
        Err(if at > 0 { UNCLOSED_INSIDE } else { UNCLOSED })
    }

    /// Moves a backslash that would hide the closing quote from dotenvy out of the quotes.
    fn close_single(&mut self, escaped: bool) {
        if escaped {
            self.spelling.pop();
            self.spelling.push_str("'\\\\");
        } else {
            self.spelling.push('\'');
        }
    }
}
