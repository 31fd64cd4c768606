//! How the demo app's page looks: where it runs and for whom, then who came; or the catalogue.
//!
//! Depends on the page's state, on `pen`, `failure`, `theme`. The lines above the visits keep their
//! places while the app starts and stops.

use jiff::Timestamp;
use ratatui::text::Line;
use unicode_width::UnicodeWidthStr as _;

use super::{
    Hit, Stage, catalogue, is_asking, is_bare, is_outdated, is_trap, lists_origin, serving, user,
};
use crate::domain::failure::Failure;
use crate::domain::origin::Origin;
use crate::domain::source_template::{Catalogue, SourceTemplate};
use crate::domain::text::{counted, sanitize};
use crate::domain::visit::What;
use crate::tui::customer;
use crate::tui::failure;
use crate::tui::model::Model;
use crate::tui::mouse::Click;
use crate::tui::pen::{Row, paragraph, wrap, wrap_to};
use crate::tui::rows;
use crate::tui::theme::{Look, Role};
use crate::tui::view::{Drawn, body_size};

/// Where labels, and the values behind them, begin.
const INDENT: usize = 2;
const VALUES: usize = 16;

/// Where what to do about a refused visit begins.
const HINTS: usize = 8;

/// Beyond this a sentence is no longer read with ease.
const WIDEST: usize = 110;

/// From this height on there is room for blank lines.
const ROOMY: usize = 14;

/// Draws the page.
pub fn draw(model: &Model, width: usize, height: usize) -> Drawn {
    if let Some(scroll) = model.preview.open {
        let lines = catalogue_lines(model, width).into_iter().skip(scroll);
        return Drawn::still(lines.collect());
    }
    let mut lines = head(model, width, height);
    let left = height.saturating_sub(lines.len());
    if !model.preview.hits.is_empty() {
        let mut drawn = Drawn::still(lines);
        drawn.append(visits(model, width, left));
        return drawn;
    }
    if !model.preview.has_failed() {
        lines.extend(nobody(model, width.min(WIDEST)));
    }
    Drawn::still(lines)
}

/// Returns how many visits a page has, or lines of the catalogue.
pub fn page_rows(model: &Model) -> usize {
    let (width, height) = body_size(model);
    if model.preview.open.is_some() {
        return height;
    }
    rows_of(height.saturating_sub(head(model, width, height).len()))
}

/// All that stands above the visits.
fn head(model: &Model, width: usize, height: usize) -> Vec<Line<'static>> {
    let roomy = height >= ROOMY;
    let mut lines = vec![title(model, width)];
    lines.extend(ssh(model, width));
    lines.extend(customer(model, width));
    if roomy {
        lines.extend(origins(model, width));
    }
    lines.push(catalogue_line(model, width));
    lines.extend(warnings(model, width.min(WIDEST)));
    if roomy {
        lines.push(Line::default());
    }
    if let Some(failed) = &model.preview.failure {
        let narrow = width.min(WIDEST);
        // The visits keep their headings and a row or two.
        let visits = if model.preview.hits.is_empty() { 0 } else { 4 };
        let most = height.saturating_sub(lines.len() + 1 + visits);
        let failed = failure::lines(model.look(), failed, INDENT, narrow, most);
        lines.extend(failed);
        lines.push(Line::default());
    }
    lines
}

fn labelled<'m>(model: &'m Model, label: &str) -> Row<'m> {
    Row::new(model.look())
        .at(INDENT)
        .put(Role::Quiet, label)
        .at(VALUES)
}

/// Where it runs, and how many came.
fn title(model: &Model, width: usize) -> Line<'static> {
    let row = Row::new(model.look())
        .at(1)
        .put(Role::Strong, "Demo app")
        .at(VALUES);
    let count = match model.preview.total {
        0 => String::new(),
        n => counted(usize::try_from(n).unwrap_or(usize::MAX), "visit"),
    };
    let spinner = model.spinner();
    let row = match model.preview.run.as_ref().map(|run| &run.stage) {
        Some(Stage::Opening) => row.put(Role::Busy, format!("{spinner} starting")),
        Some(Stage::Closing) => row.put(Role::Busy, format!("{spinner} stopping")),
        Some(Stage::Open(opened)) => row
            .put(Role::Good, "✔ ")
            .put(Role::Text, "running at ")
            .until(Role::Strong, &opened.url, width),
        None if model.preview.has_failed() => row.put(Role::Bad, "✖ not running"),
        None => row.put(Role::Quiet, "○ not running"),
    };
    row.right(Role::Quiet, count, width).line()
}

/// How to reach it from another machine. Who is on another machine must not miss it.
fn ssh(model: &Model, width: usize) -> Option<Line<'static>> {
    let port = match model.preview.opened() {
        Some(opened) => opened.port,
        None => serving(model)?.port,
    };
    let role = if model.over_ssh {
        Role::Strong
    } else {
        Role::Quiet
    };
    let text = format!("ssh -L {port}:localhost:{port} <this host>");
    Some(labelled(model, "Over SSH").until(role, text, width).line())
}

fn customer(model: &Model, width: usize) -> Option<Line<'static>> {
    let user = user(model)?;
    let row = labelled(model, "Customer").until(Role::Text, user.to_string(), width);
    let row = if customer::user(model) == Some(&user) {
        let text = format!("{} connects Sample Data", model.spinner());
        row.put(Role::Text, "   ").until(Role::Busy, text, width)
    } else if let Some((at, lands)) = model.preview.played(&user) {
        let at = at.strftime("%H:%M");
        let (role, text) = if lands {
            (Role::Good, format!("✔ played {at}: d sees the data"))
        } else {
            (
                Role::Warn,
                format!("! played {at}: d shows why nothing lands"),
            )
        };
        row.put(Role::Text, "   ").until(role, text, width)
    } else {
        row
    };
    Some(row.line())
}

/// The origins that tokens open on, or would.
fn origins(model: &Model, width: usize) -> Option<Line<'static>> {
    let origins = match model.preview.opened() {
        Some(opened) => opened.origins.clone(),
        None => would_open_on(model)?,
    };
    let origins: Vec<&str> = origins.iter().map(Origin::as_str).collect();
    Some(
        labelled(model, "Opens on")
            .until(Role::Text, origins.join(" and "), width)
            .line(),
    )
}

fn would_open_on(model: &Model) -> Option<Vec<Origin>> {
    let serving = serving(model)?;
    let mut origins = vec![Origin::of_this_machine(serving.port)];
    if lists_origin(model) && !origins.contains(&serving.origin) {
        origins.push(serving.origin);
    }
    Some(origins)
}

/// As many names as have their place, and how many more there are.
fn catalogue_line(model: &Model, width: usize) -> Line<'static> {
    let row = labelled(model, "Catalogue");
    match catalogue(model) {
        Some(Ok(catalogue)) if catalogue.templates.is_empty() => row
            .until(Role::Warn, "! customers are offered nothing", width)
            .line(),
        Some(Ok(catalogue)) => {
            let names: Vec<String> = catalogue.templates.iter().map(shown).collect();
            row.until(Role::Text, few(&names, width.saturating_sub(VALUES)), width)
                .line()
        }
        Some(Err(failure)) => row
            .until(Role::Warn, format!("! {}", failure.message), width)
            .line(),
        None if is_asking(model) => {
            let text = format!("{} asking", model.spinner());
            row.until(Role::Busy, text, width).line()
        }
        None => row.put(Role::Quiet, "–").line(),
    }
}

/// A name as customers see it. The guide sends its readers to one that has been renamed since.
fn shown(template: &SourceTemplate) -> String {
    let name = sanitize(&template.name);
    if name == "Sample Data" {
        "Sample Data (once Faker)".to_owned()
    } else {
        name
    }
}

fn few(names: &[String], room: usize) -> String {
    let whole = names.join(", ");
    if whole.width() <= room {
        return whole;
    }
    let some = |count: usize| {
        let shown = names.get(..count).unwrap_or(names).join(", ");
        format!("{shown} … {} more", names.len() - count)
    };
    let fitting = (1..names.len()).rev().map(some);
    fitting
        .into_iter()
        .find(|text| text.width() <= room)
        .unwrap_or(whole)
}

fn warnings(model: &Model, width: usize) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    if is_outdated(model) {
        let text = "! The settings have changed since: it runs on the old ones. r starts it anew.";
        lines.extend(paragraph(model.look(), Role::Warn, INDENT, text, width));
    }
    if is_bare(model) {
        let text = "! The customer's workspace may have been made before the template: then it has no destination, and nothing lands. d looks.";
        lines.extend(paragraph(model.look(), Role::Warn, INDENT, text, width));
    }
    if is_trap(model) {
        let text = "! No connection template is known: a workspace that the page makes now never gets its destination. Alt-2 makes the template.";
        lines.extend(paragraph(model.look(), Role::Warn, INDENT, text, width));
    }
    lines
}

/// What is said while nobody has come.
fn nobody(model: &Model, width: usize) -> Vec<Line<'static>> {
    let look = model.look();
    let text = match model.preview.run.as_ref().map(|run| &run.stage) {
        Some(Stage::Open(_)) if model.over_ssh => {
            "Nobody has opened the page yet. Forward the port with the line above, from your own machine, and open the address there; y copies it."
        }
        Some(Stage::Open(_)) => {
            "Nobody has opened the page yet. o opens it in the browser; each visit is listed here."
        }
        Some(Stage::Opening | Stage::Closing) => "",
        None if serving(model).is_none() => {
            "○ The settings are not complete: Enter leads to the form."
        }
        None => {
            "Enter starts it: a page with the widget in it, its tokens minted here, every visit and every event of the widget listed as it comes."
        }
    };
    let mut lines = paragraph(look, Role::Quiet, INDENT, text, width);
    let was_played = user(model).is_some_and(|user| model.preview.played(&user).is_some());
    if model.preview.opened().is_some() && customer::why_not(model).is_none() && !was_played {
        let text = "p plays a customer who connects Sample Data.";
        lines.extend(paragraph(look, Role::Quiet, INDENT, text, width));
    }
    lines
}

/// The columns of the visits at one width.
struct Columns {
    what: usize,
    origin: usize,
    why: Option<usize>,
    width: usize,
}

impl Columns {
    const GLYPH: usize = 3;
    const WHEN: usize = 5;
    const WHAT: usize = 15;
    /// Narrower than this a reason tells nothing; the selected visit's stands below the list.
    const LEAST_WHY: usize = 16;

    /// As wide as what is shown, and the reasons take what is left.
    fn of<'a>(
        look: Look<'_>,
        hits: impl Iterator<Item = &'a Hit>,
        heading: &str,
        width: usize,
    ) -> Columns {
        let (mut what, mut origin) = (12.max(heading.width() + 2), 8);
        for hit in hits {
            what = what.max(self::what(look, hit).width() + 2);
            origin = origin.max(sent(hit).width() + 2);
        }
        let free = width.saturating_sub(Self::WHAT);
        let origin = origin.min(if free < 48 { 23 } else { 34 });
        let what = what.min(free.saturating_sub(origin)).min(44);
        let why = free.saturating_sub(what + origin);
        Columns {
            what,
            origin: Self::WHAT + what,
            why: (why >= Self::LEAST_WHY).then_some(Self::WHAT + what + origin),
            width,
        }
    }
}

/// How many lines below the visits tell of the selected one.
fn detail_height(height: usize) -> usize {
    if height >= ROOMY { 4 } else { 2 }
}

/// How many visits there is room for.
fn rows_of(height: usize) -> usize {
    height.saturating_sub(1 + detail_height(height)).max(1)
}

/// One page of the visits, and what the selected one's trouble is.
fn visits(model: &Model, width: usize, height: usize) -> Drawn {
    let page = &model.preview;
    let detail = detail_height(height);
    let rows = rows_of(height);
    let at = page.place();
    let shown: Vec<&Hit> = page.shown().collect();
    let from = rows::first_row(at, shown.len(), rows);
    let part = shown.iter().skip(from).take(rows);
    let heading = page.filter.heading(model.look(), "What");
    let columns = Columns::of(model.look(), part.copied(), &heading, width);
    let mut drawn = Drawn::still(vec![headings(model, &columns, heading)]);
    if shown.is_empty() {
        let row = Row::new(model.look()).at(Columns::WHEN);
        let text = "No visit holds that text.";
        drawn.lines.push(row.until(Role::Quiet, text, width).line());
    }
    for (i, hit) in shown.iter().enumerate().skip(from).take(rows) {
        drawn.click_line(Click::Visit(hit.number));
        drawn.lines.push(hit_line(model, &columns, hit, i == at));
    }
    drawn.lines.resize(1 + rows, Line::default());
    drawn
        .lines
        .extend(detail_lines(model, width.min(WIDEST), detail));
    drawn
}

fn headings(model: &Model, columns: &Columns, what: String) -> Line<'static> {
    let row = Row::new(model.look())
        .at(Columns::WHEN)
        .put(Role::Quiet, "When UTC")
        .at(Columns::WHAT)
        .fit(Role::Quiet, what, columns.what - 1)
        .at(columns.origin)
        .put(Role::Quiet, "Origin");
    let row = match columns.why {
        Some(at) => row.at(at).put(Role::Quiet, "Verdict"),
        None => row,
    };
    let visits = &model.preview;
    let kept = visits.filter.is_on().then(|| visits.kept());
    let count = visits.shown().count();
    let place = rows::place(0, count, count, kept);
    row.right(Role::Quiet, place, columns.width).line()
}

fn hit_line(model: &Model, columns: &Columns, hit: &Hit, selected: bool) -> Line<'static> {
    let (mark, name) = if selected {
        ("▸", Role::Strong)
    } else {
        (" ", Role::Text)
    };
    let (role, glyph) = match hit.trouble() {
        Some(_) => (Role::Bad, "✖"),
        None => (Role::Good, "✔"),
    };
    let row = Row::new(model.look())
        .put(Role::Text, " ")
        .put(Role::Strong, mark)
        .at(Columns::GLYPH)
        .put(role, glyph)
        .at(Columns::WHEN)
        .put(Role::Quiet, clock(hit.visit.at))
        .at(Columns::WHAT)
        .fit(name, what(model.look(), hit), columns.what - 1)
        .at(columns.origin);
    match columns.why {
        Some(at) => {
            let (role, text) = verdict(model.look(), hit);
            row.fit(Role::Text, sent(hit), at - columns.origin - 1)
                .at(at)
                .until(role, text, columns.width)
        }
        None => row.until(Role::Text, sent(hit), columns.width),
    }
    .line()
}

/// The origin that the browser really sent.
fn sent(hit: &Hit) -> &str {
    hit.visit.origin.as_deref().unwrap_or("–")
}

fn clock(at: Timestamp) -> String {
    at.strftime("%H:%M:%S").to_string()
}

fn what(look: Look<'_>, hit: &Hit) -> String {
    match &hit.visit.what {
        What::Page => "page".to_owned(),
        What::Token(user) => format!("token for {user}"),
        What::Event(event) => {
            let name = sanitize(event.kind.name());
            match &event.source {
                Some(source) => format!("{name} · {}", look.guarded(chosen(source))),
                None => format!("event {name}"),
            }
        }
        What::Other(path) => sanitize(path),
    }
}

/// A source as it was chosen: Airbyte adds the workspace's id to its name.
fn chosen(source: &str) -> &str {
    match source.rsplit_once(' ') {
        Some((name, id)) if uuid::Uuid::try_parse(id).is_ok() => name,
        Some(_) | None => source,
    }
}

/// Why it was refused, or the error it tells, which is in the customer's own words.
fn trouble(look: Look<'_>, hit: &Hit) -> Option<String> {
    let why = hit.trouble()?;
    let told = hit.visit.refused.is_none();
    Some(if told {
        look.guarded(why).into_owned()
    } else {
        why.to_owned()
    })
}

fn verdict(look: Look<'_>, hit: &Hit) -> (Role, String) {
    match trouble(look, hit) {
        Some(why) => (Role::Bad, why),
        None => (Role::Quiet, hit.done().to_owned()),
    }
}

/// What the selected visit's line had no room for, and what leads on when it was refused.
fn detail_lines(model: &Model, width: usize, height: usize) -> Vec<Line<'static>> {
    let Some(hit) = model.preview.hit() else {
        return Vec::new();
    };
    let (role, text) = match trouble(model.look(), hit) {
        Some(why) => (Role::Bad, format!("✖ {why}")),
        None if hit.is_source_created() => (
            Role::Text,
            format!("A source is connected: d sees the data of {}", hit.user),
        ),
        None => return Vec::new(),
    };
    let gap = usize::from(height > 2);
    let mut lines = vec![Line::default(); gap];
    let look = model.look();
    let advice = hit.visit.hint.as_deref().map(|text| look.shown(text));
    // What to do keeps its line; the reason gives way to it.
    let most = height - gap - usize::from(advice.is_some());
    let pieces = wrap_to(&look.shown(&text), width.saturating_sub(INDENT), most);
    let left = height - gap - pieces.len();
    let piece = |piece| Row::new(look).at(INDENT).put(role, piece).line();
    lines.extend(pieces.into_iter().map(piece));
    if let Some(advice) = advice {
        let pieces = wrap_to(&advice, width.saturating_sub(HINTS), left);
        for (i, piece) in pieces.into_iter().enumerate() {
            let label = if i == 0 { "do" } else { "" };
            let row = Row::new(look).at(INDENT + 2).put(Role::Quiet, label);
            lines.push(row.at(HINTS).put(Role::Strong, piece).line());
        }
    }
    lines
}

/// Returns how many lines of the catalogue do not fit into so many columns and lines.
pub fn catalogue_overflow(model: &Model, (width, height): (usize, usize)) -> usize {
    catalogue_lines(model, width).len().saturating_sub(height)
}

/// All that customers are offered, and the call that adds to it.
fn catalogue_lines(model: &Model, width: usize) -> Vec<Line<'static>> {
    let look = model.look();
    let head = |text: &str| Row::new(look).at(1).put(Role::Strong, text).line();
    let mut lines = vec![
        head("What customers are offered in the widget"),
        Line::default(),
    ];
    let narrow = width.min(WIDEST);
    match catalogue(model) {
        Some(Ok(catalogue)) => {
            lines.extend(tiles(model, &catalogue.templates, width));
            lines.push(Line::default());
            lines.push(head("A tile of your own"));
            lines.push(Line::default());
            lines.extend(own_tile(model, catalogue, narrow));
        }
        Some(Err(failed)) => lines.extend(catalogue_failure(model, failed, narrow)),
        None if is_asking(model) => {
            let text = format!("{} asking", model.spinner());
            lines.extend(paragraph(look, Role::Busy, INDENT, &text, narrow));
        }
        None => lines.extend(paragraph(
            look,
            Role::Quiet,
            INDENT,
            "○ The settings are not complete.",
            narrow,
        )),
    }
    lines
}

fn catalogue_failure(model: &Model, failed: &Failure, width: usize) -> Vec<Line<'static>> {
    failure::lines(model.look(), failed, INDENT, width, usize::MAX)
}

fn tiles(model: &Model, templates: &[SourceTemplate], width: usize) -> Vec<Line<'static>> {
    let column = 26;
    let across = (width.saturating_sub(INDENT) / column).max(1);
    let mut lines = Vec::new();
    for piece in templates.chunks(across) {
        let mut row = Row::new(model.look());
        for (i, template) in piece.iter().enumerate() {
            row = row
                .at(INDENT + i * column)
                .fit(Role::Text, shown(template), column - 2);
        }
        lines.push(row.line());
    }
    lines
}

/// One call, which this console shows and does not send.
fn own_tile(model: &Model, catalogue: &Catalogue, width: usize) -> Vec<Line<'static>> {
    let look = model.look();
    let request = &catalogue.own;
    let mut lines = paragraph(
        look,
        Role::Text,
        INDENT,
        "One call adds it, with an access token and the connector's definition ID. What stands in the default configuration your customers are not asked for.",
        width,
    );
    lines.push(Line::default());
    let call = format!("{} {}", request.method, request.url);
    lines.extend(paragraph(look, Role::Strong, INDENT, &call, width));
    let body = serde_json::to_string_pretty(&request.body).unwrap_or_default();
    for line in body.lines() {
        let indent = INDENT + 2;
        let pieces = wrap(line, width.saturating_sub(indent));
        let depth = line.len() - line.trim_start().len();
        lines.extend(pieces.into_iter().map(|piece| {
            Row::new(look)
                .at(indent + depth)
                .put(Role::Quiet, piece)
                .line()
        }));
    }
    lines
}
