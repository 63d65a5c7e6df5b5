//! The files of `web/plain` and `web/dist`, embedded in the binary: read-only memory that all responses share.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::Write;
use std::sync::LazyLock;

use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use data_encoding::HEXLOWER;
use flate2::Compression;
use flate2::write::GzEncoder;
use rust_embed::{EmbeddedFile, RustEmbed};
use tokio::sync::OnceCell;

use super::etag;
use super::security::GRAPHIQL_POLICY;

/// The pages behind emailed links, and what they load.
#[derive(RustEmbed)]
#[folder = "web/plain"]
struct PlainFiles;

/// GraphiQL, as built by Vite. A build without Node has none.
#[derive(RustEmbed)]
#[folder = "web/dist"]
#[allow_missing = true]
struct BuiltFiles;

/// All files by their paths.
static ASSETS: LazyLock<HashMap<String, Asset>> = LazyLock::new(|| {
    // Pages are at the root, what they load is below `/plain/`.
    let plain = PlainFiles::iter().filter_map(|name| {
        let path = if name.ends_with(".html") { format!("/{name}") } else { format!("/plain/{name}") };
        Some(Asset::new(path, PlainFiles::get(&name)?))
    });
    let built = BuiltFiles::iter().filter_map(|name| Some(Asset::new(format!("/{name}"), BuiltFiles::get(&name)?)));
    plain.chain(built).map(|asset| (asset.path.clone(), asset)).collect()
});

/// An embedded file.
#[derive(Debug)]
pub(super) struct Asset {
    /// Its path from the root: `/assets/index-4f3a.js`.
    path: String,
    content_type: String,
    etag: String,
    pub(super) content: Bytes,
    /// The file compressed with gzip, when a client first accepts that.
    gzip: OnceCell<Bytes>,
}

/// The file at `path`.
pub(super) fn find(path: &str) -> Option<&'static Asset> {
    ASSETS.get(path)
}

impl Asset {
    /// The methods of a file.
    pub(super) const METHODS: &'static str = "GET,HEAD";

    fn new(path: String, file: EmbeddedFile) -> Self {
        let media_type = file.metadata.mimetype();
        let is_text = media_type.starts_with("text/") || media_type == "application/javascript";
        let digest = file.metadata.sha256_hash();
        Self {
            path,
            content_type: if is_text { format!("{media_type}; charset=utf-8") } else { media_type.to_owned() },
            // Weak, because the compressed form has the same tag.
            etag: format!("W/\"{}\"", HEXLOWER.encode(digest.first_chunk::<8>().unwrap_or(&[0; 8]))),
            content: match file.data {
                Cow::Borrowed(content) => Bytes::from_static(content),
                Cow::Owned(content) => content.into(),
            },
            gzip: OnceCell::new(),
        }
    }

    /// Whether it is a page, which is served at an address of its own with headers of its own.
    pub(super) fn is_page(&self) -> bool {
        self.content_type.starts_with("text/html")
    }

    /// The response with the file, or 304 if the client has it already.
    pub(super) async fn respond(&self, request: &HeaderMap) -> Response {
        let headers = [
            (header::CONTENT_TYPE, self.content_type.as_str()),
            (header::CACHE_CONTROL, self.cache_control()),
            (header::ETAG, &self.etag),
            (header::VARY, "accept-encoding"),
            // A worker is governed by the policy of its own file.
            (header::CONTENT_SECURITY_POLICY, GRAPHIQL_POLICY),
        ];
        if etag::is_cached(request, &self.etag) {
            return (StatusCode::NOT_MODIFIED, headers).into_response();
        }
        match if accepts_gzip(request) { self.compressed().await } else { None } {
            Some(gzip) => (headers, [(header::CONTENT_ENCODING, "gzip")], gzip).into_response(),
            None => (headers, self.content.clone()).into_response(),
        }
    }

    /// The compressed file. Compressing the largest one takes some 100 ms, once.
    async fn compressed(&self) -> Option<Bytes> {
        let content = self.content.clone();
        let compress = async || match tokio::task::spawn_blocking(move || gzip(&content)).await {
            Ok(compressed) => compressed,
            Err(error) => Err(error.into()),
        };
        let compressed = self.gzip.get_or_try_init(compress).await;
        compressed.inspect_err(|error| tracing::warn!(%error, path = self.path, "cannot compress a file")).ok().cloned()
    }

    /// Vite ends the names of files in `/assets/` with eight characters of a digest: such a file never changes. The few
    /// other files may.
    fn cache_control(&self) -> &'static str {
        let stem = self.path.rsplit_once('.').map_or(self.path.as_str(), |(stem, _)| stem);
        let has_digest = stem.bytes().rev().nth(8) == Some(b'-');
        if has_digest && self.path.starts_with("/assets/") { "public, max-age=31536000, immutable" } else { "no-cache" }
    }
}

fn gzip(content: &[u8]) -> std::io::Result<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content)?;
    encoder.finish().map(Bytes::from)
}

/// Whether `Accept-Encoding` accepts gzip, by name or by `*`, and not with `q=0`.
fn accepts_gzip(request: &HeaderMap) -> bool {
    let codings = request
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    let mut is_any_accepted = false;
    for coding in codings {
        let (name, quality) = coding.split_once(';').unwrap_or((coding, "q=1"));
        let is_accepted = quality.trim().strip_prefix("q=").and_then(|q| q.parse().ok()).is_some_and(|q: f32| q > 0.0);
        match name.trim() {
            "*" => is_any_accepted = is_accepted,
            name if name.eq_ignore_ascii_case("gzip") => return is_accepted,
            _ => {}
        }
    }
    is_any_accepted
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use axum::http::HeaderValue;

    use super::*;

    fn asset(path: &str) -> Asset {
        Asset {
            path: path.to_owned(),
            content_type: "text/javascript".to_owned(),
            etag: "W/\"1\"".to_owned(),
            content: Bytes::from_static(b"let a = 1"),
            gzip: OnceCell::new(),
        }
    }

    async fn respond(asset: &Asset, headers: &[(header::HeaderName, &'static str)]) -> (Response, Bytes) {
        let request = headers.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect();
        let (parts, body) = asset.respond(&request).await.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        (Response::from_parts(parts, axum::body::Body::empty()), bytes)
    }

    #[tokio::test]
    async fn an_asset_is_compressed_if_the_client_accepts_it() {
        let asset = asset("/assets/a.js");
        let (response, body) = respond(&asset, &[(header::ACCEPT_ENCODING, "br, gzip;q=0.5")]).await;
        assert_eq!(response.headers()[header::CONTENT_ENCODING], "gzip");
        let mut text = String::new();
        flate2::read::GzDecoder::new(&*body).read_to_string(&mut text).unwrap();
        assert_eq!(text, "let a = 1");

        let (response, body) = respond(&asset, &[]).await;
        assert_eq!(response.headers().get(header::CONTENT_ENCODING), None);
        assert_eq!(response.headers()[header::VARY], "accept-encoding");
        assert_eq!(body, "let a = 1");
    }

    #[tokio::test]
    async fn a_cached_file_is_not_sent_again() {
        let (response, body) = respond(&asset("/a.js"), &[(header::IF_NONE_MATCH, "W/\"1\"")]).await;
        assert_eq!((response.status(), body.len()), (StatusCode::NOT_MODIFIED, 0));
        assert_eq!(response.headers()[header::ETAG], "W/\"1\"");
    }

    #[tokio::test]
    async fn all_clients_share_the_memory_of_a_file() {
        let asset = asset("/assets/a.js");
        for headers in [&[][..], &[(header::ACCEPT_ENCODING, "gzip")]] {
            let (_, first) = respond(&asset, headers).await;
            let (_, second) = respond(&asset, headers).await;
            assert_eq!(first.as_ptr(), second.as_ptr());
        }
    }

    #[test]
    fn only_files_with_a_digest_in_their_name_are_cached_for_ever() {
        for kept in ["/assets/index-BDqvTXZK.js", "/assets/a.worker-7-a2hYx4.js"] {
            assert!(asset(kept).cache_control().contains("immutable"), "{kept}");
        }
        for asked_again in ["/favicon.svg", "/assets/licenses.md", "/index-BDqvTXZK.js", "/assets/a-1.js"] {
            assert_eq!(asset(asked_again).cache_control(), "no-cache", "{asked_again}");
        }
    }

    #[test]
    fn gzip_is_sent_to_clients_that_accept_it() {
        let accepts = |value: &'static str| {
            accepts_gzip(&HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(value))]))
        };
        for yes in ["gzip", "GZIP", "br, gzip;q=0.1", "*", "*;q=0.1", "gzip, *;q=0", "deflate, gzip ; q=1.0"] {
            assert!(accepts(yes), "{yes}");
        }
        for no in ["", "br", "gzip;q=0", "*;q=0", "identity, gzip;q=0.000, *", "gzip;q=x"] {
            assert!(!accepts(no), "{no}");
        }
    }

    #[test]
    fn files_are_found_by_their_path() {
        assert!(find("/reset-password.html").is_some_and(Asset::is_page));
        let icon = find("/plain/favicon.ico").unwrap();
        assert_eq!((icon.content_type.as_str(), icon.etag.len()), ("image/x-icon", 20));
        assert!(find("/assets/../secret").is_none());
    }
}
