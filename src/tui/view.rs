//! The whole screen: header, rail, the place that is shown, footer; or what stands there instead.
//!
//! Depends on `model`, the screens' views, `pen`, `theme`. Reads the model and nothing else. A frame is
//! composed first and painted then; what was composed also says what a click on it does, so that the
//! mouse has no geometry of its own.

use std::ops::Range;

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;
use unicode_width::UnicodeWidthStr as _;

use super::model::{Model, Place};
use super::mouse::Click;
use super::pen::{Row, paragraph};
use super::prerequisites;
use super::screen::Screen;
use super::theme::Role;
use super::{activity, data, failure, outage, palette, preview, prompt, template, tokens};
use crate::domain::exchange::To;

mod footer;
mod help;
mod rail;

pub use help::help_page;

use footer::footer;
use help::help_lines;
use rail::{folded_rail, rail};

/// The smallest terminal that is drawn on.
pub const LEAST: (u16, u16) = (60, 16);

/// Below this width the rail is one line.
const FOLD: u16 = 80;

/// The most lines that a notice takes above the footer.
const NOTICE: usize = 3;

/// Columns of the rail, its line included.
const RAIL: u16 = 20;

/// What a screen has drawn: its lines, where the cursor stands in them, and what a click on them does.
#[derive(Debug)]
pub struct Drawn {
    /// The lines, from the top.
    pub lines: Vec<Line<'static>>,
    /// Column and line of the cursor.
    pub cursor: Option<(usize, usize)>,
    clicks: Vec<(usize, Range<usize>, Click)>,
}

impl Drawn {
    /// Makes one without a cursor.
    pub fn still(lines: Vec<Line<'static>>) -> Drawn {
        Drawn {
            lines,
            cursor: None,
            clicks: Vec::new(),
        }
    }

    /// Adds what another has drawn, below.
    pub fn append(&mut self, other: Drawn) {
        let below = self.lines.len();
        let moved = |(line, columns, click)| (line + below, columns, click);
        self.clicks.extend(other.clicks.into_iter().map(moved));
        let cursor = other.cursor.map(|(column, line)| (column, line + below));
        self.cursor = self.cursor.or(cursor);
        self.lines.extend(other.lines);
    }

    /// Says what a click on the line that is written next does.
    pub fn click_line(&mut self, click: Click) {
        self.click(self.lines.len(), 0..usize::MAX, click);
    }

    /// Says what a click on some columns of a line does.
    pub fn click(&mut self, line: usize, columns: Range<usize>, click: Click) {
        self.clicks.push((line, columns, click));
    }
}

/// A frame before it is painted.
#[derive(Debug, Default)]
struct Sheet {
    lines: Vec<(Rect, Line<'static>)>,
    cursor: Option<Position>,
    clicks: Vec<(Rect, Click)>,
}

impl Sheet {
    /// Writes a line at a row of an area; nothing happens outside of it.
    fn put(&mut self, area: Rect, row: u16, line: Line<'static>) {
        if row < area.height {
            let place = Rect {
                y: area.y + row,
                height: 1,
                ..area
            };
            self.lines.push((place, line));
        }
    }

    /// Places what was drawn into an area, from a row of it on; what is outside is left out.
    fn place(&mut self, area: Rect, row: usize, drawn: Drawn) {
        let height = usize::from(area.height).saturating_sub(row);
        for (i, line) in drawn.lines.into_iter().take(height).enumerate() {
            self.put(area, narrow(row + i), line);
        }
        for (line, columns, click) in drawn.clicks {
            let end = columns.end.min(usize::from(area.width));
            if line < height && columns.start < end {
                let place = Rect {
                    x: area.x + narrow(columns.start),
                    y: area.y + narrow(row + line),
                    width: narrow(end - columns.start),
                    height: 1,
                };
                self.clicks.push((place, click));
            }
        }
        self.cursor = drawn
            .cursor
            .filter(|(column, line)| *column < usize::from(area.width) && *line < height)
            .map(|(column, line)| {
                Position::new(area.x + narrow(column), area.y + narrow(row + line))
            });
    }
}

fn narrow(n: usize) -> u16 {
    u16::try_from(n).unwrap_or(u16::MAX)
}

/// Draws everything.
pub fn view(model: &Model, frame: &mut Frame<'_>) {
    let sheet = compose(model, frame.area());
    for (place, line) in &sheet.lines {
        frame
            .buffer_mut()
            .set_line(place.x, place.y, line, place.width);
    }
    if let Some(cursor) = sheet.cursor {
        frame.set_cursor_position(cursor);
    }
}

/// Returns what a click on a cell does, and the cell's column in the body.
pub fn clicked(model: &Model, column: u16, row: u16) -> Option<(Click, usize)> {
    let area = Rect::new(0, 0, model.size.0, model.size.1);
    let sheet = compose(model, area);
    let at = Position::new(column, row);
    let (_, click) = sheet.clicks.iter().rfind(|(place, _)| place.contains(at))?;
    let column = column.saturating_sub(body_of(area).x);
    Some((*click, usize::from(column)))
}

/// Lays everything out.
fn compose(model: &Model, area: Rect) -> Sheet {
    let mut sheet = Sheet::default();
    if area.width < LEAST.0 || area.height < LEAST.1 {
        too_small(model, &mut sheet, area);
        return sheet;
    }
    let width = usize::from(area.width);
    sheet.put(area, 0, header(model, width));
    sheet.put(area, 1, rule(model, width));
    let body = body_of(area);
    if area.width < FOLD {
        sheet.place(area, 2, folded_rail(model, width));
    } else {
        rail(model, &mut sheet, area, body);
    }
    sheet.put(area, area.height - 2, rule(model, width));
    sheet.place(area, usize::from(area.height) - 1, footer(model, width));
    draw_body(model, &mut sheet, body);
    sheet
}

fn rule(model: &Model, width: usize) -> Line<'static> {
    Row::new(model.look())
        .put(Role::Quiet, "─".repeat(width))
        .line()
}

fn too_small(model: &Model, sheet: &mut Sheet, area: Rect) {
    let width = usize::from(area.width);
    let text = format!(
        "embedctl needs {} × {} characters. This terminal has {} × {}.",
        LEAST.0, LEAST.1, area.width, area.height
    );
    for (row, line) in (0..).zip(paragraph(model.look(), Role::Text, 0, &text, width)) {
        sheet.put(area, row, line);
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
    let (width, height) = whole_size(model);
    let below = below(model, width).map_or(0, |drawn| drawn.lines.len());
    (width, height - below.min(height))
}

/// Returns the columns and lines of a screen with nothing below it. The key bar asks for these: what
/// stands below depends on the key bar.
pub fn whole_size(model: &Model) -> (usize, usize) {
    let (width, height) = model.size;
    let body = body_of(Rect::new(0, 0, width, height));
    (usize::from(body.width), usize::from(body.height))
}

/// What stands below the screen that is shown: what asks for an answer, or the outage; and a notice
/// that is too long for the footer.
fn below(model: &Model, width: usize) -> Option<Drawn> {
    let asked = match &model.prompt {
        Some(asked) => Some(prompt::draw(model, asked, width)),
        None => outage::draw(model, width),
    };
    let Some(notice) = footer::above(model, usize::from(model.size.0)) else {
        return asked;
    };
    let mut told = paragraph(model.look(), notice.role, 1, &notice.text, width);
    told.truncate(NOTICE);
    let mut drawn = Drawn::still(told);
    // A question keeps the lines next to its keys.
    if let Some(asked) = asked {
        drawn.append(asked);
    }
    Some(drawn)
}

fn draw_body(model: &Model, sheet: &mut Sheet, body: Rect) {
    let width = usize::from(body.width);
    let height = usize::from(body.height);
    if let Some(scroll) = model.help {
        let lines = help_lines(model, width).into_iter().skip(scroll).collect();
        sheet.place(body, 0, Drawn::still(lines));
        return;
    }
    if let Some(palette) = &model.palette {
        sheet.place(body, 0, palette::draw(model, palette, width, height));
        return;
    }
    if let (Some(scroll), None) = (model.form.policy, &model.prompt) {
        let lines = prerequisites::policy::lines(model, width);
        let lines = lines.into_iter().skip(scroll).collect();
        sheet.place(body, 0, Drawn::still(lines));
        return;
    }
    let below = below(model, width);
    let height = height.saturating_sub(below.as_ref().map_or(0, |drawn| drawn.lines.len()));
    let above = Rect {
        height: narrow(height),
        ..body
    };
    sheet.place(above, 0, screen(model, width, height));
    if let Some(below) = below {
        sheet.place(body, height, below);
    }
}

fn screen(model: &Model, width: usize, height: usize) -> Drawn {
    match model.screen {
        Screen::Prerequisites => prerequisites::view::draw(model, width, height),
        Screen::Template => template::view::draw(model, width, height),
        Screen::Tokens => tokens::view::draw(model, width, height),
        Screen::Preview => preview::view::draw(model, width, height),
        Screen::Data => data::view::draw(model, width, height),
        Screen::Activity => activity::view::draw(model, width, height),
    }
}

/// Returns how many lines of the screen that is shown lie below what can be seen of it.
#[cfg(test)]
pub fn cut_off(model: &Model) -> usize {
    let (width, height) = body_size(model);
    let lines = screen(model, width, height).lines;
    let filled = lines.iter().rposition(|line| line.width() > 0);
    filled.map_or(0, |last| (last + 1).saturating_sub(height))
}

fn header(model: &Model, width: usize) -> Line<'static> {
    let (place_role, place) = match model.place {
        Place::Sandbox => (Role::Strong, "SANDBOX"),
        Place::Live => (Role::Alarm, " LIVE "),
    };
    let api = model.draft.text(crate::domain::field::Key::Api);
    let base = model.draft.shown_base_url();
    let target = crate::domain::text::sanitize(&format!("{api} · {base}"));
    let (state_role, state) = connection(model);
    let token = access_words(model);
    // What changes what the terminal itself does is said where it is always seen.
    let mode = match (model.mouse, model.veil.is_on()) {
        (true, true) => "MOUSE PRIVATE   ",
        (true, false) => "MOUSE   ",
        (false, true) => "PRIVATE   ",
        (false, false) => "",
    };
    let right = match (token.is_empty(), state.is_empty()) {
        (false, false) => token.width() + 3 + state.width(),
        _ => token.width() + state.width(),
    };
    // The connection outlives the token's minutes where there is room for one of them.
    let needed = 20 + place.width() + mode.width() + target.width();
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
        .put(Role::Strong, mode)
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
    if model.wire.ended.is_some() {
        return (Role::Bad, "✖ stopped".to_owned());
    }
    if let Some(left) = model.retry_left() {
        let seconds = left.as_millis().div_ceil(1000);
        return (Role::Busy, format!("◌ retrying in {seconds} s"));
    }
    let Some(last) = &model.wire.heard else {
        return (Role::Text, String::new());
    };
    // The host beside it is Airbyte's.
    let whose = match last.to {
        To::Airbyte => "",
        To::Bucket => "bucket ",
    };
    match last.status {
        _ if model.wire.retry_at.is_some() => (Role::Busy, "◌ retrying".to_owned()),
        _ if last.succeeded() => (Role::Good, "● online".to_owned()),
        None => (Role::Bad, format!("✖ {whose}{}", failure::ended(last))),
        Some(401 | 403) => (Role::Bad, format!("✖ {whose}refused")),
        Some(500..) => (Role::Bad, format!("✖ {whose}server error")),
        Some(status) => (Role::Warn, format!("! {whose}{status}")),
    }
}
