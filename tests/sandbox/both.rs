//! The same faults on both APIs: each test walks over the table of dialects.

use super::*;

/// The error bodies of one API.
#[derive(Clone, Copy, PartialEq)]
enum Bodies {
    Platform,
    Envelope,
}

/// How one API is called.
struct Dialect {
    token: &'static str,
    widget: &'static str,
    template: &'static str,
    bodies: Bodies,
}

const BOTH: [Dialect; 2] = [
    Dialect {
        token: TOKEN,
        widget: WIDGET,
        template: TEMPLATE,
        bodies: Bodies::Platform,
    },
    Dialect {
        token: agents::TOKEN,
        widget: agents::WIDGET,
        template: agents::TEMPLATES,
        bodies: Bodies::Envelope,
    },
];

impl Dialect {
    async fn access(&self, site: &Site) -> String {
        match self.bodies {
            Bodies::Platform => site.token().await,
            Bodies::Envelope => site.agents_token().await,
        }
    }

    /// A good request to the route that a fault's name means.
    fn request(&self, site: &Site, route: &str, bearer: &str) -> RequestBuilder {
        let (path, body) = match (route, self.bodies) {
            ("token", _) => (self.token, site.credentials()),
            ("widget", Bodies::Platform) => (self.widget, site.widget_body("u")),
            ("widget", Bodies::Envelope) => (
                self.widget,
                json!({"workspace_name": "u", "allowed_origin": "http://localhost:3001"}),
            ),
            (_, Bodies::Platform) => (self.template, site.template_body()),
            (_, Bodies::Envelope) => (self.template, site.agents_template()),
        };
        site.request(Method::POST, path)
            .bearer_auth(bearer)
            .json(&body)
    }

    async fn send(&self, site: &Site, route: &str, bearer: &str) -> Reply {
        let request = self.request(site, route, bearer);
        reply(request.send().await.unwrap()).await.unwrap()
    }

    /// Whether this is an error in the API's own words.
    fn speaks(&self, reply: &Reply) -> bool {
        let body = reply.json();
        let envelope = body["message"].is_string() && body["errors"].is_array();
        let platform =
            ["type", "errorId", "_links"].map(|key| body.get(key).is_some()) != [false; 3];
        match self.bodies {
            Bodies::Envelope => envelope && !platform,
            Bodies::Platform => !envelope,
        }
    }
}

/// What each route's answer is known by.
const ROUTES: [(&str, &str); 3] = [
    ("token", "access_token"),
    ("widget", "token"),
    ("template", "id"),
];

/// One site with each of these faults, in this order, for one request each.
async fn in_turn<'a>(route: &str, faults: impl Iterator<Item = &'a str>) -> Site {
    let faults: Vec<String> = faults.map(|fault| format!("{route}={fault}*1")).collect();
    let faults: Vec<&str> = faults.iter().map(String::as_str).collect();
    Site::new(&faults).await
}

#[tokio::test]
async fn statuses_come_in_the_apis_own_words() {
    let faults = [
        ("status:400", 400),
        ("status:401", 401),
        ("status:403", 403),
        ("status:404", 404),
        ("status:409:taken", 409),
        ("status:422:field x", 422),
        ("status:500", 500),
        ("status:502", 502),
        ("status:503", 503),
        ("rate", 429),
        ("rate:3", 429),
        ("esc", 400),
        ("echo", 400),
    ];
    for dialect in &BOTH {
        for (route, _) in ROUTES {
            let site = in_turn(route, faults.iter().map(|(fault, _)| *fault)).await;
            for (fault, status) in faults {
                let reply = dialect.send(&site, route, "").await;
                assert_eq!(reply.status, status, "{route}={fault}");
                assert!(dialect.speaks(&reply), "{route}={fault}: {}", reply.text);
                let after = if fault == "rate:3" { "3" } else { "" };
                assert_eq!(reply.header("retry-after"), after);
            }
            assert_eq!((site.seen("templates"), site.seen("workspaces")), (0, 0));
            let bearer = dialect.access(&site).await;
            assert_eq!(dialect.send(&site, route, &bearer).await.status, 200);
        }
    }
}

#[tokio::test]
async fn hostile_answers_hold_what_must_not_be_shown() {
    for dialect in &BOTH {
        let site = Site::new(&[
            "widget=esc",
            "token=echo",
            "template=status:422:\u{1b}[31mred",
        ])
        .await;
        let hostile = dialect.send(&site, "widget", "").await;
        for escaped in ["\\u001b]52", "\\u001b]0;", "\u{9b}", "\\r", "\u{202e}"] {
            assert!(hostile.text.contains(escaped), "{escaped:?}");
        }
        let echo = dialect.send(&site, "token", "").await;
        assert!(echo.text.contains(&site.setting("AIRBYTE_CLIENT_SECRET")));
        let own = dialect.send(&site, "template", "").await;
        assert!(own.text.contains("\\u001b[31mred"));
    }
}

#[tokio::test]
async fn proxies_and_redirects_know_no_api() {
    for dialect in &BOTH {
        for (route, _) in ROUTES {
            let site = Site::new(&[
                &format!("{route}=html:502*1"),
                &format!("{route}=redirect:302:http://other.example/x*1"),
                &format!("{route}=redirect:308*1"),
                &format!("{route}=redirect-loop*1"),
            ])
            .await;
            let mut seen = Vec::new();
            for _ in 0..4 {
                let reply = dialect.send(&site, route, "").await;
                seen.push((reply.status, reply.header("location").to_owned()));
            }
            let path = match route {
                "token" => dialect.token,
                "widget" => dialect.widget,
                _ => dialect.template,
            };
            assert_eq!(
                seen,
                [
                    (502, String::new()),
                    (302, "http://other.example/x".to_owned()),
                    (308, String::new()),
                    (307, path.to_owned())
                ]
            );
        }
    }
}

#[tokio::test]
async fn documents_break_alike() {
    for dialect in &BOTH {
        for (route, field) in ROUTES {
            let of_field = ["missing", "null", "blank", "type"].map(|it| format!("{it}:{field}"));
            let big = format!("big-field:{field}:3");
            let mut faults: Vec<(&str, bool)> = [
                "bad-json", "cut-json", "empty", "bom", "not-utf8", "array", "string",
            ]
            .into_iter()
            .chain(of_field.iter().map(String::as_str))
            .map(|fault| (fault, true))
            .collect();
            faults.extend([("wrong-type", false), ("dup-keys", false), (&big, false)]);
            let site = in_turn(route, faults.iter().map(|(fault, _)| *fault)).await;
            let bearer = if route == "token" {
                String::new()
            } else {
                dialect.access(&site).await
            };
            for (fault, broken) in faults {
                let reply = dialect.send(&site, route, &bearer).await;
                assert_eq!(reply.status, 200);
                let text = reply.json()[field].as_str().unwrap_or_default().to_owned();
                assert_eq!(text.is_empty(), broken, "{route}={fault}: {}", reply.text);
            }
        }
    }
}

#[tokio::test]
async fn what_is_carried_out_and_lost_is_there_all_the_same() {
    for dialect in &BOTH {
        for (fault, made) in [
            ("commit+reset", 1),
            ("commit+status:500", 1),
            ("commit+status:502", 1),
            ("commit+html:504", 1),
            ("commit+delay:1", 1),
            ("cut", 1),
            ("missing:id", 1),
            ("reset", 0),
            ("status:500", 0),
            ("rate", 0),
            ("redirect:302", 0),
        ] {
            let site = Site::new(&[&format!("template={fault}*1")]).await;
            let bearer = dialect.access(&site).await;
            let request = dialect.request(&site, "template", &bearer);
            drop(request.send().await);
            assert_eq!(site.seen("templates"), made, "{fault}");
        }
        let site = Site::new(&["template=commit+hang*1"]).await;
        let bearer = dialect.access(&site).await;
        let hanging = tokio::spawn(dialect.request(&site, "template", &bearer).send());
        while site.seen("templates") == 0 {
            tokio::task::yield_now().await;
        }
        assert!(!hanging.is_finished());
        hanging.abort();
    }
}

#[tokio::test]
async fn reading_templates_fails_apart_from_making_them() {
    let site = Site::new(&[
        "template=status:500",
        "templates=delay:0*1",
        "templates=status:403",
    ])
    .await;
    let token = site.agents_token().await;
    for status in [200, 403] {
        let listed = site.get(agents::TEMPLATES, &token).await;
        assert_eq!(listed.status, status, "the first one is let through");
    }
    let made = site
        .post(agents::TEMPLATES, &token, &site.agents_template())
        .await;
    assert_eq!(made.status, 500);
}

#[tokio::test]
async fn tokens_end_early_late_or_in_silence() {
    for dialect in &BOTH {
        for (fault, expires_in, opens) in [
            ("no-expiry", Value::Null, true),
            ("expired-access", json!(900), false),
            ("expires:5", json!(5), true),
            ("skew:-3600", json!(900), true),
        ] {
            let site = Site::new(&[fault]).await;
            let answer = dialect.send(&site, "token", "").await;
            assert_eq!(answer.json()["expires_in"], expires_in, "{fault}");
            let bearer = answer.json()["access_token"].as_str().unwrap().to_owned();
            let reply = dialect.send(&site, "widget", &bearer).await;
            assert_eq!(reply.status, if opens { 200 } else { 401 }, "{fault}");
        }
        let site = Site::new(&["widget-host:https://elsewhere.example"]).await;
        let bearer = dialect.access(&site).await;
        let minted = dialect.send(&site, "widget", &bearer).await;
        assert!(unpacked(&minted).contains("https://elsewhere.example/embedded-widget?"));
    }
}
