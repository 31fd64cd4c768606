//! `env set` and `env import`: what is written, what is kept, and what never is.

use std::fs::File;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use rustix::fs::OFlags;
use rustix::process::Signal;
use serde_json::json;

use crate::support::{Home, Ran, until};

const FILE: &str =
    "# mine\nS3_PATH_PREFIX = 'old' # why\n\nexport UNKNOWN=\"x y\"\nS3_BUCKET_REGION=us-east-1\n";

fn set(home: &Home, line: &str, input: &str) -> Ran {
    let args = ["env", "set"].into_iter().chain(line.split_whitespace());
    home.call(args).input(input).run()
}

fn text(home: &Home) -> String {
    std::fs::read_to_string(home.path(".env")).unwrap()
}

#[test]
fn one_value_is_written_and_the_rest_stays_as_it_is() {
    let home = Home::with_env(FILE);
    let ran = set(&home, "S3_PATH_PREFIX", "customers\n").expect(0);
    insta::assert_snapshot!(ran.block(), @r"
exit 0
--- out
written  S3_PATH_PREFIX              customers
--- err
in .env
");
    assert_eq!(text(&home), FILE.replace("'old'", "'customers'"));
}

#[test]
fn a_file_that_is_not_there_is_made_for_its_owner_alone() {
    let home = Home::new();
    let ran = set(&home, "AIRBYTE_CLIENT_SECRET -o json", "s3cr=t/+ \r\n").expect(0);
    assert_eq!(ran.json()["kind"], "env.set");
    assert_eq!(
        ran.json()["data"],
        json!({"written": ["AIRBYTE_CLIENT_SECRET"], "file": ".env"})
    );
    assert_eq!(text(&home), "AIRBYTE_CLIENT_SECRET=s3cr=t/+\n");
    let mode = home.path(".env").metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let ran = set(&home, "S3_BUCKET_NAME --env-file no/folder.env", "acme").expect(8);
    assert!(ran.err.contains("no/folder.env"), "{ran:?}");
}

#[test]
fn several_values_come_one_a_line_in_the_order_of_their_names() {
    let home = Home::with_env(FILE);
    let line = "S3_BUCKET_NAME SONAR_S3_BUCKET_REGION";
    set(&home, line, "acme\neu-west-1\n").expect(0);
    assert_eq!(
        text(&home),
        format!(
            "{}S3_BUCKET_NAME=acme\n",
            FILE.replace("us-east-1", "eu-west-1")
        )
    );
    for input in ["acme\n", "acme\neu-west-1\nmore\n"] {
        let ran = set(&home, line, input).expect(3);
        assert!(ran.err.contains("one line for each"), "{ran:?}");
    }
    home.write("values.txt", "other\nus-west-2\n");
    set(&home, &format!("{line} --from values.txt"), "").expect(0);
    assert!(text(&home).contains("S3_BUCKET_NAME=other\n"));
    set(&home, &format!("{line} --from none.txt"), "").expect(8);
}

#[test]
fn all_problems_are_told_at_once_and_nothing_is_written() {
    let home = Home::with_env(FILE);
    let line = "S3_BUCKET_REGION PORT S3_PATH_PREFIX TEMPLATE_NAME";
    let ran = set(&home, line, "eu-wst-1\n99999\nfine\nit's $5\n").expect(3);
    insta::assert_snapshot!(ran.block(), @r#"
exit 3
--- err
error: several settings need attention
  because: S3_BUCKET_REGION is not a region that the S3 connector accepts; did you mean eu-west-1; PORT is not a port number from 1 to 65535; TEMPLATE_NAME cannot be written to an env file: it has a single quote together with $, ", \ or a back-tick, which readers of env files disagree on
  hint: nothing was written; correct these and run the same command again
"#);
    let ran = set(&home, "TEMPLATE_NAME", "it's $5").expect(3);
    assert!(
        ran.err.contains("through the process environment"),
        "{ran:?}"
    );
    set(&home, "EXTERNAL_USER_ID", "two\nlines\n").expect(3);
    set(&home, "S3_BUCKET_NAME", &"x".repeat(2 << 20)).expect(3);
    home.call(["env", "set", "S3_BUCKET_NAME"])
        .input(b"caf\xe9")
        .run()
        .expect(3);
    assert_eq!(text(&home), FILE);
}

#[test]
fn a_value_with_a_caution_is_written_and_told() {
    let home = Home::new();
    let ran = set(&home, "EXTERNAL_USER_ID", "0").expect(0);
    assert!(ran.err.starts_with("warning: EXTERNAL_USER_ID "), "{ran:?}");
    assert_eq!(text(&home), "EXTERNAL_USER_ID=0\n");
}

#[test]
fn an_empty_value_is_an_error_and_removing_is_asked_for() {
    let home = Home::with_env(FILE);
    for input in ["", "\n", "  \n"] {
        let ran = set(&home, "S3_PATH_PREFIX", input).expect(3);
        assert!(ran.err.contains("--remove"), "{ran:?}");
    }
    assert_eq!(text(&home), FILE);
    let ran = set(&home, "S3_PATH_PREFIX --remove", "").expect(0);
    assert_eq!(ran.out, "removed  S3_PATH_PREFIX\n");
    assert_eq!(
        text(&home),
        FILE.replace("S3_PATH_PREFIX = 'old' # why\n", "")
    );
}

#[test]
fn what_was_not_there_is_not_said_to_be_removed() {
    let home = Home::new();
    let ran = set(&home, "PORT --remove", "").expect(0);
    assert_eq!(ran.out, "");
    assert!(ran.err.contains("PORT is not in .env"), "{ran:?}");
    assert!(!home.path(".env").exists());
    home.write(".env", FILE);
    let ran = set(&home, "PORT S3_PATH_PREFIX --remove -o json", "").expect(0);
    assert_eq!(ran.json()["data"]["written"], json!(["S3_PATH_PREFIX"]));
    assert_eq!(ran.json()["warnings"], json!(["PORT is not in .env"]));
}

#[test]
fn what_another_source_says_instead_is_told() {
    let home = Home::with_env("S3_BUCKET=theirs\n");
    let ran = home
        .call(["env", "set", "S3_BUCKET_NAME"])
        .env("S3_BUCKET_NAME", "another")
        .input("ours")
        .run()
        .expect(0);
    assert!(
        ran.err
            .contains("the process environment has another value for S3_BUCKET_NAME"),
        "{ran:?}"
    );
    assert_eq!(text(&home), "S3_BUCKET=theirs\nS3_BUCKET_NAME=ours\n");
    let ran = set(&home, "S3_BUCKET_NAME --remove", "").expect(0);
    assert!(ran.err.contains("still read from S3_BUCKET"), "{ran:?}");
}

#[test]
fn a_value_given_as_an_argument_is_refused_and_not_repeated() {
    let home = Home::new();
    for (line, hint) in [
        (
            "AIRBYTE_CLIENT_SECRET=hunter2",
            "`embedctl env set AIRBYTE_CLIENT_SECRET` asks for it",
        ),
        ("AIRBYTE_CLIENT_SECRET hunter2", "`embedctl env show`"),
        (
            "AIRBYTE_CLIENT_SECRE",
            "did you mean AIRBYTE_CLIENT_SECRET?",
        ),
    ] {
        let ran = set(&home, line, "x").expect(2);
        assert!(ran.err.contains(hint), "{ran:?}");
        assert!(!ran.err.contains("hunter2"), "{ran:?}");
    }
    assert!(!home.path(".env").exists());
}

#[test]
fn a_file_that_cannot_be_read_is_left_alone() {
    let broken = "S3_BUCKET_NAME='never closed\n";
    let home = Home::with_env(broken);
    set(&home, "S3_PATH_PREFIX", "customers").expect(3);
    assert_eq!(text(&home), broken);
}

const BLOCK: &str = "\u{feff}# from the wiki\r\nSONAR_AIRBYTE_CLIENT_ID=abc\r\nexport S3_BUCKET='acme' # ours\r\nS3_BUCKET_REGION: us-east-1\r\nS3_PATH_PREFIX=new\r\nAWS_SECRET_ACCESS_KEY=geh/eim\r\nPORT=\r\nFOO=1\r\nhello there\r\nZ2VoZWlt==\r\n";

fn import(home: &Home, line: &str) -> Ran {
    let args = ["env", "import"].into_iter().chain(line.split_whitespace());
    home.call(args).input(BLOCK).run()
}

#[test]
fn a_block_is_shown_and_taken_and_what_differs_is_kept() {
    let home = Home::with_env(FILE);
    home.write("block.txt", BLOCK);
    let ran = import(&home, "block.txt").expect(2);
    insta::assert_snapshot!(ran.block(), @r"
exit 2
--- out
new      AIRBYTE_CLIENT_ID           abc  (from SONAR_AIRBYTE_CLIENT_ID)
new      AWS_S3_SECRET_ACCESS_KEY    •••••••• (7 characters)  (from AWS_SECRET_ACCESS_KEY)
new      S3_BUCKET_NAME              acme  (from S3_BUCKET)
differs  S3_PATH_PREFIX              new
same     S3_BUCKET_REGION            us-east-1
--- err
warning: no settings of embedctl: FOO
warning: not understood: 1 name
warning: not understood: line 9
error: taking settings over needs a confirmation
  because: nobody is there to give it
  hint: look at what is listed, then add --yes
");
    assert_eq!(text(&home), FILE);
    let ran = import(&home, "block.txt --yes").expect(0);
    assert!(
        ran.err
            .contains("kept as they are: S3_PATH_PREFIX; --force replaces them"),
        "{ran:?}"
    );
    assert!(
        ran.out.ends_with("written  3 settings in .env\n"),
        "{ran:?}"
    );
    let taken = format!(
        "{FILE}AIRBYTE_CLIENT_ID=abc\nAWS_S3_SECRET_ACCESS_KEY=geh/eim\nS3_BUCKET_NAME=acme\n"
    );
    assert_eq!(text(&home), taken);
    let ran = import(&home, "- --yes --force -o json").expect(0);
    assert_eq!(
        ran.json()["data"],
        json!({"written": ["S3_PATH_PREFIX"], "kept": [], "file": ".env"})
    );
    assert_eq!(text(&home), taken.replace("'old'", "'new'"));
    let ran = import(&home, "--yes").expect(0);
    assert!(ran.out.ends_with("nothing to write\n"), "{ran:?}");
}

#[test]
fn an_invalid_value_is_told_with_all_others_and_nothing_is_written() {
    let home = Home::with_env(FILE);
    home.write(
        "block.txt",
        "S3_BUCKET=Acme\nPORT=x\nS3_PATH_PREFIX=/bad/\n",
    );
    let ran = import(&home, "block.txt --yes -o json").expect(3);
    let because = ran.json()["error"]["because"].as_str().unwrap().to_owned();
    assert!(
        because.starts_with("S3_BUCKET_NAME ") && because.contains("; PORT "),
        "{because}"
    );
    assert!(
        !because.contains("S3_PATH_PREFIX"),
        "it would be kept: {because}"
    );
    assert_eq!(text(&home), FILE);
}

#[test]
fn a_block_without_settings_is_an_error() {
    let home = Home::with_env(FILE);
    home.write("block.txt", "FOO=1\nnothing here\n");
    let ran = import(&home, "block.txt --yes").expect(3);
    assert!(ran.err.contains("no setting was recognised"), "{ran:?}");
    import(&home, "none.txt --yes").expect(8);
    assert_eq!(text(&home), FILE);
}

#[test]
fn a_signal_ends_the_wait_for_a_value_that_does_not_come() {
    let home = Home::with_env(FILE);
    let pipe = home.pipe("values");
    for (signal, exit) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        for line in ["set S3_BUCKET_NAME --from values", "import values"] {
            let running = home
                .call(["env"].into_iter().chain(line.split(' ')))
                .start();
            let mut silent = None;
            until("it reads", || {
                silent = writing_end(&pipe);
                silent.is_some()
            });
            running.signal(signal);
            let ran = running.wait().expect(exit);
            assert!(ran.err.contains("nothing was written"), "{ran:?}");
        }
    }
    assert_eq!(text(&home), FILE);
}

/// The end of a pipe to write to; none before somebody reads.
fn writing_end(pipe: &Path) -> Option<File> {
    let mut options = File::options();
    let options = options
        .write(true)
        .custom_flags(OFlags::NONBLOCK.bits().cast_signed());
    options.open(pipe).ok()
}

#[test]
fn the_environment_is_never_copied_into_the_file() {
    let home = Home::with_env(FILE);
    home.write("block.txt", BLOCK);
    home.call(["env", "import", "block.txt", "--yes"])
        .env("AIRBYTE_CLIENT_SECRET", "theirs")
        .env("EXTERNAL_USER_ID", "theirs")
        .run()
        .expect(0);
    assert!(!text(&home).contains("theirs"));
}
