//! What the APIs have in common: the calls the console makes, and how their answers are read.
//!
//! Depends on `domain`, `error`, `transport`'s answer. An API is one implementation of [`Dialect`];
//! nothing else in the program asks which one is spoken.

use serde_json::Value;

use super::access::AccessToken;
use super::error::{Endpoint, Error};
use super::transport::Answer;
use super::{Connector, Standing, Workspace};
use crate::domain::base_url::Api;
use crate::domain::origin::Origin;
use crate::domain::secret::Secret;
use crate::domain::settings::Access;
use crate::domain::source_template::SourceTemplate;
use crate::domain::template::{Existing, Shown, TemplateSpec};
use crate::domain::text::sanitize;
use crate::domain::user::ExternalUser;

/// How many things a page of a listing holds.
pub(super) const PAGE: usize = 100;

/// What stands for the connector where an integration of one's own is shown.
pub(super) const DEFINITION: &str = "<the connector's definition ID>";

/// One call, before it is sent.
pub(super) struct Call {
    pub(super) endpoint: Endpoint,
    pub(super) method: &'static str,
    /// Below the API's root, with its query.
    pub(super) path: String,
    pub(super) body: Option<Value>,
    /// Whether sending it twice does no more than sending it once.
    pub(super) repeatable: bool,
}

impl Call {
    pub(super) fn get(endpoint: Endpoint, path: impl Into<String>) -> Call {
        Call {
            endpoint,
            method: "GET",
            path: path.into(),
            body: None,
            repeatable: true,
        }
    }

    pub(super) fn post(endpoint: Endpoint, path: &str, body: Value) -> Call {
        Call {
            endpoint,
            method: "POST",
            path: path.to_owned(),
            body: Some(body),
            repeatable: endpoint != Endpoint::Template,
        }
    }

    pub(super) fn delete(endpoint: Endpoint, path: String) -> Call {
        Call {
            endpoint,
            method: "DELETE",
            path,
            body: None,
            repeatable: false,
        }
    }
}

/// What a workspace may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Chain {
    Sources,
    Destinations,
    Connections,
}

/// A place in a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// After this many things.
    Offset(usize),
    /// Where the API said.
    Cursor(String),
}

/// One API: paths, bodies, and how answers are read. What an API cannot do it does not offer.
pub(super) trait Dialect: Sync {
    fn access_token(&self, access: &Access) -> Call;
    fn read_access_token(&self, answer: &Answer) -> Result<AccessToken, Error>;

    /// Returns the organization that calls name in the header `X-Organization-Id`.
    fn organization_header<'a>(&self, _access: &'a Access) -> Option<&'a str> {
        None
    }

    /// The list of organizations; without it, the access token's own answer tells.
    fn organizations(&self) -> Option<Call> {
        None
    }
    fn read_organizations(&self, answer: &Answer, _organization: &str) -> Result<Standing, Error> {
        Err(answer.unreadable("this API has no list of organizations"))
    }

    /// A page of the workspaces, where possible only of those whose name holds the user's.
    fn workspaces(&self, after: Option<&Mark>, user: Option<&ExternalUser>) -> Call;
    fn read_workspaces(
        &self,
        answer: &Answer,
        after: Option<&Mark>,
    ) -> Result<(Vec<Workspace>, Option<Mark>), Error>;

    fn templates(&self) -> Option<Call> {
        None
    }
    fn read_templates(&self, _answer: &Answer) -> Result<Vec<Existing>, Error> {
        Ok(Vec::new())
    }
    fn create_template(&self, spec: &TemplateSpec, shown: Shown) -> Call;
    fn read_created(&self, answer: &Answer) -> Result<String, Error> {
        let body = answer.object()?;
        Ok(sanitize(answer.text(&body, "id")?))
    }
    fn delete_template(&self, _id: &str) -> Option<Call> {
        None
    }

    /// The integrations that customers are offered.
    fn source_templates(&self, access: &Access) -> Call;
    /// Adds an integration of the operator's own; shown as an example, with marks for what is missing.
    fn create_source_template(&self, access: &Access) -> Call;
    fn read_source_templates(&self, answer: &Answer) -> Result<Vec<SourceTemplate>, Error> {
        let body = answer.object()?;
        let items = answer.list(&body, "data")?.iter();
        let read = |item: &Value| {
            let tags = item.get("tags").and_then(Value::as_array);
            let tags = tags.into_iter().flatten().filter_map(Value::as_str);
            Ok(SourceTemplate {
                id: sanitize(answer.text(item, "id")?),
                name: sanitize(answer.text(item, "name")?),
                connector: item
                    .get("connector_name")
                    .and_then(Value::as_str)
                    .map(sanitize),
                tags: tags.map(sanitize).collect(),
            })
        };
        items.map(read).collect()
    }

    /// Asks what a cron expression means.
    fn describe_cron(&self, _cron: &str) -> Option<Call> {
        None
    }

    fn widget_token(&self, access: &Access, origin: &Origin, user: &ExternalUser) -> Call;
    /// An older path of the same call, tried once when the first is not found.
    fn older_widget_token_path(&self) -> Option<&'static str> {
        None
    }
    fn read_widget_token(&self, answer: &Answer) -> Result<Secret, Error> {
        answer.token(
            &mut answer.object()?,
            "token",
            "holds characters that no token has",
        )
    }

    /// A listing of the chain, in one workspace; `None` where the API does not tell.
    fn chain(&self, _what: Chain, _workspace: &str) -> Option<Call> {
        None
    }

    /// The newest syncs of a connection.
    fn jobs(&self, _connection: &str) -> Option<Call> {
        None
    }

    /// The connectors, which are the sources, of a user.
    fn connectors(&self, _user: &ExternalUser) -> Option<Call> {
        None
    }
    fn read_connectors(&self, answer: &Answer) -> Result<Vec<Connector>, Error> {
        let body = answer.object()?;
        let items = answer.list(&body, "data")?.iter();
        let read = |item: &Value| {
            let id = sanitize(answer.text(item, "id")?);
            let name = sanitize(item.get("name").and_then(Value::as_str).unwrap_or(&id));
            Ok(Connector { id, name })
        };
        items.map(read).collect()
    }
}

/// Returns the implementation of an API. Nothing else in the program asks which one is spoken.
pub(super) fn of(api: Api) -> &'static dyn Dialect {
    match api {
        Api::V1 => &super::v1::V1,
        Api::Agents => &super::agents::Agents,
    }
}
