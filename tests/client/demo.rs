//! The demo app that the task owns, the catalogue, and the browser.

use crate::*;

/// Sends a request to the demo app and returns the status and the body.
async fn ask(port: u16, line: &str, headers: &str, body: &str) -> (u16, String) {
    let request = format!(
        "{line} HTTP/1.1\r\nhost: localhost:{port}\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n{body}",
        body.len()
    );
    let asked = tokio::task::spawn_blocking(move || {
        use std::io::{Read as _, Write as _};
        let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    });
    let answer = asked.await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, body.to_owned())
}

#[tokio::test]
async fn the_demo_app_answers_tells_of_visits_and_ends_when_it_is_cancelled() {
    let site = Site::new(&[]);
    let mut desk = Desk::of(&site);
    let (ticket, opened) = desk.serve(desk.stand(Door::Free)).await;
    let port = opened.port;
    assert_eq!(opened.url, format!("http://localhost:{port}"));
    assert_eq!(opened.origins, [Origin::parse(&opened.url).unwrap()]);

    assert_eq!(ask(port, "GET /", "", "").await.0, 200);
    let (of, visit) = desk.visit().await;
    assert_eq!((of, visit.what), (ticket, What::Page));

    let (status, body) = ask(port, "GET /api/widget_token", "", "").await;
    assert!(
        status == 200 && body.contains("\"token\""),
        "{status} {body}"
    );
    let (_, visit) = desk.visit().await;
    let user = ExternalUser::parse("user-42").unwrap();
    assert_eq!((visit.what, visit.refused), (What::Token(user), None));

    let origin = "origin: http://evil.example\r\n";
    assert_eq!(ask(port, "GET /api/widget_token", origin, "").await.0, 403);
    let (_, visit) = desk.visit().await;
    assert_eq!(visit.origin.as_deref(), Some("http://evil.example"));
    assert!(visit.refused.is_some());

    let event = r#"{"message":"source_created","data":{"name":"Sample Data"}}"#;
    let own = format!("origin: {}\r\n", opened.url);
    ask(port, "POST /api/embedded_response", &own, event).await;
    let (_, visit) = desk.visit().await;
    match visit.what {
        What::Event(event) => assert_eq!(event.kind, EventKind::SourceCreated),
        other => panic!("{other:?}"),
    }

    desk.cancel(ticket).await;
    assert!(cancelled(&desk.done(ticket).await));
    assert!(!is_reachable(port));
    assert_eq!(desk.close().await[&ticket], 1);
}

#[tokio::test]
async fn the_newest_demo_app_takes_the_place_and_the_port_of_the_one_before() {
    let site = Site::new(&[]);
    let mut desk = Desk::of(&site);
    let (first, opened) = desk.serve(desk.stand(Door::Free)).await;
    let mut stand = desk.stand(Door::Only(opened.port));
    stand.serving.user = ExternalUser::parse("user-43").unwrap();
    let skipped = desk.start(Job::Serve(Box::new(stand.clone()))).await;
    let (newest, again) = desk.serve(stand).await;
    assert_eq!(again, opened);
    assert!(cancelled(&desk.done(first).await));
    assert!(cancelled(&desk.done(skipped).await));
    ask(opened.port, "GET /api/widget_token", "", "").await;
    let (of, visit) = desk.visit().await;
    let user = ExternalUser::parse("user-43").unwrap();
    assert_eq!((of, visit.what), (newest, What::Token(user)));
    let times = desk.close().await;
    assert_eq!((times[&first], times[&skipped]), (1, 1));
    // It ends with the task that owns it.
    until("the port is free", || !is_reachable(opened.port)).await;
}

#[tokio::test]
async fn a_port_that_is_taken_is_told_or_passed_over() {
    let site = Site::new(&[]);
    let mut desk = Desk::of(&site);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let stand = desk.stand(Door::Only(port));
    let ticket = desk.start(Job::Serve(Box::new(stand))).await;
    let failure = desk.done(ticket).await.unwrap_err();
    assert_eq!(failure.code, Code::MachinePort);
    assert!(failure.because.unwrap().contains(&port.to_string()));
    assert!(failure.hint.unwrap().contains("free one"));
    let (_, opened) = desk.serve(desk.stand(Door::OrFree(port))).await;
    assert_ne!(opened.port, port);
    assert!(is_reachable(opened.port));
}

#[tokio::test]
async fn an_origin_that_the_settings_name_may_ask_too() {
    let site = Site::new(&[]);
    let mut desk = Desk::of(&site);
    let mut stand = desk.stand(Door::Free);
    stand.lists_origin = true;
    stand.serving.origin = Origin::parse("http://localhost:3000").unwrap();
    let (_, opened) = desk.serve(stand).await;
    assert_eq!(opened.origins.len(), 2);
    let origin = "origin: http://localhost:3000\r\n";
    let (status, _) = ask(opened.port, "GET /api/widget_token", origin, "").await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn the_catalogue_comes_with_the_call_that_adds_to_it() {
    for (api, path, field) in [
        ("v1", "/v1/config_templates/sources", "actorDefinitionId"),
        (
            "agents",
            "/api/v1/integrations/templates/sources",
            "actor_definition_id",
        ),
    ] {
        let site = Site::new(&[]);
        let mut desk = Desk::of(&site);
        let mut draft = desk.draft.clone();
        draft.type_in(Key::Api, api);
        let job = Job::Catalogue(draft.access().unwrap());
        let ticket = desk.start(job).await;
        let Ok(Outcome::Offered(catalogue)) = desk.done(ticket).await else {
            panic!("{:?}", desk.told);
        };
        assert_eq!(catalogue.templates[0].name, "Sample Data");
        assert_eq!(catalogue.own.url, format!("{}{path}", site.url));
        // With a connector filled in, the service takes it.
        let mut body = catalogue.own.body.clone();
        assert!(body[field].as_str().unwrap().starts_with('<'));
        body[field] = "dfd88b22-b603-4c3d-aad7-3701784586b1".into();
        let bearer = Client::new(Options::quiet(), Clock::start())
            .access_token(&draft.access().unwrap())
            .await
            .unwrap();
        let port = site.url.rsplit(':').next().unwrap().parse().unwrap();
        let headers = format!(
            "content-type: application/json\r\nauthorization: Bearer {}\r\n",
            bearer.secret.expose()
        );
        let line = format!("{} {path}", catalogue.own.method);
        let (status, answer) = ask(port, &line, &headers, &body.to_string()).await;
        assert_eq!(status, 200, "{answer}");
    }
}

#[tokio::test]
async fn a_browser_that_cannot_be_opened_is_told_with_the_address() {
    let site = Site::new(&[]);
    let mut desk = Desk::of(&site);
    let url = "http://localhost:3001".to_owned();
    let ticket = desk.start(Job::Browse(url)).await;
    let failure = desk.done(ticket).await.unwrap_err();
    assert_eq!(failure.code, Code::MachineBrowser);
    assert!(failure.hint.unwrap().contains("http://localhost:3001"));
}
