//! Reading the env file again: when it is asked for, and when credentials were refused that it may
//! no longer have.
//!
//! Depends on `env_file` and `domain`.

use std::sync::Arc;

use super::{Outcome, Resources};
use crate::domain::failure::{Code, Exit, Failure};
use crate::domain::settings::Access;
use crate::env_file;

/// Reads the settings as they stand outside.
pub(super) fn read(resources: &Resources) -> Result<Outcome, Failure> {
    let Some(above) = &resources.outranking else {
        return Err(
            Failure::new(Code::ConfigUnsupported, "no env file is read here")
                .because("a private sandbox has its own settings")
                .hint("start the console without --sandbox"),
        );
    };
    let path = &resources.env_file;
    let resolved = env_file::resolve(path, above)?;
    if resolved.file.is_none() {
        // A file that is just being replaced takes nothing away from the form.
        return Err(
            Failure::new(Code::MachineDisk, "there is no env file to read")
                .because(format!("{} does not exist", path.display()))
                .hint("Ctrl-S writes one"),
        );
    }
    Ok(Outcome::Reloaded(
        Box::new(resolved.draft),
        resolved.warnings,
    ))
}

/// Where credentials were refused, and others stand outside by now, says how to take those.
pub(super) async fn advised(
    resources: &Arc<Resources>,
    sent: Option<Access>,
    mut result: Result<Outcome, Failure>,
) -> Result<Outcome, Failure> {
    let Some(sent) = sent else { return result };
    let mut refused: Vec<&mut Failure> = match &mut result {
        Err(failure) => vec![failure],
        Ok(Outcome::Checked(steps)) => steps
            .iter_mut()
            .filter_map(|s| s.failure.as_mut())
            .collect(),
        Ok(_) => Vec::new(),
    };
    refused.retain(|failure| failure.code.exit() == Exit::Refused);
    if refused.is_empty() {
        return result;
    }
    let resources = Arc::clone(resources);
    let outside = tokio::task::spawn_blocking(move || read(&resources)).await;
    if let Ok(Ok(Outcome::Reloaded(draft, _))) = outside
        && draft.access().is_ok_and(|access| access != sent)
    {
        for failure in refused {
            let hint = "the env file has other settings for Airbyte by now: F5 on Prerequisites reads it again";
            failure.hint = Some(hint.to_owned());
        }
    }
    result
}
