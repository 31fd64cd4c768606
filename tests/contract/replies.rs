//! The sandbox's replies, judged.

use std::collections::BTreeSet;

use embedctl::sandbox::Sandbox;
use serde_json::{Value, json};

use super::cases::{self, Bearer, Body, Case};
use super::document::{Api, Document, Finding, Reply, documents};
use super::exceptions::{AGENTS_REPLIES, V1_REPLIES, reconcile};
use super::site::{Site, reply};

/// Statuses that a fault can give to any route.
const STATUSES: [u16; 11] = [400, 401, 403, 404, 408, 409, 422, 429, 500, 502, 503];

/// A sandbox with the tokens that its calls need.
pub(super) struct Asker {
    pub(super) site: Site,
    access: String,
    scoped: String,
}

impl Asker {
    pub(super) async fn new() -> Self {
        let site = Site::new().await;
        let post = async |path: &str, bearer: &str, body: &Value| -> Value {
            let url = format!("{}{path}", site.url);
            let request = site.http.post(url).bearer_auth(bearer).json(body);
            serde_json::from_slice(&reply(request).await.body).unwrap()
        };
        let access = post("/v1/applications/token", "", &site.credentials()).await;
        let access = access["access_token"].as_str().unwrap().to_owned();
        let workspace = site.workspace("scoped").await;
        let body = json!({ "workspaceId": workspace });
        let scoped = post("/v1/embedded/scoped_token", &access, &body).await;
        let scoped = scoped["token"].as_str().unwrap().to_owned();
        Self {
            site,
            access,
            scoped,
        }
    }

    /// The first thing of a list: its path with its id in it.
    async fn first(&self, list: &str, id: &str) -> String {
        let url = format!("{}{list}", self.site.url);
        let request = self.site.http.get(url).bearer_auth(&self.access);
        let listed: Value = serde_json::from_slice(&reply(request).await.body).unwrap();
        // The id of a job is a number.
        listed["data"][0][id]
            .to_string()
            .trim_matches('"')
            .to_owned()
    }

    pub(super) async fn ask(&self, case: &Case) -> Reply {
        self.site.only(&[]).await;
        let id = match (case.id.as_str(), Api::of(case.path)) {
            ("the first", Api::V1) => {
                let list = case.path.trim_end_matches("/{id}");
                let thing = list.trim_start_matches("/v1/").trim_end_matches('s');
                self.first(list, &format!("{thing}Id")).await
            }
            ("the first", Api::Agents) => {
                self.first("/api/v1/integrations/templates/connections", "id")
                    .await
            }
            (id, _) => id.to_owned(),
        };
        self.site.only(case.faults).await;
        let path = case.path.replace("{id}", &id);
        let url = format!("{}{path}?{}", self.site.url, case.query);
        let mut request = self.site.http.request(case.method.parse().unwrap(), url);
        request = match case.bearer {
            Bearer::Access => request.bearer_auth(&self.access),
            Bearer::Scoped => request.bearer_auth(&self.scoped),
            Bearer::None => request,
        };
        if let Some(organization) = case.organization {
            request = request.header("x-organization-id", organization);
        }
        reply(match &case.body {
            Body::None => request,
            Body::Json(body) => request.json(body),
            Body::Raw(kind, text) => request.header("content-type", *kind).body(text.clone()),
        })
        .await
    }
}

/// Routes whose answers no case asks for yet: they change what a workspace holds, and the console
/// calls none of them.
const UNJUDGED: &[&str] = &[
    "POST /v1/sources",
    "DELETE /v1/sources/{id}",
    "POST /v1/connections",
    "DELETE /v1/connections/{id}",
    "POST /v1/jobs",
    "DELETE /v1/jobs/{id}",
];

/// Asks everything, and gives every difference; each served route must have given at least one
/// good answer and one refusal.
async fn judged(document: &Document, asker: &Asker, api: Api, cases: &[Case]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut good = BTreeSet::new();
    for case in cases {
        let reply = asker.ask(case).await;
        let text = String::from_utf8_lossy(&reply.body);
        assert_eq!(reply.status, case.status, "{case:?}: {text}");
        if (200..300).contains(&reply.status) {
            good.insert(format!("{} {}", case.method, case.path));
        }
        findings.extend(document.reply(case.method, case.path, &reply));
    }
    for (method, path) in Sandbox::routes() {
        if Api::of(&path) != api || path == "/api/v1/embedded/widget-token" {
            continue;
        }
        let route = format!("{method} {path}");
        if UNJUDGED.contains(&route.as_str()) {
            assert!(
                !good.contains(&route),
                "{route} is judged: take it off the list"
            );
            continue;
        }
        assert!(good.contains(&route), "no case answers {route} with 200");
        let case = cases.iter().find(|it| it.path == path).unwrap();
        let statuses = STATUSES.map(|code| format!("any=status:{code}"));
        let said = STATUSES.map(|code| format!("any=status:{code}:said"));
        let others = ["any=rate", "any=esc", "any=echo"].map(str::to_owned);
        for fault in statuses.into_iter().chain(said).chain(others) {
            asker.site.only(&[&fault]).await;
            let url = format!("{}{}", asker.site.url, path.replace("{id}", &case.id));
            let request = asker.site.http.request(method.parse().unwrap(), url);
            let reply = reply(request.json(&json!({}))).await;
            findings.extend(document.reply(method, &path, &reply));
        }
    }
    findings
}

#[tokio::test]
async fn replies_of_v1_are_published() {
    let Some([document, _]) = documents() else {
        return;
    };
    let asker = Asker::new().await;
    let cases = cases::v1(&asker.site).await;
    let findings = judged(&document, &asker, Api::V1, &cases).await;
    reconcile(&findings, V1_REPLIES);
}

#[tokio::test]
async fn replies_of_agents_are_published() {
    let Some([_, document]) = documents() else {
        return;
    };
    let asker = Asker::new().await;
    let cases = cases::agents(&asker.site).await;
    let findings = judged(&document, &asker, Api::Agents, &cases).await;
    reconcile(&findings, AGENTS_REPLIES);
}
