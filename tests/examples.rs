//! Every example of every `--help` is run, and reads well at 80 columns.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests: what must not happen ends one"
)]

#[path = "support/support.rs"]
mod support;

use std::path::PathBuf;
use std::process::{Command, Stdio};

use clap::CommandFactory as _;
use support::{Home, Site};

/// What cannot succeed where nobody sits at a terminal, or needs a program that may not be there.
/// All else ends with 0.
const OTHERWISE: &[(&str, i32)] = &[
    ("embedctl --sandbox", 2),
    ("embedctl env set AIRBYTE_CLIENT_SECRET", 3),
    ("embedctl env import sample.env", 2),
    ("embedctl export node && node --env-file=.env server.js", 0),
];

/// What serves until it is ended. It is given a free port, so that several can run at once, and
/// opens no browser.
const SERVES: &[&str] = &["embedctl sandbox", "embedctl serve"];

/// The command and, below it, its own; each with the words that call it.
fn commands() -> Vec<(String, clap::Command)> {
    let mut found = Vec::new();
    let mut rest = vec![(String::new(), embedctl::cli::Cli::command())];
    while let Some((words, command)) = rest.pop() {
        rest.extend(
            command
                .get_subcommands()
                .map(|sub| (format!("{words} {}", sub.get_name()), sub.clone())),
        );
        found.push((words, command));
    }
    found
}

/// The examples of a command: indented lines below that word, without their remarks.
fn examples(command: &clap::Command) -> Vec<String> {
    let text = command
        .get_after_help()
        .map_or_else(String::new, ToString::to_string);
    let block = text.split("Examples:\n").nth(1).unwrap_or_default();
    block
        .lines()
        .map_while(|line| line.strip_prefix("  "))
        .map(|line| line.split("   ").next().unwrap().to_owned())
        .collect()
}

/// A home in which each example finds what it names.
fn home(site: &Site) -> Home {
    let home = site.home();
    home.run("template create --yes").expect(0);
    home.run("template create --yes --api agents").expect(0);
    let token = home.run("token mint user-42").expect(0).out;
    site.play("user-42");
    home.write("token.txt", token);
    home.write("users.txt", "user-1\nuser-2\n");
    home.write("secret.txt", site.setting("AIRBYTE_CLIENT_SECRET"));
    home.write("two-lines.txt", "acme-embedded\ncustomers\n");
    home.write("staging.env", site.env());
    for name in ["sample.env", "block.txt"] {
        home.write(name, "S3_BUCKET=other\nTEMPLATE_FORMAT=csv\n");
    }
    home
}

fn shell(home: &Home, line: &str) -> Command {
    let folder = PathBuf::from(env!("CARGO_BIN_EXE_embedctl"));
    let folder = folder.parent().unwrap().display().to_string();
    let mut command = Command::new("sh");
    command
        .args(["-c", line])
        .current_dir(home.path("."))
        .env_clear()
        .env(
            "PATH",
            format!("{folder}:{}", std::env::var("PATH").unwrap_or_default()),
        )
        .env("HOME", home.path("."))
        .env("XDG_STATE_HOME", home.state())
        .stdin(Stdio::null());
    command
}

#[test]
fn every_command_shows_examples_of_itself() {
    for (words, command) in commands() {
        let parent = command.has_subcommands() && !words.is_empty();
        let own = format!("embedctl{words}");
        let examples = examples(&command);
        assert!(
            examples.iter().any(|example| example.contains(&own)),
            "{own} --help has no example"
        );
        for example in examples {
            assert!(
                example.contains("embedctl ") && (parent || example.contains(own.trim_end())),
                "{own} --help shows {example:?}"
            );
        }
    }
}

#[test]
fn every_example_does_what_it_says() {
    std::thread::scope(|scope| {
        for (words, command) in commands() {
            scope.spawn(move || {
                let site = Site::new(&[]);
                let home = home(&site);
                for example in examples(&command) {
                    if SERVES.iter().any(|start| example.starts_with(start)) {
                        serve(&home, &example);
                    } else {
                        run(&home, &example, &words);
                    }
                }
            });
        }
    });
}

fn run(home: &Home, example: &str, words: &str) {
    let exit = OTHERWISE
        .iter()
        .find(|(line, _)| *line == example)
        .map_or(0, |(_, exit)| *exit);
    // What comes after another program that may not be there is that program's.
    let line = example.split(" && ").next().unwrap();
    let line = line.replace("| less", "| cat");
    let output = shell(home, &line).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(exit), "{words}: {line}\n{told}");
}

fn serve(home: &Home, example: &str) {
    let words = example.split_whitespace().skip(1);
    let mut words: Vec<&str> = words.filter(|word| *word != "--open").collect();
    if !words.contains(&"--bind") {
        words.extend(["--bind", "127.0.0.1:0"]);
    }
    let running = home.call(words).start();
    assert!(running.line().contains("http://"), "{example}");
    running.signal(rustix::process::Signal::TERM);
    running.wait().expect(143);
}

#[test]
fn every_help_fits_eighty_columns() {
    let home = Home::new();
    for (words, command) in commands() {
        let ran = home
            .call(words.split_whitespace().chain(["--help"]))
            .env("COLUMNS", "80")
            .run()
            .expect(0);
        for line in ran.out.lines() {
            assert!(line.chars().count() <= 80, "{words}: {line}");
        }
        for example in examples(&command) {
            assert!(
                ran.out.contains(&format!("  {example}")),
                "{words}: {example} is broken in two"
            );
        }
    }
}
