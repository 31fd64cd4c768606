//! The rail: the walk, where one is on it, and how each place stands.
//!
//! Depends on `model`, the screens' states, `pen`, `theme`.

use ratatui::layout::Rect;
use ratatui::text::Line;
use unicode_width::UnicodeWidthStr as _;

use super::{Drawn, RAIL, Sheet};
use crate::domain::ladder::Status;
use crate::domain::landing::Landing;
use crate::domain::settings::Finding;
use crate::domain::text::grouped;
use crate::tui::data::{self, Standing};
use crate::tui::model::{Focus, Model, Work};
use crate::tui::mouse::Click;
use crate::tui::pen::Row;
use crate::tui::prerequisites::RungState;
use crate::tui::screen::Screen;
use crate::tui::template::Condition;
use crate::tui::theme::Role;

/// The glyph and look of a place on the rail.
fn standing(model: &Model, screen: Screen) -> (&'static str, Role) {
    let busy = (model.spinner(), Role::Busy);
    match screen {
        Screen::Prerequisites => {
            let form = &model.form;
            let bad = form
                .findings
                .iter()
                .any(|(_, f)| !f.is_usable() && (form.tried || *f != Finding::Missing));
            let warned = form.rungs.iter().any(
                |(_, state)| matches!(state, RungState::Ended(step) if step.status == Status::Warn),
            );
            match model.setup_work() {
                Some(Work::Check) => busy,
                _ if bad || (!form.stale && form.failed().is_some()) => ("✖", Role::Bad),
                _ if form.has_passed() && (warned || !form.is_proven()) => ("!", Role::Warn),
                _ if form.is_proven() => ("✔", Role::Good),
                _ => ("○", Role::Quiet),
            }
        }
        Screen::Template => match (model.setup_work(), model.template.condition()) {
            (Some(Work::Plan | Work::Create | Work::Adopt), _) => busy,
            (_, Condition::Made(_) | Condition::Exists(_)) => ("✔", Role::Good),
            (_, Condition::Conflict(..) | Condition::Unknown(_)) => ("!", Role::Warn),
            (_, Condition::Failed(_)) => ("✖", Role::Bad),
            _ if model.template.failure.is_some() => ("✖", Role::Bad),
            (_, Condition::Incomplete | Condition::Unplanned | Condition::Ready(_)) => {
                ("○", Role::Quiet)
            }
        },
        Screen::Tokens => {
            let live = model.tokens.live(model.now);
            match (model.tokens.is_minting(), live, model.tokens.failures()) {
                (true, _, _) => busy,
                (_, 0, 0) => ("○", Role::Quiet),
                (_, 0, _) => ("✖", Role::Bad),
                (_, _, 0) if !model.tokens.has_bare(model.now) => ("✔", Role::Good),
                _ => ("!", Role::Warn),
            }
        }
        Screen::Data => match (data::work(model), model.data.standing()) {
            (Some(_), _) => busy,
            (None, Standing::Landed) => ("✔", Role::Good),
            (None, Standing::Broken | Standing::Failed) => ("✖", Role::Bad),
            (None, Standing::NotYet | Standing::Nothing) => ("○", Role::Quiet),
        },
        Screen::Preview => {
            let page = &model.preview;
            match (page.is_turning(), page.opened(), page.has_failed()) {
                (true, ..) => busy,
                (_, Some(_), _) => ("✔", Role::Good),
                (_, None, true) => ("✖", Role::Bad),
                (_, None, false) => ("○", Role::Quiet),
            }
        }
        Screen::Activity => (" ", Role::Quiet),
    }
}

/// A count in the few columns of the rail: `12`, `9,999`, `10k`.
fn short(count: usize) -> String {
    if count < 10_000 {
        grouped(count as u64)
    } else {
        format!("{}k", grouped(count as u64 / 1000))
    }
}

/// A count of rows in the same few columns: `2,100`, `1,234k`, `1,234M`.
fn rows(count: u64) -> String {
    match count {
        0..1_000_000 => grouped(count),
        1_000_000..1_000_000_000 => format!("{}k", grouped(count / 1000)),
        _ => format!("{}M", grouped(count / 1_000_000)),
    }
}

/// The figure at the right of a place.
fn figure(model: &Model, screen: Screen) -> String {
    match screen {
        Screen::Tokens if !model.tokens.is_empty() => {
            let live = model.tokens.live(model.now);
            format!("{}/{}", short(live), short(model.tokens.len()))
        }
        Screen::Preview if model.preview.visits() > 0 => rows(model.preview.visits()),
        Screen::Activity if model.activity.log.made() > 0 => grouped(model.activity.log.made()),
        Screen::Data => match model.data.landing().map(Landing::rows) {
            Some(count @ 1..) => rows(count),
            Some(0) | None => String::new(),
        },
        Screen::Prerequisites
        | Screen::Template
        | Screen::Tokens
        | Screen::Preview
        | Screen::Activity => String::new(),
    }
}

pub(super) fn rail(model: &Model, sheet: &mut Sheet, area: Rect, body: Rect) {
    let width = usize::from(RAIL) - 2;
    let mut drawn = Drawn::still(Vec::new());
    for screen in Screen::ALL {
        if screen == Screen::Activity {
            drawn.lines.push(Line::default());
        }
        drawn.click_line(Click::Go(screen));
        drawn.lines.push(rail_line(model, screen, width));
    }
    let area = Rect {
        width: RAIL - 1,
        ..area
    };
    sheet.place(area, 2, drawn);
    let line = Row::new(model.look()).put(Role::Quiet, "│").line();
    for y in 0..body.height {
        let at = Rect {
            x: area.x + RAIL - 1,
            y: body.y + y,
            width: 1,
            height: 1,
        };
        sheet.put(at, 0, line.clone());
    }
}

fn rail_line(model: &Model, screen: Screen, width: usize) -> Line<'static> {
    let (glyph, role) = standing(model, screen);
    let here = model.screen == screen;
    let chosen = model.focus == Focus::Rail(screen) && model.prompt.is_none();
    let (glyph, role) = match (here, role) {
        (true, Role::Busy) | (false, _) => (glyph, role),
        (true, _) => ("▸", Role::Strong),
    };
    let name = format!("{} {}", screen.number(), screen.title());
    let figure = figure(model, screen);
    let row = Row::new(model.look()).at(1).put(role, glyph).at(3);
    if chosen {
        let room = width.saturating_sub(3);
        let gap = room.saturating_sub(name.width() + figure.width());
        return row
            .put(Role::Focus, format!("{name}{}{figure}", " ".repeat(gap)))
            .line();
    }
    let name_role = if here { Role::Strong } else { Role::Text };
    row.put(name_role, name)
        .right(Role::Quiet, figure, width)
        .line()
}

/// The rail on one line: the name of the place that is shown, numbers and glyphs of the others.
pub(super) fn folded_rail(model: &Model, width: usize) -> Drawn {
    let mut drawn = Drawn::still(Vec::new());
    let mut row = Row::new(model.look()).at(1);
    for screen in Screen::ALL {
        let (glyph, role) = standing(model, screen);
        let here = model.screen == screen;
        let chosen = model.focus == Focus::Rail(screen) && model.prompt.is_none();
        let (glyph, role) = match (here, role) {
            (true, Role::Busy) | (false, _) => (glyph, role),
            (true, _) => ("▸", Role::Strong),
        };
        let name = if here || chosen {
            format!("{} {}", screen.number(), screen.title())
        } else {
            screen.number().to_string()
        };
        let name_role = match (chosen, here) {
            (true, _) => Role::Focus,
            (false, true) => Role::Strong,
            (false, false) => Role::Text,
        };
        let start = row.width();
        row = row
            .put(role, glyph)
            .put(Role::Text, " ")
            .put(name_role, name);
        let figure = figure(model, screen);
        // Half a figure would be a wrong one.
        if !figure.is_empty() && row.width() + 1 + figure.width() <= width {
            row = row.put(Role::Quiet, format!(" {figure}"));
        }
        drawn.click(0, start..row.width(), Click::Go(screen));
        row = row.put(Role::Text, "   ");
    }
    drawn.lines.push(row.line());
    drawn
}
