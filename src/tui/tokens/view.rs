//! How the board looks. Draws the rows of one page and nothing of the others.
//!
//! Depends on the board, on `pen`, `failure`, `theme`.

use std::time::Duration;

use ratatui::text::Line;
use unicode_width::UnicodeWidthStr as _;

use super::{AUTO_LIMIT, Row, State};
use crate::domain::failure::Code;
use crate::domain::moment::{clock_time, countdown};
use crate::domain::text::{counted, grouped, sanitize};
use crate::domain::token::{Minted, Opened, Verdict};
use crate::tui::failure;
use crate::tui::model::Model;
use crate::tui::mouse::Click;
use crate::tui::pen::{self, paragraph};
use crate::tui::rows;
use crate::tui::theme::Role;
use crate::tui::view::{Drawn, body_size};

/// How many lines the opened-up token has, whatever it says.
const DETAIL: usize = 8;

/// The lines of the board that are not rows: title, blank, headings, blank.
const FIXED: usize = 4;

/// The columns of the table at one width.
struct Columns {
    user: usize,
    bar: usize,
    workspace: usize,
    left: usize,
    state: usize,
    renewal: usize,
    width: usize,
}

impl Columns {
    const MARK: usize = 3;

    fn of(width: usize) -> Columns {
        let narrow = width < 70;
        let renewal = if narrow { 6 } else { 12 };
        let bar = match width {
            0..70 => 4,
            70..110 => 14,
            _ => 24,
        };
        let fixed = Columns::MARK + 1 + 11 + bar + 1 + 7 + 1 + 15 + renewal;
        let user = width.saturating_sub(fixed).clamp(8, 44);
        let workspace = Columns::MARK + user + 1;
        let left = workspace + 11;
        let state = left + bar + 1 + 7 + 1;
        Columns {
            user,
            bar,
            workspace,
            left,
            state,
            renewal: state + 15,
            width,
        }
    }
}

fn detail_height(height: usize) -> usize {
    // Where height is dear the rows come first.
    DETAIL.min(height.saturating_sub(FIXED + 3))
}

fn page_of(height: usize) -> usize {
    height.saturating_sub(FIXED + detail_height(height)).max(1)
}

/// Returns how many rows a page has.
pub fn page_rows(model: &Model) -> usize {
    page_of(body_size(model).1)
}

/// Returns true when something on the page counts down.
pub fn shows_countdown(model: &Model) -> bool {
    let board = &model.tokens;
    let page = page_rows(model);
    let from = board.cursor() / page * page;
    board
        .shown(from, page)
        .any(|(_, row)| board.left(row, model.now).is_some())
}

/// Draws the board.
pub fn draw(model: &Model, width: usize, height: usize) -> Drawn {
    let board = &model.tokens;
    let columns = Columns::of(width);
    let page = page_of(height);
    let from = board.cursor() / page * page;
    let mut drawn = Drawn::still(vec![title(model, width), Line::default()]);
    if board.is_empty() {
        drawn.lines.extend(empty(model, width));
        return drawn;
    }
    drawn.lines.push(headings(model, &columns));
    for (i, row) in board.shown(from, page) {
        drawn.click_line(Click::User(i));
        drawn
            .lines
            .push(row_line(model, &columns, row, i == board.cursor()));
    }
    let lines = &mut drawn.lines;
    if board.shown_len() == 0 {
        lines.push(
            pen::Row::new(model.look())
                .at(3)
                .until(Role::Quiet, "No user holds that text.", width)
                .line(),
        );
    }
    lines.resize(3 + page, Line::default());
    let all = board.filter().is_on().then(|| board.len());
    let place = rows::place(from, page, board.shown_len(), all);
    lines.push(
        pen::Row::new(model.look())
            .right(Role::Quiet, place, width)
            .line(),
    );
    if let Some(row) = board.selected() {
        let most = detail_height(height);
        let mut detail = detail(model, row, width, most);
        detail.truncate(most);
        lines.extend(detail);
    }
    drawn
}

fn title(model: &Model, width: usize) -> Line<'static> {
    let board = &model.tokens;
    let under_way = board.under_way();
    let batch = board.batch();
    let right = if under_way > 0 && batch.asked > 1 {
        let failed = match batch.failed {
            0 => String::new(),
            n => format!(", {} failed", grouped(n as u64)),
        };
        format!(
            "{} of {}{failed} · c stops",
            grouped(batch.ended as u64),
            counted(batch.asked, "mint")
        )
    } else if under_way > 0 {
        format!("{} under way", counted(under_way, "mint"))
    } else {
        match board.auto_count() {
            0 => String::new(),
            n => format!("{n} of {AUTO_LIMIT} rows auto-renew"),
        }
    };
    let opens = model
        .draft
        .origin()
        .map_or(String::new(), |origin| format!("opened by {origin} only"));
    pen::Row::new(model.look())
        .at(1)
        .put(Role::Strong, "Widget tokens")
        .at(18)
        .whole(Role::Quiet, opens, width.saturating_sub(right.width() + 2))
        .right(Role::Quiet, right, width)
        .line()
}

fn empty(model: &Model, width: usize) -> Vec<Line<'static>> {
    let text = if model.target().is_some() {
        "No external users yet: a adds them, typed, pasted as a list, or from a file as @path."
    } else {
        "The settings are not complete: Enter leads to the form."
    };
    paragraph(model.look(), Role::Text, 3, text, width)
}

fn headings(model: &Model, columns: &Columns) -> Line<'static> {
    let user = model.tokens.filter().heading(model.look(), "User");
    let renewal = if columns.width < columns.renewal + 7 {
        "Auto"
    } else {
        "Renewal"
    };
    pen::Row::new(model.look())
        .at(Columns::MARK)
        .fit(Role::Quiet, user, columns.user)
        .at(columns.workspace)
        .put(Role::Quiet, "Workspace")
        .at(columns.left)
        .fit(Role::Quiet, "Left", columns.bar + 8)
        .at(columns.state)
        .put(Role::Quiet, "State")
        .at(columns.renewal)
        .until(Role::Quiet, renewal, columns.width)
        .line()
}

/// The glyph, look and word of a state.
fn words(model: &Model, row: &Row) -> (&'static str, Role, &'static str) {
    match model.tokens.state(row, model.now) {
        State::NotYet => ("○", Role::Quiet, "not yet"),
        State::Queued => ("◌", Role::Quiet, "queued"),
        State::Minting => (model.spinner(), Role::Busy, "minting"),
        State::Renewing => (model.spinner(), Role::Busy, "renewing"),
        State::Live => ("✔", Role::Good, "live"),
        State::Ageing => ("!", Role::Warn, "ageing"),
        State::Expired => ("✖", Role::Bad, "expired"),
        State::Unreadable => ("!", Role::Warn, "unreadable"),
        State::Failed => {
            let code = model.tokens.failure(row).map(|failure| failure.code);
            let (glyph, role) = failure::glyph(code.unwrap_or(Code::Internal));
            (glyph, role, code.map_or("failed", failure::word))
        }
    }
}

fn row_line(model: &Model, columns: &Columns, row: &Row, selected: bool) -> Line<'static> {
    let board = &model.tokens;
    let (glyph, role, word) = words(model, row);
    let (mark, name) = if selected {
        (" ▸", Role::Strong)
    } else {
        ("  ", Role::Text)
    };
    let workspace = row
        .workspace
        .as_deref()
        .map_or("–".to_owned(), |id| model.look().ends(id));
    let whole = board.held(row).and_then(|token| token.life);
    let left = board.left(row, model.now);
    let mut line = pen::Row::new(model.look())
        .put(Role::Text, mark)
        .at(Columns::MARK);
    line = if is_marked(row) {
        line.fit_ends(name, row.user.as_str(), columns.user - 2)
            .put(Role::Warn, " !")
    } else {
        line.fit_ends(name, row.user.as_str(), columns.user)
    };
    line = line
        .at(columns.workspace)
        .fit(Role::Quiet, workspace, 10)
        .at(columns.left);
    if let (Some(left), Some(whole)) = (left, whole) {
        let full = filled(left, whole, columns.bar);
        let bar_role = if matches!(role, Role::Good | Role::Warn) {
            role
        } else {
            Role::Text
        };
        line = line
            .put(bar_role, "▓".repeat(full))
            .put(Role::Quiet, "░".repeat(columns.bar - full))
            .put(Role::Text, format!(" {:>7}", countdown(left)));
    }
    let room = columns.width.saturating_sub(columns.renewal);
    let (renewal_role, renewal) = renewal(model, row, room);
    line.at(columns.state)
        .put(role, glyph)
        .put(Role::Text, " ")
        .until(
            if role == Role::Good { Role::Text } else { role },
            word,
            columns.renewal - 1,
        )
        .at(columns.renewal)
        .until(renewal_role, renewal, columns.width)
        .line()
}

/// Whether something is to be known of the user whatever its token does; told once it is selected.
fn is_marked(row: &Row) -> bool {
    row.is_bare() || row.user.caution().is_some()
}

/// How many cells of a bar are full; something left is never drawn as nothing.
fn filled(left: Duration, life: Duration, cells: usize) -> usize {
    let whole = life.as_millis().max(1);
    let part = left.as_millis().min(whole) * cells as u128;
    usize::try_from(part.div_ceil(whole)).map_or(cells, |full| full.min(cells))
}

fn renewal(model: &Model, row: &Row, room: usize) -> (Role, String) {
    if row.auto {
        return (Role::Text, "auto".to_owned());
    }
    let (role, text) = match (model.tokens.failure(row), row.user.caution()) {
        (Some(failure), _) => (Role::Quiet, failure.message.clone()),
        (None, _) if row.is_bare() => (Role::Warn, "! no destination?".to_owned()),
        (None, Some(caution)) => (Role::Warn, format!("! {caution}")),
        (None, None) => return (Role::Quiet, "–".to_owned()),
    };
    // What does not fit whole is told below, once the row is selected.
    if text.width() <= room {
        (role, text)
    } else {
        (Role::Quiet, "–".to_owned())
    }
}

/// What is to be known of a user, the gravest first: high up, so that it is read on every terminal.
fn cautions(model: &Model, row: &Row, width: usize) -> Vec<Line<'static>> {
    let no_template = !row.known && !model.template.is_known();
    let trap = "No connection template is known: a workspace made now never gets its destination.";
    let bare = "Its workspace may have been made before the template: then it has no destination, and nothing lands. d looks.";
    let told = [
        no_template.then(|| trap.to_owned()),
        row.is_bare().then(|| bare.to_owned()),
        row.user.caution(),
    ];
    told.into_iter()
        .flatten()
        .flat_map(|text| paragraph(model.look(), Role::Warn, 2, &format!("! {text}"), width))
        .collect()
}

/// The selected row, opened up.
fn detail(model: &Model, row: &Row, width: usize, most: usize) -> Vec<Line<'static>> {
    let look = model.look();
    let failed = model.tokens.failure(row);
    if let Some(failed) = failed
        && most < 5
    {
        // The row above names the user; what to do counts more.
        return failure::lines(look, failed, 2, width, most);
    }
    let mut lines = vec![
        pen::Row::new(look)
            .at(1)
            .until(Role::Strong, row.user.as_str(), width)
            .line(),
    ];
    if let Some(failed) = failed {
        let left = most.saturating_sub(1);
        lines.extend(failure::lines(look, failed, 2, width, left));
        lines.extend(cautions(model, row, width));
        return lines;
    }
    lines.extend(cautions(model, row, width));
    match model.tokens.held(row) {
        Some(token) => lines.extend(opened_up(model, token, width)),
        None => lines.extend(not_minted(model, row, width)),
    }
    lines
}

fn fact(
    model: &Model,
    label: &str,
    value: (Role, String),
    note: (Role, &str),
    width: usize,
) -> Line<'static> {
    let (role, value) = value;
    let row = pen::Row::new(model.look())
        .at(2)
        .put(Role::Quiet, label)
        .at(14);
    let row = row.until(role, value, width);
    let column = row.width() + 3;
    // A quiet note is left out rather than cut.
    if note.1.is_empty() || (note.0 == Role::Quiet && column + note.1.width() > width) {
        return row.line();
    }
    row.at(column).until(note.0, note.1, width).line()
}

fn not_minted(model: &Model, row: &Row, width: usize) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    let quiet = (Role::Quiet, "");
    if row.known {
        let workspace = row
            .workspace
            .clone()
            .unwrap_or_else(|| "not said".to_owned());
        lines.push(fact(
            model,
            "Workspace",
            (Role::Text, workspace),
            (Role::Quiet, "known from before"),
            width,
        ));
        if let Some(at) = row.seen_at {
            lines.push(fact(
                model,
                "Last minted",
                (Role::Text, clock_time(at)),
                quiet,
                width,
            ));
        }
        lines.push(fact(
            model,
            "Token",
            (Role::Text, "none in this session".to_owned()),
            (Role::Quiet, "tokens are never stored; Enter mints one"),
            width,
        ));
    } else {
        lines.extend(paragraph(
            model.look(),
            Role::Text,
            2,
            "Not minted here before. The first token may make a workspace of this name.",
            width,
        ));
    }
    lines.push(fact(
        model,
        "Folder",
        (Role::Text, format!("{}/", row.user.s3_safe())),
        (Role::Quiet, "in the bucket, below the prefix"),
        width,
    ));
    lines
}

fn opened_up(model: &Model, token: &Minted, width: usize) -> Vec<Line<'static>> {
    let chars = format!(
        "{} {}",
        "•".repeat(12),
        counted(token.token.chars(), "character")
    );
    let last = fact(
        model,
        "Token",
        (Role::Text, chars),
        (Role::Quiet, "y sends it to the clipboard"),
        width,
    );
    let mut lines = match &token.opened {
        Ok(opened) => claims(model, token, opened, width),
        Err(why) => paragraph(
            model.look(),
            Role::Warn,
            2,
            &format!("! A token came, but it {why}."),
            width,
        ),
    };
    lines.push(last);
    lines
}

fn claims(model: &Model, token: &Minted, opened: &Opened, width: usize) -> Vec<Line<'static>> {
    let none = || "not said".to_owned();
    let first = if token.first_here {
        "new here: may have just been made"
    } else {
        ""
    };
    let (origin_role, origin_note) = match opened.judge(model.now.wall, Some(&token.origin)) {
        Verdict::WrongOrigin => (Role::Bad, format!("✖ {} was asked for", token.origin)),
        Verdict::Usable | Verdict::Expired | Verdict::Malformed => (
            Role::Quiet,
            token
                .origin
                .twin()
                .map_or("no trailing slash".to_owned(), |twin| {
                    let host = twin.split("//").nth(1).unwrap_or_default();
                    format!("not on {host}, no trailing slash")
                }),
        ),
    };
    let is_over = token.left(model.now).is_some_and(|left| left.is_zero());
    let expires = match (opened.expires_at, token.left(model.now)) {
        (Some(at), Some(left)) if left.is_zero() => clock_time(at),
        (Some(at), Some(left)) => format!("{}, in {}", clock_time(at), countdown(left)),
        (Some(at), None) => clock_time(at),
        (None, _) => none(),
    };
    let roles = match opened.roles.as_slice() {
        [] => none(),
        roles => roles.join(", "),
    };
    vec![
        fact(
            model,
            "Workspace",
            (Role::Text, opened.workspace_id.clone().unwrap_or_else(none)),
            (Role::Quiet, first),
            width,
        ),
        fact(
            model,
            "Opens on",
            (Role::Text, opened.origin.clone().unwrap_or_else(none)),
            (origin_role, &origin_note),
            width,
        ),
        fact(
            model,
            if is_over { "Expired" } else { "Expires" },
            (Role::Text, expires),
            (Role::Quiet, "decoded, not verified"),
            width,
        ),
        fact(
            model,
            "Acts as",
            (Role::Text, roles),
            (Role::Quiet, "in that workspace alone"),
            width,
        ),
        fact(
            model,
            "Widget",
            (
                Role::Text,
                opened.widget_url.as_deref().map_or_else(none, sanitize),
            ),
            (Role::Quiet, ""),
            width,
        ),
    ]
}
