//! How the template's page looks.
//!
//! Depends on the page's state, on `pen`, `failure`, `theme`.

use ratatui::text::Line;

use super::{Condition, Made};
use crate::domain::template::{Creation, Plan, Schedule, TemplateSpec};
use crate::domain::text::{counted, sanitize};
use crate::tui::model::Model;
use crate::tui::pen::Row;
use crate::tui::theme::Role;
use crate::tui::view::{Drawn, body_size};

mod standing;

use standing::{listed, standing};

const LABEL: usize = 2;
const VALUE: usize = 16;

/// Beyond this a line is no longer read at one glance.
const WIDEST: usize = 120;

/// The page's parts, from the top.
struct Parts {
    head: Vec<Line<'static>>,
    listed: Vec<Line<'static>>,
    /// How many lines of the request there is room for, its heading included.
    room: usize,
    state: Vec<Line<'static>>,
}

/// Draws the page: what it says, what would be sent, and how it stands.
pub fn draw(model: &Model, width: usize, height: usize) -> Drawn {
    let Some(parts) = parts(model, width, height) else {
        let mut lines = vec![title(model, width), Line::default()];
        lines.extend(incomplete(model, width.min(WIDEST), height));
        return Drawn::still(lines);
    };
    let request = match &model.template.plan {
        Some(plan) if parts.room > 0 => request(model, plan, width.min(WIDEST), parts.room),
        Some(_) | None => Vec::new(),
    };
    let mut lines = parts.head;
    for part in [parts.listed, request] {
        if !part.is_empty() {
            lines.push(Line::default());
            lines.extend(part);
        }
    }
    lines.push(Line::default());
    lines.extend(parts.state);
    Drawn::still(lines)
}

/// Lays the page out; `None` while the settings describe no template.
fn parts(model: &Model, width: usize, height: usize) -> Option<Parts> {
    const LEAST: usize = 4;
    let mut head = vec![title(model, width)];
    let width = width.min(WIDEST);
    let (_, spec) = model.template.of.as_ref()?;
    if height >= 16 {
        head.push(Line::default());
    }
    head.extend(facts(model, spec, width));
    // Folded, the page's title and two facts stand above it.
    let state = standing(model, width, height.saturating_sub(4));
    let troubled = model.template.failure.is_some()
        || matches!(
            model.template.condition(),
            Condition::Conflict(..) | Condition::Unknown(_)
        );
    if troubled && head.len() + state.height() + 1 > height {
        // What went wrong is read before what was wanted.
        head.truncate(height.saturating_sub(state.height() + 1).max(3));
    }
    let state = state.fitted(height.saturating_sub(head.len() + 1));
    let mut room = height.saturating_sub(head.len() + state.len() + 2);
    let mut listing = Vec::new();
    if let Some(plan) = &model.template.plan {
        let lines = listed(model, plan, width, if room < 11 { 2 } else { 4 });
        if !lines.is_empty() && room > lines.len() {
            room = room.saturating_sub(lines.len() + 1);
            listing = lines;
        }
    }
    Some(Parts {
        head,
        listed: listing,
        room: if room < LEAST { 0 } else { room },
        state,
    })
}

/// Returns how many lines of the request's body a page shows, and how many do not fit.
pub fn body_page(model: &Model) -> (usize, usize) {
    let (width, height) = body_size(model);
    let room = parts(model, width, height).map_or(0, |parts| parts.room);
    let page = room.saturating_sub(1);
    let below = body_lines(model).len().saturating_sub(page);
    (page, if page == 0 { 0 } else { below })
}

fn title(model: &Model, width: usize) -> Line<'static> {
    Row::new(model.look())
        .at(1)
        .put(Role::Strong, "Connection template")
        .at(24)
        .whole(Role::Quiet, "where every customer's data will land", width)
        .line()
}

fn incomplete(model: &Model, width: usize, height: usize) -> Vec<Line<'static>> {
    let look = model.look();
    let mut lines = vec![
        Row::new(look)
            .at(LABEL)
            .put(Role::Quiet, "○ ")
            .until(
                Role::Text,
                "The settings do not describe a template yet.",
                width,
            )
            .line(),
    ];
    let named = model
        .form
        .findings
        .iter()
        .filter(|(_, finding)| !finding.is_usable());
    let named: Vec<_> = named.collect();
    let room = height.saturating_sub(lines.len() + 2);
    let shown = if named.len() > room {
        room.saturating_sub(1)
    } else {
        named.len()
    };
    let more = named.len() - shown;
    for (key, finding) in named.into_iter().take(shown) {
        lines.push(
            Row::new(look)
                .at(LABEL + 2)
                .fit(Role::Text, key.field().label, 18)
                .at(LABEL + 22)
                .until(Role::Quiet, finding.detail(), width)
                .line(),
        );
    }
    if more > 0 {
        let row = Row::new(look).at(LABEL + 2);
        let text = format!("and {more} more");
        lines.push(row.put(Role::Quiet, text).line());
    }
    lines
}

fn facts(model: &Model, spec: &TemplateSpec, width: usize) -> Vec<Line<'static>> {
    let place = format!("{} / {}", spec.bucket, spec.prefix);
    let place = match &spec.endpoint {
        Some(endpoint) => format!("S3 · {place} at {endpoint}"),
        None => format!("S3 · {place}"),
    };
    let first = match spec.schedule {
        Schedule::Manual => "when someone starts it",
        Schedule::Hourly | Schedule::Cron(_) => "as soon as a customer connects",
    };
    let rows: [(&str, String, String); 6] = [
        ("Name", spec.name.clone(), "n change".to_owned()),
        ("Destination", place, spec.region.clone()),
        (
            "Format",
            spec.format.words().to_owned(),
            "f change".to_owned(),
        ),
        ("Schedule", spec.schedule.words(), "s change".to_owned()),
        (
            "Folder",
            "<external user ID> / <source>_<stream>".to_owned(),
            String::new(),
        ),
        ("First sync", first.to_owned(), String::new()),
    ];
    rows.into_iter()
        .map(|(label, value, right)| {
            let end = width.saturating_sub(right.len() + 2);
            Row::new(model.look())
                .at(LABEL)
                .put(Role::Quiet, label)
                .at(VALUE)
                .until(Role::Text, sanitize(&value), end)
                .right(Role::Quiet, right, width)
                .line()
        })
        .collect()
}

/// The request's body, masked, line by line.
fn body_lines(model: &Model) -> Vec<String> {
    match &model.template.plan {
        Some(plan) => format!("{:#}", plan.body)
            .lines()
            .map(|line| line.trim_end().to_owned())
            .collect(),
        None => Vec::new(),
    }
}

/// The path of a URL; the header names the host.
fn path_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = rest.split('/').next().unwrap_or_default();
    rest.strip_prefix(host)
        .filter(|path| !path.is_empty())
        .unwrap_or(url)
}

fn request(model: &Model, plan: &Plan, width: usize, room: usize) -> Vec<Line<'static>> {
    let look = model.look();
    let verb = match model.template.condition() {
        Condition::Made(Made {
            creation: Creation::Created { .. },
            ..
        }) => "Was sent",
        Condition::Made(_) | Condition::Exists(_) => "As sent",
        Condition::Incomplete
        | Condition::Unplanned
        | Condition::Failed(_)
        | Condition::Ready(_)
        | Condition::Conflict(..)
        | Condition::Unknown(_) => "Would be sent",
    };
    let body = body_lines(model);
    let shown = room.saturating_sub(1);
    let from = model.template.scroll.min(body.len().saturating_sub(shown));
    let below = body.len().saturating_sub(from + shown);
    let more = if below > 0 {
        format!("↓ {}", counted(below, "more line"))
    } else {
        String::new()
    };
    let mut lines = vec![
        Row::new(look)
            .at(LABEL)
            .put(Role::Quiet, verb)
            .at(VALUE)
            .until(
                Role::Text,
                format!("{} {}", plan.method, path_of(&plan.url)),
                width.saturating_sub(more.chars().count() + 2),
            )
            .right(Role::Quiet, more, width)
            .line(),
    ];
    lines.extend(body.iter().skip(from).take(shown).map(|text| {
        Row::new(look)
            .at(LABEL + 2)
            .until(Role::Quiet, text, width)
            .line()
    }));
    lines
}
