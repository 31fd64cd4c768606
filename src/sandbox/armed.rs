//! The faults in force, and how often each of them still applies.

use serde_json::{Value, json};

use super::fault::{Action, Fault, Rule, Switch};

/// Faults in the order in which they were added.
#[derive(Default)]
pub(super) struct Armed(Vec<Entry>);

struct Entry {
    fault: Fault,
    /// None: for ever.
    left: Option<u32>,
}

impl Entry {
    fn live(&self) -> bool {
        self.left != Some(0)
    }

    fn spend(&mut self) {
        self.left = self.left.map(|left| left.saturating_sub(1));
    }
}

impl Armed {
    pub(super) fn add(&mut self, fault: Fault) {
        let left = fault.count;
        self.0.push(Entry { fault, left });
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// What to do with such a request: the first action that fits, used up by one.
    pub(super) fn take_action(&mut self, method: &str, path: &str) -> Option<Action> {
        self.0
            .iter_mut()
            .filter(|entry| entry.live())
            .find_map(|entry| {
                let action = match &entry.fault.rule {
                    Rule::On(route, action) if route.covers(method, path) => action.clone(),
                    Rule::On(..) | Rule::World(_) => return None,
                };
                entry.spend();
                Some(action)
            })
    }

    /// The first switch that is meant, used up by one.
    pub(super) fn take_switch<T>(&mut self, meant: impl Fn(&Switch) -> Option<T>) -> Option<T> {
        self.0
            .iter_mut()
            .filter(|entry| entry.live())
            .find_map(|entry| {
                let found = match &entry.fault.rule {
                    Rule::World(switch) => meant(switch)?,
                    Rule::On(..) => return None,
                };
                entry.spend();
                Some(found)
            })
    }

    /// Whether this very switch is on; uses it up by one.
    pub(super) fn is(&mut self, switch: &Switch) -> bool {
        self.take_switch(|found| (found == switch).then_some(()))
            .is_some()
    }

    /// Whether a switch is on that nothing uses up.
    pub(super) fn stands(&self, switch: &Switch) -> bool {
        self.0
            .iter()
            .any(|entry| matches!(&entry.fault.rule, Rule::World(found) if found == switch))
    }

    /// Seconds by which the server's clock is ahead.
    pub(super) fn skew(&self) -> i64 {
        self.0
            .iter()
            .find_map(|entry| match entry.fault.rule {
                Rule::World(Switch::Skew(seconds)) => Some(seconds),
                Rule::World(_) | Rule::On(..) => None,
            })
            .unwrap_or(0)
    }

    /// The region in which the bucket is said to be.
    pub(super) fn bucket_region(&self) -> Option<&str> {
        self.0.iter().find_map(|entry| match &entry.fault.rule {
            Rule::World(Switch::BucketRegion(region)) => Some(region.as_str()),
            Rule::World(_) | Rule::On(..) => None,
        })
    }

    /// Whether such a request is denied; uses nothing up.
    pub(super) fn denies(&self, path: &str) -> bool {
        self.0.iter().filter(|entry| entry.live()).any(|entry| {
            matches!(&entry.fault.rule, Rule::On(route, Action::Deny) if route.covers("", path))
        })
    }

    /// Each fault as it was written, with what is left of its count.
    pub(super) fn shown(&self) -> Value {
        self.0
            .iter()
            .map(|entry| json!({"fault": entry.fault.to_string(), "left": entry.left}))
            .collect()
    }
}

#[cfg(test)]
mod tests {

    use super::*;
    use crate::sandbox::fault::Instead;

    fn armed(faults: &[&str]) -> Armed {
        let mut armed = Armed::default();
        for fault in faults {
            armed.add(fault.parse().unwrap());
        }
        armed
    }

    fn status(code: u16) -> Action {
        Action::Instead {
            reply: Instead::Status(code, None),
            commit: false,
        }
    }

    #[test]
    fn the_first_that_fits_and_has_count_left_decides() {
        let mut armed = armed(&[
            "widget=status:401*1",
            "any=status:500*2",
            "widget=status:503",
        ]);
        let (widget, other) = ("/v1/embedded/widget_token", "/v1/workspaces");
        assert_eq!(armed.take_action("POST", widget), Some(status(401)));
        assert_eq!(armed.take_action("GET", other), Some(status(500)));
        assert_eq!(armed.take_action("POST", widget), Some(status(500)));
        assert_eq!(armed.take_action("GET", other), None);
        assert_eq!(armed.take_action("POST", widget), Some(status(503)));
        assert_eq!(
            armed.shown(),
            json!([{"fault": "widget=status:401*1", "left": 0},
                {"fault": "any=status:500*2", "left": 0},
                {"fault": "widget=status:503", "left": null}])
        );
        armed.clear();
        assert_eq!(armed.take_action("POST", widget), None);
    }

    #[test]
    fn switches_are_used_up_by_what_they_change() {
        let mut armed = armed(&["not-admin*1", "skew:-60"]);
        assert!(!armed.is(&Switch::NotEntitled));
        assert!(armed.is(&Switch::NotAdmin));
        assert!(!armed.is(&Switch::NotAdmin));
        assert_eq!(armed.skew(), -60);
        assert_eq!(armed.skew(), -60);
    }
}
