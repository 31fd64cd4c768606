//! D: bodies.

use super::*;

const NONSENSE: &str = "service.unreadable";

#[test]
fn an_access_token_that_cannot_be_read_is_never_used() {
    const NONE: &[(Counted, u64)] = &[(Token, 1), (Widget, 0), (Workspaces, 0)];
    let says = |says: &'static str| (6, NONSENSE, says);
    hold(&[
        fails(
            &["token=bad-json"],
            MINT,
            says("it is not JSON (line 1, column"),
            NONE,
        ),
        fails(&["token=cut-json"], MINT, says("it is not JSON"), NONE),
        fails(&["token=empty"], MINT, says("it is empty"), NONE),
        fails(
            &["token=array"],
            MINT,
            says("a list where an object belongs"),
            NONE,
        ),
        fails(
            &["token=string"],
            MINT,
            says("a single value where an object belongs"),
            NONE,
        ),
        fails(&["token=not-utf8"], MINT, says("it is not JSON"), NONE),
        fails(
            &["token=missing:access_token"],
            MINT,
            says("it has no field access_token"),
            NONE,
        ),
        fails(
            &["token=null:access_token"],
            MINT,
            says("its field access_token is null"),
            NONE,
        ),
        fails(
            &["token=blank:access_token"],
            MINT,
            says("its field access_token is blank"),
            NONE,
        ),
        fails(
            &["token=type:access_token"],
            MINT,
            says("its field access_token is not a text"),
            NONE,
        ),
        fails(
            &["token=value:access_token:a b"],
            MINT,
            says("no header can carry"),
            NONE,
        ),
        fails(&["token=huge:2"], MINT, says("larger than 1 MiB"), NONE),
    ]);
}

#[test]
fn a_widget_token_that_is_not_there_is_a_failure() {
    let says = |says: &'static str| (6, NONSENSE, says);
    hold(&[
        fails(
            &["widget=value:token:\u{1b}]52;c;aGk=\u{7}\u{1b}[2J\nsecond-line\u{202e}"],
            MINT,
            says("its field token holds characters that no token has"),
            &[(Widget, 1)],
        ),
        fails(
            &["widget=missing:token"],
            MINT,
            says("it has no field token"),
            &[(Widget, 1)],
        ),
        fails(
            &["widget=null:token"],
            MINT,
            says("its field token is null"),
            &[(Widget, 1)],
        ),
        fails(
            &["widget=blank:token"],
            MINT,
            says("its field token is blank"),
            &[(Widget, 1)],
        ),
        fails(
            &["widget=type:token"],
            MINT,
            says("its field token is not a text"),
            &[(Widget, 1)],
        ),
        fails(&["widget=empty"], MINT, says("it is empty"), &[(Widget, 1)]),
        fails(
            &["widget=cut-json"],
            MINT,
            says("it is not JSON"),
            &[(Widget, 1)],
        ),
        fails(
            &["widget=huge:64"],
            MINT,
            says("larger than 1 MiB"),
            &[(Widget, 1)],
        ),
    ]);
}

#[test]
fn listings_that_are_none_are_told_by_field() {
    let says = |says: &'static str| (6, NONSENSE, says);
    hold(&[
        fails(
            &["organizations=missing:organizations"],
            CHECK,
            says("no field organizations"),
            &[(Organizations, 1)],
        ),
        fails(
            &["organizations=type:organizations"],
            CHECK,
            says("organizations is not a list"),
            &[],
        ),
        fails(
            &["workspaces=missing:data"],
            "check",
            says("no field data"),
            &[(Workspaces, 1)],
        ),
        fails(
            &["workspaces=array"],
            "check",
            says("a list where an object"),
            &[(Workspaces, 1)],
        ),
    ]);
}

#[test]
fn what_is_odd_and_readable_is_read() {
    hold(&[
        well(&["any=bom"], MINT, &[(Widget, 1)]),
        well(&["any=dup-keys"], MINT, &[(Widget, 1)]),
        well(&["any=wrong-type"], MINT, &[(Widget, 1)]),
        well(&["token=missing:expires_in"], CHECK, &[]),
        well(&["token=type:expires_in"], CHECK, &[]),
        well(&["widget=big-field:token:900"], MINT, &[(Widget, 1)]),
    ]);
    let ran = Site::new(&["widget=big-field:token:900"])
        .home()
        .run(MINT)
        .expect(0);
    assert_eq!(ran.out.trim_end().len(), 900 * 1024, "whole");
    let site = Site::new(&["widget=big-field:token:1100"]);
    site.home().run(MINT).expect(6);
}

/// The most memory that a run which this fault ends had at once, in KiB.
#[cfg(target_os = "linux")]
fn peak(fault: &str) -> u64 {
    let site = Site::new(&[fault]);
    let home = site.home();
    let running = home.call(["check"]).start();
    let status = format!("/proc/{}/status", running.id());
    let mut peak = 0;
    // It only grows, and is gone when the run has ended.
    while let Some(kib) = std::fs::read_to_string(&status).ok().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("VmHWM:"))?;
        line.split_whitespace().nth(1)?.parse().ok()
    }) {
        peak = kib;
    }
    running.wait().expect(6);
    peak
}

#[cfg(target_os = "linux")]
#[test]
fn a_large_answer_costs_no_more_memory_than_a_small_one() {
    let small = peak("token=status:500");
    let large = peak("token=huge:256");
    assert!(small > 1024 && large < small + 4096, "{small} {large}");
}
