//! What is generated from the definition: completion scripts and manual pages.
//!
//! Depends on clap's own generators.

use clap::{Command, CommandFactory as _};
use clap_complete::Shell;
use clap_mangen::Man;

use super::Cli;

/// The completion script of a shell.
pub fn completions(shell: Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "embedctl", &mut script);
    text(&script)
}

/// One manual page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The name of its file, such as `embedctl-check.1`.
    pub file: String,
    /// The page, in roff.
    pub text: String,
}

/// Every manual page: the program's own first, then one for each subcommand.
///
/// # Errors
/// None that memory knows.
pub fn manual() -> std::io::Result<Vec<Page>> {
    let mut command = Cli::command();
    command.build();
    let mut pages = Vec::new();
    add(&command, &mut pages)?;
    Ok(pages)
}

fn add(command: &Command, pages: &mut Vec<Page>) -> std::io::Result<()> {
    let man = Man::new(command.clone()).manual("embedctl");
    let mut page = Vec::new();
    man.render(&mut page)?;
    pages.push(Page {
        file: man.get_filename(),
        text: text(&page),
    });
    command
        .get_subcommands()
        .try_for_each(|subcommand| add(subcommand, pages))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::ValueEnum as _;

    #[test]
    fn every_subcommand_and_flag_is_in_every_shells_script() {
        for shell in Shell::value_variants() {
            let script = completions(*shell);
            for word in ["check", "inspect", "env-file", "junit"] {
                assert!(script.contains(word), "{word} for {shell}");
            }
        }
    }

    #[test]
    fn every_subcommand_has_its_page() {
        let pages = manual().unwrap();
        let files: Vec<&str> = pages.iter().map(|page| page.file.as_str()).collect();
        assert_eq!(files[0], "embedctl.1");
        for file in [
            "embedctl-check.1",
            "embedctl-token-mint.1",
            "embedctl-env-set.1",
        ] {
            assert!(files.contains(&file), "{files:?}");
        }
        for page in &pages {
            assert!(page.text.contains(".SH NAME") && page.text.contains(".SH SYNOPSIS"));
        }
    }
}
