//! The page of keys, made from the tables that dispatch them.
//!
//! Depends on the key tables, `pen`, `theme`.

use ratatui::layout::Rect;
use ratatui::text::Line;

use super::body_of;
use crate::tui::action;
use crate::tui::keys;
use crate::tui::model::Model;
use crate::tui::pen::{Row, wrap};
use crate::tui::theme::Role;

/// Help, from the live key tables.
pub(super) fn help_lines(model: &Model, width: usize) -> Vec<Line<'static>> {
    let mut lines = vec![
        Row::new(model.look())
            .at(1)
            .put(Role::Strong, "Keys")
            .line(),
    ];
    let this = format!("On {}", model.screen.title());
    let parts = [
        (this.as_str(), action::of_screen(model.screen)),
        ("On the rail", action::entries(keys::RAIL)),
        ("Outside fields", action::entries(keys::OUTSIDE)),
        (
            "Everywhere, in a field too",
            action::entries(keys::ANYWHERE),
        ),
    ];
    for (title, rows) in parts {
        let rows: Vec<(&str, &str)> = rows
            .iter()
            .map(|entry| (entry.keys.as_str(), entry.name))
            .collect();
        help_part(model, &mut lines, title, &rows, width);
    }
    help_part(model, &mut lines, "In a field", &EDITING, width);
    lines
}

/// Returns how many lines of help a page shows, and how many do not fit.
pub fn help_page(model: &Model) -> (usize, usize) {
    let (width, height) = model.size;
    let body = body_of(Rect::new(0, 0, width, height));
    let lines = help_lines(model, usize::from(body.width)).len();
    let page = usize::from(body.height);
    (page, lines.saturating_sub(page))
}

/// The editing keys, which the line editor binds itself.
const EDITING: [(&str, &str); 8] = [
    ("Ctrl-A Home", "to the start"),
    ("Ctrl-E End", "to the end"),
    ("Alt-B Ctrl-←", "a word back"),
    ("Alt-F Ctrl-→", "a word on"),
    ("Ctrl-W Alt-⌫", "delete the word before"),
    ("Ctrl-U", "delete the line"),
    ("Ctrl-K", "delete to the end"),
    ("Ctrl-Y", "put back what was deleted"),
];

fn help_part(
    model: &Model,
    lines: &mut Vec<Line<'static>>,
    title: &str,
    rows: &[(&str, &str)],
    width: usize,
) {
    let look = model.look();
    if rows.is_empty() {
        return;
    }
    lines.push(Line::default());
    lines.push(Row::new(look).at(1).put(Role::Quiet, title).line());
    for (keys, name) in rows {
        let pieces = wrap(name, width.saturating_sub(20));
        for (i, piece) in pieces.into_iter().enumerate() {
            let line = Row::new(look).at(3);
            let line = if i == 0 {
                line.put(Role::Strong, keys)
            } else {
                line
            };
            lines.push(line.at(19).put(Role::Text, piece).line());
        }
    }
}
