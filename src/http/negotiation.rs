//! Content negotiation: `Content-Type` and `Accept` (RFC 9110, section 12.5.1).

use axum::http::{HeaderMap, HeaderValue, header};
use mime::Mime;

use super::error::RequestError;
use super::media::Media;

/// The media types available by `POST`, with the default first.
///
/// The default is `application/json`, as the audits of the specification require: clients that send no `Accept`, or
/// `*/*`, are old ones or `curl`.
pub(super) const OF_POST: &[Media] = &[Media::Json, Media::GraphqlResponse];
/// The media types available by `GET`.
pub(super) const OF_GET: &[Media] = &[Media::Json, Media::GraphqlResponse, Media::Html];

/// Chooses among `offers` by the `Accept` headers.
pub(super) fn negotiate(headers: &HeaderMap, offers: &[Media]) -> Result<Media, RequestError> {
    let values = headers.get_all(header::ACCEPT);
    if values.iter().all(HeaderValue::is_empty) {
        return Ok(Media::Json);
    }
    let ranges: Vec<Range> = values
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(Range::parse)
        .collect();
    offers
        .iter()
        // `max_by` returns the last of equal items, but the first offer is the preferred one.
        .rev()
        .filter_map(|offer| Some((rank(*offer, &ranges)?, *offer)))
        .max_by(|((quality, named), _), ((other_quality, other), _)| {
            quality.total_cmp(other_quality).then(named.cmp(other))
        })
        .map(|(_, offer)| offer)
        .ok_or(RequestError::NotAcceptable)
}

/// Checks that a body is declared as `application/json`, in UTF-8 (RFC 8259 allows no other encoding).
///
/// A form or `text/plain` is refused for security: a browser sends those to other sites without a preflight request.
pub(super) fn check_content_type(headers: &HeaderMap) -> Result<(), RequestError> {
    let is_compressed = |value: &HeaderValue| !value.as_bytes().eq_ignore_ascii_case(b"identity");
    if headers.get_all(header::CONTENT_ENCODING).iter().any(is_compressed) {
        return Err(RequestError::UnsupportedMediaType);
    }
    let mut values = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(RequestError::UnsupportedMediaType);
    };
    if value.as_bytes() == b"application/json" {
        return Ok(());
    }
    let mime: Mime =
        value.to_str().ok().and_then(|text| text.parse().ok()).ok_or(RequestError::UnsupportedMediaType)?;
    let is_utf8 = mime.params().all(|(name, value)| name != mime::CHARSET || value == mime::UTF_8);
    (mime.essence_str() == "application/json" && is_utf8).then_some(()).ok_or(RequestError::UnsupportedMediaType)
}

/// One of the comma-separated parts of `Accept`.
struct Range {
    mime: Mime,
    quality: f32,
}

impl Range {
    /// `None` if it is malformed: it matches no offer.
    fn parse(text: &str) -> Option<Self> {
        let mime: Mime = text.trim().parse().ok()?;
        let quality = match mime.get_param("q") {
            Some(quality) => quality.as_str().parse().ok().filter(|quality| (0.0..=1.0).contains(quality))?,
            None => 1.0,
        };
        Some(Self { mime, quality })
    }

    /// How specifically this range matches an offer: 2 by name, 1 by `type/*`, 0 by `*/*`.
    fn specificity(&self, offer: Media) -> Option<u8> {
        let (kind, essence) = offer.essence();
        match self.mime.essence_str() {
            named if named == essence => Some(2),
            "*/*" => Some(0),
            _ if self.mime.type_() == kind && self.mime.subtype() == mime::STAR => Some(1),
            _ => None,
        }
    }
}

/// How well an offer matches: its quality, and then how specifically it is named and its precedence. The most specific
/// range determines the quality; `None` if no range matches, or it has `q=0`.
fn rank(offer: Media, ranges: &[Range]) -> Option<(f32, (u8, u8))> {
    let (specificity, range) = ranges
        .iter()
        .filter_map(|range| Some((range.specificity(offer)?, range)))
        .max_by(|(a, x), (b, y)| a.cmp(b).then(x.quality.total_cmp(&y.quality)))?;
    let precedence = if specificity == 2 { offer.precedence() } else { 0 };
    (range.quality > 0.0).then_some((range.quality, (specificity, precedence)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accept(value: &str) -> Option<Media> {
        negotiate(&HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_str(value).unwrap())]), OF_GET).ok()
    }

    #[test]
    fn json_is_the_default() {
        assert_eq!(negotiate(&HeaderMap::new(), OF_GET).ok(), Some(Media::Json));
        for value in ["", "*/*", "application/*", "text/plain, */*;q=0.1", "application/json, text/plain, */*"] {
            assert_eq!(accept(value), Some(Media::Json), "{value}");
        }
    }

    #[test]
    fn media_types_are_ranked_by_quality() {
        for (value, media) in [
            ("application/json", Media::Json),
            ("APPLICATION/JSON; charset=utf-8", Media::Json),
            ("application/graphql-response+json", Media::GraphqlResponse),
            ("application/graphql-response+json, application/json;q=0.9", Media::GraphqlResponse),
            ("application/json, application/graphql-response+json", Media::GraphqlResponse),
            ("application/graphql-response+json;q=0.5, application/json;q=0.6", Media::Json),
            ("application/json;q=0, application/*", Media::GraphqlResponse),
            ("application/graphql-response+json, */*", Media::GraphqlResponse),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", Media::Html),
            ("text/*", Media::Html),
            ("text/html;q=0.2, application/json", Media::Json),
        ] {
            assert_eq!(accept(value), Some(media), "{value}");
        }
    }

    #[test]
    fn an_unavailable_media_type_is_not_acceptable() {
        for value in
            ["text/plain", "image/*", "application/json;q=0", "*/*;q=0", "nonsense", ",", "application/json;q=nan"]
        {
            assert_eq!(accept(value), None, "{value}");
        }
        let page = HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static("text/html"))]);
        assert!(negotiate(&page, OF_POST).is_err());
    }

    #[test]
    fn several_accept_headers_are_one_list() {
        let mut headers = HeaderMap::new();
        headers.append(header::ACCEPT, HeaderValue::from_static("text/plain"));
        headers.append(header::ACCEPT, HeaderValue::from_static("application/json"));
        assert_eq!(negotiate(&headers, OF_POST).ok(), Some(Media::Json));
    }

    #[test]
    fn the_content_type_must_be_json_in_utf8() {
        let check = |values: &[&'static str]| {
            let headers: HeaderMap =
                values.iter().map(|value| (header::CONTENT_TYPE, HeaderValue::from_static(value))).collect();
            check_content_type(&headers).is_ok()
        };
        for right in ["application/json", "Application/JSON;charset=UTF-8", "application/json; charset=\"utf-8\"; v=1"]
        {
            assert!(check(&[right]), "{right}");
        }
        for wrong in [
            "",
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "application/graphql",
            "application/graphql+json",
            "application/jsonx",
            "application/json; charset=utf-16",
            "application/json; charset=utf-8; charset=utf-16",
            "application/json, text/plain",
        ] {
            assert!(!check(&[wrong]), "{wrong}");
        }
        assert!(!check(&[]));
        assert!(!check(&["application/json", "application/json"]));
    }
}
