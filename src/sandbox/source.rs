//! Source templates: the integrations that customers are offered.
//!
//! Every organization has one for each connector of the catalogue; its own for a connector takes
//! the place of that one. Each API keeps the organization's own apart, as with the other templates.

mod connector;
pub(super) mod schema;

use serde_json::{Value, json};

use super::ids::{Id, Ids};
use super::pipeline::{Api, Saved};
use super::world::World;

pub(super) use connector::{Connector, called, known};

/// How a template may be used; the first is the default.
pub(super) const MODES: &[&str] = &["REPLICATION", "DIRECT", "MULTI"];

/// A connector as customers are offered it.
#[derive(Clone)]
pub(super) struct Source {
    pub(super) id: Id,
    pub(super) name: String,
    pub(super) connector: &'static Connector,
    /// Through which API the organization made it; none when every organization has it.
    pub(super) maker: Option<Api>,
    /// What is filled in already.
    pub(super) defaults: Value,
    /// What is left for the customer: the schema of the form.
    pub(super) asked: Value,
    pub(super) mode: &'static str,
    /// Which streams are synced, and how, as it was sent.
    pub(super) customization: Value,
    /// Epoch seconds.
    pub(super) created_at: i64,
    pub(super) updated_at: i64,
}

impl Source {
    /// A template of this connector that fills in nothing and asks for everything.
    pub(super) fn of(connector: &'static Connector) -> Self {
        Self {
            id: Id::NONE,
            name: connector.name.clone(),
            connector,
            maker: None,
            defaults: json!({}),
            asked: connector.specification.clone(),
            mode: "REPLICATION",
            customization: Value::Null,
            created_at: 0,
            updated_at: 0,
        }
    }

    /// The whole specification in which the form's schema comes.
    pub(super) fn specification(&self) -> Value {
        json!({
            "documentationUrl": format!("https://docs.airbyte.com/integrations/sources/{}", self.connector.slug),
            "connectionSpecification": self.asked,
        })
    }

    /// Where the connector's picture is.
    pub(super) fn icon(&self) -> String {
        let slug = &self.connector.slug;
        format!(
            "https://connectors.airbyte.com/files/metadata/airbyte/source-{slug}/latest/icon.svg"
        )
    }

    /// Fills in `defaults`, if the connector takes such values.
    ///
    /// # Errors
    /// The first thing its schema objects to.
    pub(super) fn fill_in(&mut self, defaults: Value) -> Result<(), String> {
        let wrong = schema::check(
            &self.connector.specification,
            &defaults,
            schema::Extent::Part,
        );
        if let Some(first) = wrong.first() {
            return Err(first.to_string());
        }
        self.asked = schema::left_to_ask(&self.connector.specification, &defaults);
        self.defaults = defaults;
        Ok(())
    }
}

/// The templates that every organization has, under the ids of one world.
pub(super) fn catalogue(ids: &mut Ids) -> Vec<Source> {
    let under = |connector: &'static Connector| Source {
        id: ids.make("source template", &connector.name),
        ..Source::of(connector)
    };
    connector::all().iter().map(under).collect()
}

impl World {
    /// What customers are offered through an API.
    pub(super) fn offered(&self, api: Api) -> impl Iterator<Item = &Source> {
        self.sources.iter().filter(move |found| match found.maker {
            Some(maker) => maker == api,
            None => !self
                .own_sources(api)
                .any(|own| own.connector.definition == found.connector.definition),
        })
    }

    /// What the customer of a workspace is offered: what its widget token was narrowed to, and not
    /// what is there for other uses alone.
    pub(super) fn offered_to(&self, workspace: Id, api: Api) -> impl Iterator<Item = &Source> {
        let mut workspaces = self.workspaces.iter();
        let widget = workspaces
            .find(|found| found.id == workspace)
            .map(|found| &found.widget.tags);
        self.offered(api).filter(move |found| {
            let meant = widget.is_none_or(|tags| tags.select(&found.connector.tags));
            meant && found.mode != "DIRECT"
        })
    }

    /// The template of a source; one of its connector where it was made without.
    pub(super) fn template_of(&self, saved: &Saved, api: Api) -> Option<&Source> {
        let mut sources = self.sources.iter();
        let own = sources.find(|found| Some(found.id) == saved.template);
        own.or_else(|| {
            let mut offered = self.offered(api);
            offered.find(|found| found.connector.definition == saved.connector.definition)
        })
    }

    /// The organization's own templates.
    fn own_sources(&self, api: Api) -> impl Iterator<Item = &Source> {
        let sources = self.sources.iter();
        sources.filter(move |found| found.maker == Some(api))
    }

    /// Keeps a template under a new id. Nothing is compared: two for one connector are both offered.
    pub(super) fn make_source_template(&mut self, template: Source) -> &Source {
        let (id, now) = (
            self.ids.make("own source template", &template.name),
            self.now(),
        );
        self.sources.push_mut(Source {
            id,
            created_at: now,
            updated_at: now,
            ..template
        })
    }
}

/// Pieces of the names under which connectors keep their secrets.
const SECRETS: &[&str] = &[
    "password",
    "secret",
    "token",
    "api_key",
    "private_key",
    "service_account_info",
];

/// What the platform shows in a secret's place.
const MASK: &str = "**********";

/// A configuration with every secret replaced by the platform's mask, at any depth.
pub(super) fn masked(configuration: &Value) -> Value {
    match configuration {
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| {
                let secret = SECRETS.iter().any(|piece| name.contains(piece));
                let shown = if secret && value.is_string() {
                    Value::from(MASK)
                } else {
                    masked(value)
                };
                (name.clone(), shown)
            })
            .collect(),
        Value::Array(items) => items.iter().map(masked).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => configuration.clone(),
    }
}

/// A configuration with every mask in it replaced by the secret that was there before.
pub(super) fn unmasked(given: &Value, before: &Value) -> Value {
    match given {
        Value::String(text) if text == MASK && before.is_string() => before.clone(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| {
                let before = before.get(name).unwrap_or(&Value::Null);
                (name.clone(), unmasked(value, before))
            })
            .collect(),
        Value::String(_) | Value::Array(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {
            given.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_at_any_depth() {
        assert_eq!(
            masked(
                &json!({"host": "h", "password": "p", "credentials": {"client_secret": "s", "list": [{"access_token": "t"}]}})
            ),
            json!({"host": "h", "password": "**********", "credentials":
                {"client_secret": "**********", "list": [{"access_token": "**********"}]}})
        );
    }

    #[test]
    fn a_mask_that_comes_back_stands_for_the_secret_that_was_there() {
        let before = json!({"password": "p", "credentials": {"token": "t"}});
        assert_eq!(
            unmasked(
                &json!({"password": MASK, "credentials": {"token": "new", "other": MASK}}),
                &before
            ),
            json!({"password": "p", "credentials": {"token": "new", "other": MASK}})
        );
    }

    #[test]
    fn every_secret_of_the_catalogue_is_masked_by_its_name() {
        fn secrets(schema: &Value, found: &mut Vec<String>) {
            for (name, field) in schema["properties"].as_object().into_iter().flatten() {
                if field["airbyte_secret"] == true {
                    found.push(name.clone());
                }
                for option in field["oneOf"].as_array().into_iter().flatten() {
                    secrets(option, found);
                }
            }
        }
        let mut found = Vec::new();
        for connector in connector::all() {
            secrets(&connector.specification, &mut found);
        }
        assert!(found.len() > 10, "{found:?}");
        for name in found {
            let shown = masked(&json!({ name.as_str(): "hunter2" }));
            assert_eq!(shown[&name], MASK, "{name}");
        }
    }
}
