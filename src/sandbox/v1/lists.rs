//! `/v1/workspaces` and `/v1/destinations`: reading what is there, page by page.

use serde_json::{Value, json};

use super::paging::Page;
use super::{Answer, authenticated};
use crate::sandbox::call::Call;
use crate::sandbox::destination;
use crate::sandbox::ids::Id;
use crate::sandbox::problem;
use crate::sandbox::workspace::Workspace;
use crate::sandbox::world::{Destination, World};

pub(super) fn workspaces(world: &mut World, call: &Call) -> Answer {
    authenticated(world, call)?;
    let page = Page::of(world, call)?;
    let wanted = world
        .workspaces
        .iter()
        .filter(|workspace| page.wants(workspace.id));
    Ok(page.cut(wanted.map(show_workspace)))
}

pub(super) fn workspace(world: &mut World, call: &Call) -> Answer {
    authenticated(world, call)?;
    let id = call.last_segment().parse::<Id>().ok();
    let found = world
        .workspaces
        .iter()
        .find(|workspace| Some(workspace.id) == id);
    found.map(show_workspace).ok_or_else(problem::forbidden)
}

pub(super) fn destinations(world: &mut World, call: &Call) -> Answer {
    authenticated(world, call)?;
    let page = Page::of(world, call)?;
    let wanted = world
        .destinations
        .iter()
        .filter(|found| page.wants(found.workspace));
    Ok(page.cut(wanted.map(show_destination)))
}

pub(super) fn destination(world: &mut World, call: &Call) -> Answer {
    authenticated(world, call)?;
    let id = call.last_segment().parse::<Id>().ok();
    let found = world.destinations.iter().find(|found| Some(found.id) == id);
    found.map(show_destination).ok_or_else(problem::forbidden)
}

fn show_workspace(workspace: &Workspace) -> Value {
    json!({
        "workspaceId": workspace.id,
        "name": workspace.name,
        "dataResidency": workspace.region.name(),
        "notifications": {},
    })
}

fn show_destination(found: &Destination) -> Value {
    let configuration = if found.configuration.is_null() {
        // Airbyte's own storage: nothing to see.
        json!({})
    } else {
        destination::masked(&found.configuration)
    };
    json!({
        "destinationId": found.id,
        "name": found.name,
        "destinationType": "s3",
        "definitionId": destination::S3,
        "workspaceId": found.workspace,
        "configuration": configuration,
        "createdAt": found.created_at,
    })
}
