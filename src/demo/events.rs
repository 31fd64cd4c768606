//! What the page hands in: an event of the widget, in either vocabulary, or in one that is not known.
//!
//! Depends on `domain`.

use serde_json::Value;

use crate::domain::text::sanitize;
use crate::domain::visit::{EventKind, WidgetEvent};

/// The largest event that is taken. The vendor's page sends the whole source along.
pub(super) const LIMIT: usize = 64 << 10;

/// Reads an event; `None` when it is no JSON object that says what it tells.
pub(super) fn read(body: &[u8]) -> Option<WidgetEvent> {
    let event: Value = serde_json::from_slice(body).ok()?;
    let text = |value: Option<&Value>| {
        value
            .and_then(Value::as_str)
            .map(sanitize)
            .filter(|text| !text.is_empty())
    };
    let name = event
        .get("message")
        .or_else(|| event.get("type"))?
        .as_str()?;
    let data = event.get("data");
    let error = event.get("error");
    Some(WidgetEvent {
        kind: EventKind::named(name),
        source: text(data.and_then(|data| data.get("name"))),
        error: text(error).or_else(|| text(error.and_then(|error| error.get("message")))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Option<WidgetEvent> {
        read(text.as_bytes())
    }

    #[test]
    fn both_vocabularies_are_read() {
        let event = read_text(
            r#"{"type":"end_user_action_result","message":"partial_user_config_created","data":{"sourceId":"s","name":"Faker"}}"#,
        );
        let newer = read_text(
            r#"{"type":"end_user_action_result","message":"source_created","data":{"id":"s","name":"Faker"}}"#,
        );
        assert_eq!(event, newer);
        let event = event.unwrap();
        assert_eq!(event.kind, EventKind::SourceCreated);
        assert_eq!(event.source.as_deref(), Some("Faker"));
    }

    #[test]
    fn an_error_is_a_text_or_has_a_message() {
        for error in [r#""no""#, r#"{"name":"Error","message":"no"}"#] {
            let text = format!(r#"{{"type":"x","message":"source_create_error","error":{error}}}"#);
            let event = read_text(&text).unwrap();
            assert_eq!(
                (event.kind, event.error.as_deref()),
                (EventKind::SourceCreateError, Some("no"))
            );
        }
    }

    #[test]
    fn an_event_that_is_not_known_is_an_event() {
        let event = read_text(r#"{"type":"resized\u001b[2J"}"#).unwrap();
        assert_eq!(event.kind, EventKind::Other("resized [2J".to_owned()));
    }

    #[test]
    fn what_tells_nothing_is_no_event() {
        for text in [
            "",
            "{",
            "null",
            "[]",
            "{}",
            r#""CLOSE_DIALOG""#,
            r#"{"type":7}"#,
        ] {
            assert_eq!(read_text(text), None, "{text}");
        }
        let deep = "[".repeat(100_000);
        assert_eq!(read_text(&deep), None);
    }
}
