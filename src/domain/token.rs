//! Widget tokens: opened without verifying, and judged.
//!
//! Depends on `moment`, `origin`, `secret`, `text`. A widget token is base64 of
//! `{"token": <JWT>, "widgetUrl": …}`; the signature inside can be checked by Airbyte alone, so
//! everything here is decoded, not verified.

use std::borrow::Cow;
use std::time::Duration;

use base64::Engine as _;
use base64::alphabet::{self, Alphabet};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};
use url::Url;

use super::moment::{Moment, span};
use super::origin::{Origin, is_loopback};
use super::secret::Secret;
use super::text::{is_plain, sanitize, sanitize_in_place};
use super::user::ExternalUser;

/// The longest text taken for a token, in bytes.
pub const LIMIT: usize = 1 << 20;

/// What is said of a token that opens onto nothing.
const UNREADABLE: &str = "holds a token whose claims are not readable";

/// Both alphabets, padded or not.
const BASE64: [GeneralPurpose; 2] = [lenient(&alphabet::STANDARD), lenient(&alphabet::URL_SAFE)];

const fn lenient(alphabet: &Alphabet) -> GeneralPurpose {
    let config =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    GeneralPurpose::new(alphabet, config)
}

/// A widget token, opened up. Every text in it is sanitized.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opened {
    /// The external user it acts for (`act.sub`).
    pub user: Option<String>,
    /// The workspace it is confined to.
    pub workspace_id: Option<String>,
    /// The origin it opens on, from the widget URL.
    pub origin: Option<String>,
    /// Its roles.
    pub roles: Vec<String>,
    /// When it expires.
    pub expires_at: Option<Timestamp>,
    /// Where the widget is.
    pub widget_url: Option<String>,
    /// The origin of that page, where it is a URL.
    pub widget_origin: Option<String>,
}

/// What is to be said of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It opens, has time left, and opens on the origin asked about.
    Usable,
    /// Its time is over.
    Expired,
    /// It opens on another origin than the one asked about.
    WrongOrigin,
    /// It cannot be opened, or lacks what a widget needs.
    Malformed,
}

impl Verdict {
    /// Returns the word used in JSON.
    pub const fn name(&self) -> &'static str {
        match self {
            Verdict::Usable => "usable",
            Verdict::Expired => "expired",
            Verdict::WrongOrigin => "wrong-origin",
            Verdict::Malformed => "malformed",
        }
    }
}

/// Opens a widget token: base64 in either alphabet, padded or not; the bare JSON that the API's
/// debug switch answers; the API's whole answer `{"token": …}`; or a bare JWT.
///
/// # Errors
/// The end of a sentence that says what it is not.
pub fn open(text: &str) -> Result<Opened, String> {
    let (jwt, widget_url) = unwrapped(text)?;
    let mut opened = open_jwt(&jwt)?;
    if let Some(url) = widget_url {
        read_widget_url(&mut opened, &url);
    }
    Ok(opened)
}

/// Returns all claims of a widget token as they stand, texts sanitized.
///
/// # Errors
/// As of [`open()`].
pub fn claims(text: &str) -> Result<Map<String, Value>, String> {
    let (jwt, _) = unwrapped(text)?;
    let bytes = payload(&jwt).ok_or(UNREADABLE)?;
    let mut value = serde_json::from_slice(&bytes).map_err(|_why| UNREADABLE)?;
    clean(&mut value);
    let Value::Object(claims) = value else {
        return Err(UNREADABLE.to_owned());
    };
    Ok(claims)
}

/// The JWT inside, and the widget's address beside it.
type Unwrapped = (String, Option<String>);

fn unwrapped(text: &str) -> Result<Unwrapped, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("is empty".to_owned());
    }
    if text.len() > LIMIT {
        return Err("is longer than any token".to_owned());
    }
    unwrap_nested(text, 0)
}

fn unwrap_nested(text: &str, depth: u8) -> Result<Unwrapped, String> {
    if text.starts_with('{') {
        let envelope: Value = serde_json::from_str(text).map_err(|e| {
            format!(
                "starts like JSON and is none (line {}, column {})",
                e.line(),
                e.column()
            )
        })?;
        return unwrap_envelope(envelope, depth);
    }
    if is_jwt(text) {
        return Ok((text.to_owned(), None));
    }
    let bytes = decode_base64(text).ok_or("is neither base64, nor JSON, nor a JWT")?;
    let inner = String::from_utf8(bytes).map_err(|e| {
        format!(
            "is base64 of something that is not text (byte {})",
            e.utf8_error().valid_up_to()
        )
    })?;
    let envelope: Value = serde_json::from_str(&inner).map_err(|e| {
        format!(
            "is base64 of something that is not JSON (column {})",
            e.column()
        )
    })?;
    unwrap_envelope(envelope, depth)
}

fn unwrap_envelope(mut envelope: Value, depth: u8) -> Result<Unwrapped, String> {
    let mut text = |field| match envelope.get_mut(field).map(Value::take) {
        Some(Value::String(text)) if !text.is_empty() => Some(text),
        _ => None,
    };
    match (text("token"), text("widgetUrl")) {
        (Some(token), None) if !is_jwt(&token) && depth == 0 => unwrap_nested(&token, depth + 1),
        (Some(token), widget_url) => Ok((token, widget_url)),
        (None, _) => Err("has no token inside".to_owned()),
    }
}

/// The claims that are looked at, whatever they are; the others are passed over.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Claims {
    act: Value,
    #[serde(rename = "io.airbyte.auth.workspace_scope")]
    scope: Value,
    roles: Value,
    exp: Value,
}

impl Claims {
    fn read(jwt: &str) -> Option<Claims> {
        let bytes = payload(jwt)?;
        // A list would be read as the fields in their order.
        let is_object = bytes.trim_ascii_start().starts_with(b"{");
        is_object.then(|| serde_json::from_slice(&bytes).ok())?
    }

    fn expiry(&self) -> Option<Timestamp> {
        let seconds = self.exp.as_i64().or_else(|| {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "a fraction of a second does not matter here"
            )]
            self.exp.as_f64().map(|s| s as i64)
        })?;
        Timestamp::from_second(seconds).ok()
    }
}

fn payload(jwt: &str) -> Option<Vec<u8>> {
    decode_base64(jwt.split('.').nth(1)?)
}

fn open_jwt(jwt: &str) -> Result<Opened, String> {
    let claims = Claims::read(jwt).ok_or(UNREADABLE)?;
    let text = |value: &Value| value.as_str().map(sanitize);
    let field = |value: &Value, name: &str| value.get(name).and_then(text);
    Ok(Opened {
        user: field(&claims.act, "sub"),
        workspace_id: field(&claims.scope, "workspaceId"),
        roles: claims
            .roles
            .as_array()
            .map(|roles| roles.iter().filter_map(text).collect())
            .unwrap_or_default(),
        expires_at: claims.expiry(),
        ..Opened::default()
    })
}

/// Returns when a JWT expires, if it can be read and says so.
pub fn jwt_expiry(jwt: &str) -> Option<Timestamp> {
    Claims::read(jwt)?.expiry()
}

fn read_widget_url(opened: &mut Opened, text: &str) {
    opened.widget_url = Some(sanitize(text));
    let Ok(url) = Url::parse(text) else { return };
    opened.widget_origin = Some(url.origin().ascii_serialization());
    for (key, value) in url.query_pairs() {
        match key.as_ref() {
            "allowedOrigin" => opened.origin = Some(sanitize(&value)),
            "workspaceId" if opened.workspace_id.is_none() => {
                opened.workspace_id = Some(sanitize(&value));
            }
            _ => {}
        }
    }
}

fn is_jwt(text: &str) -> bool {
    text.split('.').count() == 3 && text.starts_with("ey")
}

fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let compact: Cow<'_, str> = if text.contains(|c: char| c.is_ascii_whitespace()) {
        text.chars().filter(|c| !c.is_ascii_whitespace()).collect()
    } else {
        text.into()
    };
    BASE64
        .iter()
        .find_map(|alphabet| alphabet.decode(compact.as_ref()).ok())
}

fn clean(value: &mut Value) {
    match value {
        Value::String(text) => sanitize_in_place(text),
        Value::Array(items) => items.iter_mut().for_each(clean),
        Value::Object(map) => {
            map.values_mut().for_each(clean);
            if !map.keys().all(|key| is_plain(key)) {
                let entries = std::mem::take(map).into_iter();
                *map = entries
                    .map(|(key, value)| (sanitize(&key), value))
                    .collect();
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

impl Opened {
    /// Returns how long the token still lives at `now`, zero when it is over, `None` when it does
    /// not say.
    pub fn left(&self, now: Timestamp) -> Option<Duration> {
        let left = self.expires_at?.duration_since(now);
        Some(Duration::try_from(left).unwrap_or(Duration::ZERO))
    }

    /// Judges the token at `now`, for a page on `origin` if one is asked about.
    pub fn judge(&self, now: Timestamp, origin: Option<&Origin>) -> Verdict {
        if self.widget_url.is_none() && self.expires_at.is_none() {
            return Verdict::Malformed;
        }
        if self.left(now).is_some_and(|left| left.is_zero()) {
            return Verdict::Expired;
        }
        match (origin, &self.origin) {
            (Some(page), Some(allowed)) if page.as_str() != allowed => Verdict::WrongOrigin,
            _ => Verdict::Usable,
        }
    }

    /// Returns the verdict as a plain sentence.
    pub fn sentence(&self, now: Timestamp, origin: Option<&Origin>) -> String {
        match self.judge(now, origin) {
            Verdict::Malformed => {
                "This token says neither when it expires nor where its widget is.".to_owned()
            }
            Verdict::Expired => {
                let ago = self.expires_at.map(|at| now.duration_since(at));
                let ago = ago
                    .and_then(|d| Duration::try_from(d).ok())
                    .unwrap_or_default();
                format!("This token expired {} ago; mint another.", span(ago))
            }
            Verdict::WrongOrigin => format!(
                "This token will not load on {}: it opens on {} only.",
                origin.map_or("", Origin::as_str),
                self.origin.as_deref().unwrap_or_default()
            ),
            Verdict::Usable => {
                let place = self
                    .origin
                    .as_ref()
                    .map_or("an origin it does not name".to_owned(), |o| {
                        format!("{o} only")
                    });
                let left = self
                    .left(now)
                    .map_or("without a stated end".to_owned(), |left| {
                        format!("for {}", span(left))
                    });
                format!("This token opens on {place}, {left}.")
            }
        }
    }

    /// Returns the widget URL when it is one that may be opened: https, or http on this machine.
    pub fn safe_widget_url(&self) -> Option<Url> {
        let url = Url::parse(self.widget_url.as_deref()?).ok()?;
        let safe = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url));
        safe.then_some(url)
    }
}

/// A widget token as it was minted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Minted {
    /// For whom.
    pub user: ExternalUser,
    /// The origin that was asked for.
    pub origin: Origin,
    /// The token itself.
    pub token: Secret,
    /// What it says; `Err` says why it could not be read.
    pub opened: Result<Opened, String>,
    /// How long it lived when it arrived: its `exp` minus the answer's own `Date`, or minus the
    /// local clock when there was none.
    pub life: Option<Duration>,
    /// When it arrived.
    pub received: Moment,
    /// Whether this user was not known here before, so that a workspace may have been made.
    pub first_here: bool,
}

impl Minted {
    /// Returns how long it still lives; `None` when it does not say.
    pub fn left(&self, now: Moment) -> Option<Duration> {
        Some(self.life?.saturating_sub(now.since(self.received)))
    }

    /// Returns how long after its arrival it is due for renewal: at 80 % of its life.
    pub fn renewal_age(&self) -> Option<Duration> {
        self.life.map(|life| life.mul_f64(0.8))
    }

    /// Returns its workspace, if it says.
    pub fn workspace_id(&self) -> Option<&str> {
        self.opened.as_ref().ok()?.workspace_id.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::prelude::{
        BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE, BASE64_URL_SAFE_NO_PAD,
    };

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn jwt(claims: &str) -> String {
        let part = |t: &str| BASE64_URL_SAFE_NO_PAD.encode(t);
        format!("{}.{}.c2ln", part(r#"{"alg":"HS256"}"#), part(claims))
    }

    fn envelope() -> String {
        let jwt = jwt(
            r#"{"act":{"sub":"user-42 ÿÿ>?>?"},"roles":["EMBEDDED_END_USER"],"exp":2000,"io.airbyte.auth.workspace_scope":{"workspaceId":"w1"}}"#,
        );
        format!(
            r#"{{"token":"{jwt}","widgetUrl":"https://cloud.airbyte.com/embedded-widget?workspaceId=w1&allowedOrigin=http%3A%2F%2Flocalhost%3A3001"}}"#
        )
    }

    #[test]
    fn every_wrapping_opens_to_the_same() {
        let plain = envelope();
        let expected = open(&plain).unwrap();
        assert_eq!(expected.user.as_deref(), Some("user-42 ÿÿ>?>?"));
        assert_eq!(expected.workspace_id.as_deref(), Some("w1"));
        assert_eq!(expected.origin.as_deref(), Some("http://localhost:3001"));
        assert_eq!(expected.expires_at, Some(at(2000)));
        for engine in [
            BASE64_STANDARD,
            BASE64_STANDARD_NO_PAD,
            BASE64_URL_SAFE,
            BASE64_URL_SAFE_NO_PAD,
        ] {
            let wrapped = engine.encode(&plain);
            assert_eq!(open(&wrapped).unwrap(), expected);
            assert_eq!(
                open(&format!(r#"{{"token":"{wrapped}"}}"#)).unwrap(),
                expected
            );
            assert_eq!(open(&format!("\n{wrapped}\n")).unwrap(), expected);
        }
    }

    #[test]
    fn a_bare_jwt_opens_without_an_origin() {
        let opened = open(&jwt(r#"{"exp":2000}"#)).unwrap();
        assert_eq!((opened.origin, opened.expires_at), (None, Some(at(2000))));
    }

    #[test]
    fn what_is_no_token_says_what_it_is_not() {
        for text in [
            "",
            "hello world",
            "{",
            "{}",
            "aGVsbG8=",
            r#"{"token":""}"#,
            "ey.ey.ey",
            r#"{"token":{"a":1}}"#,
        ] {
            assert!(open(text).is_err(), "{text}");
        }
        let nested = BASE64_STANDARD.encode(format!(
            r#"{{"token":"{}"}}"#,
            BASE64_STANDARD.encode(r#"{"token":"eA"}"#)
        ));
        assert!(open(&nested).is_err());
    }

    #[test]
    fn verdicts_cover_time_and_origin() {
        let opened = open(&envelope()).unwrap();
        let here = Origin::parse("http://localhost:3001").unwrap();
        let there = Origin::parse("http://127.0.0.1:3001").unwrap();
        assert_eq!(opened.judge(at(1000), Some(&here)), Verdict::Usable);
        assert_eq!(opened.judge(at(1000), None), Verdict::Usable);
        assert_eq!(opened.judge(at(1000), Some(&there)), Verdict::WrongOrigin);
        assert_eq!(opened.judge(at(2000), Some(&here)), Verdict::Expired);
        assert_eq!(
            opened.sentence(at(1000), Some(&there)),
            "This token will not load on http://127.0.0.1:3001: it opens on http://localhost:3001 only."
        );
    }

    #[test]
    fn hostile_claims_are_sanitized() {
        let opened = open(&jwt(
            "{\"exp\":2000,\"act\":{\"sub\":\"a\\u001b]52;c;x\\u0007\"}}",
        ))
        .unwrap();
        assert_eq!(opened.user.as_deref(), Some("a ]52;c;x"));
        let all = claims(&jwt("{\"a\\u202eb\":[\"c\\u0007\"]}")).unwrap();
        assert_eq!(Value::from(all), serde_json::json!({"a b": ["c"]}));
    }

    #[test]
    fn claims_of_another_type_are_as_if_they_were_not_there() {
        let opened = open(&jwt(
            r#"{"exp":"soon","act":7,"roles":[1,"A"],"io.airbyte.auth.workspace_scope":[]}"#,
        ))
        .unwrap();
        let roles = vec!["A".to_owned()];
        assert_eq!(
            opened,
            Opened {
                roles,
                ..Opened::default()
            }
        );
        for none in [r#"["x","y",[],2000]"#, "7", "", "{"] {
            assert_eq!(open(&jwt(none)).unwrap_err(), UNREADABLE, "{none}");
            assert_eq!(claims(&jwt(none)).unwrap_err(), UNREADABLE, "{none}");
        }
    }

    #[test]
    fn only_https_or_loopback_widget_urls_may_be_opened() {
        for (url, safe) in [
            ("https://a.example/w", true),
            ("http://127.0.0.1:1/w", true),
            ("http://a.example/w", false),
            ("javascript:alert(1)", false),
        ] {
            let opened = Opened {
                widget_url: Some(url.to_owned()),
                ..Opened::default()
            };
            assert_eq!(opened.safe_widget_url().is_some(), safe, "{url}");
        }
    }
}
