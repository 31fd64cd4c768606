//! The state of the stand-in and the rules by which it changes, whatever API asked.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Options;
use super::armed::Armed;
use super::fault::Switch;
use super::ids::{Id, Ids};
use super::jwt;
use super::page;
use super::pipeline::Pipeline;
use super::problem::{self, Refusal};
use super::source::{self, Source};
use super::store::Store;
use super::template::{AgentsTemplate, Hosting, Template};
use super::workspace::{Region, Widget, Workspace};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Value, json};
use url::form_urlencoded;

const ACCESS_TTL: Duration = Duration::from_mins(15);
const WIDGET_TTL: Duration = Duration::from_mins(20);

/// One organization, its credentials and its bucket.
pub(super) struct Account {
    pub(super) organization: Id,
    pub(super) client_id: Id,
    pub(super) client_secret: String,
    /// The person who made the credentials: the subject of every token.
    operator: Id,
    pub(super) access_key_id: String,
    pub(super) secret_access_key: String,
}

impl Account {
    pub(super) const ORGANIZATION_NAME: &'static str = "Acme";
    pub(super) const EMAIL: &'static str = "operator@acme.example";
    pub(super) const BUCKET: &'static str = "acme-embedded";
    const PREFIX: &'static str = "customers";
    pub(super) const REGION: &'static str = "us-east-1";

    fn new(ids: &mut Ids) -> Self {
        Self {
            organization: ids.make("organization", ""),
            client_id: ids.make("client", ""),
            client_secret: ids.client_secret(),
            operator: ids.make("operator", ""),
            access_key_id: ids.access_key_id(),
            secret_access_key: ids.secret_access_key(),
        }
    }

    pub(super) fn settings(&self, api_url: &str) -> Vec<(&'static str, String)> {
        vec![
            ("AIRBYTE_ORGANIZATION_ID", self.organization.to_string()),
            ("AIRBYTE_CLIENT_ID", self.client_id.to_string()),
            ("AIRBYTE_CLIENT_SECRET", self.client_secret.clone()),
            ("EXTERNAL_USER_ID", "user-42".to_owned()),
            ("AWS_S3_ACCESS_KEY_ID", self.access_key_id.clone()),
            ("AWS_S3_SECRET_ACCESS_KEY", self.secret_access_key.clone()),
            ("S3_BUCKET_NAME", Self::BUCKET.to_owned()),
            ("S3_PATH_PREFIX", Self::PREFIX.to_owned()),
            ("S3_BUCKET_REGION", Self::REGION.to_owned()),
            ("BASE_URL", api_url.to_owned()),
            ("ALLOWED_ORIGIN", "http://localhost:3001".to_owned()),
        ]
    }

    fn destination(&self) -> Value {
        json!({
            "access_key_id": self.access_key_id,
            "secret_access_key": self.secret_access_key,
            "s3_bucket_name": Self::BUCKET,
            "s3_bucket_path": Self::PREFIX,
            "s3_bucket_region": Self::REGION,
            "format": {"format_type": "JSONL", "compression": {"compression_type": "No Compression"}},
        })
    }
}

/// A template's copy in one workspace.
pub(super) struct Destination {
    pub(super) id: Id,
    pub(super) name: String,
    pub(super) workspace: Id,
    pub(super) configuration: Value,
    /// Epoch seconds.
    pub(super) created_at: i64,
}

/// How many tokens were issued.
#[derive(Default)]
pub(super) struct Issued {
    pub(super) access: u64,
    pub(super) widget: u64,
}

/// An access token as it is handed out.
pub(super) struct Access {
    pub(super) token: String,
    /// Seconds; None when the answer is to say nothing of it.
    pub(super) expires_in: Option<i64>,
}

/// Whom a widget or scoped token is for.
pub(super) struct Grant<'a> {
    pub(super) workspace: Id,
    /// Who acts, in the `act` claim.
    pub(super) actor: &'a str,
    /// The address at which the caller found us.
    pub(super) base: &'a str,
}

/// What requests have come, for the control calls.
#[derive(Default)]
pub(super) struct Traffic {
    pub(super) counts: BTreeMap<String, u64>,
    pub(super) bodies: BTreeMap<String, Vec<u8>>,
    pub(super) queries: BTreeMap<String, String>,
}

/// Everything a sandbox knows.
pub(super) struct World {
    pub(super) account: Account,
    /// What the public API made; the newer one does not read it.
    pub(super) templates: Vec<Template>,
    /// What the newer API made; the public one does not read it.
    pub(super) agents_templates: Vec<AgentsTemplate>,
    /// What customers may connect.
    pub(super) sources: Vec<Source>,
    pub(super) workspaces: Vec<Workspace>,
    pub(super) destinations: Vec<Destination>,
    pub(super) armed: Armed,
    pub(super) traffic: Traffic,
    pub(super) issued: Issued,
    pub(super) template_made: Option<(String, String)>,
    /// What customers have connected.
    pub(super) pipeline: Pipeline,
    /// The bucket's objects.
    pub(super) store: Store,
    pub(super) ids: Ids,
    access_key: jwt::Key,
    widget_key: jwt::Key,
    access_ttl: i64,
    widget_ttl: i64,
}

impl World {
    pub(super) fn new(options: Options) -> Self {
        let mut ids = Ids::new(options.seed);
        let mut world = Self {
            account: Account::new(&mut ids),
            templates: Vec::new(),
            agents_templates: Vec::new(),
            sources: source::catalogue(&mut ids),
            workspaces: Vec::new(),
            destinations: Vec::new(),
            armed: Armed::default(),
            traffic: Traffic::default(),
            issued: Issued::default(),
            template_made: None,
            pipeline: Pipeline::new(options.job_pace),
            store: Store::default(),
            access_key: ids.bytes("access key"),
            widget_key: ids.bytes("widget key"),
            ids,
            access_ttl: seconds(options.access_token_ttl.unwrap_or(ACCESS_TTL)),
            widget_ttl: seconds(options.widget_token_ttl.unwrap_or(WIDGET_TTL)),
        };
        options
            .faults
            .into_iter()
            .for_each(|fault| world.armed.add(fault));
        if options.template {
            world.make_own_template();
        }
        world
    }

    /// One in each store, as an organization has that prepared itself for both APIs.
    fn make_own_template(&mut self) {
        let name = "destination-s3".to_owned();
        let id = self.make_template(Template {
            id: Id::NONE,
            name: name.clone(),
            configuration: self.account.destination(),
            cron: Some("0 0 * * * ?".to_owned()),
            options: json!({}),
        });
        self.make_agents_template(AgentsTemplate {
            id: Id::NONE,
            name: name.clone(),
            hosting: Hosting::user(self.account.destination()),
            cron: Some("0 0 * * * ?".to_owned()),
            created_at: 0,
            updated_at: 0,
        });
        self.template_made = Some((id.to_string(), name));
    }

    /// The server's clock, epoch seconds.
    pub(super) fn now(&self) -> i64 {
        Timestamp::now()
            .as_second()
            .saturating_add(self.armed.skew())
    }

    /// An id for a failure, as support would be told it.
    pub(super) fn error_id(&mut self) -> Id {
        self.ids.make("error", "")
    }

    /// A failure that says nothing but its id.
    pub(super) fn opaque(&mut self, code: u16) -> Refusal {
        problem::opaque(code, self.error_id())
    }

    /// Stores a template under a new id. Nothing is compared: the same one twice makes two, and
    /// workspaces that exist get nothing.
    pub(super) fn make_template(&mut self, template: Template) -> Id {
        let id = self.ids.make("template", &template.name);
        self.templates.push(Template { id, ..template });
        id
    }

    /// Stores a template of the newer API under a new id. Here, too, nothing is compared.
    pub(super) fn make_agents_template(&mut self, template: AgentsTemplate) -> &AgentsTemplate {
        let (id, now) = (self.ids.make("agents template", &template.name), self.now());
        self.agents_templates.push_mut(AgentsTemplate {
            id,
            created_at: now,
            updated_at: now,
            ..template
        })
    }

    /// Makes a workspace with nothing in it.
    pub(super) fn make_workspace(&mut self, name: &str, region: Region) -> Id {
        let id = self.ids.make("workspace", name);
        self.workspaces.push(Workspace {
            id,
            name: name.to_owned(),
            region,
            created_at: self.now(),
            widget: Widget::default(),
        });
        id
    }

    /// The workspace whose name is exactly this, if there is one.
    ///
    /// # Errors
    /// A sentence when two have the name.
    pub(super) fn workspace_named(&self, name: &str) -> Result<Option<Id>, String> {
        let mut named = self
            .workspaces
            .iter()
            .filter(|workspace| workspace.name == name);
        match (named.next(), named.next()) {
            (only, None) => Ok(only.map(|workspace| workspace.id)),
            (_, Some(_)) => Err(format!("more than one workspace is called {name}")),
        }
    }

    /// The workspace of that name, made with its destinations when there is none: the public API's
    /// way. The newer API makes the workspace alone; what its templates lead to comes with a source.
    ///
    /// # Errors
    /// A sentence when two have the name, or when a template's configuration is invalid. In the
    /// second case the workspace is there all the same, so that the next call succeeds without a
    /// destination: the platform commits it first.
    pub(super) fn workspace_for(&mut self, name: &str) -> Result<Id, String> {
        if let Some(id) = self.workspace_named(name)? {
            return Ok(id);
        }
        let id = self.make_workspace(name, Region::Us);
        self.make_destinations(id)?;
        Ok(id)
    }

    /// Issues an access token.
    pub(super) fn issue_access(&mut self, base: &str) -> Access {
        self.issued.access += 1;
        let mut claims = json!({
            "iss": base,
            "aud": "airbyte-server",
            "sub": self.account.operator,
            // Two tokens of one second are two tokens.
            "jti": self.ids.make("access token", ""),
        });
        if self.armed.is(&Switch::NoExpiry) {
            let token = jwt::sign(&claims, &self.access_key);
            return Access {
                token,
                expires_in: None,
            };
        }
        let life = self
            .armed
            .take_switch(Switch::life)
            .unwrap_or(self.access_ttl);
        let expired = self.armed.is(&Switch::ExpiredAccess);
        let end = self.now().saturating_add(if expired { -60 } else { life });
        if let Some(fields) = claims.as_object_mut() {
            fields.insert("exp".to_owned(), Value::from(end));
        }
        Access {
            token: jwt::sign(&claims, &self.access_key),
            expires_in: Some(life),
        }
    }

    /// Whether this is an access token of ours that still counts.
    pub(super) fn accepts(&self, bearer: &str) -> bool {
        jwt::read(bearer, &self.access_key).is_some_and(|claims| self.lasts(&claims))
    }

    /// The workspace for which this scoped token of ours still counts.
    pub(super) fn scope(&self, bearer: &str) -> Option<&Workspace> {
        let claims = jwt::read(bearer, &self.widget_key).filter(|claims| self.lasts(claims))?;
        let scope = claims.get("io.airbyte.auth.workspace_scope")?;
        let id: Id = scope.get("workspaceId")?.as_str()?.parse().ok()?;
        self.workspaces.iter().find(|workspace| workspace.id == id)
    }

    fn lasts(&self, claims: &Value) -> bool {
        claims
            .get("exp")
            .and_then(Value::as_i64)
            .is_none_or(|end| end > self.now())
    }

    /// Ends every access token there is, by changing the key.
    pub(super) fn revoke(&mut self) {
        self.access_key = self.ids.bytes("access key");
    }

    /// A token for the person in the widget, good for one workspace.
    pub(super) fn issue_scoped(&mut self, grant: &Grant<'_>) -> String {
        self.issued.widget += 1;
        let life = self.armed.take_switch(Switch::widget_life);
        let life = life.unwrap_or(self.widget_ttl);
        let claims = json!({
            "iss": grant.base,
            "aud": "airbyte-server",
            "sub": self.account.operator,
            "typ": "io.airbyte.auth.embedded_v1",
            "act": {"sub": grant.actor},
            "io.airbyte.auth.workspace_scope": {"workspaceId": grant.workspace},
            "roles": ["EMBEDDED_END_USER"],
            "exp": self.now().saturating_add(life),
        });
        jwt::sign(&claims, &self.widget_key)
    }

    /// The two things the widget needs, before they are packed; and what the page behind it does.
    pub(super) fn issue_widget(
        &mut self,
        grant: &Grant<'_>,
        origin: &str,
        widget: Widget,
    ) -> Value {
        let mut workspaces = self.workspaces.iter_mut();
        if let Some(workspace) = workspaces.find(|found| found.id == grant.workspace) {
            workspace.widget = widget;
        }
        let token = self.issue_scoped(grant);
        let host = self.armed.take_switch(Switch::widget_host);
        let origin: String = form_urlencoded::byte_serialize(origin.as_bytes()).collect();
        let page = format!(
            "{}{}?workspaceId={}&allowedOrigin={origin}",
            host.as_deref().unwrap_or(grant.base).trim_end_matches('/'),
            page::PATH,
            grant.workspace
        );
        json!({"token": token, "widgetUrl": page})
    }
}

/// Packs a widget token as the platform does: standard alphabet, padded.
pub(super) fn packed(inner: &Value) -> String {
    STANDARD.encode(inner.to_string())
}

fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}
