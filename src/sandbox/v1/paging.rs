//! Pages of lists, as the public API cuts them.

use serde_json::{Value, json};
use url::form_urlencoded;

use crate::sandbox::call::Call;
use crate::sandbox::ids::Id;
use crate::sandbox::problem::{self, Refusal};
use crate::sandbox::world::World;

/// Parameters that the address of every page repeats.
const KEPT: &[&str] = &[
    "includeDeleted",
    "connectionId",
    "jobType",
    "status",
    "createdAtStart",
    "createdAtEnd",
    "updatedAtStart",
    "updatedAtEnd",
    "orderBy",
];

/// Which part of a list is asked for.
pub(super) struct Page {
    limit: usize,
    offset: usize,
    /// Empty: all.
    pub(super) workspaces: Vec<Id>,
    /// The list's address and the parameters that every page of it keeps.
    address: String,
    /// Whether what is deleted is shown too.
    deleted: bool,
}

impl Page {
    /// Reads the parameters.
    ///
    /// # Errors
    /// 400 for a number out of its bounds; 403 for a workspace that is not there, since nobody has
    /// a role in it.
    pub(super) fn of(world: &mut World, call: &Call) -> Result<Self, Refusal> {
        let limit = call
            .parameter("limit")
            .map_or(Some(20), |text| text.parse().ok());
        let offset = call
            .parameter("offset")
            .map_or(Some(0), |text| text.parse().ok());
        let (Some(limit @ 1..=100), Some(offset)) = (limit, offset) else {
            return Err(world.opaque(400));
        };
        let workspaces = asked_for(call)
            .map(|id| known(world, id))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            limit,
            offset,
            address: address(call, &workspaces),
            deleted: call.parameter("includeDeleted") == Some("true"),
            workspaces,
        })
    }

    pub(super) fn wants(&self, workspace: Id) -> bool {
        self.workspaces.is_empty() || self.workspaces.contains(&workspace)
    }

    /// The same for a thing that may have been deleted.
    pub(super) fn shows(&self, workspace: Id, deleted: bool) -> bool {
        self.wants(workspace) && (self.deleted || !deleted)
    }

    /// The page's document. `next` is an address even on the last page; only an empty page has
    /// none. `previous` is empty on the first.
    pub(super) fn cut(&self, items: impl Iterator<Item = Value>) -> Value {
        let data: Vec<Value> = items.skip(self.offset).take(self.limit).collect();
        let next = if data.is_empty() {
            String::new()
        } else {
            self.at(self.offset.saturating_add(self.limit))
        };
        let previous = if self.offset == 0 {
            String::new()
        } else {
            self.at(self.offset.saturating_sub(self.limit))
        };
        json!({"previous": previous, "next": next, "data": data})
    }

    fn at(&self, offset: usize) -> String {
        format!("{}limit={}&offset={offset}", self.address, self.limit)
    }
}

/// The ids in the query: repeated, or joined by commas.
fn asked_for(call: &Call) -> impl Iterator<Item = &str> {
    call.query
        .iter()
        .filter(|(name, _)| name == "workspaceIds")
        .flat_map(|(_, ids)| ids.split(','))
        .filter(|id| !id.is_empty())
}

fn known(world: &World, id: &str) -> Result<Id, Refusal> {
    id.parse()
        .ok()
        .filter(|id| world.workspaces.iter().any(|workspace| workspace.id == *id))
        .ok_or_else(problem::forbidden)
}

/// The platform builds it from its configured public address, whatever path the call came by.
fn address(call: &Call, workspaces: &[Id]) -> String {
    let path = call.path.strip_prefix("/api/public").unwrap_or(&call.path);
    let mut kept = form_urlencoded::Serializer::new(String::new());
    if !workspaces.is_empty() {
        let ids: Vec<String> = workspaces.iter().map(Id::to_string).collect();
        kept.append_pair("workspaceIds", &ids.join(","));
    }
    for name in KEPT {
        if let Some(value) = call.parameter(name) {
            kept.append_pair(name, value);
        }
    }
    let kept = kept.finish();
    let joint = if kept.is_empty() { "" } else { "&" };
    format!("{}{path}?{kept}{joint}", call.base)
}
