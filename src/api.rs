//! Airbyte over HTTP, and nothing else.
//!
//! Depends on `domain`. One [`Client`] serves every call of the program. Which API a call speaks is
//! decided by `dialect` alone; how a call is sent, retried and told of is decided by `transport`;
//! what an error body says is read by `problem`; what a failure means to the operator is worded by
//! `error`.
//!
//! ```text
//!  ops ── organization, mint, create_template … ──► Client
//!                                                     │ dialect: path, body, how to read the answer
//!                                                     │ access:  bearer from cache, one fetch at a time
//!                                                     ▼
//!                                                  transport: pause, send, retry, cap, observe
//!                                                     │
//!                    Answer ◄── 2xx ──────────────────┴── else ──► problem ──► Error ──► Failure
//! ```

use serde_json::Value;

use crate::domain::failure::Failure;
use crate::domain::field::Key;
use crate::domain::moment::{Clock, Moment};
use crate::domain::origin::Origin;
use crate::domain::record;
use crate::domain::redact::Redactor;
use crate::domain::secret::Secret;
use crate::domain::settings::Access;
use crate::domain::source_template::{Catalogue, Request as ShownRequest, SourceTemplate};
use crate::domain::template::{Existing, Shown, TemplateSpec};
use crate::domain::text::sanitize;
use crate::domain::user::ExternalUser;

mod access;
mod agents;
mod dialect;
pub mod error;
mod framing;
mod outline;
mod page;
mod pause;
mod problem;
mod transport;
mod v1;

pub use access::AccessToken;
pub use error::{Endpoint, Error};
pub use outline::{Outline, Outlines};
pub use page::Page;
pub use transport::{Detail, Notice, Observer, Options};

use dialect::{Call, Chain, Mark};
use transport::{Answer, Request, Transport};

/// The client of Airbyte's APIs. Cheap to share by reference; credentials travel in each call, so
/// that a retyped secret takes effect at once.
pub struct Client {
    transport: Transport,
    tokens: access::Tokens,
    clock: Clock,
}

/// Where an organization stands with these credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It may use Embedded.
    Member {
        /// Its name, or its id where the API tells no name.
        name: String,
        /// What the credentials may do there, where the API tells it.
        permission: Option<String>,
    },
    /// The credentials see other organizations, and not this one.
    NotAmong {
        /// The names, or ids, of those they see.
        others: Vec<String>,
    },
    /// The API does not tell.
    Untold,
}

/// A workspace, as far as it matters here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workspace {
    /// Its id.
    pub id: String,
    /// Its name, which is the external user ID.
    pub name: String,
}

/// A connector of a user: a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connector {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// What a workspace holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// The sources.
    pub sources: Vec<Part>,
    /// The destinations.
    pub destinations: Vec<Part>,
    /// The connections.
    pub connections: Vec<Part>,
}

/// A source, destination or connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its id.
    pub id: String,
    /// Its name, sanitized.
    pub name: String,
    /// Its name as it is, to be compared.
    pub exact_name: String,
    /// For a connection: its status.
    pub status: Option<String>,
    /// For a connection: its destination's id.
    pub destination_id: Option<String>,
    /// For a connection: whether it syncs by itself.
    pub scheduled: bool,
}

/// A sync.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Its id.
    pub id: String,
    /// Its status, in Airbyte's word.
    pub status: String,
    /// How many rows it synced, where that is told.
    pub rows: Option<u64>,
}

fn read_parts(answer: &Answer) -> Result<Vec<Part>, Error> {
    let body = answer.object()?;
    let text = |item: &Value, key: &str| item.get(key).and_then(Value::as_str).map(sanitize);
    let read = |item: &Value| {
        // A connection names its source and its destination too; its own id decides.
        let own = ["connectionId", "sourceId", "destinationId"]
            .into_iter()
            .find(|key| item.get(key).is_some())
            .unwrap_or("id");
        let schedule = item
            .get("schedule")
            .and_then(|s| s.get("scheduleType"))
            .and_then(Value::as_str);
        Ok(Part {
            id: sanitize(answer.text(item, own)?),
            name: text(item, "name").unwrap_or_default(),
            exact_name: item
                .get("name")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned(),
            status: text(item, "status"),
            destination_id: text(item, "destinationId"),
            scheduled: schedule != Some("manual"),
        })
    };
    answer.list(&body, "data")?.iter().map(read).collect()
}

fn read_newest_job(answer: &Answer) -> Result<Option<Job>, Error> {
    let body = answer.object()?;
    let Some(item) = answer.list(&body, "data")?.first() else {
        return Ok(None);
    };
    Ok(Some(Job {
        id: answer.id(item, "jobId")?,
        status: sanitize(answer.text(item, "status")?),
        rows: item.get("rowsSynced").and_then(Value::as_u64),
    }))
}

/// What the service says of a schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CronWords {
    /// The schedule in words.
    pub description: String,
    /// Whether the service would take it.
    pub is_valid: bool,
}

/// A widget token as it arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WidgetToken {
    /// The token.
    pub token: Secret,
    /// The answer's own time, where it said one.
    pub date: Option<jiff::Timestamp>,
    /// When it arrived.
    pub received: Moment,
}

/// Why a template was not created, or may have been.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotCreated {
    /// It was certainly not created.
    Surely(Failure),
    /// It may have been: no readable answer came.
    Perhaps(Failure),
}

/// How many pages of a listing are read at most, at 100 things a page.
const PAGES: u32 = 50;

impl Client {
    /// Makes the client. Nothing is read or connected before the first call.
    pub fn new(options: Options, clock: Clock) -> Client {
        Client {
            transport: Transport::new(options, clock),
            tokens: access::Tokens::default(),
            clock,
        }
    }

    /// Returns an access token: from the cache, or fetched, one fetch at a time however many ask.
    pub async fn access_token(&self, access: &Access) -> Result<AccessToken, Failure> {
        self.token(access)
            .await
            .map_err(|e| e.failure(Endpoint::AccessToken, access))
    }

    /// Forgets the access token, so that the next call fetches one.
    pub fn forget_access_token(&self, access: &Access) {
        self.tokens.forget(access, None);
    }

    /// Tells where the organization stands with these credentials: by the API's list, or by what
    /// the access token's own answer says.
    pub async fn organization(&self, access: &Access) -> Result<Standing, Failure> {
        let dialect = dialect::of(access.api);
        if let Some(call) = dialect.organizations() {
            let read = |answer: &Answer| dialect.read_organizations(answer, &access.organization);
            return self.read(access, &call, read).await;
        }
        let token = self.access_token(access).await?;
        Ok(match token.organization {
            None => Standing::Untold,
            Some(own) if own.eq_ignore_ascii_case(&access.organization) => Standing::Member {
                name: own,
                permission: None,
            },
            Some(other) => Standing::NotAmong {
                others: vec![other],
            },
        })
    }

    /// Lists the workspaces; with a user, at least those that are named like it.
    pub async fn workspaces(
        &self,
        access: &Access,
        user: Option<&ExternalUser>,
    ) -> Result<Listing, Failure> {
        let dialect = dialect::of(access.api);
        let mut found = Vec::new();
        let mut mark: Option<Mark> = None;
        for _ in 0..PAGES {
            let call = dialect.workspaces(mark.as_ref(), user);
            let read = |answer: &Answer| dialect.read_workspaces(answer, mark.as_ref());
            let (mut part, next) = self.read(access, &call, read).await?;
            found.append(&mut part);
            // A mark that does not move would be followed for ever.
            if next.is_none() || next == mark {
                return Ok(Listing {
                    workspaces: found,
                    whole: true,
                });
            }
            mark = next;
        }
        Ok(Listing {
            workspaces: found,
            whole: false,
        })
    }

    /// Lists the connection templates, or returns `None` where the API cannot.
    pub async fn templates(&self, access: &Access) -> Result<Option<Vec<Existing>>, Failure> {
        let dialect = dialect::of(access.api);
        let Some(call) = dialect.templates() else {
            return Ok(None);
        };
        self.read(access, &call, |answer| dialect.read_templates(answer))
            .await
            .map(Some)
    }

    /// Returns the method, URL and body that [`Client::create_template`] would send.
    pub fn template_request(
        access: &Access,
        spec: &TemplateSpec,
        shown: Shown,
    ) -> (&'static str, String, serde_json::Value) {
        let call = dialect::of(access.api).create_template(spec, shown);
        (
            call.method,
            access.base_url.join(&call.path).into(),
            call.body.unwrap_or_default(),
        )
    }

    /// Returns the requests that another program would send for these settings, built as this client
    /// builds its own.
    pub fn outlines(
        access: &Access,
        spec: &TemplateSpec,
        origin: &Origin,
        user: &ExternalUser,
    ) -> Outlines {
        Outlines::of(dialect::of(access.api), access, spec, origin, user)
    }

    /// Creates a connection template and returns its id. Sent once, and never repeated by itself,
    /// but for a refused bearer, which proves that nothing was done.
    pub async fn create_template(
        &self,
        access: &Access,
        spec: &TemplateSpec,
    ) -> Result<String, NotCreated> {
        let dialect = dialect::of(access.api);
        let call = dialect.create_template(spec, Shown::Whole);
        let secrets = [(Key::SecretAccessKey.variable(), &spec.secret_access_key)];
        let sent = self.call(access, &call, &secrets).await;
        match sent.and_then(|answer| dialect.read_created(&answer)) {
            Ok(id) => Ok(id),
            Err(error) if error.is_surely_undone() => Err(NotCreated::Surely(
                error.failure(Endpoint::Template, access),
            )),
            Err(error) => Err(NotCreated::Perhaps(
                error.failure(Endpoint::Template, access),
            )),
        }
    }

    /// Deletes a connection template, or returns `None` where the API cannot. Workspaces keep the
    /// destinations that were made from it. Sent once: a second time would only be "not found".
    pub async fn delete_template(
        &self,
        access: &Access,
        id: &str,
    ) -> Result<Option<String>, Failure> {
        let Some(call) = dialect::of(access.api).delete_template(id) else {
            return Ok(None);
        };
        let read = |answer: &Answer| {
            let body = answer.object()?;
            Ok(sanitize(answer.text(&body, "deleted_at")?))
        };
        self.read(access, &call, read).await.map(Some)
    }

    /// Lists the integrations that customers are offered in the widget.
    pub async fn source_templates(&self, access: &Access) -> Result<Vec<SourceTemplate>, Failure> {
        let dialect = dialect::of(access.api);
        let call = dialect.source_templates(access);
        self.read(access, &call, |answer| {
            dialect.read_source_templates(answer)
        })
        .await
    }

    /// Lists the integrations that customers are offered, with the call that adds to them.
    pub async fn catalogue(&self, access: &Access) -> Result<Catalogue, Failure> {
        let call = dialect::of(access.api).create_source_template(access);
        Ok(Catalogue {
            templates: self.source_templates(access).await?,
            own: ShownRequest {
                method: call.method,
                url: access.base_url.join(&call.path).into(),
                body: call.body.unwrap_or_default(),
            },
        })
    }

    /// Asks what a cron expression means; `None` where the API cannot be asked.
    pub async fn describe_cron(
        &self,
        access: &Access,
        cron: &str,
    ) -> Result<Option<CronWords>, Failure> {
        let Some(call) = dialect::of(access.api).describe_cron(cron) else {
            return Ok(None);
        };
        let read = |answer: &Answer| {
            let body = answer.object()?;
            let description = body.get("description").and_then(serde_json::Value::as_str);
            Ok(CronWords {
                description: sanitize(description.unwrap_or_default()),
                is_valid: body
                    .get("is_valid")
                    .and_then(serde_json::Value::as_bool)
                    .unwrap_or(true),
            })
        };
        self.read(access, &call, read).await.map(Some)
    }

    /// Reads what a workspace holds, or returns `None` where the API does not tell. A workspace of
    /// one customer has few of each, so the first hundred are all.
    pub async fn workspace_contents(
        &self,
        access: &Access,
        workspace: &str,
    ) -> Result<Option<Contents>, Failure> {
        let dialect = dialect::of(access.api);
        let mut parts = Vec::new();
        for what in [Chain::Sources, Chain::Destinations, Chain::Connections] {
            let Some(call) = dialect.chain(what, workspace) else {
                return Ok(None);
            };
            parts.push(self.read(access, &call, read_parts).await?);
        }
        let mut parts = parts.into_iter();
        let mut next = || parts.next().unwrap_or_default();
        Ok(Some(Contents {
            sources: next(),
            destinations: next(),
            connections: next(),
        }))
    }

    /// Reads the newest sync of a connection: `None` where the API does not tell, and inside `None`
    /// where there was none yet.
    pub async fn newest_job(
        &self,
        access: &Access,
        connection: &str,
    ) -> Result<Option<Option<Job>>, Failure> {
        let Some(call) = dialect::of(access.api).jobs(connection) else {
            return Ok(None);
        };
        self.read(access, &call, read_newest_job).await.map(Some)
    }

    /// Lists the connectors of a user, or returns `None` where the API cannot.
    pub async fn connectors(
        &self,
        access: &Access,
        user: &ExternalUser,
    ) -> Result<Option<Vec<Connector>>, Failure> {
        let dialect = dialect::of(access.api);
        let Some(call) = dialect.connectors(user) else {
            return Ok(None);
        };
        self.read(access, &call, |answer| dialect.read_connectors(answer))
            .await
            .map(Some)
    }

    /// Mints a widget token. The service makes a workspace of the user's name if there is none.
    pub async fn mint(
        &self,
        access: &Access,
        origin: &Origin,
        user: &ExternalUser,
    ) -> Result<WidgetToken, Failure> {
        let dialect = dialect::of(access.api);
        let mut call = dialect.widget_token(access, origin, user);
        let mut answer = self.call(access, &call, &[]).await;
        if let (Err(error), Some(older)) = (&answer, dialect.older_widget_token_path())
            && error.status() == Some(404)
        {
            older.clone_into(&mut call.path);
            answer = self.call(access, &call, &[]).await;
        }
        let read = |answer: Answer| {
            let token = dialect.read_widget_token(&answer)?;
            Ok(WidgetToken {
                token,
                date: answer.date,
                received: answer.received,
            })
        };
        answer
            .and_then(read)
            .map_err(|e| e.failure(call.endpoint, access))
    }

    /// Fetches a widget page, without credentials and without following redirects.
    pub async fn page(&self, url: &url::Url) -> Result<Page, Failure> {
        page::fetch(&self.transport, url).await
    }

    /// Returns the client's clock.
    pub fn clock(&self) -> Clock {
        self.clock
    }

    async fn read<T>(
        &self,
        access: &Access,
        call: &Call,
        read: impl Fn(&Answer) -> Result<T, Error>,
    ) -> Result<T, Failure> {
        let answer = self.call(access, call, &[]).await;
        answer
            .and_then(|answer| read(&answer))
            .map_err(|e| e.failure(call.endpoint, access))
    }

    async fn call(
        &self,
        access: &Access,
        call: &Call,
        secrets: &[(&'static str, &Secret)],
    ) -> Result<Answer, Error> {
        // A refused bearer is forgotten, fetched once, and tried once more.
        let mut again = true;
        loop {
            let token = self.token(access).await?;
            let request = Request {
                call,
                url: access.base_url.join(&call.path),
                bearer: Some(&token.secret),
                organization: dialect::of(access.api).organization_header(access),
                redactor: Redactor::new(secrets.iter().copied().chain([
                    (Key::ClientSecret.variable(), &access.client_secret),
                    (record::BEARER, &token.secret),
                ])),
            };
            let answer = self.transport.send(&request).await;
            match answer {
                Err(error) if error.status() == Some(401) && again => {
                    self.tokens.forget(access, Some(&token.secret));
                    again = false;
                }
                other => return other,
            }
        }
    }

    async fn token(&self, access: &Access) -> Result<AccessToken, Error> {
        self.tokens
            .get(access, self.clock, || self.fetch_token(access))
            .await
    }

    async fn fetch_token(&self, access: &Access) -> Result<AccessToken, Error> {
        let dialect = dialect::of(access.api);
        let call = dialect.access_token(access);
        let request = Request {
            call: &call,
            url: access.base_url.join(&call.path),
            bearer: None,
            organization: None,
            redactor: Redactor::new([(Key::ClientSecret.variable(), &access.client_secret)]),
        };
        // A token that is over when it arrives is fetched once more before it is called a fault.
        for _ in 0..2 {
            let answer = self
                .transport
                .send(&request)
                .await
                .map_err(Error::in_access_token)?;
            let token = dialect
                .read_access_token(&answer)
                .map_err(Error::in_access_token)?;
            if !token.life.is_zero() {
                let of = Box::new(access.clone());
                self.transport
                    .tell(Notice::AccessToken(of, token.life, token.received));
                return Ok(token);
            }
        }
        Err(Error::StaleAccessToken)
    }
}

/// A listing of workspaces, which may have been too long to be read to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    workspaces: Vec<Workspace>,
    whole: bool,
}

/// What a listing says of the workspace of an external user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named<'a> {
    /// It is there.
    Found(&'a Workspace),
    /// There is none.
    Absent,
    /// It is not among so many, and there are more: it may be there.
    NotAmong(usize),
}

impl Listing {
    /// Looks for the workspace that an external user would get.
    pub fn named(&self, user: &ExternalUser) -> Named<'_> {
        let found = self.workspaces.iter().find(|w| w.name == user.as_str());
        match found {
            Some(workspace) => Named::Found(workspace),
            None if self.whole => Named::Absent,
            None => Named::NotAmong(self.workspaces.len()),
        }
    }
}
