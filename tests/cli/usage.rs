//! What is wrong with a command line, and what needs a terminal: exit 2, text on standard error.

use embedctl::sandbox::Fault;

use crate::support::{Home, Site};

#[test]
fn without_a_terminal_the_console_says_what_to_use_instead() {
    let ran = Home::new().run("").expect(2);
    assert_eq!(ran.out, "");
    let head: Vec<&str> = ran.err.lines().take(2).collect();
    assert_eq!(
        head,
        [
            "error: the console needs a terminal",
            "  hint: `embedctl check` does the same walk without one"
        ]
    );
    assert!(ran.err.contains("Usage: embedctl"), "{}", ran.err);
    assert!(!ran.err.contains('\x1b'));
    assert_eq!(Home::new().run("--sandbox").expect(2).out, "");
}

#[test]
fn usage_errors_are_text_on_standard_error_in_json_too() {
    for line in [
        "nonsense",
        "check --only nothing",
        "check --sandbox --base-url https://x.example",
        "check --base-url=",
        "check --timeout 0",
        "check --timeout x",
        "token mint --jobs 0",
        "token mint --jobs 65",
        "token mint u --origin app.example",
        "token mint u -",
        "token inspect --origin nonsense",
        "sandbox --bind 0.0.0.0:0",
        "sandbox --s3-bind 192.0.2.1:0",
        "token",
        "template create --unknown",
        "check --api v2",
        "sandbox --fault nonsense",
        "check -o yaml",
    ] {
        let ran = Home::new().run(&format!("{line} -o json")).expect(2);
        assert_eq!(ran.out, "", "{line}");
        assert!(ran.err.starts_with("error: "), "{line}: {ran:?}");
    }
}

#[test]
fn the_sandboxs_help_lists_every_fault() {
    let help = Home::new().run("sandbox --help").expect(0).out;
    let words: Vec<&str> = help
        .split_whitespace()
        .map(|word| word.trim_end_matches([',', '.', ';']))
        .collect();
    let forms = [
        Fault::INSTEAD,
        Fault::CARRIED_OUT,
        Fault::SWITCHES,
        Fault::SETBACKS,
    ];
    for form in Fault::routes().chain(forms.concat()) {
        assert!(words.contains(&form), "{form}: {help}");
    }
}

#[test]
fn a_user_that_cannot_be_one_is_a_usage_error_wherever_it_is_named() {
    let home = Home::new();
    for line in [
        &["check", "--user"][..],
        &["serve", "--user"],
        &["verify"],
        &["token", "mint", "good"],
    ] {
        for user in ["", " ", "a\u{1b}]0;owned\u{7}"] {
            let ran = home.call([line, &[user]].concat()).run().expect(2);
            assert!(ran.err.starts_with("error: "), "{line:?}: {ran:?}");
            assert!(
                !ran.err.contains('\x1b') && !ran.err.contains('\x07'),
                "{ran:?}"
            );
        }
    }
    let ran = home.run("token mint -").expect(2);
    assert!(ran.err.contains("--from -"), "{ran:?}");
}

#[test]
fn the_systems_words_come_without_its_numbers_and_without_names_that_nobody_gave() {
    let site = Site::new(&[]);
    let home = site.home();
    let taken = site.url.trim_start_matches("http://");
    for line in [
        "token inspect none.txt",
        "token mint --from none.txt",
        "env set PORT --from none.txt",
        "check --ca-file none.pem",
        "check --log-file none/log",
        "check --sandbox --junit none/report.xml",
        "export html --dir /proc/none",
        "man --dir /proc/none",
        &format!("sandbox --bind {taken}"),
    ] {
        let ran = home.run(line).expect(8);
        assert!(
            !ran.err.contains("os error") && !ran.err.contains(".tmp"),
            "{line}: {ran:?}"
        );
    }
    let ran = home.run("verify --since yesterday").expect(2);
    assert!(ran.err.contains("a time such as 20"), "{ran:?}");
    let home = site.home_with(&[("TEMPLATE_SCHEDULE", "0 0 77 * * ?")]);
    let ran = home.run("env check").expect(3);
    assert!(!ran.err.contains("Component error"), "{ran:?}");
}

#[test]
fn a_log_or_a_report_never_goes_into_the_env_file() {
    let home = Home::with_env("PORT=3001\n");
    std::os::unix::fs::symlink(".env", home.path("link")).unwrap();
    for line in [
        "check --junit .env",
        "check --junit link",
        "check --sandbox --junit ./.env",
        "check --log-file .env",
        "token mint --log-file ./.env",
        "check --env-file new.env --log-file new.env",
    ] {
        let ran = home.run(line).expect(2);
        assert!(ran.err.contains("names the env file"), "{line}: {ran:?}");
    }
    assert!(!home.path("new.env").exists());
    assert_eq!(
        std::fs::read_to_string(home.path(".env")).unwrap(),
        "PORT=3001\n"
    );
}

#[test]
fn a_creation_wants_a_confirmation_that_nobody_can_give() {
    let site = Site::new(&[]);
    let home = site.home();
    let blocks = [
        "template create",
        "template create --force",
        "template create --no-input",
    ]
    .map(|line| home.run(line).expect(2).block());
    assert_eq!(blocks[0], blocks[1]);
    assert_eq!(blocks[0], blocks[2]);
    insta::assert_snapshot!(blocks[0], @r"
exit 2
--- err
error: creating a connection template needs a confirmation
  because: nobody is there to give it
  hint: look with `embedctl template plan`, then add --yes
");
    assert_eq!(site.seen("templates"), 0);
    assert_eq!(home.ledger(), "");
}

#[test]
fn a_private_sandbox_is_refused_by_commands_that_have_none() {
    let site = Site::new(&[]);
    let home = site.home();
    for line in [
        "template create --yes",
        "template list",
        "token mint",
        "token inspect",
        "verify",
        "env show",
        "export html",
        "sandbox --bind 127.0.0.1:0",
        "man",
    ] {
        let ran = home.run(&format!("--sandbox {line}")).expect(2);
        assert_eq!(ran.out, "", "{line}");
        assert!(ran.err.starts_with("error: --sandbox "), "{line}: {ran:?}");
    }
    assert_eq!(site.requests(), 0, "the live settings are left alone");
    let ran = home.run("--sandbox check --only config -o json").expect(0);
    assert_eq!(ran.json()["target"]["sandbox"], true);
}

#[test]
fn help_and_version_are_results() {
    let ran = Home::new().run("--version").expect(0);
    assert_eq!(ran.out, format!("embedctl {}\n", env!("CARGO_PKG_VERSION")));
    assert!(
        Home::new()
            .run("token mint --help")
            .expect(0)
            .out
            .contains("--from")
    );
}

#[test]
fn no_argument_is_repeated_with_its_control_characters() {
    let ran = Home::new()
        .call(["check", "--only", "\x1b]0;owned\x07"])
        .run()
        .expect(2);
    assert!(
        !ran.err.contains('\x1b') && !ran.err.contains('\x07'),
        "{:?}",
        ran.err
    );
}
