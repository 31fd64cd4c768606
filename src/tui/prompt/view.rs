//! How questions, lines and the review of a paste look.
//!
//! Depends on the prompt's state, on `pen`, `theme`.

use ratatui::text::Line as TextLine;

use unicode_width::UnicodeWidthStr as _;

use super::{Prompt, Question, Review, Wanted, bad_entry, hints, left};
use crate::domain::settings::Finding;
use crate::domain::template::{Schedule, Would};
use crate::domain::text::{counted, grouped};
use crate::domain::user::{ExternalUser, UserList};
use crate::tui::input::Line;
use crate::tui::model::Model;
use crate::tui::mouse::Click;
use crate::tui::pen::{Row, paragraph};
use crate::tui::screen::Screen;
use crate::tui::theme::Role;
use crate::tui::view::Drawn;

/// Draws the prompt.
pub fn draw(model: &Model, prompt: &Prompt, width: usize) -> Drawn {
    match prompt {
        Prompt::Ask(question) => answered(model, prompt, ask_lines(model, question, width)),
        Prompt::Paste(review) => answered(model, prompt, paste_lines(model, review, width)),
        Prompt::Line(wanted, line, complaint) => {
            line_lines(model, wanted, line, complaint.as_deref(), width)
        }
    }
}

fn ask_lines(model: &Model, question: &Question, width: usize) -> Vec<TextLine<'static>> {
    let (role, title, text) = question_words(model, question);
    let mut lines = vec![TextLine::default()];
    lines.extend(paragraph(model.look(), role, 1, &title, width));
    lines.extend(paragraph(model.look(), Role::Text, 3, &text, width));
    lines
}

/// Adds the answers to a question.
fn answered(model: &Model, prompt: &Prompt, lines: Vec<TextLine<'static>>) -> Drawn {
    let mut drawn = Drawn::still(lines);
    let mut row = Row::new(model.look()).at(3);
    for hint in hints(prompt) {
        let start = row.width();
        row = row
            .put(Role::Strong, hint.key)
            .put(Role::Text, format!(" {}", hint.verb));
        drawn.click(
            drawn.lines.len(),
            start..row.width(),
            Click::Key(hint.chord),
        );
        row = row.put(Role::Text, "   ");
    }
    drawn.lines.push(row.line());
    drawn
}

fn question_words(model: &Model, question: &Question) -> (Role, String, String) {
    match question {
        Question::Create => {
            let text = model.template.of.as_ref().map_or(String::new(), |(access, spec)| {
                format!(
                    "A template named {} in organization {}: {} / {}, {}, {}. From then on every new workspace gets it.",
                    spec.name,
                    model.look().ends(&access.organization),
                    spec.bucket,
                    spec.prefix,
                    spec.format.words(),
                    spec.schedule.words(),
                )
            });
            (Role::Strong, "Create this template?".to_owned(), text)
        }
        Question::CreateAgain => {
            let why = match model.template.plan.as_ref().map(|plan| &plan.would) {
                Some(Would::Conflict(..)) => "One of this name exists with other values.",
                _ => "The first may have been made.",
            };
            (
                Role::Warn,
                "! Send it all the same?".to_owned(),
                format!("{why} Two templates with one name break every new customer."),
            )
        }
        Question::CreateUnproved(_) => (
            Role::Warn,
            "! Send it although the probe of the bucket failed?".to_owned(),
            "Airbyte keeps a template unread: no sync succeeds before the bucket takes it."
                .to_owned(),
        ),
        Question::MintUnknown(wishes) => {
            let who = match wishes.as_slice() {
                [wish] => format!("{} is", wish.user),
                wishes => format!("{} are", counted(wishes.len(), "user")),
            };
            (
                Role::Warn,
                "! No connection template is known: a workspace made now never gets its destination."
                    .to_owned(),
                format!("{who} not known here, so a workspace may be made."),
            )
        }
        Question::MintAll(count) => (
            Role::Strong,
            format!("Mint {}?", counted(*count, "token")),
            "Users that Airbyte does not know get a workspace each.".to_owned(),
        ),
        Question::MintToCopy(user) => (
            Role::Strong,
            format!("Mint a token for {user}, then copy it?"),
            "There is no live one to copy.".to_owned(),
        ),
        Question::Forget(user) => (
            Role::Strong,
            format!("Forget {user}?"),
            "It leaves this board and this machine's record. Its workspace in Airbyte stays."
                .to_owned(),
        ),
        Question::Quit => {
            let text = match left(model).join(", ") {
                none if none.is_empty() => "What was under way has ended.".to_owned(),
                left => format!("There is something left: {left}."),
            };
            (Role::Strong, "Quit?".to_owned(), text)
        }
    }
}

/// The most pasted values of which it is said why the form will not take them.
const TOLD: usize = 4;

/// The glyph and look of what was found in a paste.
fn pasted_verdict(finding: &Finding) -> (&'static str, Role) {
    match finding {
        Finding::Good => ("✔", Role::Good),
        Finding::Warning(_) => ("!", Role::Warn),
        Finding::Missing | Finding::Invalid(_) | Finding::Unsupported(_) => ("✖", Role::Bad),
    }
}

fn paste_lines(model: &Model, review: &Review, width: usize) -> Vec<TextLine<'static>> {
    let look = model.look();
    let mut lines = vec![
        TextLine::default(),
        Row::new(look)
            .at(1)
            .put(
                Role::Strong,
                format!("Pasted {}", counted(review.found.len(), "setting")),
            )
            .line(),
    ];
    let findings = review.findings(&model.draft);
    let judged: Vec<_> = review.found.iter().zip(&findings).collect();
    // What the form will not take stands first and says why, as far as there is room for it.
    let (mut told, mut plain) = (Vec::new(), Vec::new());
    for ((key, alias, _), finding) in judged {
        let name = match alias {
            Some(alias) => format!("{alias} → {}", key.variable()),
            None => key.variable().to_owned(),
        };
        let (glyph, role) = pasted_verdict(finding);
        let remark = match (finding.is_usable(), alias) {
            (false, _) => finding.detail(),
            (true, Some(_)) => "(name of the sample apps)",
            (true, None) => "",
        };
        let is_bad = !finding.is_usable();
        if alias.is_some() || (is_bad && told.len() < TOLD) {
            told.push((!is_bad, glyph, role, name, remark));
        } else {
            plain.push((glyph, role, name));
        }
    }
    told.sort_by_key(|(is_usable, ..)| *is_usable);
    let aliased = told.partition_point(|(is_usable, ..)| !is_usable);
    let aliased = told.split_off(aliased);
    let line = |(_, glyph, role, name, remark): (bool, &str, Role, String, &str)| {
        Row::new(look)
            .at(3)
            .put(role, format!("{glyph} "))
            .put(Role::Text, name)
            .put(Role::Text, "  ")
            .until(Role::Quiet, remark, width)
            .line()
    };
    lines.extend(told.into_iter().map(line));
    let column = 28;
    let per_line = (width.saturating_sub(3) / column).max(1);
    for piece in plain.chunks(per_line) {
        let mut row = Row::new(look);
        for (i, (glyph, role, name)) in piece.iter().enumerate() {
            row = row.at(3 + i * column).put(*role, format!("{glyph} ")).fit(
                Role::Text,
                name,
                column - 3,
            );
        }
        lines.push(row.line());
    }
    lines.extend(aliased.into_iter().map(line));
    if review.ignored > 0 {
        let (count, verb) = match review.ignored {
            1 => ("1 line".to_owned(), "was not a setting"),
            n => (counted(n, "line"), "were not settings"),
        };
        lines.push(
            Row::new(look)
                .at(3)
                .put(Role::Warn, format!("! {count} {verb} of the form"))
                .line(),
        );
    }
    lines
}

fn line_lines(
    model: &Model,
    wanted: &Wanted,
    line: &Line,
    complaint: Option<&str>,
    width: usize,
) -> Drawn {
    let look = model.look();
    let label = match wanted {
        Wanted::SavePath => "Save the edited settings to which new file?",
        Wanted::TemplateName => "Template name:",
        Wanted::Schedule => "Schedule: hourly, manual, or Quartz cron (0 0 6 * * ?):",
        Wanted::Users(_) => "External user IDs, separated by commas or lines, or @file:",
        Wanted::Filter(screen) => narrowed(model, *screen).0,
        Wanted::DataUser => "External user ID whose data to look for:",
        Wanted::PreviewUser => "External user ID for whom the demo app mints:",
    };
    let room = width.saturating_sub(5).clamp(1, 100);
    let (piece, column) = line.window(room, look.is_veiled());
    let padding = " ".repeat(room.saturating_sub(piece.width()));
    let mut lines = vec![
        TextLine::default(),
        Row::new(look)
            .at(1)
            .until(Role::Strong, label, width)
            .line(),
        Row::new(look)
            .at(3)
            .put(Role::Focus, format!("{piece}{padding}"))
            .line(),
    ];
    lines.extend(remark(model, wanted, line, complaint, width));
    let mut drawn = Drawn::still(lines);
    drawn.cursor = Some((3 + column.min(room - 1), 2));
    drawn
}

/// What is asked for a filter, how many rows it leaves, of how many, and what a row is.
fn narrowed(model: &Model, screen: Screen) -> (&'static str, usize, usize, &'static str) {
    match screen {
        Screen::Tokens => (
            "Show users whose ID holds:",
            model.tokens.shown_len(),
            model.tokens.len(),
            "user",
        ),
        Screen::Activity => (
            "Show requests whose method, path, status or reason holds:",
            model.activity.log.shown().count(),
            model.activity.log.len(),
            "request",
        ),
        Screen::Preview => (
            "Show visits whose user, call, origin or verdict holds:",
            model.preview.shown().count(),
            model.preview.kept(),
            "visit",
        ),
        Screen::Data => (
            "Show streams whose name holds:",
            model.data.shown().count(),
            model.data.streams().len(),
            "stream",
        ),
        Screen::Prerequisites | Screen::Template => ("", 0, 0, "row"),
    }
}

/// What is to be said of the line as it stands.
fn remark(
    model: &Model,
    wanted: &Wanted,
    line: &Line,
    complaint: Option<&str>,
    width: usize,
) -> Vec<TextLine<'static>> {
    let written = |role, text: &str| paragraph(model.look(), role, 3, text, width);
    if let (Wanted::Users(_), false, Some((entry, why))) =
        (wanted, line.text().starts_with('@'), bad_entry(line.text()))
    {
        let entry = model.look().guarded(&entry);
        return written(Role::Bad, &format!("✖ {entry} {why}"));
    }
    if let Some(complaint) = complaint {
        return written(Role::Bad, &format!("✖ {complaint}"));
    }
    let (role, text) = match wanted {
        Wanted::Schedule => match Schedule::parse(line.text()) {
            Ok(schedule) => (Role::Good, format!("✔ {}", schedule.words())),
            Err(why) => (Role::Quiet, why),
        },
        Wanted::Users(_) if line.text().starts_with('@') => {
            (Role::Quiet, "a file with one ID a line".to_owned())
        }
        Wanted::Users(pasted) => {
            let list = UserList::parse(line.text());
            let mut users: Vec<&ExternalUser> = pasted.iter().chain(&list.users).collect();
            users.sort_unstable();
            users.dedup();
            let count = users.len();
            let new = users
                .into_iter()
                .filter(|user| !model.tokens.is_known(user))
                .count();
            let pasted = match pasted.len() {
                0 => String::new(),
                n => format!("{} pasted · ", grouped(n as u64)),
            };
            let makes = match (count, new) {
                (0, _) => "one ID for each customer: user-44, user-45".to_owned(),
                (_, 0) => "known here: no workspace is made".to_owned(),
                (_, 1) => "makes 1 workspace if it is new".to_owned(),
                (_, new) => format!("makes {} if they are new", counted(new, "workspace")),
            };
            (Role::Quiet, format!("{pasted}{makes}"))
        }
        Wanted::Filter(screen) => {
            let (_, shown, all, row) = narrowed(model, *screen);
            let shown = grouped(shown as u64);
            (Role::Quiet, format!("{shown} of {}", counted(all, row)))
        }
        Wanted::DataUser | Wanted::PreviewUser if line.text().trim().is_empty() => {
            (Role::Quiet, "as your app names the customer".to_owned())
        }
        Wanted::DataUser => match ExternalUser::parse(line.text()) {
            Ok(user) => (
                Role::Quiet,
                format!("its folder below the prefix: {}/", user.s3_safe()),
            ),
            Err(why) => (Role::Bad, format!("✖ the ID {why}")),
        },
        Wanted::PreviewUser => match ExternalUser::parse(line.text()) {
            Ok(user) => {
                let told = match user.caution() {
                    Some(caution) => caution,
                    None if model.tokens.is_known(&user) => "known here".to_owned(),
                    None => "makes a workspace if it is new".to_owned(),
                };
                (Role::Quiet, told)
            }
            Err(why) => (Role::Bad, format!("✖ the ID {why}")),
        },
        Wanted::SavePath => (
            Role::Quiet,
            "A private sandbox leaves every .env alone.".to_owned(),
        ),
        Wanted::TemplateName => (
            Role::Quiet,
            "The destination's name in every new workspace.".to_owned(),
        ),
    };
    written(role, &text)
}
