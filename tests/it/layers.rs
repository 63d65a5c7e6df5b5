//! Which layer may use which: `cli → config → http → graphql → services → {storage, mail, webhook, webauthn} → domain`, and which
//! crates only some layers name.

use std::fs;
use std::path::{Path, PathBuf};

/// Each layer, and what it may not name: layers above it, and what belongs to others.
const RULES: [(&str, &[&str]); 10] = [
    ("domain", &["mail", "webauthn", "webhook", "storage", "services", "graphql", "http", "cli", "config", "entropy"]),
    ("mail", &["storage", "webauthn", "webhook", "services", "graphql", "http", "cli", "config", "entropy"]),
    ("storage", &["mail", "webauthn", "webhook", "services", "graphql", "http", "cli", "config", "entropy"]),
    ("webauthn", &["mail", "storage", "webhook", "services", "graphql", "http", "cli", "config", "entropy"]),
    ("webhook", &["mail", "storage", "webauthn", "services", "graphql", "http", "cli", "config", "entropy"]),
    ("services", &["graphql", "http", "cli", "config"]),
    ("graphql", &["mail", "webauthn", "webhook", "storage", "http", "cli", "config"]),
    ("http", &["storage", "webauthn", "webhook", "services", "cli", "config"]),
    ("config", &["cli", "entropy"]),
    ("cli", &[]),
];

/// Crates that only these layers name.
const CRATES: [(&str, &[&str]); 11] = [
    ("diesel", &["storage"]),
    ("diesel_async", &["storage"]),
    ("bb8", &["storage"]),
    ("tokio_postgres", &["storage"]),
    ("axum", &["http"]),
    ("clap", &["cli"]),
    ("async_graphql", &["graphql", "http"]),
    ("hyper", &["http"]),
    ("lettre", &["mail"]),
    ("reqwest", &["webhook", "cli"]),
    ("webauthn_rs", &["webauthn"]),
];

#[test]
fn every_layer_keeps_to_what_it_may_use() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut faults = Vec::new();
    for (layer, forbidden) in RULES {
        for file in rust_files(&source.join(layer)) {
            let text = fs::read_to_string(&file).unwrap();
            let place = file.strip_prefix(&source).unwrap().display().to_string();
            for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//")) {
                for other in forbidden.iter().filter(|other| names_layer(line, other)) {
                    faults.push(format!("{place}:{}: {layer} may not use {other}", number + 1));
                }
                for (name, _) in CRATES.iter().filter(|(name, only)| names_crate(line, name) && !only.contains(&layer))
                {
                    faults.push(format!("{place}:{}: {layer} may not use {name}", number + 1));
                }
            }
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn a_forbidden_import_is_found() {
    assert!(names_layer("use crate::storage::Db;", "storage"));
    assert!(names_layer("use crate::{domain::x, storage::Db};", "storage"));
    assert!(!names_layer("use crate::storage_of_things;", "storage"));
    assert!(names_crate("use diesel::prelude::*;", "diesel") && !names_crate("use diesel_async::x;", "diesel"));
}

/// Whether the line names `crate::layer`, alone or in a group.
fn names_layer(line: &str, layer: &str) -> bool {
    let grouped = line.trim_start().starts_with("use crate::{") || line.contains("crate::{");
    has_word(line, &format!("crate::{layer}")) || (grouped && has_word(line, &format!("{layer}::")))
}

fn names_crate(line: &str, name: &str) -> bool {
    has_word(line, &format!("{name}::")) && !has_word(line, &format!("crate::{name}"))
}

/// Whether `word` stands in `line` and is not a part of a longer name.
fn has_word(line: &str, word: &str) -> bool {
    let is_part_of_name = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        let ends = word.ends_with(':') || !after.is_some_and(|c| c.is_alphanumeric() || c == '_');
        !before.is_some_and(is_part_of_name) && ends
    })
}

pub fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}
