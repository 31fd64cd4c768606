//! What a ledger says: its entries, and what they come to.
//!
//! Depends on `domain`; nothing here touches a disk.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::base_url::Api;
use crate::domain::settings::Access;
use crate::domain::template::{Existing, TemplateSpec};
use crate::domain::text::{is_steering, sanitize};
use crate::domain::user::ExternalUser;

/// Whose things an entry is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    api: String,
    base_url: String,
    organization: String,
}

impl Scope {
    /// Returns the scope that these settings open.
    pub fn of(access: &Access) -> Scope {
        Self::new(access.api, access.base_url.shown(), &access.organization)
    }

    /// Makes a scope of its parts.
    pub fn new(api: Api, base_url: &str, organization: &str) -> Scope {
        Scope {
            api: api.name().to_owned(),
            base_url: base_url.to_owned(),
            organization: organization.to_owned(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Line {
    pub(super) v: u32,
    pub(super) at: String,
    #[serde(flatten)]
    pub(super) scope: Scope,
    #[serde(flatten)]
    pub(super) entry: Entry,
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "entry")]
pub enum Entry {
    /// A template is about to be sent.
    #[serde(rename = "template.intent")]
    Intent {
        /// Names this attempt.
        intent: String,
        /// What would be made.
        #[serde(flatten)]
        template: Template,
    },
    /// The attempt made a template.
    #[serde(rename = "template.made")]
    Made {
        /// The attempt.
        intent: String,
        /// The template's id.
        id: String,
    },
    /// The attempt certainly made nothing.
    #[serde(rename = "template.refused")]
    Refused {
        /// The attempt.
        intent: String,
    },
    /// The operator looked: the attempt's template is there.
    #[serde(rename = "template.adopted")]
    Adopted {
        /// The attempt.
        intent: String,
    },
    /// A widget token was minted.
    #[serde(rename = "mint")]
    Mint {
        /// For whom.
        user: String,
        /// Its workspace, where the token said it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        workspace_id: Option<String>,
    },
    /// A user was taken off the board.
    #[serde(rename = "forget")]
    Forget {
        /// Whom.
        user: String,
    },
}

impl Entry {
    /// Makes the entry that announces a creation, and the name of the attempt.
    pub fn intent(spec: &TemplateSpec) -> (String, Entry) {
        let intent = Uuid::new_v4().to_string();
        (
            intent.clone(),
            Entry::Intent {
                intent,
                template: Template::of(spec),
            },
        )
    }
}

/// A template as it is recorded: all that tells two of one name apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    name: String,
    bucket: String,
    prefix: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    endpoint: String,
    format: String,
    schedule: String,
}

impl Template {
    fn of(spec: &TemplateSpec) -> Template {
        Template {
            name: spec.name.clone(),
            bucket: spec.bucket.clone(),
            prefix: spec.prefix.clone(),
            endpoint: spec.endpoint.clone().unwrap_or_default(),
            format: spec.format.name().to_owned(),
            schedule: spec.schedule.name().to_owned(),
        }
    }

    fn identity(&self) -> Vec<(String, String)> {
        [
            ("bucket", &self.bucket),
            ("prefix", &self.prefix),
            ("endpoint", &self.endpoint),
            ("format", &self.format),
            ("schedule", &self.schedule),
        ]
        .map(|(label, value)| (label.to_owned(), visible(value)))
        .to_vec()
    }
}

/// What steers a terminal is taken out of a recorded text, which somebody may have edited; all else
/// stays as it is, blanks too, since it is compared with what would be sent.
fn visible(text: &str) -> String {
    text.chars().filter(|c| !is_steering(*c)).collect()
}

/// What became of an attempt to create a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is there.
    Made,
    /// Nobody knows.
    Open {
        /// When it was sent, RFC 3339.
        sent_at: String,
    },
}

/// An attempt that was not refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Names it.
    pub intent: String,
    /// The template.
    pub existing: Existing,
    /// What became of it.
    pub fate: Fate,
}

/// A user a token was minted for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// The external user ID.
    pub user: ExternalUser,
    /// Its workspace, where a token said it.
    pub workspace_id: Option<String>,
    /// When a token was last minted.
    pub minted_at: Option<Timestamp>,
}

/// The ledger as read.
#[derive(Clone, Debug, Default)]
pub struct Book {
    pub(super) lines: Vec<Line>,
    /// What is to be told about the file.
    pub warnings: Vec<String>,
}

impl Book {
    /// Returns the attempts of this scope that were not refused, oldest first.
    pub fn attempts(&self, scope: &Scope) -> Vec<Attempt> {
        let mut attempts: Vec<Attempt> = Vec::new();
        for line in self.lines.iter().filter(|line| line.scope == *scope) {
            match &line.entry {
                Entry::Intent { intent, template } => attempts.push(Attempt {
                    intent: intent.clone(),
                    existing: Existing {
                        id: None,
                        name: visible(&template.name),
                        identity: template.identity(),
                        created_at: None,
                    },
                    fate: Fate::Open {
                        sent_at: sanitize(&line.at),
                    },
                }),
                Entry::Made { intent, id } => settle(&mut attempts, intent, Some(id), &line.at),
                Entry::Adopted { intent } => settle(&mut attempts, intent, None, &line.at),
                Entry::Refused { intent } => attempts.retain(|a| a.intent != *intent),
                Entry::Mint { .. } | Entry::Forget { .. } => {}
            }
        }
        attempts
    }

    /// Returns the users of this scope, in the order in which they were first minted for.
    pub fn users(&self, scope: &Scope) -> Vec<Known> {
        let mut users: Vec<Known> = Vec::new();
        let mut places = HashMap::new();
        for line in self.lines.iter().filter(|line| line.scope == *scope) {
            match &line.entry {
                Entry::Mint { user, workspace_id } => {
                    let Ok(user) = ExternalUser::parse(user) else {
                        continue;
                    };
                    let place = *places.entry(user.clone()).or_insert(users.len());
                    let known = Known {
                        user,
                        workspace_id: workspace_id.as_deref().map(sanitize),
                        minted_at: line.at.parse().ok(),
                    };
                    match users.get_mut(place) {
                        Some(slot) => *slot = known,
                        None => users.push(known),
                    }
                }
                Entry::Forget { user } => {
                    users.retain(|known| known.user.as_str() != user);
                    places = users
                        .iter()
                        .enumerate()
                        .map(|(i, k)| (k.user.clone(), i))
                        .collect();
                }
                Entry::Intent { .. }
                | Entry::Made { .. }
                | Entry::Adopted { .. }
                | Entry::Refused { .. } => {}
            }
        }
        users
    }
}

fn settle(attempts: &mut [Attempt], intent: &str, id: Option<&String>, at: &str) {
    if let Some(attempt) = attempts.iter_mut().find(|a| a.intent == intent) {
        attempt.fate = Fate::Made;
        attempt.existing.id = id.map(|id| sanitize(id));
        attempt.existing.created_at = Some(sanitize(at));
    }
}
