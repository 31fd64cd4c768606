//! Spells a value so that dotenvy, Node's dotenv and a POSIX shell all read it back alike.
//!
//! The three have no escape in common, so a value is written bare, in single quotes or in double
//! quotes, and always literally. What fits none of these is refused rather than written in a way
//! that one of them would misread.
//!
//! Depends on nothing.

/// The quotes an existing line has, which a new value keeps if it can.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Style {
    Single,
    Double,
    /// None, or a mixture not worth keeping.
    Free,
}

impl Style {
    pub(super) fn of(text: &str) -> Style {
        let inside = |quote: char| {
            text.strip_prefix(quote)
                .and_then(|rest| rest.strip_suffix(quote))
                .is_some_and(|inner| !inner.contains(quote))
        };
        if inside('\'') {
            Style::Single
        } else if inside('"') {
            Style::Double
        } else {
            Style::Free
        }
    }
}

/// The spelling of `value`, or why it has none.
pub(super) fn spell(value: &str, style: Style) -> Result<String, &'static str> {
    if value.contains(['\n', '\r']) {
        return Err(
            "it has a line break, which env files carry only in spellings that readers disagree on",
        );
    }
    if value.contains(char::is_control) {
        return Err("it has a control character");
    }
    let single = fits_single(value).then(|| format!("'{value}'"));
    let double = fits_double(value).then(|| format!("\"{value}\""));
    let bare = is_plain(value).then(|| value.to_owned());
    let spelling = match style {
        Style::Single => single.or(bare).or(double),
        Style::Double => double.or(bare).or(single),
        Style::Free => bare.or(single).or(double),
    };
    spelling.ok_or(if value.contains('\'') {
        "it has a single quote together with $, \", \\ or a back-tick, which readers of env files disagree on"
    } else {
        "it ends in a backslash, which readers of env files disagree on"
    })
}

fn is_plain(value: &str) -> bool {
    !value.is_empty()
        && value
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_./:@%+,=-".contains(c))
}

/// A closing quote behind an odd run of backslashes looks escaped to dotenvy's line splitter and
/// to the pattern Node's dotenv uses.
fn fits_single(value: &str) -> bool {
    let backslashes = value.chars().rev().take_while(|c| *c == '\\').count();
    !value.contains('\'') && backslashes.is_multiple_of(2)
}

fn fits_double(value: &str) -> bool {
    !value.contains(['$', '"', '\\', '`'])
}
