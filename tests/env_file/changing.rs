//! Settings changed, and a block that was pasted.

use embedctl::env_file::{Unwritable, parse_block};

use crate::{parsed, text};

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
