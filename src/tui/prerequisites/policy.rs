//! The IAM policy that the keys of the form need, for exactly this bucket and prefix.
//!
//! Depends on the form's state, on `pen`, `keys`; on `domain::iam`.

use ratatui::crossterm::event::{KeyCode, KeyEvent};
use ratatui::text::Line;

use crate::domain::field::Key;
use crate::domain::iam;
use crate::domain::secret::Secret;
use crate::domain::text::sanitize;
use crate::tui::keys::{Binding, Hint, bare, find, hint, letter};
use crate::tui::message::Effect;
use crate::tui::model::Model;
use crate::tui::pen::{Row, paragraph};
use crate::tui::rows::{Move, scroll_hint};
use crate::tui::theme::Role;
use crate::tui::view::{body_size, whole_size};

/// What can be done while it is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Copy it.
    Copy,
    /// Close it.
    Close,
}

/// The keys while it is open.
pub const KEYS: &[Binding<Action>] = &[
    Binding {
        keys: &[letter('y')],
        action: Action::Copy,
        verb: "copy",
        help: "on the IAM policy: send it to the terminal's clipboard",
    },
    Binding {
        keys: &[bare(KeyCode::Esc), bare(KeyCode::Enter), letter('i')],
        action: Action::Close,
        verb: "close",
        help: "on the IAM policy: close it",
    },
];

/// Returns the key bar.
pub fn hints(model: &Model) -> Vec<Hint> {
    let (width, height) = whole_size(model);
    let scroll = scroll_hint(overflow(model, width, height));
    let own = [Action::Copy, Action::Close].map(|action| hint(KEYS, action));
    own.into_iter().chain([scroll]).flatten().collect()
}

/// Opens it, when the form names a bucket.
pub(super) fn open(model: &mut Model) {
    if model.draft.text(Key::Bucket).is_empty() {
        model.say(Role::Warn, "The form names no bucket yet");
        return;
    }
    model.form.policy = Some(0);
}

/// Takes a key; `None` when it is not one of its own.
pub fn press(model: &mut Model, key: KeyEvent) -> Option<Vec<Effect>> {
    find(KEYS, key).map(|action| act(model, action))
}

/// Does what a key stands for.
pub fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    match action {
        Action::Copy => model.copy("The IAM policy", Secret::new(text(model))),
        Action::Close => {
            model.form.policy = None;
            Vec::new()
        }
    }
}

/// Scrolls it, while it is open.
pub fn go_by(model: &mut Model, step: Move) {
    if let Some(scroll) = model.form.policy {
        let (width, height) = body_size(model);
        let last = overflow(model, width, height);
        model.form.policy = Some(step.lead(scroll, last, height));
    }
}

/// Returns how many of its lines do not fit.
fn overflow(model: &Model, width: usize, height: usize) -> usize {
    lines(model, width).len().saturating_sub(height)
}

fn text(model: &Model) -> String {
    iam::text(
        &model.draft.text(Key::Bucket),
        &model.draft.text(Key::Prefix),
        &model.draft.text(Key::Region),
    )
}

/// Draws it.
pub fn lines(model: &Model, width: usize) -> Vec<Line<'static>> {
    let look = model.look();
    let mut lines = vec![
        Row::new(look)
            .at(1)
            .put(Role::Strong, "IAM policy")
            .at(14)
            .whole(
                Role::Quiet,
                "what the access key must be allowed, and no more",
                width,
            )
            .line(),
        Line::default(),
    ];
    if !model.draft.text(Key::Endpoint).is_empty() {
        lines.extend(paragraph(
            look,
            Role::Warn,
            2,
            "! S3_ENDPOINT is set: a store other than AWS has its own rules for access.",
            width,
        ));
        lines.push(Line::default());
    }
    lines.extend(
        text(model)
            .lines()
            // The indent is ours to keep; sanitizing would take it for a run of blanks.
            .map(|line| {
                let indent = line.len() - line.trim_start().len();
                Row::new(look)
                    .at(2 + indent)
                    .until(Role::Text, sanitize(line), width)
                    .line()
            }),
    );
    lines
}
