//! What holds of any file and any value; and what other readers hold after it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::Command;

use embedctl::env_file::{EnvFile, parse_block};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::Config;

use crate::{Folder, parsed, text, values};

fn config() -> Config {
    Config {
        cases: 256,
        failure_persistence: None,
        ..Config::default()
    }
}

/// Text thick with the characters that readers fall out over.
fn soup(longest: usize) -> impl Strategy<Value = String> {
    let pieces = select(vec![
        "'", "\"", "\\", "`", "$", "#", " #", " ", "\t", "=", ":", "~", ";", "&", "!", "{", "*",
        "a", "B", "0", "\\n", "${A}", "$(", "é", "🦀", "\u{a0}", "\u{feff}", "\u{2028}", "-", "/",
        "+", ",", "%", "@", ".",
    ]);
    prop::collection::vec(pieces, 0..longest).prop_map(|pieces| pieces.concat())
}

/// Pieces that, strung together, are often a file and always nearly one.
fn near_file() -> impl Strategy<Value = String> {
    let pieces = select(vec![
        "A=",
        "B=",
        "export C=",
        "D = ",
        "\n",
        "\n",
        "\n",
        "\r\n",
        "# c\n",
        " # c",
        "#",
        "'",
        "\"",
        "'x'",
        "\"y z\"",
        "\\",
        "\\n",
        "\\\"",
        "\\'",
        " ",
        "\t",
        "v",
        "w",
        "é",
        "A",
        "=",
        "",
        "KEY: v\n",
        "\u{a0}",
    ]);
    prop::collection::vec(pieces, 0..24).prop_map(|pieces| pieces.concat())
}

/// What `sh` holds after sourcing the file, in an environment that is otherwise empty.
fn sourced(contents: &str, keys: &[String]) -> Vec<String> {
    let folder = Folder::new();
    folder.with("file", contents, 0o600);
    let mut script = String::from(". ./file\n");
    for key in keys {
        writeln!(script, "printf '%s\\0' \"${{{key}-unset}}\"").unwrap();
    }
    let output = Command::new("/bin/sh")
        .args(["-c", &script])
        .env_clear()
        .current_dir(folder.0.path())
        .output()
        .unwrap();
    assert!(
        output.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).unwrap();
    text.split_terminator('\0').map(str::to_owned).collect()
}

/// What `node --env-file` holds.
fn in_node(contents: &str, keys: &[String]) -> Vec<String> {
    let folder = Folder::new();
    let path = folder.with("file", contents, 0o600);
    if keys.is_empty() {
        return Vec::new();
    }
    let script = format!(
        "for (const k of '{}'.split(' ')) process.stdout.write((process.env[k] ?? 'unset') + '\\0')",
        keys.join(" ")
    );
    let output = Command::new("node")
        .arg(format!("--env-file={}", path.display()))
        .args(["-e", &script])
        .output()
        .expect("node on PATH");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).unwrap();
    text.split_terminator('\0').map(str::to_owned).collect()
}

/// Whether dotenvy's line splitter and its parser see different quotes or comments in the file: a
/// backslash before a single quote, and # right behind = or behind two blanks. `line.rs` sides
/// with the parser.
fn splits_otherwise(contents: &str) -> bool {
    let blank = |c: &char| c.is_whitespace() && *c != '\n';
    let chars: Vec<char> = contents.chars().collect();
    chars
        .windows(2)
        .any(|pair| matches!(pair, ['\\', '\''] | ['=', '#']))
        || chars
            .windows(3)
            .any(|three| three[2] == '#' && three[..2].iter().all(blank))
}

/// A file of those values that can be written, with their keys.
fn written(values: &[String]) -> (String, Vec<String>, Vec<String>) {
    let mut file = EnvFile::empty();
    let (mut keys, mut kept) = (Vec::new(), Vec::new());
    for (value, number) in values.iter().zip(0..) {
        let key = format!("K{number}");
        if file.set(&key, value).is_ok() {
            keys.push(key);
            kept.push(value.clone());
        }
    }
    (text(&file), keys, kept)
}

/// Lines that we read, and of which we say that this reader agrees.
fn agreed(lines: &[String], reader: &str) -> (String, Vec<String>, Vec<String>) {
    let (mut contents, mut keys, mut kept) = (String::new(), Vec::new(), Vec::new());
    for (line, number) in lines.iter().zip(0..) {
        let key = format!("K{number}");
        let line = format!("{key}={line}\n");
        let Ok(file) = EnvFile::parse(line.as_bytes()) else {
            continue;
        };
        if file.notes().iter().any(|note| note.text.contains(reader)) {
            continue;
        }
        kept.push(file.get(&key).unwrap().value.to_owned());
        keys.push(key);
        contents += &line;
    }
    (contents, keys, kept)
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_file_comes_back_byte_for_byte(contents in near_file(), mark in any::<bool>()) {
        let contents = if mark { format!("\u{feff}{contents}") } else { contents };
        if let Ok(file) = EnvFile::parse(contents.as_bytes()) {
            prop_assert_eq!(text(&file), contents);
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(file) = EnvFile::parse(&bytes) {
            prop_assert_eq!(file.to_bytes(), bytes);
        }
    }

    #[test]
    fn a_pasted_block_never_fails_and_holds_no_carriage_return(contents in near_file()) {
        let block = parse_block(&contents.replace('v', "\r"));
        prop_assert!(block.settings.iter().all(|(_, value)| !value.contains('\r')));
    }

    #[test]
    fn what_was_set_is_read_back(contents in near_file(), value in soup(12)) {
        let Ok(mut file) = EnvFile::parse(contents.as_bytes()) else { return Ok(()) };
        let before = values(&file);
        if file.set("A", &value).is_ok() {
            let again = parsed(&text(&file));
            prop_assert_eq!(again.get("A").unwrap().value, &value);
            prop_assert_eq!(again.notes(), file.notes());
            let mut expected = before;
            expected.insert("A".to_owned(), value);
            prop_assert_eq!(values(&again), expected);
        } else {
            prop_assert_eq!(text(&file), contents);
        }
    }

    #[test]
    fn setting_changes_one_line_only(contents in near_file(), value in soup(8)) {
        let Ok(mut file) = EnvFile::parse(contents.as_bytes()) else { return Ok(()) };
        let Some(line) = file.get("B").map(|entry| entry.line) else { return Ok(()) };
        let lines = file.get("B").unwrap().value.matches('\n').count() + 1;
        if contents.contains("\\n") || file.set("B", &value).is_err() { return Ok(()) }
        let after = text(&file);
        let old: Vec<&str> = contents.split_inclusive('\n').collect();
        let new: Vec<&str> = after.split_inclusive('\n').collect();
        prop_assert_eq!(&old[..line - 1], &new[..line - 1]);
        let changed = if after == contents { lines } else { 1 };
        prop_assert_eq!(&old[line - 1 + lines..], &new[line - 1 + changed..]);
    }

    #[test]
    fn dotenvy_agrees_where_it_can_read(contents in near_file()) {
        let theirs: Result<BTreeMap<String, String>, _> =
            dotenvy::from_read_iter(contents.as_bytes()).collect();
        let Ok(theirs) = theirs else { return Ok(()) };
        match EnvFile::parse(contents.as_bytes()) {
            _ if splits_otherwise(&contents) => {}
            Ok(ours) => {
                let theirs = theirs.into_iter();
                let theirs = theirs.map(|(key, value)| (key, value.replace("\r\n", "\n")));
                prop_assert_eq!(values(&ours), theirs.collect());
            }
            Err(problems) => {
                let known = ["ends in a backslash", "inside the value is not closed", "carriage return"];
                let told = |known| problems.iter().any(|problem| problem.reason.contains(known));
                prop_assert!(known.into_iter().any(told), "{:?}", problems);
            }
        }
    }

    #[test]
    fn dotenvy_reads_what_we_write(values in prop::collection::vec(soup(12), 1..20)) {
        let (contents, keys, kept) = written(&values);
        let theirs: Vec<(String, String)> =
            dotenvy::from_read_iter(contents.as_bytes()).map(Result::unwrap).collect();
        let ours: Vec<(String, String)> = keys.into_iter().zip(kept).collect();
        prop_assert_eq!(theirs, ours);
    }
}

proptest! {
    #![proptest_config(Config { cases: 32, ..config() })]

    #[test]
    fn a_shell_reads_what_we_write(values in prop::collection::vec(soup(12), 1..40)) {
        let (contents, keys, kept) = written(&values);
        prop_assert_eq!(sourced(&contents, &keys), kept);
    }

    #[test]
    fn a_shell_agrees_with_every_line_we_say_it_agrees_with(
        lines in prop::collection::vec(soup(8), 1..40),
    ) {
        let (contents, keys, kept) = agreed(&lines, "a shell");
        prop_assert_eq!(sourced(&contents, &keys), kept);
    }

    #[test]
    #[ignore = "needs Node: EMBEDCTL_TEST_NODE=1 cargo test --test env_file -- --ignored node"]
    fn node_reads_what_we_write(values in prop::collection::vec(soup(12), 1..40)) {
        node_wanted();
        let (contents, keys, kept) = written(&values);
        prop_assert_eq!(in_node(&contents, &keys), kept);
    }

    #[test]
    #[ignore = "needs Node: EMBEDCTL_TEST_NODE=1 cargo test --test env_file -- --ignored node"]
    fn node_agrees_with_every_line_we_say_it_agrees_with(
        lines in prop::collection::vec(soup(8), 1..40),
    ) {
        node_wanted();
        let (contents, keys, kept) = agreed(&lines, "Node's dotenv");
        prop_assert_eq!(in_node(&contents, &keys), kept);
    }
}

fn node_wanted() {
    let wanted = std::env::var("EMBEDCTL_TEST_NODE");
    assert_eq!(
        wanted.as_deref(),
        Ok("1"),
        "set EMBEDCTL_TEST_NODE=1, with node on PATH"
    );
}
