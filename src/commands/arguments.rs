//! What commands cannot take together, refused in one way.
//!
//! Depends on `cli`.

use crate::cli::Cli;

/// Says what is wrong with asking for a private sandbox and naming an API's address: what it is,
/// why, and what to do.
pub fn two_addresses(cli: &Cli, private: bool) -> Option<[&'static str; 3]> {
    (private && cli.common.base_url.is_some()).then_some([
        "--sandbox and --base-url exclude each other",
        "a private sandbox has its own address",
        "leave one of them out",
    ])
}
