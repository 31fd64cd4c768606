//! What several commands take as an argument, read and refused in one way.
//!
//! Depends on `cli` and `domain`.

use crate::cli::Cli;
use crate::domain::failure::{Code, Failure};
use crate::domain::origin::Origin;
use crate::domain::user::ExternalUser;

/// Reads the origin given with `--origin`.
pub(super) fn origin(text: &str) -> Result<Origin, Failure> {
    Origin::parse(text).map_err(|wrong| {
        let form = "an origin is scheme://host[:port]".to_owned();
        let meant = wrong.meant.map(|meant| format!("did you mean {meant}"));
        refused("the origin given with --origin", &wrong.why).hint(meant.unwrap_or(form))
    })
}

/// Reads an external user ID; `given` says which argument it is.
pub(super) fn user(text: &str, given: &str) -> Result<ExternalUser, Failure> {
    ExternalUser::parse(text).map_err(|why| refused(given, &why).hint("name one external user ID"))
}

fn refused(given: &str, why: &str) -> Failure {
    Failure::new(Code::ConfigInvalid, format!("{given} cannot be used"))
        .because(format!("it {why}"))
}

/// Says what is wrong with asking for a private sandbox and naming an API's address: what it is,
/// why, and what to do.
pub fn two_addresses(cli: &Cli, private: bool) -> Option<[&'static str; 3]> {
    (private && cli.common.base_url.is_some()).then_some([
        "--sandbox and --base-url exclude each other",
        "a private sandbox has its own address",
        "leave one of them out",
    ])
}
