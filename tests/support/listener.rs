//! A listener that writes down what it hears and answers as it is told: for what the sandbox, which
//! is a faithful stand-in, would never do.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// One request, as it came.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    /// `POST /v1/applications/token`
    pub(crate) line: String,
    pub(crate) headers: String,
    pub(crate) body: String,
}

/// Listens until the test ends.
pub(crate) struct Listener {
    pub(crate) url: String,
    heard: Arc<Mutex<Vec<Heard>>>,
}

impl Listener {
    /// Answers with status line, headers and body as `answer` writes them; each connection carries
    /// one request.
    pub(crate) fn start(answer: impl Fn(&Heard) -> String + Send + Sync + 'static) -> Listener {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let heard = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&heard);
        let answer = Arc::new(answer);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (log, answer) = (Arc::clone(&log), Arc::clone(&answer));
                std::thread::spawn(move || serve(stream.unwrap(), &log, &*answer));
            }
        });
        Listener { url, heard }
    }

    /// A v1 API that has more workspaces than anybody reads, each named `somebody`.
    pub(crate) fn with_endless_workspaces() -> Listener {
        let page = vec![r#"{"workspaceId":"w","name":"somebody"}"#; 100].join(",");
        Listener::start(move |heard| {
            let body = match heard.line.as_str() {
                "POST /v1/applications/token" => {
                    r#"{"access_token":"bearer","expires_in":900}"#.to_owned()
                }
                "POST /v1/embedded/widget_token" => r#"{"token":"x"}"#.to_owned(),
                _ => format!(r#"{{"data":[{page}]}}"#),
            };
            Listener::json("200 OK", &body)
        })
    }

    pub(crate) fn heard(&self) -> Vec<Heard> {
        self.heard.lock().unwrap().clone()
    }

    /// An answer with a JSON body.
    pub(crate) fn json(status: &str, body: &str) -> String {
        Self::text(status, "application/json", body)
    }

    pub(crate) fn text(status: &str, kind: &str, body: &str) -> String {
        format!(
            "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        )
    }
}

fn serve(stream: TcpStream, log: &Mutex<Vec<Heard>>, answer: &dyn Fn(&Heard) -> String) {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).unwrap_or(0) == 0 {
            return;
        }
    }
    let length = head
        .lines()
        .find_map(|line| {
            line.to_ascii_lowercase()
                .strip_prefix("content-length: ")?
                .parse()
                .ok()
        })
        .unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let (line, headers) = head.split_once("\r\n").unwrap();
    let request = Heard {
        line: line.trim_end_matches(" HTTP/1.1").to_owned(),
        headers: headers.to_owned(),
        body: String::from_utf8_lossy(&body).into_owned(),
    };
    log.lock().unwrap().push(request.clone());
    // Who asked may have gone.
    let _gone = reader.get_mut().write_all(answer(&request).as_bytes());
}
