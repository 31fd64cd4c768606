//! Fills the templates of `assets/export/`: the requests as JavaScript and as shell, and the
//! settings that may stand in a file.
//!
//! Depends on `api` for the requests and on `domain`. The requests are built over marks instead of
//! values, so that no value of a credential is ever at hand here; each mark becomes the variable
//! that holds the value in the reader's own environment.

use serde_json::Value;

use crate::api::{Client, Outline, Outlines};
use crate::domain::base_url::{Api, BaseUrl};
use crate::domain::failure::Failure;
use crate::domain::field::Key;
use crate::domain::origin::Origin;
use crate::domain::secret::Secret;
use crate::domain::settings::{Access, Draft, Part};
use crate::domain::shell;
use crate::domain::template::TemplateSpec;
use crate::domain::user::ExternalUser;

const SHELL: &str = include_str!("../../../assets/export/airbyte-embedded.sh");
const SERVER: &str = include_str!("../../../assets/export/server.js");
const PAGE: &str = include_str!("../../../assets/export/index.html");

/// What stands for `ALLOWED_ORIGIN`, since an origin must be one.
const ORIGIN_MARK: &str = "https://allowed-origin.invalid";

/// The requests, and the settings that may stand in a file: none is a secret, and none names an
/// organization, a customer, or a bucket.
pub(super) struct Export {
    requests: Outlines,
    api: Api,
    base_url: BaseUrl,
    origin: Origin,
    port: u16,
    template_name: String,
}

impl Export {
    /// Reads what the files are made of. Credentials may be missing: the files do not hold them.
    ///
    /// # Errors
    /// A setting among those that stand in the files is invalid.
    pub(super) fn of(draft: &Draft) -> Result<Export, Failure> {
        draft.demand(&[Part::Place, Part::Delivery, Part::Origin])?;
        let (api, base_url, selection) = draft.place()?;
        let (format, schedule) = draft.delivery()?;
        let origin = draft.origin()?;
        let access = Access {
            api,
            base_url: base_url.clone(),
            organization: mark(Key::OrganizationId),
            client_id: mark(Key::ClientId),
            client_secret: Secret::new(mark(Key::ClientSecret)),
            selection,
        };
        let spec = TemplateSpec {
            organization: mark(Key::OrganizationId),
            name: mark(Key::TemplateName),
            bucket: mark(Key::Bucket),
            prefix: mark(Key::Prefix),
            region: mark(Key::Region),
            endpoint: (!draft.text(Key::Endpoint).is_empty()).then(|| mark(Key::Endpoint)),
            format,
            schedule,
            access_key_id: mark(Key::AccessKeyId),
            secret_access_key: Secret::new(mark(Key::SecretAccessKey)),
        };
        let own = Origin::parse(ORIGIN_MARK);
        let user = ExternalUser::parse(&mark(Key::ExternalUserId));
        let (Ok(own), Ok(user)) = (own, user) else {
            unreachable!("the marks are an origin and a name")
        };
        Ok(Export {
            requests: Client::outlines(&access, &spec, &own, &user),
            api,
            base_url,
            origin,
            port: draft.port()?,
            template_name: draft.text(Key::TemplateName),
        })
    }

    /// The shell script.
    pub(super) fn shell(&self) -> String {
        let Outlines {
            access_token,
            template,
            widget_token,
            organization,
        } = &self.requests;
        let header = organization.as_deref().and_then(key_of).map(|key| {
            let name = key.variable();
            format!("printf 'header = \"X-Organization-Id: %s\"\\n' \"${name}\"")
        });
        let needs: Vec<&str> = variables(&template.body)
            .into_iter()
            .filter(|key| *key != Key::OrganizationId)
            .map(Key::variable)
            .collect();
        let text = with_line(SHELL, "__ORGANIZATION_HEADER__", header.as_deref());
        fill(
            &text,
            &[
                ("__API__", self.api.name()),
                ("__API_ROOT__", self.api.root()),
                ("__BASE_URL__", &shell::quoted(self.base_url.shown())),
                ("__ALLOWED_ORIGIN__", &shell::quoted(self.origin.as_str())),
                ("__TEMPLATE_NAME__", &shell::quoted(&self.template_name)),
                ("__TEMPLATE_NEEDS__", &needs.join(" ")),
                ("__ACCESS_TOKEN_PATH__", &access_token.path),
                ("__ACCESS_TOKEN_BODY__", &shell_json(access_token)),
                ("__TEMPLATE_PATH__", &template.path),
                ("__TEMPLATE_BODY__", &shell_json(template)),
                ("__WIDGET_TOKEN_PATH__", &widget_token.path),
                ("__WIDGET_TOKEN_BODY__", &shell_json(widget_token)),
            ],
        )
    }

    /// The server.
    pub(super) fn server(&self) -> String {
        let requests = &self.requests;
        let header = requests
            .organization
            .as_deref()
            .and_then(key_of)
            .map(|key| {
                format!(
                    "headers[\"X-Organization-Id\"] = settings.{};",
                    key.variable()
                )
            });
        let text = with_line(SERVER, "__ORGANIZATION_HEADER__", header.as_deref());
        fill(
            &text,
            &[
                ("__API__", self.api.name()),
                ("__API_ROOT__", &quoted(self.api.root())),
                ("__BASE_URL__", &quoted(self.base_url.shown())),
                ("__ALLOWED_ORIGIN__", &quoted(self.origin.as_str())),
                ("__PORT__", &quoted(&self.port.to_string())),
                ("__ACCESS_TOKEN_PATH__", &requests.access_token.path),
                (
                    "__ACCESS_TOKEN_BODY__",
                    &script(&requests.access_token.body, 1),
                ),
                ("__WIDGET_TOKEN_PATH__", &requests.widget_token.path),
                (
                    "__WIDGET_TOKEN_BODY__",
                    &script(&requests.widget_token.body, 1),
                ),
            ],
        )
    }

    /// The page. Where tokens open on another origin of this machine, it calls the server across.
    pub(super) fn page(&self) -> String {
        let own = format!("http://localhost:{}", self.port);
        let split = self.origin.twin().is_some() && self.origin.as_str() != own;
        let backend = if split { own } else { String::new() };
        fill(PAGE, &[("__BACKEND__", &quoted(&backend))])
    }
}

/// The text that stands for a setting's value in a request.
fn mark(key: Key) -> String {
    if key == Key::AllowedOrigin {
        return ORIGIN_MARK.to_owned();
    }
    format!("<{}>", key.variable())
}

fn key_of(text: &str) -> Option<Key> {
    Key::all().find(|key| text == mark(*key))
}

/// The settings a body holds, in its order.
fn variables(body: &Value) -> Vec<Key> {
    match body {
        Value::Object(map) => map.values().flat_map(variables).collect(),
        Value::Array(items) => items.iter().flat_map(variables).collect(),
        Value::String(text) => key_of(text).into_iter().collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}

/// JSON for a here-document of a shell, each mark a call that writes the variable as JSON.
fn shell_json(outline: &Outline) -> String {
    let text = serde_json::to_string_pretty(&outline.body).unwrap_or_default();
    let literal = text
        .replace('\\', "\\\\")
        .replace('$', "\\$")
        .replace('`', "\\`");
    Key::all().fold(literal, |text, key| {
        let call = format!("$(json \"${}\")", key.variable());
        text.replace(&quoted(&mark(key)), &call)
    })
}

/// JavaScript for a body, each mark an expression.
fn script(value: &Value, depth: usize) -> String {
    let inner = "  ".repeat(depth + 1);
    let close = "  ".repeat(depth);
    match value {
        Value::Object(map) => {
            let row = |(name, value): (&String, &Value)| {
                format!("{inner}{}: {},\n", property(name), script(value, depth + 1))
            };
            let rows: Vec<String> = map.iter().map(row).collect();
            let rows = rows.concat();
            format!("{{\n{rows}{close}}}")
        }
        Value::String(text) => match key_of(text) {
            // The caller of the function decides these two.
            Some(Key::ExternalUserId) => "user".to_owned(),
            Some(Key::AllowedOrigin) => "origin".to_owned(),
            Some(key) => format!("settings.{}", key.variable()),
            None => quoted(text),
        },
        Value::Array(_) | Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

fn property(name: &str) -> String {
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if plain { name.to_owned() } else { quoted(name) }
}

fn quoted(text: &str) -> String {
    // A text that ends a script element would end it inside a string too.
    Value::from(text).to_string().replace("</", "<\\/")
}

/// Fills in a line that stands alone, or takes it away.
fn with_line(template: &str, name: &str, line: Option<&str>) -> String {
    let lines = template.split_inclusive('\n').filter_map(|row| {
        if row.trim() != name {
            return Some(row.to_owned());
        }
        line.map(|line| row.replace(name, line))
    });
    lines.collect()
}

/// Fills in the marked places. What is filled in is not looked through again.
fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::new();
    let mut rest = template;
    loop {
        let found = values
            .iter()
            .filter_map(|(name, value)| Some((rest.find(name)?, *name, *value)))
            .min_by_key(|(at, name, _)| (*at, std::cmp::Reverse(name.len())));
        let Some((_, name, value)) = found else {
            return filled + rest;
        };
        let Some((before, after)) = rest.split_once(name) else {
            return filled + rest;
        };
        filled = filled + before + value;
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::settings::{Layer, Source};

    fn export(settings: &[(&str, &str)]) -> Export {
        let values = settings
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Export::of(&Draft::resolve(&[(Source::File, Layer::new(values))])).unwrap()
    }

    #[test]
    fn no_mark_is_left_in_a_file() {
        for api in ["v1", "agents"] {
            let export = export(&[("AIRBYTE_API", api), ("S3_ENDPOINT", "http://localhost:9")]);
            for text in [export.shell(), export.server(), export.page()] {
                assert!(!text.contains("__"), "{text}");
                assert!(!text.contains(ORIGIN_MARK), "{text}");
                for key in Key::all() {
                    assert!(!text.contains(&mark(key)), "{text}");
                }
            }
        }
    }

    #[test]
    fn files_need_no_credential_and_hold_none() {
        let empty = export(&[]);
        let full = export(&[
            (
                "AIRBYTE_ORGANIZATION_ID",
                "5f0c3a1e-6a0e-4d0e-b1a7-0f7e5a3391aa",
            ),
            ("AIRBYTE_CLIENT_ID", "canary-id"),
            ("AIRBYTE_CLIENT_SECRET", "canary-secret"),
            ("EXTERNAL_USER_ID", "canary-user"),
            ("AWS_S3_ACCESS_KEY_ID", "AKIACANARY"),
            ("AWS_S3_SECRET_ACCESS_KEY", "canary/aws"),
            ("S3_BUCKET_NAME", "canary-bucket"),
            ("S3_PATH_PREFIX", "canary-prefix"),
            ("S3_BUCKET_REGION", "us-east-1"),
        ]);
        assert_eq!(empty.shell(), full.shell());
        assert_eq!(empty.server(), full.server());
        assert_eq!(empty.page(), full.page());
    }

    #[test]
    fn texts_of_ones_own_stay_texts() {
        let export = export(&[
            ("AIRBYTE_API", "agents"),
            ("BASE_URL", "https://api.airbyte.ai"),
            ("TEMPLATE_NAME", "it's $HOME `id` \"x\" \\"),
            ("SOURCE_TEMPLATE_TAGS", "$(id),`id`,a\"b\\"),
        ]);
        let shell = export.shell();
        assert!(
            shell.contains(r#"TEMPLATE_NAME='it'\''s $HOME `id` "x" \'"#),
            "{shell}"
        );
        assert!(
            shell.contains(r#""\$(id)""#) && shell.contains(r"\`id\`"),
            "{shell}"
        );
        assert!(shell.contains(r#""a\\"b\\\\""#), "{shell}");
        assert!(export.server().contains(r#"["$(id)","`id`","a\"b\\"]"#));
    }

    #[test]
    fn the_page_calls_across_only_in_the_guides_split_set_up() {
        for (origin, port, backend) in [
            (
                "http://localhost:3000",
                "3001",
                r#""http://localhost:3001""#,
            ),
            ("http://localhost:3001", "3001", "\"\""),
            ("http://localhost:4000", "4000", "\"\""),
            ("https://app.example.com", "3001", "\"\""),
            ("https://localhost.acme.dev", "3001", "\"\""),
        ] {
            let page = export(&[("ALLOWED_ORIGIN", origin), ("PORT", port)]).page();
            let line = format!("const BACKEND = {backend};");
            assert!(page.contains(&line), "{origin} {port}");
        }
    }
}
