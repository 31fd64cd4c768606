//! What becomes of Airbyte's failures: never a success with nothing in it.

use serde_json::json;

use crate::ask::{Answer, Demo, TOKEN};
use crate::support::{Home, Listener, Site, route};

fn asked(site: &Site, flags: &str) -> (Answer, String) {
    let demo = Demo::before(site, flags);
    let answer = demo.get(TOKEN).send();
    (answer, demo.end().err)
}

#[test]
fn each_failure_has_its_status_and_its_reason() {
    for (fault, status, code) in [
        ("token=status:401", 502, "auth.refused"),
        ("token=status:500", 502, "service.error"),
        ("widget=status:401", 502, "auth.expired"),
        ("widget=status:403", 502, "auth.forbidden"),
        ("not-entitled", 502, "auth.not_entitled"),
        ("widget=status:404", 502, "service.not_found"),
        ("widget=status:500", 502, "service.error"),
        ("widget=status:503", 502, "service.unavailable"),
        ("widget=rate", 503, "service.rate_limited"),
        ("widget=hang", 504, "network.timeout"),
        ("token=hang", 504, "network.timeout"),
        ("widget=reset", 502, "network.lost"),
        ("widget=cut", 502, "network.lost"),
        ("widget=html:502", 502, "service.unavailable"),
        ("widget=html:200", 502, "service.unreadable"),
        ("widget=empty", 502, "service.unreadable"),
        ("widget=bad-json", 502, "service.unreadable"),
        ("widget=missing:token", 502, "service.unreadable"),
        ("widget=blank:token", 502, "service.unreadable"),
        ("widget=value:token:nonsense", 502, "token.malformed"),
        (
            "widget=redirect:302:http://127.0.0.1:1/",
            502,
            "service.redirect",
        ),
    ] {
        let site = Site::new(&[fault]);
        let impatient = if fault.ends_with("hang") {
            "--timeout 1"
        } else {
            ""
        };
        let (answer, told) = asked(&site, impatient);
        assert_eq!(answer.status, status, "{fault}: {answer:?}");
        assert_eq!(answer.code(), code, "{fault}: {answer:?}");
        let error = &answer.json()["error"];
        assert!(!error["message"].as_str().unwrap().is_empty(), "{fault}");
        let id = error["request_id"].as_str().unwrap();
        assert!(told.contains(&format!("(request {id})")), "{fault}: {told}");
    }
}

#[test]
fn who_is_asked_to_slow_down_is_told_for_how_long() {
    let site = Site::new(&["widget=rate:120"]);
    let (answer, _) = asked(&site, "");
    assert_eq!(
        (answer.status, answer.header("retry-after")),
        (503, Some("120"))
    );
    assert_eq!(answer.code(), "service.rate_limited");
}

#[test]
fn what_airbyte_says_steers_nothing_and_echoes_no_secret() {
    for fault in ["widget=esc", "widget=echo", "token=echo", "token=esc"] {
        let site = Site::new(&[fault]);
        let secret = site.setting("AIRBYTE_CLIENT_SECRET");
        let (answer, told) = asked(&site, "");
        assert!(answer.status >= 502, "{fault}: {answer:?}");
        for text in [&answer.body, &told] {
            assert!(
                !text.contains('\x1b') && !text.contains("\\u001b"),
                "{fault}: {text}"
            );
            assert!(!text.contains(&secret), "{fault}: {text}");
        }
    }
}

#[test]
fn a_widget_on_a_host_that_the_page_may_not_frame_is_told_by_name() {
    let site = Site::new(&["widget-host:https://widgets.acme.example"]);
    let (answer, told) = asked(&site, "");
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (502, "widget.host")
    );
    let error = answer.json()["error"].clone();
    assert_eq!(
        error["because"],
        json!("the widget is on https://widgets.acme.example")
    );
    assert!(
        error["hint"]
            .as_str()
            .unwrap()
            .contains("--widget-host https://widgets.acme.example")
    );
    assert!(told.contains("https://widgets.acme.example"));
    let (answer, _) = asked(&site, "--widget-host widgets.acme.example");
    answer.expect(200);
}

#[test]
fn a_dead_upstream_is_told_at_each_request_and_comes_back() {
    let port = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let dead = format!("http://127.0.0.1:{port}");
    let site = Site::new(&[]);
    let demo = Demo::at_home(
        site.home_with(&[("BASE_URL", &dead), ("ALLOWED_ORIGIN", "")]),
        "",
    );
    let answer = demo.get(TOKEN).send().expect(502);
    assert_eq!(answer.code(), "network.connect");

    let site = Site::new(&["widget=status:500*1"]);
    let demo = Demo::before(&site, "");
    demo.get(TOKEN).send().expect(502);
    demo.get(TOKEN).send().expect(200);
}

#[test]
fn a_revoked_access_token_is_fetched_anew_unseen() {
    let site = Site::new(&[]);
    let demo = Demo::before(&site, "");
    demo.get(TOKEN).send().expect(200);
    site.revoke();
    demo.get(TOKEN).send().expect(200);
    assert_eq!(site.count(route::TOKEN), 2);
}

#[test]
fn strangers_are_not_told_what_airbyte_said() {
    let site = Site::new(&["widget=status:403:canary words of Airbyte"]);
    let home = site.home_with(&[("ALLOWED_ORIGIN", "https://demo.acme.example")]);
    let demo = Demo::at_home(home, "--public");
    let answer = demo
        .get(TOKEN)
        .host("demo.acme.example")
        .origin("https://demo.acme.example")
        .send()
        .expect(502);
    assert!(
        !answer.body.contains("canary") && !answer.body.contains(&site.url),
        "{answer:?}"
    );
    let id = answer.json()["error"]["request_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let told = demo.end().err;
    assert!(
        told.contains("canary words of Airbyte") && told.contains(&id),
        "{told}"
    );
}

#[test]
fn the_secret_is_in_no_answer_and_in_no_line() {
    let secret = "canary/secret+with%odd=characters0123456789";
    let upstream = Listener::start(move |heard| {
        let detail = format!("you sent {}", heard.body);
        Listener::json("403 Forbidden", &json!({ "detail": detail }).to_string())
    });
    let home = Home::with_env(format!(
        "AIRBYTE_ORGANIZATION_ID=5f0c3a1e-6a0e-4d0e-b1a7-0f7e5a3391aa\nAIRBYTE_CLIENT_ID=id\nAIRBYTE_CLIENT_SECRET='{secret}'\nEXTERNAL_USER_ID=user-42\nBASE_URL={}\n",
        upstream.url
    ));
    let demo = Demo::at_home(home, "");
    let mut texts: Vec<String> = ["/", "/demo.js", TOKEN, "/none"]
        .iter()
        .map(|path| format!("{:?}", demo.get(path).send()))
        .collect();
    let ran = demo.end();
    texts.extend([ran.out, ran.err]);
    assert!(
        upstream.heard()[0].body.contains("canary"),
        "it was sent, and echoed"
    );
    for text in texts {
        assert!(!text.contains("canary"), "{text}");
    }
}
