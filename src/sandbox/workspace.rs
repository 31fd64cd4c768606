//! Workspaces: one external user's place, the same to both APIs.

use super::ids::Id;
use super::pipeline::Api;
use super::tags::Tags;

/// One external user's place.
pub(super) struct Workspace {
    pub(super) id: Id,
    pub(super) name: String,
    pub(super) region: Region,
    /// Epoch seconds.
    pub(super) created_at: i64,
    pub(super) widget: Widget,
}

/// What a workspace's widget page is told by the token that was minted last.
#[derive(Clone, Debug)]
pub(super) struct Widget {
    /// Which API the page speaks: the one that minted.
    pub(super) api: Api,
    /// What it offers is narrowed to these.
    pub(super) tags: Tags,
}

impl Default for Widget {
    fn default() -> Self {
        Self {
            api: Api::V1,
            tags: Tags::default(),
        }
    }
}

/// Where a workspace's data is processed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Region {
    Us,
    Eu,
}

/// The regions with their published ids and their names; the first is the default.
const REGIONS: [(Region, &str, &str); 2] = [
    (Region::Us, "645a183f-b12b-4c6e-8ad3-99e165603450", "US"),
    (Region::Eu, "b9e48d61-f082-4a14-a8d0-799a907938cb", "EU"),
];

impl Region {
    /// The region with this id.
    pub(super) fn of(id: Id) -> Option<Self> {
        let id = id.to_string();
        REGIONS
            .iter()
            .find(|(_, known, _)| *known == id)
            .map(|(region, ..)| *region)
    }

    /// The name by which the public API calls it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Us => "US",
            Self::Eu => "EU",
        }
    }
}
