//! The server, run by Node against the sandbox.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::Value;

use crate::support::{Home, Site, route};

/// A server that listens; ended when dropped.
struct Server {
    child: Child,
    port: u16,
    /// What it goes on to say.
    _out: BufReader<ChildStdout>,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _gone = self.child.wait();
    }
}

fn command(home: &Home) -> Command {
    let mut command = Command::new("node");
    command
        .args(["--env-file=.env", "server.js"])
        .current_dir(home.path("."))
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("PORT", "0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

impl Server {
    fn start(home: &Home) -> Server {
        let mut child = command(home).spawn().expect("node is there");
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut line).unwrap();
        let own = line.split("http://localhost:").last().unwrap_or_default();
        let port = own.trim().parse().unwrap_or_else(|_| {
            let mut why = String::new();
            child
                .stderr
                .take()
                .unwrap()
                .read_to_string(&mut why)
                .unwrap();
            panic!("it does not listen: {line}{why}")
        });
        Server {
            child,
            port,
            _out: out,
        }
    }

    /// Sends a request with these headers beside `Host`, and returns status, head and body.
    fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> (u16, String, String) {
        self.send(method, path, headers, "")
    }

    fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        sent: &str,
    ) -> (u16, String, String) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let own = format!("localhost:{}", self.port);
        let host = headers
            .iter()
            .find(|(name, _)| *name == "host")
            .map_or(own.as_str(), |h| h.1);
        let rest: Vec<String> = headers
            .iter()
            .filter(|(name, _)| *name != "host")
            .map(|(name, value)| format!("{name}: {value}\r\n"))
            .collect();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{}\r\n{sent}",
            rest.concat()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let body = body
            .split("\r\n")
            .find(|line| line.starts_with('{'))
            .unwrap_or(body);
        (status, head.to_lowercase(), body.to_owned())
    }

    fn token(&self, headers: &[(&str, &str)]) -> (u16, Value) {
        let (status, _, body) = self.ask("GET", "/api/widget_token", headers);
        (status, serde_json::from_str(&body).unwrap())
    }
}

fn exported(site: &Site, others: &[(&str, &str)]) -> (Home, Server) {
    let home = site.home_with(others);
    home.run("export node").expect(0);
    let server = Server::start(&home);
    (home, server)
}

fn inspected(home: &Home, token: &Value) -> Value {
    let ran = home
        .call(["token", "inspect", "-o", "json"])
        .input(token.as_str().unwrap())
        .run();
    ran.json()["data"].clone()
}

#[test]
#[ignore = "needs Node 20.6 or newer"]
fn it_serves_the_page_and_tokens_that_open_on_it() {
    for (api, widget) in [
        ("v1", route::WIDGET),
        ("agents", "POST /api/v1/account/applications/widget-token"),
    ] {
        let site = Site::new(&[]);
        let (home, server) = exported(&site, &[("AIRBYTE_API", api)]);
        let (status, head, body) = server.ask("GET", "/", &[]);
        assert_eq!(status, 200);
        assert!(body.contains("<button id=\"open-widget\""), "{body}");
        assert!(
            head.contains("nosniff") && head.contains("no-store"),
            "{head}"
        );

        let (status, answer) = server.token(&[("sec-fetch-site", "same-origin")]);
        assert_eq!(status, 200, "{answer}");
        let token = inspected(&home, &answer["token"]);
        assert_eq!(token["origin"], format!("http://localhost:{}", server.port));
        assert_eq!(token["user"], "user-42");
        let (_, answer) = server.token(&[("origin", "http://localhost:3001")]);
        assert_eq!(
            inspected(&home, &answer["token"])["origin"],
            "http://localhost:3001"
        );
        let access = site.state()["counts"]
            .as_object()
            .unwrap()
            .iter()
            .filter(|(name, _)| name.ends_with("/applications/token"))
            .map(|(_, count)| count.as_u64().unwrap())
            .sum::<u64>();
        assert_eq!(access, 1, "one access token for both");

        let sent: Value = serde_json::from_str(&site.last_body(widget)).unwrap();
        home.run("token mint --origin http://localhost:3001")
            .expect(0);
        let own: Value = serde_json::from_str(&site.last_body(widget)).unwrap();
        assert_eq!(sent, own, "{api}");
    }
}

#[test]
#[ignore = "needs Node 20.6 or newer"]
fn nobody_else_is_given_a_token() {
    let site = Site::new(&[]);
    let (_home, server) = exported(&site, &[]);
    let refused: [&[(&str, &str)]; 5] = [
        &[("origin", "http://evil.example")],
        &[("origin", "null")],
        &[("host", "evil.example")],
        &[("host", "127.0.0.1:3001")],
        &[("sec-fetch-site", "cross-site")],
    ];
    for headers in refused {
        let (status, answer) = server.token(headers);
        assert_eq!(status, 403, "{headers:?}: {answer}");
        assert!(answer["request_id"].is_string());
    }
    assert_eq!(server.ask("POST", "/api/widget_token", &[]).0, 405);
    for path in [
        "/.env",
        "/server.js",
        "/../.env",
        "/index.html",
        "/%2e%65nv",
    ] {
        assert_eq!(server.ask("GET", path, &[]).0, 404, "{path}");
    }
    assert_eq!(site.requests(), 0);
    // The caller chooses neither the origin nor the user.
    let (_, answer) = server.token(&[("referer", "http://evil.example/"), ("x-user", "other")]);
    assert!(answer["token"].is_string());

    let (status, head, _) = server.ask(
        "OPTIONS",
        "/api/widget_token",
        &[("origin", "http://localhost:3001")],
    );
    assert_eq!(status, 204);
    assert!(
        head.contains("access-control-allow-origin: http://localhost:3001\r\n"),
        "{head}"
    );
    let (_, head, _) = server.ask("GET", "/", &[("origin", "http://evil.example")]);
    assert!(!head.contains("access-control"), "{head}");
    assert!(head.contains("vary: origin"));
    let elsewhere = format!("127.0.0.1:{}", server.port);
    let (status, head, _) = server.ask("GET", "/", &[("host", &elsewhere)]);
    assert_eq!(status, 307);
    assert!(
        head.contains(&format!("location: http://localhost:{}/", server.port)),
        "{head}"
    );
}

#[test]
#[ignore = "needs Node 20.6 or newer"]
fn the_widgets_events_are_taken_from_listed_pages_alone() {
    let site = Site::new(&[]);
    let (_home, server) = exported(&site, &[]);
    let send = |origin: &str, body: &str| {
        let length = body.len().to_string();
        let headers = [("origin", origin), ("content-length", &length)];
        server
            .send("POST", "/api/embedded_response", &headers, body)
            .0
    };
    let own = "http://localhost:3001";
    let event = r#"{"message":"source_created","data":{"name":"Sample Data"}}"#;
    assert_eq!(send(own, event), 204);
    assert_eq!(send("http://evil.example", event), 403);
    assert_eq!(send(own, "{"), 400);
    assert_eq!(send(own, "null"), 204);
    let large = format!("\"{}\"", "x".repeat(70_000));
    assert_eq!(send(own, &large), 413);
    assert_eq!(server.ask("GET", "/api/embedded_response", &[]).0, 405);
}

#[test]
#[ignore = "needs Node 20.6 or newer"]
fn what_airbyte_refuses_is_never_a_success_with_nothing_in_it() {
    for (fault, expected) in [
        ("token=status:401", "401"),
        ("widget=status:403", "may these credentials"),
        ("widget=redirect:302", "has the organization moved"),
        ("widget=html:200", "not JSON"),
        ("widget=missing:token", "holds no token"),
        ("any=reset", "not reached"),
    ] {
        let site = Site::new(&[fault]);
        let (_home, server) = exported(&site, &[]);
        let (status, answer) = server.token(&[]);
        assert_eq!(status, 502, "{fault}: {answer}");
        assert!(
            answer["error"].as_str().unwrap().contains(expected),
            "{fault}: {answer}"
        );
        assert!(answer["token"].is_null());
    }
}

#[test]
#[ignore = "needs Node 20.6 or newer"]
fn an_access_token_that_is_over_is_fetched_anew_once() {
    let site = Site::new(&[]);
    let (_home, server) = exported(&site, &[]);
    assert_eq!(server.token(&[]).0, 200);
    site.revoke();
    assert_eq!(server.token(&[]).0, 200);
    assert_eq!(site.count(route::TOKEN), 2);
    site.fault("widget=status:401");
    assert_eq!(server.token(&[]).0, 502);
    assert_eq!(site.count(route::TOKEN), 3, "and no further");
}

#[test]
#[ignore = "needs Node 20.6 or newer"]
fn it_does_not_start_on_what_is_not_safe() {
    let site = Site::new(&[]);
    let home = site.home_with(&[("AIRBYTE_CLIENT_SECRET", ""), ("EXTERNAL_USER_ID", "")]);
    home.run("export node").expect(0);
    let fails = |mut command: Command| {
        let output = command.output().unwrap();
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    let told = fails(command(&home));
    assert!(
        told.contains("not set: AIRBYTE_CLIENT_SECRET, EXTERNAL_USER_ID"),
        "{told}"
    );
    let home = site.home();
    home.run("export node").expect(0);
    let mut unverified = command(&home);
    unverified.env("NODE_TLS_REJECT_UNAUTHORIZED", "0");
    assert!(fails(unverified).contains("NODE_EXTRA_CA_CERTS"));
    let mut clear = command(&home);
    clear.env("BASE_URL", "http://api.airbyte.com");
    assert!(fails(clear).contains("must be https"));
}

#[test]
#[ignore = "needs Node 20.6 or newer"]
fn it_runs_in_a_folder_of_modules_too() {
    let site = Site::new(&[]);
    let home = site.home();
    home.write("package.json", r#"{"type": "module"}"#);
    home.run("export node").expect(0);
    assert_eq!(Server::start(&home).token(&[]).0, 200);
}
