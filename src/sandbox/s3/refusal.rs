//! Errors in S3's own shape.

use std::fmt::Write as _;

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;

use super::target::Target;

pub(super) const BUCKET_REGION: HeaderName = HeaderName::from_static("x-amz-bucket-region");

/// What S3 says in place of an answer.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) code: String,
    pub(super) message: String,
    /// Further elements of the document.
    pub(super) details: Vec<(&'static str, String)>,
    pub(super) headers: Vec<(HeaderName, String)>,
}

/// Code, status and sentence of the errors that say nothing in particular.
const KNOWN: &[(&str, u16, &str)] = &[
    ("AccessDenied", 403, "Access Denied"),
    (
        "BadDigest",
        400,
        "The Content-MD5 you specified did not match what we received.",
    ),
    (
        "EntityTooSmall",
        400,
        "Your proposed upload is smaller than the minimum allowed size",
    ),
    (
        "IncompleteBody",
        400,
        "You did not provide the number of bytes specified by the Content-Length HTTP header",
    ),
    (
        "InternalError",
        500,
        "We encountered an internal error. Please try again.",
    ),
    (
        "InvalidAccessKeyId",
        403,
        "The AWS Access Key Id you provided does not exist in our records.",
    ),
    ("InvalidArgument", 400, "Invalid Argument"),
    (
        "InvalidBucketName",
        400,
        "The specified bucket is not valid.",
    ),
    (
        "InvalidDigest",
        400,
        "The Content-MD5 you specified is not valid.",
    ),
    (
        "InvalidPart",
        400,
        "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
    ),
    (
        "InvalidPartOrder",
        400,
        "The list of parts was not in ascending order. Parts must be ordered by part number.",
    ),
    (
        "InvalidRange",
        416,
        "The requested range is not satisfiable",
    ),
    ("InvalidRequest", 400, "Invalid Request"),
    ("InvalidURI", 400, "Couldn't parse the specified URI."),
    ("KeyTooLongError", 400, "Your key is too long"),
    (
        "MalformedXML",
        400,
        "The XML you provided was not well-formed or did not validate against our published schema",
    ),
    (
        "MethodNotAllowed",
        405,
        "The specified method is not allowed against this resource.",
    ),
    (
        "MissingContentLength",
        411,
        "You must provide the Content-Length HTTP header.",
    ),
    ("NoSuchBucket", 404, "The specified bucket does not exist"),
    ("NoSuchKey", 404, "The specified key does not exist."),
    (
        "NoSuchUpload",
        404,
        "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.",
    ),
    (
        "NotImplemented",
        501,
        "A header or query you provided implies functionality that is not implemented.",
    ),
    (
        "PreconditionFailed",
        412,
        "At least one of the pre-conditions you specified did not hold",
    ),
    (
        "RequestTimeTooSkewed",
        403,
        "The difference between the request time and the current time is too large.",
    ),
    (
        "RequestTimeout",
        400,
        "Your socket connection to the server was not read from or written to within the timeout period. Idle connections will be closed.",
    ),
    (
        "ServiceUnavailable",
        503,
        "Service is unable to handle request.",
    ),
    (
        "SignatureDoesNotMatch",
        403,
        "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
    ),
    ("SlowDown", 503, "Please reduce your request rate."),
    (
        "XAmzContentSHA256Mismatch",
        400,
        "The provided 'x-amz-content-sha256' header does not match what was computed.",
    ),
];

impl Refusal {
    pub(super) fn new(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self {
            status,
            code: code.to_owned(),
            message: message.into(),
            details: Vec::new(),
            headers: Vec::new(),
        }
    }

    /// The error of that code as S3 words it; an unknown code gets status 400.
    pub(super) fn known(code: &str) -> Self {
        let (status, message) = known(code).unwrap_or((400, ""));
        Self::new(status, code, message)
    }

    /// The error that a status usually comes with.
    pub(super) fn usual(status: u16) -> Self {
        let code = match status {
            401 | 403 => "AccessDenied",
            404 => "NoSuchKey",
            405 => "MethodNotAllowed",
            411 => "MissingContentLength",
            412 => "PreconditionFailed",
            416 => "InvalidRange",
            429 | 503 => "SlowDown",
            501 => "NotImplemented",
            ..=499 => "InvalidRequest",
            _ => "InternalError",
        };
        Self {
            status,
            ..Self::known(code)
        }
    }

    pub(super) fn detail(mut self, name: &'static str, text: impl Into<String>) -> Self {
        self.details.push((name, text.into()));
        self
    }

    pub(super) fn header(mut self, name: HeaderName, text: impl Into<String>) -> Self {
        self.headers.push((name, text.into()));
        self
    }

    /// The answer. To HEAD it has no body, so that its status and headers are all there is.
    pub(super) fn answer(&self, target: &Target, request_id: &str, host_id: &str) -> Response {
        let mut text = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{}</Code><Message>{}</Message>",
            escaped(&self.code),
            escaped(&self.message)
        );
        for (name, value) in &self.details {
            // Writing to a String does not fail.
            let _ = write!(text, "<{name}>{}</{name}>", escaped(value));
        }
        let _ = write!(
            text,
            "<Resource>{}</Resource><RequestId>{request_id}</RequestId><HostId>{host_id}</HostId></Error>",
            escaped(&target.resource)
        );
        let body = if target.head {
            Body::empty()
        } else {
            Body::from(text)
        };
        let mut response = Response::new(body);
        let status = StatusCode::from_u16(self.status);
        *response.status_mut() = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/xml"),
        );
        for (name, value) in &self.headers {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        }
        response
    }
}

/// The status and the sentence of a code.
pub(super) fn known(code: &str) -> Option<(u16, &'static str)> {
    let (_, status, message) = KNOWN.iter().find(|(name, ..)| *name == code)?;
    Some((*status, message))
}

/// Text for a document. Controls that XML 1.0 cannot hold are passed on all the same, as S3 does.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\r' => safe.push_str("&#13;"),
            c => safe.push(c),
        }
    }
    safe
}

/// The text of one element of a small document without attributes.
pub(super) fn element(document: &str, name: &str) -> Option<String> {
    let (_, rest) = document.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    let plain = text.replace("&lt;", "<").replace("&gt;", ">");
    let plain = plain.replace("&quot;", "\"").replace("&apos;", "'");
    Some(plain.replace("&amp;", "&"))
}
