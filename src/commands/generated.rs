//! `embedctl completions` and `embedctl man`: what is generated from the command line's definition.
//!
//! Depends on `cli` and `print`.

use std::path::Path;

use clap_complete::Shell;
use serde_json::json;

use super::print::{Printer, Report, Tone};
use crate::cli::pages;
use crate::domain::failure::{Code, Exit, Failure};
use crate::domain::text::{reason, sanitize};

pub(super) fn completions(shell: Shell, printer: &mut Printer) -> Exit {
    let script = pages::completions(shell);
    if !printer.is_json() {
        printer.line(script.trim_end());
        return printer.end(Exit::Done);
    }
    let data = json!({"shell": shell.to_string(), "script": script});
    done("completions", data, printer)
}

pub(super) fn man(folder: Option<&Path>, printer: &mut Printer) -> Exit {
    let written = pages::manual()
        .map_err(|e| refused(Path::new("embedctl.1"), &e))
        .and_then(|pages| match folder {
            None => Ok(pages),
            Some(folder) => write(folder, &pages).map(|()| pages),
        });
    let pages = match written {
        Ok(pages) => pages,
        Err(failure) => return printer.finish(Report::failed("man", None, &[], &failure)),
    };
    let Some(folder) = folder else {
        let page = pages.into_iter().next().map(|page| page.text);
        let page = page.unwrap_or_default();
        if !printer.is_json() {
            printer.line(page.trim_end());
            return printer.end(Exit::Done);
        }
        return done("man", json!({"page": page}), printer);
    };
    let paths: Vec<String> = pages
        .iter()
        .map(|page| sanitize(&folder.join(&page.file).display().to_string()))
        .collect();
    if !printer.is_json() {
        for path in &paths {
            let word = printer.tone(Tone::Good, "written");
            printer.line(&format!("{word}  {path}"));
        }
    }
    done("man", json!({"files": paths}), printer)
}

fn write(folder: &Path, pages: &[pages::Page]) -> Result<(), Failure> {
    std::fs::create_dir_all(folder).map_err(|e| refused(folder, &e))?;
    for page in pages {
        let path = folder.join(&page.file);
        std::fs::write(&path, &page.text).map_err(|e| refused(&path, &e))?;
    }
    Ok(())
}

fn refused(path: &Path, why: &std::io::Error) -> Failure {
    Failure::new(Code::MachineDisk, "the manual pages could not be written")
        .because(format!(
            "{}: {}",
            sanitize(&path.display().to_string()),
            reason(why)
        ))
        .hint("name a folder that is writable with --dir")
}

fn done(kind: &'static str, data: serde_json::Value, printer: &mut Printer) -> Exit {
    printer.finish(Report {
        kind,
        exit: Exit::Done,
        target: None,
        warnings: &[],
        data,
        failure: None,
    })
}
