//! A failure on screen: what, because, hint.
//!
//! Depends on `pen`, `theme`; on `domain::failure` and `domain::exchange`.

use ratatui::text::Line;

use super::pen::{Row, paragraph, wrap_to};
use super::theme::{Look, Role};
use crate::domain::exchange::Exchange;
use crate::domain::failure::{Code, Failure};
use crate::domain::moment::span;

/// The most lines that a reason takes: a service may say much, and what to do stands below it.
const REASON: usize = 5;

/// Draws the three parts under an indent, in at most so many lines if what happened and what to do
/// leave the reason that many.
pub fn lines(
    look: Look<'_>,
    failure: &Failure,
    indent: usize,
    width: usize,
    most: usize,
) -> Vec<Line<'static>> {
    let (glyph, role) = glyph(failure.code);
    let text = format!("{glyph} {}", failure.message);
    let mut lines = paragraph(look, role, indent, &text, width);
    let left = most.saturating_sub(lines.len());
    lines.extend(reasons(look, failure, indent + 2, width, left));
    lines
}

/// Draws why and what to do, without what happened.
pub fn reasons(
    look: Look<'_>,
    failure: &Failure,
    indent: usize,
    width: usize,
    most: usize,
) -> Vec<Line<'static>> {
    let wait = failure
        .retry_after
        .map(|wait| format!("the service asks to wait {}", span(wait)));
    let parts = [
        ("because", failure.because.as_deref(), Role::Text),
        ("wait", wait.as_deref(), Role::Text),
        ("do", failure.hint.as_deref(), Role::Strong),
    ];
    labelled(look, &parts, indent, width, most)
}

/// Draws texts behind their labels, in one column. The first gives way where not all lines fit.
pub fn labelled(
    look: Look<'_>,
    parts: &[(&str, Option<&str>, Role)],
    indent: usize,
    width: usize,
    most: usize,
) -> Vec<Line<'static>> {
    let column = indent + 9;
    let wrap = |text: &str, most| wrap_to(&look.shown(text), width.saturating_sub(column), most);
    let texts = parts
        .iter()
        .filter_map(|(label, text, role)| Some((*label, (*text)?, *role)));
    let mut pieces: Vec<_> = texts
        .map(|(label, text, role)| (label, text, role, wrap(text, usize::MAX)))
        .collect();
    if let Some(((_, text, _, first), others)) = pieces.split_first_mut() {
        let others: usize = others.iter().map(|(.., lines)| lines.len()).sum();
        *first = wrap(text, most.saturating_sub(others).min(REASON));
    }
    let mut lines = Vec::new();
    for (label, _, role, pieces) in pieces {
        for (i, piece) in pieces.into_iter().enumerate() {
            let label = if i == 0 { label } else { "" };
            lines.push(
                Row::new(look)
                    .at(indent)
                    .put(Role::Quiet, label)
                    .at(column)
                    .put(role, piece)
                    .line(),
            );
        }
    }
    lines
}

/// Returns the glyph and look of a failure of this kind: what was stopped did not fail by itself.
pub fn glyph(code: Code) -> (&'static str, Role) {
    if code == Code::Cancelled {
        ("!", Role::Warn)
    } else {
        ("✖", Role::Bad)
    }
}

/// Returns how a request ended: the answer's status, or else the word for why there is none.
pub fn ended(exchange: &Exchange) -> String {
    match exchange.status {
        Some(status) => status.to_string(),
        None => exchange.lost.map_or("failed", word).to_owned(),
    }
}

/// Returns the word for a failure of this kind in a table's narrow column.
pub fn word(code: Code) -> &'static str {
    match code {
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
        Code::Cancelled => "stopped",
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
