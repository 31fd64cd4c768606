//! The client's requests, judged: the binary is run against a sandbox, which tells what it was sent.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::document::{Api, Document, Finding, Request, documents};
use super::exceptions::{AGENTS_REQUESTS, Exception, V1_REQUESTS, reconcile};
use super::site::Site;

/// The APIs that the client speaks. Whoever teaches it another adds it here.
const SPOKEN: &[Api] = &[Api::V1, Api::Agents];

/// One run of the program: settings beside the sandbox's own, and arguments. Each ends with 0.
type Run = (
    &'static [(&'static str, &'static str)],
    &'static [&'static str],
);

/// What is run against an API, and which routes must have been asked in the end.
struct Walk {
    api: Api,
    name: &'static str,
    runs: &'static [Run],
    asked: &'static [&'static str],
    exceptions: &'static [Exception],
}

const WALKS: [Walk; 2] = [
    Walk {
        api: Api::V1,
        name: "v1",
        runs: &[
            (&[], &["template", "create", "--skip-probe", "--yes"]),
            (
                &[
                    ("TEMPLATE_FORMAT", "csv.gz"),
                    ("TEMPLATE_SCHEDULE", "manual"),
                ],
                &["template", "create", "--skip-probe", "--yes", "--force"],
            ),
            (
                &[
                    ("TEMPLATE_FORMAT", "parquet"),
                    ("TEMPLATE_SCHEDULE", "0 0 6 * * ?"),
                ],
                &["template", "create", "--skip-probe", "--yes", "--force"],
            ),
            (&[], &["token", "mint", "user-42", "0"]),
            (&[], &["check", "--skip", "bucket"]),
        ],
        asked: &[
            "POST /v1/applications/token",
            "POST /v1/config_templates/connections",
            "POST /v1/embedded/widget_token",
            "GET /v1/embedded/organizations",
        ],
        exceptions: V1_REQUESTS,
    },
    Walk {
        api: Api::Agents,
        name: "agents",
        runs: &[
            (&[], &["template", "create", "--skip-probe", "--yes"]),
            (
                &[("TEMPLATE_NAME", "second"), ("TEMPLATE_FORMAT", "csv.gz")],
                &["template", "create", "--skip-probe", "--yes"],
            ),
            (
                &[
                    ("TEMPLATE_NAME", "third"),
                    ("TEMPLATE_SCHEDULE", "0 0 6 * * ?"),
                ],
                &["template", "create", "--skip-probe", "--yes"],
            ),
            (&[], &["template", "list"]),
            (&[], &["token", "mint", "user-42"]),
            (&[], &["check", "--skip", "bucket"]),
        ],
        asked: &[
            "POST /api/v1/account/applications/token",
            "GET /api/v1/integrations/templates/connections",
            "POST /api/v1/integrations/templates/connections",
            "POST /api/v1/account/applications/widget-token",
        ],
        exceptions: AGENTS_REQUESTS,
    },
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_are_published() {
    let Some(documents) = documents() else { return };
    for walk in WALKS.iter().filter(|walk| SPOKEN.contains(&walk.api)) {
        let document = &documents[walk.api as usize];
        let site = Site::new().await;
        let folder = tempfile::tempdir().unwrap();
        let settings = site.sandbox.settings(&site.url).into_iter();
        let lines: Vec<String> = settings
            .map(|(name, value)| format!("{name}='{value}'\n"))
            .collect();
        std::fs::write(folder.path().join(".env"), lines.concat()).unwrap();
        let (mut findings, mut failures) = (Vec::new(), Vec::new());
        for (settings, arguments) in walk.runs {
            failures.extend(
                run(folder.path(), walk.name, settings, arguments)
                    .await
                    .err(),
            );
            findings.extend(judged(document, &site).await);
        }
        // A request that the sandbox refused says more than the refusal.
        reconcile(&findings, walk.exceptions);
        assert!(failures.is_empty(), "{failures:#?}");
        let counts = site.sandbox.state()["counts"].clone();
        for asked in walk.asked {
            assert!(counts.get(asked).is_some(), "{asked} was never asked");
        }
    }
}

async fn run(
    folder: &Path,
    api: &str,
    settings: &[(&'static str, &'static str)],
    arguments: &[&'static str],
) -> Result<(), String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_embedctl"));
    command
        .env_clear()
        .envs(settings.iter().copied())
        .env("HOME", folder)
        .env("XDG_STATE_HOME", folder)
        .current_dir(folder)
        .args(arguments)
        .args(["--api", api, "--no-input"]);
    let ended = tokio::task::spawn_blocking(move || command.output());
    let ended = ended.await.unwrap().unwrap();
    if ended.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&ended.stderr);
    Err(format!(
        "{api} {arguments:?} ended with {}: {said}",
        ended.status
    ))
}

/// Judges the last request of each route.
async fn judged(document: &Document, site: &Site) -> Vec<Finding> {
    let (bodies, queries) = (
        site.control("last-bodies").await,
        site.control("last-queries").await,
    );
    let counts = site.sandbox.state()["counts"].clone();
    let routes = counts.as_object().unwrap().keys();
    // The page is a page, and in no document.
    let routes = routes.filter(|route| !route.contains(" /embedded-widget"));
    let text = |from: &Value, route: &String| from[route].as_str().map(str::to_owned);
    routes
        .flat_map(|route| {
            let (method, path) = route.split_once(' ').unwrap();
            let request = Request {
                body: text(&bodies, route),
                query: text(&queries, route),
            };
            document.request(method, path, &request)
        })
        .collect()
}
