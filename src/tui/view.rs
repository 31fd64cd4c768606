//! The whole screen: header, rail, the place that is shown, footer; or what stands there instead.
//!
//! Depends on `model`, the screens' views, `pen`, `theme`. Reads the model and writes the frame, and
//! nothing else.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;
use unicode_width::UnicodeWidthStr as _;

use super::model::{Model, Place};
use super::pen::{Row, paragraph};
use super::prerequisites;
use super::screen::Screen;
use super::theme::Role;
use super::{activity, data, prompt, template, tokens};

mod footer;
mod help;
mod rail;

pub use help::help_overflow;

use footer::footer;
use help::help_lines;
use rail::{folded_rail, rail};

/// The smallest terminal that is drawn on.
pub const LEAST: (u16, u16) = (60, 16);

/// Below this width the rail is one line.
const FOLD: u16 = 80;

/// Columns of the rail, its line included.
const RAIL: u16 = 20;

/// What a screen has drawn: its lines, and where the cursor stands in them.
#[derive(Debug)]
pub struct Drawn {
    /// The lines, from the top.
    pub lines: Vec<Line<'static>>,
    /// Column and line of the cursor.
    pub cursor: Option<(usize, usize)>,
}

impl Drawn {
    /// Makes one without a cursor.
    pub fn still(lines: Vec<Line<'static>>) -> Drawn {
        Drawn {
            lines,
            cursor: None,
        }
    }
}

/// Draws everything.
pub fn view(model: &Model, frame: &mut Frame<'_>) {
    let area = frame.area();
    if area.width < LEAST.0 || area.height < LEAST.1 {
        too_small(model, frame);
        return;
    }
    let width = usize::from(area.width);
    put(frame, area, 0, &header(model, width));
    put(frame, area, 1, &rule(model, width));
    let body = body_of(area);
    if area.width < FOLD {
        put(frame, area, 2, &folded_rail(model));
    } else {
        rail(model, frame, area, body);
    }
    draw_body(model, frame, body);
    put(frame, area, area.height - 2, &rule(model, width));
    put(frame, area, area.height - 1, &footer(model, width));
}

/// Writes a line at a row of an area; nothing happens outside of it.
fn put(frame: &mut Frame<'_>, area: Rect, row: u16, line: &Line<'static>) {
    if row < area.height {
        frame
            .buffer_mut()
            .set_line(area.x, area.y + row, line, area.width);
    }
}

fn rule(model: &Model, width: usize) -> Line<'static> {
    Row::new(model.look())
        .put(Role::Quiet, "─".repeat(width))
        .line()
}

fn too_small(model: &Model, frame: &mut Frame<'_>) {
    let area = frame.area();
    let width = usize::from(area.width);
    let text = format!(
        "embedctl needs {} × {} characters. This terminal has {} × {}.",
        LEAST.0, LEAST.1, area.width, area.height
    );
    for (row, line) in (0..).zip(paragraph(model.look(), Role::Text, 0, &text, width)) {
        put(frame, area, row, &line);
    }
}

/// Where the screens draw.
fn body_of(area: Rect) -> Rect {
    let (left, top) = if area.width < FOLD { (0, 4) } else { (RAIL, 2) };
    Rect {
        x: area.x + left,
        y: area.y + top,
        width: area.width.saturating_sub(left + 1),
        height: area.height.saturating_sub(top + 2),
    }
}

/// Returns the columns and lines that the screen that is shown may fill.
pub fn body_size(model: &Model) -> (usize, usize) {
    let (width, height) = model.size;
    let body = body_of(Rect::new(0, 0, width, height));
    let asked = model.prompt.as_ref().map_or(0, |asked| {
        prompt::draw(model, asked, usize::from(body.width)).0.len()
    });
    let height = usize::from(body.height);
    (usize::from(body.width), height - asked.min(height))
}

fn draw_body(model: &Model, frame: &mut Frame<'_>, body: Rect) {
    let width = usize::from(body.width);
    if let Some(scroll) = model.help {
        let lines = help_lines(model, width);
        for (row, line) in (0..body.height).zip(lines.iter().skip(scroll)) {
            put(frame, body, row, line);
        }
        return;
    }
    if let (Some(scroll), None) = (model.form.policy, &model.prompt) {
        let lines = prerequisites::policy::lines(model, width);
        for (row, line) in (0..body.height).zip(lines.iter().skip(scroll)) {
            put(frame, body, row, line);
        }
        return;
    }
    let asked = model.prompt.as_ref().map(|p| prompt::draw(model, p, width));
    let below = asked.as_ref().map_or(0, |(lines, _)| lines.len());
    let height = usize::from(body.height).saturating_sub(below);
    let drawn = screen(model, width, height);
    for (row, line) in (0..).zip(drawn.lines.iter().take(height)) {
        put(frame, body, row, line);
    }
    let mut cursor = drawn.cursor.filter(|(_, row)| *row < height);
    if let Some((lines, at)) = asked {
        for (row, line) in (height..).zip(&lines) {
            put(frame, body, u16::try_from(row).unwrap_or(u16::MAX), line);
        }
        cursor = at.map(|(column, row)| (column, row + height));
    }
    if let Some((column, row)) = cursor
        && column < width
        && row < usize::from(body.height)
    {
        let offset = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
        frame.set_cursor_position(Position::new(
            body.x.saturating_add(offset(column)),
            body.y.saturating_add(offset(row)),
        ));
    }
}

fn screen(model: &Model, width: usize, height: usize) -> Drawn {
    match model.screen {
        Screen::Prerequisites => prerequisites::view::draw(model, width, height),
        Screen::Template => template::view::draw(model, width, height),
        Screen::Tokens => tokens::view::draw(model, width, height),
        Screen::Preview => coming(
            model,
            width,
            "Preview",
            "The demo app: a page of your own with the widget in it, its tokens minted here, and every event as it arrives.",
        ),
        Screen::Data => data::view::draw(model, width, height),
        Screen::Activity => activity::view::draw(model, width, height),
    }
}

/// A place that a later version fills.
fn coming(model: &Model, width: usize, title: &str, text: &str) -> Drawn {
    let look = model.look();
    let mut lines = vec![
        Row::new(look)
            .at(1)
            .put(Role::Strong, title)
            .put(Role::Quiet, "   not in this version yet")
            .line(),
        Line::default(),
    ];
    lines.extend(paragraph(look, Role::Text, 1, text, width.min(72)));
    Drawn::still(lines)
}

fn header(model: &Model, width: usize) -> Line<'static> {
    let (place_role, place) = match model.place {
        Place::Sandbox => (Role::Strong, "SANDBOX"),
        Place::Live => (Role::Alarm, " LIVE "),
    };
    let api = model.draft.text(crate::domain::field::Key::Api);
    let base = model.draft.access().map_or_else(
        |_| model.draft.text(crate::domain::field::Key::BaseUrl),
        |access| access.base_url.shown().to_owned(),
    );
    let target = crate::domain::text::sanitize(&format!("{api} · {base}"));
    let (state_role, state) = connection(model);
    let token = access_words(model);
    let right = match (token.is_empty(), state.is_empty()) {
        (false, false) => token.width() + 3 + state.width(),
        _ => token.width() + state.width(),
    };
    // The connection outlives the token's minutes where there is room for one of them.
    let needed = 20 + place.width() + target.width();
    let (token, right) = if needed + right + 3 > width {
        (String::new(), state.width())
    } else {
        (token, right)
    };
    let row = Row::new(model.look())
        .at(1)
        .put(Role::Strong, "embedctl")
        .at(11)
        .put(place_role, place)
        .put(Role::Text, "   ")
        .until(Role::Text, target, width.saturating_sub(right + 3));
    let start = width.saturating_sub(right + 1);
    let row = row.at(start).put(Role::Quiet, &token);
    let row = if token.is_empty() || state.is_empty() {
        row
    } else {
        row.put(Role::Text, "   ")
    };
    row.put(state_role, state).line()
}

/// The access token's life, in whole minutes begun, so that an idle screen stays still.
fn access_words(model: &Model) -> String {
    match model.access_left() {
        None => String::new(),
        Some(left) if left.is_zero() => "access token over".to_owned(),
        Some(left) => format!("access token {} min", left.as_secs().div_ceil(60).max(1)),
    }
}

/// How the connection stands, by the last request.
fn connection(model: &Model) -> (Role, String) {
    if model.wire.ended {
        return (Role::Bad, "✖ ended".to_owned());
    }
    if let Some(left) = model.retry_left() {
        let seconds = left.as_millis().div_ceil(1000);
        return (Role::Busy, format!("◌ retrying in {seconds} s"));
    }
    let Some(last) = &model.wire.last else {
        return (Role::Text, String::new());
    };
    match last.status {
        _ if model.wire.retry_at.is_some() => (Role::Busy, "◌ retrying".to_owned()),
        _ if last.succeeded() => (Role::Good, "● online".to_owned()),
        None => (Role::Bad, "✖ offline".to_owned()),
        Some(401 | 403) => (Role::Bad, "✖ refused".to_owned()),
        Some(status) if status >= 500 => (Role::Bad, "✖ server error".to_owned()),
        Some(_) => (Role::Warn, "! answered".to_owned()),
    }
}
