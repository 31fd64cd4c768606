//! Known secrets taken out of a text, in every form in which a server may echo them.
//!
//! Depends on `secret`.

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};

use super::secret::Secret;

/// The shortest secret that is looked for; anything shorter would blot out ordinary words.
const SHORTEST: usize = 4;

/// Replaces secrets by `***`: as they are, JSON-escaped (once and twice), URL-encoded, and in base64.
#[derive(Clone, Default)]
pub struct Redactor {
    forms: Vec<Secret>,
}

impl Redactor {
    /// Prepares the forms of these secrets.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a Secret>) -> Redactor {
        let mut forms: Vec<Secret> = secrets
            .into_iter()
            .map(Secret::expose)
            .filter(|text| text.chars().count() >= SHORTEST)
            .flat_map(forms_of)
            .collect();
        // The longest first, so that a form is not left half standing by a shorter one.
        forms.sort_by_key(|form| std::cmp::Reverse(form.expose().len()));
        forms.dedup();
        Redactor { forms }
    }

    /// Returns the text without the secrets.
    pub fn redact(&self, text: &str) -> String {
        self.forms.iter().fold(text.to_owned(), |text, form| {
            if text.contains(form.expose()) {
                text.replace(form.expose(), "***")
            } else {
                text
            }
        })
    }
}

fn forms_of(text: &str) -> Vec<Secret> {
    let escaped = json_escaped(text);
    let slashed = escaped.replace('/', "\\/");
    let encoded: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
    let percent = encoded.replace('+', "%20");
    [
        text.to_owned(),
        json_escaped(&escaped),
        escaped,
        slashed,
        percent.to_lowercase(),
        percent,
        encoded,
        BASE64_STANDARD.encode(text),
        BASE64_STANDARD_NO_PAD.encode(text),
        BASE64_URL_SAFE_NO_PAD.encode(text),
    ]
    .map(Secret::new)
    .to_vec()
}

fn json_escaped(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted
        .trim_start_matches('"')
        .strip_suffix('"')
        .unwrap_or_default()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_an_echoed_secret_is_taken_out() {
        let secret = Secret::new("ca/na+ry=\"1\\");
        let redactor = Redactor::new([&secret]);
        for form in forms_of(secret.expose()) {
            let text = format!("before {} after", form.expose());
            assert_eq!(redactor.redact(&text), "before *** after");
        }
    }

    #[test]
    fn short_texts_are_left_alone() {
        assert_eq!(Redactor::new([&Secret::new("ab")]).redact("about"), "about");
    }

    proptest::proptest! {
        #[test]
        fn no_secret_survives_inside_any_text(secret in "[!-~]{4,40}", before in ".{0,20}", after in ".{0,20}") {
            let redactor = Redactor::new([&Secret::new(secret.clone())]);
            let redacted = redactor.redact(&format!("{before}{secret}{after}"));
            // `***` itself may complete a secret made of stars alone.
            proptest::prop_assert!(!redacted.contains(&secret) || secret.contains('*'));
        }
    }
}
