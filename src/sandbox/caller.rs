//! Who calls where customers may, too.

use super::ids::Id;
use super::world::World;

/// Whose bearer it is.
pub(super) enum Caller {
    Operator,
    /// The person in the widget of this workspace.
    Customer(Id),
}

impl Caller {
    /// Who holds this bearer; nobody when it does not count.
    pub(super) fn of(world: &World, bearer: Option<&str>) -> Option<Self> {
        let bearer = bearer?;
        match world.scope(bearer) {
            Some(workspace) => Some(Self::Customer(workspace.id)),
            None => world.accepts(bearer).then_some(Self::Operator),
        }
    }

    /// Whether the caller has a role in this workspace.
    pub(super) fn may(&self, workspace: Id) -> bool {
        match self {
            Self::Operator => true,
            Self::Customer(own) => *own == workspace,
        }
    }
}
