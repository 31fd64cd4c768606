//! The README says what the program does: its tables are generated, its commands run.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a README that cannot be read ends the test"
)]

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use clap::CommandFactory as _;
use embedctl::demo::Kind;
use embedctl::domain::failure::{Code, Exit};
use embedctl::domain::field::FIELDS;
use embedctl::sandbox::Fault;

#[test]
fn the_tables_are_the_programs_own() {
    let path = root().join("README.md");
    let readme = fs::read_to_string(&path).unwrap();
    let mut expected = readme.clone();
    for (name, table) in [
        ("settings", settings()),
        ("exits", exits()),
        ("codes", codes()),
        ("refusals", refusals()),
        ("faults", faults()),
    ] {
        expected = replaced(&expected, name, &table);
    }
    if readme != expected && std::env::var_os("EMBEDCTL_WRITE").is_some() {
        fs::write(&path, &expected).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap();
    assert!(
        written == expected,
        "EMBEDCTL_WRITE=1 cargo test --test readme writes the tables"
    );
}

#[test]
fn every_subcommand_has_its_row() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    for command in embedctl::cli::Cli::command().get_subcommands() {
        let leaves: Vec<String> = command
            .get_subcommands()
            .map(|s| format!("{} {}", command.get_name(), s.get_name()))
            .collect();
        let names = if leaves.is_empty() {
            vec![command.get_name().to_owned()]
        } else {
            leaves
        };
        for name in names {
            assert!(readme.contains(&format!("| `embedctl {name}` |")), "{name}");
        }
    }
}

#[test]
fn the_commands_do_what_is_shown() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let blocks: Vec<&str> = readme
        .split("```console\n")
        .skip(1)
        .map(|b| b.split("```").next().unwrap())
        .collect();
    assert!(!blocks.is_empty());
    for block in blocks {
        let home = tempfile::tempdir().unwrap();
        let _sandbox = sandbox(home.path());
        for (command, shown) in commands(block) {
            let output = Command::new("sh")
                .arg("-c")
                .arg(&command)
                .current_dir(home.path())
                .env_clear()
                .env("PATH", path_with_embedctl())
                .env("HOME", home.path())
                .output()
                .unwrap();
            let told = String::from_utf8_lossy(&output.stderr);
            assert!(
                output.status.success(),
                "{command}: {}\n{told}",
                output.status
            );
            if !shown.is_empty() {
                let printed = String::from_utf8_lossy(&output.stdout);
                assert_eq!(shape(&printed), shape(&shown), "{command}");
            }
        }
    }
}

#[test]
fn pictures_exist() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    for picture in readme
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
        .filter(|p| p.starts_with("assets/"))
    {
        assert!(root().join(picture).exists(), "{picture}");
    }
}

fn refusals() -> String {
    let mut table = "| error code | status | meaning |\n| --- | --- | --- |\n".to_owned();
    for kind in Kind::ALL {
        let (name, status, meaning) = (kind.name(), kind.status(), kind.meaning());
        writeln!(table, "| `{name}` | {status} | {meaning} |").unwrap();
    }
    table
}

fn faults() -> String {
    let routes: Vec<&str> = Fault::routes().collect();
    let mut table = "| | |\n| --- | --- |\n".to_owned();
    for (what, forms) in [
        ("routes", routes.as_slice()),
        ("actions, instead of the request", Fault::INSTEAD),
        ("actions, with the request carried out", Fault::CARRIED_OUT),
        ("switches, the world", Fault::SWITCHES),
        ("switches, so that data does not arrive", Fault::SETBACKS),
    ] {
        writeln!(table, "| {what} | `{}` |", forms.join("`, `")).unwrap();
    }
    table
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn path_with_embedctl() -> String {
    let folder = PathBuf::from(env!("CARGO_BIN_EXE_embedctl"))
        .parent()
        .unwrap()
        .display()
        .to_string();
    format!("{folder}:{}", std::env::var("PATH").unwrap_or_default())
}

/// A sandbox whose settings are the folder's `.env`; ended when dropped.
fn sandbox(folder: &std::path::Path) -> Ended {
    let mut child = Command::new(env!("CARGO_BIN_EXE_embedctl"))
        .args(["sandbox", "--bind", "127.0.0.1:0", "--write-env", ".env"])
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut ready = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut ready)
        .unwrap();
    assert!(ready.starts_with("http://"), "{ready}");
    Ended(child)
}

struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _status = self.0.wait();
    }
}

/// The commands of a block, each with the output that is shown for it.
fn commands(block: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for line in block.lines() {
        if let Some(command) = line.strip_prefix("$ ") {
            found.push((command.to_owned(), String::new()));
        } else {
            let last = found.len() - 1;
            writeln!(found[last].1, "{line}").unwrap();
        }
    }
    found
}

/// What stays the same from run to run: ids, durations and the blanks around them are made alike.
fn shape(text: &str) -> String {
    let mut out = String::new();
    for word in text.split_inclusive([' ', '\n']) {
        let bare = word.trim();
        let varies =
            bare.parse::<u32>().is_ok() || (bare.len() == 36 && bare.matches('-').count() == 4);
        if varies {
            out.push('#');
        } else {
            out.push_str(bare);
        }
        if !bare.is_empty() {
            out.push(' ');
        }
        if word.ends_with('\n') {
            out.push('\n');
        }
    }
    out
}

fn replaced(text: &str, name: &str, table: &str) -> String {
    let (open, close) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
    let (before, rest) = text.split_once(&open).unwrap();
    let (_, after) = rest.split_once(&close).unwrap();
    format!("{before}{open}{table}{close}{after}")
}

fn settings() -> String {
    let mut table = "| variable | default | what |\n| --- | --- | --- |\n".to_owned();
    for field in FIELDS {
        let default = field.default.map_or(String::new(), |default| {
            let d = default.told();
            if d.contains(' ') {
                d.to_owned()
            } else {
                format!("`{d}`")
            }
        });
        writeln!(
            table,
            "| `{}` | {default} | {} |",
            field.variable,
            field.help.replace('|', "\\|")
        )
        .unwrap();
    }
    table
}

fn exits() -> String {
    let mut table = "| code | meaning | do |\n| --- | --- | --- |\n".to_owned();
    for (exit, meaning, what) in Exit::TABLE {
        writeln!(table, "| {} | {meaning} | {what} |", exit.code()).unwrap();
    }
    table
}

fn codes() -> String {
    let mut table = "| error code | exit | meaning |\n| --- | --- | --- |\n".to_owned();
    for code in Code::ALL {
        writeln!(
            table,
            "| `{}` | {} | {} |",
            code.name(),
            code.exit().code(),
            code.meaning()
        )
        .unwrap();
    }
    table
}
