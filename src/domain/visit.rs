//! What reached the demo app: pages, widget tokens, the widget's events, and what was refused.
//!
//! Depends on `user` and `text`.

use jiff::Timestamp;

use super::text::sanitize;
use super::user::ExternalUser;

/// One request to the demo app and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    /// When it came.
    pub at: Timestamp,
    /// What was asked for.
    pub what: What,
    /// The origin that the browser really sent, sanitized; none on a same-origin GET.
    pub origin: Option<String>,
    /// Why it was refused or failed, in a few words; none when it was answered as asked.
    pub refused: Option<String>,
    /// What leads on from there, for a visit that was refused or failed.
    pub hint: Option<String>,
}

/// What a visit asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// The page.
    Page,
    /// A widget token, for this user.
    Token(ExternalUser),
    /// An event of the widget was handed in.
    Event(WidgetEvent),
    /// Anything else, by its path.
    Other(String),
}

/// An event of the widget, in either vocabulary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WidgetEvent {
    /// What it tells.
    pub kind: EventKind,
    /// The source it is about, as the customer named it, sanitized.
    pub source: Option<String>,
    /// The error it carries, sanitized.
    pub error: Option<String>,
}

/// What an event of the widget tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// A source was saved for the first time.
    SourceCreated,
    /// A source was changed.
    SourceUpdated,
    /// A new source could not be saved.
    SourceCreateError,
    /// A change to a source could not be saved.
    SourceUpdateError,
    /// A source was taken away; the vendor's page posts nothing then.
    SourceDeleted,
    /// A name that is not known here, sanitized.
    Other(String),
}

impl EventKind {
    /// Reads the `message` of an event: the older vocabulary of `partial_user_config_…` and the newer
    /// of `source_…` say the same.
    pub fn named(message: &str) -> EventKind {
        match message {
            "source_created" | "partial_user_config_created" => EventKind::SourceCreated,
            "source_updated" | "partial_user_config_updated" => EventKind::SourceUpdated,
            "source_create_error" | "partial_user_config_create_error" => {
                EventKind::SourceCreateError
            }
            "source_update_error" | "partial_user_config_update_error" => {
                EventKind::SourceUpdateError
            }
            "source_deleted" => EventKind::SourceDeleted,
            other => EventKind::Other(sanitize(other)),
        }
    }

    /// Returns the name in the newer vocabulary.
    pub fn name(&self) -> &str {
        match self {
            EventKind::SourceCreated => "source_created",
            EventKind::SourceUpdated => "source_updated",
            EventKind::SourceCreateError => "source_create_error",
            EventKind::SourceUpdateError => "source_update_error",
            EventKind::SourceDeleted => "source_deleted",
            EventKind::Other(name) => name,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_vocabularies_say_the_same() {
        for (older, newer) in [
            ("partial_user_config_created", "source_created"),
            ("partial_user_config_updated", "source_updated"),
            ("partial_user_config_create_error", "source_create_error"),
            ("partial_user_config_update_error", "source_update_error"),
        ] {
            assert_eq!(EventKind::named(older), EventKind::named(newer));
            assert_eq!(EventKind::named(older).name(), newer);
        }
    }

    #[test]
    fn a_name_that_is_not_known_steers_no_terminal() {
        assert_eq!(EventKind::named("so\x1b[2Jso").name(), "so [2Jso");
    }
}
