//! What an error body says, in whichever of the four families it comes.
//!
//! Depends on `domain`. Airbyte answers problem documents (`type, title, detail, data`), opaque
//! bodies with an `errorId` alone, its framework's `{message, _embedded}`, and on the newer API
//! `{message, errors}` or `{detail}`; proxies answer HTML or nothing.

use serde_json::{Map, Value};

use super::transport::lenient_object;
use crate::domain::redact::Redactor;
use crate::domain::text::sanitize;

/// An error body, read. Every text is redacted and sanitized.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problem {
    /// The problem's type, by which it is recognised.
    pub kind: Option<String>,
    /// What it says, the most telling part first.
    pub message: Option<String>,
    /// The id by which Airbyte's support finds it.
    pub error_id: Option<String>,
    /// The field it is about.
    pub field: Option<String>,
    /// The id of the thing that already exists, where a conflict names it.
    pub id: Option<String>,
    /// Whether the body is an HTML page, as proxies send.
    pub html: bool,
}

impl Problem {
    pub(super) fn read(body: &[u8], redactor: &Redactor) -> Problem {
        if Self::looks_like_html(body) {
            let message = redactor.redact(&Self::html_words(body));
            return Problem {
                message: Some(sanitize(&message)),
                html: true,
                ..Problem::default()
            };
        }
        let Some(map) = lenient_object(body) else {
            return Problem::default();
        };
        let clean = |text: &str| {
            let text = sanitize(&redactor.redact(text));
            (!text.is_empty()).then_some(text)
        };
        let first_error = first_error(&map);
        let data = map.get("data");
        let field = |object: Option<&Value>, key: &str| {
            object
                .and_then(|o| o.get(key))
                .and_then(Value::as_str)
                .and_then(clean)
        };
        let own = |key: &str| map.get(key).and_then(Value::as_str).and_then(clean);
        let message = field(data, "message")
            .or_else(|| field(first_error, "message"))
            .or_else(|| own("detail"))
            .or_else(|| own("message"))
            .or_else(|| {
                field(data, "entitlement").map(|e| format!("the entitlement {e} is missing"))
            })
            .or_else(|| own("title"))
            .or_else(|| own("error"));
        Problem {
            kind: own("type"),
            message,
            error_id: own("errorId"),
            field: field(first_error, "field"),
            id: own("id").or_else(|| field(data, "id")),
            html: false,
        }
    }

    /// Returns true when the problem says that the endpoint has moved to the newer API.
    pub(super) fn is_moved(&self) -> bool {
        self.kind.as_deref() == Some("error:embedded/endpoint-moved")
    }

    /// Returns true when the problem says that the organization is not entitled.
    pub(super) fn is_not_entitled(&self) -> bool {
        self.kind.as_deref() == Some("error:license/entitlement")
    }

    /// Returns what the body says, as words after "Airbyte answered 403".
    pub(super) fn words(&self) -> String {
        let with = if self.html { " with " } else { ": " };
        let message = self
            .message
            .iter()
            .map(|message| format!("{with}{message}"));
        let field = self.field.iter().map(|field| format!(" (field {field})"));
        let id = self
            .error_id
            .iter()
            .map(|id| format!(" (error id {id}, for Airbyte's support)"));
        message.chain(field).chain(id).collect()
    }

    pub(super) fn looks_like_html(body: &[u8]) -> bool {
        let head: Vec<u8> = body
            .iter()
            .copied()
            .skip_while(u8::is_ascii_whitespace)
            .take(15)
            .collect();
        let head = String::from_utf8_lossy(&head).to_ascii_lowercase();
        head.starts_with("<!doctype")
            || head.starts_with("<html")
            || head.starts_with("<head")
            || head.starts_with("<?xml")
    }

    /// Names an HTML page by its title alone.
    pub(super) fn html_words(body: &[u8]) -> String {
        let text = String::from_utf8_lossy(body);
        let lower = text.to_ascii_lowercase();
        let title = lower.find("<title").and_then(|open| {
            let start = open + lower.get(open..)?.find('>')? + 1;
            let end = start + lower.get(start..)?.find("</title")?;
            text.get(start..end)
        });
        match title.map(str::trim).filter(|t| !t.is_empty()) {
            Some(title) => format!("an HTML page titled \"{}\"", sanitize(title)),
            None => "an HTML page".to_owned(),
        }
    }
}

/// The first item of the list of errors, wherever the family keeps it.
fn first_error(map: &Map<String, Value>) -> Option<&Value> {
    let embedded = map.get("_embedded").and_then(|e| e.get("errors"));
    let fastapi = map.get("detail").filter(|d| d.is_array());
    let list = embedded.or_else(|| map.get("errors")).or(fastapi)?;
    list.as_array()?.first()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::secret::Secret;

    fn read(body: &str) -> Problem {
        Problem::read(
            body.as_bytes(),
            &Redactor::new([("S", &Secret::new("canary-secret"))]),
        )
    }

    #[test]
    fn every_family_gives_its_message() {
        let cases = [
            (
                r#"{"status":403,"type":"https://x#forbidden","title":"forbidden","data":{"message":"no permission"}}"#,
                "no permission",
            ),
            (
                r#"{"status":400,"type":"x","title":"bad","detail":"the cron is wrong"}"#,
                "the cron is wrong",
            ),
            (
                r#"{"message":"Bad Request","_links":{},"_embedded":{"errors":[{"message":"Invalid client id or token"}]}}"#,
                "Invalid client id or token",
            ),
            (
                r#"{"message":"Validation failed","errors":[{"field":"cron_expression","message":"not a cron","error_code":"x","details":{}}]}"#,
                "not a cron",
            ),
            (r#"{"detail":"Not authenticated"}"#, "Not authenticated"),
            (
                r#"{"detail":[{"loc":["body"],"msg":"x","message":"field required","type":"missing"}]}"#,
                "field required",
            ),
            (
                "<!DOCTYPE html><html><head><TITLE>502 Bad Gateway</TITLE></head><body>secret things</body>",
                "an HTML page titled \"502 Bad Gateway\"",
            ),
        ];
        for (body, message) in cases {
            assert_eq!(read(body).message.as_deref(), Some(message), "{body}");
        }
        assert_eq!(
            read(r#"{"errorId":"e-1"}"#).error_id.as_deref(),
            Some("e-1")
        );
        assert_eq!(read(""), Problem::default());
        assert_eq!(read("[1]"), Problem::default());
    }

    #[test]
    fn a_field_is_named() {
        assert_eq!(
            read(r#"{"errors":[{"field":"name","message":"m"}]}"#).words(),
            ": m (field name)"
        );
    }

    #[test]
    fn echoed_secrets_and_escapes_do_not_pass() {
        let problem = read("{\"detail\":\"got canary-secret \\u001b[31mred\\u202e\"}");
        assert_eq!(problem.message.as_deref(), Some("got *** [31mred"));
    }
}
