//! The bodies in which the API says no: problem documents, bare error ids, and the framework's own.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::ids::Id;

/// Prefix of the documented problem types.
const REFERENCE: &str = "https://reference.airbyte.com/reference/errors";

/// An answer that is an error.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    body: Value,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.status, Json(self.body)).into_response()
    }
}

/// A status as the wire has it; the grammar of faults lets only valid ones through.
pub(super) fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// A refusal with a body of the caller's making.
pub(super) fn refusal(code: u16, body: Value) -> Refusal {
    Refusal {
        status: status(code),
        body,
    }
}

/// A problem document; the content type stays `application/json`, as the platform sends it.
fn problem(code: u16, kind: &str, title: &str, detail: &str, data: Value) -> Refusal {
    let mut body = json!({"status": code, "type": kind, "title": title, "detail": detail});
    if let (Some(fields), false) = (body.as_object_mut(), data.is_null()) {
        fields.insert("data".to_owned(), data);
    }
    Refusal {
        status: status(code),
        body,
    }
}

/// 400: the request cannot be carried out as it stands.
pub(super) fn bad_request(message: &str) -> Refusal {
    problem(
        400,
        &format!("{REFERENCE}#bad-request"),
        "bad-request",
        "The request could not be processed.",
        json!({ "message": message }),
    )
}

/// 403: also the answer to ids that exist nowhere, since no role follows from them.
pub(super) fn forbidden() -> Refusal {
    let message = "Caller does not have the required permissions to access the resource(s).";
    problem(
        403,
        &format!("{REFERENCE}#forbidden"),
        "forbidden",
        "You don't have permission to access this resource.",
        json!({ "message": message }),
    )
}

/// 403: the organization has not bought this.
pub(super) fn not_entitled(entitlement: &str) -> Refusal {
    problem(
        403,
        "error:license/entitlement",
        "License Entitlement Error",
        "Organization is not entitled to use this feature.",
        json!({ "entitlement": entitlement }),
    )
}

/// 404: an id that names nothing.
pub(super) fn not_found(resource: &str, kind: &str) -> Refusal {
    problem(
        404,
        &format!("{REFERENCE}#resource-not-found"),
        "resource-not-found",
        "The requested resource could not be found.",
        json!({"resourceId": resource, "resourceType": kind}),
    )
}

/// 400: a name that stands for nothing.
pub(super) fn value_not_found(value: &str) -> Refusal {
    let detail = "The value could not be found.";
    let data = json!({ "value": value });
    problem(400, REFERENCE, "value-not-found", detail, data)
}

/// 400: a connection may not have this schedule.
pub(super) fn bad_cron(kind: &str, message: &str) -> Refusal {
    let data = json!({ "message": message });
    problem(
        400,
        &format!("error:cron-validation/{kind}"),
        kind,
        message,
        data,
    )
}

/// 409: something of the kind is being done already.
pub(super) fn try_again_later(message: &str) -> Refusal {
    problem(
        409,
        &format!("{REFERENCE}#try-again-later"),
        "try-again-later",
        "The resource is busy. Try again later.",
        json!({ "message": message }),
    )
}

/// 409: the thing is not in a state for that.
pub(super) fn state_conflict(message: &str) -> Refusal {
    named(409, message)
}

/// 422: readable, and not acceptable.
pub(super) fn unprocessable(message: &str) -> Refusal {
    named(422, message)
}

/// 500: something nobody expected.
pub(super) fn unexpected(message: &str) -> Refusal {
    let detail = "An unexpected problem has occurred.";
    let data = json!({ "message": message });
    problem(500, REFERENCE, "unexpected-problem", detail, data)
}

/// 301: Embedded lives elsewhere now. There is no `Location`.
pub(super) fn moved() -> Refusal {
    let documentation = "https://api.airbyte.ai/api/v1/redoc";
    let mut refusal = problem(
        301,
        "error:embedded/endpoint-moved",
        "Airbyte Embedded Endpoint Moved",
        &format!("This endpoint has moved; see {documentation} for its successor."),
        Value::Null,
    );
    if let Some(fields) = refusal.body.as_object_mut() {
        fields.insert("documentationUrl".to_owned(), Value::from(documentation));
    }
    refusal
}

/// An id to give to support and nothing else.
pub(super) fn opaque(code: u16, error: Id) -> Refusal {
    Refusal {
        status: status(code),
        body: json!({ "errorId": error }),
    }
}

/// The web framework's own error, from before or around the platform's code.
pub(super) fn framework(code: u16, path: &str, message: &str) -> Refusal {
    let status = status(code);
    Refusal {
        status,
        body: json!({
            "message": status.canonical_reason().unwrap_or("Error"),
            "_links": {"self": {"href": path, "templated": false}},
            "_embedded": {"errors": [{"message": message, "_links": {}, "_embedded": {}}]},
        }),
    }
}

/// The load shedder's refusal.
pub(super) fn rate_limited() -> Refusal {
    Refusal {
        status: StatusCode::TOO_MANY_REQUESTS,
        body: json!({"message": "You are being rate limited."}),
    }
}

/// What the platform would say with this status; with a message of one's own, always a problem.
pub(super) fn stock(code: u16, message: Option<&str>, path: &str, error: Id) -> Refusal {
    let reason = status(code).canonical_reason().unwrap_or("Error");
    let Some(message) = message else {
        return match code {
            401 | 404 | 405 | 415 => framework(code, path, reason),
            403 => forbidden(),
            429 => rate_limited(),
            500 => opaque(500, error),
            _ => named(code, reason),
        };
    };
    named(code, message)
}

fn named(code: u16, message: &str) -> Refusal {
    let title = match code {
        400 => "bad-request",
        401 => "invalid-api-key",
        403 => "forbidden",
        404 => "resource-not-found",
        408 => "Request timeout exceeded",
        409 => "state-conflict",
        422 => "unprocessable-entity",
        503 => "service-unavailable",
        _ => "unexpected-problem",
    };
    let kind = match title {
        "Request timeout exceeded" => "error:request-timeout-exceeded".to_owned(),
        "state-conflict" => format!("{REFERENCE}#409-state-conflict"),
        "service-unavailable" | "unexpected-problem" => REFERENCE.to_owned(),
        _ => format!("{REFERENCE}#{title}"),
    };
    // What is not found is named in the data, and here nothing was looked for.
    let data = match code {
        404 => Value::Null,
        _ => json!({ "message": message }),
    };
    problem(code, &kind, title, message, data)
}

/// A problem whose every text tries to take over the terminal that shows it: colours, a title, a
/// clipboard write, C1 controls, a carriage return, and characters that turn the reading direction.
pub(super) fn hostile() -> Refusal {
    problem(
        400,
        &format!("{REFERENCE}#bad-request"),
        "bad-request \u{1b}[2J\u{1b}]0;taken over\u{7}",
        "first\rsecond \u{9b}31m \u{1b}]52;c;aGFja2Vk\u{1b}\\ \u{202e}desrever\u{202c} \u{2066}\u{200f}",
        json!({"message": "\u{1b}[31mred\u{1b}[0m \u{1b}]8;;http://evil.example\u{1b}\\link\u{1b}]8;;\u{1b}\\ \u{8}\u{0}\u{7f}\u{9d}52;c;aGFja2Vk\u{9c} \u{200b}\u{feff}end"}),
    )
}
