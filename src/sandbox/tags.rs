//! Which tags are asked for, and whether something has them.

/// A choice by tags; the empty one chooses everything.
#[derive(Clone, Debug, Default)]
pub(super) struct Tags {
    pub(super) wanted: Vec<String>,
    /// One of them is enough.
    pub(super) any: bool,
}

impl Tags {
    /// How tags select, in the document's words.
    pub(super) const MODES: &[&str] = &["all", "any"];

    /// Whether something with these tags is meant.
    pub(super) fn select(&self, tags: &[String]) -> bool {
        let has = |tag: &String| tags.contains(tag);
        self.wanted.is_empty()
            || if self.any {
                self.wanted.iter().any(has)
            } else {
                self.wanted.iter().all(has)
            }
    }
}
