//! Commands that texts name, completed so that they act on the setup of this run when they are typed
//! as they stand.
//!
//! Depends on `cli` and `domain`.

use crate::cli::{Cli, Common};
use crate::domain::failure::Failure;
use crate::domain::ladder::Step;
use crate::domain::shell;

/// What stands before the arguments of a command that a text names.
const COMMAND: &str = "`embedctl";

/// The flags of this run by which another command reaches the same settings and the same target.
#[derive(Clone, Debug, Default)]
pub(super) struct Setup {
    flags: Vec<(&'static str, String)>,
}

impl Setup {
    /// Takes what is not as it would be without a flag.
    pub(super) fn of(common: &Common) -> Setup {
        let path = |path: &std::path::Path| shell::word(&path.to_string_lossy());
        let env_file = &common.env_file;
        let is_usual = env_file.as_os_str() == Cli::ENV_FILE;
        let flags = [
            ("--env-file", (!is_usual).then(|| path(env_file))),
            ("--api", common.api.map(|api| api.name().to_owned())),
            ("--base-url", common.base_url.as_deref().map(shell::word)),
            ("--ca-file", common.ca_file.as_deref().map(path)),
        ];
        let given = flags.into_iter();
        Setup {
            flags: given
                .filter_map(|(flag, value)| Some((flag, value?)))
                .collect(),
        }
    }

    /// Completes every command in back-ticks. A flag that a command has already stays as it is, so
    /// that twice is as once.
    pub(super) fn complete(&self, text: &str) -> String {
        let mut complete = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once(COMMAND) {
            let Some((arguments, behind)) = after.split_once('`') else {
                break;
            };
            complete.push_str(before);
            complete.push_str(COMMAND);
            complete.push_str(arguments);
            for (flag, value) in &self.flags {
                if !arguments.contains(flag) {
                    complete.extend([" ", flag, " ", value]);
                }
            }
            complete.push('`');
            rest = behind;
        }
        complete.push_str(rest);
        complete
    }

    /// Completes what a failure advises.
    pub(super) fn failure(&self, failure: &Failure) -> Failure {
        Failure {
            hint: failure.hint.as_deref().map(|hint| self.complete(hint)),
            ..failure.clone()
        }
    }

    /// Completes what is said of a rung.
    pub(super) fn step(&self, step: Step) -> Step {
        Step {
            detail: self.complete(&step.detail),
            failure: step.failure.map(|failure| self.failure(&failure)),
            ..step
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_get_the_flags_that_they_lack() {
        let setup = |line| Setup::of(&Cli::of(line).common);
        let text =
            "run `embedctl` or `embedctl env set A`; `sh x`, `--api` and `embedctl t --api agents`";
        let plain = setup("embedctl check --env-file .env --timeout 5 -o json");
        assert_eq!(plain.complete(text), text);
        let other = setup("embedctl check --env-file it's.env --api v1");
        let complete = other.complete(text);
        assert_eq!(
            complete,
            r"run `embedctl --env-file 'it'\''s.env' --api v1` or `embedctl env set A --env-file 'it'\''s.env' --api v1`; `sh x`, `--api` and `embedctl t --api agents --env-file 'it'\''s.env'`"
        );
        assert_eq!(other.complete(&complete), complete);
        assert_eq!(
            other.complete("`embedctl without an end"),
            "`embedctl without an end"
        );
    }
}
