//! Connection templates: how new users' data will flow.
//!
//! Each API has a store of its own in the same organization. When the newer service took over, the
//! public API went on writing to a table which that service does not read, so a template made
//! through one of them is unknown to the other.

use serde_json::Value;

use super::ids::Id;

/// A template of the public API; applied when a workspace is made and never later.
pub(super) struct Template {
    pub(super) id: Id,
    pub(super) name: String,
    pub(super) configuration: Value,
    /// Quartz, UTC; None: by hand only.
    pub(super) cron: Option<String>,
    /// The other fields as they were sent.
    pub(super) options: Value,
}

impl Template {
    /// One of the other fields; null when it was not sent.
    pub(super) fn option(&self, name: &str) -> &Value {
        self.options.get(name).unwrap_or(&Value::Null)
    }
}

/// A template of the newer API; applied when a customer saves a source.
pub(super) struct AgentsTemplate {
    pub(super) id: Id,
    pub(super) name: String,
    pub(super) hosting: Hosting,
    /// As it was sent; None: the service's own choice.
    pub(super) cron: Option<String>,
    /// Epoch seconds.
    pub(super) created_at: i64,
    pub(super) updated_at: i64,
}

/// Whose the destination is.
pub(super) enum Hosting {
    /// Airbyte's own storage; nothing to configure.
    Airbyte,
    /// The operator's.
    User(Destination),
}

/// What an operator says of the destination and of the connections that lead there.
pub(super) struct Destination {
    pub(super) configuration: Value,
    pub(super) on_change: &'static str,
    pub(super) sync_on_create: bool,
}

/// What may happen when a source's schema changes; the first is the default.
pub(super) const ON_CHANGE: &[&str] =
    &["ignore", "disable", "propagate_columns", "propagate_fully"];

impl Hosting {
    /// The operator's own, all else by default.
    pub(super) fn user(configuration: Value) -> Self {
        Self::User(Destination {
            configuration,
            on_change: "ignore",
            sync_on_create: true,
        })
    }
}

/// Leads templates to a bucket that is not at AWS.
pub(super) fn lead_to(endpoint: &str, own: &mut [Template], newer: &mut [AgentsTemplate]) {
    let own = own.iter_mut().map(|template| &mut template.configuration);
    let newer = newer
        .iter_mut()
        .filter_map(|template| match &mut template.hosting {
            Hosting::User(destination) => Some(&mut destination.configuration),
            Hosting::Airbyte => None,
        });
    for configuration in own.chain(newer) {
        if let Some(fields) = configuration.as_object_mut() {
            fields.insert("s3_endpoint".to_owned(), Value::from(endpoint));
        }
    }
}
