//! The chain, drawn as one: workspace → source → destination → connection → job → rows.
//!
//! Depends on the page's state, on `pen`, `theme`.

use ratatui::text::Line;
use unicode_width::UnicodeWidthStr as _;

use super::INDENT;
use crate::domain::landing::{Landing, Link, LinkStatus};
use crate::domain::text::{counted, fit, grouped, sanitize};
use crate::tui::model::Model;
use crate::tui::pen::Row;
use crate::tui::theme::{Look, Role};

/// How many lines the chain has, whatever it says.
const HEIGHT: usize = 2;

/// How many columns of the details are shown, by what fits: of the workspace, of the other links
/// that hold, and of those that do not, which are cut last.
const DETAILS: [Details; 9] = [
    (48, 48, 64),
    (0, 48, 64),
    (0, 24, 64),
    (0, 16, 48),
    (0, 12, 40),
    (0, 8, 32),
    (0, 0, 40),
    (0, 0, 24),
    (0, 0, 0),
];

type Details = (usize, usize, usize);

/// One link as it is drawn.
struct Piece {
    glyph: &'static str,
    role: Role,
    name: String,
    /// The state in a word, where the glyph alone does not say it.
    word: &'static str,
    detail: String,
}

impl Piece {
    fn text(&self, details: Details) -> String {
        let (workspace, good, bad) = details;
        let detail = match self.role {
            Role::Good if self.name == Link::Workspace.name() => workspace,
            Role::Good => good,
            Role::Bad | Role::Quiet | Role::Text => bad,
            Role::Strong | Role::Warn | Role::Busy | Role::Focus | Role::Alarm => 0,
        };
        let mut text = self.name.clone();
        if !self.word.is_empty() {
            text.push(' ');
            text.push_str(self.word);
        }
        // A detail of which only a letter or two would be left says nothing.
        if detail > 0 && !self.detail.is_empty() {
            text.push_str(if self.word.is_empty() { "  " } else { ": " });
            text.push_str(&fit(&self.detail, detail));
        }
        text
    }
}

/// Draws the chain in its two lines; details are cut as far as that needs.
pub(super) fn lines(model: &Model, width: usize) -> Vec<Line<'static>> {
    let pieces = pieces(model);
    let arrow = if width < 70 { " → " } else { "  →  " };
    let mut lines = DETAILS
        .into_iter()
        .map(|details| draw(model.look(), &pieces, details, arrow, width))
        .find(|lines| lines.len() <= HEIGHT)
        .unwrap_or_else(|| draw(model.look(), &pieces, (0, 0, 0), " → ", width));
    lines.resize(HEIGHT, Line::default());
    lines
}

fn draw(
    look: Look<'_>,
    pieces: &[Piece],
    details: Details,
    arrow: &str,
    width: usize,
) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    let mut row = Row::new(look).at(INDENT);
    for (i, piece) in pieces.iter().enumerate() {
        let text = piece.text(details);
        let needed = 2 + text.width();
        if i > 0 && row.width() + arrow.width() + needed > width {
            lines.push(row.line());
            row = Row::new(look).at(INDENT).put(Role::Quiet, "→ ");
        } else if i > 0 {
            row = row.put(Role::Quiet, arrow);
        }
        let text_role = if piece.role == Role::Good {
            Role::Text
        } else {
            piece.role
        };
        row = row
            .put(piece.role, piece.glyph)
            .put(Role::Text, " ")
            .until(text_role, text, width);
    }
    lines.push(row.line());
    lines
}

fn pieces(model: &Model) -> Vec<Piece> {
    let landing = model.data.landing();
    let mut pieces: Vec<Piece> = Link::ALL
        .into_iter()
        .map(|link| piece(model.look(), landing, link))
        .collect();
    pieces.push(objects(landing));
    pieces
}

fn piece(look: Look<'_>, landing: Option<&Landing>, link: Link) -> Piece {
    let found = landing.and_then(|l| l.chain.iter().find(|found| found.link == link));
    let detail = match found {
        // A workspace that is there is told by its id.
        Some(found) if (found.link, found.status) == (Link::Workspace, LinkStatus::Ok) => {
            look.ends(&sanitize(&found.detail))
        }
        // Before it is cut to what fits.
        Some(found) => look.shown(&sanitize(&found.detail)).into_owned(),
        None => String::new(),
    };
    let (glyph, role, word) = match (landing, found.map(|found| found.status)) {
        (None, _) => ("○", Role::Quiet, ""),
        (_, Some(LinkStatus::Ok)) => ("✔", Role::Good, ""),
        (_, Some(LinkStatus::Missing)) => ("✖", Role::Bad, "missing"),
        (_, Some(LinkStatus::Failed)) => ("✖", Role::Bad, "failed"),
        (_, Some(LinkStatus::Unknown)) if !detail.is_empty() => ("○", Role::Text, ""),
        // What lies behind a broken link was not looked for.
        (Some(landing), _) if is_behind(landing, link) => ("○", Role::Quiet, ""),
        (_, Some(LinkStatus::Unknown) | None) => ("○", Role::Quiet, "unknown"),
    };
    Piece {
        glyph,
        role,
        name: link.name().to_owned(),
        word,
        detail,
    }
}

fn is_behind(landing: &Landing, link: Link) -> bool {
    landing.chain.iter().any(|found| {
        found.link < link && matches!(found.status, LinkStatus::Missing | LinkStatus::Failed)
    })
}

/// The end of the chain: what lies in the bucket.
fn objects(landing: Option<&Landing>) -> Piece {
    let (glyph, role, name) = match landing {
        None => ("○", Role::Quiet, "rows".to_owned()),
        Some(landing) if !landing.has_data() => ("○", Role::Quiet, "no rows".to_owned()),
        Some(landing) if landing.streams.iter().all(|s| s.rows.is_none()) => {
            let objects: u64 = landing.streams.iter().map(|s| s.objects).sum();
            let count = usize::try_from(objects).unwrap_or(usize::MAX);
            ("✔", Role::Good, counted(count, "object"))
        }
        Some(landing) => {
            let least = if landing.complete { "" } else { "at least " };
            let rows = landing.rows();
            let noun = if rows == 1 { "row" } else { "rows" };
            ("✔", Role::Good, format!("{least}{} {noun}", grouped(rows)))
        }
    };
    Piece {
        glyph,
        role,
        name,
        word: "",
        detail: String::new(),
    }
}
