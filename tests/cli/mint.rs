//! `token mint`: one, or many in the order in which they were asked for.

use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

use crate::support::{Heard, Home, Listener, Site, route};

/// The user a widget token acts for.
fn user_of(token: &str) -> String {
    let inner: Value = serde_json::from_slice(&BASE64_STANDARD.decode(token).unwrap()).unwrap();
    let claims = inner["token"]
        .as_str()
        .unwrap()
        .split('.')
        .nth(1)
        .unwrap()
        .to_owned();
    let claims = base64::prelude::BASE64_URL_SAFE_NO_PAD
        .decode(claims)
        .unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    claims["act"]["sub"].as_str().unwrap().to_owned()
}

fn names(count: usize) -> Vec<String> {
    (0..count)
        .map(|number| format!("customer-{number}"))
        .collect()
}

#[test]
fn two_hundred_users_come_out_as_they_went_in() {
    let site = Site::new(&[]);
    let home = site.home();
    home.write("users.txt", names(200).join("\n"));
    let ran = home.run("token mint --from users.txt").expect(0);
    let users: Vec<String> = ran.out.lines().map(user_of).collect();
    assert_eq!(users, names(200));
    assert_eq!(
        (site.count(route::WIDGET), site.count(route::TOKEN)),
        (200, 1)
    );
    assert!(ran.err.contains("minting makes 200 workspaces"), "{ran:?}");
    // Now they are known, and nothing is asked about them.
    let before = site.count(route::WORKSPACES);
    let ran = home
        .run("token mint --from users.txt --jobs 16 -o json")
        .expect(0);
    let document = ran.json();
    let tokens = document["data"]["tokens"].as_array().unwrap();
    let users: Vec<&str> = tokens.iter().map(|t| t["user"].as_str().unwrap()).collect();
    assert_eq!(users, names(200));
    assert_eq!(site.count(route::WORKSPACES), before);
    assert_eq!(site.seen("workspaces"), 200);
}

#[test]
fn users_come_by_standard_input_and_by_argument() {
    let site = Site::new(&[]);
    let home = site.home();
    let ran = home
        .call(["token", "mint", "first", "--from", "-"])
        .input("\u{feff}second\r\n\r\n third \r\n")
        .run()
        .expect(0);
    let users: Vec<String> = ran.out.lines().map(user_of).collect();
    assert_eq!(users, ["first", "second", "third"]);
}

#[test]
fn a_list_that_holds_a_byte_order_mark_or_a_wrong_line_is_read_or_told_by_its_own_numbers() {
    let site = Site::new(&[]);
    let home = site.home();
    home.write("users.txt", "\u{feff}one\ntwo\n");
    let ran = home.run("token mint --from users.txt").expect(0);
    assert_eq!(
        ran.out.lines().map(user_of).collect::<Vec<_>>(),
        ["one", "two"]
    );
    home.write("users.txt", "one\na\x1bb\n");
    let before = site.requests();
    let ran = home.run("token mint --from users.txt -o json").expect(3);
    let because = ran.json()["error"]["because"].as_str().unwrap().to_owned();
    assert!(
        because.starts_with("line 2 of users.txt holds a control"),
        "{because}"
    );
    let ran = home
        .call(["token", "mint", "good", "line\nbreak"])
        .run()
        .expect(2);
    assert!(ran.err.contains("it holds a control"), "{ran:?}");
    assert_eq!(
        site.requests(),
        before,
        "nothing is minted of a list that is wrong somewhere"
    );
}

#[test]
fn lists_that_cannot_be_lists_are_refused() {
    let site = Site::new(&[]);
    let home = site.home();
    home.write("empty.txt", "\n  \n");
    home.run("token mint --from empty.txt").expect(3);
    home.run("token mint --from none.txt").expect(8);
    home.write("large.txt", vec![b'x'; (16 << 20) + 1]);
    let ran = home.run("token mint --from large.txt").expect(3);
    assert!(ran.err.contains("16 MiB"), "{ran:?}");
    home.write("latin.txt", b"caf\xe9\n");
    home.run("token mint --from latin.txt").expect(3);
    assert_eq!(site.requests(), 0);
}

#[test]
fn a_user_named_twice_is_minted_once_and_told() {
    let site = Site::new(&[]);
    let home = site.home();
    let ran = home.run("token mint a b a a -o json").expect(0).json();
    assert_eq!(ran["data"]["tokens"].as_array().unwrap().len(), 2);
    assert!(
        ran["warnings"]
            .to_string()
            .contains("minted once although named more often: a"),
        "{ran}"
    );
    assert_eq!(site.count(route::WIDGET), 2);
}

#[test]
fn a_failure_belongs_to_its_user_and_the_others_come() {
    let site = Site::new(&["widget=status:400:no such plan*1"]);
    let home = site.home();
    let ran = home
        .run("token mint a b c --jobs 1 -o json")
        .expect(6)
        .json();
    let tokens = ran["data"]["tokens"].as_array().unwrap();
    let oks: Vec<bool> = tokens.iter().map(|t| t["ok"].as_bool().unwrap()).collect();
    assert_eq!(oks, [false, true, true]);
    assert_eq!(tokens[0]["error"]["code"], "service.rejected");
    assert_eq!(
        tokens[0]["error"]["because"].as_str().unwrap(),
        format!("{} answered 400: no such plan", site.url)
    );
    assert_eq!(ran["error"], tokens[0]["error"]);
    site.fault("widget=status:400:no such plan*1");
    let ran = home.run("token mint a b c --jobs 1").expect(6);
    assert_eq!(
        ran.out.lines().map(user_of).collect::<Vec<_>>(),
        ["b", "c"],
        "nothing for a user that failed"
    );
    insta::assert_snapshot!(ran.err.replace(&site.url, "URL"), @r"
warning: minting makes 1 workspace: a
error: a: could not mint a widget token
  because: URL answered 400: no such plan
  hint: the message is Airbyte's own; `embedctl check` tells which step it belongs to
");
}

#[test]
fn the_gravest_failure_decides() {
    for (faults, exit) in [
        (
            [
                "widget=status:400:no*1",
                "widget=status:403*1",
                "widget=hang*1",
            ],
            4,
        ),
        (
            ["widget=hang*1", "widget=status:400:no*1", "widget=slow:1*1"],
            6,
        ),
        (["widget=hang*1", "widget=slow:1*1", "widget=slow:1*1"], 5),
    ] {
        let site = Site::new(&faults);
        let ran = site
            .home()
            .run("token mint a b c --jobs 3 --timeout 1 -o json")
            .expect(exit)
            .json();
        assert_eq!(ran["exit"], exit);
    }
}

#[test]
fn a_refused_secret_is_tried_once_however_many_users_wait() {
    let site = Site::new(&[]);
    let home = site.home_with(&[("AIRBYTE_CLIENT_SECRET", "wrong-secret")]);
    home.write("users.txt", names(50).join("\n"));
    let ran = home
        .run("token mint --from users.txt -o json")
        .expect(4)
        .json();
    assert_eq!(site.count(route::TOKEN), 1, "many tries lock accounts");
    assert_eq!(ran["error"]["code"], "auth.refused");
    let ran = home.run("token mint --from users.txt").expect(4);
    assert_eq!(ran.err.matches("error:").count(), 1, "{ran:?}");
    assert_eq!(site.count(route::TOKEN), 2);
}

#[test]
fn a_refusal_that_is_the_same_for_all_stops_the_rest() {
    for (fault, code) in [
        ("widget=status:401", "auth.expired"),
        ("widget=status:403", "auth.forbidden"),
        ("not-entitled", "auth.not_entitled"),
    ] {
        let site = Site::new(&[fault]);
        let home = site.home();
        home.write("users.txt", names(60).join("\n"));
        let ran = home.run("token mint --from users.txt -o json").expect(4);
        let tokens = ran.json()["data"]["tokens"].as_array().unwrap().clone();
        assert_eq!(tokens.len(), 60);
        assert!(
            tokens.iter().all(|token| token["error"]["code"] == code),
            "{fault}: {ran:?}"
        );
        // Those that were in flight, each with one renewal.
        let (mints, exchanges) = (site.count(route::WIDGET), site.count(route::TOKEN));
        assert!(
            mints <= 8 && exchanges <= 5,
            "{fault}: {mints}, {exchanges}"
        );
    }
}

#[test]
fn where_a_secret_goes_is_said_before_it_goes_there() {
    let site = Site::new(&[]);
    let host = site.url.trim_start_matches("http://");
    // A folder of somebody else's: its file holds the address, and the secret is one's own.
    let home = Home::with_env(format!("BASE_URL={}\n", site.url));
    let run = |line: &str| {
        let mut call = home.call(line.split_whitespace());
        for (name, value) in site.sandbox.settings_with_s3(&site.url, &site.s3_url) {
            if name != "BASE_URL" {
                call = call.env(name, value);
            }
        }
        call.run()
    };
    let told = format!("sending to {host} (from .env)\n");
    for line in [
        "check --only auth",
        "token mint",
        "token mint -o json",
        "template list",
        "verify",
    ] {
        let ran = run(line);
        assert!(ran.err.starts_with(&told), "{line}: {ran:?}");
    }
    assert_eq!(run("token mint -q").err, "");
    // Whoever wrote both into one file knows where that is.
    assert_eq!(site.home().run("check --only auth").expect(0).err, "");
}

#[test]
fn never_more_are_in_flight_than_asked_for_and_never_fewer() {
    struct Flight {
        now: usize,
        most: usize,
    }
    const JOBS: usize = 3;
    let flight = Arc::new((Mutex::new(Flight { now: 0, most: 0 }), Condvar::new()));
    let seen = Arc::clone(&flight);
    let listener = Listener::start(move |heard: &Heard| match heard.line.as_str() {
        "POST /v1/applications/token" => {
            Listener::json("200 OK", r#"{"access_token":"t","expires_in":900}"#)
        }
        "POST /v1/embedded/widget_token" => {
            let (lock, changed) = &*seen;
            let mut held = lock.lock().unwrap();
            held.now += 1;
            held.most = held.most.max(held.now);
            changed.notify_all();
            // Held until the others are here too, so that more would be seen if they came.
            let (mut held, _) = changed
                .wait_timeout_while(held, Duration::from_millis(300), |held| held.most <= JOBS)
                .unwrap();
            held.now -= 1;
            Listener::json("200 OK", r#"{"token":"x"}"#)
        }
        _ => Listener::json("200 OK", r#"{"data":[]}"#),
    });
    let site = Site::new(&[]);
    let home = site.home_with(&[("BASE_URL", &listener.url)]);
    home.write("users.txt", names(7).join("\n"));
    home.run("token mint --from users.txt --jobs 3").expect(0);
    assert_eq!(flight.0.lock().unwrap().most, JOBS);
}

#[test]
fn an_origin_can_be_named_and_must_be_one() {
    let site = Site::new(&[]);
    let home = site.home();
    let ran = home
        .run("token mint --origin https://app.example/ -o json")
        .expect(0)
        .json();
    assert_eq!(ran["data"]["tokens"][0]["origin"], "https://app.example");
    let before = site.requests();
    let ran = home.run("token mint --origin app.example").expect(2);
    assert!(ran.err.contains("did you mean"), "{ran:?}");
    assert_eq!(site.requests(), before);
}

#[test]
fn the_document_of_a_token() {
    let site = Site::new(&[]);
    let ran = site.home().run("token mint -o json").expect(0);
    let token = &ran.json()["data"]["tokens"][0];
    let keys: Vec<&str> = token
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(
        keys,
        [
            "user",
            "ok",
            "origin",
            "workspace_id",
            "expires_at",
            "ttl_s",
            "widget_url",
            "token"
        ]
    );
    assert_eq!(token["workspace_id"], site.state()["workspaces"][0]["id"]);
    let ttl = token["ttl_s"].as_u64().unwrap();
    assert!((1190..=1200).contains(&ttl), "{ttl}");
    assert_eq!(user_of(token["token"].as_str().unwrap()), "user-42");
}

#[test]
fn a_state_folder_that_cannot_be_written_costs_the_memory_and_not_the_token() {
    let site = Site::new(&[]);
    let home: Home = site.home();
    std::fs::write(home.state(), "a file").unwrap();
    let ran = home.run("token mint").expect(0);
    assert_eq!(user_of(ran.out.trim()), "user-42");
    assert!(ran.err.contains("warning: could not"), "{ran:?}");
}

#[test]
fn a_lost_mint_is_tried_again_since_it_is_found_by_name() {
    let site = Site::new(&["widget=commit+reset*1"]);
    site.home().run("token mint").expect(0);
    assert_eq!((site.count(route::WIDGET), site.seen("workspaces")), (2, 1));
}
