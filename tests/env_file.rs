//! Env files: nothing is lost, nothing is run, and what is written reads alike everywhere.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test ends at the first surprise"
)]

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use embedctl::env_file::EnvFile;

#[path = "env_file/changing.rs"]
mod changing;
#[path = "env_file/disk.rs"]
mod disk;
#[path = "env_file/properties.rs"]
mod properties;
#[path = "env_file/reading.rs"]
mod reading;

pub(crate) fn parsed(text: &str) -> EnvFile {
    EnvFile::parse(text.as_bytes()).expect("a readable file")
}

pub(crate) fn values(file: &EnvFile) -> BTreeMap<String, String> {
    file.entries()
        .map(|entry| (entry.key.to_owned(), entry.value.to_owned()))
        .collect()
}

pub(crate) fn value(text: &str) -> String {
    parsed(text).get("A").expect("a setting").value.to_owned()
}

pub(crate) fn text(file: &EnvFile) -> String {
    String::from_utf8(file.to_bytes()).unwrap()
}

pub(crate) fn refused(bytes: &[u8]) -> Vec<String> {
    let problems = EnvFile::parse(bytes).expect_err("a refusal");
    problems.iter().map(ToString::to_string).collect()
}

pub(crate) fn notes(text: &str) -> Vec<String> {
    parsed(text)
        .notes()
        .iter()
        .map(|note| format!("{}: {}", note.line, note.text))
        .collect()
}

pub(crate) struct Folder(pub(crate) tempfile::TempDir);

impl Folder {
    pub(crate) fn new() -> Folder {
        Folder(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn with(&self, name: &str, contents: &str, mode: u32) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, contents).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        path
    }

    pub(crate) fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.0.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}
