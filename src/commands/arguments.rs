//! What commands cannot take together, refused in one way.
//!
//! Depends on `cli`.

use std::path::Path;

use crate::cli::{Cli, Command};

/// Says what is wrong with asking for a private sandbox and naming an API's address: what it is,
/// why, and what to do.
pub fn two_addresses(cli: &Cli, private: bool) -> Option<[&'static str; 3]> {
    (private && cli.common.base_url.is_some()).then_some([
        "--sandbox and --base-url exclude each other",
        "a private sandbox has its own address",
        "leave one of them out",
    ])
}

/// Says what is wrong with a file to be written that is the env file: which it is, why, and what to do.
pub fn env_file_written_over(cli: &Cli) -> Option<[&'static str; 3]> {
    let env_file = &cli.common.env_file;
    let is_it = |path: &Path| path == env_file || is_same(path, env_file);
    let report = match &cli.command {
        Some(Command::Check(check)) => check.junit.as_deref(),
        _ => None,
    };
    let what = if report.is_some_and(is_it) {
        "--junit names the env file"
    } else if cli.common.log_file.as_deref().is_some_and(is_it) {
        "--log-file names the env file"
    } else {
        return None;
    };
    let because = "the settings in it would be lost or spoilt";
    Some([what, because, "name a file of its own"])
}

/// Whether two paths lead to one place.
fn is_same(one: &Path, other: &Path) -> bool {
    let place = |path: &Path| path.canonicalize().ok();
    place(one).is_some_and(|place_of_one| place(other) == Some(place_of_one))
}
