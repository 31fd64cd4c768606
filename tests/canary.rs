//! Canaries: secrets that are looked for in everything that leaves the program.
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

use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use embedctl::api::{Client, Detail, Notice, Options};
use embedctl::domain::curl;
use embedctl::domain::moment::Clock;
use embedctl::domain::settings::{Draft, Layer, Source};
use rustix::process::Signal;
use serde_json::Value;

use support::{Call, Heard, Home, Listener, Ran, Site, route, until};

/// Secrets with every character that some notation escapes.
const CLIENT: &str = r#"Kanarie/cl+ient="ge\heim<&>'$x"#;
const AWS: &str = r#"Kanarie/aws+secret="streng\vertraulich<&>'$y"#;

/// A piece of each that no notation changes.
const PIECES: [&str; 4] = ["Kanarie", "heim<", "streng", "vertraulich"];

/// Every form in which a secret may stand in a text.
fn forms() -> Vec<String> {
    let mut forms: Vec<String> = PIECES.map(str::to_owned).to_vec();
    for secret in [CLIENT, AWS] {
        forms.push(BASE64_STANDARD.encode(secret));
        forms.push(BASE64_URL_SAFE_NO_PAD.encode(secret));
        forms.push(url::form_urlencoded::byte_serialize(secret.as_bytes()).collect());
    }
    forms
}

#[track_caller]
fn free_of_canaries(text: &str, place: &str) {
    for form in forms() {
        assert!(!text.contains(&form), "{form} in {place}: {text}");
    }
    for packed in packed(text) {
        for piece in PIECES {
            let holds = packed.windows(piece.len()).any(|w| w == piece.as_bytes());
            assert!(!holds, "{piece} in base64 in {place}: {text}");
        }
    }
}

/// What stands in base64 in a text, whichever digit of a run it begins with.
fn packed(text: &str) -> Vec<Vec<u8>> {
    let is_digit = |c: char| c.is_ascii_alphanumeric() || "+/-_".contains(c);
    let runs = text.split(|c| !is_digit(c)).filter(|run| run.len() >= 8);
    let unpacked = |run: &str| {
        let run = run.replace('-', "+").replace('_', "/");
        (0..4).filter_map(move |first| {
            let digits = run.get(first..)?;
            let whole = digits.get(..digits.len() / 4 * 4)?;
            BASE64_STANDARD.decode(whole).ok()
        })
    };
    runs.flat_map(unpacked).collect()
}

#[test]
fn a_canary_in_base64_is_seen_wherever_it_begins() {
    for before in ["", "a", "ab", "abc"] {
        let text = BASE64_STANDARD.encode(format!("{before}{CLIENT} and more"));
        assert!(std::panic::catch_unwind(|| free_of_canaries(&text, "a test")).is_err());
    }
}

/// A run with both canaries in its environment, where any character may stand.
fn call(home: &Home, line: &str) -> Call {
    home.call(line.split_whitespace())
        .env("AIRBYTE_CLIENT_SECRET", CLIENT)
        .env("AWS_S3_SECRET_ACCESS_KEY", AWS)
        .env("RUST_BACKTRACE", "full")
        .env("RUST_LOG", "trace")
        .env("SSLKEYLOGFILE", home.path("keys.log"))
}

/// Judges a run and all that it left behind; with `-o json` the output is one document.
#[track_caller]
fn judge(home: &Home, ran: &Ran, line: &str) {
    free_of_canaries(&ran.out, line);
    free_of_canaries(&ran.err, line);
    for (path, text) in home.files(&[".env"]) {
        free_of_canaries(&text, &path.display().to_string());
    }
    assert!(!home.path("keys.log").exists());
    if line.ends_with("-o json") && ran.code() != 2 {
        let document: Value = ran.json();
        assert_eq!(document["exit"], ran.code(), "{line}");
    }
}

const COMMANDS: [&str; 10] = [
    "check --mint -v --log-file log.jsonl --junit report.xml",
    "check",
    "env check",
    "env show",
    "template plan",
    "template create --dry-run",
    "template create --yes",
    "template create --yes --skip-probe",
    "template list",
    "token mint a b",
];

/// A service that takes any credentials, and answers a request as it is told.
fn service(answer: impl Fn(&Heard) -> Option<String> + Send + Sync + 'static) -> Listener {
    Listener::start(move |heard| {
        answer(heard).unwrap_or_else(|| match heard.line.split('?').next().unwrap() {
            "POST /v1/applications/token" => {
                Listener::json("200 OK", r#"{"access_token":"bearer","expires_in":900}"#)
            }
            "POST /v1/config_templates/connections" => Listener::json("200 OK", r#"{"id":"t-1"}"#),
            "POST /v1/embedded/widget_token" => Listener::json("200 OK", r#"{"token":"e30="}"#),
            _ => Listener::json("200 OK", r#"{"organizations":[],"data":[]}"#),
        })
    })
}

/// Does the same for each of these at once: most of it is waiting.
fn each<T: Sync>(things: &[T], act: impl Fn(&T) + Sync) {
    let act = &act;
    std::thread::scope(|scope| {
        for thing in things {
            scope.spawn(move || act(thing));
        }
    });
}

#[test]
fn refused_credentials_and_their_echoes() {
    let faults = [
        "token=delay:0",
        "token=echo",
        "token=esc",
        "token=html:502",
        "token=status:500",
        "credentials:400",
    ];
    each(&faults, |fault| {
        let site = Site::new(&[fault]);
        let home = site.home();
        for line in COMMANDS {
            for output in ["text", "json"] {
                let line = format!("{line} -o {output}");
                judge(&home, &call(&home, &line).run(), &line);
            }
        }
    });
}

/// A way to say something, with the whole request in it.
type Way = fn(&Heard) -> String;

/// Headers and body of the request, escaped once and twice.
fn ways() -> [Way; 7] {
    [
        |heard| {
            Listener::json(
                "400 Bad Request",
                &serde_json::json!({"data": {"message": heard.body}}).to_string(),
            )
        },
        |heard| {
            Listener::json(
                "403 Forbidden",
                &serde_json::json!({"detail": heard.headers, "type": heard.body}).to_string(),
            )
        },
        |heard| {
            Listener::json("422 Unprocessable", &serde_json::json!({"errors": [{"field": heard.body, "message": heard.body}], "errorId": heard.body}).to_string())
        },
        |heard| {
            Listener::text(
                "502 Bad Gateway",
                "text/html",
                &format!("<html><title>{}</title></html>", heard.body),
            )
        },
        |heard| {
            Listener::text(
                "200 OK",
                "text/html",
                &format!("<html><title>{}</title></html>", heard.body),
            )
        },
        |heard| {
            Listener::json("409 Conflict", &serde_json::json!({"id": heard.body, "message": BASE64_STANDARD.encode(&heard.body)}).to_string())
        },
        |heard| {
            format!(
                "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:9/?{}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
                url::form_urlencoded::byte_serialize(heard.body.as_bytes()).collect::<String>()
            )
        },
    ]
}

/// A life against a service that repeats everything, as the Activity screen is told of it.
#[tokio::test]
async fn what_is_kept_of_requests_holds_no_secret() {
    for way in ways() {
        for path in ["/applications/token", "/config_templates", "/embedded"] {
            let listener = service(move |heard| heard.line.contains(path).then(|| way(heard)));
            let site = Site::new(&[]);
            let text = site.env_with(&[("BASE_URL", &listener.url)]);
            let values = text.lines().filter_map(|line| line.split_once('='));
            let values = values
                .map(|(name, value)| (name.to_owned(), value.trim_matches('\'').to_owned()))
                .chain([
                    ("AIRBYTE_CLIENT_SECRET".to_owned(), CLIENT.to_owned()),
                    ("AWS_S3_SECRET_ACCESS_KEY".to_owned(), AWS.to_owned()),
                ]);
            let draft = Draft::resolve(&[(Source::File, Layer::new(values))]);
            let settings = draft.settings().unwrap();
            let told = Arc::new(Mutex::new(Vec::new()));
            let log = Arc::clone(&told);
            let observer = Arc::new(move |notice| {
                if let Notice::Exchanged(exchange) = notice {
                    log.lock().unwrap().push(exchange);
                }
            });
            let options = Options {
                observer,
                detail: Detail::Record,
                ..Options::quiet()
            };
            let client = Client::new(options, Clock::start());
            let access = &settings.access;
            let _ = client.organization(access).await;
            let _ = client.create_template(access, &settings.template).await;
            let user = settings.user.clone();
            let _ = client.mint(access, &settings.origin, &user).await;
            let told = told.lock().unwrap();
            assert!(!told.is_empty());
            for exchange in told.iter() {
                let record = &exchange.record;
                for text in [
                    format!("{exchange:?}"),
                    curl::command(exchange),
                    record.sent.text().to_owned(),
                    record.received.text().to_owned(),
                ] {
                    free_of_canaries(&text, &exchange.path);
                    assert!(!text.contains("Bearer bearer"), "{text}");
                }
            }
            let sent = |part: &str| told.iter().any(|e| curl::command(e).contains(part));
            assert!(sent("$AIRBYTE_CLIENT_SECRET"), "it was really sent");
        }
    }
}

#[test]
fn everything_that_a_service_could_repeat() {
    let numbered: Vec<(usize, Way)> = ways().into_iter().enumerate().collect();
    each(&numbered, |(number, way)| {
        let way = *way;
        for path in [
            "/applications/token",
            "/config_templates/connections",
            "/embedded/widget_token",
            "/embedded/organizations",
        ] {
            let listener = service(move |heard| heard.line.contains(path).then(|| way(heard)));
            let site = Site::new(&[]);
            let home = site.home_with(&[("BASE_URL", &listener.url)]);
            let lines: &[&str] = match path {
                "/config_templates/connections" => &["template create --yes --skip-probe"],
                "/embedded/widget_token" => &["token mint a"],
                _ => &["check --mint", "token mint a"],
            };
            for line in lines {
                for output in ["text", "json"] {
                    let line = format!("{line} -o {output}");
                    let ran = call(&home, &line).run();
                    judge(&home, &ran, &format!("way {number} {path} {line}"));
                    let text = format!("{}{}", ran.out, ran.err);
                    assert!(
                        !text.contains("bearer\\r") && !text.contains("Bearer bearer"),
                        "{text}"
                    );
                }
            }
        }
    });
}

#[test]
fn a_whole_life_leaves_no_secret_anywhere() {
    let site = Site::new(&["template=commit+reset*1"]);
    let home = Home::with_env(format!(
        "{}# end\n",
        site.env_with(&[("AWS_S3_SECRET_ACCESS_KEY", "")])
    ));
    let client = site.setting("AIRBYTE_CLIENT_SECRET");
    for line in COMMANDS.into_iter().chain([
        "template create --yes --force --skip-probe",
        "check",
        "template list",
        "template plan",
    ]) {
        for output in ["text", "json"] {
            let line = format!("{line} -o {output}");
            let ran = home
                .call(line.split_whitespace())
                .env("AWS_S3_SECRET_ACCESS_KEY", AWS)
                .run();
            judge(&home, &ran, &line);
            assert!(
                !format!("{}{}", ran.out, ran.err).contains(&client),
                "{line}"
            );
            for (path, text) in home.files(&[".env"]) {
                assert!(!text.contains(&client), "{}", path.display());
            }
        }
    }
    assert!(
        site.last_body(route::TEMPLATE).contains("vertraulich"),
        "it was really sent"
    );
    assert!(home.ledger().contains("\"mint\""));
}

#[test]
fn tokens_are_in_no_file_and_on_standard_output_alone() {
    let site = Site::new(&[]);
    let home = site.home();
    let ran = home.run("token mint a b").expect(0);
    for token in ran.out.lines() {
        assert!(!ran.err.contains(token));
        assert!(
            home.files(&[])
                .iter()
                .all(|(_, text)| !text.contains(token))
        );
    }
    let ran = home.run("check").expect(0);
    assert!(!ran.out.contains("eyJ"), "check prints no token: {ran:?}");
}

#[test]
fn nothing_secret_is_among_the_arguments_or_open_to_others() {
    let site = Site::new(&["any=hang"]);
    let home = site.home();
    let running = call(&home, "check").start();
    until("it waits", || site.requests() > 0);
    let proc = format!("/proc/{}", running.id());
    let arguments = std::fs::read_to_string(format!("{proc}/cmdline")).unwrap();
    free_of_canaries(&arguments, "cmdline");
    assert!(arguments.contains("check"));
    let limits = std::fs::read_to_string(format!("{proc}/limits")).unwrap();
    let core = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"))
        .unwrap();
    assert!(
        core.split_whitespace().nth(4) == Some("0"),
        "no core dump: {core}"
    );
    running.signal(Signal::ABORT);
    drop(running);
    for (path, text) in home.files(&[".env"]) {
        free_of_canaries(&text, &path.display().to_string());
    }
}

#[test]
fn usage_errors_repeat_no_environment() {
    let home = Home::new();
    for line in [
        "check --nonsense",
        "token mint --jobs x",
        "check --sandbox --base-url https://x.example",
    ] {
        let ran = call(&home, line).run().expect(2);
        judge(&home, &ran, line);
    }
}

#[test]
fn what_is_written_into_the_env_file_is_told_by_name_alone() {
    // Without what no env file can hold beside the rest.
    let [client, aws] = [CLIENT, AWS].map(|secret| secret.replace('\'', ""));
    let block = format!(
        "AIRBYTE_CLIENT_SECRET='{client}'\nSONAR_AWS_SECRET_ACCESS_KEY='{aws}'\n{PIECES:?}\n{aws}=x\n"
    );
    for output in ["text", "json"] {
        let home = Home::with_env("AIRBYTE_CLIENT_SECRET=other\n");
        home.write("both.txt", format!("{CLIENT}{AWS}"));
        home.write("ours.txt", &client);
        for (line, exit) in [
            ("env import", 2),
            ("env import --yes", 0),
            ("env import --yes --force", 0),
            ("env set AIRBYTE_CLIENT_SECRET --from ours.txt", 0),
            ("env set AIRBYTE_CLIENT_SECRET AWS_S3_SECRET_ACCESS_KEY", 3),
            ("env set TEMPLATE_NAME --from both.txt", 3),
            ("env set AIRBYTE_CLIENT_SECRET --remove", 0),
        ] {
            let line = format!("{line} -o {output}");
            let ran = home
                .call(line.split_whitespace())
                .input(&block)
                .run()
                .expect(exit);
            free_of_canaries(&ran.out, &line);
            free_of_canaries(&ran.err, &line);
        }
        for argument in [CLIENT.to_owned(), format!("AIRBYTE_CLIENT_SECRET={CLIENT}")] {
            let ran = home.call(["env", "set", "PORT", &argument]).run().expect(2);
            free_of_canaries(&ran.err, "an argument");
        }
        for (path, text) in home.files(&[".env", "ours.txt", "both.txt"]) {
            free_of_canaries(&text, &path.display().to_string());
        }
    }
}

#[test]
fn secrets_that_are_malformed_are_told_without_themselves() {
    let home = Home::new();
    for line in [
        "check",
        "env check",
        "env show",
        "template plan",
        "token mint",
    ] {
        for output in ["text", "json"] {
            let line = format!("{line} -o {output}");
            let ran = home
                .call(line.split_whitespace())
                .env("AIRBYTE_CLIENT_SECRET", format!("{CLIENT} \n x"))
                .env("AWS_S3_SECRET_ACCESS_KEY", format!("{AWS}\t"))
                .env(
                    "AIRBYTE_ORGANIZATION_ID",
                    "5f0c3a1e-6a0e-4d0e-b1a7-0f7e5a3391aa",
                )
                .run();
            judge(&home, &ran, &line);
        }
    }
    let broken = format!(
        "AIRBYTE_CLIENT_SECRET='{PIECES:?} never closed\nAWS_S3_SECRET_ACCESS_KEY=Kanarie\0\n"
    );
    let home = Home::with_env(broken);
    for line in ["check", "env check", "env show", "token mint -o json"] {
        let ran = home.run(line).expect(3);
        judge(&home, &ran, line);
    }
}
