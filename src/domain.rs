//! Pure values: what the product talks about. No input or output, no clock, no async.
//!
//! Depends on nothing of ours outside this folder.

pub mod base_url;
pub mod curl;
pub mod exchange;
pub mod failure;
pub mod field;
pub mod iam;
pub mod ladder;
pub mod landing;
pub mod moment;
pub mod origin;
pub mod record;
pub mod redact;
pub mod secret;
pub mod settings;
pub mod shell;
pub mod source_template;
pub mod template;
pub mod text;
pub mod token;
pub mod user;
pub mod visit;
