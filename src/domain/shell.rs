//! Texts as words of a POSIX shell.
//!
//! Depends on nothing of ours.

/// Returns a word that stands for this text whatever is in it: single quotes around it, in which
/// nothing is expanded.
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Returns the same, or the text itself where it needs no quotes.
pub fn word(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_./:@%+,-".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        text.to_owned()
    } else {
        quoted(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_each_back_as_one_word() {
        for text in [
            "",
            "plain-1.2/x:y@z",
            "a b",
            "it's",
            "''",
            "$HOME `id` \"\\ \n! * ~ # ;",
            "~",
            "日本",
        ] {
            for word in [quoted(text), word(text)] {
                let script = format!("printf '<%s>' {word}");
                let out = std::process::Command::new("sh")
                    .args(["-c", &script])
                    .output()
                    .unwrap();
                assert_eq!(String::from_utf8_lossy(&out.stdout), format!("<{text}>"));
            }
        }
        assert_eq!(word("plain-1.2"), "plain-1.2");
    }
}
