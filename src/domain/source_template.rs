//! The source template: an integration as customers are offered it in the widget.
//!
//! Depends on nothing. The operator reads these; what a customer must enter stays the widget's.

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
