//! How fast the demo app hands out widget tokens, beside two servers of the same make: one that
//! answers the same bytes without doing anything, and one that asks the upstream as the demo app
//! does and hands its answer on unread, which is the least that a server can do that mints.
//!
//! `cargo bench --bench serve`. Each server is a process of its own, so that the CPU time of each is
//! what the kernel counts for it (`/proc/PID/stat`). The load comes from this process: so many
//! connections, each of which asks again as soon as it has its answer. The upstream is a process
//! too, of one thread, which reads a request and writes bytes that lie ready: it costs as little as
//! one can that is asked over a socket. All of it shares the machine; so what counts are the ratios
//! of one run.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark that cannot measure ends"
)]

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::http::header;
use axum::routing::get;
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufStream};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

const PATH: &str = "/api/widget_token";

/// How long each load is measured, and how long it runs before that.
const MEASURED: Duration = Duration::from_secs(4);
const WARMING: Duration = Duration::from_secs(1);

/// The arguments with which this program is one of the other servers.
const CONSTANT: &str = "--constant";
const FORWARDING: &str = "--forwarding";
const UPSTREAM: &str = "--upstream";

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [CONSTANT] => runtime().block_on(serve_constant()),
        [FORWARDING, upstream] => runtime().block_on(serve_forwarding(upstream)),
        [UPSTREAM, delay] => Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
            .block_on(serve_upstream(Duration::from_millis(
                delay.parse().unwrap(),
            ))),
        _ => measure(),
    }
}

fn measure() {
    let runtime = runtime();
    let threads = std::thread::available_parallelism().unwrap();
    println!("{threads} threads; {} s each\n", MEASURED.as_secs());
    println!(
        "{:<28}  connections   requests/s      p50      p99   CPU each   of constant",
        ""
    );
    let upstream = Server::upstream(Duration::ZERO);
    let constant = Server::start(&[CONSTANT]);
    let forwarding = Server::start(&[FORWARDING, &upstream.url()]);
    let demo = Server::demo(&upstream.url());
    for connections in [1, 10, 100] {
        let base = runtime.block_on(load(&constant, connections));
        base.print("constant answer", connections, None);
        let least = runtime.block_on(load(&forwarding, connections));
        least.print("handed on unread", connections, Some(&base));
        let before = upstream.cpu();
        let own = runtime.block_on(load(&demo, connections));
        let above = upstream.cpu().saturating_sub(before);
        own.print("demo app, upstream at once", connections, Some(&base));
        println!(
            "{:<28}  {:>11}  {:>11.0} % of what is handed on unread; the upstream's own CPU {:.0} %\n",
            "",
            "",
            own.per_second() / least.per_second() * 100.0,
            above.as_secs_f64() / (MEASURED + WARMING).as_secs_f64() * 100.0,
        );
    }
    drop((forwarding, demo));
    let slow = Server::upstream(Duration::from_millis(50));
    let demo = Server::demo(&slow.url());
    let own = runtime.block_on(load(&demo, 100));
    own.print("demo app, upstream 50 ms", 100, None);
    let over = own.percentile(99).saturating_sub(Duration::from_millis(50));
    println!("\np99 over the upstream's own 50 ms: {:.1} ms", ms(over));
}

fn runtime() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
}

/// A server in a process of its own.
struct Server {
    child: Child,
    port: u16,
    _home: tempfile::TempDir,
}

impl Server {
    /// The program as it is shipped, with its lines going nowhere.
    fn demo(upstream: &str) -> Server {
        let mut command = Command::new(env!("CARGO_BIN_EXE_embedctl"));
        command
            .args(["serve", "--bind", "127.0.0.1:0"])
            .env("BASE_URL", upstream)
            .env(
                "AIRBYTE_ORGANIZATION_ID",
                "5f0c3a1e-6a0e-4d0e-b1a7-0f7e5a3391aa",
            )
            .env("AIRBYTE_CLIENT_ID", "bench")
            .env("AIRBYTE_CLIENT_SECRET", "bench-secret-0123456789")
            .env("EXTERNAL_USER_ID", "user-42");
        Server::run(command)
    }

    /// This program as another server.
    fn start(arguments: &[&str]) -> Server {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(arguments);
        Server::run(command)
    }

    fn upstream(delay: Duration) -> Server {
        Server::start(&[UPSTREAM, &delay.as_millis().to_string()])
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn run(mut command: Command) -> Server {
        let home = tempfile::tempdir().unwrap();
        let mut child = command
            .env("HOME", home.path())
            .env("XDG_STATE_HOME", home.path())
            .current_dir(home.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let port = line.trim().rsplit(':').next().unwrap().parse().unwrap();
        Server {
            child,
            port,
            _home: home,
        }
    }

    /// What the kernel has counted for it, user and system; in hundredths of a second.
    fn cpu(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let after_name = stat.rsplit(')').next().unwrap();
        let ticks: u64 = after_name
            .split_whitespace()
            .skip(11)
            .take(2)
            .map(|ticks| ticks.parse::<u64>().unwrap())
            .sum();
        Duration::from_millis(ticks * 10)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _gone = self.child.wait();
    }
}

async fn serve_constant() {
    let body = json!({"token": widget_token("http://127.0.0.1:1")}).to_string();
    let answer = move || {
        let body = body.clone();
        async move { ([(header::CONTENT_TYPE, "application/json")], body) }
    };
    serve(Router::new().route(PATH, get(answer))).await;
}

async fn serve_forwarding(upstream: &str) {
    rustls::crypto::ring::default_provider()
        .install_default()
        .unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = format!("{upstream}/v1/embedded/widget_token");
    let request = json!({
        "organizationId": "5f0c3a1e-6a0e-4d0e-b1a7-0f7e5a3391aa",
        "allowedOrigin": "http://localhost:3001", "externalUserId": "user-42",
    });
    let answer = move || {
        let asked = client
            .post(&url)
            .bearer_auth("bench-access-token")
            .json(&request);
        async move {
            let body = asked.send().await.unwrap().bytes().await.unwrap();
            ([(header::CONTENT_TYPE, "application/json")], body)
        }
    };
    serve(Router::new().route(PATH, get(answer))).await;
}

async fn serve(router: Router) {
    let listener = listen().await;
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        let service = TowerToHyperService::new(router.clone());
        tokio::spawn(async move {
            http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await
        });
    }
}

/// Listens, and says where.
async fn listen() -> TcpListener {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("http://{}", listener.local_addr().unwrap());
    listener
}

/// Airbyte, as far as a socket goes: each answer lies ready, and comes after a while.
async fn serve_upstream(delay: Duration) {
    let listener = listen().await;
    let url = format!("http://{}", listener.local_addr().unwrap());
    let access = answer(&json!({"access_token": "bench-access-token", "token_type": "Bearer", "expires_in": 86_400}).to_string());
    let widget = answer(&json!({"token": widget_token(&url)}).to_string());
    let answers = Arc::new((access, widget));
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        let answers = Arc::clone(&answers);
        tokio::spawn(async move {
            let mut request = Vec::new();
            while stream
                .read_buf(&mut request)
                .await
                .is_ok_and(|read| read > 0)
            {
                if !is_whole(&request) {
                    continue;
                }
                if !delay.is_zero() {
                    tokio::time::sleep(delay).await;
                }
                let bytes = if request.starts_with(b"POST /v1/applications/token ") {
                    &answers.0
                } else {
                    &answers.1
                };
                stream.write_all(bytes.as_bytes()).await.unwrap();
                request.clear();
            }
        });
    }
}

/// Whether a request has arrived to the end of its body, which is a JSON object without another
/// one in it, or to the end of its head if it has none.
fn is_whole(request: &[u8]) -> bool {
    request.ends_with(b"}") || (request.starts_with(b"GET") && request.ends_with(b"\r\n\r\n"))
}

fn answer(body: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// A widget token as Airbyte makes it, whose widget is at a URL; it lives for a day.
fn widget_token(url: &str) -> String {
    let expires = jiff::Timestamp::now().as_second() + 86_400;
    let workspace = "0d2f5c1e-7f0b-4f5e-9d43-1f3a3c9a77b1";
    let claims = json!({
        "iss": url, "aud": "airbyte-server", "sub": "1f6cb512-aba3-4644-8000-000000000000",
        "typ": "io.airbyte.auth.embedded_v1", "act": {"sub": "user-42"},
        "io.airbyte.auth.workspace_scope": {"workspaceId": workspace},
        "roles": ["EMBEDDED_END_USER"], "exp": expires,
    });
    let part = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
    let jwt = format!(
        "{}.{}.{}",
        part(r#"{"alg":"HS256"}"#),
        part(&claims.to_string()),
        part(&"s".repeat(32))
    );
    let page = format!(
        "{url}/embedded-widget?workspaceId={workspace}&allowedOrigin=http%3A%2F%2Flocalhost%3A3001"
    );
    BASE64_STANDARD.encode(json!({"token": jwt, "widgetUrl": page}).to_string())
}

/// Reads a message to the end of its body, and returns its head; none at the connection's end.
async fn exchange_head(stream: &mut BufStream<TcpStream>) -> Option<String> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).await.ok()? == 0 {
            return None;
        }
    }
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok())
        .unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(head)
}

/// What a load has shown.
struct Seen {
    /// How long each request took, sorted.
    took: Vec<Duration>,
    cpu: Duration,
}

async fn load(server: &Server, connections: usize) -> Seen {
    let begin = Instant::now() + WARMING;
    let end = begin + MEASURED;
    let port = server.port;
    let mut workers = JoinSet::new();
    for _ in 0..connections {
        workers.spawn(ask_until(port, begin, end));
    }
    tokio::time::sleep_until(begin.into()).await;
    let before = server.cpu();
    tokio::time::sleep_until(end.into()).await;
    let cpu = server.cpu().saturating_sub(before);
    let mut took: Vec<Duration> = workers.join_all().await.into_iter().flatten().collect();
    took.sort_unstable();
    Seen { took, cpu }
}

/// Asks over one connection, again and again, and returns how long each request within the time took.
async fn ask_until(port: u16, begin: Instant, end: Instant) -> Vec<Duration> {
    let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let mut stream = BufStream::new(stream);
    let request = format!(
        "GET {PATH} HTTP/1.1\r\nhost: localhost:{port}\r\nsec-fetch-site: same-origin\r\n\r\n"
    );
    let mut took = Vec::new();
    loop {
        let asked = Instant::now();
        if asked >= end {
            return took;
        }
        stream.write_all(request.as_bytes()).await.unwrap();
        stream.flush().await.unwrap();
        let head = exchange_head(&mut stream).await.unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        if asked >= begin {
            took.push(asked.elapsed());
        }
    }
}

impl Seen {
    fn per_second(&self) -> f64 {
        count(self.took.len()) / MEASURED.as_secs_f64()
    }

    fn percentile(&self, percent: usize) -> Duration {
        let place = self.took.len() * percent / 100;
        self.took.get(place).copied().unwrap_or_default()
    }

    fn print(&self, name: &str, connections: usize, base: Option<&Seen>) {
        let mut line = format!(
            "{name:<28}  {connections:>11}  {:>11.0}  {:>7.2}  {:>7.2}  {:>6.0} µs",
            self.per_second(),
            ms(self.percentile(50)),
            ms(self.percentile(99)),
            self.cpu.as_secs_f64() * 1e6 / count(self.took.len()),
        );
        if let Some(base) = base {
            let share = self.per_second() / base.per_second() * 100.0;
            write!(line, "  {share:>10.0} %").unwrap();
        }
        println!("{line}");
    }
}

fn ms(span: Duration) -> f64 {
    span.as_secs_f64() * 1e3
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts of requests are far below 2^52"
)]
fn count(number: usize) -> f64 {
    number as f64
}
