//! The repair that a failed rung offers: one key, when the failure itself says what to change.
//!
//! Depends on the form's state, on `moved`; on `domain`.

use crate::domain::failure::Failure;
use crate::domain::field::Key;
use crate::domain::ladder::Rung;
use crate::domain::template::REGIONS;
use crate::domain::text::sanitize;
use crate::tui::message::Effect;
use crate::tui::model::Model;
use crate::tui::{moved, template};

/// What is offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Offer {
    /// The bucket's own region.
    Region(String),
    /// The API that the organization has moved to.
    Agents,
}

impl Offer {
    /// Returns how the key bar says it.
    pub fn verb(&self) -> String {
        match self {
            Offer::Region(region) => format!("region {}", sanitize(region)),
            Offer::Agents => "use the agents API".to_owned(),
        }
    }

    /// Returns how the form says it, as the end of a sentence that begins with the key.
    pub fn words(&self) -> String {
        match self {
            Offer::Region(region) => format!(
                "sets {}={} and checks",
                Key::Region.variable(),
                sanitize(region)
            ),
            Offer::Agents => "uses the agents API from here on; Ctrl-S remembers it".to_owned(),
        }
    }
}

/// Returns what the rung that failed offers, while it was walked on these very settings.
pub fn offered(model: &Model) -> Option<Offer> {
    if model.form.stale || model.setup.is_some() {
        return None;
    }
    let step = model.form.failed()?;
    let failure = step.failure.as_ref()?;
    if moved::is_offered(model, failure) {
        return Some(Offer::Agents);
    }
    let region = (step.rung == Rung::Bucket)
        .then(|| region_offered(failure))
        .flatten()?;
    (model.draft.text(Key::Region) != region).then_some(Offer::Region(region))
}

/// Returns the region that a bucket's failure names as the right one.
fn region_offered(failure: &Failure) -> Option<String> {
    let hint = failure.hint.as_deref()?;
    hint.split(|c: char| !c.is_ascii_alphanumeric() && c != '-')
        .find(|word| REGIONS.contains(word))
        .map(str::to_owned)
}

/// Changes the settings as was offered.
pub(super) fn take(model: &mut Model, offer: &Offer) -> Vec<Effect> {
    match offer {
        Offer::Region(region) => template::edit(model, Key::Region, region),
        Offer::Agents => moved::speak_agents(model),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::failure::Code;

    #[test]
    fn a_region_is_read_from_the_hint_alone() {
        let failure = Failure::new(Code::BucketRegion, "the bucket is in another region")
            .because("S3 at us-east-1 answered 301");
        assert_eq!(region_offered(&failure), None);
        for hint in ["set S3_BUCKET_REGION=eu-west-1", "it is in \"eu-west-1\"."] {
            let failure = failure.clone().hint(hint);
            assert_eq!(region_offered(&failure).as_deref(), Some("eu-west-1"));
        }
        assert_eq!(region_offered(&failure.hint("ask for mars-north-1")), None);
    }
}
