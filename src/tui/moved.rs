//! The way on for an organization that has moved to the newer API: one key, on the screens where the
//! move shows.
//!
//! Depends on `model`; on `domain`. Only the settings on screen change; saving them is another key.

use super::message::Effect;
use super::model::Model;
use super::update::edited;
use crate::domain::base_url::Api;
use crate::domain::failure::{Code, Failure};
use crate::domain::field::Key;

/// Returns true when a failure says that the organization has moved, and the settings do not follow
/// it yet.
pub fn is_offered(model: &Model, failure: &Failure) -> bool {
    failure.code == Code::ServiceMoved
        && Api::named(&model.draft.text(Key::Api)) != Some(Api::Agents)
}

/// Turns the settings to the newer API; what was proven and planned with the other is so no more.
pub fn speak_agents(model: &mut Model) -> Vec<Effect> {
    let mut spoken = model.draft.clone();
    spoken.speak(Api::Agents);
    for key in [Key::Api, Key::BaseUrl] {
        if spoken.value(key) != model.draft.value(key) {
            model.set(key, &spoken.text(key));
        }
    }
    edited(model)
}
