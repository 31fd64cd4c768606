//! `/workspaces`: found by name, page after page under a cursor.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use url::form_urlencoded;

use super::error::unacceptable;
use super::form::{Form, LIMIT, TEXT};
use super::{enter, moment};
use crate::sandbox::call::Call;
use crate::sandbox::ids::Id;
use crate::sandbox::problem::Refusal;
use crate::sandbox::rule::Answer;
use crate::sandbox::workspace::Workspace;
use crate::sandbox::world::World;

pub(super) fn list(world: &mut World, call: &Call) -> Answer {
    enter(world, call)?;
    let mut form = Form::query(call);
    let part = form.may("name_contains", TEXT).unwrap_or_default();
    let status = form.word("status", &["active", "inactive"]);
    let limit = form.may("limit", LIMIT).unwrap_or(20);
    let cursor = form.may("cursor", TEXT);
    form.end()?;
    let start = match cursor {
        None => 0,
        Some(cursor) => after(world, &cursor)?,
    };
    let part = part.to_lowercase();
    let mut wanted = world
        .workspaces
        .iter()
        .skip(start)
        // All are active: nothing here pauses one.
        .filter(|found| status != Some("inactive") && found.name.to_lowercase().contains(&part));
    let page: Vec<&Workspace> = wanted.by_ref().take(limit).collect();
    let next = match (page.last(), wanted.next()) {
        (Some(last), Some(_)) => Value::from(address(call, last.id)),
        _ => Value::Null,
    };
    let data: Vec<Value> = page.iter().map(|found| shown(world, found)).collect();
    Ok(json!({"next": next, "data": data}))
}

fn shown(world: &World, workspace: &Workspace) -> Value {
    let made = moment(workspace.created_at);
    json!({
        "id": workspace.id,
        "name": workspace.name,
        "organization_id": world.account.organization,
        "status": "active",
        "cache_enabled": null,
        "tombstone": false,
        "created_at": made,
        "updated_at": made,
    })
}

/// The next page's address: this one's, with a cursor that says after which workspace it begins.
fn address(call: &Call, last: Id) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(call.query.iter().filter(|(name, _)| name != "cursor"));
    query.append_pair("cursor", &URL_SAFE_NO_PAD.encode(last.to_string()));
    format!("{}{}?{}", call.base, call.path, query.finish())
}

/// How many workspaces lie before the cursor.
fn after(world: &World, cursor: &str) -> Result<usize, Refusal> {
    let id = URL_SAFE_NO_PAD.decode(cursor).ok();
    let id = id.and_then(|bytes| String::from_utf8(bytes).ok()?.parse::<Id>().ok());
    let at = id.and_then(|id| world.workspaces.iter().position(|found| found.id == id));
    at.map(|at| at + 1).ok_or_else(|| {
        unacceptable(
            "cursor",
            "This cursor comes from no page.",
            "invalid_cursor",
        )
    })
}
