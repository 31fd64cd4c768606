//! Text that came from outside, made safe to show; and text of ours, made short.
//!
//! Depends on zeroize, and on nothing of ours.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};
use zeroize::Zeroizing;

/// The longest piece of a server's text that is kept, in characters.
pub const SERVER_TEXT_LIMIT: usize = 600;

/// Returns true for a character that steers a terminal or reorders a line instead of showing
/// something: C0 and C1 controls, DEL, and the Unicode bidirectional and invisible formatting marks.
pub fn is_steering(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{061C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}'
            | '\u{E0000}'..='\u{E007F}')
}

/// Makes a server's text fit to keep: steering characters become spaces, runs of white space one
/// space, and the length is capped at [`SERVER_TEXT_LIMIT`].
pub fn sanitize(text: &str) -> String {
    if is_plain(text) {
        return text.to_owned();
    }
    let mut clean = String::new();
    let mut kept = 0;
    for c in text.chars() {
        if is_steering(c) || c.is_whitespace() {
            if !clean.is_empty() && !clean.ends_with(' ') {
                clean.push(' ');
                kept += 1;
            }
        } else {
            clean.push(c);
            kept += 1;
        }
        if kept >= SERVER_TEXT_LIMIT {
            clean.push('…');
            break;
        }
    }
    clean.trim_end().to_owned()
}

/// Takes the steering characters out of a text that is compared: blanks and length stay as they are.
pub fn without_steering(text: &str) -> String {
    text.chars().filter(|c| !is_steering(*c)).collect()
}

/// Sanitizes a text where it stands.
pub fn sanitize_in_place(text: &mut String) {
    if !is_plain(text) {
        *text = sanitize(text);
    }
}

/// Returns true for a text that [`sanitize`] would leave as it is, as most texts are.
pub fn is_plain(text: &str) -> bool {
    text.len() < SERVER_TEXT_LIMIT && text.bytes().all(|b| b.is_ascii_graphic())
}

/// Makes steering characters of a customer's data visible, so that a row shows what it holds:
/// controls as their pictures, the rest as `�`.
pub fn visible(text: &str) -> String {
    text.chars().map(visible_char).collect()
}

/// Makes one character visible, as [`visible`] does.
pub fn visible_char(c: char) -> char {
    match c {
        '\u{0}'..='\u{1f}' => char::from_u32(0x2400 + u32::from(c)).unwrap_or('�'),
        '\u{7f}' => '␡',
        c if is_steering(c) => '�',
        c => c,
    }
}

/// Makes every line break of a pasted text a line feed: terminals paste a carriage return for it. The
/// text may hold secrets, so no copy of it is left behind.
pub fn with_line_feeds(text: &str) -> Zeroizing<String> {
    let text = Zeroizing::new(text.replace("\r\n", "\n"));
    Zeroizing::new(text.replace('\r', "\n"))
}

/// Cuts a text to a number of columns, marking the cut with `…`.
pub fn fit(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let mut used = 0;
    let mut out = String::new();
    for c in text.chars() {
        let w = c.width().unwrap_or(0);
        if used + w + 1 > columns {
            break;
        }
        used += w;
        out.push(c);
    }
    if columns > 0 {
        out.push('…');
    }
    out
}

/// Cuts a text out of its middle to a number of columns, marking the cut with `…`.
pub fn fit_ends(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let Some(room) = columns.checked_sub(1) else {
        return String::new();
    };
    let head: String = within(text.chars(), room / 2).into_iter().collect();
    let tail = within(text.chars().rev(), room - head.width());
    let tail: String = tail.into_iter().rev().collect();
    format!("{head}…{tail}")
}

fn within(chars: impl Iterator<Item = char>, columns: usize) -> Vec<char> {
    let mut left = columns;
    let fits = |c: &char| {
        let rest = left.checked_sub(c.width().unwrap_or(0));
        left = rest.unwrap_or(left);
        rest.is_some()
    };
    chars.take_while(fits).collect()
}

/// Writes a number with its thousands grouped: `12,345`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// Writes a count with its noun: `1 setting`, `2 settings`.
pub fn counted(number: usize, one: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{} {one}{s}", grouped(number as u64))
}

/// Returns the system's reason in its own words: without the number that only programmers want, and
/// without the name of a temporary file that nobody gave.
pub fn reason(error: &impl std::fmt::Display) -> String {
    let text = error.to_string();
    let words = text.split_once(" (os error").map(|(words, _)| words);
    sanitize(words.unwrap_or(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn a_plain_text_is_one_that_nothing_is_done_to(text in "[!-~]{0,590}") {
            proptest::prop_assert!(is_plain(&text));
            // What follows it is not plain, so that it is gone through character by character.
            let longer = format!("{text} é");
            proptest::prop_assert_eq!(sanitize(&longer), longer.trim_start());
        }
    }

    #[test]
    fn a_name_keeps_both_its_ends() {
        let cases = [
            ("customer-00000123", 17, "customer-00000123"),
            ("customer-00000123", 10, "cust…00123"),
            ("日本語の会社", 8, "日…会社"),
            ("ab", 1, "…"),
            ("ab", 0, ""),
        ];
        for (text, columns, cut) in cases {
            assert_eq!(fit_ends(text, columns), cut, "{text} in {columns}");
        }
    }

    #[test]
    fn escapes_and_bidi_marks_do_not_survive() {
        let hostile = "a\x1b]52;c;eHh4\x07b\rc\u{9b}2Jd\u{202e}e\u{2066}f\0g\u{7f}";
        let clean = sanitize(hostile);
        assert!(!clean.chars().any(is_steering), "{clean:?}");
        assert_eq!(clean, "a ]52;c;eHh4 b c 2Jd e f g");
    }

    #[test]
    fn long_text_is_cut_with_a_mark() {
        let clean = sanitize(&"x".repeat(5_000));
        assert_eq!(clean.chars().count(), SERVER_TEXT_LIMIT + 1);
        assert!(clean.ends_with('…'));
    }

    #[test]
    fn a_rows_control_characters_are_shown_and_do_nothing() {
        assert_eq!(visible("a\x1b[2J\n\u{7f}\u{202e}b"), "a␛[2J␊␡�b");
    }

    #[test]
    fn fit_counts_columns_and_not_characters() {
        assert_eq!(fit("日本語", 6), "日本語");
        assert_eq!(fit("日本語", 5), "日本…");
        assert_eq!(fit("abc", 0), "");
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(1_204), "1,204");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(counted(1, "setting"), "1 setting");
    }

    #[test]
    fn the_systems_reason_has_no_number_and_no_path() {
        let error = std::io::Error::from_raw_os_error(2);
        assert_eq!(reason(&error), "No such file or directory");
        let at = format!("{error} at path \"/tmp/.tmpAbC\"");
        assert_eq!(reason(&at), "No such file or directory");
        assert_eq!(reason(&"it is\na folder"), "it is a folder");
    }
}
