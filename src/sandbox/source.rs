//! The sources that customers may connect: a small catalogue, the same for every world.

use serde_json::Value;

use super::ids::{Id, Ids};

/// One entry.
pub(super) struct Source {
    /// The template's id.
    pub(super) id: Id,
    pub(super) name: &'static str,
    /// The connector's own name.
    pub(super) connector: &'static str,
    /// From the connector registry.
    pub(super) definition: &'static str,
    pub(super) tags: &'static [&'static str],
}

/// Name, connector, definition id, tags.
type Entry = (
    &'static str,
    &'static str,
    &'static str,
    &'static [&'static str],
);

const ENTRIES: &[Entry] = &[
    (
        "Sample Data",
        "faker",
        "dfd88b22-b603-4c3d-aad7-3701784586b1",
        &["sample"],
    ),
    (
        "HubSpot",
        "hubspot",
        "36c891d9-4bd9-43ac-bad2-10e12756272c",
        &["crm"],
    ),
    (
        "Postgres",
        "postgres",
        "decd338e-5647-4c0b-adf4-da0e75f5a750",
        &["database"],
    ),
    (
        "Salesforce",
        "salesforce",
        "b117307c-14b6-41aa-9422-947e34922962",
        &["crm", "sales"],
    ),
    (
        "Stripe",
        "stripe",
        "e094cb9a-26de-4645-8761-65c0c425d1de",
        &["sales"],
    ),
];

/// The catalogue under the ids of one world.
pub(super) fn catalogue(ids: &mut Ids) -> Vec<Source> {
    ENTRIES
        .iter()
        .map(|(name, connector, definition, tags)| Source {
            id: ids.make("source template", name),
            name,
            connector,
            definition,
            tags,
        })
        .collect()
}

/// Pieces of the names under which connectors keep their secrets.
const SECRETS: &[&str] = &["password", "secret", "token", "api_key", "private_key"];

/// A configuration with every secret replaced by the platform's mask, at any depth.
pub(super) fn masked(configuration: &Value) -> Value {
    match configuration {
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| {
                let secret = SECRETS.iter().any(|piece| name.contains(piece));
                let shown = if secret && value.is_string() {
                    Value::from("**********")
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

#[cfg(test)]
mod tests {
    use serde_json::json;

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
}
