//! How the form looks.
//!
//! Depends on the form's state, on `pen`, `failure`, `theme`.

use ratatui::text::Line;
use unicode_width::UnicodeWidthStr as _;

use super::{Form, RungState, matching};
use crate::domain::failure::{Code, Failure};
use crate::domain::field::{DefaultValue, FIELDS, Field, Group};
use crate::domain::ladder::{Rung, Status};
use crate::domain::moment::span;
use crate::domain::settings::{Finding, Source};
use crate::domain::text::counted;
use crate::tui::model::{Focus, Model};
use crate::tui::mouse::Click;
use crate::tui::pen::{Row, paragraph, wrap, wrap_to};
use crate::tui::theme::Role;
use crate::tui::view::{Drawn, body_size};
use crate::tui::{failure, screen::Screen};

const LABEL: usize = 3;
const VERDICT: usize = 21;
const VALUE: usize = 23;
const WORDS: usize = LABEL + 22;

/// Beyond this a source no longer reads as belonging to its value.
const WIDEST: usize = 110;

/// Draws the form, with what the rungs say and the focused field's help below it.
pub fn draw(model: &Model, width: usize, height: usize) -> Drawn {
    let width = width.min(WIDEST);
    let roomy = height >= 16;
    // Where height is dear, what to do about a failed rung comes before what a good field is.
    let helps =
        roomy || !has_failed(model) || *model.form.finding(model.form.field().key) != Finding::Good;
    let most = height.saturating_sub(match (roomy, helps) {
        (true, _) => 9,
        (false, true) => 6,
        (false, false) => 4,
    });
    let mut below = if roomy {
        rungs(model, width, most)
    } else {
        rungs_in_one(model, width, most)
    };
    below.truncate(most);
    if helps {
        below.extend(help(model, width, roomy));
    }
    let room = height.saturating_sub(below.len() + 1).min(rows().len());
    let (mut drawn, hidden) = list(model, width, room);
    let lines = &mut drawn.lines;
    lines.resize(room, Line::default());
    let more = if hidden > 0 {
        format!("↓ {} below", counted(hidden, "more setting"))
    } else {
        String::new()
    };
    lines.push(
        Row::new(model.look())
            .right(Role::Quiet, more, width)
            .line(),
    );
    lines.extend(below);
    drawn
}

/// The rows that fit, and how many settings lie below them.
fn list(model: &Model, width: usize, room: usize) -> (Drawn, usize) {
    let rows = rows();
    let focused = rows
        .iter()
        .position(|e| matches!(e, Entry::Field(i, _) if *i == model.form.at))
        .unwrap_or(0);
    // One row more than needed stays visible below the cursor, so that the way on is seen.
    let top = (focused + 2)
        .saturating_sub(room)
        .min(rows.len().saturating_sub(room));
    let mut drawn = Drawn::still(Vec::new());
    for (i, entry) in rows.iter().skip(top).take(room).enumerate() {
        if let Entry::Field(at, _) = entry {
            drawn.click_line(Click::Field(*at, VALUE));
        }
        let line = match entry {
            Entry::Blank => Line::default(),
            Entry::Heading(group) => Row::new(model.look())
                .at(1)
                .put(Role::Strong, group.title())
                .line(),
            Entry::Field(at, field) => {
                let (line, column) = row(model, *at, field, width);
                if let Some(column) = column {
                    drawn.cursor = Some((column, i));
                }
                line
            }
        };
        drawn.lines.push(line);
    }
    let hidden = rows
        .iter()
        .skip(top + room)
        .filter(|e| matches!(e, Entry::Field(..)))
        .count();
    (drawn, hidden)
}

/// The form's rows, headings and blanks included.
fn rows() -> Vec<Entry> {
    let mut rows = Vec::new();
    for group in Group::ALL {
        if !rows.is_empty() {
            rows.push(Entry::Blank);
        }
        rows.push(Entry::Heading(group));
        let fields = FIELDS.iter().enumerate().filter(|(_, f)| f.group == group);
        rows.extend(fields.map(|(i, f)| Entry::Field(i, f)));
    }
    rows
}

enum Entry {
    Blank,
    Heading(Group),
    Field(usize, &'static Field),
}

/// The glyph and look of a finding. Nothing typed yet is no fault until Enter was pressed.
fn verdict(form: &Form, finding: &Finding) -> (&'static str, Role) {
    match finding {
        Finding::Good => ("✔", Role::Good),
        Finding::Warning(_) => ("!", Role::Warn),
        Finding::Missing if !form.tried => ("○", Role::Quiet),
        Finding::Missing | Finding::Invalid(_) | Finding::Unsupported(_) => ("✖", Role::Bad),
    }
}

/// What stands beside a value that is not simply good.
fn remark(form: &Form, finding: &Finding) -> String {
    if *finding == Finding::Missing && !form.tried {
        return "needed".to_owned();
    }
    finding.detail().to_owned()
}

fn source(model: &Model, field: &Field) -> String {
    match model.draft.source(field.key) {
        Source::File => model.env_file.clone(),
        Source::Default if field.default.is_none() => String::new(),
        source @ (Source::Typed
        | Source::Sandbox
        | Source::Flag
        | Source::Environment
        | Source::Default) => source.to_string(),
    }
}

fn row(model: &Model, at: usize, field: &Field, width: usize) -> (Line<'static>, Option<usize>) {
    let form = &model.form;
    let here = form.at == at;
    let focused = here && model.focus == Focus::Body && model.screen == Screen::Prerequisites;
    let finding = form.finding(field.key);
    let (glyph, role) = verdict(form, finding);
    let source = source(model, field);
    let source_role = if model.draft.source(field.key) == Source::Typed {
        Role::Warn
    } else {
        Role::Quiet
    };
    let end = width.saturating_sub(source.width() + 2);
    let row = Row::new(model.look())
        .put(Role::Text, if here { " ▸" } else { "  " })
        .at(LABEL)
        .fit(
            if here { Role::Strong } else { Role::Quiet },
            field.label,
            VERDICT - LABEL - 1,
        )
        .at(VERDICT)
        .put(role, glyph)
        .at(VALUE);
    let (row, cursor) = if focused {
        let (row, column) = editor(model, field, row, end);
        (row, Some(column))
    } else {
        let remark = remark(form, finding);
        let value = shown(model, field);
        let value_role = match model.draft.value(field.key) {
            Some(_) => Role::Text,
            None => Role::Quiet,
        };
        // The remark keeps at least half of the line: it is what has to be read.
        let room = end.saturating_sub(VALUE);
        let share = if remark.is_empty() {
            room
        } else {
            room.saturating_sub(remark.width() + 2).max(room / 3)
        };
        let row = row.fit(value_role, &value, share);
        let row = if value.is_empty() || remark.is_empty() {
            row
        } else {
            row.put(Role::Text, "  ")
        };
        (row.until(role, remark, end), None)
    };
    (row.right(source_role, source, width).line(), cursor)
}

/// A value as it is shown when it has no cursor; secrets as dots and a length.
fn shown(model: &Model, field: &Field) -> String {
    match model.draft.value(field.key) {
        Some(value) if field.secret => dots(value.text.chars()),
        Some(value) => field.key.shown(value.text.expose()),
        None => match model.draft.text(field.key) {
            text if text.is_empty() => field.default.map_or("", DefaultValue::told).to_owned(),
            text => text,
        },
    }
}

fn dots(chars: usize) -> String {
    format!(
        "{} {}",
        "•".repeat(chars.min(16)),
        counted(chars, "character")
    )
}

/// Returns how many columns the focused field's text may take, before its source at the right.
pub(super) fn editor_room(model: &Model, field: &Field) -> usize {
    let width = body_size(model).0.min(WIDEST);
    let right = source(model, field).width() + 2;
    width.saturating_sub(right + VALUE).max(1)
}

/// The field being edited: reversed, at least as wide as a hand's breadth, so that it reads as a
/// place to type.
fn editor<'m>(model: &Model, field: &Field, row: Row<'m>, end: usize) -> (Row<'m>, usize) {
    let form = &model.form;
    // On a shared screen what is typed is dots, whatever it is; a choice from a list says nothing.
    let veiled = model.look().is_veiled() && super::choices(field.key).is_none();
    let masked = veiled || (field.secret && form.revealed_until.is_none());
    let room = editor_room(model, field);
    let (piece, column) = form.line.window(room, masked);
    let start = row.width();
    let breadth = (piece.width() + 1).max(24).min(room);
    let padding = " ".repeat(breadth.saturating_sub(piece.width()));
    let row = row.put(Role::Focus, format!("{piece}{padding}"));
    let row = if form.line.is_empty() && field.default.is_some() {
        let default = shown(model, field);
        row.put(Role::Text, "  ")
            .whole(Role::Quiet, format!("empty: {default}"), end)
    } else if field.secret && !form.line.is_empty() {
        let length = counted(form.line.text().chars().count(), "character");
        row.put(Role::Text, "  ").whole(Role::Quiet, length, end)
    } else {
        row
    };
    (row, start + column.min(room.saturating_sub(1)))
}

/// The rungs, one a line; a failed one with why and what to do.
fn rungs(model: &Model, width: usize, most: usize) -> Vec<Line<'static>> {
    let indent = LABEL + 2;
    let rungs: Vec<_> = model
        .form
        .rungs
        .iter()
        .map(|(rung, state)| {
            (
                rung_lines(model, *rung, state, width),
                failure_of(model, state),
            )
        })
        .collect();
    // What the rungs leave is shared by the reasons of those that failed.
    let taken: usize = rungs.iter().map(|(lines, _)| lines.len()).sum();
    let failed = rungs.iter().filter(|(_, failure)| failure.is_some());
    let share = most.saturating_sub(taken) / failed.count().max(1);
    let mut lines = Vec::new();
    for (rung, failure) in rungs {
        lines.extend(rung);
        let Some(failure) = failure else { continue };
        let offer = offer_line(model, indent, width);
        let left = share.saturating_sub(usize::from(offer.is_some()));
        lines.extend(failure::reasons(model.look(), failure, indent, width, left));
        lines.extend(offer);
    }
    lines
}

/// Why a rung failed, while that holds.
fn failure_of<'m>(model: &Model, state: &'m RungState) -> Option<&'m Failure> {
    match state {
        RungState::Ended(step) if !model.form.stale => step.failure.as_ref(),
        RungState::Ended(_) | RungState::NotYet | RungState::Running => None,
    }
}

/// The one key that repairs what failed, where there is one.
fn offer_line(model: &Model, indent: usize, width: usize) -> Option<Line<'static>> {
    let (key, words) = match super::offered(model) {
        Some(offer) => ("Ctrl-F ", offer.words()),
        None if lacks_a_right(model) => (
            "Esc i ",
            "shows the IAM policy that allows it, to copy".to_owned(),
        ),
        None => return None,
    };
    Some(
        Row::new(model.look())
            .at(indent)
            .put(Role::Strong, key)
            .until(Role::Text, words, width)
            .line(),
    )
}

fn lacks_a_right(model: &Model) -> bool {
    let failed = model.form.failed().and_then(|step| step.failure.as_ref());
    failed.is_some_and(|failure| failure.code == Code::BucketDenied)
}

/// The glyph, look and words of a rung.
fn rung_words(model: &Model, rung: Rung, state: &RungState) -> (&'static str, Role, String) {
    match state {
        RungState::Running => (model.spinner(), Role::Busy, "asking …".to_owned()),
        RungState::NotYet => ("○", Role::Quiet, "not checked yet".to_owned()),
        RungState::Ended(_) if model.form.stale => (
            "○",
            Role::Quiet,
            "edited since; Enter checks again".to_owned(),
        ),
        RungState::Ended(step) => {
            if let Some(doubt) = model.form.doubt(rung) {
                return ("!", Role::Warn, doubt);
            }
            let detail = match &step.failure {
                Some(failed) => failed.message.clone(),
                None => step.detail.clone(),
            };
            match step.status {
                Status::Pass => ("✔", Role::Good, detail),
                Status::Warn => ("!", Role::Warn, detail),
                Status::Fail => ("✖", Role::Bad, detail),
                Status::Skip => ("–", Role::Quiet, format!("skipped: {detail}")),
            }
        }
    }
}

/// One line, or more where a failure's words need them.
fn rung_lines(model: &Model, rung: Rung, state: &RungState, width: usize) -> Vec<Line<'static>> {
    let (glyph, role, words) = rung_words(model, rung, state);
    let took = match state {
        RungState::Ended(step) if step.status != Status::Skip && !model.form.stale => {
            span(step.took)
        }
        RungState::Ended(_) | RungState::NotYet | RungState::Running => String::new(),
    };
    let words_role = if role == Role::Good { Role::Text } else { role };
    let look = model.look();
    let row = Row::new(look)
        .at(1)
        .put(role, glyph)
        .at(LABEL)
        .put(Role::Text, rung.name())
        .at(LABEL + 13)
        .put(Role::Quiet, format!("{took:>7}"))
        .at(WORDS);
    if role != Role::Bad {
        return vec![row.until(words_role, words, width).line()];
    }
    let mut pieces = wrap(&look.shown(&words), width.saturating_sub(WORDS)).into_iter();
    let first = row.put(role, pieces.next().unwrap_or_default()).line();
    let others = pieces.map(|piece| Row::new(look).at(WORDS).put(role, piece).line());
    std::iter::once(first).chain(others).collect()
}

/// Returns true when a rung has failed on the settings as they are.
fn has_failed(model: &Model) -> bool {
    model.form.failed().is_some() && !model.form.stale
}

/// The rungs on one line, where height is dear; below it why the failed one did, and what to do.
fn rungs_in_one(model: &Model, width: usize, most: usize) -> Vec<Line<'static>> {
    let look = model.look();
    let mut row = Row::new(look).at(1);
    for (rung, state) in &model.form.rungs {
        let (glyph, role, _) = rung_words(model, *rung, state);
        row = row
            .put(role, glyph)
            .put(Role::Text, format!(" {}   ", rung.name()));
    }
    let mut lines = vec![row.line()];
    if let Some(failed) = model.form.failed().and_then(|s| s.failure.as_ref())
        && has_failed(model)
    {
        if let Some(offer) = offer_line(model, LABEL, width) {
            // The key that repairs it is what to do.
            let message = format!("✖ {}", failed.message);
            lines.extend(paragraph(look, Role::Bad, 1, &message, width));
            lines.push(offer);
        } else {
            let left = most.saturating_sub(1);
            lines.extend(failure::lines(look, failed, 1, width, left));
        }
    }
    lines
}

/// What is to be said of the focused field, the repair that is offered, and what the field is. Of one
/// height whatever it says.
fn help(model: &Model, width: usize, roomy: bool) -> Vec<Line<'static>> {
    let look = model.look();
    let field = model.form.field();
    let room = width.saturating_sub(2);
    let (role, remark) = remark_of_focused(model, field, room);
    let line = |role, text: String| Row::new(look).at(1).until(role, text, width).line();
    let repair = model.draft.repair(field.key);
    let height = if roomy { 3 } else { 2 };
    let most = height - usize::from(repair.is_some()) - usize::from(roomy);
    let mut lines: Vec<_> = wrap_to(&look.shown(&remark), room, most)
        .into_iter()
        .map(|piece| line(role, piece))
        .collect();
    if let Some(to) = repair {
        lines.push(line(Role::Strong, format!("Ctrl-F makes it {to}")));
    }
    if lines.is_empty() && roomy {
        lines.push(Line::default());
    }
    let left = height.saturating_sub(lines.len());
    let named = wrap(&format!("{} · {}", field.variable, field.help), room);
    let pieces = if named.len() <= left {
        named
    } else {
        wrap_to(field.help, room, left)
    };
    lines.extend(pieces.into_iter().map(|piece| line(Role::Quiet, piece)));
    lines.resize(height, Line::default());
    if roomy {
        lines.insert(0, Line::default());
    }
    lines
}

fn remark_of_focused(model: &Model, field: &Field, room: usize) -> (Role, String) {
    let form = &model.form;
    let finding = form.finding(field.key);
    let (glyph, role) = verdict(form, finding);
    let nothing = *finding == Finding::Good || (*finding == Finding::Missing && !form.tried);
    if nothing {
        let text = shadow_words(model, field).or_else(|| choice_words(model, field, room));
        return (Role::Quiet, text.unwrap_or_default());
    }
    (
        role,
        format!("{glyph} {} {}", field.label, finding.detail()),
    )
}

fn shadow_words(model: &Model, field: &Field) -> Option<String> {
    let value = model.draft.value(field.key)?;
    let names: Vec<String> = value
        .shadows
        .iter()
        .map(|source| {
            if *source == Source::File {
                model.env_file.clone()
            } else {
                format!("the {source}")
            }
        })
        .collect();
    (!names.is_empty()).then(|| format!("Another value stands in {}.", names.join(" and ")))
}

/// The choices that are near what is typed, as many as fit, beginning with the one that holds.
fn choice_words(model: &Model, field: &Field, width: usize) -> Option<String> {
    super::choices(field.key)?;
    let text = model.draft.text(field.key);
    let list = matching(field.key, &text);
    let from = list.iter().position(|c| *c == text).map_or(0, |at| at + 1);
    let mut words = String::from("← → choose: ");
    for choice in list.iter().cycle().skip(from).take(list.len()) {
        if words.width() + choice.width() + 5 > width {
            words.push('…');
            break;
        }
        words.push_str(choice);
        words.push_str(" · ");
    }
    Some(words)
}
