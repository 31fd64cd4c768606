//! A sandbox to ask, and how it is asked.

use embedctl::sandbox::{Options, Sandbox};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::document::Reply;

/// A running sandbox and a client of it.
pub(super) struct Site {
    pub(super) sandbox: Sandbox,
    pub(super) url: String,
    pub(super) http: reqwest::Client,
}

impl Site {
    pub(super) async fn new() -> Self {
        // Every test asks; the first one wins.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let sandbox = Sandbox::new(Options {
            template: true,
            ..Options::default()
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        // It ends with the test's runtime.
        tokio::spawn(sandbox.clone().serve(listener, std::future::pending()));
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        Self { sandbox, url, http }
    }

    /// A customer who has connected Sample Data, with all that follows.
    pub(super) async fn play(&self) {
        let body = json!({"organizationId": self.setting("AIRBYTE_ORGANIZATION_ID"),
            "externalUserId": "played", "allowedOrigin": "http://localhost:3001"});
        let minted = self.posted("/v1/embedded/widget_token", &body).await;
        assert!(minted["token"].is_string(), "{minted}");
        self.sandbox.play("played", "v1").await.unwrap();
    }

    /// The id of something that the operator makes.
    pub(super) async fn made(&self, path: &str, body: &Value) -> String {
        let made = self.posted(path, body).await;
        made["id"].as_str().unwrap().to_owned()
    }

    /// The answer to an operator's call, whatever faults came before.
    async fn posted(&self, path: &str, body: &Value) -> Value {
        self.only(&[]).await;
        let post =
            |path: &str, body: &Value| self.http.post(format!("{}{path}", self.url)).json(body);
        let token = post("/v1/applications/token", &self.credentials());
        let token: Value = token.send().await.unwrap().json().await.unwrap();
        let bearer = token["access_token"].as_str().unwrap();
        let answer = post(path, body).bearer_auth(bearer).send().await.unwrap();
        answer.json().await.unwrap()
    }

    pub(super) fn setting(&self, name: &str) -> String {
        let settings = self.sandbox.settings(&self.url);
        settings.into_iter().find(|it| it.0 == name).unwrap().1
    }

    pub(super) fn credentials(&self) -> Value {
        json!({"client_id": self.setting("AIRBYTE_CLIENT_ID"),
            "client_secret": self.setting("AIRBYTE_CLIENT_SECRET")})
    }

    /// Puts these faults in force, and no others.
    pub(super) async fn only(&self, faults: &[&str]) {
        let url = format!("{}/__sandbox/faults", self.url);
        self.http.delete(url).send().await.unwrap();
        for fault in faults {
            self.sandbox.add_fault(fault.parse().unwrap());
        }
    }

    /// A control call's document.
    pub(super) async fn control(&self, name: &str) -> Value {
        let url = format!("{}/__sandbox/{name}", self.url);
        let answer = self.http.get(url).send().await.unwrap();
        answer.json().await.unwrap()
    }

    pub(super) async fn workspace(&self, name: &str) -> String {
        let request = self
            .http
            .post(format!("{}/__sandbox/workspaces", self.url))
            .json(&json!({"name": name}));
        let made: Value = request.send().await.unwrap().json().await.unwrap();
        made["id"].as_str().unwrap().to_owned()
    }
}

/// The whole answer.
pub(super) async fn reply(request: reqwest::RequestBuilder) -> Reply {
    let answer = request.send().await.unwrap();
    let media_type = answer.headers().get("content-type");
    Reply {
        status: answer.status().as_u16(),
        media_type: media_type.map_or_else(String::new, |it| it.to_str().unwrap().to_owned()),
        body: answer.bytes().await.unwrap().to_vec(),
    }
}
