//! Embeds the plain pages, `web/plain`, and the built ones, `web/dist`, where they stand; builds nothing itself and never
//! runs npm.
//!
//! It writes `assets.rs`, a table sorted by path, and beside it each file compressed with gzip.

use std::{
    env,
    fmt::Write as _,
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use flate2::{Compression, Crc, write::GzEncoder};

#[expect(clippy::disallowed_methods, reason = "Cargo tells a build script where to write in no other way")]
fn main() -> io::Result<()> {
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("OUT_DIR is not set"))?);
    let (plain, dist) = (Path::new("web/plain"), Path::new("web/dist"));
    let mut files = plain_files(plain)?;
    if dist.is_dir() {
        files.extend(files_below(dist)?);
    }
    files.sort();
    watch(dist);
    println!("cargo::rerun-if-changed=web/plain");

    let mut table = format!("static ASSETS: [Asset; {}] = [\n", files.len());
    for (index, (path, file)) in files.iter().enumerate() {
        let content = fs::read(file)?;
        fs::write(out.join(format!("{index}.gz")), gzip(&content)?)?;
        let (content_type, etag) = (content_type(file), etag(&content));
        writeln!(
            table,
            "    Asset {{ path: {path:?}, content_type: {content_type:?}, etag: {etag:?}, \
             gzip: include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{index}.gz\")), unpacked: OnceLock::new() }},",
        )
        .map_err(io::Error::other)?;
    }
    table.push_str("];\n");
    fs::write(out.join("assets.rs"), table)
}

/// The plain files: pages at the root, what they load below `/plain/`.
fn plain_files(folder: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let files = files_below(folder)?.into_iter().map(|(address, file)| {
        let is_page = file.extension().is_some_and(|extension| extension == "html");
        (if is_page { address } else { format!("/plain{address}") }, file)
    });
    Ok(files.collect())
}

/// All files with their paths as addresses, `/assets/a.js`.
fn files_below(dist: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let mut files = Vec::new();
    let mut folders = vec![dist.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(relative) = path.strip_prefix(dist) {
                let parts: Vec<_> = relative.iter().map(|part| part.to_string_lossy()).collect();
                files.push((format!("/{}", parts.join("/")), path));
            }
        }
    }
    Ok(files)
}

/// Cargo takes a watched path that is missing for a change, and would build again each time; so where `web/dist` is
/// missing, `web` is watched for it.
fn watch(dist: &Path) {
    println!("cargo::rerun-if-changed=build.rs");
    if let Some(path) = dist.ancestors().take(2).find(|path| path.is_dir()) {
        println!("cargo::rerun-if-changed={}", path.display());
    }
}

fn gzip(content: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content)?;
    encoder.finish()
}

fn content_type(file: &Path) -> String {
    let mime = mime_guess::from_path(file).first_or_octet_stream();
    let is_text = mime.type_() == mime_guess::mime::TEXT || mime.subtype() == mime_guess::mime::JAVASCRIPT;
    if is_text { format!("{mime}; charset=utf-8") } else { mime.to_string() }
}

/// As `src/http/etag.rs` makes them.
fn etag(content: &[u8]) -> String {
    let mut crc = Crc::new();
    crc.update(content);
    format!("W/\"{:08x}-{:x}\"", crc.sum(), content.len())
}
