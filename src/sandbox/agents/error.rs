//! The newer API's error envelope: a message, and what was wrong with which field.

use serde_json::{Value, json};

use crate::sandbox::problem::{Refusal, refusal, status};

/// What was wrong with one field.
pub(super) fn objection(field: &str, message: &str, code: &str) -> Value {
    json!({"field": field, "message": message, "error_code": code, "details": null})
}

/// 422: the request has not the published shape; everything that is wrong with it at once.
pub(super) fn invalid(objections: Vec<Value>) -> Refusal {
    envelope(422, "The request is not valid.", &Value::Array(objections))
}

/// 400: the shape is right, the content of this field is not.
pub(super) fn unacceptable(field: &str, message: &str, code: &str) -> Refusal {
    envelope(400, message, &json!([objection(field, message, code)]))
}

/// 400: the shape is right, the content of several fields is not.
pub(super) fn unfit(message: &str, objections: Vec<Value>) -> Refusal {
    envelope(400, message, &Value::Array(objections))
}

/// 404: an id that names nothing.
pub(super) fn not_found(what: &str, id: &str) -> Refusal {
    let details = json!({ "id": id });
    let message = format!("{what} not found.");
    let error =
        json!({"field": "id", "message": message, "error_code": "not_found", "details": details});
    envelope(404, &message, &json!([error]))
}

/// An error that concerns no field, under a code of its own.
pub(super) fn coded(code: u16, message: &str, error_code: &str) -> Refusal {
    let error =
        json!({"field": null, "message": message, "error_code": error_code, "details": null});
    envelope(code, message, &json!([error]))
}

/// An error with nothing to say but its message.
pub(crate) fn bare(code: u16, message: &str) -> Refusal {
    envelope(code, message, &json!([]))
}

/// What the service would say with this status.
pub(crate) fn stock(code: u16, message: Option<&str>) -> Refusal {
    let reason = status(code).canonical_reason().unwrap_or("Error");
    let error_code = reason.to_ascii_lowercase().replace(' ', "_");
    coded(code, message.unwrap_or(reason), &error_code)
}

/// The hostile envelope: every text in it tries to take over the terminal that shows it.
pub(crate) fn hostile() -> Refusal {
    let error = json!({
        "field": "name\u{1b}[2J\u{1b}]0;taken over\u{7}",
        "message": "\u{1b}[31mred\u{1b}[0m \u{8}\u{0}\u{7f}\u{9d}52;c;aGFja2Vk\u{9c} \u{200b}\u{feff}end",
        "error_code": "\u{9b}31m\u{202e}edoc\u{202c}",
        "details": {"link": "\u{1b}]8;;http://evil.example\u{1b}\\link\u{1b}]8;;\u{1b}\\"},
    });
    let message = "first\rsecond \u{9b}31m \u{1b}]52;c;aGFja2Vk\u{1b}\\ \u{202e}desrever\u{202c} \u{2066}\u{200f}";
    envelope(400, message, &json!([error]))
}

fn envelope(code: u16, message: &str, errors: &Value) -> Refusal {
    refusal(code, json!({"message": message, "errors": errors}))
}
