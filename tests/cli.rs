//! The headless face: the binary itself, in a cleared environment, over real HTTP to a sandbox.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests: what must not happen ends one"
)]

#[path = "support/support.rs"]
mod support;

#[path = "cli/body.rs"]
mod body;
#[path = "cli/check.rs"]
mod check;
#[path = "cli/env.rs"]
mod env;
#[path = "cli/env_write.rs"]
mod env_write;
#[path = "cli/envelope.rs"]
mod envelope;
#[path = "cli/generated.rs"]
mod generated;
#[path = "cli/inspect.rs"]
mod inspect;
#[path = "cli/junit.rs"]
mod junit;
#[path = "cli/lost.rs"]
mod lost;
#[path = "cli/mint.rs"]
mod mint;
#[path = "cli/output.rs"]
mod output;
#[path = "cli/requests.rs"]
mod requests;
#[path = "cli/sandbox.rs"]
mod sandbox;
#[path = "cli/signals.rs"]
mod signals;
#[path = "cli/template.rs"]
mod template;
#[path = "cli/terminal.rs"]
mod terminal;
#[path = "cli/usage.rs"]
mod usage;
