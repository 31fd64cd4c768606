//! Where output goes when nobody reads it, and how it looks when nobody watches.

use std::io::Read as _;
use std::process::Stdio;

use crate::support::{Home, Site};

#[test]
fn a_reader_that_has_gone_is_no_panic() {
    let site = Site::new(&[]);
    let home = site.home();
    home.run("template create --yes").expect(0);
    for line in [
        "check",
        "env show",
        "template plan",
        "token mint a b c d e f",
        "check -o json",
        "check --help",
        "completions zsh",
        "man",
    ] {
        let mut child = home
            .call(line.split_whitespace())
            .into_command()
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let mut err = String::new();
        child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut err)
            .unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(0), "{line}: {err}");
        assert!(!err.contains("error"), "{line}: {err}");
    }
}

#[test]
fn what_nobody_reads_is_not_minted() {
    let site = Site::new(&[]);
    let home = site.home();
    let names: Vec<String> = (0..200)
        .map(|number| format!("customer-{number}"))
        .collect();
    home.write("users.txt", names.join("\n"));
    let mut child = home
        .call(["token", "mint", "--from", "users.txt", "-q"])
        .into_command()
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let minted = site.count(crate::support::route::WIDGET);
    assert!(minted < 100, "{minted} for nobody");
}

#[test]
fn a_locale_without_utf_8_is_given_ascii() {
    let site = Site::new(&[]);
    let home = site.home();
    let show = |locale: &str| {
        let ran = home.call(["env", "show"]).env("LC_ALL", locale).run();
        ran.expect(0).out
    };
    for locale in ["C", "POSIX", "de_DE.ISO-8859-1"] {
        assert!(show(locale).is_ascii() && show(locale).contains("******** ("));
    }
    for locale in ["", "C.UTF-8", "en_GB.utf8"] {
        assert!(show(locale).contains("••••••••"), "{locale:?}");
    }
    let ran = home
        .call(["env", "show", "-o", "json"])
        .env("LANG", "C")
        .run()
        .expect(0);
    assert!(ran.out.contains("••••"), "a document is UTF-8");
}

#[test]
fn a_full_disk_is_told() {
    let site = Site::new(&[]);
    let home = site.home();
    for line in [
        "check",
        "check -o json",
        "env show",
        "template plan",
        "token mint",
        "template list -o json",
    ] {
        let ran = home
            .call(line.split_whitespace())
            .stdout_to("/dev/full")
            .run()
            .expect(8);
        assert!(
            ran.err.contains("error: the output could not be written"),
            "{line}: {ran:?}"
        );
    }
    let ran = home
        .call(["sandbox", "--bind", "127.0.0.1:0"])
        .stdout_to("/dev/full")
        .run()
        .expect(8);
    assert!(ran.err.contains("could not be written"), "{ran:?}");
}

#[test]
fn colours_are_for_terminals_and_for_who_insists() {
    let site = Site::new(&[]);
    let home = site.home();
    let escapes = |call: crate::support::Call| call.run().expect(0).out.contains('\x1b');
    let check = || {
        home.call(["check", "--only", "config"])
            .env("TERM", "xterm")
    };
    assert!(!escapes(check()));
    assert!(escapes(check().env("CLICOLOR_FORCE", "1")));
    assert!(!escapes(
        check().env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1")
    ));
    assert!(escapes(
        home.call(["check", "--only", "config", "--color", "always"])
    ));
    assert!(!escapes(
        home.call(["check", "--only", "config", "--color", "never"])
            .env("FORCE_COLOR", "1")
    ));
    let ran = home
        .call(["check", "-o", "json", "--color", "always"])
        .run()
        .expect(0);
    assert!(!ran.out.contains('\x1b') && !ran.err.contains('\x1b'));
}

#[test]
fn a_long_list_of_odd_names_is_printed_without_breaking_a_line() {
    let home = Home::new();
    let ran = home
        .call(["env", "show"])
        .env("EXTERNAL_USER_ID", "a\nerror: forged\x1b[2J")
        .run()
        .expect(0);
    assert!(
        !ran.out
            .lines()
            .any(|line| line.starts_with("error: forged")),
        "{ran:?}"
    );
    assert!(!ran.out.contains('\x1b'));
}

#[test]
fn help_that_cannot_be_written_is_told_as_other_results_are() {
    let home = Home::new();
    for args in [
        &["--help"][..],
        &["--version"],
        &["token", "mint", "--help"],
    ] {
        let call = home.call(args.iter().copied());
        let ran = call.stdout_to("/dev/full").run().expect(8);
        assert!(ran.err.contains("could not be written"), "{ran:?}");
    }
}
