//! The newer API, to which organizations are being moved: `/api/v1` at api.airbyte.ai.
//!
//! Depends on `domain`, `dialect`, `error`. Shapes follow the published OpenAPI document of the
//! agent API; it names things in snake case and workspaces by `workspace_name`.

use serde_json::{Value, json};
use url::Url;

use super::Workspace;
use super::access::AccessToken;
use super::dialect::{Call, DEFINITION, Dialect, Mark, PAGE};
use super::error::{Endpoint, Error};
use super::transport::Answer;
use crate::domain::origin::Origin;
use crate::domain::settings::Access;
use crate::domain::template::{
    Existing, Format, Identity, S3_DEFINITION, Schedule, Shown, TemplateSpec,
};
use crate::domain::text::{sanitize, without_steering};
use crate::domain::user::ExternalUser;

/// Where templates are listed, created, and below which each has its own path.
const TEMPLATES: &str = "/integrations/templates/connections";

/// What "every hour, on the hour" is in the API's only way to say it.
const HOURLY: &str = "0 0 * * * ?";

/// The dialect.
pub(super) struct Agents;

impl Dialect for Agents {
    fn access_token(&self, access: &Access) -> Call {
        let body = json!({
            "client_id": access.client_id,
            "client_secret": access.client_secret.expose(),
        });
        Call::post(Endpoint::AccessToken, "/account/applications/token", body)
    }

    fn read_access_token(&self, answer: &Answer) -> Result<AccessToken, Error> {
        let mut body = answer.object()?;
        let mut token = answer.access_token(&mut body)?;
        token.organization = body
            .get("organization_id")
            .and_then(Value::as_str)
            .map(sanitize);
        Ok(token)
    }

    fn organization_header<'a>(&self, access: &'a Access) -> Option<&'a str> {
        Some(&access.organization)
    }

    fn workspaces(&self, after: Option<&Mark>, user: Option<&ExternalUser>) -> Call {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("limit", &PAGE.to_string());
        if let Some(user) = user {
            query.append_pair("name_contains", user.as_str());
        }
        if let Some(Mark::Cursor(cursor)) = after {
            query.append_pair("cursor", cursor);
        }
        Call::get(
            Endpoint::Workspaces,
            format!("/workspaces?{}", query.finish()),
        )
    }

    fn read_workspaces(
        &self,
        answer: &Answer,
        _after: Option<&Mark>,
    ) -> Result<(Vec<Workspace>, Option<Mark>), Error> {
        let body = answer.object()?;
        let items = answer.list(&body, "data")?.iter();
        let read = |item: &Value| {
            let name = answer.text(item, "name")?.to_owned();
            Ok(Workspace {
                id: sanitize(answer.text(item, "id")?),
                name,
            })
        };
        let workspaces = items.map(read).collect::<Result<Vec<_>, Error>>()?;
        let next = body
            .get("next")
            .and_then(Value::as_str)
            .filter(|next| !next.is_empty());
        Ok((workspaces, next.map(|next| Mark::Cursor(cursor(next)))))
    }

    fn templates(&self) -> Option<Call> {
        Some(Call::get(Endpoint::Templates, TEMPLATES))
    }

    fn read_templates(&self, answer: &Answer) -> Result<Vec<Existing>, Error> {
        let body = answer.object()?;
        let items = answer.list(&body, "data")?.iter();
        let read = |item: &Value| {
            Ok(Existing {
                id: Some(sanitize(answer.text(item, "id")?)),
                name: without_steering(answer.text(item, "destination_name")?),
                identity: identity(item),
                created_at: item.get("created_at").and_then(Value::as_str).map(sanitize),
            })
        };
        items.map(read).collect()
    }

    fn create_template(&self, spec: &TemplateSpec, shown: Shown) -> Call {
        let cron = match &spec.schedule {
            // The settings refuse `manual` for this API.
            Schedule::Hourly | Schedule::Manual => HOURLY,
            Schedule::Cron(cron) => cron,
        };
        let body = json!({
            "data_hosting_type": "user_hosted",
            "destination_name": spec.name,
            "destination_definition_id": S3_DEFINITION,
            "destination_config": spec.destination(shown),
            "cron_expression": cron,
        });
        Call::post(Endpoint::Template, TEMPLATES, body)
    }

    fn delete_template(&self, id: &str) -> Option<Call> {
        let id: String = url::form_urlencoded::byte_serialize(id.as_bytes()).collect();
        Some(Call::delete(
            Endpoint::DeleteTemplate,
            format!("{TEMPLATES}/{id}"),
        ))
    }

    /// Narrowed like the widget tokens that are minted, so that the two agree.
    fn source_templates(&self, access: &Access) -> Call {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for tag in &access.selection.source_tags {
            query.append_pair("tags", tag);
        }
        if !access.selection.source_tags.is_empty() {
            query.append_pair("tags_mode", "any");
        }
        let path = "/integrations/templates/sources";
        let query = query.finish();
        let mark = if query.is_empty() { "" } else { "?" };
        Call::get(Endpoint::SourceTemplates, format!("{path}{mark}{query}"))
    }

    fn create_source_template(&self, _access: &Access) -> Call {
        let body = json!({
            "actor_definition_id": DEFINITION,
            "name": "<the name that customers see>",
            "partial_default_config": {},
        });
        Call::post(
            Endpoint::SourceTemplates,
            "/integrations/templates/sources",
            body,
        )
    }

    fn describe_cron(&self, cron: &str) -> Option<Call> {
        let path = format!("{TEMPLATES}/cron/describe");
        Some(Call::post(
            Endpoint::Cron,
            &path,
            json!({"cron_expression": cron}),
        ))
    }

    fn widget_token(&self, access: &Access, origin: &Origin, user: &ExternalUser) -> Call {
        let mut body = json!({"workspace_name": user.as_str(), "allowed_origin": origin.as_str()});
        let selection = &access.selection;
        if let Some(object) = body.as_object_mut() {
            if let Some(region) = &selection.region {
                object.insert("region_id".to_owned(), json!(region));
            }
            let tags = [
                ("selected_source_template_tags", &selection.source_tags),
                (
                    "selected_connection_template_tags",
                    &selection.connection_tags,
                ),
            ];
            for (field, tags) in tags.into_iter().filter(|(_, tags)| !tags.is_empty()) {
                object.insert(field.to_owned(), json!(tags));
                object.insert(format!("{field}_mode"), json!("any"));
            }
        }
        Call::post(
            Endpoint::WidgetToken,
            "/account/applications/widget-token",
            body,
        )
    }

    fn older_widget_token_path(&self) -> Option<&'static str> {
        Some("/embedded/widget-token")
    }

    fn connectors(&self, user: &ExternalUser) -> Option<Call> {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("workspace_name", user.as_str());
        Some(Call::get(
            Endpoint::Connectors,
            format!("/integrations/connectors?{}", query.finish()),
        ))
    }
}

/// The document calls `next` the URL of the next page, of which the cursor is the part that counts;
/// a bare cursor is taken as it is.
fn cursor(next: &str) -> String {
    let base = Url::parse("https://next.invalid/").ok();
    let url = Url::parse(next).ok().or_else(|| base?.join(next).ok());
    let found = url.and_then(|url| {
        url.query_pairs()
            .find(|(key, _)| key == "cursor")
            .map(|(_, value)| value.into_owned())
    });
    found.unwrap_or_else(|| next.to_owned())
}

/// Reads what tells two templates of one name apart, as a planned template spells it.
fn identity(item: &Value) -> Identity {
    let config = item.get("destination_config");
    let text = |field: &str| {
        let value = config.and_then(|c| c.get(field)).and_then(Value::as_str);
        without_steering(value.unwrap_or_default())
    };
    Identity {
        bucket: text("s3_bucket_name"),
        prefix: text("s3_bucket_path").trim_matches('/').to_owned(),
        endpoint: text("s3_endpoint"),
        format: format_name(config.and_then(|c| c.get("format"))),
        schedule: match item.get("cron_expression").and_then(Value::as_str) {
            // Without an expression syncs run every hour.
            None | Some(HOURLY) => "hourly".to_owned(),
            Some(cron) => without_steering(cron),
        },
    }
}

/// Names a connector's format object as the settings name it.
fn format_name(format: Option<&Value>) -> String {
    let field = |name: &str| format.and_then(|f| f.get(name));
    let compression = field("compression")
        .and_then(|c| c.get("compression_type"))
        .and_then(Value::as_str);
    // Left out, the connector compresses.
    let packed = compression.is_none_or(|c| c == "GZIP");
    let known = match (field("format_type").and_then(Value::as_str), packed) {
        (Some("JSONL"), false) => Format::Jsonl,
        (Some("JSONL"), true) => Format::JsonlGz,
        (Some("CSV"), false) => Format::Csv,
        (Some("CSV"), true) => Format::CsvGz,
        (Some("Avro"), _) => Format::Avro,
        (Some("Parquet"), _) => Format::Parquet,
        (Some(other), _) => return sanitize(other),
        (None, _) => return String::new(),
    };
    known.name().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::secret::Secret;

    #[test]
    fn the_next_page_is_found_in_a_url_or_as_a_bare_cursor() {
        for next in [
            "https://api.airbyte.ai/api/v1/workspaces?limit=2&cursor=a%2Bb",
            "/workspaces?cursor=a%2Bb",
            "a+b",
        ] {
            assert_eq!(cursor(next), "a+b");
        }
    }

    #[test]
    fn a_listed_template_is_compared_by_what_was_sent() {
        for format in Format::ALL {
            let spec = TemplateSpec {
                organization: String::new(),
                name: "destination-s3".to_owned(),
                bucket: "b-1".to_owned(),
                prefix: "p".to_owned(),
                region: "us-east-1".to_owned(),
                endpoint: Some("https://minio.example".to_owned()),
                format,
                schedule: Schedule::Hourly,
                access_key_id: "AKIA".to_owned(),
                secret_access_key: Secret::new("secret"),
            };
            let sent = Agents.create_template(&spec, Shown::Whole).body.unwrap();
            let existing = Existing {
                id: None,
                name: spec.name.clone(),
                identity: identity(&sent),
                created_at: None,
            };
            assert_eq!(existing.differences(&spec), [], "{format:?}");
        }
    }

    #[test]
    fn a_format_without_compression_is_what_the_connector_makes_of_it() {
        assert_eq!(
            format_name(Some(&json!({"format_type": "JSONL"}))),
            "jsonl.gz"
        );
        assert_eq!(format_name(Some(&json!({"format_type": "XML"}))), "XML");
        assert_eq!(format_name(None), "");
    }
}
