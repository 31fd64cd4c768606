//! The footer: what happened last, and what the keys do now.
//!
//! Depends on `model`, the key tables, `pen`, `theme`.

use unicode_width::UnicodeWidthStr as _;

use super::Drawn;
use crate::domain::moment::span;
use crate::tui::keys::{self, Hint};
use crate::tui::model::{Focus, Model, Notice};
use crate::tui::mouse::Click;
use crate::tui::pen::Row;
use crate::tui::rows::scroll_hint;
use crate::tui::screen::Screen;
use crate::tui::theme::Role;
use crate::tui::{
    activity, data, failure, palette, prerequisites, preview, prompt, template, tokens,
};

/// A request of whose path less is left than so many columns says nothing.
const LEAST_PATH: usize = 8;

/// What the keys do now, the primary one first.
fn hints(model: &Model) -> Vec<Hint> {
    let help = keys::hint(keys::ANYWHERE, keys::Anywhere::Help);
    if model.help.is_some() {
        return [
            keys::hint_as(keys::ANYWHERE, keys::Anywhere::Help, "close"),
            scroll_hint(super::help_page(model).1),
        ]
        .into_iter()
        .flatten()
        .collect();
    }
    if model.palette.is_some() {
        return palette::hints();
    }
    if let Some(asked) = &model.prompt {
        return prompt::hints(asked);
    }
    if model.form.policy.is_some() {
        return prerequisites::policy::hints(model);
    }
    let mut hints = match (model.focus, model.screen) {
        (Focus::Rail(_), shown) => {
            let of_form = |action| {
                (shown == Screen::Prerequisites)
                    .then(|| keys::hint(prerequisites::RAIL_KEYS, action))
                    .flatten()
            };
            [
                keys::hint(keys::RAIL, keys::OnRail::Open),
                keys::hint(keys::RAIL, keys::OnRail::Up).map(|hint| Hint {
                    key: format!("{}↓", hint.key),
                    ..hint
                }),
                of_form(prerequisites::Action::Again)
                    .filter(|_| model.form.has_passed() && model.setup.is_none()),
                of_form(prerequisites::Action::CopyLadder),
                of_form(prerequisites::Action::Policy),
                keys::hint(keys::OUTSIDE, keys::Outside::Quit),
            ]
            .into_iter()
            .flatten()
            .collect()
        }
        (Focus::Body, Screen::Prerequisites) => prerequisites::hints(model),
        (Focus::Body, Screen::Template) => template::hints(model),
        (Focus::Body, Screen::Tokens) => tokens::hints(model),
        (Focus::Body, Screen::Preview) => preview::hints(model),
        (Focus::Body, Screen::Data) => data::hints(model),
        (Focus::Body, Screen::Activity) => activity::hints(model),
    };
    if model.wire.ended.is_some() {
        let restart = keys::hint(keys::ANYWHERE, keys::Anywhere::Restart);
        hints.splice(0..0, restart);
    }
    hints.extend(help);
    hints
}

/// A notice or the last request on the left, the keys on the right. The primary key and the one of
/// help always have their places. A notice is there to be read, so the other keys make room for it, and
/// where that is not enough it stands above; the last request makes room for the keys.
pub(super) fn footer(model: &Model, width: usize) -> Drawn {
    let mut hints = hints(model);
    let left_room = |hints: &[Hint]| width.saturating_sub(bar_width(hints) + 4);
    let notice = model
        .notice
        .as_ref()
        .filter(|_| above(model, width).is_none());
    let least = notice.map_or(0, |notice| notice.text.width());
    while hints.len() > 2 && (left_room(&hints) < least || bar_width(&hints) + 2 > width) {
        let second_last = hints.len() - 2;
        hints.remove(second_last);
    }
    if left_room(&hints) < least {
        // Over the palette or a page of text there is no other place for it.
        hints.truncate(1);
    }
    let room = left_room(&hints);
    let (role, left) = match notice {
        Some(notice) => (notice.role, notice.text.clone()),
        None => last_request(model, room),
    };
    let mut row = Row::new(model.look()).at(1);
    row = row.fit(role, left, room);
    row = row.at(width.saturating_sub(bar_width(&hints) + 1));
    let mut drawn = Drawn::still(Vec::new());
    for (i, hint) in hints.into_iter().enumerate() {
        if i > 0 {
            row = row.put(Role::Quiet, " · ");
        }
        let start = row.width();
        row = row
            .put(Role::Strong, hint.key)
            .put(Role::Quiet, format!(" {}", hint.verb));
        drawn.click(0, start..row.width(), Click::Key(hint.chord));
    }
    drawn.lines.push(row.line());
    drawn
}

fn bar_width(hints: &[Hint]) -> usize {
    let words: usize = hints
        .iter()
        .map(|hint| hint.key.width() + 1 + hint.verb.width())
        .sum();
    words + 3 * hints.len().saturating_sub(1)
}

/// The notice, when it does not fit beside the primary key and the one of help, and there is a screen
/// to put it below.
pub(super) fn above(model: &Model, width: usize) -> Option<&Notice> {
    let covered = model.help.is_some() || model.palette.is_some() || model.form.policy.is_some();
    let hints = hints(model);
    let ends = [hints.first(), hints.last().filter(|_| hints.len() > 1)];
    let ends: Vec<Hint> = ends.into_iter().flatten().cloned().collect();
    let room = width.saturating_sub(bar_width(&ends) + 4);
    let notice = model.notice.as_ref().filter(|_| !covered)?;
    (notice.text.width() > room).then_some(notice)
}

fn last_request(model: &Model, room: usize) -> (Role, String) {
    let Some(last) = &model.wire.last else {
        return (Role::Quiet, String::new());
    };
    let role = if last.succeeded() {
        Role::Quiet
    } else {
        Role::Warn
    };
    let end = format!("  {}  {}", failure::ended(last), span(last.took));
    let tries = if last.attempt > 1 || last.again_in.is_some() {
        format!("{end}  try {} of {}", last.attempt, last.attempts)
    } else {
        end.clone()
    };
    // What became of it is not cut: the path gives way, then which try it was.
    let fitting = [tries, end].into_iter().find_map(|end| {
        let rest = last.method.len() + 1 + end.width();
        let room = room.checked_sub(rest)?;
        (room >= last.path.width().min(LEAST_PATH)).then(|| {
            let path = activity::view::short_path(model.look(), last, room);
            format!("{} {path}{end}", last.method)
        })
    });
    (role, fitting.unwrap_or_default())
}
