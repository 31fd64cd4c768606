//! Writing the settings that were edited.
//!
//! Depends on `model`, `prompt`; on `domain::settings`.

use crate::client::Job;
use crate::domain::failure::Failure;
use crate::domain::field::Key;
use crate::domain::settings::{Draft, Source};
use crate::domain::text::counted;
use crate::tui::input::Line;
use crate::tui::message::Effect;
use crate::tui::model::{Errand, Model};
use crate::tui::prompt::{Prompt, Wanted};
use crate::tui::theme::Role;

/// Writes the settings that were edited, after asking where to if that is not plain.
pub fn save(model: &mut Model) -> Vec<Effect> {
    if model.unsaved().is_empty() {
        model.say(Role::Quiet, "Nothing to save: no setting was edited here");
        return Vec::new();
    }
    if is_at_the_file(model) {
        return Vec::new();
    }
    if model.save_asks_path {
        model.prompt = Some(Prompt::Line(Wanted::SavePath, Line::default(), None));
        return Vec::new();
    }
    save_to(model, None)
}

/// Says what is being done with the env file, if something is: reading and writing it take turns,
/// so that an answer never tells of an older state than what is known already.
pub(super) fn is_at_the_file(model: &mut Model) -> bool {
    let busy = model.errands.values().find_map(|errand| match errand {
        Errand::Save(..) => Some("Still saving"),
        Errand::Reload => Some("Still reading the env file"),
        Errand::Recall(_)
        | Errand::Forget(_)
        | Errand::Users
        | Errand::Catalogue(_)
        | Errand::Play(_)
        | Errand::Browse(_) => None,
    });
    if let Some(text) = busy {
        model.say(Role::Busy, text);
    }
    busy.is_some()
}

/// Orders the edited settings to be written, to a path or to the env file.
pub fn save_to(model: &mut Model, path: Option<&str>) -> Vec<Effect> {
    let unsaved = model.unsaved();
    let keys = unsaved.iter().map(|(key, _)| *key).collect();
    let typed = path.map(str::to_owned);
    let errand = Errand::Save(keys, Box::new(model.draft.clone()), typed);
    model.send_out(errand, Job::Save(unsaved, path.map(Into::into)))
}

/// Gives a path that was not taken back for editing, with the reason.
pub fn not_saved_to(model: &mut Model, path: &str, failure: Failure) {
    let why = failure.because.unwrap_or(failure.message);
    if model.prompt.is_some() {
        model.say(Role::Bad, format!("✖ {why}"));
        return;
    }
    model.prompt = Some(Prompt::Line(Wanted::SavePath, Line::new(path), Some(why)));
}

/// Takes note of what was written.
pub fn saved(model: &mut Model, keys: &[Key], mut written: Draft, file: &str) {
    for key in keys {
        written.mark_saved(*key);
        model.saved.take_from(&written, *key);
        let text = |draft: &Draft| draft.value(*key).map(|v| v.text.clone());
        if text(&model.draft) == text(&written) {
            model.draft.take_from(&written, *key);
        }
    }
    let outranked = keys.iter().find(|key| {
        let value = model.draft.value(**key);
        value.is_some_and(|v| v.shadows.contains(&Source::Environment))
    });
    let count = counted(keys.len(), "setting");
    match outranked {
        Some(key) => model.say(
            Role::Warn,
            format!(
                "Saved {count} to {file}; the environment's {} will outrank it at the next start",
                key.variable()
            ),
        ),
        None => model.say(Role::Good, format!("Saved {count} to {file}")),
    }
}
