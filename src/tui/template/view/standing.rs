//! How the template stands: what exists, what went wrong, what can be done.
//!
//! Depends on the page's state, on `pen`, `failure`, `theme`.

use ratatui::text::Line;

use super::{LABEL, VALUE};
use crate::domain::failure::{Code, Failure};
use crate::domain::field::Key;
use crate::domain::moment::clock_time;
use crate::domain::settings::Source;
use crate::domain::template::{Creation, Difference, Doubt, Existing, Plan};
use crate::domain::text::{counted, sanitize};
use crate::tui::failure;
use crate::tui::model::{Model, Work};
use crate::tui::moved;
use crate::tui::pen::{Row, paragraph};
use crate::tui::template::{Condition, Made, moved_is_offered};
use crate::tui::theme::{Look, Role};

/// What exists in Airbyte, where the API can tell: of the planned name first, then the others.
pub(super) fn listed(model: &Model, plan: &Plan, width: usize, most: usize) -> Vec<Line<'static>> {
    if !plan.listed {
        return Vec::new();
    }
    let mut existing: Vec<&Existing> = plan.existing.iter().collect();
    existing.sort_by_key(|one| one.name != plan.name);
    // More of them are in Airbyte's own list; the page is about one.
    let shown = if existing.len() > most {
        most.saturating_sub(1)
    } else {
        most
    };
    let label = |i: usize| if i == 0 { "In Airbyte" } else { "" };
    let name_end = VALUE + width.saturating_sub(VALUE + 28).clamp(12, 40);
    let mut lines: Vec<_> = existing
        .iter()
        .take(shown)
        .enumerate()
        .map(|(i, one)| {
            let role = if one.name == plan.name {
                Role::Strong
            } else {
                Role::Text
            };
            let id = one
                .id
                .as_deref()
                .map_or("–".to_owned(), |id| model.look().ends(id));
            Row::new(model.look())
                .at(LABEL)
                .put(Role::Quiet, label(i))
                .at(VALUE)
                .until(role, sanitize(&one.name), name_end)
                .at(name_end + 1)
                .put(Role::Quiet, sanitize(&id))
                .at(name_end + 12)
                .until(Role::Quiet, made_on(one), width)
                .line()
        })
        .collect();
    if existing.len() > shown {
        lines.push(
            Row::new(model.look())
                .at(VALUE)
                .put(
                    Role::Quiet,
                    format!("and {}", counted(existing.len() - shown, "other")),
                )
                .line(),
        );
    }
    lines
}

/// On which day an existing template was made, as far as known.
fn made_on(existing: &Existing) -> String {
    existing.created_at.as_deref().map_or(String::new(), |at| {
        let at = at
            .parse()
            .map_or_else(|_not_a_time| sanitize(at), clock_time);
        let day = at.split(' ').next().unwrap_or_default();
        format!("made {day}")
    })
}

/// What is to be said, in pieces of which one is whole or is left out.
#[derive(Default)]
pub(super) struct Standing(Vec<Vec<Line<'static>>>);

impl Standing {
    /// Returns how many lines all of it takes.
    pub(super) fn height(&self) -> usize {
        self.0.iter().map(Vec::len).sum()
    }

    /// Returns what fits: as much as possible of the first piece, then whole pieces.
    pub(super) fn fitted(self, height: usize) -> Vec<Line<'static>> {
        let mut pieces = self.0.into_iter();
        let mut lines = pieces.next().unwrap_or_default();
        lines.truncate(height);
        for piece in pieces {
            if lines.len() + piece.len() > height {
                break;
            }
            lines.extend(piece);
        }
        lines
    }

    fn add(&mut self, piece: Vec<Line<'static>>) {
        if !piece.is_empty() {
            self.0.push(piece);
        }
    }
}

/// How things stand, in a few lines above the footer; a failure in at most so many.
pub(super) fn standing(model: &Model, width: usize, most: usize) -> Standing {
    let look = model.look();
    if let Some(setup) = &model.setup {
        let words = match setup.work {
            _ if setup.stopping => "Stopping …".to_owned(),
            Work::Create => "Creating: the bucket is probed, then it is sent, once …".to_owned(),
            Work::Plan => "Looking for what exists …".to_owned(),
            Work::Check | Work::Adopt => format!("{} …", setup.work.words()),
        };
        return Standing(vec![vec![
            Row::new(look)
                .at(LABEL)
                .put(Role::Busy, model.spinner())
                .put(Role::Text, " ")
                .until(Role::Text, words, width)
                .line(),
        ]]);
    }
    let mut standing = Standing::default();
    let page = &model.template;
    let mut gap = None;
    if let (Some(failed), Some(_)) = (&page.failure, &page.plan) {
        let mut failed = failed.clone();
        if matches!(page.condition(), Condition::Unknown(_)) && failed.code == Code::TemplateUnknown
        {
            // What to do stands below, with its keys.
            failed.hint = None;
        }
        standing.add(failed_lines(model, &failed, width, most));
        gap = Some(Line::default());
    }
    let (first, second) = match page.condition() {
        Condition::Incomplete => Default::default(),
        Condition::Unplanned => {
            let text = "○ Not planned yet.";
            (paragraph(look, Role::Quiet, LABEL, text, width), Vec::new())
        }
        Condition::Failed(failed) => (failed_lines(model, failed, width, most), Vec::new()),
        // What has moved is not asked about here any more.
        Condition::Ready(_) if moved_is_offered(model) => Default::default(),
        _ if page.unproved.is_some() => (unproved(look, width), Vec::new()),
        Condition::Ready(plan) => ready(look, plan, width),
        Condition::Made(made) => made_lines(look, made, width),
        Condition::Exists(existing) => exists(look, existing, width),
        Condition::Conflict(existing, differences) => conflict(look, existing, differences, width),
        Condition::Unknown(doubt) => (unknown(look, doubt, width), Vec::new()),
    };
    let first = if first.is_empty() {
        first
    } else {
        gap.into_iter().chain(first).collect()
    };
    standing.add(first);
    standing.add(second);
    standing.add(not_saved(model, width));
    standing
}

/// The piece that says how things stand, and one that is good to know.
type Pieces = (Vec<Line<'static>>, Vec<Line<'static>>);

/// A failure, and the one key that leads on where there is one.
fn failed_lines(model: &Model, failed: &Failure, width: usize, most: usize) -> Vec<Line<'static>> {
    let offered = moved::is_offered(model, failed);
    let most = most.saturating_sub(usize::from(offered));
    let mut lines = failure::lines(model.look(), failed, LABEL, width, most);
    if offered {
        lines.push(
            Row::new(model.look())
                .at(LABEL + 2)
                .put(Role::Strong, "m")
                .until(
                    Role::Text,
                    " uses the agents API from here on; Ctrl-S remembers it",
                    width,
                )
                .line(),
        );
    }
    lines
}

/// Says that the API was turned to and not saved.
fn not_saved(model: &Model, width: usize) -> Vec<Line<'static>> {
    if model.draft.source(Key::Api) != Source::Typed {
        return Vec::new();
    }
    let text = format!(
        "AIRBYTE_API={} is not saved; Ctrl-S remembers it.",
        sanitize(&model.draft.text(Key::Api))
    );
    paragraph(model.look(), Role::Quiet, LABEL + 2, &text, width)
}

fn ready(look: Look<'_>, plan: &Plan, width: usize) -> Pieces {
    if plan.listed {
        let count = match plan.existing.len() {
            0 => "no template".to_owned(),
            count => counted(count, "template"),
        };
        let text = format!("○ None of this name exists; the organization has {count}.");
        return (paragraph(look, Role::Text, LABEL, &text, width), Vec::new());
    }
    let known = if plan.existing.is_empty() {
        "none".to_owned()
    } else {
        let names: Vec<String> = plan.existing.iter().map(|e| e.name.clone()).collect();
        names.join(", ")
    };
    let text =
        format!("! This API cannot list templates. Created from this machine so far: {known}.");
    let good_to_know = "Two templates with one name break every new customer, so a second is never sent without asking.";
    (
        paragraph(look, Role::Warn, LABEL, &text, width),
        paragraph(look, Role::Quiet, LABEL + 2, good_to_know, width),
    )
}

fn made_lines(look: Look<'_>, made: &Made, width: usize) -> Pieces {
    let text = match &made.creation {
        Creation::Created { id } => {
            let at = clock_time(made.at.wall);
            let time = at.split(' ').nth(1).unwrap_or_default().to_owned();
            format!(
                "✔ Created {time} UTC · id {} · recorded in {}",
                look.ends(id),
                made.ledger
            )
        }
        Creation::Exists { id: Some(id) } => {
            format!(
                "✔ It exists already · id {} · nothing was sent",
                look.ends(id)
            )
        }
        Creation::Exists { id: None } => "✔ It exists already · nothing was sent".to_owned(),
    };
    let good_to_know = "Every workspace made from now on gets this destination.";
    (
        paragraph(look, Role::Good, LABEL, &text, width),
        paragraph(look, Role::Quiet, LABEL + 2, good_to_know, width),
    )
}

fn exists(look: Look<'_>, existing: &Existing, width: usize) -> Pieces {
    let id = existing
        .id
        .as_deref()
        .map_or(String::new(), |id| format!(" · id {}", look.ends(id)));
    let since = match made_on(existing) {
        made if made.is_empty() => made,
        made => format!(" · {made}"),
    };
    let text = format!("✔ This template exists{id}{since}");
    let good_to_know = "Nothing has to be sent.";
    (
        paragraph(look, Role::Good, LABEL, &text, width),
        paragraph(look, Role::Quiet, LABEL + 2, good_to_know, width),
    )
}

fn conflict(
    look: Look<'_>,
    existing: &Existing,
    differences: &[Difference],
    width: usize,
) -> Pieces {
    let id = existing
        .id
        .as_deref()
        .map_or(String::new(), |id| format!(" (id {})", look.ends(id)));
    let mut lines = paragraph(
        look,
        Role::Bad,
        LABEL,
        &format!("✖ A template of this name exists{id} with other values:"),
        width,
    );
    let half = width.saturating_sub(VALUE + 3) / 2;
    for difference in differences {
        let exists = match difference.exists.as_str() {
            "" => "(not known)",
            text => text,
        };
        let planned = match difference.planned.as_str() {
            "" => "(none)",
            text => text,
        };
        lines.push(
            Row::new(look)
                .at(LABEL + 2)
                .put(Role::Quiet, difference.field)
                .at(VALUE)
                .fit(Role::Text, sanitize(exists), half)
                .put(Role::Quiet, " → ")
                .fit(Role::Strong, sanitize(planned), half)
                .line(),
        );
    }
    let good_to_know = "Two templates with one name break every new customer. Give this one another name, or send all the same.";
    let good_to_know = paragraph(look, Role::Quiet, LABEL + 2, good_to_know, width);
    (lines, good_to_know)
}

fn unproved(look: Look<'_>, width: usize) -> Vec<Line<'static>> {
    let text = "Mend it in AWS, or the settings on screen 1; Enter then tries again.";
    let mut lines = paragraph(look, Role::Text, LABEL + 2, text, width);
    lines.push(
        Row::new(look)
            .at(LABEL + 2)
            .put(Role::Strong, "F")
            .until(Role::Text, " sends it without the probe", width)
            .line(),
    );
    lines
}

fn unknown(look: Look<'_>, doubt: &Doubt, width: usize) -> Vec<Line<'static>> {
    let why = match doubt {
        Doubt::Sent(at) => {
            let at = at
                .parse()
                .map_or_else(|_not_a_time| sanitize(at), clock_time);
            format!("! Sent {at}, no answer: it may exist. Nothing was sent again.")
        }
        Doubt::Unreadable => {
            "! The ledger has lines that cannot be read: it may exist. Nothing was sent.".to_owned()
        }
    };
    let mut lines = paragraph(look, Role::Warn, LABEL, &why, width);
    lines.push(
        Row::new(look)
            .at(LABEL + 2)
            .until(
                Role::Text,
                "Look in Airbyte under Connection templates, then:",
                width,
            )
            .line(),
    );
    lines.push(
        Row::new(look)
            .at(LABEL + 2)
            .put(Role::Strong, "a")
            .put(Role::Text, " it is there   ")
            .put(Role::Strong, "F")
            .put(Role::Text, " send again")
            .line(),
    );
    lines
}
