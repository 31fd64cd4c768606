//! The embedding guide's requests as plain data, for programs that are not this one.
//!
//! Depends on `domain` and `dialect`. What `embedctl export` writes comes from the very functions
//! that build this client's own requests, so the two cannot drift apart.

use serde_json::Value;

use super::dialect::{Call, Dialect};
use crate::domain::origin::Origin;
use crate::domain::settings::Access;
use crate::domain::template::{Shown, TemplateSpec};
use crate::domain::user::ExternalUser;

/// One request, which is a POST.
#[derive(Clone, Debug, PartialEq)]
pub struct Outline {
    /// Its path below the API's root.
    pub path: String,
    /// Its JSON.
    pub body: Value,
}

/// The requests of the embedding guide.
#[derive(Clone, Debug, PartialEq)]
pub struct Outlines {
    /// The access token.
    pub access_token: Outline,
    /// The connection template, made once.
    pub template: Outline,
    /// The widget token.
    pub widget_token: Outline,
    /// What the header `X-Organization-Id` of the latter two holds, where the API takes it.
    pub organization: Option<String>,
}

impl Outlines {
    pub(super) fn of(
        dialect: &dyn Dialect,
        access: &Access,
        spec: &TemplateSpec,
        origin: &Origin,
        user: &ExternalUser,
    ) -> Outlines {
        Outlines {
            access_token: outline(dialect.access_token(access)),
            template: outline(dialect.create_template(spec, Shown::Whole)),
            widget_token: outline(dialect.widget_token(access, origin, user)),
            organization: dialect.organization_header(access).map(str::to_owned),
        }
    }
}

fn outline(call: Call) -> Outline {
    Outline {
        path: call.path,
        body: call.body.unwrap_or_default(),
    }
}
