//! The files of `web/dist`, as `build.rs` embedded them: compressed, with their media types and entity tags.

use std::{io::Read, sync::OnceLock};

use axum::{
    body::Bytes,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::{etag, pages};

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// An embedded file.
#[derive(Debug)]
pub(super) struct Asset {
    /// Its path from the root: `/assets/index-4f3a.js`.
    path: &'static str,
    content_type: &'static str,
    etag: &'static str,
    gzip: &'static [u8],
    /// The uncompressed file: unpacked for the first client that does not accept gzip, and shared by all.
    unpacked: OnceLock<Bytes>,
}

/// The file at `path`.
pub(super) fn find(path: &str) -> Option<&'static Asset> {
    ASSETS.binary_search_by(|asset| asset.path.cmp(path)).ok().and_then(|index| ASSETS.get(index))
}

impl Asset {
    /// The methods of a file.
    pub(super) const METHODS: &'static str = "GET,HEAD";

    /// Whether it is a page, which is served at an address of its own with headers of its own.
    pub(super) fn is_page(&self) -> bool {
        self.content_type.starts_with("text/html")
    }

    /// The response with the file, or 304 if the client has it already.
    pub(super) async fn answer(&'static self, request: &HeaderMap) -> Response {
        let about = [
            (header::CONTENT_TYPE, self.content_type),
            (header::CACHE_CONTROL, self.cache_control()),
            (header::ETAG, self.etag),
            (header::VARY, "accept-encoding"),
            // A worker is governed by the policy of its own file.
            (header::CONTENT_SECURITY_POLICY, pages::OF_EDITOR),
        ];
        if etag::is_known(request, self.etag) {
            return (StatusCode::NOT_MODIFIED, about).into_response();
        }
        if accepts_gzip(request) {
            return (about, [(header::CONTENT_ENCODING, "gzip")], Bytes::from_static(self.gzip)).into_response();
        }
        match self.content().await {
            Ok(content) => (about, content).into_response(),
            Err(error) => {
                tracing::error!(%error, path = self.path, "an embedded file could not be unpacked");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }

    /// The uncompressed file.
    ///
    /// # Errors
    /// If the embedded bytes are not what `build.rs` writes.
    pub(super) async fn content(&'static self) -> std::io::Result<Bytes> {
        if let Some(content) = self.unpacked.get() {
            return Ok(content.clone());
        }
        // Takes up to 20 ms for the largest file.
        let unpacked = tokio::task::spawn_blocking(|| self.unpack()).await.map_err(std::io::Error::other)??;
        Ok(self.unpacked.get_or_init(|| unpacked.into()).clone())
    }

    /// Vite ends the names of files in `/assets/` with eight characters of a digest: such a file never changes. The few
    /// other files may.
    fn cache_control(&self) -> &'static str {
        let stem = self.path.rsplit_once('.').map_or(self.path, |(stem, _)| stem);
        let has_digest = stem.bytes().rev().nth(8) == Some(b'-');
        if has_digest && self.path.starts_with("/assets/") { "public, max-age=31536000, immutable" } else { "no-cache" }
    }

    fn unpack(&self) -> std::io::Result<Vec<u8>> {
        let mut content = Vec::new();
        flate2::read::GzDecoder::new(self.gzip).read_to_end(&mut content)?;
        Ok(content)
    }
}

/// Whether `Accept-Encoding` accepts gzip, by name or by `*`, and not with `q=0`.
fn accepts_gzip(request: &HeaderMap) -> bool {
    let codings = request
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    let mut by_star = false;
    for coding in codings {
        let (name, quality) = coding.split_once(';').unwrap_or((coding, "q=1"));
        let is_wanted = quality.trim().strip_prefix("q=").and_then(|q| q.parse().ok()).is_some_and(|q: f32| q > 0.0);
        match name.trim() {
            "*" => by_star = is_wanted,
            name if name.eq_ignore_ascii_case("gzip") => return is_wanted,
            _ => {}
        }
    }
    by_star
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use axum::http::HeaderValue;

    use super::*;

    fn asset(path: &'static str) -> &'static Asset {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gzip.write_all(b"let a = 1").unwrap();
        let gzip = Vec::leak(gzip.finish().unwrap());
        Box::leak(Box::new(Asset {
            path,
            content_type: "text/javascript",
            etag: "W/\"1\"",
            gzip,
            unpacked: OnceLock::new(),
        }))
    }

    async fn answer(asset: &'static Asset, headers: &[(header::HeaderName, &'static str)]) -> (Response, Bytes) {
        let request = headers.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect();
        let (parts, body) = asset.answer(&request).await.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        (Response::from_parts(parts, axum::body::Body::empty()), bytes)
    }

    #[tokio::test]
    async fn it_is_sent_packed_or_not_as_the_client_likes() {
        let asset = asset("/assets/a.js");
        let (response, body) = answer(asset, &[(header::ACCEPT_ENCODING, "br, gzip;q=0.5")]).await;
        assert_eq!(response.headers()[header::CONTENT_ENCODING], "gzip");
        assert_eq!(body, asset.gzip);

        let (response, body) = answer(asset, &[]).await;
        assert_eq!(response.headers().get(header::CONTENT_ENCODING), None);
        assert_eq!(response.headers()[header::VARY], "accept-encoding");
        assert_eq!(body, "let a = 1");
    }

    #[tokio::test]
    async fn what_is_known_is_not_sent_again() {
        let (response, body) = answer(asset("/a.js"), &[(header::IF_NONE_MATCH, "W/\"1\"")]).await;
        assert_eq!((response.status(), body.len()), (StatusCode::NOT_MODIFIED, 0));
        assert_eq!(response.headers()[header::ETAG], "W/\"1\"");
    }

    #[tokio::test]
    async fn all_clients_share_one_unpacked_copy() {
        let asset = asset("/assets/a.js");
        let (_, first) = answer(asset, &[]).await;
        let (_, second) = answer(asset, &[]).await;
        assert_eq!(first.as_ptr(), second.as_ptr());
    }

    #[test]
    fn only_names_with_digests_are_kept_for_ever() {
        for kept in ["/assets/index-BDqvTXZK.js", "/assets/a.worker-7-a2hYx4.js"] {
            assert!(asset(kept).cache_control().contains("immutable"), "{kept}");
        }
        for asked_again in ["/favicon.svg", "/assets/licenses.md", "/index-BDqvTXZK.js", "/assets/a-1.js"] {
            assert_eq!(asset(asked_again).cache_control(), "no-cache", "{asked_again}");
        }
    }

    #[test]
    fn gzip_is_for_those_who_name_it() {
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
        assert!(ASSETS.is_sorted_by_key(|asset| asset.path));
        for asset in &ASSETS {
            assert_eq!(find(asset.path).map(|found| found.etag), Some(asset.etag));
        }
        assert!(find("/assets/../secret").is_none());
    }
}
