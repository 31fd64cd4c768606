//! `embedctl token inspect`: a token opened up, offline.
//!
//! Depends on `domain`, `print`. It needs no settings; the token comes by file or standard input.

use std::io::Read as _;
use std::path::Path;

use serde_json::json;

use super::print::{Printer, Report, Tone};
use super::session::Environment;
use crate::domain::failure::{Code, Exit, Failure};
use crate::domain::moment::{Clock, clock_time, countdown, rfc3339};
use crate::domain::origin::Origin;
use crate::domain::text::reason;
use crate::domain::token::{self, Opened, Verdict};

const KIND: &str = "token.inspect";

/// The longest name of a file, in bytes.
const LONGEST_NAME: usize = 255;

pub(super) fn run(
    file: Option<&Path>,
    origin: Option<&Origin>,
    environment: &Environment,
    printer: &mut Printer,
) -> Exit {
    let from_stdin = file.is_none_or(|path| path == Path::new("-"));
    if file.is_some_and(is_token) {
        return printer.usage(
            "a token is not an argument",
            "other programs of this machine can read arguments, and the shell keeps them",
            "pipe it in, or name a file that holds it",
        );
    }
    if from_stdin && environment.terminal.stdin {
        printer.aside("paste the token, then press Enter and Ctrl-D");
    }
    let text = match read(file.filter(|_| !from_stdin)) {
        Ok(text) => text,
        Err(failure) => return printer.finish(Report::failed(KIND, None, &[], &failure)),
    };
    let now = Clock::start().now().wall;
    let (verdict, sentence, opened) = match token::open(&text) {
        Ok(opened) => (
            opened.judge(now, origin),
            opened.sentence(now, origin),
            opened,
        ),
        Err(why) => (
            Verdict::Malformed,
            format!("This is not a widget token: it {why}."),
            Opened::default(),
        ),
    };
    let failure = failure(&verdict, &sentence);
    let exit = failure.as_ref().map_or(Exit::Done, Failure::exit);
    let left = opened.left(now);
    if !printer.is_json() {
        let tone = if verdict == Verdict::Usable {
            Tone::Good
        } else {
            Tone::Bad
        };
        let word = printer.tone(tone, verdict.name());
        printer.line(&format!("{word}  {sentence}"));
        let rows = [
            ("user", opened.user.clone()),
            ("workspace", opened.workspace_id.clone()),
            ("opens on", opened.origin.clone()),
            (
                "roles",
                (!opened.roles.is_empty()).then(|| opened.roles.join(", ")),
            ),
            ("expires", opened.expires_at.map(clock_time)),
            ("left", left.map(countdown)),
            ("widget", opened.widget_url.clone()),
        ];
        for (label, value) in rows {
            if let Some(value) = value {
                printer.line(&format!("  {label:<10} {value}"));
            }
        }
        if verdict != Verdict::Malformed {
            printer.line("  decoded, not verified: only Airbyte can check the signature");
        }
        printer.parts(None, failure.as_ref().and_then(|f| f.hint.as_deref()));
        return printer.end(exit);
    }
    let data = json!({
        "verdict": verdict.name(),
        "verified": false,
        "user": opened.user,
        "workspace_id": opened.workspace_id,
        "origin": opened.origin,
        "roles": opened.roles,
        "expires_at": opened.expires_at.map(rfc3339),
        "ttl_s": left.map(|left| left.as_secs()),
        "widget_url": opened.widget_url,
        "claims": token::claims(&text).unwrap_or_default(),
    });
    printer.finish(Report {
        kind: KIND,
        exit,
        target: None,
        warnings: &[],
        data,
        failure: failure.as_ref(),
    })
}

/// Whether what should name a file is a token itself: there is no such file, and it opens, or is
/// longer than names of files are.
fn is_token(path: &Path) -> bool {
    let text = path.to_string_lossy();
    !path.exists() && (text.len() > LONGEST_NAME || token::open(&text).is_ok())
}

fn read(file: Option<&Path>) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    let limit = token::LIMIT as u64 + 1;
    let (read, name) = match file {
        Some(path) => (
            std::fs::File::open(path).and_then(|f| f.take(limit).read_to_end(&mut bytes)),
            path.display().to_string(),
        ),
        None => (
            std::io::stdin().take(limit).read_to_end(&mut bytes),
            "standard input".to_owned(),
        ),
    };
    read.map_err(|e| {
        Failure::new(Code::MachineDisk, "the token cannot be read")
            .because(format!("{name}: {}", reason(&e)))
            .hint("name a file that holds the token, or pipe it in")
    })?;
    // What is not text is no token; the lossy form says so to the decoder.
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn failure(verdict: &Verdict, sentence: &str) -> Option<Failure> {
    let (code, hint) = match verdict {
        Verdict::Usable => return None,
        Verdict::Expired => (
            Code::TokenExpired,
            "mint another with `embedctl token mint`",
        ),
        Verdict::WrongOrigin => (
            Code::TokenWrongOrigin,
            "mint with --origin, or serve the page from the origin it opens on",
        ),
        Verdict::Malformed => (
            Code::TokenMalformed,
            "pass the value of \"token\" from the API's answer, whole",
        ),
    };
    Some(Failure::new(code, sentence.trim_end_matches('.')).hint(hint))
}
