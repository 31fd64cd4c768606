//! Known secrets taken out of a text, in every form in which a server may echo them.
//!
//! Depends on `secret`.

use std::sync::OnceLock;

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};

use super::secret::Secret;

/// The shortest secret that is looked for; anything shorter would blot out ordinary words.
const SHORTEST: usize = 4;

/// The fewest digits of base64 that are taken for a part of a secret.
const FEWEST: usize = 8;

/// Finds secrets as they are, JSON-escaped (once and twice), URL-encoded, and all of these in base64,
/// alone or amid other things, and puts `***` or the secret's name in their place.
#[derive(Clone, Default)]
pub struct Redactor {
    secrets: Vec<(Secret, &'static str)>,
    /// Made when the first text is looked at: most requests go well, and nobody looks.
    forms: OnceLock<Vec<(Secret, &'static str)>>,
}

impl Redactor {
    /// Makes a redactor of these secrets, each with the name of the variable that holds it.
    pub fn new<'a>(secrets: impl IntoIterator<Item = (&'static str, &'a Secret)>) -> Redactor {
        Redactor {
            secrets: secrets
                .into_iter()
                .map(|(name, secret)| (secret.clone(), name))
                .collect(),
            forms: OnceLock::new(),
        }
    }

    fn forms(&self) -> &[(Secret, &'static str)] {
        self.forms.get_or_init(|| {
            let mut forms: Vec<(Secret, &'static str)> = self
                .secrets
                .iter()
                .map(|(secret, name)| (secret.expose(), *name))
                .filter(|(text, _)| text.chars().count() >= SHORTEST)
                .flat_map(|(text, name)| forms_of(text).into_iter().map(move |form| (form, name)))
                .collect();
            // The longest first, so that a form is not left half standing by a shorter one.
            forms.sort_by_key(|(form, _)| std::cmp::Reverse(form.expose().len()));
            forms.dedup();
            forms
        })
    }

    /// Returns the text without the secrets.
    pub fn redact(&self, text: &str) -> String {
        self.replace(text, |_| "***".to_owned())
    }

    /// Returns the text with `$NAME` where a secret stood, as a shell would write it.
    pub fn name_secrets(&self, text: &str) -> String {
        self.replace(text, |name| format!("${name}"))
    }

    fn replace(&self, text: &str, by: impl Fn(&str) -> String) -> String {
        let text = text.to_owned();
        self.forms().iter().fold(text, |text, (form, name)| {
            if text.contains(form.expose()) {
                text.replace(form.expose(), &by(name))
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
    let mut forms = vec![
        text.to_owned(),
        json_escaped(&escaped),
        escaped,
        slashed,
        percent.to_lowercase(),
        percent,
        encoded,
    ];
    forms.sort();
    forms.dedup();
    let packed: Vec<String> = forms.iter().flat_map(|form| within_base64(form)).collect();
    forms.extend(packed);
    forms.extend([
        BASE64_STANDARD.encode(text),
        BASE64_STANDARD_NO_PAD.encode(text),
        BASE64_URL_SAFE_NO_PAD.encode(text),
    ]);
    forms.into_iter().map(Secret::new).collect()
}

/// How a text shows in the base64 of something that it is a part of: wherever it begins there, the
/// digits that depend on it alone. Too few of them would be found in any text.
fn within_base64(text: &str) -> impl Iterator<Item = String> {
    (0..3).flat_map(move |before| {
        let whole = [vec![0; before], text.as_bytes().to_vec()].concat();
        // A digit is six bits; the first and the last may be shared with what stands beside.
        let own = (before * 8).div_ceil(6)..whole.len() * 8 / 6;
        [
            BASE64_STANDARD_NO_PAD.encode(&whole),
            BASE64_URL_SAFE_NO_PAD.encode(&whole),
        ]
        .into_iter()
        .filter_map(move |digits| digits.get(own.clone()).map(str::to_owned))
        .filter(|digits| digits.len() >= FEWEST)
    })
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
        let redactor = Redactor::new([("S", &secret)]);
        for form in forms_of(secret.expose()) {
            let text = format!("before {} after", form.expose());
            assert_eq!(redactor.redact(&text), "before *** after");
        }
    }

    #[test]
    fn a_secret_within_base64_is_taken_out_wherever_it_begins() {
        let secret = "ca/na+ry=\"1\\-longer";
        let redactor = Redactor::new([("S", &Secret::new(secret))]);
        let body = serde_json::json!({ "secret": secret }).to_string();
        for before in 0..6 {
            for text in [secret, &body] {
                let text = format!("{}{text}, and more", "b".repeat(before));
                for packed in [
                    BASE64_STANDARD.encode(&text),
                    BASE64_URL_SAFE_NO_PAD.encode(&text),
                ] {
                    let redacted = redactor.redact(&packed);
                    let (first, last) = redacted.split_once("***").unwrap();
                    let left = packed.len() - first.len() - last.len();
                    assert!(left * 6 / 8 >= secret.len() - 2, "{redacted}");
                }
            }
        }
    }

    #[test]
    fn a_secret_can_be_named_instead() {
        let (secret, token) = (Secret::new("s3cr=t"), Secret::new("bearer"));
        let redactor = Redactor::new([("SECRET", &secret), ("TOKEN", &token)]);
        assert_eq!(
            redactor.name_secrets("a=s3cr%3Dt bearer"),
            "a=$SECRET $TOKEN"
        );
    }

    #[test]
    fn short_texts_are_left_alone() {
        assert_eq!(
            Redactor::new([("S", &Secret::new("ab"))]).redact("about"),
            "about"
        );
    }

    proptest::proptest! {
        #[test]
        fn no_secret_survives_inside_any_text(secret in "[!-~]{4,40}", before in ".{0,20}", after in ".{0,20}") {
            let redactor = Redactor::new([("S", &Secret::new(secret.clone()))]);
            let redacted = redactor.redact(&format!("{before}{secret}{after}"));
            // `***` itself may complete a secret made of stars alone.
            proptest::prop_assert!(!redacted.contains(&secret) || secret.contains('*'));
        }
    }
}
