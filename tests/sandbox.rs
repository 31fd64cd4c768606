//! The sandbox over real HTTP: its rules, its errors, and each of its faults.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests: a wrong answer ends one"
)]

#[path = "sandbox/agents.rs"]
mod agents;
#[path = "sandbox/agents_templates.rs"]
mod agents_templates;
#[path = "sandbox/both.rs"]
mod both;
#[path = "sandbox/control.rs"]
mod control;
#[path = "sandbox/faults.rs"]
mod faults;
#[path = "sandbox/pipeline.rs"]
mod pipeline;
#[path = "sandbox/rules.rs"]
mod rules;
#[path = "sandbox/s3.rs"]
mod s3;
#[path = "sandbox/source_templates.rs"]
mod source_templates;
#[path = "sandbox/widget.rs"]
mod widget;

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use embedctl::sandbox::{Options, Sandbox};
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

const S3: &str = "4816b78f-1489-44c1-9060-4b19d5fa9362";
const TOKEN: &str = "/v1/applications/token";
const WIDGET: &str = "/v1/embedded/widget_token";
const TEMPLATE: &str = "/v1/config_templates/connections";

/// A running sandbox and a client of it.
struct Site {
    sandbox: Sandbox,
    url: String,
    http: reqwest::Client,
    stop: oneshot::Sender<()>,
    served: JoinHandle<()>,
}

/// Status, headers and body of one answer.
struct Reply {
    status: u16,
    headers: reqwest::header::HeaderMap,
    bytes: Vec<u8>,
    /// The same, for reading.
    text: String,
}

impl Reply {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or(Value::Null)
    }

    fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

impl Site {
    async fn new(faults: &[&str]) -> Self {
        Self::with(Options {
            faults: faults.iter().map(|fault| fault.parse().unwrap()).collect(),
            ..Options::default()
        })
        .await
    }

    async fn with(options: Options) -> Self {
        Self::of(Sandbox::new(options)).await
    }

    async fn of(sandbox: Sandbox) -> Self {
        // Every test asks; the first one wins.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = sandbox.clone().serve(listener, async {
            let _ = stopped.await;
        });
        let served = tokio::spawn(serving);
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        Self {
            sandbox,
            url,
            http,
            stop,
            served,
        }
    }

    fn setting(&self, name: &str) -> String {
        let settings = self.sandbox.settings(&self.url);
        settings
            .into_iter()
            .find(|(key, _)| *key == name)
            .unwrap()
            .1
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url))
    }

    fn credentials(&self) -> Value {
        json!({"client_id": self.setting("AIRBYTE_CLIENT_ID"),
            "client_secret": self.setting("AIRBYTE_CLIENT_SECRET"),
            "grant-type": "client_credentials"})
    }

    async fn token(&self) -> String {
        let reply = self.post(TOKEN, "", &self.credentials()).await;
        reply.json()["access_token"].as_str().unwrap().to_owned()
    }

    async fn post(&self, path: &str, bearer: &str, body: &Value) -> Reply {
        let request = self
            .request(Method::POST, path)
            .bearer_auth(bearer)
            .json(body);
        reply(request.send().await.unwrap()).await.unwrap()
    }

    async fn get(&self, path: &str, bearer: &str) -> Reply {
        let request = self.request(Method::GET, path).bearer_auth(bearer);
        reply(request.send().await.unwrap()).await.unwrap()
    }

    fn widget_body(&self, user: &str) -> Value {
        json!({"organizationId": self.setting("AIRBYTE_ORGANIZATION_ID"),
            "externalUserId": user, "allowedOrigin": "http://localhost:3001"})
    }

    fn template_body(&self) -> Value {
        json!({
            "destinationName": "destination-s3",
            "organizationId": self.setting("AIRBYTE_ORGANIZATION_ID"),
            "destinationActorDefinitionId": S3,
            "destinationConfiguration": {
                "access_key_id": self.setting("AWS_S3_ACCESS_KEY_ID"),
                "secret_access_key": self.setting("AWS_S3_SECRET_ACCESS_KEY"),
                "s3_bucket_name": "acme-embedded",
                "s3_bucket_path": "customers",
                "s3_bucket_region": "us-east-1",
                "format": {"format_type": "JSONL"},
            },
        })
    }

    async fn mint(&self, user: &str) -> Reply {
        let token = self.token().await;
        self.post(WIDGET, &token, &self.widget_body(user)).await
    }

    async fn create(&self) -> Reply {
        let token = self.token().await;
        self.post(TEMPLATE, &token, &self.template_body()).await
    }

    fn seen(&self, list: &str) -> usize {
        self.sandbox.state()[list].as_array().unwrap().len()
    }

    fn count(&self, request: &str) -> u64 {
        self.sandbox.state()["counts"][request]
            .as_u64()
            .unwrap_or(0)
    }
}

async fn reply(response: Response) -> reqwest::Result<Reply> {
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let bytes = response.bytes().await?.to_vec();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Ok(Reply {
        status,
        headers,
        bytes,
        text,
    })
}

fn claims(jwt: &str) -> Value {
    let payload = jwt.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

fn unpacked(widget: &Reply) -> String {
    let token = widget.json()["token"].as_str().unwrap().to_owned();
    String::from_utf8(STANDARD.decode(token).unwrap()).unwrap()
}

fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}
