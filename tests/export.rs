//! `embedctl export`: what is written, and that it does against the sandbox what it says.
//!
//! What needs other programs is ignored by `cargo test`, which needs Rust alone, and run by
//! `cargo test --test export -- --ignored`, where a program that is missing is a failure.
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

#[path = "export/curl.rs"]
mod curl;
#[path = "export/files.rs"]
mod files;
#[path = "export/node.rs"]
mod node;

/// Secrets with every character that some notation escapes.
const CLIENT: &str = r#"Kanarie/cl+ient="ge\heim<&>'$x`"#;
const AWS: &str = r#"Kanarie/aws+secret="streng\vertraulich<&>'$y`"#;
