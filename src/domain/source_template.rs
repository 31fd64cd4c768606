//! The source template: an integration as customers are offered it in the widget.
//!
//! Depends on nothing. The operator reads these; what a customer must enter stays the widget's.

use serde_json::Value;

/// What customers are offered, and how to add to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Catalogue {
    /// The integrations, in the API's order.
    pub templates: Vec<SourceTemplate>,
    /// The call that adds one of the operator's own.
    pub own: Request,
}

/// A call that is shown and not sent, with words in angle brackets where a value is missing.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// Its method.
    pub method: &'static str,
    /// Its URL.
    pub url: String,
    /// Its JSON.
    pub body: Value,
}

/// One integration of the catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceTemplate {
    /// Its id, sanitized.
    pub id: String,
    /// Its name, as customers see it, sanitized.
    pub name: String,
    /// The connector's own name, where the API tells it.
    pub connector: Option<String>,
    /// Its tags, where the API has some. A widget token may be narrowed by them.
    pub tags: Vec<String>,
}
