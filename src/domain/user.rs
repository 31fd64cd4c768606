//! External user IDs: the operator's own name for a customer, which becomes a workspace's name in
//! Airbyte and a folder in the bucket.
//!
//! Depends on `text`.

use std::fmt;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::text::is_steering;

/// The longest external user ID taken, in characters. Airbyte states no limit; a workspace name
/// longer than this is a mistake.
pub const LIMIT: usize = 255;

/// An external user ID: trimmed, not empty, without control or reordering characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExternalUser(String);

impl ExternalUser {
    /// Reads an ID. White space around it is cut, as Airbyte matches workspace names exactly.
    ///
    /// # Errors
    /// The end of a sentence that says what is wrong.
    pub fn parse(text: &str) -> Result<ExternalUser, String> {
        let text = text.trim();
        if text.is_empty() {
            return Err("is empty".to_owned());
        }
        if text.chars().any(is_steering) {
            return Err("holds a control or invisible character".to_owned());
        }
        let count = text.chars().count();
        if count > LIMIT {
            return Err(format!("is {count} characters long; {LIMIT} are possible"));
        }
        Ok(ExternalUser(text.to_owned()))
    }

    /// Returns the ID as it is sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the folder name the S3 connector makes of it: decomposed, combining marks dropped,
    /// and `_` for every character outside its safe set (Airbyte's bulk CDK, `Transformations.kt`).
    pub fn s3_safe(&self) -> String {
        self.0
            .nfkd()
            .filter(|c| !is_combining_mark(*c))
            .map(|c| {
                let safe = c.is_ascii_alphanumeric() || "/!_.*')(&$@=;:+,?-".contains(c);
                if safe { c } else { '_' }
            })
            .collect()
    }

    /// Returns what an operator should know before using this ID, most important first: the end of
    /// a sentence that begins with it.
    pub fn caution(&self) -> Option<String> {
        let safe = self.s3_safe();
        if self.0 == "0" {
            Some("is the guide's test value: everyone who uses it shares one workspace".to_owned())
        } else if self.0.contains('/') {
            Some(format!(
                "holds \"/\", which makes a folder inside a folder: {safe}/"
            ))
        } else if looks_like_email(&self.0) {
            Some(
                "is an e-mail address, which ends up in workspace names and object keys; prefer an opaque ID"
                    .to_owned(),
            )
        } else if safe != self.0 {
            Some(format!("has the folder {safe}/ in the bucket"))
        } else {
            None
        }
    }
}

impl fmt::Display for ExternalUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn looks_like_email(text: &str) -> bool {
    text.split_once('@')
        .is_some_and(|(name, host)| !name.is_empty() && host.contains('.'))
}

/// A list of users as someone typed or pasted it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserList {
    /// The users, in order, each once.
    pub users: Vec<ExternalUser>,
    /// IDs that stood there more than once, each once.
    pub repeated: Vec<ExternalUser>,
    /// What could not be taken: the line number, counted from 1, and why.
    pub refused: Vec<(usize, String)>,
}

impl UserList {
    /// Reads IDs separated by lines or, within a line, by commas. Empty pieces are passed over; a
    /// user named twice is taken once.
    pub fn parse(text: &str) -> UserList {
        Self::from_pieces(text.lines().enumerate().flat_map(|(i, line)| {
            line.split(',')
                .filter(|piece| !piece.trim().is_empty())
                .map(move |piece| (i + 1, piece))
        }))
    }

    /// Reads IDs that are given one by one; each text is one ID, whatever it holds.
    pub fn of_names<'a>(names: impl IntoIterator<Item = &'a str>) -> UserList {
        Self::from_pieces(names.into_iter().enumerate().map(|(i, name)| (i + 1, name)))
    }

    /// Appends the users of another list; one that is in both is taken once. What was refused there
    /// stays there, since its numbers are that list's own.
    pub fn append(&mut self, other: &UserList) {
        let mut seen: std::collections::HashSet<ExternalUser> =
            self.users.iter().cloned().collect();
        for user in &other.users {
            if seen.insert(user.clone()) {
                self.users.push(user.clone());
            } else if !self.repeated.contains(user) {
                self.repeated.push(user.clone());
            }
        }
        for user in &other.repeated {
            if !self.repeated.contains(user) {
                self.repeated.push(user.clone());
            }
        }
    }

    /// Reads one ID a line, commas included; for files, where an ID may hold one.
    pub fn parse_lines(text: &str) -> UserList {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        Self::from_pieces(
            text.lines()
                .enumerate()
                .filter(|(_, line)| !line.trim().is_empty())
                .map(|(i, line)| (i + 1, line)),
        )
    }

    fn from_pieces<'a>(pieces: impl Iterator<Item = (usize, &'a str)>) -> UserList {
        let mut list = UserList::default();
        let mut seen = std::collections::HashSet::new();
        for (line, piece) in pieces {
            match ExternalUser::parse(piece) {
                Ok(user) if seen.insert(user.clone()) => list.users.push(user),
                Ok(user) if list.repeated.contains(&user) => {}
                Ok(user) => list.repeated.push(user),
                Err(why) => list.refused.push((line, why)),
            }
        }
        list
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(text: &str) -> ExternalUser {
        ExternalUser::parse(text).unwrap()
    }

    #[test]
    fn folders_are_named_as_the_connector_names_them() {
        let cases = [
            ("user-42", "user-42"),
            ("acme GmbH", "acme_GmbH"),
            ("Zoë", "Zoe"),
            ("a/b", "a/b"),
            ("a%b#c", "a_b_c"),
            ("x@y.example", "x@y.example"),
            ("日本", "__"),
            ("ﬁ", "fi"),
        ];
        for (id, folder) in cases {
            assert_eq!(user(id).s3_safe(), folder, "{id}");
        }
    }

    #[test]
    fn what_cannot_be_a_name_is_refused() {
        for text in [
            "",
            "   ",
            "a\nb",
            "a\x1b[2J",
            "a\u{202e}b",
            &"x".repeat(4096),
        ] {
            assert!(ExternalUser::parse(text).is_err(), "{text:?}");
        }
        assert_eq!(user("  user-42 ").as_str(), "user-42");
        assert_eq!(user("🙂").as_str(), "🙂");
    }

    #[test]
    fn risky_names_come_with_a_caution() {
        for text in ["0", "user/7", "jo@acme.example", "acme GmbH"] {
            assert!(user(text).caution().is_some(), "{text}");
        }
        assert_eq!(user("user-42").caution(), None);
    }

    #[test]
    fn a_list_keeps_order_and_tells_of_repeats() {
        let list = UserList::parse("b, a,,b\nc\n a ,d\x1b,\n");
        assert_eq!(list.users, ["b", "a", "c"].map(user));
        assert_eq!(list.repeated, ["b", "a"].map(user));
        assert_eq!(list.refused.len(), 1);
        assert_eq!(list.refused[0].0, 3);
    }

    #[test]
    fn a_file_may_hold_commas_within_a_name() {
        assert_eq!(
            UserList::parse_lines("\u{feff}acme, inc\r\nb\n").users,
            ["acme, inc", "b"].map(user)
        );
    }
}
