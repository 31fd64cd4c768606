//! The page of keys, made from the tables that dispatch them.
//!
//! Depends on the key tables, `pen`, `theme`.

use ratatui::layout::Rect;
use ratatui::text::Line;

use super::body_of;
use crate::tui::keys::{self, HelpRow};
use crate::tui::model::Model;
use crate::tui::pen::{Row, wrap};
use crate::tui::screen::Screen;
use crate::tui::theme::Role;
use crate::tui::{activity, data, prerequisites, template, tokens};

/// Help, from the live key tables.
pub(super) fn help_lines(model: &Model, width: usize) -> Vec<Line<'static>> {
    let this = match model.screen {
        Screen::Prerequisites => prerequisites::help(),
        Screen::Template => keys::help(template::KEYS),
        Screen::Tokens => keys::help(tokens::KEYS),
        Screen::Data => keys::help(data::KEYS),
        Screen::Activity => [activity::KEYS, activity::DETAIL_KEYS]
            .into_iter()
            .flat_map(keys::help)
            .collect(),
        Screen::Preview => Vec::new(),
    };
    let mut lines = vec![
        Row::new(model.look())
            .at(1)
            .put(Role::Strong, "Keys")
            .line(),
    ];
    let title = format!("On {}", model.screen.title());
    help_part(model, &mut lines, &title, &this, width);
    help_part(
        model,
        &mut lines,
        "On the rail",
        &keys::help(keys::RAIL),
        width,
    );
    help_part(
        model,
        &mut lines,
        "Outside fields",
        &keys::help(keys::OUTSIDE),
        width,
    );
    help_part(
        model,
        &mut lines,
        "Everywhere, in a field too",
        &keys::help(keys::ANYWHERE),
        width,
    );
    help_part(model, &mut lines, "In a field", &editing(), width);
    lines
}

/// Returns how many lines of help do not fit.
pub fn help_overflow(model: &Model) -> usize {
    let (width, height) = model.size;
    let body = body_of(Rect::new(0, 0, width, height));
    let lines = help_lines(model, usize::from(body.width)).len();
    lines.saturating_sub(usize::from(body.height))
}

/// The editing keys, which the line editor binds itself.
fn editing() -> Vec<HelpRow> {
    [
        ("Ctrl-A Home", "to the start"),
        ("Ctrl-E End", "to the end"),
        ("Ctrl-← Ctrl-→", "by words"),
        ("Ctrl-W", "delete the word before"),
        ("Ctrl-U", "delete the line"),
        ("Ctrl-K", "delete to the end"),
        ("Ctrl-Y", "put back what was deleted"),
    ]
    .map(|(keys, text)| HelpRow {
        keys: keys.to_owned(),
        text,
    })
    .to_vec()
}

fn help_part(
    model: &Model,
    lines: &mut Vec<Line<'static>>,
    title: &str,
    rows: &[HelpRow],
    width: usize,
) {
    let look = model.look();
    let rows: Vec<&HelpRow> = rows.iter().filter(|row| !row.text.is_empty()).collect();
    if rows.is_empty() {
        return;
    }
    lines.push(Line::default());
    lines.push(Row::new(look).at(1).put(Role::Quiet, title).line());
    for row in rows {
        let pieces = wrap(row.text, width.saturating_sub(20));
        for (i, piece) in pieces.into_iter().enumerate() {
            let line = Row::new(look).at(3);
            let line = if i == 0 {
                line.put(Role::Strong, &row.keys)
            } else {
                line
            };
            lines.push(line.at(19).put(Role::Text, piece).line());
        }
    }
}
