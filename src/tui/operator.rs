//! A page of Airbyte's operator UI: its address copied, and opened where there is a browser.
//!
//! Depends on `model`, `message`, on the client's jobs.

use super::message::Effect;
use super::model::{Errand, Model};
use crate::client::Job;
use crate::domain::secret::Secret;

/// What is said of a workspace whose page is not known: another host than the vendor's has none.
pub const UNKNOWN: &str = "Where Airbyte shows this workspace is not known";

/// Copies a page's address, and opens it. Over SSH the browser is on the other side, so the copy is
/// all there is.
pub fn open(model: &mut Model, address: &str) -> Vec<Effect> {
    let browse = if model.over_ssh {
        Vec::new()
    } else {
        let errand = Errand::Browse("its address was copied");
        model.send_out(errand, Job::Browse(address.to_owned()))
    };
    let mut effects = model.copy("The address in Airbyte", Secret::new(address));
    effects.extend(browse);
    effects
}
