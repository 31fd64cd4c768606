//! The process itself: no core dump, no reading by others, a panic that tells no secret, the runtime.
//!
//! Depends on rustix, tokio, `domain`.

use std::io::Write as _;

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

use crate::domain::failure::{self, Code, Failure};
use crate::domain::text::reason;

/// Keeps the memory of this process, which holds secrets, out of core dumps and away from other
/// processes of the same user, and makes a panic say where and nothing else: its payload may hold
/// a value. What the system does not allow is done without.
pub(crate) fn protect() {
    let _unsupported = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    let _refused = setrlimit(
        Resource::Core,
        Rlimit {
            current: Some(0),
            maximum: Some(0),
        },
    );
    std::panic::set_hook(Box::new(|panic| {
        let place = panic
            .location()
            .map_or_else(String::new, |at| format!(" at {}", failure::place(at)));
        let _gone = writeln!(
            std::io::stderr(),
            "error: a bug in embedctl{place}\n  hint: report it with this line and what you did; nothing secret is in it"
        );
    }));
}

/// Starts the runtime: two workers, since the work is waiting.
///
/// # Errors
/// The system gives no threads.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|e| {
            Failure::new(Code::MachineDisk, "the program cannot start its threads")
                .because(reason(&e))
                .hint("free memory or threads")
        })
}
