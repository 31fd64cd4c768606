//! Privacy: short stand-ins for what a shared screen must not show.
//!
//! Depends on `domain::secret` for the short form of an id. The same text has the same stand-in for as
//! long as the program runs. Everything that is drawn passes here before it is cut to its column; a
//! text that is not known is kept back whole, not guessed at.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::fmt::{self, Write as _};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use aho_corasick::{AhoCorasick, Match, MatchKind};

use crate::domain::secret::ends;

/// What stands in place of a text that nobody may guess at.
const DOTS: &str = "•••";

/// What a text is, which its stand-in says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// An external user ID.
    User,
    /// An organization's name.
    Organization,
    /// A client ID.
    Client,
    /// An access key's ID.
    Key,
    /// A bucket.
    Bucket,
    /// A folder in it.
    Folder,
    /// A template's name.
    Template,
    /// A host.
    Host,
    /// A path on this machine.
    File,
}

impl Kind {
    const fn word(self) -> &'static str {
        match self {
            Kind::User => "user",
            Kind::Organization => "org",
            Kind::Client => "client",
            Kind::Key => "key",
            Kind::Bucket => "bucket",
            Kind::Folder => "folder",
            Kind::Template => "template",
            Kind::Host => "host",
            Kind::File => "file",
        }
    }
}

/// The stand-ins, and whether they are shown.
#[derive(Clone, Default)]
pub struct Veil {
    on: bool,
    known: HashMap<String, String>,
    counts: BTreeMap<Kind, usize>,
    /// Finds all that is known in one pass, however much that is.
    finder: Option<(AhoCorasick, Vec<String>)>,
}

impl PartialEq for Veil {
    fn eq(&self, other: &Veil) -> bool {
        self.on == other.on && self.known == other.known
    }
}

impl fmt::Debug for Veil {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Veil(on: {}, {} known)", self.on, self.known.len())
    }
}

impl Veil {
    /// Returns true while stand-ins are shown.
    pub fn is_on(&self) -> bool {
        self.on
    }

    /// Shows stand-ins, or what is real.
    pub fn switch(&mut self, on: bool) {
        self.on = on;
    }

    /// Takes texts in. Each of a group is one thing in several spellings and has one stand-in.
    pub fn learn<'a>(&mut self, groups: impl IntoIterator<Item = (Kind, Vec<Cow<'a, str>>)>) {
        let before = self.known.len();
        for (kind, spellings) in groups {
            let spellings: Vec<String> = spellings
                .into_iter()
                .flat_map(|text| [ends(&text), text.into_owned()])
                .filter(|text| text.chars().any(char::is_alphanumeric))
                .collect();
            let known = spellings.iter().find_map(|text| self.known.get(text));
            let stand_in = known.cloned().unwrap_or_else(|| self.next(kind));
            for text in spellings {
                self.known.entry(text).or_insert_with(|| stand_in.clone());
            }
        }
        if self.known.len() > before || self.finder.is_none() {
            self.finder = self.build();
        }
    }

    /// The next stand-in of a kind: `user-A1` … `user-Z9`, `user-A10` …
    fn next(&mut self, kind: Kind) -> String {
        let count = self.counts.entry(kind).or_default();
        let (letter, number) = (*count % 26, *count / 26 + 1);
        *count += 1;
        let letter = char::from(b'A' + u8::try_from(letter).unwrap_or(0));
        format!("{}-{letter}{number}", kind.word())
    }

    fn build(&self) -> Option<(AhoCorasick, Vec<String>)> {
        let (texts, stand_ins): (Vec<&String>, Vec<String>) = self
            .known
            .iter()
            .map(|(text, stand_in)| (text, stand_in.clone()))
            .unzip();
        let finder = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .build(texts);
        finder.ok().map(|finder| (finder, stand_ins))
    }

    /// Returns a text as it may be shown.
    pub fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if !self.on || !text.bytes().any(|b| b.is_ascii_alphanumeric() || b >= 0x80) {
            return Cow::Borrowed(text);
        }
        let text = without_uuids(text);
        let Some((finder, stand_ins)) = &self.finder else {
            // Nothing may be shown that could not be looked through.
            return Cow::Borrowed(DOTS);
        };
        let mut out = String::new();
        let mut from = 0;
        let word = |c: char| c.is_alphanumeric();
        let ends_with_words = |found: &Match| {
            let (before, after) = (text.get(..found.start()), text.get(found.end()..));
            before.is_some_and(|before| !before.ends_with(word))
                && after.is_some_and(|after| !after.starts_with(word))
        };
        let overlapping = finder.find_overlapping_iter(text.as_ref());
        let mut all: Vec<Match> = overlapping.filter(ends_with_words).collect();
        all.sort_unstable_by_key(|found| (found.start(), Reverse(found.end())));
        for found in all {
            if found.start() < from {
                continue;
            }
            out.push_str(text.get(from..found.start()).unwrap_or_default());
            out.push_str(
                stand_ins
                    .get(found.pattern().as_usize())
                    .map_or(DOTS, String::as_str),
            );
            from = found.end();
        }
        if from == 0 {
            return text;
        }
        out.push_str(text.get(from..).unwrap_or_default());
        Cow::Owned(out)
    }
}

/// Replaces every UUID, known or not, by its own stand-in.
fn without_uuids(text: &str) -> Cow<'_, str> {
    const LENGTH: usize = 36;
    if text.len() < LENGTH {
        return Cow::Borrowed(text);
    }
    let mut out = String::new();
    let mut rest = text;
    let mut any = false;
    while let Some(c) = rest.chars().next() {
        let candidate = rest.get(..LENGTH).filter(|piece| is_uuid(piece));
        if let Some(uuid) = candidate {
            let mut hasher = DefaultHasher::new();
            uuid.to_ascii_lowercase().hash(&mut hasher);
            let _ = write!(out, "id-{:06x}", hasher.finish() & 0xff_ffff);
            any = true;
        } else {
            out.push(c);
        }
        let taken = candidate.map_or(c.len_utf8(), str::len);
        rest = rest.get(taken..).unwrap_or_default();
    }
    if any {
        Cow::Owned(out)
    } else {
        Cow::Borrowed(text)
    }
}

fn is_uuid(text: &str) -> bool {
    text.bytes().enumerate().all(|(i, b)| match i {
        8 | 13 | 18 | 23 => b == b'-',
        _ => b.is_ascii_hexdigit(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn veil(texts: &[(Kind, &'static str)]) -> Veil {
        let mut veil = Veil::default();
        veil.switch(true);
        let groups = texts
            .iter()
            .map(|(kind, text)| (*kind, vec![Cow::Borrowed(*text)]));
        veil.learn(groups);
        veil
    }

    #[test]
    fn the_same_text_has_the_same_stand_in_wherever_it_stands() {
        let mut veil = veil(&[(Kind::User, "user-42"), (Kind::Bucket, "acme-embedded")]);
        assert_eq!(
            veil.text("GET /acme-embedded/customers/user-42/x"),
            "GET /bucket-A1/customers/user-A1/x"
        );
        veil.learn([(Kind::User, vec!["user-43".into(), "user-42".into()])]);
        assert_eq!(
            veil.text("user-42 user-43"),
            "user-A1 user-A1",
            "spellings of one"
        );
        veil.learn([(Kind::User, vec!["user-44".into()])]);
        assert_eq!(veil.text("user-44"), "user-B1");
        veil.switch(false);
        assert_eq!(veil.text("user-42"), "user-42");
        veil.switch(true);
        assert_eq!(veil.text("user-42"), "user-A1");
    }

    #[test]
    fn words_are_not_cut_out_of_words() {
        let veil = veil(&[(Kind::User, "a"), (Kind::User, "日本")]);
        assert_eq!(veil.text("a day at a"), "user-A1 day at user-A1");
        assert_eq!(veil.text("日本 日本語"), "user-B1 日本語");
    }

    #[test]
    fn a_longer_text_that_ends_within_a_word_hides_no_shorter_one() {
        let veil = veil(&[(Kind::User, "acme"), (Kind::User, "acme-1")]);
        assert_eq!(veil.text("/acme-17/acme-1"), "/user-A1-17/user-B1");
    }

    #[test]
    fn every_uuid_and_the_short_form_of_what_is_known_are_replaced() {
        let veil = veil(&[(Kind::Key, "AKIAIOSFODNN7EXAMPLE")]);
        let text = veil
            .text("x=8a1f2b70-0000-4000-8000-00000000c203&k=AKIA…MPLE")
            .into_owned();
        assert!(
            !text.contains("8a1f") && text.ends_with("&k=key-A1"),
            "{text}"
        );
        let capitals = veil.text("8A1F2B70-0000-4000-8000-00000000C203");
        assert!(text.contains(capitals.as_ref()), "{text}");
    }

    #[test]
    fn a_thousand_users_have_a_thousand_stand_ins() {
        let mut veil = veil(&[]);
        let users: Vec<String> = (0..1_000).map(|i| format!("u{i}")).collect();
        veil.learn(
            users
                .iter()
                .map(|u| (Kind::User, vec![Cow::Borrowed(u.as_str())])),
        );
        let shown: std::collections::HashSet<String> =
            users.iter().map(|u| veil.text(u).into_owned()).collect();
        assert_eq!(shown.len(), 1_000);
        assert!(users.iter().all(|u| !shown.contains(u)));
    }
}
