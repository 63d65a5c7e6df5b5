//! The credentials of a request: a bearer token (RFC 6750), or cookies (RFC 6265).
//!
//! Cookies are for web pages: scripts cannot read them, so scripts cannot steal them. A browser sends cookies on behalf
//! of any site, so they are only accepted together with a header that other sites cannot send without a preflight
//! request (CORS).

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use cookie::time::Duration;
use cookie::{Cookie, SameSite};

use super::error::RequestError;
use crate::domain::Timestamp;
use crate::domain::token::{AccessToken, RefreshToken};
use crate::graphql::credentials::{IgnoredCredentials, RequestCredentials, SessionChange, TokenTransport};

/// The header with which a client requests a cookie session. Its only value is `cookie`.
const SESSION: HeaderName = HeaderName::from_static("x-userprofile-session");

/// The cookie with the access token. Its prefix restricts it to this host and to TLS.
const ACCESS: &str = "__Host-upa";

/// The cookie with the refresh token.
const REFRESH: &str = "__Host-upr";

/// Reads the credentials of a request, with or without support for cookies.
pub(super) fn credentials(headers: &HeaderMap, takes_cookies: bool) -> Result<RequestCredentials, RequestError> {
    let bearer = bearer(headers);
    let is_by_header = headers.contains_key(header::AUTHORIZATION);
    let mut asked = headers.get_all(SESSION).iter();
    match (asked.next(), asked.next()) {
        (None, _) => {
            let access = bearer.and_then(AccessToken::parse);
            let ignored = match &access {
                None if is_by_header => Some(IgnoredCredentials::Authorization),
                None if takes_cookies && cookie(headers, ACCESS).is_some() => Some(IgnoredCredentials::Cookies),
                _ => None,
            };
            Ok(RequestCredentials { access, ignored, ..RequestCredentials::default() })
        }
        (Some(asked), None) if asked.as_bytes() == b"cookie" => {
            if !takes_cookies {
                return Err(RequestError::CookiesDisabled);
            }
            let access = if is_by_header {
                bearer.and_then(AccessToken::parse)
            } else {
                cookie(headers, ACCESS).and_then(AccessToken::parse)
            };
            let refresh = cookie(headers, REFRESH).and_then(RefreshToken::parse);
            let ignored = (is_by_header && access.is_none()).then_some(IgnoredCredentials::Authorization);
            Ok(RequestCredentials { access, refresh, transport: TokenTransport::Cookies, ignored, is_by_header })
        }
        _ => Err(RequestError::InvalidSessionHeader),
    }
}

/// The token of `Authorization: Bearer …`. With another scheme, or with more than one such header, the request is
/// unauthenticated: the server does not guess which token was meant.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = only(headers.get_all(header::AUTHORIZATION).iter())?.to_str().ok()?.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// Sets the cookies of the new tokens, each for the token's lifetime, or deletes the cookies.
pub(super) fn set_cookies(headers: &mut HeaderMap, change: &SessionChange) {
    let [access, refresh] = match change {
        SessionChange::Begun(tokens) => {
            let life = |until: Timestamp| Duration::seconds((until - tokens.issued_at).num_seconds());
            [
                session_cookie(ACCESS, tokens.access.reveal(), life(tokens.expires_at)),
                session_cookie(REFRESH, tokens.refresh.reveal(), life(tokens.session_expires_at)),
            ]
        }
        SessionChange::Ended => {
            [session_cookie(ACCESS, "", Duration::ZERO), session_cookie(REFRESH, "", Duration::ZERO)]
        }
    };
    for cookie in [access, refresh] {
        if let Ok(mut value) = HeaderValue::from_str(&cookie.to_string()) {
            value.set_sensitive(true);
            headers.append(header::SET_COOKIE, value);
        }
    }
}

fn session_cookie<'a>(name: &'a str, token: &'a str, life: Duration) -> Cookie<'a> {
    Cookie::build((name, token)).path("/").secure(true).http_only(true).same_site(SameSite::Lax).max_age(life).build()
}

/// The value of the only cookie with this name; if there are two, which a browser never sends, neither is accepted.
///
/// Names are compared byte by byte: a parser that trims Unicode white space would accept `\u{2000}__Host-upa` as ours,
/// a name that any subdomain may set. And our cookies must be found whatever bytes the other cookies contain.
fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let pairs = headers.get_all(header::COOKIE).iter().flat_map(|value| value.as_bytes().split(|byte| *byte == b';'));
    only(pairs.filter_map(|pair| {
        let value = pair.trim_ascii().strip_prefix(name.as_bytes())?.strip_prefix(b"=")?;
        std::str::from_utf8(value).ok()
    }))
}

/// The only item of an iterator.
fn only<T>(mut values: impl Iterator<Item = T>) -> Option<T> {
    let (value, None) = (values.next()?, values.next()) else { return None };
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(values: &[(&'static str, &'static str)]) -> HeaderMap {
        values.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value))).collect()
    }

    fn bearer_of(values: &[&'static str]) -> Option<String> {
        let values: Vec<_> = values.iter().map(|value| ("authorization", *value)).collect();
        bearer(&headers(&values)).map(str::to_owned)
    }

    #[test]
    fn the_bearer_scheme_ignores_case() {
        for value in ["Bearer upa_x", "bearer upa_x", "BEARER   upa_x "] {
            assert_eq!(bearer_of(&[value]).unwrap(), "upa_x", "{value}");
        }
    }

    #[test]
    fn an_invalid_authorization_header_has_no_token() {
        for values in [&[][..], &["Basic dTpw"], &["Bearer"], &["Bearer "], &["upa_x"], &["Bearer a", "Bearer a"]] {
            assert_eq!(bearer_of(values), None, "{values:?}");
        }
    }

    const COOKIE_SESSION: (&str, &str) = ("x-userprofile-session", "cookie");

    /// A browser's cookies: foreign ones, some with names almost like ours, an access token, and a refresh token.
    fn cookies() -> (AccessToken, RefreshToken, HeaderValue) {
        let (access, refresh) = (AccessToken::from_random([1; 32]), RefreshToken::from_random([2; 32]));
        let other = AccessToken::from_random([3; 32]);
        let [first, second, third] = [access.reveal(), refresh.reveal(), other.reveal()];
        let almost =
            format!("\u{2000}__Host-upa={third}; \u{a0}__Host-upr={third}; __host-upa={third}; __Host-upax={third}");
        let text = format!("a=caf\u{e9}; =; ;; {almost}; __Host-upa={first};__Host-upr={second} ");
        // A byte that is not a valid character in any encoding.
        let bytes = [text.as_bytes(), b"; b=\xff"].concat();
        (access, refresh, HeaderValue::from_bytes(&bytes).unwrap())
    }

    #[test]
    fn cookies_are_accepted_only_with_the_session_header() {
        let (access, refresh, cookies) = cookies();
        let mut headers = headers(&[COOKIE_SESSION]);
        headers.insert(header::COOKIE, cookies);
        let transport = TokenTransport::Cookies;
        let accepted = RequestCredentials {
            access: Some(access),
            refresh: Some(refresh),
            transport,
            ..RequestCredentials::default()
        };
        assert_eq!(credentials(&headers, true).unwrap(), accepted);
        headers.remove(SESSION);
        assert_eq!(
            credentials(&headers, true).unwrap(),
            RequestCredentials { ignored: Some(IgnoredCredentials::Cookies), ..RequestCredentials::default() }
        );
    }

    #[test]
    fn duplicate_session_cookies_are_refused() {
        let (_, refresh, cookies) = cookies();
        let mut headers = headers(&[COOKIE_SESSION]);
        headers.insert(header::COOKIE, cookies);
        let other = format!("__Host-upa={}", AccessToken::from_random([5; 32]).reveal());
        headers.append(header::COOKIE, other.parse().unwrap());
        let found = credentials(&headers, true).unwrap();
        assert_eq!((found.access, found.refresh), (None, Some(refresh)));
    }

    #[test]
    fn a_bearer_token_precedes_cookies() {
        let (access, _, cookies) = cookies();
        let mut headers = headers(&[COOKIE_SESSION]);
        headers.insert(header::COOKIE, cookies);
        let mine = AccessToken::from_random([4; 32]);
        headers.insert(header::AUTHORIZATION, format!("Bearer {}", mine.reveal()).parse().unwrap());
        let credentials_of = |headers: &HeaderMap| credentials(headers, true).unwrap();
        assert_ne!(Some(&access), credentials_of(&headers).access.as_ref());
        assert_eq!(credentials_of(&headers).access, Some(mine));
        // A cookie does not replace an invalid header.
        for wrong in ["Basic x", "Bearer x", "x"] {
            headers.insert(header::AUTHORIZATION, HeaderValue::from_static(wrong));
            let found = credentials_of(&headers);
            assert_eq!((found.access, found.ignored), (None, Some(IgnoredCredentials::Authorization)), "{wrong}");
        }
    }

    #[test]
    fn a_disabled_or_unknown_session_mode_is_refused() {
        let (.., cookies) = cookies();
        let mut with_cookies = headers(&[COOKIE_SESSION]);
        with_cookies.insert(header::COOKIE, cookies);
        assert!(matches!(credentials(&with_cookies, false), Err(RequestError::CookiesDisabled)));
        with_cookies.remove(SESSION);
        assert_eq!(credentials(&with_cookies, false).unwrap(), RequestCredentials::default());
        for unknown in ["Cookie", "cookies", "cookie ", ""] {
            assert!(matches!(
                credentials(&headers(&[("x-userprofile-session", unknown)]), true),
                Err(RequestError::InvalidSessionHeader)
            ));
        }
        let unknown = headers(&[("x-userprofile-session", "token")]);
        assert!(matches!(credentials(&unknown, true), Err(RequestError::InvalidSessionHeader)));
        assert!(matches!(
            credentials(&headers(&[COOKIE_SESSION, COOKIE_SESSION]), true),
            Err(RequestError::InvalidSessionHeader)
        ));
    }
}
