//! The gate as a table.

use super::*;
use axum::http::Request;

const LISTED: &str = "http://localhost:3000";

fn doors(bind: &str, listed: &[&str], public: bool) -> Doors {
    let listed: Vec<Origin> = listed.iter().map(|o| Origin::parse(o).unwrap()).collect();
    Doors::new(bind.parse().unwrap(), &listed, public)
}

fn own_machine() -> Doors {
    doors("127.0.0.1:3001", &[LISTED], false)
}

/// A request line and headers, as `name: value`, separated by `|`; the verdict in a word or two.
fn judged(doors: &Doors, request: &str) -> String {
    let mut parts = request.split('|').map(str::trim);
    let (method, uri) = parts.next().unwrap().split_once(' ').unwrap();
    let mut built = Request::builder().method(method).uri(uri);
    for part in parts {
        let (name, value) = part.split_once(':').unwrap();
        built = built.header(name.trim(), value.trim());
    }
    let (head, ()) = built.body(()).unwrap().into_parts();
    match doors.judge(&head.method, &head.uri, &head.headers) {
        Verdict::Refused(refusal) => refusal.code.to_owned(),
        Verdict::Elsewhere(place) => format!("to {place}"),
        Verdict::Pass(pass) => {
            let named = if pass.named { " named" } else { "" };
            format!("{}{named}", pass.origin)
        }
    }
}

fn table(doors: &Doors, rows: &[(&str, &str)]) {
    for (request, verdict) in rows {
        assert_eq!(judged(doors, request), *verdict, "{request}");
    }
}

#[test]
fn the_host_comes_first_always() {
    table(
        &own_machine(),
        &[
            (
                "GET /api/widget_token|host: localhost:3001",
                "http://localhost:3001",
            ),
            (
                "GET /api/widget_token|host: LocalHost:3001",
                "http://localhost:3001",
            ),
            (
                "GET /api/widget_token|host: 127.0.0.1:3001",
                "http://localhost:3001",
            ),
            (
                "GET /api/widget_token|host: [::1]:3001",
                "http://localhost:3001",
            ),
            ("GET /api/widget_token", "request.host"),
            ("GET /api/widget_token|host:", "request.host"),
            ("GET /api/widget_token|host: evil.example", "request.host"),
            (
                "GET /api/widget_token|host: evil.example:3001",
                "request.host",
            ),
            ("GET /api/widget_token|host: localhost", "request.host"),
            ("GET /api/widget_token|host: localhost:3000", "request.host"),
            (
                "GET /api/widget_token|host: localhost:30010",
                "request.host",
            ),
            (
                "GET /api/widget_token|host: localhost.evil.example:3001",
                "request.host",
            ),
            (
                "GET /api/widget_token|host: x.localhost:3001",
                "request.host",
            ),
            (
                "GET /api/widget_token|host: a@localhost:3001",
                "request.host",
            ),
            ("GET /api/widget_token|host: 0.0.0.0:3001", "request.host"),
            (
                "GET /api/widget_token|host: localhost:3001|host: localhost:3001",
                "request.host",
            ),
            (
                "GET /api/widget_token|host: localhost:3001|host: evil.example",
                "request.host",
            ),
            (
                "GET http://evil.example/|host: localhost:3001",
                "request.host",
            ),
            (
                "GET http://localhost:3001@evil.example/|host: localhost:3001",
                "request.host",
            ),
            (
                "GET http://localhost:3001/api/widget_token|host: evil.example",
                "request.host",
            ),
            (
                "GET http://localhost:3001/api/widget_token|host: localhost:3001",
                "http://localhost:3001",
            ),
            (
                "GET /|host: evil.example|origin: http://localhost:3001",
                "request.host",
            ),
            (
                "OPTIONS /api/widget_token|host: evil.example|origin: http://localhost:3001",
                "request.host",
            ),
            ("GET /nonsense|host: evil.example", "request.host"),
        ],
    );
}

#[test]
fn an_origin_is_on_the_list_or_refused() {
    let here = "GET /api/widget_token|host: localhost:3001|origin: ";
    let rows = [
        ("http://localhost:3001", "http://localhost:3001 named"),
        (LISTED, "http://localhost:3000 named"),
        ("null", "request.origin"),
        ("", "request.origin"),
        ("http://localhost", "request.origin"),
        ("http://localhost:3002", "request.origin"),
        ("https://localhost:3001", "request.origin"),
        ("http://localhost:3001/", "request.origin"),
        ("http://LOCALHOST:3001", "request.origin"),
        ("http://localhost.evil", "request.origin"),
        ("http://localhost:3001.evil.example", "request.origin"),
        (
            "http://evil.example?http://localhost:3001",
            "request.origin",
        ),
        ("http://127.0.0.1:3001", "request.origin"),
        (
            "http://localhost:3001, http://evil.example",
            "request.origin",
        ),
        (
            "http://localhost:3001|origin: http://localhost:3001",
            "request.origin",
        ),
        (
            "http://localhost:3001|origin: http://evil.example",
            "request.origin",
        ),
        // A listed page is on another site than ours, and the browser says so.
        (
            "http://localhost:3000|sec-fetch-site: same-site",
            "http://localhost:3000 named",
        ),
        (
            "http://localhost:3000|sec-fetch-site: cross-site",
            "http://localhost:3000 named",
        ),
        (
            "http://evil.example|sec-fetch-site: same-origin",
            "request.origin",
        ),
    ];
    for (origin, verdict) in rows {
        assert_eq!(
            judged(&own_machine(), &format!("{here}{origin}")),
            verdict,
            "{origin}"
        );
    }
}

#[test]
fn without_an_origin_the_browser_says_where_it_comes_from() {
    table(
        &own_machine(),
        &[
            (
                "GET /api/widget_token|host: localhost:3001|sec-fetch-site: same-origin",
                "http://localhost:3001",
            ),
            (
                "GET /api/widget_token|host: localhost:3001|sec-fetch-site: none",
                "http://localhost:3001",
            ),
            (
                "GET /api/widget_token|host: localhost:3001|sec-fetch-site: same-site",
                "request.site",
            ),
            (
                "GET /api/widget_token|host: localhost:3001|sec-fetch-site: cross-site",
                "request.site",
            ),
            (
                "GET /api/widget_token|host: localhost:3001|sec-fetch-site: new-word",
                "request.site",
            ),
            (
                "GET /api/widget_token|host: localhost:3001|sec-fetch-site: none|sec-fetch-site: cross-site",
                "request.site",
            ),
            (
                "GET /demo.js|host: localhost:3001|sec-fetch-site: cross-site",
                "request.site",
            ),
            // A link to the page is followed; to the token, or in a frame, it is not.
            (
                "GET /|host: localhost:3001|sec-fetch-site: cross-site|sec-fetch-mode: navigate|sec-fetch-dest: document",
                "http://localhost:3001",
            ),
            (
                "GET /|host: localhost:3001|sec-fetch-site: cross-site|sec-fetch-mode: navigate|sec-fetch-dest: iframe",
                "request.site",
            ),
            (
                "GET /|host: localhost:3001|sec-fetch-site: cross-site|sec-fetch-mode: no-cors|sec-fetch-dest: image",
                "request.site",
            ),
            (
                "POST /|host: localhost:3001|sec-fetch-site: cross-site|sec-fetch-mode: navigate|sec-fetch-dest: document",
                "request.site",
            ),
            (
                "GET /api/widget_token|host: localhost:3001|sec-fetch-site: cross-site|sec-fetch-mode: navigate|sec-fetch-dest: document",
                "request.site",
            ),
        ],
    );
}

#[test]
fn the_page_is_at_home_under_one_spelling() {
    table(
        &own_machine(),
        &[
            ("GET /|host: localhost:3001", "http://localhost:3001"),
            ("GET /|host: 127.0.0.1:3001", "to http://localhost:3001/"),
            ("HEAD /|host: [::1]:3001", "to http://localhost:3001/"),
            (
                "GET /?user=a%20b|host: 127.0.0.1:3001",
                "to http://localhost:3001/?user=a%20b",
            ),
            ("GET /|host: LOCALHOST:3001", "to http://localhost:3001/"),
            (
                "GET /|host: 127.0.0.1:3001|sec-fetch-site: cross-site",
                "request.site",
            ),
            ("POST /|host: 127.0.0.1:3001", "http://localhost:3001"),
        ],
    );
}

#[test]
fn a_port_that_browsers_leave_out_may_be_left_out() {
    let doors = doors("127.0.0.1:80", &[], false);
    table(
        &doors,
        &[
            ("GET /|host: localhost", "http://localhost"),
            ("GET /|host: localhost:80", "to http://localhost/"),
            ("GET /|host: 127.0.0.1", "to http://localhost/"),
            (
                "GET /api/widget_token|host: localhost|origin: http://localhost",
                "http://localhost named",
            ),
        ],
    );
}

#[test]
fn another_loopback_address_is_its_own_place() {
    let doors = doors("127.0.0.2:3001", &[], false);
    table(
        &doors,
        &[
            ("GET /|host: 127.0.0.2:3001", "http://127.0.0.2:3001"),
            ("GET /|host: localhost:3001", "request.host"),
        ],
    );
}

#[test]
fn a_listed_origins_host_is_ours_only_where_a_proxy_may_stand() {
    let listed = ["https://demo.acme.example"];
    let proxied = "GET /|host: demo.acme.example";
    let named = "GET /api/widget_token|host: demo.acme.example|origin: https://demo.acme.example";
    let closed = doors("127.0.0.1:3001", &listed, false);
    table(
        &closed,
        &[(proxied, "request.host"), (named, "request.host")],
    );
    for bind in ["127.0.0.1:3001", "0.0.0.0:3001", "[::]:3001"] {
        table(
            &doors(bind, &listed, true),
            &[
                (proxied, "https://demo.acme.example"),
                (named, "https://demo.acme.example named"),
                ("GET /|host: localhost:3001", "http://localhost:3001"),
                ("GET /|host: 192.0.2.7:3001", "request.host"),
                ("GET /|host: evil.example", "request.host"),
            ],
        );
    }
    table(
        &doors("192.0.2.7:3001", &listed, true),
        &[
            ("GET /|host: 192.0.2.7:3001", "http://192.0.2.7:3001"),
            ("GET /|host: localhost:3001", "request.host"),
        ],
    );
}

#[test]
fn a_refusal_names_the_way_out() {
    let head = |origin: &str| {
        let request = Request::builder()
            .uri("/api/widget_token")
            .header("host", "localhost:3001")
            .header("origin", origin);
        request.body(()).unwrap().into_parts().0
    };
    let hint = |origin: &str| {
        let head = head(origin);
        match own_machine().judge(&head.method, &head.uri, &head.headers) {
            Verdict::Refused(refusal) => refusal.hint.unwrap(),
            passed @ (Verdict::Pass(_) | Verdict::Elsewhere(_)) => panic!("{passed:?}"),
        }
    };
    assert_eq!(
        hint("https://app.acme.example"),
        "set ALLOWED_ORIGIN=https://app.acme.example and start the demo app again"
    );
    for spelled in ["http://127.0.0.1:3001", "null"] {
        assert_eq!(hint(spelled), "open the page as http://localhost:3001/");
    }
}
