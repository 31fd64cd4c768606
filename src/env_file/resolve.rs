//! The settings that an env file gives, below what outranks it.
//!
//! Depends on [`super::disk`], and on `domain` for the settings and the failure a caller sees.

use std::path::Path;

use super::disk;
use super::{EnvFile, NoteKind};
use crate::domain::failure::Failure;
use crate::domain::settings::{Draft, Layer, Source};

/// Settings, and the file below them.
#[derive(Debug)]
pub struct Resolved {
    /// The settings, with their sources.
    pub draft: Draft,
    /// What an operator should hear of the file when it is used; `env check` tells the rest.
    pub warnings: Vec<String>,
    /// The file, if there is one.
    pub file: Option<EnvFile>,
}

/// Reads the file and merges it below the layers that are given.
///
/// # Errors
/// The file is there and cannot be read as settings.
pub fn resolve(path: &Path, above: &[(Source, Layer)]) -> Result<Resolved, Failure> {
    let mut layers = above.to_vec();
    let Some(loaded) = disk::read(path)? else {
        return Ok(Resolved {
            draft: Draft::resolve(&layers),
            warnings: Vec::new(),
            file: None,
        });
    };
    layers.push((Source::File, layer(&loaded.file)));
    let mut warnings = loaded.warnings;
    warnings.extend(heard(&loaded.file, path));
    Ok(Resolved {
        draft: Draft::resolve(&layers),
        warnings,
        file: Some(loaded.file),
    })
}

/// The file's values, as the layer of settings that they are.
pub(super) fn layer(file: &EnvFile) -> Layer {
    let entries = file.entries();
    Layer::new(entries.map(|entry| (entry.key.to_owned(), entry.value.to_owned())))
}

fn heard(file: &EnvFile, path: &Path) -> Vec<String> {
    let notes = file.notes().iter();
    notes
        .filter(|note| note.kind == NoteKind::Duplicate)
        .map(|note| format!("{} line {}: {}", path.display(), note.line, note.text))
        .collect()
}
