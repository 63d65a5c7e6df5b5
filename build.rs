//! Compiles again when files for the pages, or migrations, are added or removed: the compiler only watches those that it has
//! embedded.

use std::path::Path;

fn main() {
    // Cargo takes a watched path that is missing for a change, and would compile each time; so where `web/dist` is
    // missing, `web` is watched for it.
    let built = if Path::new("web/dist").is_dir() { "web/dist" } else { "web" };
    for path in ["build.rs", "migrations", "web/plain", built] {
        println!("cargo::rerun-if-changed={path}");
    }
}
