//! What the console knows that a shared screen must not show.
//!
//! Depends on `model`, `veil`; on `domain`. New things are learnt after every fact, so that a stand-in
//! is there before the first frame that would need it.

use std::borrow::Cow;

use super::model::{Focus, Model};
use super::prerequisites::RungState;
use super::screen::Screen;
use super::theme::Role;
use super::veil::Kind;
use crate::domain::field::Key;
use crate::domain::ladder::Rung;
use crate::domain::user::ExternalUser;

/// Shows stand-ins, or what is real.
pub fn toggle(model: &mut Model) {
    let on = !model.veil.is_on();
    model.veil.switch(on);
    model.veiled_users = None;
    learn(model, false);
    model.say(
        Role::Quiet,
        if on {
            "Stand-ins are shown for ids, users, buckets and paths; what is copied stays real"
        } else {
            "What is real is shown again"
        },
    );
}

/// Takes in what is new, while stand-ins are shown. What is being typed is shown as dots until it is whole;
/// it is, once something was started with it.
pub fn learn(model: &mut Model, started: bool) {
    if !model.veil.is_on() {
        return;
    }
    let mut groups: Vec<(Kind, Vec<Cow<'static, str>>)> = Vec::new();
    let in_form = model.screen == Screen::Prerequisites
        && model.focus == Focus::Body
        && model.form.policy.is_none();
    let typed = (in_form && !started).then(|| model.form.field().key);
    for (draft, typed) in [(&model.draft, typed), (&model.saved, None)] {
        for key in Key::all().filter(|key| Some(*key) != typed) {
            if let Some(kind) = kind_of(key) {
                let text = draft.text(key);
                groups.extend(spellings(kind, &text));
            }
        }
        if let Ok(user) = draft.user()
            && typed != Some(Key::ExternalUserId)
        {
            groups.push((Kind::User, of_user(&user)));
        }
    }
    groups.extend(organization(model).map(|name| (Kind::Organization, vec![name.into()])));
    let made = model.template.made.as_ref().map(|made| made.ledger.clone());
    for path in made.into_iter().chain([model.env_file.clone()]) {
        // A name without a folder says nothing of anybody.
        if path.contains('/') {
            groups.push((Kind::File, vec![path.into()]));
        }
    }
    groups.extend(super::data::user(model).map(|user| (Kind::User, of_user(&user))));
    groups.extend(super::preview::user(model).map(|user| (Kind::User, of_user(&user))));
    let visited = model.preview.users();
    groups.extend(visited.map(|user| (Kind::User, of_user(user))));
    let users = model.tokens.generation();
    if model.veiled_users != Some(users) {
        model.veiled_users = Some(users);
        groups.extend(model.tokens.users().map(|user| (Kind::User, of_user(user))));
    }
    model.veil.learn(groups);
}

/// What a setting's text is; `None` where it says nothing of anybody, or is never shown.
fn kind_of(key: Key) -> Option<Kind> {
    match key {
        Key::ClientId => Some(Kind::Client),
        Key::AccessKeyId => Some(Kind::Key),
        Key::Bucket => Some(Kind::Bucket),
        Key::Prefix => Some(Kind::Folder),
        Key::ExternalUserId => Some(Kind::User),
        Key::OrganizationId => Some(Kind::Organization),
        Key::TemplateName => Some(Kind::Template),
        Key::AllowedOrigin | Key::BaseUrl | Key::Endpoint => Some(Kind::Host),
        Key::ClientSecret
        | Key::SecretAccessKey
        | Key::Region
        | Key::Port
        | Key::Api
        | Key::AirbyteRegion
        | Key::SourceTags
        | Key::ConnectionTags
        | Key::TemplateFormat
        | Key::TemplateSchedule => None,
    }
}

fn spellings(kind: Kind, text: &str) -> Option<(Kind, Vec<Cow<'static, str>>)> {
    let text = if kind == Kind::Host {
        host(text)?
    } else {
        text.trim()
    };
    let is_default = kind == Kind::Template && Some(text) == Key::TemplateName.default_value();
    (!text.is_empty() && !is_default).then(|| (kind, vec![text.to_owned().into()]))
}

/// The host of an address, unless it is this machine's or the vendor's own, which everybody knows.
fn host(address: &str) -> Option<&str> {
    let (_, rest) = address.split_once("://")?;
    let host = rest.split(['/', ':']).next()?;
    let known = [
        "localhost",
        "127.0.0.1",
        "api.airbyte.com",
        "api.airbyte.ai",
    ];
    (!host.starts_with('[') && !known.contains(&host)).then_some(host)
}

/// A user as it is shown, as a folder, and as it stands in an address.
fn of_user(user: &ExternalUser) -> Vec<Cow<'static, str>> {
    let plain = user.as_str().to_owned();
    let encoded: String = url::form_urlencoded::byte_serialize(plain.as_bytes()).collect();
    let mut spellings = vec![plain.clone()];
    for other in [user.s3_safe(), encoded.replace('+', "%20"), encoded] {
        if !spellings.contains(&other) {
            spellings.push(other);
        }
    }
    spellings.into_iter().map(Cow::Owned).collect()
}

/// The organization's name, where the check was told it.
fn organization(model: &Model) -> Option<String> {
    let of_rung = |(rung, state): &(Rung, RungState)| match state {
        RungState::Ended(step) if *rung == Rung::Organization => {
            step.detail.split(", ").next().map(str::to_owned)
        }
        RungState::Ended(_) | RungState::NotYet | RungState::Running => None,
    };
    model.form.rungs.iter().find_map(of_rung)
}
