//! What the demo app does not answer as asked, in three parts and with a status.
//!
//! Depends on `domain`.

use std::time::Duration;

use crate::domain::failure::{Code, Failure};

macro_rules! kinds {
    ($($variant:ident $name:literal $status:literal $message:literal;)*) => {
        /// Why the demo app itself refuses; what Airbyte refuses keeps its own code.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Kind { $(#[doc = $message] $variant,)* }

        impl Kind {
            /// Every kind, in the order of the README's table.
            pub const ALL: &[Kind] = &[$(Kind::$variant,)*];

            /// Returns the dotted name of the answer.
            pub const fn name(self) -> &'static str {
                match self { $(Kind::$variant => $name,)* }
            }

            /// Returns the HTTP status.
            pub const fn status(self) -> u16 {
                match self { $(Kind::$variant => $status,)* }
            }

            /// Returns what it means, in one line.
            pub const fn meaning(self) -> &'static str {
                match self { $(Kind::$variant => $message,)* }
            }
        }
    };
}

kinds! {
    Host "request.host" 403 "the request is addressed to another name than the demo app's";
    Origin "request.origin" 403 "the page that asks is not on a listed origin";
    Site "request.site" 403 "a page of another site asks";
    User "request.user" 400 "the user cannot be chosen in this way";
    Path "request.path" 404 "there is no such path";
    Method "request.method" 405 "the path does not take this method";
    Body "request.body" 400 "the event cannot be read as JSON";
    Slow "request.slow" 408 "the event did not arrive in time";
    Large "request.large" 413 "the event is too large";
    WidgetHost "widget.host" 502 "the token's widget is on a host that the page may not frame";
    Busy "demo.busy" 503 "too many tokens are being minted";
    Ending "demo.ending" 503 "the demo app is ending";
}

/// A request that is not answered as asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) code: &'static str,
    pub(super) status: u16,
    pub(super) message: String,
    /// Why. What a server said stands here and nowhere else.
    pub(super) because: Option<String>,
    pub(super) hint: Option<String>,
    pub(super) retry_after: Option<Duration>,
}

impl Refusal {
    pub(super) fn new(kind: Kind) -> Refusal {
        Refusal {
            code: kind.name(),
            status: kind.status(),
            message: kind.meaning().to_owned(),
            because: None,
            hint: None,
            retry_after: None,
        }
    }

    #[must_use]
    pub(super) fn because(mut self, because: impl Into<String>) -> Refusal {
        self.because = Some(because.into());
        self
    }

    #[must_use]
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Refusal {
        self.hint = Some(hint.into());
        self
    }

    #[must_use]
    pub(super) fn retry_after(mut self, wait: Duration) -> Refusal {
        self.retry_after = Some(wait);
        self
    }
}

/// What Airbyte did not do: 504 when no answer came in time, 503 when it asks to slow down, and 502
/// for everything else.
impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Refusal {
        let status = if failure.code == Code::NetworkTimeout {
            504
        } else if failure.code == Code::ServiceRateLimited {
            503
        } else {
            502
        };
        Refusal {
            code: failure.code.name(),
            status,
            message: failure.message,
            because: failure.because,
            hint: failure.hint,
            retry_after: failure.retry_after,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_own_dotted_name_and_no_failures() {
        let mut names: Vec<_> = Kind::ALL.iter().map(|kind| kind.name()).collect();
        names.extend(Code::ALL.iter().map(|code| code.name()));
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn what_airbyte_does_not_do_is_never_a_success() {
        for code in Code::ALL {
            let refusal = Refusal::from(Failure::new(*code, "no"));
            assert!((502..=504).contains(&refusal.status), "{code:?}");
        }
        let status = |code| Refusal::from(Failure::new(code, "no")).status;
        assert_eq!(status(Code::NetworkTimeout), 504);
        assert_eq!(status(Code::ServiceRateLimited), 503);
        assert_eq!(status(Code::AuthRefused), 502);
    }
}
