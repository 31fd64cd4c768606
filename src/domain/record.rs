//! What may be kept of a request and its answer: secrets taken out, steering characters made visible,
//! and no more of it than a person reads.
//!
//! Depends on `redact`, `text`. A secret that is known stands as `$NAME`, which `curl` turns into a
//! shell's variable; one that only just arrived is known by the field it stands in, or by its looks.

use serde_json::Value;

use super::redact::Redactor;
use super::text::{counted, visible, visible_char};

/// The name that an access token has where a request is shown.
pub const BEARER: &str = "TOKEN";

/// The most that is kept of one body, in bytes.
pub const BODY_LIMIT: usize = 16 << 10;

/// Beyond this a body is not even read for keeping, in bytes.
const READ_LIMIT: usize = 64 << 10;

/// What stands in place of a secret without a name.
const DOTS: &str = "••••••••";

/// How a request proves who sends it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Proof {
    /// Not at all.
    #[default]
    Nothing,
    /// By an access token.
    Bearer,
    /// By a signature of S3's kind, for this region.
    Signature(String),
}

/// What was said on both sides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// The whole address.
    pub url: String,
    /// How the request proved who sent it.
    pub proof: Proof,
    /// The header `X-Organization-Id`.
    pub organization: Option<String>,
    /// The request's body.
    pub sent: Body,
    /// The answer's body.
    pub received: Body,
}

impl Record {
    /// Returns about how much memory it takes, in bytes.
    pub fn weight(&self) -> usize {
        self.url.len() + self.sent.text().len() + self.received.text().len()
    }
}

/// A body, as far as it may be kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Body {
    /// There was none.
    #[default]
    Nothing,
    /// Its text, and how many bytes of it were left out at the end.
    Text(String, usize),
    /// It is not kept, for this reason.
    Withheld(String),
}

impl Body {
    /// Keeps the body of a request.
    pub fn of_request(body: Option<&Value>, redactor: &Redactor) -> Body {
        body.map_or(Body::Nothing, |body| Body::json(body.clone(), redactor))
    }

    /// Keeps the body of an answer.
    pub fn of_answer(body: &[u8], redactor: &Redactor) -> Body {
        if body.is_empty() {
            return Body::Nothing;
        }
        if body.len() > READ_LIMIT {
            return Body::Withheld(format!(
                "{}, too large to keep",
                counted(body.len(), "byte")
            ));
        }
        match serde_json::from_slice::<Value>(body) {
            Ok(value) => Body::json(value, redactor),
            Err(_) => Body::bounded(&unnamed(
                &redactor.name_secrets(&String::from_utf8_lossy(body)),
            )),
        }
    }

    fn json(mut value: Value, redactor: &Redactor) -> Body {
        mask(&mut value, redactor);
        Body::bounded(&format!("{value:#}"))
    }

    /// Makes the text fit to show, and keeps its beginning. What is left out is counted as it came:
    /// what is shown of it would be longer or shorter.
    fn bounded(text: &str) -> Body {
        let mut kept = String::new();
        let mut left_out = 0;
        for (at, c) in text.char_indices() {
            let rest = text.get(at..).unwrap_or_default();
            let shown = match c {
                '\r' if rest.starts_with("\r\n") => continue,
                '\n' => c,
                c => visible_char(c),
            };
            if kept.len() + shown.len_utf8() > BODY_LIMIT {
                left_out = rest.len();
                break;
            }
            kept.push(shown);
        }
        Body::Text(kept.trim_end().to_owned(), left_out)
    }

    /// Returns the text that was kept.
    pub fn text(&self) -> &str {
        match self {
            Body::Text(text, _) => text,
            Body::Nothing | Body::Withheld(_) => "",
        }
    }
}

/// Returns an address without secrets: a query's values count as fields of their names.
pub fn address(url: &str, redactor: &Redactor) -> String {
    let url = redactor.name_secrets(url);
    let Some((before, query)) = url.split_once('?') else {
        return visible(&url);
    };
    let pairs: Vec<String> = query
        .split('&')
        .map(|pair| match pair.split_once('=') {
            Some((name, value)) if is_secret_field(name) && !value.starts_with('$') => {
                format!("{name}={DOTS}")
            }
            Some((name, value)) => format!("{name}={}", unnamed(value)),
            None => pair.to_owned(),
        })
        .collect();
    visible(&format!("{before}?{}", pairs.join("&")))
}

fn mask(value: &mut Value, redactor: &Redactor) {
    match value {
        Value::String(text) => *text = unnamed(&redactor.name_secrets(text)),
        Value::Array(items) => {
            for item in items {
                mask(item, redactor);
            }
        }
        Value::Object(fields) => {
            // A field's name can echo a secret as well as its value can.
            *fields = std::mem::take(fields)
                .into_iter()
                .map(|(name, mut value)| {
                    if is_secret_field(&name) {
                        hide(&mut value, redactor);
                    } else {
                        mask(&mut value, redactor);
                    }
                    (unnamed(&redactor.name_secrets(&name)), value)
                })
                .collect();
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Leaves nothing of a secret field's value but the name of a secret that is known.
fn hide(value: &mut Value, redactor: &Redactor) {
    match value {
        Value::String(text) => {
            let named = redactor.name_secrets(text);
            let is_name = named != *text
                && named.starts_with('$')
                && named
                    .chars()
                    .skip(1)
                    .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
            *text = if is_name { named } else { DOTS.to_owned() };
        }
        Value::Array(_) | Value::Object(_) | Value::Number(_) => *value = Value::from(DOTS),
        Value::Null | Value::Bool(_) => {}
    }
}

/// Returns true for a field whose value is a secret by its name: `token`, `access_token`,
/// `clientSecret`, `password`.
fn is_secret_field(name: &str) -> bool {
    let name: String = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    name.ends_with("token")
        || [
            "secret",
            "password",
            "credential",
            "authorization",
            "apikey",
        ]
        .iter()
        .any(|word| name.contains(word))
}

/// Takes out what looks like a token: a JSON object in base64, as every token here begins.
fn unnamed(text: &str) -> String {
    const HEAD: &str = "eyJ";
    let is_part = |c: char| c.is_ascii_alphanumeric() || "+/=-_.%".contains(c);
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, found)) = rest.find(HEAD).and_then(|at| rest.split_at_checked(at)) {
        let end = found.find(|c| !is_part(c)).unwrap_or(found.len());
        let (token, after) = found.split_at_checked(end).unwrap_or((found, ""));
        out.push_str(before);
        out.push_str(if token.len() > 16 { DOTS } else { token });
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::secret::Secret;
    use serde_json::json;

    fn redactor() -> Redactor {
        Redactor::new([
            ("AIRBYTE_CLIENT_SECRET", &Secret::new("canary/one+1")),
            (BEARER, &Secret::new("canary-bearer")),
        ])
    }

    #[test]
    fn a_known_secret_stands_as_its_name_and_a_new_one_as_dots() {
        let sent = json!({"client_id": "7d1b", "client_secret": "canary/one+1", "grant-type": "x"});
        let sent = Body::of_request(Some(&sent), &redactor());
        assert_eq!(
            sent.text(),
            "{\n  \"client_id\": \"7d1b\",\n  \"client_secret\": \"$AIRBYTE_CLIENT_SECRET\",\n  \"grant-type\": \"x\"\n}"
        );
        let answer = json!({"access_token": "canary-new", "expires_in": 900, "nested": {"refreshToken": ["canary-2"]}});
        let kept = Body::of_answer(answer.to_string().as_bytes(), &redactor());
        assert!(!kept.text().contains("canary"), "{kept:?}");
        assert!(kept.text().contains("\"expires_in\": 900"), "{kept:?}");
    }

    #[test]
    fn a_token_is_known_by_its_looks_wherever_it_stands() {
        let token = "eyJ0b2tlbiI6ImNhbmFyeSJ9-_canary";
        for body in [
            format!("<html>{token}</html>"),
            json!({"message": format!("bad {token}!")}).to_string(),
            json!({token: 1}).to_string(),
        ] {
            let kept = Body::of_answer(body.as_bytes(), &Redactor::default());
            assert!(!kept.text().contains("canary"), "{kept:?}");
            assert!(!kept.text().contains("eyJ0"), "{kept:?}");
        }
        let kept = address(
            &format!("https://h.example/w?token=canary&x={token}&workspaceId=8a1f"),
            &Redactor::default(),
        );
        assert_eq!(
            kept,
            "https://h.example/w?token=••••••••&x=••••••••&workspaceId=8a1f"
        );
    }

    #[test]
    fn an_echo_of_a_secret_is_named_in_every_form() {
        let echo = "{\"message\": \"got {\\\"s\\\": \\\"canary\\/one+1\\\"}\", \"q\": \"canary%2Fone%2B1\"}";
        let kept = Body::of_answer(echo.as_bytes(), &redactor());
        assert!(!kept.text().contains("canary"), "{kept:?}");
    }

    #[test]
    fn a_long_body_is_cut_and_a_huge_one_not_read() {
        let Body::Text(text, left_out) =
            Body::of_answer("é\n".repeat(15_000).as_bytes(), &redactor())
        else {
            unreachable!("it is a text");
        };
        assert!(text.len() <= BODY_LIMIT && left_out > 10_000, "{left_out}");
        let huge = Body::of_answer(&vec![b'x'; READ_LIMIT + 1], &redactor());
        assert_eq!(
            huge,
            Body::Withheld("65,537 bytes, too large to keep".to_owned())
        );
        assert_eq!(
            Body::of_answer(b"short", &redactor()),
            Body::Text("short".to_owned(), 0)
        );
        assert_eq!(Body::of_answer(b"", &redactor()), Body::Nothing);
    }

    #[test]
    fn what_is_left_out_is_counted_in_bytes_of_what_arrived() {
        let page = "<html>\r\n<h1>502</h1>\r\n</html>\r\n";
        for (body, kept, left_out) in [
            (page.to_owned(), "<html>\n<h1>502</h1>\n</html>", 0),
            ("a\r\r\nb".to_owned(), "a␍\nb", 0),
            // A picture of a control character is three bytes long.
            ("\u{1}".repeat(10_000), "", 10_000 - BODY_LIMIT / 3),
            ("x".repeat(BODY_LIMIT), "", 0),
            ("x".repeat(BODY_LIMIT + 1), "", 1),
            ("x\r\n".repeat(BODY_LIMIT), "", BODY_LIMIT / 2 * 3),
        ] {
            let Body::Text(text, counted) = Body::of_answer(body.as_bytes(), &redactor()) else {
                unreachable!("it is a text");
            };
            assert_eq!(counted, left_out);
            assert!(
                text.len() <= BODY_LIMIT && (kept.is_empty() || text == kept),
                "{text}"
            );
        }
    }

    #[test]
    fn what_steers_a_terminal_is_shown_and_does_nothing() {
        let kept = Body::of_answer(b"a\x1b[2J\r\nb\xe2\x80\xae", &redactor());
        assert_eq!(kept.text(), "a␛[2J\nb�");
        let kept = Body::of_answer("{\"a\": \"\u{202e}x\"}".as_bytes(), &redactor());
        assert_eq!(kept.text(), "{\n  \"a\": \"�x\"\n}");
    }

    proptest::proptest! {
        #[test]
        fn no_known_secret_is_kept(secret in "[a-z+/=]{4,40}", field in "[A-Z]{1,12}", around in "[0-9 ]{0,12}") {
            let redactor = Redactor::new([("NAME", &Secret::new(secret.clone()))]);
            let body = json!({field: format!("{around}{secret}{around}")}).to_string();
            let kept = Body::of_answer(body.as_bytes(), &redactor);
            proptest::prop_assert!(!kept.text().contains(&secret) && kept.text().contains("$NAME"));
            let kept = Body::of_answer(format!("<p>{around}{secret}</p>").as_bytes(), &redactor);
            proptest::prop_assert!(!kept.text().contains(&secret) && kept.text().contains("$NAME"));
        }
    }
}
