//! A failure on screen: what, because, hint.
//!
//! Depends on `pen`, `theme`; on `domain::failure`.

use ratatui::text::Line;

use super::pen::{Row, paragraph};
use super::theme::{Look, Role};
use crate::domain::failure::{Code, Failure};
use crate::domain::moment::span;

/// The most lines that a reason takes: a service may say much, and what to do stands below it.
const REASON: usize = 5;

/// Draws the three parts under an indent.
pub fn lines(look: Look<'_>, failure: &Failure, indent: usize, width: usize) -> Vec<Line<'static>> {
    let mut lines = paragraph(
        look,
        Role::Bad,
        indent,
        &format!("✖ {}", failure.message),
        width,
    );
    lines.extend(reasons(look, failure, indent + 2, width));
    lines
}

/// Draws why and what to do, without what happened.
pub fn reasons(
    look: Look<'_>,
    failure: &Failure,
    indent: usize,
    width: usize,
) -> Vec<Line<'static>> {
    let wait = failure
        .retry_after
        .map(|wait| format!("the service asks to wait {}", span(wait)));
    let parts = [
        ("because", failure.because.as_ref(), Role::Text),
        ("wait", wait.as_ref(), Role::Text),
        ("do", failure.hint.as_ref(), Role::Strong),
    ];
    let mut lines = Vec::new();
    for (label, text, role) in parts {
        let part = [(label, text.map(String::as_str), role)];
        let mut drawn = labelled(look, &part, indent, width);
        if label == "because" && drawn.len() > REASON {
            drawn.truncate(REASON - 1);
            drawn.push(Row::new(look).at(indent + 9).put(Role::Quiet, "…").line());
        }
        lines.extend(drawn);
    }
    lines
}

/// Draws texts behind their labels, in one column.
pub fn labelled(
    look: Look<'_>,
    parts: &[(&str, Option<&str>, Role)],
    indent: usize,
    width: usize,
) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    for (label, text, role) in parts {
        let Some(text) = text else { continue };
        let column = indent + 9;
        for (i, piece) in super::pen::wrap(&look.shown(text), width.saturating_sub(column))
            .into_iter()
            .enumerate()
        {
            let row = Row::new(look).at(indent);
            let row = if i == 0 {
                row.put(Role::Quiet, *label)
            } else {
                row
            };
            lines.push(row.at(column).put(*role, piece).line());
        }
    }
    lines
}

/// Returns the word for a failure in a table's narrow column.
pub fn word(failure: &Failure) -> &'static str {
    match failure.code {
        Code::AuthRefused | Code::AuthExpired | Code::AuthForbidden => "refused",
        Code::AuthNotEntitled => "not entitled",
        Code::AuthWrongOrganization => "wrong org",
        Code::NetworkDns | Code::NetworkConnect | Code::NetworkTls | Code::NetworkProxy => {
            "offline"
        }
        Code::NetworkTimeout => "no answer",
        Code::NetworkLost => "cut off",
        Code::ServiceRejected => "rejected",
        Code::ServiceNotFound => "not found",
        Code::ServiceMoved | Code::ServiceRedirect => "moved",
        Code::ServiceRateLimited => "slowed down",
        Code::ServiceUnavailable | Code::ServiceError => "server error",
        Code::ServiceUnreadable => "unreadable",
        Code::Cancelled => "cancelled",
        Code::ConfigMissing
        | Code::ConfigInvalid
        | Code::ConfigUnsupported
        | Code::EnvFileUnreadable
        | Code::EnvFileMisread
        | Code::TemplateConflict
        | Code::TemplateUnknown
        | Code::PageUnusable
        | Code::BucketKeys
        | Code::BucketDenied
        | Code::BucketMissing
        | Code::BucketRegion
        | Code::BucketClock
        | Code::BucketRefused
        | Code::NoData
        | Code::TokenExpired
        | Code::TokenWrongOrigin
        | Code::TokenMalformed
        | Code::MachineDisk
        | Code::MachinePort
        | Code::MachineBrowser
        | Code::Internal => "failed",
    }
}
