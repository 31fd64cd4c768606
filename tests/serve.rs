//! The demo app: the binary itself, asked over raw HTTP, before a sandbox that counts its calls.
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

#[path = "serve/ask.rs"]
mod ask;
#[path = "serve/command.rs"]
mod command;
#[path = "serve/doors.rs"]
mod doors;
#[path = "serve/events.rs"]
mod events;
#[path = "serve/load.rs"]
mod load;
#[path = "serve/page.rs"]
mod page;
#[path = "serve/upstream.rs"]
mod upstream;
