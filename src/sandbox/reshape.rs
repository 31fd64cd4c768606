//! Answers changed on their way out: cut, dripped, broken, or with a field gone wrong.

use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use futures_util::{Stream, StreamExt as _, stream};
use serde_json::{Value, json};

use super::fault::{Change, Reshape, Whole};

/// Between the half of a body and the cut, so that the half is sent and not dropped with it.
const FLUSH: Duration = Duration::from_millis(20);

/// The answer, changed. The status stays; every length fits the new body, but for a cut one.
pub(super) async fn reshape(response: Response, change: Reshape) -> Response {
    let (mut parts, body) = response.into_parts();
    // Our own answers: documents or one object of the bucket, and they do not fail.
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    parts.headers.remove(header::CONTENT_LENGTH);
    if change == Reshape::Whole(Whole::WrongType) {
        let html = HeaderValue::from_static("text/html; charset=utf-8");
        parts.headers.insert(header::CONTENT_TYPE, html);
    }
    if matches!(change, Reshape::Cut | Reshape::Slow(_)) {
        let length = HeaderValue::from(body.len());
        parts.headers.insert(header::CONTENT_LENGTH, length);
    }
    let body = match change {
        Reshape::Cut => Body::from_stream(half_then_cut(&body)),
        Reshape::Slow(pause) => Body::from_stream(dripped(body, pause)),
        Reshape::Huge(mib) => Body::from_stream(huge(&body, mib)),
        Reshape::Whole(change) => Body::from(changed(&body, change)),
    };
    Response::from_parts(parts, body)
}

fn half_then_cut(body: &Bytes) -> impl Stream<Item = io::Result<Bytes>> + use<> {
    let half = body.slice(..body.len() / 2);
    stream::once(async { Ok(half) }).chain(stream::once(async {
        tokio::time::sleep(FLUSH).await;
        Err(io::ErrorKind::ConnectionAborted.into())
    }))
}

fn dripped(body: Bytes, pause: Duration) -> impl Stream<Item = io::Result<Bytes>> {
    stream::unfold(body, move |mut left| async move {
        if left.is_empty() {
            return None;
        }
        tokio::time::sleep(pause).await;
        let byte = left.split_to(1);
        Some((Ok(byte), left))
    })
}

/// The answer as an object with a filling in front: valid JSON to who reads it to the end. No
/// length is announced, so only counting finds out.
fn huge(body: &[u8], mib: u64) -> impl Stream<Item = io::Result<Bytes>> + use<> {
    let rest = body.strip_prefix(b"{").unwrap_or(b"}");
    let rest = Bytes::from([b"\",", rest].concat());
    let piece = Bytes::from(vec![b'x'; 64 * 1024]);
    let pieces = usize::try_from(mib.saturating_mul(16)).unwrap_or(usize::MAX);
    stream::once(async { Bytes::from_static(b"{\"padding\":\"") })
        .chain(stream::repeat(piece).take(pieces))
        .chain(stream::once(async { rest }))
        .map(Ok)
}

fn changed(body: &[u8], change: Whole) -> Vec<u8> {
    match change {
        Whole::Empty => Vec::new(),
        Whole::BadJson => String::from_utf8_lossy(body)
            .replacen(':', "=", 1)
            .into_bytes(),
        Whole::CutJson => body.get(..body.len() / 2).unwrap_or_default().to_vec(),
        Whole::Array => [b"[", body, b"]"].concat(),
        Whole::Text => Value::from(String::from_utf8_lossy(body))
            .to_string()
            .into_bytes(),
        Whole::ByteOrderMark => [b"\xef\xbb\xbf", body].concat(),
        Whole::NotUtf8 => not_utf8(body),
        Whole::DoubledKeys => doubled(body),
        Whole::Field(path, change) => field(body, &path, change),
        Whole::WrongType => body.to_vec(),
    }
}

/// Two bytes that are no character, in the first text value or at the end.
fn not_utf8(body: &[u8]) -> Vec<u8> {
    let value = body.windows(3).position(|window| window == b"\":\"");
    let (head, tail) = body.split_at(value.map_or(body.len(), |at| at + 3));
    [head, b"\xff\xfe", tail].concat()
}

/// The object's fields twice: first as nulls, then as they were.
fn doubled(body: &[u8]) -> Vec<u8> {
    let Ok(Value::Object(fields)) = serde_json::from_slice(body) else {
        return body.to_vec();
    };
    let nulls: Vec<String> = fields
        .keys()
        .map(|name| format!("{}:null,", Value::from(name.as_str())))
        .collect();
    let rest = body.strip_prefix(b"{").unwrap_or_default();
    [b"{", nulls.concat().as_bytes(), rest].concat()
}

/// The document with one field changed; anything that is not JSON, or has no such field, stays.
fn field(body: &[u8], path: &str, change: Change) -> Vec<u8> {
    let Ok(mut document) = serde_json::from_slice::<Value>(body) else {
        return body.to_vec();
    };
    let (parent, name) = match path.rsplit_once('.') {
        Some((parent, name)) => (format!("/{}", parent.replace('.', "/")), name),
        None => (String::new(), path),
    };
    if let Some(Value::Object(fields)) = document.pointer_mut(&parent) {
        if change == Change::Missing {
            fields.shift_remove(name);
        } else if let Some(value) = fields.get_mut(name) {
            *value = replaced(value, change);
        }
    }
    document.to_string().into_bytes()
}

fn replaced(value: &Value, change: Change) -> Value {
    match change {
        Change::Missing | Change::Null => Value::Null,
        Change::Blank => json!(""),
        Change::OtherType => match value {
            Value::String(_) => json!(12345),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Array(_)
            | Value::Object(_) => {
                json!("text")
            }
        },
        Change::Value(text) => Value::from(text),
        Change::Big(bytes) => Value::from("x".repeat(bytes)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(body: &str, change: Whole) -> String {
        String::from_utf8_lossy(&changed(body.as_bytes(), change)).into_owned()
    }

    fn with(path: &str, change: Change) -> Whole {
        Whole::Field(path.to_owned(), change)
    }

    #[test]
    fn documents_break_in_the_ways_they_are_told_to() {
        let body = r#"{"token":"abc","n":1}"#;
        assert_eq!(after(body, Whole::BadJson), r#"{"token"="abc","n":1}"#);
        assert_eq!(after(body, Whole::CutJson), r#"{"token":""#);
        assert_eq!(after(body, Whole::Empty), "");
        assert_eq!(after(body, Whole::Array), format!("[{body}]"));
        assert_eq!(after("{}", Whole::Text), r#""{}""#);
        assert_eq!(after(body, Whole::ByteOrderMark), format!("\u{feff}{body}"));
        assert_eq!(
            after(body, Whole::DoubledKeys),
            r#"{"token":null,"n":null,"token":"abc","n":1}"#
        );
        let bytes = changed(body.as_bytes(), Whole::NotUtf8);
        assert!(std::str::from_utf8(&bytes).is_err());
        assert!(changed(b"plain", Whole::NotUtf8).starts_with(b"plain"));
    }

    #[test]
    fn one_field_changes_and_the_others_stay() {
        let body = r#"{"token":"abc","n":1,"list":[{"name":"x"}]}"#;
        for (change, expected) in [
            (
                with("token", Change::Missing),
                r#"{"n":1,"list":[{"name":"x"}]}"#,
            ),
            (
                with("token", Change::Null),
                r#"{"token":null,"n":1,"list":[{"name":"x"}]}"#,
            ),
            (
                with("token", Change::Blank),
                r#"{"token":"","n":1,"list":[{"name":"x"}]}"#,
            ),
            (
                with("n", Change::OtherType),
                r#"{"token":"abc","n":"text","list":[{"name":"x"}]}"#,
            ),
            (
                with("token", Change::OtherType),
                r#"{"token":12345,"n":1,"list":[{"name":"x"}]}"#,
            ),
            (
                with("list.0.name", Change::Value("y".to_owned())),
                r#"{"token":"abc","n":1,"list":[{"name":"y"}]}"#,
            ),
            (with("none", Change::Null), body),
            (with("list.7.name", Change::Missing), body),
        ] {
            assert_eq!(after(body, change), expected);
        }
        assert_eq!(after("<html>", with("a", Change::Null)), "<html>");
        assert!(after(body, with("token", Change::Big(2048))).len() > 2048);
    }
}
