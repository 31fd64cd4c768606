//! L: what others write into our output.

use super::*;

const EVERYWHERE: [&str; 5] = ["token", "organizations", "workspaces", "widget", "page"];

/// Runs every command that would meet a fault on each endpoint.
fn everywhere(fault: &str, judge: impl Fn(&Ran, &str) + Sync) {
    let judge = &judge;
    let mut runs = Vec::new();
    for name in EVERYWHERE.iter().chain(&["template", "any"]) {
        let commands: &[&str] = match *name {
            "template" => &[CREATE],
            "widget" => &[MINT, CHECK],
            "workspaces" => &["check"],
            "page" | "organizations" => &[CHECK],
            _ => &[CHECK, MINT, CREATE],
        };
        for command in commands {
            runs.extend(["json", "text"].map(|output| (*name, *command, output)));
        }
    }
    for some in runs.chunks(TOGETHER) {
        std::thread::scope(|scope| {
            for (name, command, output) in some {
                scope.spawn(move || {
                    let site = Site::new(&[&format!("{name}={fault}")]);
                    let ran = site.home().run(&format!("{command} -o {output}"));
                    let place = format!("{name}={fault} {command} -o {output}: {ran:?}");
                    assert!([4, 6].contains(&ran.code()), "{place}");
                    harmless(&ran, &site, &place);
                    judge(&ran, name);
                });
            }
        });
    }
}

#[test]
fn escapes_and_bidi_marks_of_a_server_reach_nobody() {
    everywhere("esc", |ran, _| {
        let text = format!("{}{}", ran.out, ran.err);
        assert!(
            !text.contains("\\u001b") && !text.contains("\\u202e") && !text.contains("\\u009b"),
            "{ran:?}"
        );
    });
}

#[test]
fn a_server_that_repeats_what_it_was_sent_gets_no_secret_out() {
    everywhere("echo", |ran, name| {
        let text = format!("{}{}", ran.out, ran.err);
        if ["token", "template"].contains(&name) {
            assert!(text.contains("***"), "{ran:?}");
        }
    });
}

#[test]
fn format_like_text_is_literal() {
    let words = "{} {0} %s%n ${HOME} <script>alert(1)</script>";
    everywhere(&format!("status:400:{words}"), |ran, _| {
        assert!(
            format!("{}{}", ran.out, ran.err).contains("%s%n ${HOME} <script>"),
            "{ran:?}"
        );
    });
}

#[test]
fn a_very_long_message_is_cut() {
    let words = "long ".repeat(4000);
    everywhere(&format!("status:400:{words}"), |ran, _| {
        assert!(
            ran.out.len() + ran.err.len() < 8000,
            "{}",
            ran.out.len() + ran.err.len()
        );
    });
}
