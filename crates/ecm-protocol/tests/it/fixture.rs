//! The golden files of `fixtures/data/ecm-protocol`.

use std::path::PathBuf;

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/data/ecm-protocol"))
}

/// The text of one golden file.
#[expect(clippy::disallowed_methods, reason = "the machines read no files, their tests do")]
pub(crate) fn text(name: &str) -> String {
    let path = folder().join(format!("{name}.json"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// One golden file as JSON.
pub(crate) fn json(name: &str) -> serde_json::Value {
    serde_json::from_str(&text(name)).unwrap()
}

/// The names of all golden files, in order.
pub(crate) fn names() -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}
