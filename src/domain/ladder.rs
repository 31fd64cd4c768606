//! The ladder: the ordered list of what must hold before a customer's data can land.
//!
//! Depends on `failure`, `moment`. The console's rail, `check`, the README and the hints use these names.

use std::time::Duration;

use super::failure::Failure;
use super::moment::span;

/// One rung of the ladder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rung {
    /// Every setting is present and well formed.
    Config,
    /// Client ID and secret give an access token.
    Auth,
    /// The credentials may use Embedded for this organization.
    Organization,
    /// List, put, get and delete under the prefix work with these very keys.
    Bucket,
    /// The connection template exists.
    Template,
    /// A widget token can be had for the external user.
    Mint,
    /// The widget page answers and may be framed by the allowed origin.
    Page,
    /// Objects of that user have landed.
    Data,
}

impl Rung {
    /// All rungs, lowest first.
    pub const ALL: [Rung; 8] = [
        Rung::Config,
        Rung::Auth,
        Rung::Organization,
        Rung::Bucket,
        Rung::Template,
        Rung::Mint,
        Rung::Page,
        Rung::Data,
    ];

    /// Returns the name used on the screen, in flags and in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Rung::Config => "config",
            Rung::Auth => "auth",
            Rung::Organization => "organization",
            Rung::Bucket => "bucket",
            Rung::Template => "template",
            Rung::Mint => "mint",
            Rung::Page => "page",
            Rung::Data => "data",
        }
    }

    /// Returns the rung of that name.
    pub fn named(name: &str) -> Option<Rung> {
        Rung::ALL.into_iter().find(|rung| rung.name() == name)
    }

    /// Returns what the rung proves, in one line.
    pub const fn proves(self) -> &'static str {
        match self {
            Rung::Config => "every setting is present and well formed",
            Rung::Auth => "client ID and secret give an access token, and the clock is in step",
            Rung::Organization => "these credentials may use Embedded for this organization",
            Rung::Bucket => "list, put, get and delete under the prefix work with these keys",
            Rung::Template => "the connection template exists",
            Rung::Mint => "a widget token can be had for the external user, and opens",
            Rung::Page => "the widget page answers and may be framed by the allowed origin",
            Rung::Data => "objects of that user have landed",
        }
    }

    /// Returns the rungs without which this one cannot be tried.
    pub const fn needs(self) -> &'static [Rung] {
        match self {
            Rung::Config => &[],
            Rung::Auth | Rung::Bucket => &[Rung::Config],
            Rung::Organization | Rung::Template => &[Rung::Config, Rung::Auth],
            Rung::Mint => &[Rung::Config, Rung::Auth, Rung::Organization],
            Rung::Page => &[Rung::Config, Rung::Auth, Rung::Organization, Rung::Mint],
            Rung::Data => &[Rung::Config, Rung::Bucket],
        }
    }
}

/// How a rung ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// It holds.
    Pass,
    /// It may hold; the detail says what is not known.
    Warn,
    /// It does not hold.
    Fail,
    /// It was not tried; the detail says why.
    Skip,
}

impl Status {
    /// Returns the word used in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Status::Pass => "pass",
            Status::Warn => "warn",
            Status::Fail => "fail",
            Status::Skip => "skip",
        }
    }
}

/// One rung, walked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Which.
    pub rung: Rung,
    /// How it ended.
    pub status: Status,
    /// How long it took; zero for a skipped rung.
    pub took: Duration,
    /// What was found, in one line.
    pub detail: String,
    /// Why it failed.
    pub failure: Option<Failure>,
}

impl Step {
    /// Makes a skipped step.
    pub fn skipped(rung: Rung, why: impl Into<String>) -> Step {
        Step {
            rung,
            status: Status::Skip,
            took: Duration::ZERO,
            detail: why.into(),
            failure: None,
        }
    }

    /// Returns what stands behind the status's word on a line of text: the rung, how long it took,
    /// what was found.
    pub fn line(&self) -> String {
        let took = if self.status == Status::Skip {
            String::new()
        } else {
            span(self.took)
        };
        format!("{:<12}  {took:>7}  {}", self.rung.name(), self.detail)
    }

    /// Returns the lines below it: why it failed, and what to do.
    pub fn reasons(&self) -> Vec<String> {
        let parts = self.failure.as_ref().map_or([("", None), ("", None)], |f| {
            [("because", f.because.as_ref()), ("hint", f.hint.as_ref())]
        });
        parts
            .into_iter()
            .filter_map(|(label, text)| text.map(|text| format!("      {label}: {text}")))
            .collect()
    }

    /// Writes the step as `check` does, without colour.
    pub fn text(&self) -> String {
        let mut lines = vec![format!("{}  {}", self.status.name(), self.line())];
        lines.extend(self.reasons());
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rung_needs_only_lower_ones() {
        for rung in Rung::ALL {
            assert!(rung.needs().iter().all(|n| *n < rung), "{rung:?}");
            assert_eq!(Rung::named(rung.name()), Some(rung));
        }
    }
}
