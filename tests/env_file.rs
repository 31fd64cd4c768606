//! Env files: nothing is lost, nothing is run, and what is written reads alike everywhere.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test ends at the first surprise"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use embedctl::env_file::{
    EnvFile, Error, Loaded, Note, NoteKind, Stamp, Unwritable, parse_block, read, write,
};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::Config;

fn parsed(text: &str) -> EnvFile {
    EnvFile::parse(text.as_bytes()).expect("a readable file")
}

fn values(file: &EnvFile) -> BTreeMap<String, String> {
    file.entries()
        .map(|entry| (entry.key.to_owned(), entry.value.to_owned()))
        .collect()
}

fn value(text: &str) -> String {
    parsed(text).get("A").expect("a setting").value.to_owned()
}

fn text(file: &EnvFile) -> String {
    String::from_utf8(file.to_bytes()).unwrap()
}

fn refused(bytes: &[u8]) -> Vec<String> {
    let problems = EnvFile::parse(bytes).expect_err("a refusal");
    problems.iter().map(ToString::to_string).collect()
}

fn notes(text: &str) -> Vec<String> {
    parsed(text)
        .notes()
        .iter()
        .map(|note| format!("{}: {}", note.line, note.text))
        .collect()
}

// ---- reading ---------------------------------------------------------------------------------

#[test]
fn each_spelling_has_its_value() {
    let table = [
        ("A=x", "x"),
        ("A=", ""),
        ("A=   # comment", ""),
        ("A=#comment", ""),
        ("  A = x  ", "x"),
        ("export A=x", "x"),
        ("export   A  =  'x'", "x"),
        ("A=x#c", "x#c"),
        ("A=x #c", "x"),
        ("A='x # y' # z", "x # y"),
        ("A=\"x # y\"", "x # y"),
        ("A=it\\'s", "it's"),
        ("A='it'\\''s'", "it's"),
        ("A=\"say \\\"x\\\"\"", "say \"x\""),
        ("A=\"one\\ntwo\"", "one\ntwo"),
        ("A=\"one\ntwo\"", "one\ntwo"),
        ("A='one\r\ntwo'\r\n", "one\ntwo"),
        ("A=a=b==", "a=b=="),
        ("A=x\r\n", "x"),
        ("A=x\r\r\n", "x"),
        ("A=x\r", "x"),
        ("A=x \t \r\n", "x"),
        ("\u{feff}A=x", "x"),
        ("A=two words # comment", "two words"),
        ("A=two  \twords  ", "two  \twords"),
        ("A=two $words #", "two $words"),
        ("A='ends in \\'", "ends in \\"),
        ("A='ends in \\' # comment\nB='x'", "ends in \\"),
        ("A='\\\\\\'x", "\\\\\\x"),
        ("A=grüße 🦀", "grüße 🦀"),
    ];
    for (line, expected) in table {
        assert_eq!(value(line), expected, "{line}");
    }
}

#[test]
fn nothing_is_expanded_or_run() {
    let home = std::env::var("HOME").unwrap_or_default();
    for literal in [
        "$HOME", "${HOME}", "a$", "$$", "$(id)", "`id`", "pa$$w0rd", "${",
    ] {
        for line in [
            format!("A={literal}"),
            format!("A=\"{literal}\""),
            format!("A='{literal}'"),
        ] {
            assert_eq!(value(&line), literal, "{line}, with HOME={home}");
        }
    }
    assert_eq!(value("A=\\$HOME"), "$HOME");
    assert_eq!(value("A=\"\\$HOME\""), "$HOME");
}

#[test]
fn all_lines_that_cannot_be_read_are_named_without_their_text() {
    let secrets = "OK=1\nhunter2\nA-B=hunter2\nC: hunter2\nD=\"hunter2\\q\"\nE='hunter2' x\n\
                   F=hunter2\\\nG=don't\nOK2=2\nH=\"hunter2\n";
    let problems = refused(secrets.as_bytes());
    assert_eq!(
        problems,
        [
            "line 2: it is not of the form KEY=value",
            "line 3: the name before = may have only letters, digits and _, and must not begin with a digit",
            "line 4: it is written KEY: value; write KEY=value",
            "line 5: a backslash stands before a character that cannot follow one; put the value in single quotes",
            "line 6: there are blanks outside the quotes; put the whole value in one pair of quotes",
            "line 7: the value ends in a backslash; put it in single quotes",
            "line 8: a quote inside the value is not closed on the same line; put the whole value in quotes of the other kind",
            "line 10: a quote is opened and never closed",
        ]
    );
}

#[test]
fn damaged_bytes_are_named_by_line() {
    assert_eq!(
        refused(b"A=1\nB=\xff\nC=\0\nD=1\rE=2\n-\n"),
        [
            "line 2: it is not UTF-8 text",
            "line 3: it has a NUL byte",
            "line 4: it has a carriage return that does not end the line; save the file with LF or CRLF line ends",
            "line 5: it is not of the form KEY=value",
        ]
    );
    assert_eq!(
        refused(b"\xff\xfeA\0=\0x\0\n\0"),
        ["line 1: the file is UTF-16; save it as UTF-8"]
    );
}

#[test]
fn a_forgotten_quote_does_not_swallow_other_settings_in_silence() {
    let caught = refused(b"A=\"x\nB=\"y\"\nC=z\n");
    assert_eq!(caught.len(), 1, "{caught:?}");
    assert!(caught[0].starts_with("line 1:"));
    let file = parsed("A=\"x\nB=y\"\n");
    let told = |note: &Note| note.line == 2 && note.kind == NoteKind::NotASetting;
    assert!(file.notes().iter().any(told), "{:?}", file.notes());
}

#[test]
fn of_equal_keys_the_last_counts_and_the_lines_are_told() {
    let file = parsed("A=1\nB='x\ny'\nA=2\n\nexport A=3\n");
    let a = file.get("A").unwrap();
    assert_eq!((a.value, a.line), ("3", 6));
    let entries: Vec<_> = file.entries().map(|e| (e.key, e.line)).collect();
    assert_eq!(entries, [("B", 2), ("A", 6)]);
    let note = file
        .notes()
        .iter()
        .find(|n| n.kind == NoteKind::Duplicate)
        .unwrap();
    assert_eq!(
        note.text,
        "A is given on lines 1, 4 and 6; the last one, line 6, counts"
    );
}

#[test]
fn plain_files_need_no_notes() {
    assert!(notes("# c\n\n  A=x\nB=https://x.y:1/z?q=1,\nC=\n").is_empty());
}

#[test]
fn what_other_readers_take_differently_is_told() {
    let table = [
        (
            "A=two words",
            "a shell takes the second word for a command; single quotes avoid that",
        ),
        (
            "A=x#c",
            "Node's dotenv cuts the value at #; single quotes avoid that",
        ),
        ("A=#c", "a shell takes # right after = for the value"),
        ("A=a$b", "a shell expands $; single quotes avoid that"),
        (
            "A=\"`id`\"",
            "a shell runs what stands between back-ticks; single quotes avoid that",
        ),
        (
            "A=a;b",
            "a shell takes ; & | < > ( ) for the end of the value; single quotes avoid that",
        ),
        (
            "A=~/x",
            "a shell replaces ~ by a home folder; single quotes avoid that",
        ),
        ("A = x", "a shell takes no blanks around ="),
        ("A.B=x", "a shell allows no . in a name"),
        ("A=\"x\\ny\"", "a shell keeps \\n as two characters"),
        (
            "A=two\\ words",
            "Node's dotenv keeps the backslash of an escape; single quotes avoid that",
        ),
        (
            "A='it'\\''s'",
            "Node's dotenv keeps the backslash of an escape; double quotes avoid that",
        ),
        (
            "A=x\"y\"z",
            "Node's dotenv keeps quotes inside the value; written without quotes it is the same to all",
        ),
        (
            "A=x\u{a0}",
            "a shell keeps the unusual blank behind the value",
        ),
        (
            "export A",
            "not a setting: it has no value, it only marks names for export in a shell",
        ),
        (
            "\u{feff}A=x",
            "the file begins with a byte order mark, which a shell takes for part of line 1",
        ),
        (
            "A=x\r\n",
            "lines end in CRLF, and a shell keeps the CR as part of each value",
        ),
        (
            "A='x y'",
            "docker run --env-file takes everything around = as it stands, quotes, blanks and comments too, and so reads line 1 differently",
        ),
    ];
    for (line, expected) in table {
        let found = notes(line);
        assert!(
            found.iter().any(|n| n.contains(expected)),
            "{line}: {found:?}"
        );
    }
}

#[test]
fn no_debug_text_holds_a_value() {
    let file = parsed("A=canary\nB='canary'\n");
    let loaded_like = (
        format!("{file:?}"),
        format!("{:?}", file.get("A")),
        format!("{:?}", parse_block("A=canary")),
        format!("{:?}", file.notes()),
    );
    let all = format!("{loaded_like:?}");
    assert!(all.contains('A') && !all.contains("canary"), "{all}");
}

// ---- changing --------------------------------------------------------------------------------

#[test]
fn setting_a_value_keeps_the_rest_of_its_line() {
    let table = [
        ("A=x # why\r\nB=1\r\n", "y", "A=y # why\r\nB=1\r\n"),
        ("  export A = x", "y", "  export A = y"),
        ("A='x'  # why\n", "y", "A='y'  # why\n"),
        ("A=\"x\"\n", "y z", "A=\"y z\"\n"),
        ("A=\"x\"\n", "y$z", "A='y$z'\n"),
        ("A='x'\n", "it's", "A=\"it's\"\n"),
        ("A='x'\n", "", "A=''\n"),
        ("A=#why\n", "y", "A=y #why\n"),
        ("A=  # why\n", "y", "A=y  # why\n"),
        ("A=\"x\ny\" # why\nB=1", "z", "A=\"z\" # why\nB=1"),
        ("A=1\nA=2\nA=3\nB=4\n", "y", "A=1\nA=2\nA=y\nB=4\n"),
        ("\u{feff}A=x", "y", "\u{feff}A=y"),
        ("A=x\\ y#z\n", "x y#z", "A=x\\ y#z\n"),
        ("A.B=1\nA=x", "y z", "A.B=1\nA='y z'"),
    ];
    for (before, new, after) in table {
        let mut file = parsed(before);
        file.set("A", new).unwrap();
        assert_eq!(text(&file), after, "{before}");
        assert_eq!(file.get("A").unwrap().value, new);
    }
}

#[test]
fn a_new_key_is_appended_in_the_files_own_line_breaks() {
    let table = [
        ("", "NEW='a b'\n"),
        ("A=1\n", "A=1\nNEW='a b'\n"),
        ("A=1", "A=1\nNEW='a b'\n"),
        ("# c\r\nA=1", "# c\r\nA=1\r\nNEW='a b'\r\n"),
        ("A=1\r\n# c\r", "A=1\r\n# c\r\nNEW='a b'\r\n"),
        ("A=1\nB=2\r\nC=3\n", "A=1\nB=2\r\nC=3\nNEW='a b'\n"),
        ("\u{feff}", "\u{feff}NEW='a b'\n"),
    ];
    for (before, after) in table {
        let mut file = parsed(before);
        file.set("NEW", "a b").unwrap();
        assert_eq!(text(&file), after);
    }
}

#[test]
fn removing_takes_every_line_of_the_key_and_its_notes() {
    let mut file = parsed("# c\nA=1\nB=x y\nA='2\n3'\n");
    file.remove("A");
    assert_eq!(text(&file), "# c\nB=x y\n");
    file.remove("B");
    assert!(file.notes().is_empty() && file.get("B").is_none());
}

#[test]
fn what_cannot_be_written_is_refused_with_the_reason_and_changes_nothing() {
    let table = [
        ("A", "canary\nx", "line break"),
        ("A", "canary\r", "line break"),
        ("A", "canary\u{1b}[0m", "control character"),
        ("A", "canary\tx", "control character"),
        ("A", "canary\0", "control character"),
        ("A", "it's $canary", "single quote"),
        ("A", "canary\\", "ends in a backslash"),
        ("A B", "canary", "a name has only"),
        ("1A", "canary", "a name has only"),
        ("", "canary", "a name has only"),
        ("A=B", "canary", "a name has only"),
    ];
    for (key, value, reason) in table {
        let mut file = parsed("A=1 # c");
        let Unwritable {
            key: named,
            reason: why,
        } = file.set(key, value).unwrap_err();
        assert!(why.contains(reason), "{key}: {why}");
        assert!(named == key && !why.contains("canary"));
        assert_eq!(text(&file), "A=1 # c");
    }
}

// ---- pasting ---------------------------------------------------------------------------------

#[test]
fn a_pasted_block_gives_its_settings_and_the_lines_that_were_none() {
    let block = parse_block(
        "\u{feff}Here are your values:\r\n\r\n# from the portal\r\nA=1\r\n  export B='two words'\r\n\
         C: yaml-like # comment\rD: \"quoted: x\"\nE=C:\\dir\\new # c\nF=don't\nsee https://x.y/z\nG=\n\
         H: 'it'\nenv:\nA=2\nI=\"one\ntwo\"\nJ=x#y\n",
    );
    let found: Vec<(&str, &str)> = block
        .settings
        .iter()
        .map(|(k, v)| (k.as_str(), v.as_str()))
        .collect();
    assert_eq!(
        found,
        [
            ("A", "2"),
            ("B", "two words"),
            ("C", "yaml-like"),
            ("D", "quoted: x"),
            ("E", "C:\\dir\\new"),
            ("F", "don't"),
            ("G", ""),
            ("H", "it"),
            ("I", "one\ntwo"),
            ("J", "x#y"),
        ]
    );
    assert_eq!(block.ignored, [1, 10, 13]);
}

// ---- on disk ---------------------------------------------------------------------------------

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Folder {
        Folder(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn with(&self, name: &str, contents: &str, mode: u32) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, contents).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        path
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.0.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

fn load(path: &Path) -> Loaded {
    read(path).unwrap().expect("a file")
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o7777
}

fn save(path: &Path, value: &str, expected: Option<&Stamp>) -> Result<Stamp, Error> {
    let mut file = EnvFile::empty();
    file.set("A", value).unwrap();
    write(path, &file, expected)
}

#[test]
fn no_file_is_no_error() {
    assert!(read(&Folder::new().path(".env")).unwrap().is_none());
}

#[test]
fn a_new_file_is_for_its_owner_only_and_leaves_no_other_behind() {
    let folder = Folder::new();
    let path = folder.path(".env");
    let stamp = save(&path, "x", None).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "A=x\n");
    assert_eq!(
        (mode(&path), folder.names()),
        (0o600, vec![".env".to_owned()])
    );
    let loaded = load(&path);
    assert!(loaded.warnings.is_empty());
    assert_eq!(loaded.stamp, stamp);
}

#[test]
fn saving_again_with_the_returned_stamp_works() {
    let folder = Folder::new();
    let path = folder.path(".env");
    let first = save(&path, "x", None).unwrap();
    let second = save(&path, "y", Some(&first)).unwrap();
    assert_ne!(first, second);
    save(&path, "z", Some(&second)).unwrap();
    assert_eq!(load(&path).file.get("A").unwrap().value, "z");
}

#[test]
fn a_file_open_to_others_is_read_with_the_command_that_closes_it_and_closed_by_saving() {
    let folder = Folder::new();
    let path = folder.with("it's.env", "A=x\n", 0o644);
    let loaded = load(&path);
    let quoted = path.display().to_string().replace('\'', "'\\''");
    assert_eq!(
        loaded.warnings,
        [format!(
            "{} is open to other users of this machine (mode 0644); run: chmod 600 '{quoted}'",
            path.display()
        )]
    );
    let command = loaded.warnings[0].split("run: ").nth(1).unwrap();
    let status = Command::new("/bin/sh")
        .args(["-c", command])
        .status()
        .unwrap();
    assert!(status.success());
    assert_eq!(mode(&path), 0o600);
    fs::set_permissions(&path, Permissions::from_mode(0o666)).unwrap();
    write(&path, &loaded.file, Some(&loaded.stamp)).expect("a change of mode alone is no change");
    assert_eq!(mode(&path), 0o600);
}

#[test]
fn somebody_elses_edit_is_never_overwritten() {
    let folder = Folder::new();
    let path = folder.with(".env", "A=1\n", 0o600);
    let stamp = load(&path).stamp;
    fs::write(&path, "A=1\nB=2\n").unwrap();
    let changed = Err(Error::Changed { path: path.clone() });
    assert_eq!(save(&path, "x", Some(&stamp)), changed);
    assert_eq!(save(&path, "x", None), changed, "a file has appeared");
    fs::remove_file(&path).unwrap();
    assert_eq!(save(&path, "x", Some(&stamp)), changed, "the file is gone");
    assert!(folder.names().is_empty());
}

#[test]
fn a_file_replaced_by_one_of_the_same_length_counts_as_changed() {
    let folder = Folder::new();
    let path = folder.with(".env", "A=1\n", 0o600);
    let stamp = load(&path).stamp;
    fs::rename(folder.with("new", "A=2\n", 0o600), &path).unwrap();
    assert!(matches!(
        save(&path, "x", Some(&stamp)),
        Err(Error::Changed { .. })
    ));
    assert_eq!(fs::read_to_string(&path).unwrap(), "A=2\n");
}

#[test]
fn the_users_own_symbolic_link_is_written_through() {
    let folder = Folder::new();
    fs::create_dir(folder.path("real")).unwrap();
    let real = folder.with("real/env", "A=1\n", 0o600);
    let link = folder.path(".env");
    symlink("second", &link).unwrap();
    symlink("real/env", folder.path("second")).unwrap();
    let stamp = load(&link).stamp;
    save(&link, "x", Some(&stamp)).unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::read_to_string(&real).unwrap(), "A=x\n");
    fs::remove_file(&real).unwrap();
    assert!(read(&link).unwrap().is_none());
    save(&link, "y", None).unwrap();
    assert_eq!(fs::read_to_string(&real).unwrap(), "A=y\n");
}

#[test]
fn links_in_a_circle_are_an_error() {
    let folder = Folder::new();
    let path = folder.path(".env");
    symlink(".env", &path).unwrap();
    assert!(matches!(read(&path), Err(Error::Unreadable { .. })));
    assert!(matches!(save(&path, "x", None), Err(Error::Disk { .. })));
}

#[test]
fn a_planted_temporary_name_is_never_followed() {
    let folder = Folder::new();
    let victim = folder.with("victim", "untouched", 0o600);
    for name in [".env.tmp", ".env.new", ".env~", ".tmp.env"] {
        symlink(&victim, folder.path(name)).unwrap();
    }
    save(&folder.path(".env"), "x", None).unwrap();
    assert_eq!(fs::read_to_string(&victim).unwrap(), "untouched");
    assert_eq!(folder.names().len(), 6);
}

#[test]
fn what_is_no_env_file_is_refused_with_the_reason() {
    let folder = Folder::new();
    let big = folder.path("big");
    fs::write(&big, vec![b'\n'; 1024 * 1024 + 1]).unwrap();
    let file = folder.with("file", "A=1\n", 0o600);
    let pipe = folder.path("pipe");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    let table = [
        (folder.path(""), "it is a folder"),
        (big, "it is larger than 1 MiB"),
        (pipe, "it is not a regular file"),
        (file.join(".env"), "Not a directory"),
    ];
    for (path, why) in table {
        let error = read(&path).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
    assert!(save(&folder.path(""), "x", None).is_err());
    assert!(save(&file.join(".env"), "x", None).is_err());
    assert!(save(&folder.path("missing/.env"), "x", None).is_err());
    assert_eq!(folder.names(), ["big", "file", "pipe"]);
}

#[test]
fn an_error_names_the_lines_and_no_value() {
    let folder = Folder::new();
    let path = folder.with(".env", &"canary\n".repeat(10), 0o600);
    let error = read(&path).unwrap_err().to_string();
    assert!(
        error.contains(".env has 10 lines that cannot be read: line 1: it is"),
        "{error}"
    );
    assert!(
        error.ends_with("; and 2 more") && !error.contains("canary"),
        "{error}"
    );
}

#[test]
fn a_failed_rename_leaves_the_old_file_and_no_temporary_one() {
    let folder = Folder::new();
    let path = folder.path(".env");
    fs::create_dir(&path).unwrap();
    let error = save(&path, "x", None).unwrap_err().to_string();
    assert!(error.contains("it is a folder"), "{error}");
    let long = folder.path(&"x".repeat(250));
    assert!(matches!(save(&long, "x", None), Err(Error::Disk { .. })));
    assert_eq!(folder.names(), [".env"]);
}

#[test]
#[ignore = "needs root, to make a file that belongs to somebody else"]
fn root_leaves_a_file_with_its_owner_and_follows_no_link_of_others() {
    use std::os::unix::fs::{MetadataExt as _, chown, lchown};
    let folder = Folder::new();
    let path = folder.with(".env", "A=1\n", 0o600);
    chown(&path, Some(12345), Some(12345)).unwrap();
    let loaded = load(&path);
    assert!(loaded.warnings[0].ends_with("belongs to another user (uid 12345)"));
    save(&path, "x", Some(&loaded.stamp)).unwrap();
    let metadata = fs::metadata(&path).unwrap();
    assert_eq!(
        (metadata.uid(), metadata.gid(), mode(&path)),
        (12345, 12345, 0o600)
    );
    let link = folder.path("link");
    symlink(&path, &link).unwrap();
    lchown(&link, Some(12345), None).unwrap();
    let stamp = load(&link).stamp;
    let refusal = save(&link, "y", Some(&stamp));
    assert!(matches!(refusal, Err(Error::NotOwned { owner: 12345, .. })));
}

// ---- properties ------------------------------------------------------------------------------

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
