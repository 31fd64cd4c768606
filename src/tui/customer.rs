//! Playing a customer, which a sandbox alone can: one at a time, whichever screen asked.
//!
//! Depends on `model`, the pages of the data and the demo app; on the client's types and `domain`. What the customer leads to is
//! looked for on the data's page, when that is about the same user by then.

use super::data;
use super::message::Effect;
use super::model::{Errand, Model, Place};
use super::screen::Screen;
use super::theme::Role;
use super::update::{failed, mismatch};
use crate::client::{Command, Job, Outcome};
use crate::domain::failure::Failure;
use crate::domain::landing::Played;
use crate::domain::user::ExternalUser;

/// Returns for whom a customer is played now.
pub fn user(model: &Model) -> Option<&ExternalUser> {
    model.errands.values().find_map(|errand| match errand {
        Errand::Play(user) => Some(user),
        Errand::Recall(_)
        | Errand::Forget(_)
        | Errand::Users
        | Errand::Catalogue(_)
        | Errand::Browse(_)
        | Errand::Reload
        | Errand::Save(..) => None,
    })
}

/// Returns why no customer can be played now, as the end of a sentence.
pub fn why_not(model: &Model) -> Option<&'static str> {
    if model.place != Place::Sandbox {
        return Some("only a sandbox has a customer");
    }
    user(model).map(|_| "the customer is still at work")
}

/// Returns true when a customer can be played now, or says why not.
pub fn is_free(model: &mut Model) -> bool {
    let (role, text) = match (model.place, user(model)) {
        (Place::Live, _) => (
            Role::Warn,
            "Only a sandbox has a customer to play: embedctl --sandbox",
        ),
        (Place::Sandbox, Some(_)) => (Role::Busy, "The customer is still at work"),
        (Place::Sandbox, None) => return true,
    };
    model.say(role, text);
    false
}

/// Plays a customer for a user.
pub fn play(model: &mut Model, user: ExternalUser) -> Vec<Effect> {
    model.send_out(Errand::Play(user.clone()), Job::Play(user))
}

/// Lets go of the customer who is played; the answer is dropped when it comes.
pub fn stop(model: &mut Model) -> Vec<Effect> {
    let played = model
        .errands
        .extract_if(.., |_, errand| matches!(errand, Errand::Play(_)));
    played
        .map(|(ticket, _)| Effect::Send(Command::Cancel(ticket)))
        .collect()
}

/// Takes what became of a customer.
pub fn played(
    model: &mut Model,
    user: &ExternalUser,
    result: Result<Outcome, Failure>,
) -> Vec<Effect> {
    let failure = match result {
        Ok(Outcome::Played(told)) => {
            let effects = data::look_after(model, user);
            let lands = told == Played::Synced;
            let at = model.now.wall;
            model.preview.was_played(user.clone(), at, lands);
            let (role, text, next) = match told {
                Played::Synced => (
                    Role::Good,
                    "✔ Sample Data is connected and has synced".to_owned(),
                    "d sees the data",
                ),
                Played::Nothing(why) => (
                    Role::Warn,
                    format!("! Nothing will land: {why}"),
                    "d shows why",
                ),
            };
            let there = model.screen == Screen::Data;
            let text = if there {
                text
            } else {
                format!("{text} · {next}")
            };
            model.say(role, text);
            return effects;
        }
        Ok(_) => mismatch(),
        Err(failure) => failure,
    };
    if model.screen == Screen::Data && data::is_about(model, user) {
        model.data.fail(failure);
    } else {
        failed(model, "", failure);
    }
    Vec::new()
}
