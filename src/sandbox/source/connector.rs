//! The connectors that this sandbox knows, from one file: names, definition ids, and the schema of
//! what each must be told. Ids and field names are the public connectors'; the schemas are smaller.

use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;

use super::schema::{self, Extent, Objection};
use crate::sandbox::faker;
use crate::sandbox::ids::Id;

/// One connector.
#[derive(Deserialize)]
pub(in crate::sandbox) struct Connector {
    pub(in crate::sandbox) name: String,
    /// Its own name, as `sourceType` has it.
    pub(in crate::sandbox) slug: String,
    /// From the connector registry.
    pub(in crate::sandbox) definition: String,
    pub(in crate::sandbox) tags: Vec<String>,
    pub(in crate::sandbox) specification: Value,
}

impl Connector {
    /// Everything that is wrong with a whole configuration.
    pub(in crate::sandbox) fn check(&self, configuration: &Value) -> Vec<Objection> {
        let mut found = schema::check(&self.specification, configuration, Extent::Whole);
        if self.slug == faker::CONNECTOR {
            found.extend(faker::check(configuration));
        }
        found
    }
}

// A file that cannot be read would leave nothing to offer; a test reads it.
static CONNECTORS: LazyLock<Vec<Connector>> = LazyLock::new(|| {
    let text = include_str!("../../../assets/sandbox/connectors.json");
    serde_json::from_str(text).unwrap_or_default()
});

/// All of them, Sample Data first.
pub(super) fn all() -> &'static [Connector] {
    &CONNECTORS
}

/// The connector of this name, in any case.
pub(in crate::sandbox) fn called(name: &str) -> Option<&'static Connector> {
    let mut known = all().iter();
    known.find(|found| {
        [&found.slug, &found.name]
            .iter()
            .any(|own| own.eq_ignore_ascii_case(name))
    })
}

/// The connector with this definition id.
pub(in crate::sandbox) fn known(definition: Id) -> Option<&'static Connector> {
    let definition = definition.to_string();
    all().iter().find(|found| found.definition == definition)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_can_be_read_and_names_no_connector_twice() {
        assert_eq!(all().first().unwrap().slug, "faker");
        assert!(all().len() >= 12);
        for (at, connector) in all().iter().enumerate() {
            let id: Id = connector.definition.parse().unwrap();
            assert_eq!(known(id).unwrap().slug, connector.slug);
            assert!(!all()[..at].iter().any(|it| it.name == connector.name));
        }
    }

    #[test]
    fn required_fields_are_described_and_ordered() {
        for connector in all() {
            let specification = &connector.specification;
            let properties = specification["properties"].as_object().unwrap();
            for name in specification["required"].as_array().unwrap() {
                assert!(properties.contains_key(name.as_str().unwrap()), "{name}");
            }
            for (at, field) in properties.values().enumerate() {
                assert_eq!(field["order"], at, "{}", connector.name);
                assert!(field["title"].is_string(), "{}", connector.name);
            }
        }
    }
}
