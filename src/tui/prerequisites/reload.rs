//! Reading the env file again, on request.
//!
//! Depends on `model`, `update`; on `domain::settings`. What was edited here and is not saved stays;
//! everything else becomes what the file and what outranks it say now.

use super::save::is_at_the_file;
use crate::client::{Command, Job};
use crate::domain::field::Key;
use crate::domain::settings::{Draft, Source};
use crate::domain::text::counted;
use crate::tui::message::Effect;
use crate::tui::model::{Errand, Model};
use crate::tui::theme::Role;
use crate::tui::update::edited;

/// Asks for the settings as they stand outside.
pub fn reload(model: &mut Model) -> Vec<Effect> {
    if model.save_asks_path {
        model.say(Role::Quiet, "A private sandbox reads no env file");
        return Vec::new();
    }
    if is_at_the_file(model) {
        return Vec::new();
    }
    model.send_out(Errand::Reload, Job::Reload)
}

/// Takes the settings as they stand outside, and tells what is new by its name.
pub fn reloaded(model: &mut Model, fresh: &Draft, warnings: &[String]) -> Vec<Effect> {
    let access = model.access();
    let before = model.draft.clone();
    let edits: Vec<Key> = model.unsaved().into_iter().map(|(key, _)| key).collect();
    let mut changed = Vec::new();
    let mut kept = Vec::new();
    for key in Key::all() {
        let is_new = !same(&model.saved, fresh, key);
        let stays = edits.contains(&key) && !same(&model.draft, fresh, key);
        model.saved.take_from(fresh, key);
        if stays {
            model.draft.keep_over(fresh, key);
        } else {
            model.draft.take_from(fresh, key);
        }
        match (is_new, stays) {
            (true, true) => kept.push(key),
            (true, false) => changed.push(key),
            (false, _) => {}
        }
    }
    tell(model, fresh, &changed, &kept, warnings);
    model.form.findings = model.draft.findings();
    if Key::all().all(|key| same(&before, &model.draft, key)) {
        return Vec::new();
    }
    let focused = model.form.field().key;
    if !same(&before, &model.draft, focused) {
        model.form.load(&model.draft);
    }
    let mut effects = edited(model);
    if let Some(left) = access
        && model.access().as_ref() != Some(&left)
    {
        effects.push(Effect::Send(Command::Leave(Box::new(left))));
    }
    effects
}

pub(super) fn same(one: &Draft, other: &Draft, key: Key) -> bool {
    one.value(key).map(|value| &value.text) == other.value(key).map(|value| &value.text)
}

fn tell(model: &mut Model, fresh: &Draft, changed: &[Key], kept: &[Key], warnings: &[String]) {
    let mut parts = vec![format!("Read {} again", model.env_file)];
    if !kept.is_empty() {
        parts.push(format!("kept as edited: {}", names(kept)));
    }
    if !changed.is_empty() {
        parts.push(format!("changed: {}", names(changed)));
    }
    if parts.len() == 1 {
        parts.push("nothing has changed".to_owned());
        parts.extend(outranked(fresh).map(|(source, keys)| {
            let names = names(&keys);
            format!("the {source} outranks its {names}")
        }));
    }
    parts.extend(warnings.first().cloned());
    let text = parts.join("; ");
    if kept.is_empty() && warnings.is_empty() {
        model.say(Role::Good, text);
    } else {
        model.say(Role::Warn, format!("! {text}"));
    }
}

/// The settings whose value in the file does not count, and what outranks them.
fn outranked(fresh: &Draft) -> Option<(Source, Vec<Key>)> {
    let is_below = |key: &Key| {
        let value = fresh.value(*key);
        value.is_some_and(|value| value.shadows.contains(&Source::File))
    };
    let keys: Vec<Key> = Key::all().filter(is_below).collect();
    Some((fresh.source(*keys.first()?), keys))
}

/// The names of a few settings, or of some and how many more.
fn names(keys: &[Key]) -> String {
    const MOST: usize = 3;
    let names: Vec<&str> = keys
        .iter()
        .take(MOST)
        .map(|key| key.field().label)
        .collect();
    let listed = names.join(", ");
    match keys.len().saturating_sub(MOST) {
        0 => listed,
        more => format!("{listed} and {}", counted(more, "other")),
    }
}
