//! Which API a path belongs to, for the answers that come from no rule: each API says no in its own
//! kind of body.

use super::agents::error;
use super::ids::Id;
use super::problem::{self, Refusal};
use super::widget;

/// A kind of error body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    /// The public API: problem documents, bare error ids, the framework's own.
    Platform,
    /// The newer API: one envelope for everything.
    Agents,
}

impl Family {
    /// The kind in which this path answers.
    pub(super) fn of(path: &str) -> Self {
        let inner = widget::STEMS.iter().any(|stem| path.starts_with(stem));
        if path.starts_with("/api/v1/") && !inner {
            Self::Agents
        } else {
            Self::Platform
        }
    }

    /// What the API would say with this status.
    pub(super) fn stock(self, code: u16, message: Option<&str>, path: &str, id: Id) -> Refusal {
        match self {
            Self::Platform => problem::stock(code, message, path, id),
            Self::Agents => error::stock(code, message),
        }
    }

    /// An error from before or around the API's own code.
    pub(super) fn framework(self, code: u16, path: &str, message: &str) -> Refusal {
        match self {
            Self::Platform => problem::framework(code, path, message),
            Self::Agents => error::bare(code, message),
        }
    }

    /// 400, in these words.
    pub(super) fn bad_request(self, message: &str) -> Refusal {
        match self {
            Self::Platform => problem::bad_request(message),
            Self::Agents => error::stock(400, Some(message)),
        }
    }

    /// 429.
    pub(super) fn rate_limited(self) -> Refusal {
        match self {
            Self::Platform => problem::rate_limited(),
            Self::Agents => error::bare(429, "You are being rate limited."),
        }
    }

    /// Texts that try to take over the terminal that shows them.
    pub(super) fn hostile(self) -> Refusal {
        match self {
            Self::Platform => problem::hostile(),
            Self::Agents => error::hostile(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prefix_tells_the_apis_apart() {
        for (path, family) in [
            ("/api/v1/workspaces", Family::Agents),
            ("/api/v1/nothing", Family::Agents),
            ("/v1/workspaces", Family::Platform),
            ("/api/public/v1/workspaces", Family::Platform),
            ("/api/v1", Family::Platform),
            ("/embedded-widget", Family::Platform),
        ] {
            assert_eq!(Family::of(path), family, "{path}");
        }
    }
}
