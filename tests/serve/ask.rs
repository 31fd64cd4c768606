//! A running demo app, and requests written by hand, as no well-behaved client would send them.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;

use crate::support::{DEADLINE, Home, Ran, Running, Site};

/// What the token endpoint is called.
pub(crate) const TOKEN: &str = "/api/widget_token";

/// Where events are handed in.
pub(crate) const EVENT: &str = "/api/embedded_response";

/// A demo app in a home of its own.
pub(crate) struct Demo {
    pub(crate) home: Home,
    running: Running,
    pub(crate) url: String,
    pub(crate) port: u16,
}

impl Demo {
    /// Starts one on a free port before a sandbox.
    pub(crate) fn before(site: &Site, flags: &str) -> Demo {
        Demo::at_home(site.home_with(&[("ALLOWED_ORIGIN", "")]), flags)
    }

    /// Starts one on a free port with the settings of a home.
    pub(crate) fn at_home(home: Home, flags: &str) -> Demo {
        let line = format!("serve --bind 127.0.0.1:0 {flags}");
        let running = home.call(line.split_whitespace()).start();
        let url = running.line().trim().to_owned();
        let port = url.rsplit(':').next().unwrap().parse().unwrap();
        Demo {
            home,
            running,
            url,
            port,
        }
    }

    pub(crate) fn get(&self, path: &str) -> Ask {
        self.ask("GET", path)
    }

    pub(crate) fn ask(&self, method: &str, path: &str) -> Ask {
        Ask {
            port: self.port,
            line: format!("{method} {path} HTTP/1.1"),
            headers: vec![("host".to_owned(), format!("localhost:{}", self.port))],
            body: String::new(),
        }
    }

    /// Sends bytes as they are.
    pub(crate) fn raw(&self, bytes: &str) -> Answer {
        let mut stream = connect(self.port);
        stream.write_all(bytes.as_bytes()).unwrap();
        Answer::read(stream)
    }

    pub(crate) fn connect(&self) -> TcpStream {
        connect(self.port)
    }

    pub(crate) fn id(&self) -> u32 {
        self.running.id()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        self.running.signal(signal);
    }

    pub(crate) fn wait(self) -> (Ran, Home) {
        (self.running.wait(), self.home)
    }

    /// Ends it, and returns what it said.
    pub(crate) fn end(self) -> Ran {
        self.signal(Signal::TERM);
        self.wait().0.expect(143)
    }
}

pub(crate) fn connect(port: u16) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream
}

/// A request, before it is sent.
#[derive(Clone)]
pub(crate) struct Ask {
    port: u16,
    line: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Ask {
    /// Adds a header, beside others of its name.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Ask {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Names another host.
    pub(crate) fn host(mut self, value: &str) -> Ask {
        self.headers.retain(|(name, _)| name != "host");
        self.header("host", value)
    }

    pub(crate) fn origin(self, value: &str) -> Ask {
        self.header("origin", value)
    }

    pub(crate) fn body(mut self, body: &str) -> Ask {
        body.clone_into(&mut self.body);
        self.header("content-length", &body.len().to_string())
    }

    pub(crate) fn send(self) -> Answer {
        let mut text = format!("{}\r\n", self.line);
        for (name, value) in &self.headers {
            write!(text, "{name}: {value}\r\n").unwrap();
        }
        write!(text, "connection: close\r\n\r\n{}", self.body).unwrap();
        let mut stream = connect(self.port);
        // Who has heard enough may close before all is sent.
        let _heard_enough = stream.write_all(text.as_bytes());
        Answer::read(stream)
    }
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: String,
}

impl Answer {
    fn read(mut stream: TcpStream) -> Answer {
        let mut bytes = Vec::new();
        // A connection that is cut after the answer has still brought it.
        let _cut = stream.read_to_end(&mut bytes);
        let _gone = stream.shutdown(Shutdown::Both);
        let text = String::from_utf8(bytes).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").expect("an answer");
        Answer {
            status: head.split(' ').nth(1).unwrap().parse().unwrap(),
            head: head.to_ascii_lowercase(),
            body: body.to_owned(),
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Answer {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// The code of the error that it tells.
    pub(crate) fn code(&self) -> String {
        self.json()["error"]["code"].as_str().unwrap().to_owned()
    }

    /// The token, opened: its user, and the origin it opens on.
    #[track_caller]
    pub(crate) fn opened(&self) -> (String, String) {
        assert_eq!(self.status, 200, "{self:?}");
        let opened = embedctl::domain::token::open(self.json()["token"].as_str().unwrap()).unwrap();
        (opened.user.unwrap(), opened.origin.unwrap())
    }
}

/// How long an end may take after it was asked for: the two seconds of the promise, and what a
/// machine adds that is busy with other tests.
pub(crate) const END: Duration = Duration::from_secs(2 + 6);
