//! What a ledger says: its entries, and what they come to.
//!
//! Depends on `domain`; nothing here touches a disk.

use std::collections::HashMap;
use std::io::{self, Write};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::base_url::Api;
use crate::domain::settings::Access;
use crate::domain::template::{Existing, Identity, TemplateSpec};
use crate::domain::text::{sanitize, without_steering};
use crate::domain::user::ExternalUser;

/// The version of a line that this program writes and reads.
pub(super) const VERSION: u32 = 1;

/// How many lines that cannot be read are kept word for word.
const KEPT: usize = 100;

/// Whose things an entry is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
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

/// A template as it is recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    name: String,
    #[serde(flatten)]
    identity: Identity,
}

impl Template {
    fn of(spec: &TemplateSpec) -> Template {
        Template {
            name: spec.name.clone(),
            identity: spec.identity(),
        }
    }

    /// Somebody may have edited the ledger.
    fn visible(&self) -> (String, Identity) {
        let Identity {
            bucket,
            prefix,
            endpoint,
            format,
            schedule,
        } = &self.identity;
        let identity = Identity {
            bucket: without_steering(bucket),
            prefix: without_steering(prefix),
            endpoint: without_steering(endpoint),
            format: without_steering(format),
            schedule: without_steering(schedule),
        };
        (without_steering(&self.name), identity)
    }
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

/// The ledger as read: folded, so that of many mints for one user the last one stays.
#[derive(Clone, Debug, Default)]
pub struct Book {
    /// In the order in which they came; none where a user was forgotten.
    lines: Vec<Option<Line>>,
    /// Where the line of a user is.
    minted: HashMap<(Scope, String), usize>,
    /// Lines that this program cannot read, as they are: spoilt, or of a newer one.
    foreign: Vec<Vec<u8>>,
    /// How many there were.
    unread: usize,
    /// How many of those are spoilt.
    spoilt: usize,
    /// Whether some are of a newer program.
    newer: bool,
    /// What is to be told about the file.
    pub warnings: Vec<String>,
}

impl Book {
    /// Takes a line as it stands in the file in. One that a crash cut off is passed over.
    pub(super) fn read(&mut self, line: &[u8]) {
        let line = line.trim_ascii();
        if line.is_empty() {
            return;
        }
        match serde_json::from_slice::<Line>(line) {
            Ok(line) if line.v == VERSION => self.push(line),
            Err(e) if e.is_eof() => {}
            Ok(_) | Err(_) => {
                self.unread += 1;
                if is_newer(line) {
                    self.newer = true;
                } else {
                    self.spoilt += 1;
                }
                if self.foreign.len() < KEPT {
                    self.foreign.push(line.to_vec());
                }
            }
        }
    }

    /// Counts a line that is too long to be one.
    pub(super) fn read_overlong(&mut self) {
        self.unread += 1;
        self.spoilt += 1;
    }

    pub(super) fn push(&mut self, line: Line) {
        match &line.entry {
            Entry::Mint { user, .. } => {
                let key = (line.scope.clone(), user.clone());
                let place = *self.minted.entry(key).or_insert(self.lines.len());
                match self.lines.get_mut(place) {
                    Some(slot) => *slot = Some(line),
                    None => self.lines.push(Some(line)),
                }
            }
            Entry::Forget { user } => {
                let key = (line.scope.clone(), user.clone());
                if let Some(place) = self.minted.remove(&key)
                    && let Some(slot) = self.lines.get_mut(place)
                {
                    *slot = None;
                }
            }
            Entry::Intent { .. }
            | Entry::Made { .. }
            | Entry::Adopted { .. }
            | Entry::Refused { .. } => self.lines.push(Some(line)),
        }
    }

    pub(super) fn spoilt(&self) -> usize {
        self.spoilt
    }

    pub(super) fn is_of_a_newer_program(&self) -> bool {
        self.newer
    }

    /// Returns true when there may be attempts that could not be read.
    pub fn is_incomplete(&self) -> bool {
        self.unread > 0
    }

    /// Returns true when [`Book::write`] would leave lines out that cannot be read.
    pub(super) fn would_lose(&self) -> bool {
        self.unread > self.foreign.len()
    }

    /// Writes it as a file that reads the same.
    pub(super) fn write(&self, to: &mut impl Write) -> io::Result<()> {
        for line in self.lines() {
            serde_json::to_writer(&mut *to, line)?;
            to.write_all(b"\n")?;
        }
        for line in &self.foreign {
            to.write_all(line)?;
            to.write_all(b"\n")?;
        }
        Ok(())
    }

    fn lines(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().flatten()
    }

    fn of(&self, scope: &Scope) -> impl Iterator<Item = &Line> {
        self.lines().filter(move |line| line.scope == *scope)
    }

    /// Returns the attempts of this scope that were not refused, oldest first.
    pub fn attempts(&self, scope: &Scope) -> Vec<Attempt> {
        let mut attempts: Vec<Attempt> = Vec::new();
        for line in self.of(scope) {
            match &line.entry {
                Entry::Intent { intent, template } => {
                    let (name, identity) = template.visible();
                    attempts.push(Attempt {
                        intent: intent.clone(),
                        existing: Existing {
                            id: None,
                            name,
                            identity,
                            created_at: None,
                        },
                        fate: Fate::Open {
                            sent_at: sanitize(&line.at),
                        },
                    });
                }
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
        let known = |line: &Line| match &line.entry {
            Entry::Mint { user, workspace_id } => Some(Known {
                user: ExternalUser::parse(user).ok()?,
                workspace_id: workspace_id.as_deref().map(sanitize),
                minted_at: line.at.parse().ok(),
            }),
            Entry::Intent { .. }
            | Entry::Made { .. }
            | Entry::Adopted { .. }
            | Entry::Refused { .. }
            | Entry::Forget { .. } => None,
        };
        self.of(scope).filter_map(known).collect()
    }
}

/// Returns true for a line of a program that came after this one, whatever else it says.
fn is_newer(line: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Outline {
        v: u32,
    }
    serde_json::from_slice::<Outline>(line).is_ok_and(|line| line.v > VERSION)
}

fn settle(attempts: &mut [Attempt], intent: &str, id: Option<&String>, at: &str) {
    if let Some(attempt) = attempts.iter_mut().find(|a| a.intent == intent) {
        attempt.fate = Fate::Made;
        attempt.existing.id = id.map(|id| sanitize(id));
        attempt.existing.created_at = Some(sanitize(at));
    }
}
