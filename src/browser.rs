//! The browser, opened on a URL.
//!
//! Depends on `domain`. Which programs open a URL here is the crate `open`'s to know. They start
//! without our environment, which holds secrets, and with what finds a screen and a profile.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::domain::failure::{Code, Failure};
use crate::domain::text::reason;

/// The variables that a browser may need to find its screen, its profile and its words.
const KEPT: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "TMPDIR",
    "LANG",
    "LC_ALL",
    "LC_MESSAGES",
    "LANGUAGE",
    "BROWSER",
    "DISPLAY",
    "XAUTHORITY",
    "WAYLAND_DISPLAY",
    "DBUS_SESSION_BUS_ADDRESS",
    "DESKTOP_SESSION",
    "KDE_FULL_SESSION",
    "KDE_SESSION_VERSION",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_DIRS",
    "XDG_CONFIG_HOME",
    "XDG_CURRENT_DESKTOP",
    "XDG_DATA_DIRS",
    "XDG_DATA_HOME",
    "XDG_RUNTIME_DIR",
    "XDG_SESSION_TYPE",
    "WSL_DISTRO_NAME",
    "WSL_INTEROP",
];

/// How long an opener may take to say that it failed; one that is still there is the browser.
const PATIENCE: Duration = Duration::from_secs(3);

/// Opens a URL in the person's browser. Blocks until an opener has answered, a few seconds at most.
///
/// # Errors
/// No opener is there, or each says that it failed.
pub(crate) fn open(url: &str, variable: impl Fn(&str) -> Option<String>) -> Result<(), Failure> {
    let kept: Vec<(&str, String)> = KEPT
        .iter()
        .filter_map(|name| Some((*name, variable(name)?)))
        .collect();
    let mut why = "no program that opens URLs was found".to_owned();
    for mut command in open::commands(url) {
        command
            .env_clear()
            .envs(kept.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        match run(&mut command) {
            Ok(()) => return Ok(()),
            Err(Some(said)) => why = said,
            Err(None) => {}
        }
    }
    Err(
        Failure::new(Code::MachineBrowser, "the browser could not be opened")
            .because(why)
            .hint(format!("open {url} yourself")),
    )
}

/// Starts an opener; `Err(None)` when it is not there.
fn run(command: &mut Command) -> Result<(), Option<String>> {
    let name = command.get_program().to_string_lossy().into_owned();
    let Ok(mut child) = command.spawn() else {
        return Err(None);
    };
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => return Err(Some(format!("{name} ended with {status}"))),
            Ok(None) => std::thread::sleep(Duration::from_millis(20)),
            Err(e) => return Err(Some(format!("{name}: {}", reason(&e)))),
        }
    }
    // It may be the browser itself; someone has to see it off.
    std::thread::spawn(move || child.wait());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_browser_gets_holds_no_setting_of_ours() {
        for name in KEPT {
            assert!(
                crate::domain::field::FIELDS
                    .iter()
                    .all(|field| field.variable != *name)
            );
        }
    }

    #[test]
    fn without_an_opener_the_url_is_told() {
        let nowhere = |name: &str| (name == "PATH").then(|| "/nonexistent".to_owned());
        let failure = open("http://localhost:1", nowhere).unwrap_err();
        assert!(failure.hint.unwrap().contains("http://localhost:1"));
    }
}
