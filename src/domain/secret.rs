//! A text that must not be shown: client secret, AWS secret key, access and widget tokens.
//!
//! Depends on nothing of ours.

use std::fmt;
use std::sync::Arc;

use zeroize::Zeroize;

/// A secret text. `Debug` prints dots, there is no `Display` and no `Serialize`. Clones share the one
/// text, which is overwritten when the last of them is dropped.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Secret(Arc<Text>);

#[derive(Default, PartialEq, Eq, Hash)]
struct Text(String);

impl Secret {
    /// Takes the text over.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Arc::new(Text(text.into())))
    }

    /// Returns the text itself. Only for the places where a secret must leave: the request, the
    /// `.env` file, the clipboard, and the output of `token mint`.
    pub fn expose(&self) -> &str {
        &self.0.0
    }

    /// Returns the length in characters, which may be shown.
    pub fn chars(&self) -> usize {
        self.expose().chars().count()
    }

    /// Returns true when there is nothing but white space.
    pub fn is_blank(&self) -> bool {
        self.expose().trim().is_empty()
    }

    /// Returns true when there is no text.
    pub fn is_empty(&self) -> bool {
        self.expose().is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(••••••••)")
    }
}

impl Drop for Text {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// Shows the ends of an identifier that is not secret but need not be read whole: `AKIA…MPLE`.
pub fn ends(text: &str) -> String {
    let count = text.chars().count();
    if count <= 12 {
        return text.to_owned();
    }
    let head: String = text.chars().take(4).collect();
    let tail: String = text.chars().skip(count - 4).collect();
    format!("{head}…{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_neither_the_text_nor_its_length() {
        let shown = format!("{:?} {:?}", Secret::new("canary"), Secret::new("a"));
        assert_eq!(shown, "Secret(••••••••) Secret(••••••••)");
    }

    #[test]
    fn ends_keep_short_texts_whole() {
        assert_eq!(ends("AKIAEXAMPLE"), "AKIAEXAMPLE");
        assert_eq!(ends("8a1f2b70-aaaa-bbbb-cccc-00000000c203"), "8a1f…c203");
    }
}
