//! `token inspect`: offline, without settings, and with a verdict.

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::support::{Home, Ran, Site};

/// A widget token that ends in so many seconds.
fn token(life: i64) -> String {
    let end = jiff::Timestamp::now().as_second() + life;
    let claims = json!({
        "exp": end, "act": {"sub": "user-42"}, "roles": ["EMBEDDED_END_USER"],
        "io.airbyte.auth.workspace_scope": {"workspaceId": "w-1"},
    });
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let jwt = format!("{}.{}.c2ln", part(&json!({"alg": "HS256"})), part(&claims));
    json!({"token": jwt, "widgetUrl": "https://cloud.airbyte.com/embedded-widget?workspaceId=w-1&allowedOrigin=http%3A%2F%2Flocalhost%3A3001"}).to_string()
}

fn inspect(text: impl AsRef<[u8]>, args: &[&str]) -> Ran {
    let args = [&["token", "inspect", "-o", "json"], args].concat();
    Home::new().call(args).input(text).run()
}

#[track_caller]
fn verdict(ran: &Ran, exit: i32, verdict: &str) -> Value {
    assert_eq!(ran.code(), exit, "{ran:?}");
    let data = ran.json()["data"].clone();
    assert_eq!(data["verdict"], verdict, "{data}");
    assert_eq!(data["verified"], false);
    data
}

#[test]
fn what_was_minted_is_opened_again() {
    let site = Site::new(&[]);
    let home = site.home();
    let minted = home.run("token mint").expect(0).out;
    home.write("token.txt", &minted);
    let ran = home.run("token inspect token.txt -o json --origin http://localhost:3001");
    let data = verdict(&ran, 0, "usable");
    assert_eq!(
        (&data["user"], &data["origin"]),
        (&json!("user-42"), &json!("http://localhost:3001"))
    );
    assert_eq!(data["workspace_id"], site.state()["workspaces"][0]["id"]);
    assert_eq!(data["roles"], json!(["EMBEDDED_END_USER"]));
    let ran = home
        .call(["token", "inspect", "-"])
        .input(&minted)
        .run()
        .expect(0);
    assert!(ran.out.contains("decoded, not verified"), "{ran:?}");
    let jwt = BASE64_STANDARD.decode(minted.trim()).unwrap();
    let jwt: Value = serde_json::from_slice(&jwt).unwrap();
    assert!(!ran.out.contains(jwt["token"].as_str().unwrap()));
}

#[test]
fn every_spelling_of_a_token_is_accepted() {
    let inner = token(600);
    let bare = serde_json::from_str::<Value>(&inner).unwrap()["token"]
        .as_str()
        .unwrap()
        .to_owned();
    let packed = BASE64_STANDARD.encode(&inner);
    for text in [
        packed.clone(),
        packed.trim_end_matches('=').to_owned(),
        BASE64_URL_SAFE_NO_PAD.encode(&inner),
        format!("  {packed}\r\n"),
        json!({ "token": packed }).to_string(),
        inner.clone(),
        bare,
    ] {
        verdict(&inspect(text, &[]), 0, "usable");
    }
}

#[test]
fn verdicts_have_their_exit_code() {
    let expired = inspect(BASE64_STANDARD.encode(token(-60)), &[]);
    verdict(&expired, 1, "expired");
    assert_eq!(expired.json()["error"]["code"], "token.expired");
    let elsewhere = inspect(token(600), &["--origin", "http://localhost:3000"]);
    verdict(&elsewhere, 1, "wrong-origin");
    assert_eq!(elsewhere.json()["error"]["code"], "token.wrong_origin");
    for text in [
        "",
        "no token",
        "bm90IGpzb24=",
        "e30=",
        "{}",
        "[]",
        "{\"token\":\"a.b.c\"}",
    ] {
        verdict(&inspect(text, &[]), 1, "malformed");
    }
    verdict(&inspect([0xff, 0xfe, 0], &[]), 1, "malformed");
    verdict(&inspect(vec![b'A'; 3 << 20], &[]), 1, "malformed");
    verdict(&inspect("[".repeat(100_000), &[]), 1, "malformed");
    verdict(
        &inspect(format!("{{\"token\":{}", "[".repeat(100_000)), &[]),
        1,
        "malformed",
    );
}

#[test]
fn verdicts_in_words() {
    let home = Home::new();
    let words = |text: &str, args: &[&str]| {
        let args = [&["token", "inspect"], args].concat();
        home.call(args).input(text).run().block()
    };
    insta::assert_snapshot!(words("no token", &[]), @r#"
exit 1
--- out
malformed  This is not a widget token: it is neither base64, nor JSON, nor a JWT.
--- err
  hint: pass the value of "token" from the API's answer, whole
"#);
    insta::assert_snapshot!(words(&token(600), &["--origin", "http://localhost:3000"]), @r"
exit 1
--- out
wrong-origin  This token will not load on http://localhost:3000: it opens on http://localhost:3001 only.
  user       user-42
  workspace  w-1
  opens on   http://localhost:3001
  roles      EMBEDDED_END_USER
  expires    TIME
  left       COUNTDOWN
  widget     https://cloud.airbyte.com/embedded-widget?workspaceId=w-1&allowedOrigin=http%3A%2F%2Flocalhost%3A3001
  decoded, not verified: only Airbyte can check the signature
--- err
  hint: mint with --origin, or serve the page from the origin it opens on
");
}

#[test]
fn a_file_or_an_origin_that_cannot_be_used_is_told() {
    let home = Home::new();
    home.run("token inspect none.txt").expect(8);
    home.call(["token", "inspect", "--origin", "nonsense"])
        .input("x")
        .run()
        .expect(2);
}

#[test]
fn a_token_given_as_an_argument_is_refused_and_not_repeated() {
    let home = Home::new();
    let packed = BASE64_STANDARD.encode(token(600));
    let short = BASE64_STANDARD.encode("{\"token\":\"eyJh.eyJleHAiOjF9.canary\"}");
    for text in [packed, token(600), short, "canary".repeat(100)] {
        let ran = home
            .call(["token", "inspect", &text, "-o", "json"])
            .run()
            .expect(2);
        assert_eq!(ran.out, "");
        assert!(ran.err.contains("a token is not an argument"), "{ran:?}");
        assert!(!ran.err.contains(&text), "{ran:?}");
    }
}

#[test]
fn hostile_claims_reach_no_terminal() {
    let claims = json!({"exp": 4_000_000_000_u64, "act": {"sub": "\u{1b}]52;c;eA==\u{7}\u{202e}"}, "roles": ["\u{9b}2J"]});
    let jwt = format!(
        "eyJh.{}.x",
        BASE64_URL_SAFE_NO_PAD.encode(claims.to_string())
    );
    let text =
        json!({"token": jwt, "widgetUrl": "https://x.example/?allowedOrigin=%1b%5b2J"}).to_string();
    for output in ["text", "json"] {
        let ran = Home::new()
            .call(["token", "inspect", "-o", output])
            .input(&text)
            .run()
            .expect(0);
        assert!(
            !ran.out
                .chars()
                .any(|c| c != '\n' && (c.is_control() || c == '\u{202e}')),
            "{ran:?}"
        );
    }
}
