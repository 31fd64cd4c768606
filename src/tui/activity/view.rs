//! How the log looks, and a request that is opened up.
//!
//! Depends on the page's state, on `pen`, `theme`. Draws the rows of one page and nothing of the
//! others.

use std::time::Duration;

use ratatui::text::Line;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::Log;
use super::log::{Entry, LIMIT, percentile};
use crate::domain::exchange::Exchange;
use crate::domain::moment::{clock_time, span};
use crate::domain::record::{BEARER, Body, Proof};
use crate::domain::text::{counted, grouped};
use crate::tui::failure;
use crate::tui::model::Model;
use crate::tui::mouse::Click;
use crate::tui::pen::{Row, paragraph};
use crate::tui::rows;
use crate::tui::theme::{Look, Role};
use crate::tui::view::{Drawn, body_size};

/// The lines of the list that are not rows: title, blank, headings, place.
const FIXED: usize = 4;

/// Where the lines of an opened request begin.
const INDENT: usize = 2;

/// Beyond this a line is no longer read at one glance.
const WIDEST: usize = 140;

/// How many requests the sparkline tells of, at most.
const SPARKS: usize = 24;

/// The columns of the list at one width.
struct Columns {
    call: usize,
    status: usize,
    took: usize,
    tries: usize,
    width: usize,
}

impl Columns {
    const MARK: usize = 3;
    const CALL: usize = 13;

    /// As wide as what the rows of the page say, up to a measure; the calls take what is left.
    fn of<'e>(width: usize, rows: impl Iterator<Item = &'e Exchange> + Clone) -> Columns {
        let most = match width {
            0..70 => 4,
            70..110 => 19,
            _ => 44,
        };
        let said = rows.clone().map(|exchange| tries(exchange, most).width());
        let tries = said.max().unwrap_or(0).max(4);
        let words = rows.map(|exchange| failure::ended(exchange).width() + 3);
        let word = words.max().unwrap_or(0).max(7);
        let call = width
            .saturating_sub(Self::CALL + 2 + word + 7 + 2 + tries)
            .clamp(16, 70);
        let status = Self::CALL + call + 2;
        Columns {
            call,
            status,
            took: status + word,
            tries: status + word + 9,
            width,
        }
    }
}

fn page_of(height: usize) -> usize {
    height.saturating_sub(FIXED).max(1)
}

/// Returns how many lines a page has, of the list or of the opened request.
pub fn page_rows(model: &Model) -> usize {
    page_of(body_size(model).1)
}

/// Draws the page.
pub fn draw(model: &Model, width: usize, height: usize) -> Drawn {
    let selected = model.activity.log.selected();
    match (model.activity.open, selected) {
        (Some(scroll), Some(entry)) => {
            let (mut lines, body) = opened(model, entry, width.min(WIDEST));
            let room = height.saturating_sub(lines.len());
            lines.extend(body.into_iter().skip(scroll).take(room));
            Drawn::still(lines)
        }
        _ => list(model, width, height),
    }
}

/// Returns how many lines of the opened request do not fit.
pub fn overflow(model: &Model) -> usize {
    let (width, height) = body_size(model);
    let Some(entry) = model.activity.log.selected() else {
        return 0;
    };
    let (head, body) = opened(model, entry, width.min(WIDEST));
    body.len().saturating_sub(height.saturating_sub(head.len()))
}

fn list(model: &Model, width: usize, height: usize) -> Drawn {
    let log = &model.activity.log;
    let mut drawn = Drawn::still(vec![title(model, width), Line::default()]);
    let lines = &mut drawn.lines;
    if log.is_empty() {
        lines.extend(paragraph(
            model.look(),
            Role::Quiet,
            INDENT,
            "○ No request yet. Every one that this console makes will be here, to Airbyte and to the bucket.",
            width.min(90),
        ));
        return drawn;
    }
    let page = page_of(height);
    let shown: Vec<&Entry> = log.shown().collect();
    let selected = log.selected().map(|entry| entry.number);
    let at = shown.iter().position(|e| Some(e.number) == selected);
    let from = rows::first_row(at.unwrap_or(0), shown.len(), page);
    let part = shown.iter().skip(from).take(page);
    let columns = Columns::of(width, part.clone().map(|entry| &entry.exchange));
    lines.push(headings(model, &columns));
    if shown.is_empty() {
        lines.push(nothing_shown(model, width));
    }
    for entry in part {
        let here = Some(entry.number) == selected;
        drawn.click_line(Click::Request(entry.number));
        drawn
            .lines
            .push(row_line(model, &columns, &entry.exchange, here));
    }
    let lines = &mut drawn.lines;
    lines.resize(3 + page, Line::default());
    lines.push(
        Row::new(model.look())
            .right(Role::Quiet, place(log, from, page, shown.len()), width)
            .line(),
    );
    drawn
}

fn title(model: &Model, width: usize) -> Line<'static> {
    let log = &model.activity.log;
    let mut count = counted(usize::try_from(log.made()).unwrap_or(usize::MAX), "request");
    if log.failed() > 0 {
        count = format!("{count}, {} failed", grouped(log.failed()));
    }
    let spans = log.latencies();
    let times = match (percentile(&spans, 50), percentile(&spans, 95)) {
        (Some(half), Some(most)) => format!("p50 {} · p95 {}", span(half), span(most)),
        _ => String::new(),
    };
    let row = Row::new(model.look())
        .at(1)
        .put(Role::Strong, "Activity")
        .at(13)
        .until(Role::Quiet, count, width);
    // The sparkline takes what is left between, and is left out where that is little.
    let free = width.saturating_sub(row.width() + times.width() + 4);
    let sparks = if free < 6 || times.is_empty() {
        String::new()
    } else {
        format!("{}  ", sparkline(&spans, free.min(SPARKS)))
    };
    row.right(Role::Quiet, format!("{sparks}{times}"), width)
        .line()
}

/// The last spans as bars, the longest of them the highest.
fn sparkline(spans: &[Duration], cells: usize) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let last = spans
        .get(spans.len().saturating_sub(cells)..)
        .unwrap_or_default();
    let most = last.iter().max().map_or(1, Duration::as_micros).max(1);
    let bar = |took: &Duration| {
        let step = usize::try_from(took.as_micros() * 7 / most).unwrap_or(7);
        BARS.get(step.min(7)).copied().unwrap_or('█')
    };
    last.iter().map(bar).collect()
}

fn headings(model: &Model, columns: &Columns) -> Line<'static> {
    let log = &model.activity.log;
    let mut call = "Call".to_owned();
    if log.errors_only() {
        call.push_str(", errors only");
    }
    let call = log.filter().heading(model.look(), &call);
    Row::new(model.look())
        .at(Columns::MARK)
        .put(Role::Quiet, "When UTC")
        .at(Columns::CALL)
        .fit(Role::Quiet, call, columns.call)
        .at(columns.status)
        .put(Role::Quiet, "Status")
        .at(columns.took)
        .put(Role::Quiet, format!("{:>7}", "Time"))
        .at(columns.tries)
        .until(Role::Quiet, "Try", columns.width)
        .line()
}

fn nothing_shown(model: &Model, width: usize) -> Line<'static> {
    let log = &model.activity.log;
    let text = match (log.errors_only(), log.filter().is_on()) {
        (true, false) => "Nothing failed. e shows everything again.",
        (true, true) => "Nothing that failed holds that text.",
        (false, _) => "No request holds that text.",
    };
    Row::new(model.look())
        .at(Columns::MARK)
        .until(Role::Quiet, text, width)
        .line()
}

/// Which rows the page shows, when it does not show all; and that older ones are gone.
fn place(log: &Log, from: usize, page: usize, shown: usize) -> String {
    let narrowed = log.errors_only() || log.filter().is_on();
    let part = rows::place(from, page, shown, narrowed.then(|| log.len()));
    let part = (!part.is_empty()).then_some(part);
    let gone = (log.made() > log.len() as u64).then(|| {
        let kept = grouped(log.len().min(LIMIT) as u64);
        format!("the last {kept} are kept")
    });
    [part, gone]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" · ")
}

/// The glyph, look and word of how a request ended.
fn ended(exchange: &Exchange) -> (&'static str, Role, String) {
    let (glyph, role) = if exchange.succeeded() {
        ("✔", Role::Good)
    } else if exchange.again_in.is_some() || exchange.is_given_up() {
        ("!", Role::Warn)
    } else {
        ("✖", Role::Bad)
    };
    (glyph, role, failure::ended(exchange))
}

fn row_line(model: &Model, columns: &Columns, exchange: &Exchange, here: bool) -> Line<'static> {
    let (glyph, role, word) = ended(exchange);
    let (mark, name) = if here {
        (" ▸", Role::Strong)
    } else {
        ("  ", Role::Text)
    };
    let plain = if role == Role::Good { Role::Text } else { role };
    Row::new(model.look())
        .put(Role::Text, mark)
        .at(Columns::MARK)
        .put(Role::Quiet, exchange.at.strftime("%H:%M:%S").to_string())
        .at(Columns::CALL)
        .put(name, call(model.look(), exchange, columns.call))
        .at(columns.status)
        .put(role, glyph)
        .put(Role::Text, " ")
        .put(plain, word)
        .at(columns.took)
        .put(Role::Text, format!("{:>7}", span(exchange.took)))
        .at(columns.tries)
        .until(
            Role::Quiet,
            tries(exchange, columns.width.saturating_sub(columns.tries)),
            columns.width,
        )
        .line()
}

/// Method and path in so many columns.
fn call(look: Look<'_>, exchange: &Exchange, columns: usize) -> String {
    let method = format!("{:<6} ", exchange.method);
    let room = columns.saturating_sub(method.width());
    format!("{method}{}", short_path(look, exchange, room))
}

/// The path in so many columns: what has to go goes from its start, since paths differ at their ends.
pub fn short_path(look: Look<'_>, exchange: &Exchange, room: usize) -> String {
    let path = look.shown(&exchange.path);
    if path.width() <= room {
        return path.into_owned();
    }
    let mut used = 1;
    let mut tail: Vec<char> = Vec::new();
    for c in path.chars().rev() {
        used += c.width().unwrap_or(0);
        if used > room {
            break;
        }
        tail.push(c);
    }
    let tail: String = tail.into_iter().rev().collect();
    // A whole part of the path reads better than a piece of one.
    let whole = tail.find('/').and_then(|at| tail.get(at..));
    format!("…{}", whole.unwrap_or(&tail))
}

/// Which try it was and what comes after it; else why it failed. Whole words alone: what does not fit
/// is told where the request is opened up.
fn tries(exchange: &Exchange, room: usize) -> String {
    let retried = exchange.attempt > 1 || exchange.again_in.is_some();
    let tries = retried.then(|| format!("{}/{}", exchange.attempt, exchange.attempts));
    let rest = match (exchange.again_in, &exchange.why) {
        (Some(wait), _) => Some(format!("again in {}", seconds(wait))),
        (None, Some(why)) => Some(why.clone()),
        (None, None) => None,
    };
    let both: Vec<String> = [tries.clone(), rest].into_iter().flatten().collect();
    let both = both.join(" ");
    if both.width() <= room {
        both
    } else {
        tries.unwrap_or_default()
    }
}

/// A wait, in tenths of a second: `0.8 s`.
fn seconds(wait: Duration) -> String {
    format!("{:.1} s", wait.as_secs_f64())
}

/// A request opened up: the line that always stands, and what is scrolled below it.
fn opened(model: &Model, entry: &Entry, width: usize) -> (Vec<Line<'static>>, Vec<Line<'static>>) {
    let look = model.look();
    let exchange = &entry.exchange;
    let (glyph, role, word) = ended(exchange);
    let right = format!("{glyph} {word}   {}", span(exchange.took));
    let end = width.saturating_sub(right.width() + 2);
    let title = Row::new(look)
        .at(1)
        .put(Role::Strong, call(look, exchange, end.saturating_sub(1)))
        .right(role, right, width)
        .line();
    let record = &exchange.record;
    let mut lines = facts(look, exchange, entry.number, width);
    lines.extend(body(look, "Sent", &record.sent, width));
    lines.extend(body(look, "Received", &record.received, width));
    (vec![title, Line::default()], lines)
}

fn facts(look: Look<'_>, exchange: &Exchange, number: u64, width: usize) -> Vec<Line<'static>> {
    let record = &exchange.record;
    let mut tries = format!("{} of {}", exchange.attempt, exchange.attempts);
    if let Some(wait) = exchange.again_in {
        tries = format!("{tries}, again in {}", seconds(wait));
    }
    let proof = match &record.proof {
        Proof::Nothing => String::new(),
        Proof::Bearer => format!("Authorization: Bearer ${BEARER}"),
        Proof::Signature(region) => format!("an AWS signature for {region}"),
    };
    let organization = record
        .organization
        .as_ref()
        .map_or(String::new(), |id| format!("X-Organization-Id: {id}"));
    let rows = [
        ("Number", grouped(number)),
        ("When", clock_time(exchange.at)),
        ("Try", tries),
        ("Why", exchange.why.clone().unwrap_or_default()),
        ("Address", record.url.clone()),
        ("Proof", proof),
        ("Header", organization),
    ];
    let mut lines = Vec::new();
    for (label, value) in rows.into_iter().filter(|(_, value)| !value.is_empty()) {
        for (i, piece) in folded(&look.shown(&value), width.saturating_sub(INDENT + 12))
            .into_iter()
            .enumerate()
        {
            let label = if i == 0 { label } else { "" };
            lines.push(
                Row::new(look)
                    .at(INDENT)
                    .put(Role::Quiet, label)
                    .at(INDENT + 12)
                    .put(Role::Text, piece)
                    .line(),
            );
        }
    }
    lines
}

fn body(look: Look<'_>, label: &str, body: &Body, width: usize) -> Vec<Line<'static>> {
    let note = match body {
        Body::Nothing => "no body".to_owned(),
        Body::Text(_, 0) => String::new(),
        Body::Text(_, more) => format!("the first part; {} left out", counted(*more, "byte")),
        Body::Withheld(why) => why.clone(),
    };
    let mut lines = vec![
        Line::default(),
        Row::new(look)
            .at(INDENT)
            .put(Role::Quiet, label)
            .at(INDENT + 12)
            .until(Role::Quiet, note, width)
            .line(),
    ];
    for line in body.text().lines() {
        let indent = line.len() - line.trim_start().len();
        let start = INDENT + 2 + indent.min(width / 2);
        for piece in folded(&look.shown(line.trim_start()), width.saturating_sub(start)) {
            lines.push(Row::new(look).at(start).put(Role::Text, piece).line());
        }
    }
    lines
}

/// Breaks a line into pieces of at most `width` columns; nothing of it is lost.
fn folded(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut pieces = vec![String::new()];
    let mut used = 0;
    for c in text.chars() {
        let columns = c.width().unwrap_or(0);
        if used + columns > width && used > 0 {
            pieces.push(String::new());
            used = 0;
        }
        used += columns;
        if let Some(last) = pieces.last_mut() {
            last.push(c);
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folded_line_is_whole() {
        let text = "\"url\": \"https://日本.example/a b\"";
        for width in [1, 3, 7, 80] {
            assert_eq!(folded(text, width).concat(), text);
        }
    }

    #[test]
    fn the_longest_span_is_the_highest_bar() {
        let spans = [0, 10, 70].map(Duration::from_millis);
        assert_eq!(sparkline(&spans, 24), "▁▂█");
        assert_eq!(sparkline(&spans, 2), "▂█");
        assert_eq!(sparkline(&[], 2), "");
    }
}
