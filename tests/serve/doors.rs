//! Who may ask: every way in that must stay shut, with the sandbox's count as the proof.

use serde_json::json;

use crate::ask::{Demo, EVENT, TOKEN};
use crate::support::{Site, route};

#[test]
fn what_is_refused_reaches_nobody() {
    let site = Site::new(&[]);
    let demo = Demo::before(&site, "");
    let port = demo.port;
    let get = || demo.get(TOKEN);
    let refused = [
        (get().host("evil.example"), "request.host"),
        (get().host(&format!("evil.example:{port}")), "request.host"),
        (get().host(""), "request.host"),
        (get().host("localhost:1"), "request.host"),
        (get().header("host", "evil.example"), "request.host"),
        (get().host("evil.example").origin(&demo.url), "request.host"),
        (get().origin("https://evil.example"), "request.origin"),
        (get().origin("null"), "request.origin"),
        (get().origin(""), "request.origin"),
        (get().origin("http://localhost.evil"), "request.origin"),
        (
            get().origin(&format!("{}.evil.example", demo.url)),
            "request.origin",
        ),
        (get().origin(&format!("{}/", demo.url)), "request.origin"),
        (get().origin("http://localhost:3000"), "request.origin"),
        (
            get().origin(&format!("http://127.0.0.1:{port}")),
            "request.origin",
        ),
        (
            get().origin(&demo.url).origin("http://evil.example"),
            "request.origin",
        ),
        (get().header("sec-fetch-site", "cross-site"), "request.site"),
        (get().header("sec-fetch-site", "same-site"), "request.site"),
        (
            demo.ask("POST", EVENT).origin("null").body("{}"),
            "request.origin",
        ),
        (demo.get("/").host("evil.example"), "request.host"),
        (demo.get("/healthz").host("evil.example"), "request.host"),
        (
            demo.get("/no/such/path").host("evil.example"),
            "request.host",
        ),
    ];
    for (ask, code) in refused {
        let answer = ask.send().expect(403);
        assert_eq!(answer.code(), code);
        assert_eq!(
            answer.header("access-control-allow-origin"),
            None,
            "{answer:?}"
        );
        assert_eq!(answer.header("vary"), Some("origin"));
        assert_eq!(
            answer.json()["error"]["request_id"].as_str(),
            answer.header("x-request-id")
        );
    }
    assert_eq!(site.requests(), 0);
    get().send().expect(200);
    assert_eq!(site.requests(), 2, "the count counts");
}

#[test]
fn requests_that_name_no_host_or_another_target_are_refused() {
    let site = Site::new(&[]);
    let demo = Demo::before(&site, "");
    let host = format!("localhost:{}", demo.port);
    for request in [
        format!("GET {TOKEN} HTTP/1.0\r\n\r\n"),
        format!("GET {TOKEN} HTTP/1.1\r\nconnection: close\r\n\r\n"),
        format!(
            "GET {TOKEN} HTTP/1.1\r\nhost: {host}\r\nhost: {host}\r\nconnection: close\r\n\r\n"
        ),
        format!(
            "GET http://evil.example{TOKEN} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n"
        ),
        format!(
            "GET http://{host}{TOKEN} HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n"
        ),
    ] {
        let answer = demo.raw(&request).expect(403);
        assert_eq!(answer.code(), "request.host", "{request}");
    }
    assert_eq!(site.requests(), 0);
    let whole =
        format!("GET http://{host}{TOKEN} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    demo.raw(&whole).expect(200);
}

#[test]
fn a_token_opens_where_it_was_asked_for_and_nowhere_a_caller_chose() {
    let site = Site::new(&[]);
    let home = site.home_with(&[("ALLOWED_ORIGIN", "http://localhost:3000")]);
    let demo = Demo::at_home(home, "");
    let opens = |ask: crate::ask::Ask| ask.send().opened().1;
    assert_eq!(opens(demo.get(TOKEN)), demo.url);
    assert_eq!(
        opens(demo.get(TOKEN).header("sec-fetch-site", "same-origin")),
        demo.url
    );
    assert_eq!(
        opens(demo.get(TOKEN).host(&format!("127.0.0.1:{}", demo.port))),
        demo.url
    );
    assert_eq!(
        opens(demo.get(TOKEN).header("referer", "https://evil.example/")),
        demo.url
    );
    assert_eq!(
        opens(demo.get(&format!(
            "{TOKEN}?allowedOrigin=https://evil.example&origin=x"
        ))),
        demo.url
    );
    assert_eq!(
        opens(demo.get(TOKEN).origin("http://localhost:3000")),
        "http://localhost:3000"
    );
    let asked = site.last_body(route::WIDGET);
    assert!(
        asked.contains(r#""allowedOrigin":"http://localhost:3000""#),
        "{asked}"
    );
}

#[test]
fn a_page_on_a_listed_origin_may_ask_and_read() {
    let site = Site::new(&[]);
    let home = site.home_with(&[("ALLOWED_ORIGIN", "http://localhost:3000")]);
    let demo = Demo::at_home(home, "");
    let page = "http://localhost:3000";
    let asks = demo
        .ask("OPTIONS", EVENT)
        .origin(page)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "content-type")
        .header("access-control-request-private-network", "true")
        .header("sec-fetch-site", "same-site")
        .send()
        .expect(204);
    assert_eq!(asks.header("access-control-allow-origin"), Some(page));
    assert_eq!(
        asks.header("access-control-allow-methods"),
        Some("get, head, post")
    );
    assert!(
        asks.header("access-control-allow-headers")
            .unwrap()
            .contains("content-type")
    );
    assert_eq!(
        asks.header("access-control-allow-private-network"),
        Some("true")
    );
    assert_eq!(asks.header("access-control-allow-credentials"), None);
    assert_eq!(asks.header("vary"), Some("origin"));
    assert_eq!(site.requests(), 0);
    let token = demo
        .get(TOKEN)
        .origin(page)
        .header("sec-fetch-site", "same-site")
        .send()
        .expect(200);
    assert_eq!(token.header("access-control-allow-origin"), Some(page));
    // A failure is read as well: the page has something to show.
    let failed = demo
        .get(&format!("{TOKEN}?user=other"))
        .origin(page)
        .send()
        .expect(400);
    assert_eq!(failed.header("access-control-allow-origin"), Some(page));
}

#[test]
fn a_page_that_is_not_listed_is_told_nothing_beforehand() {
    let site = Site::new(&[]);
    let demo = Demo::before(&site, "");
    for origin in ["https://evil.example", "null", "http://localhost:3000"] {
        let asks = demo
            .ask("OPTIONS", TOKEN)
            .origin(origin)
            .header("access-control-request-method", "GET")
            .header("access-control-request-private-network", "true")
            .send()
            .expect(403);
        for name in ["origin", "methods", "headers", "private-network"] {
            assert_eq!(asks.header(&format!("access-control-allow-{name}")), None);
        }
    }
    assert_eq!(site.requests(), 0);
}

#[test]
fn the_page_moves_to_its_one_spelling() {
    let site = Site::new(&[]);
    let demo = Demo::before(&site, "");
    for host in ["127.0.0.1", "[::1]"] {
        let moved = demo
            .get("/?user=a%20b")
            .host(&format!("{host}:{}", demo.port))
            .send()
            .expect(307);
        assert_eq!(
            moved.header("location"),
            Some(format!("{}/?user=a%20b", demo.url).as_str())
        );
    }
    demo.get("/").send().expect(200);
}

#[test]
fn a_caller_chooses_the_user_only_where_that_was_asked_for() {
    let site = Site::new(&[]);
    let demo = Demo::before(&site, "");
    assert_eq!(demo.get(TOKEN).send().opened().0, "user-42");
    assert_eq!(
        demo.get(&format!("{TOKEN}?user=user-42")).send().opened().0,
        "user-42"
    );
    assert_eq!(
        demo.get(&format!("{TOKEN}?externalUserId=other"))
            .send()
            .opened()
            .0,
        "user-42"
    );
    let before = site.requests();
    let refused = demo.get(&format!("{TOKEN}?user=other")).send().expect(400);
    assert_eq!(refused.code(), "request.user");
    assert!(refused.body.contains("--user-param"), "{refused:?}");
    assert_eq!(site.requests(), before);
    assert_eq!(site.state()["workspaces"][0]["name"], json!("user-42"));

    let demo = Demo::before(&site, "--user-param --user someone");
    assert_eq!(demo.get(TOKEN).send().opened().0, "someone");
    assert_eq!(
        demo.get(&format!("{TOKEN}?user=an%20other"))
            .send()
            .opened()
            .0,
        "an other"
    );
    let before = site.requests();
    for query in ["user=", "user=a&user=b", "user=a%0ab", "user=a%1b[2J"] {
        let refused = demo.get(&format!("{TOKEN}?{query}")).send().expect(400);
        assert_eq!(refused.code(), "request.user", "{query}");
    }
    assert_eq!(site.requests(), before);
}
