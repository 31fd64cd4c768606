//! A sandbox of a test's own, served in the background, and the env file that reaches it.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use embedctl::sandbox::{Options, Sandbox};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::Home;

/// The requests of the v1 API, as the sandbox counts them.
pub(crate) mod route {
    pub(crate) const TOKEN: &str = "POST /v1/applications/token";
    pub(crate) const ORGANIZATIONS: &str = "GET /v1/embedded/organizations";
    pub(crate) const WORKSPACES: &str = "GET /v1/workspaces";
    pub(crate) const TEMPLATE: &str = "POST /v1/config_templates/connections";
    pub(crate) const WIDGET: &str = "POST /v1/embedded/widget_token";
}

fn listener() -> (std::net::TcpListener, String) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    (listener, url)
}

/// A running sandbox.
pub(crate) struct Site {
    pub(crate) sandbox: Sandbox,
    pub(crate) url: String,
    pub(crate) s3_url: String,
    runtime: Option<Runtime>,
}

impl Site {
    /// An empty world with these faults.
    pub(crate) fn new(faults: &[&str]) -> Site {
        Site::with(Options {
            faults: faults.iter().map(|fault| fault.parse().unwrap()).collect(),
            ..Options::default()
        })
    }

    pub(crate) fn with(options: Options) -> Site {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let (api, url) = listener();
        let (s3, s3_url) = listener();
        let sandbox = Sandbox::open(Options {
            s3_url: Some(s3_url.clone()),
            ..options
        })
        .unwrap();
        let (served, bucket) = (sandbox.clone(), sandbox.clone());
        runtime.spawn(async move {
            let listener = tokio::net::TcpListener::from_std(api).unwrap();
            served.serve(listener, std::future::pending()).await;
        });
        runtime.spawn(async move {
            let listener = tokio::net::TcpListener::from_std(s3).unwrap();
            bucket.serve_s3(listener, std::future::pending()).await;
        });
        Site {
            sandbox,
            url,
            s3_url,
            runtime: Some(runtime),
        }
    }

    /// One of the settings that reach it.
    pub(crate) fn setting(&self, name: &str) -> String {
        let settings = self.sandbox.settings_with_s3(&self.url, &self.s3_url);
        settings
            .into_iter()
            .find(|(key, _)| *key == name)
            .unwrap()
            .1
    }

    /// The env file that reaches it, with some settings otherwise; an empty value leaves one out.
    pub(crate) fn env_with(&self, others: &[(&str, &str)]) -> String {
        let mut text = String::new();
        let own = self.sandbox.settings_with_s3(&self.url, &self.s3_url);
        for (name, value) in &own {
            if !others.iter().any(|(other, _)| other == name) {
                writeln!(text, "{name}='{value}'").unwrap();
            }
        }
        for (name, value) in others.iter().filter(|(_, value)| !value.is_empty()) {
            writeln!(text, "{name}='{value}'").unwrap();
        }
        text
    }

    pub(crate) fn env(&self) -> String {
        self.env_with(&[])
    }

    /// A home whose env file reaches it.
    pub(crate) fn home(&self) -> Home {
        Home::with_env(self.env())
    }

    pub(crate) fn home_with(&self, others: &[(&str, &str)]) -> Home {
        Home::with_env(self.env_with(others))
    }

    pub(crate) fn fault(&self, fault: &str) {
        self.sandbox.add_fault(fault.parse().unwrap());
    }

    pub(crate) fn state(&self) -> Value {
        self.sandbox.state()
    }

    /// How often a request came.
    pub(crate) fn count(&self, request: &str) -> u64 {
        self.state()["counts"][request].as_u64().unwrap_or(0)
    }

    /// How often any request came.
    pub(crate) fn requests(&self) -> u64 {
        let counts = self.state()["counts"].clone();
        let counts = counts.as_object().unwrap().values();
        counts.map(|count| count.as_u64().unwrap()).sum()
    }

    /// How many there are in a list of the state.
    pub(crate) fn seen(&self, list: &str) -> usize {
        self.state()[list].as_array().unwrap().len()
    }

    /// The last body of a request, byte for byte.
    pub(crate) fn last_body(&self, request: &str) -> String {
        let bodies: Value =
            serde_json::from_str(&self.control("GET", "last-bodies", &Value::Null)).unwrap();
        bodies[request].as_str().unwrap().to_owned()
    }

    /// Ends every access token there is.
    pub(crate) fn revoke(&self) {
        self.control("POST", "revoke", &json!({}));
    }

    /// Lets a customer of this user connect Sample Data.
    pub(crate) fn play(&self, user: &str) {
        self.control("POST", "play", &json!({ "user": user }));
    }

    pub(crate) fn make_workspace(&self, name: &str) {
        self.control("POST", "workspaces", &json!({ "name": name }));
    }

    fn control(&self, method: &str, path: &str, body: &Value) -> String {
        let address = self.url.trim_start_matches("http://");
        let mut stream = TcpStream::connect(address).unwrap();
        let body = body.to_string();
        write!(
            stream,
            "{method} /__sandbox/{path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{answer}");
        body.to_owned()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // A test may drop it from within a runtime of its own, where waiting is not allowed.
            runtime.shutdown_background();
        }
    }
}
