//! How the template stands: what exists, what went wrong, what can be done.
//!
//! Depends on the page's state, on `pen`, `failure`, `theme`.

use ratatui::text::Line;

use super::{LABEL, VALUE};
use crate::domain::failure::Failure;
use crate::domain::field::Key;
use crate::domain::moment::clock_time;
use crate::domain::settings::Source;
use crate::domain::template::{Creation, Difference, Existing, Plan};
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

/// How things stand, in a few lines above the footer.
pub(super) fn standing(model: &Model, width: usize) -> Vec<Line<'static>> {
    let look = model.look();
    if let Some(setup) = model.setup {
        let words = match setup.work {
            _ if setup.stopping => "Stopping …".to_owned(),
            Work::Create => "Creating: the bucket is probed, then it is sent, once …".to_owned(),
            Work::Plan => "Looking for what exists …".to_owned(),
            Work::Check | Work::Adopt => format!("{} …", setup.work.words()),
        };
        return vec![
            Row::new(look)
                .at(LABEL)
                .put(Role::Busy, model.spinner())
                .put(Role::Text, " ")
                .until(Role::Text, words, width)
                .line(),
        ];
    }
    let mut lines = Vec::new();
    let page = &model.template;
    if let (Some(failed), Some(_)) = (&page.failure, &page.plan) {
        lines.extend(failed_lines(model, failed, width));
        lines.push(Line::default());
    }
    match page.condition() {
        Condition::Incomplete => {}
        Condition::Unplanned => lines.extend(paragraph(
            look,
            Role::Quiet,
            LABEL,
            "○ Not planned yet.",
            width,
        )),
        Condition::Failed(failed) => lines.extend(failed_lines(model, failed, width)),
        // What has moved is not asked about here any more.
        Condition::Ready(_) if moved_is_offered(model) => {}
        _ if page.unproved.is_some() => lines.extend(unproved(look, width)),
        Condition::Ready(plan) => lines.extend(ready(look, plan, width)),
        Condition::Made(made) => lines.extend(made_lines(look, made, width)),
        Condition::Exists(existing) => lines.extend(exists(look, existing, width)),
        Condition::Conflict(existing, differences) => {
            lines.extend(conflict(look, existing, differences, width));
        }
        Condition::Unknown(since) => lines.extend(unknown(look, since, width)),
    }
    lines.extend(not_saved(model, width));
    lines
}

/// A failure, and the one key that leads on where there is one.
fn failed_lines(model: &Model, failed: &Failure, width: usize) -> Vec<Line<'static>> {
    let mut lines = failure::lines(model.look(), failed, LABEL, width);
    if moved::is_offered(model, failed) {
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

fn ready(look: Look<'_>, plan: &Plan, width: usize) -> Vec<Line<'static>> {
    if plan.listed {
        let count = match plan.existing.len() {
            0 => "no template".to_owned(),
            count => counted(count, "template"),
        };
        return paragraph(
            look,
            Role::Text,
            LABEL,
            &format!("○ None of this name exists; the organization has {count}."),
            width,
        );
    }
    let known = if plan.existing.is_empty() {
        "none".to_owned()
    } else {
        let names: Vec<String> = plan.existing.iter().map(|e| e.name.clone()).collect();
        names.join(", ")
    };
    let mut lines = paragraph(
        look,
        Role::Warn,
        LABEL,
        &format!("! This API cannot list templates. Created from this machine so far: {known}."),
        width,
    );
    lines.extend(paragraph(
        look,
        Role::Quiet,
        LABEL + 2,
        "Two templates with one name break every new customer, so a second is never sent without asking.",
        width,
    ));
    lines
}

fn made_lines(look: Look<'_>, made: &Made, width: usize) -> Vec<Line<'static>> {
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
    let mut lines = paragraph(look, Role::Good, LABEL, &text, width);
    lines.extend(paragraph(
        look,
        Role::Quiet,
        LABEL + 2,
        "Every workspace made from now on gets this destination.",
        width,
    ));
    lines
}

fn exists(look: Look<'_>, existing: &Existing, width: usize) -> Vec<Line<'static>> {
    let id = existing
        .id
        .as_deref()
        .map_or(String::new(), |id| format!(" · id {}", look.ends(id)));
    let since = match made_on(existing) {
        made if made.is_empty() => made,
        made => format!(" · {made}"),
    };
    let mut lines = paragraph(
        look,
        Role::Good,
        LABEL,
        &format!("✔ This template exists{id}{since}"),
        width,
    );
    lines.extend(paragraph(
        look,
        Role::Quiet,
        LABEL + 2,
        "Nothing has to be sent.",
        width,
    ));
    lines
}

fn conflict(
    look: Look<'_>,
    existing: &Existing,
    differences: &[Difference],
    width: usize,
) -> Vec<Line<'static>> {
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
                .put(Role::Quiet, &difference.field)
                .at(VALUE)
                .fit(Role::Text, sanitize(exists), half)
                .put(Role::Quiet, " → ")
                .fit(Role::Strong, sanitize(planned), half)
                .line(),
        );
    }
    lines.extend(paragraph(
        look,
        Role::Quiet,
        LABEL + 2,
        "Two templates with one name break every new customer. Give this one another name, or send all the same.",
        width,
    ));
    lines
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

fn unknown(look: Look<'_>, since: &str, width: usize) -> Vec<Line<'static>> {
    let mut lines = paragraph(
        look,
        Role::Warn,
        LABEL,
        &format!(
            "! Sent {}, no answer: it may exist. Nothing was sent again.",
            since
                .parse()
                .map_or_else(|_not_a_time| sanitize(since), clock_time)
        ),
        width,
    );
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
