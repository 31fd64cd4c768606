//! What the tests of the headless face and of the client share: a home of their own for every run
//! of the binary, a sandbox of their own, a listener that only listens, and texts without chance.
//!
//! Each test makes its own; nothing is shared between two of them.
#![allow(dead_code, unused_imports, reason = "no test binary uses all of it")]

mod home;
mod listener;
mod site;
mod stable;

use std::time::{Duration, Instant};

pub(crate) use home::{Call, Home, Ran, Running};
pub(crate) use listener::{Heard, Listener};
pub(crate) use site::{Site, route};

/// How long anything may take on a loaded machine before a test gives up.
pub(crate) const DEADLINE: Duration = Duration::from_mins(1);

/// Waits until something holds, looking again and again.
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + DEADLINE;
    while !holds() {
        assert!(Instant::now() < end, "in vain: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
