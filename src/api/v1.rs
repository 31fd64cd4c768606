//! The public API that the embedding guide describes: `/v1` at api.airbyte.com.
//!
//! Depends on `domain`, `dialect`, `error`. Shapes follow Airbyte's published OpenAPI document and,
//! for the template endpoint that it has since dropped, the guide itself.

use serde_json::{Value, json};

use super::access::AccessToken;
use super::dialect::{Call, Chain, DEFINITION, Dialect, Mark, PAGE};
use super::error::{Endpoint, Error};
use super::transport::Answer;
use super::{Standing, Workspace};
use crate::domain::origin::Origin;
use crate::domain::settings::Access;
use crate::domain::template::{S3_DEFINITION, Schedule, Shown, TemplateSpec};
use crate::domain::text::sanitize;
use crate::domain::user::ExternalUser;

/// The dialect.
pub(super) struct V1;

impl Dialect for V1 {
    fn access_token(&self, access: &Access) -> Call {
        // The hyphen is the published property's; the server reads neither spelling.
        let body = json!({
            "client_id": access.client_id,
            "client_secret": access.client_secret.expose(),
            "grant-type": "client_credentials",
        });
        Call::post(Endpoint::AccessToken, "/applications/token", body)
    }

    fn read_access_token(&self, answer: &Answer) -> Result<AccessToken, Error> {
        answer.access_token(&mut answer.object()?)
    }

    fn organizations(&self) -> Option<Call> {
        Some(Call::get(
            Endpoint::Organizations,
            "/embedded/organizations",
        ))
    }

    fn read_organizations(&self, answer: &Answer, organization: &str) -> Result<Standing, Error> {
        let body = answer.object()?;
        let list = answer.list(&body, "organizations")?;
        let text = |item: &Value, key: &str| {
            sanitize(item.get(key).and_then(Value::as_str).unwrap_or_default())
        };
        let own = list
            .iter()
            .find(|item| text(item, "organizationId").eq_ignore_ascii_case(organization));
        Ok(match own {
            Some(item) => Standing::Member {
                name: text(item, "organizationName"),
                permission: Some(text(item, "permission")),
            },
            None => Standing::NotAmong {
                others: list
                    .iter()
                    .map(|item| text(item, "organizationName"))
                    .collect(),
            },
        })
    }

    fn workspaces(&self, after: Option<&Mark>, _user: Option<&ExternalUser>) -> Call {
        let offset = offset(after);
        Call::get(
            Endpoint::Workspaces,
            format!("/workspaces?limit={PAGE}&offset={offset}"),
        )
    }

    /// The API's own `next` is never null and may name a host that does not answer, so pages are
    /// counted here: a page that is not full is the last.
    fn read_workspaces(
        &self,
        answer: &Answer,
        after: Option<&Mark>,
    ) -> Result<(Vec<Workspace>, Option<Mark>), Error> {
        let body = answer.object()?;
        let items = answer.list(&body, "data")?;
        let read = |item: &Value| {
            // The name is compared with the user's ID as it is sent, so it is not sanitized here.
            let name = answer.text(item, "name")?.to_owned();
            Ok(Workspace {
                id: sanitize(answer.text(item, "workspaceId")?),
                name,
            })
        };
        let workspaces = items.iter().map(read).collect::<Result<Vec<_>, Error>>()?;
        let next = (items.len() >= PAGE).then(|| Mark::Offset(offset(after) + PAGE));
        Ok((workspaces, next))
    }

    fn chain(&self, what: Chain, workspace: &str) -> Option<Call> {
        let path = match what {
            Chain::Sources => "sources",
            Chain::Destinations => "destinations",
            Chain::Connections => "connections",
        };
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query
            .append_pair("workspaceIds", workspace)
            .append_pair("limit", &PAGE.to_string());
        Some(Call::get(
            Endpoint::Chain,
            format!("/{path}?{}", query.finish()),
        ))
    }

    fn jobs(&self, connection: &str) -> Option<Call> {
        // Without an order the oldest come first.
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query
            .append_pair("connectionId", connection)
            .append_pair("limit", "5")
            .append_pair("orderBy", "createdAt|DESC");
        Some(Call::get(
            Endpoint::Chain,
            format!("/jobs?{}", query.finish()),
        ))
    }

    fn create_template(&self, spec: &TemplateSpec, shown: Shown) -> Call {
        let mut body = json!({
            "destinationName": spec.name,
            "organizationId": spec.organization,
            "destinationActorDefinitionId": S3_DEFINITION,
            "destinationConfiguration": spec.destination(shown),
        });
        let schedule = match &spec.schedule {
            Schedule::Hourly => None,
            Schedule::Manual => Some(json!({"scheduleType": "manual"})),
            Schedule::Cron(cron) => Some(json!({"scheduleType": "cron", "cronExpression": cron})),
        };
        if let (Some(schedule), Some(object)) = (schedule, body.as_object_mut()) {
            object.insert("schedule".to_owned(), schedule);
        }
        Call::post(Endpoint::Template, "/config_templates/connections", body)
    }

    fn source_templates(&self, access: &Access) -> Call {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("organizationId", &access.organization);
        Call::get(
            Endpoint::SourceTemplates,
            format!("/config_templates/sources?{}", query.finish()),
        )
    }

    fn create_source_template(&self, access: &Access) -> Call {
        let body = json!({
            "organizationId": access.organization,
            "actorDefinitionId": DEFINITION,
            "partialDefaultConfig": {},
        });
        Call::post(Endpoint::SourceTemplates, "/config_templates/sources", body)
    }

    fn widget_token(&self, access: &Access, origin: &Origin, user: &ExternalUser) -> Call {
        let body = json!({
            "organizationId": access.organization,
            "allowedOrigin": origin.as_str(),
            "externalUserId": user.as_str(),
        });
        Call::post(Endpoint::WidgetToken, "/embedded/widget_token", body)
    }
}

fn offset(mark: Option<&Mark>) -> usize {
    match mark {
        Some(Mark::Offset(offset)) => *offset,
        Some(Mark::Cursor(_)) | None => 0,
    }
}
