//! Where the documents and what Airbyte does differ, and why we follow the latter.

use std::fmt::Write as _;

use super::document::Finding;

/// One difference that is meant.
pub(super) struct Exception {
    /// `POST /v1/applications/token`, or `*`
    operation: &'static str,
    /// The status, `request`, `query` or `path`.
    at: &'static str,
    /// A piece of what is found.
    what: &'static str,
    /// Why it stays.
    why: &'static str,
}

impl Exception {
    fn allows(&self, finding: &Finding) -> bool {
        (self.operation == "*" || self.operation == finding.operation)
            && self.at == finding.at
            && finding.what.contains(self.what)
    }
}

/// A status that any operation may have.
pub(super) const fn any(at: &'static str, why: &'static str) -> Exception {
    Exception {
        operation: "*",
        at,
        what: "the document has no such status",
        why,
    }
}

/// Paths of the sandbox.
pub(super) const PATHS: &[Exception] = &[Exception {
    operation: "POST /api/v1/embedded/widget-token",
    at: "path",
    what: "no such path",
    why: "earlier documentation had it (API.md 1, trap 42); served under a fault only, for the \
          client's second try",
}];

/// Replies of the public API.
pub(super) const V1_REPLIES: &[Exception] = &[
    Exception {
        operation: "POST /v1/config_templates/connections",
        at: "301",
        what: "no such status",
        why: "organizations that have moved; its problem type is published, the status on this \
              path is not (API.md 1 and 8)",
    },
    Exception {
        operation: "GET /v1/config_templates/sources",
        at: "301",
        what: "no such status",
        why: "the same; the status was on these paths first (API.md 1 and 4)",
    },
    Exception {
        operation: "POST /v1/embedded/widget_token",
        at: "200",
        what: "'widgetUrl' was unexpected",
        why: "with ?debug the answer is the token's inside, unpacked (API.md 5)",
    },
    Exception {
        operation: "POST /v1/applications/token",
        at: "415",
        what: "no such status",
        why: "the framework refuses a media type that the operation does not read",
    },
    Exception {
        operation: "*",
        at: "400",
        what: "taken over",
        why: "the fault `esc` writes terminal escapes into the title too, by which a published \
              problem is known",
    },
    any(
        "400",
        "unreadable requests: a bare error id, or the framework's body (API.md 2 and 8)",
    ),
    any(
        "401",
        "a missing or ended bearer, or wrong credentials; the document names no 401 at all (API.md 2 and 5)",
    ),
    any(
        "403",
        "roles are resolved before the operation (API.md 5), so every one may answer so",
    ),
    any(
        "404",
        "an unknown definition (API.md 3.1), and the retired path since April 2026 (API.md 1)",
    ),
    any(
        "408",
        "a proxy's, or the published time-out problem, on any path",
    ),
    any(
        "409",
        "a published problem that any path may answer (API.md 8)",
    ),
    any("422", "a body that cannot be bound (API.md 8)"),
    any(
        "429",
        "the load shedder before the operations (API.md 2 and 8)",
    ),
    any("500", "uncaught errors: a bare error id (API.md 8)"),
    any("502", "a proxy before the service"),
    any("503", "a published problem, or a proxy's"),
];

/// Replies of the newer API.
pub(super) const AGENTS_REPLIES: &[Exception] = &[
    any(
        "401",
        "a missing or ended bearer, or wrong credentials; the document stops at 403",
    ),
    any("404", "an unknown template, or a path that is not there"),
    any("408", "a proxy's, on any path"),
    any("409", "a conflict that a fault may ask for"),
    any("429", "the load shedder before the operations"),
    any("502", "a proxy before the service"),
    any("503", "a proxy before the service"),
];

/// Requests of our client to the public API.
pub(super) const V1_REQUESTS: &[Exception] = &[Exception {
    operation: "POST /v1/applications/token",
    at: "request",
    what: "\"grant_type\" is a required property",
    why: "the document requires grant_type and defines grant-type; the server reads neither, and \
          the hyphen is the property's (API.md 2)",
}];

/// Requests of our client to the newer API.
pub(super) const AGENTS_REQUESTS: &[Exception] = &[];

/// Ends the test unless every finding is excepted and every exception is needed.
pub(super) fn reconcile(findings: &[Finding], exceptions: &[Exception]) {
    let mut report = String::new();
    let mut lines: Vec<String> = unexcepted(findings, exceptions);
    lines.sort();
    lines.dedup();
    for line in lines {
        let _ = writeln!(report, "differs from the document: {line}");
    }
    for exception in exceptions {
        if !findings.iter().any(|finding| exception.allows(finding)) {
            let Exception {
                operation,
                at,
                what,
                why,
            } = exception;
            let _ = writeln!(report, "stale exception: {operation} [{at}] {what} ({why})");
        }
    }
    assert!(report.is_empty(), "\n{report}");
}

/// What no exception allows.
pub(super) fn unexcepted(findings: &[Finding], exceptions: &[Exception]) -> Vec<String> {
    findings
        .iter()
        .filter(|finding| !exceptions.iter().any(|it| it.allows(finding)))
        .map(ToString::to_string)
        .collect()
}
