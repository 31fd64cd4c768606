//! How the data's page looks: the chain, the streams, a few rows; or why there are none.
//!
//! Depends on the page's state, on `pen`, `failure`, `theme`. The chain keeps its height whatever
//! it says, so that nothing below it moves while the sync goes on.

use std::time::Duration;

use ratatui::text::Line;
use unicode_width::UnicodeWidthStr as _;

use super::{Standing, WAIT, Work, user, work};
use crate::domain::landing::{Landing, Link, LinkStatus};
use crate::domain::moment::{countdown, span};
use crate::domain::text::sanitize;
use crate::tui::customer;
use crate::tui::failure;
use crate::tui::model::{Model, Place};
use crate::tui::pen::{Row, paragraph};
use crate::tui::theme::Role;
use crate::tui::view::{Drawn, body_size};

mod chain;
mod table;

/// Where the lines of this page begin.
const INDENT: usize = 2;

/// Beyond this a sentence is no longer read with ease.
const WIDEST: usize = 110;

/// From this height on there is room for blank lines.
const ROOMY: usize = 14;

/// Draws the page.
pub fn draw(model: &Model, width: usize, height: usize) -> Drawn {
    let mut lines = head(model, width, height);
    if model.data.of.is_none() {
        lines.extend(incomplete(model, width));
        return Drawn::still(lines);
    }
    let left = height.saturating_sub(lines.len());
    match model.data.landing() {
        Some(landing) if landing.has_data() => {
            let notes = notes(model, landing, width, left);
            let mut drawn = Drawn::still(lines);
            drawn.append(table::lines(model, landing, notes, width, left));
            return drawn;
        }
        Some(landing) => lines.extend(nothing(model, landing, width.min(WIDEST), left)),
        None => lines.extend(not_yet(model, width.min(WIDEST), left)),
    }
    Drawn::still(lines)
}

/// Title and chain, with blank lines where there is room for them.
fn head(model: &Model, width: usize, height: usize) -> Vec<Line<'static>> {
    let gap = usize::from(height >= ROOMY);
    let mut lines = vec![title(model, width)];
    lines.resize(1 + gap, Line::default());
    if model.data.of.is_some() {
        lines.extend(chain::lines(model, width));
        lines.resize(lines.len() + gap, Line::default());
    }
    lines
}

/// Returns how many streams a page has.
pub fn page_rows(model: &Model) -> usize {
    let (width, height) = body_size(model);
    let Some(landing) = model.data.landing() else {
        return 1;
    };
    let left = height.saturating_sub(head(model, width, height).len());
    table::page_rows(
        model,
        landing,
        notes(model, landing, width, left).len(),
        left,
    )
}

/// Returns how long until the page changes on its own: a wait's clock, and how long ago things were.
pub fn next_change(model: &Model) -> Option<Duration> {
    let clock = match work(model) {
        Some(Work::Wait(since)) => Some(until_next(model.now.since(since), 1)),
        Some(Work::Look | Work::Play) | None => None,
    };
    let found = model.data.found.as_ref();
    let looked = found
        .filter(|_| work(model).is_none())
        .map(|(_, at)| model.now.since(*at));
    let streams = found.map_or(&[] as &[_], |(landing, _)| &landing.streams);
    let ages = streams.iter().filter_map(|s| Some(age(model, s.newest?)));
    ages.chain(looked)
        .map(|age| until_next(age, step(age)))
        .chain(clock)
        .min()
}

/// In which steps an age is told, in seconds.
fn step(age: Duration) -> u64 {
    match age.as_secs() {
        0..120 => 1,
        120..7200 => 60,
        7200..172_800 => 3600,
        _ => 86_400,
    }
}

fn until_next(age: Duration, step: u64) -> Duration {
    let next = (age.as_secs() / step.max(1) + 1) * step;
    Duration::from_secs(next).saturating_sub(age)
}

/// How long ago a record was made; one from a clock ahead of ours is new.
fn age(model: &Model, at: jiff::Timestamp) -> Duration {
    let age = model.now.wall.duration_since(at);
    Duration::try_from(age).unwrap_or(Duration::ZERO)
}

/// An age in words, in whole seconds.
fn ago(age: Duration) -> String {
    match age.as_secs() {
        0 => "just now".to_owned(),
        seconds => format!("{} ago", span(Duration::from_secs(seconds))),
    }
}

fn title(model: &Model, width: usize) -> Line<'static> {
    let name = user(model).map_or(String::new(), |user| format!(" of {user}"));
    let folder = match (model.data.landing(), &model.data.of) {
        (Some(landing), _) => sanitize(&landing.folder),
        (None, Some((_, spec, user))) => format!("{}/{}/", spec.prefix, user.s3_safe()),
        (None, None) => String::new(),
    };
    let (role, right) = state(model);
    let end = width.saturating_sub(right.width() + 2);
    let row = Row::new(model.look())
        .at(1)
        .put(Role::Strong, "Data")
        .until(Role::Strong, name, end);
    let row = if row.width() + 12 < end {
        let column = (row.width() + 3).max(24).min(end);
        row.at(column).until(Role::Quiet, folder, end)
    } else {
        row
    };
    row.right(role, right, width).line()
}

/// What is being done, with a wait's clock; or how old the last look is.
fn state(model: &Model) -> (Role, String) {
    let spinner = model.spinner();
    match work(model) {
        Some(Work::Look) => (Role::Busy, format!("{spinner} looking")),
        Some(Work::Play) => (Role::Busy, format!("{spinner} a customer connects")),
        Some(Work::Wait(since)) => {
            let passed = countdown(model.now.since(since).min(WAIT));
            let whole = countdown(WAIT);
            (
                Role::Busy,
                format!("{spinner} waiting, {passed} of {whole}"),
            )
        }
        None => match &model.data.found {
            Some((_, at)) => (Role::Quiet, format!("looked {}", ago(model.now.since(*at)))),
            None => (Role::Quiet, String::new()),
        },
    }
}

fn incomplete(model: &Model, width: usize) -> Vec<Line<'static>> {
    paragraph(
        model.look(),
        Role::Text,
        INDENT,
        "○ The settings are not complete: Enter leads to the form.",
        width,
    )
}

/// Before the first look has ended.
fn not_yet(model: &Model, width: usize, height: usize) -> Vec<Line<'static>> {
    if let Some(failed) = &model.data.failure {
        return failure::lines(model.look(), failed, INDENT, width, height);
    }
    let (role, text) = match work(model) {
        Some(Work::Play) => (
            Role::Text,
            "The customer connects Sample Data, and the first sync runs.",
        ),
        Some(Work::Look | Work::Wait(_)) => (
            Role::Text,
            "Reading the chain in Airbyte and the objects in the bucket.",
        ),
        None => (
            Role::Quiet,
            "○ Not looked yet. Enter looks now; w waits until there is some.",
        ),
    };
    let mut lines = paragraph(model.look(), role, INDENT, text, width);
    if work(model).is_none() && customer::why_not(model).is_none() {
        lines.extend(paragraph(
            model.look(),
            Role::Quiet,
            INDENT + 2,
            "p plays a customer who connects Sample Data.",
            width,
        ));
    }
    lines
}

/// No data: the reason, and what to do.
fn nothing(model: &Model, landing: &Landing, width: usize, height: usize) -> Vec<Line<'static>> {
    let look = model.look();
    if let Some(failed) = &model.data.failure {
        return failure::lines(look, failed, INDENT, width, height);
    }
    let (role, head) = match (work(model), model.data.standing()) {
        (Some(_), _) => (Role::Text, "Nothing has landed so far."),
        (None, Standing::Broken) => (Role::Bad, "✖ Nothing has landed."),
        (None, _) => (Role::Text, "○ Nothing has landed yet."),
    };
    let mut lines = paragraph(look, role, INDENT, head, width);
    let reason = landing.reason.as_deref().map(sanitize);
    let advice = advice(model, landing);
    let address = model.data.address.then_some(landing.operator_url.as_ref());
    let address = address.flatten().map(|address| sanitize(address));
    let parts = [
        ("because", reason.as_deref(), Role::Text),
        ("do", advice.as_deref(), Role::Strong),
        ("address", address.as_deref(), Role::Text),
    ];
    let left = height.saturating_sub(lines.len());
    lines.extend(failure::labelled(look, &parts, INDENT + 2, width, left));
    lines
}

/// What leads on, by the first link that does not hold.
fn advice(model: &Model, landing: &Landing) -> Option<String> {
    // What to do, and where.
    let there = || {
        let address = landing.operator_url.as_ref();
        let advice = landing.advice.as_deref().map(sanitize);
        match (advice, address) {
            (Some(advice), Some(_)) => Some(format!("{advice}; O copies the address")),
            (None, Some(_)) => Some("look at it in Airbyte: O copies the address".to_owned()),
            (advice, None) => advice,
        }
    };
    let broken = landing.chain.iter().find(|l| l.status != LinkStatus::Ok);
    let text = match broken.map(|link| (link.link, link.status)) {
        Some(
            (_, LinkStatus::Failed) | (Link::Destination | Link::Connection, LinkStatus::Missing),
        ) => return there(),
        Some((Link::Workspace, LinkStatus::Missing)) => {
            "mint a token for this user on Tokens (3): the first one makes its workspace".to_owned()
        }
        Some((Link::Source, LinkStatus::Missing)) if model.place == Place::Sandbox => {
            "p plays a customer who connects Sample Data".to_owned()
        }
        Some((Link::Source, LinkStatus::Missing)) => {
            "have the customer connect a source in the widget; w waits meanwhile".to_owned()
        }
        Some((Link::Job, LinkStatus::Missing)) => {
            "start a sync in Airbyte, or w waits for one".to_owned()
        }
        Some((_, LinkStatus::Ok | LinkStatus::Unknown)) | None => {
            // Who waits already need not be told to.
            if work(model).is_some() {
                return None;
            }
            "w waits until there is some".to_owned()
        }
    };
    Some(text)
}

/// What is to be said below the streams, which keep their headings and a row.
fn notes(model: &Model, landing: &Landing, width: usize, height: usize) -> Vec<Line<'static>> {
    let look = model.look();
    let width = width.min(WIDEST);
    let mut lines = Vec::new();
    if let Some(failed) = &model.data.failure {
        let most = height.saturating_sub(3);
        lines.extend(failure::lines(look, failed, INDENT, width, most));
    }
    if !landing.complete {
        lines.extend(paragraph(
            look,
            Role::Warn,
            INDENT,
            "! Not every object was read: there are at least so many rows.",
            width,
        ));
    }
    if landing.streams.iter().any(|stream| stream.rows.is_none()) {
        lines.extend(paragraph(
            look,
            Role::Quiet,
            INDENT,
            "Rows marked – are not counted: their format is listed and not read.",
            width,
        ));
    }
    if model.data.address
        && let Some(address) = &landing.operator_url
    {
        let parts = [("address", Some(address.as_str()), Role::Text)];
        lines.extend(failure::labelled(look, &parts, INDENT, width, usize::MAX));
    }
    lines
}
