//! The rules of the house, held by reading the repository.
#![expect(
    clippy::unwrap_used,
    reason = "a file that cannot be read ends the test"
)]

use std::fs;
use std::path::{Path, PathBuf};

/// Which of our modules each module may name. This table is the rule.
const LAYERS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("env_file", &["domain"]),
    ("ledger", &["domain"]),
    ("http", &["domain"]),
    ("api", &["http", "domain"]),
    ("bucket", &["http", "domain"]),
    ("ops", &["api", "bucket", "ledger", "domain"]),
    ("demo", &["ops", "api", "ledger", "domain"]),
    (
        "client",
        &[
            "browser", "demo", "ops", "api", "bucket", "ledger", "env_file", "domain",
        ],
    ),
    ("sandbox", &[]),
    ("tui", &["client", "domain"]),
    ("cli", &["domain", "ops", "sandbox"]),
    (
        "commands",
        &[
            "cli", "browser", "demo", "ops", "api", "bucket", "http", "env_file", "ledger",
            "sandbox", "domain",
        ],
    ),
    (
        "console",
        &["cli", "client", "commands", "tui", "ledger", "domain"],
    ),
    ("browser", &["domain"]),
    ("process", &["domain"]),
];

/// Which of our files may name an outside crate that belongs to one layer.
const CRATES: &[(&str, &[&str])] = &[
    ("ratatui", &["tui"]),
    ("crossterm", &["tui"]),
    ("tui_input", &["tui"]),
    ("clap", &["cli", "console", "main"]),
    ("reqwest", &["http", "api", "bucket"]),
    ("axum", &["demo", "sandbox"]),
    ("anyhow", &["tui"]),
];

/// What `domain` must not touch: it does no input or output and reads no clock of its own, but for
/// the one type that hands time to all others.
const OUTSIDE_DOMAIN: &[&str] = &[
    "tokio",
    "std::fs",
    "std::env",
    "std::net::Tcp",
    "Timestamp::now",
    "Instant::now",
];

#[test]
fn layers_point_one_way() {
    let mut wrong = Vec::new();
    for file in sources() {
        let Some((_, allowed)) = LAYERS.iter().find(|(name, _)| *name == file.module) else {
            assert!(
                matches!(file.module.as_str(), "lib" | "main"),
                "{} is in no layer",
                file.path.display()
            );
            continue;
        };
        for used in modules_named(&file.text) {
            let known = LAYERS.iter().any(|(name, _)| *name == used);
            if known && used != file.module && !allowed.contains(&used.as_str()) {
                wrong.push(format!("{} names crate::{used}", file.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_rule_itself_has_no_cycle() {
    for (module, uses) in LAYERS {
        for used in *uses {
            let back = LAYERS.iter().find(|(name, _)| name == used).unwrap().1;
            assert!(!back.contains(module), "{module} and {used} use each other");
        }
    }
}

#[test]
fn outside_crates_stay_in_their_layer() {
    for file in sources() {
        for (name, allowed) in CRATES {
            let named = code_lines(&file.text).any(|line| line.contains(&format!("{name}::")));
            assert!(
                !named || allowed.contains(&file.module.as_str()),
                "{} names {name}",
                file.path.display()
            );
        }
    }
}

#[test]
fn the_domain_does_no_input_or_output() {
    for file in sources()
        .into_iter()
        .filter(|f| f.module == "domain" && !f.path.ends_with("moment.rs"))
    {
        for word in OUTSIDE_DOMAIN {
            assert!(
                !code_lines(&file.text).any(|line| line.contains(word)),
                "{} names {word}",
                file.path.display()
            );
        }
    }
}

#[test]
fn inside_the_console_only_its_shell_is_async() {
    for file in sources().into_iter().filter(|f| f.module == "tui") {
        let shell = file.path.ends_with("tui.rs") || file.path.ends_with("terminal.rs");
        let named = code_lines(&file.text)
            .any(|line| line.contains("tokio::") || line.contains("async fn"));
        assert!(shell || !named, "{} is not the shell", file.path.display());
    }
}

#[test]
fn a_secret_is_exposed_only_where_it_must_leave() {
    // The request, the env file, the masked or whole form of a template, the redactor that looks
    // for it, the decoder that opens tokens, the output of `token mint`, the demo app's answer, the clipboard; and the form,
    // whose values are all kept as secrets, most of them to be read on the screen.
    let allowed = [
        "domain/secret.rs",
        "domain/settings.rs",
        "domain/template.rs",
        "domain/redact.rs",
        "api/v1.rs",
        "bucket.rs",
        "bucket/sign.rs",
        "api/agents.rs",
        "api/transport.rs",
        "ops/mint.rs",
        "env_file/edit.rs",
        "commands/mint.rs",
        "demo/answer.rs",
        "tui.rs",
        "tui/terminal.rs",
        "tui/model.rs",
        "tui/prerequisites.rs",
        "tui/prerequisites/view.rs",
        "tui/prompt.rs",
        "tui/update.rs",
    ];
    let outside: Vec<String> = sources()
        .into_iter()
        .filter(|file| !file.is_test())
        .filter(|file| code_lines(&file.text).any(|line| line.contains(".expose()")))
        .map(|file| {
            file.path
                .strip_prefix(root().join("src"))
                .unwrap()
                .display()
                .to_string()
        })
        .filter(|path| !allowed.contains(&path.as_str()))
        .collect();
    assert!(outside.is_empty(), "{outside:?}");
}

#[test]
fn every_file_says_what_it_is_for() {
    for file in sources() {
        assert!(
            file.text.starts_with("//!") || file.is_test(),
            "{}",
            file.path.display()
        );
    }
}

#[test]
fn no_file_is_a_drawer_for_anything() {
    for file in sources() {
        let name = file
            .path
            .file_stem()
            .unwrap()
            .to_string_lossy()
            .into_owned();
        assert!(
            ![
                "utils", "util", "helpers", "helper", "common", "manager", "mod"
            ]
            .contains(&name.as_str()),
            "{}",
            file.path.display()
        );
    }
}

#[test]
fn the_example_file_is_the_settings_table() {
    let written = fs::read_to_string(root().join("assets/env.example")).unwrap_or_default();
    let table = embedctl::domain::field::example_file();
    if written != table && std::env::var_os("EMBEDCTL_WRITE").is_some() {
        fs::write(root().join("assets/env.example"), &table).unwrap();
        return;
    }
    assert_eq!(
        written, table,
        "EMBEDCTL_WRITE=1 cargo test --test rules writes it"
    );
}

#[test]
fn the_architecture_fits_on_three_pages() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    assert!(text.lines().count() <= 150);
}

#[test]
fn invariants_name_tests_that_exist() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let code: String = all_rust()
        .iter()
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    let names: Vec<&str> = text
        .split('`')
        .filter(|word| word.contains("::") && word.ends_with("()"))
        .collect();
    assert!(!names.is_empty());
    for name in names {
        let function = name.rsplit("::").next().unwrap().trim_end_matches("()");
        assert!(
            code.contains(&format!("fn {function}(")),
            "ARCHITECTURE.md names {name}"
        );
    }
}

struct Source {
    path: PathBuf,
    module: String,
    text: String,
}

impl Source {
    fn is_test(&self) -> bool {
        let below = self.path.strip_prefix(root().join("src")).unwrap();
        below
            .iter()
            .any(|part| part == "tests" || part == "tests.rs")
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources() -> Vec<Source> {
    let src = root().join("src");
    let read = |path: PathBuf| {
        let below = path.strip_prefix(&src).unwrap();
        let first = below
            .components()
            .next()
            .unwrap()
            .as_os_str()
            .to_string_lossy()
            .into_owned();
        Source {
            module: first.trim_end_matches(".rs").to_owned(),
            text: fs::read_to_string(&path).unwrap(),
            path,
        }
    };
    rust_below(&src).into_iter().map(read).collect()
}

fn all_rust() -> Vec<PathBuf> {
    let mut files = rust_below(&root().join("src"));
    files.extend(rust_below(&root().join("tests")));
    files
}

fn rust_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(rust_below(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn code_lines(text: &str) -> impl Iterator<Item = &str> {
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    code.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
}

fn modules_named(text: &str) -> Vec<String> {
    let lines = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    lines
        .flat_map(|line| line.split("crate::").skip(1))
        .map(|rest| {
            rest.chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect()
        })
        .collect()
}
