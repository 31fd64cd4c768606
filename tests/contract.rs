//! The contract: what our client sends and what our sandbox answers, held to Airbyte's published
//! OpenAPI documents.
//!
//! The documents are not part of this project. `EMBEDCTL_SPEC` names the folder that holds
//! `airbyte-v1-embedded.yaml` and `airbyte-ai-agent-api.json`; without it the tests that need them
//! say so and pass:
//!
//! ```text
//! EMBEDCTL_SPEC=../shared/spec cargo test --test contract
//! ```
//!
//! A difference between the documents and what Airbyte is observed to do is an exception, listed
//! with its reason in `exceptions.rs`. An exception that nothing needs any more fails, too.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests: a wrong answer ends one"
)]

#[path = "contract/breakages.rs"]
mod breakages;
#[path = "contract/cases.rs"]
mod cases;
#[path = "contract/document.rs"]
mod document;
#[path = "contract/exceptions.rs"]
mod exceptions;
#[path = "contract/replies.rs"]
mod replies;
#[path = "contract/requests.rs"]
mod requests;
#[path = "contract/site.rs"]
mod site;

use embedctl::sandbox::Sandbox;

use document::{Api, Finding, documents};
use exceptions::{PATHS, reconcile};

/// Every path that the sandbox serves under the two APIs is published.
#[test]
fn served_paths_are_published() {
    let Some(documents) = documents() else { return };
    let routes = Sandbox::routes();
    assert!(routes.len() > 20, "both APIs are listed: {routes:?}");
    let findings = routes.iter().filter_map(|(method, path)| {
        let document = &documents[Api::of(path) as usize];
        let why = document.operation(method, path).err()?;
        Some(Finding::new(method, path, "path", why))
    });
    reconcile(&findings.collect::<Vec<_>>(), PATHS);
}
