//! What a file says, and what other readers would make of it.

use embedctl::env_file::{Note, NoteKind, parse_block};

use crate::{notes, parsed, refused, value};

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
