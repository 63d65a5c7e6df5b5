//! What a request shows of its session: a bearer token (RFC 6750), or cookies (RFC 6265).
//!
//! Cookies are for pages: what no script can read, no script can carry away. A browser sends them whoever asks it to, so
//! they are believed only beside a header that other sites cannot have it send without asking first (CORS).

use std::fmt;

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use cookie::{Cookie, SameSite, time::Duration};

use super::refusal::Refusal;
use crate::{
    domain::Timestamp,
    graphql::delivery::{Delivery, SessionChange},
};

/// The header by which a client says that its session is kept in cookies. Its only value is `cookie`.
const SESSION: HeaderName = HeaderName::from_static("x-userprofile-session");

/// The cookie of the access token. Its prefix keeps it to this host, and to TLS.
const ACCESS: &str = "__Host-upa";

/// The cookie of the refresh token.
const REFRESH: &str = "__Host-upr";

/// A token as a client showed it. Its `Debug` does not tell it.
#[derive(Clone, PartialEq, Eq)]
pub struct Bearer(String);

/// The tokens of a request, whatever they are worth.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ShownTokens {
    /// The access token: that of the header `Authorization`, or else that of the cookie.
    pub access: Option<Bearer>,
    /// The refresh token of the cookie.
    pub refresh: Option<Bearer>,
    /// Where new tokens are wanted.
    pub delivery: Delivery,
    /// Whether cookies came that were not asked to be believed.
    pub is_ignored: bool,
}

impl ShownTokens {
    /// Reads the headers of a request, where cookies are taken or not.
    ///
    /// # Errors
    /// When cookies are asked for and not taken, or something unknown is asked for.
    pub(super) fn of(headers: &HeaderMap, takes_cookies: bool) -> Result<Self, Refusal> {
        let bearer = Bearer::of(headers);
        let mut asked = headers.get_all(SESSION).iter();
        match (asked.next(), asked.next()) {
            (None, _) => {
                let is_ignored = takes_cookies && bearer.is_none() && cookie(headers, ACCESS).is_some();
                Ok(Self { access: bearer, is_ignored, ..Self::default() })
            }
            (Some(asked), None) if asked.as_bytes().eq_ignore_ascii_case(b"cookie") => {
                if !takes_cookies {
                    return Err(Refusal::CookiesOff);
                }
                let has_authorization = headers.contains_key(header::AUTHORIZATION);
                let access = if has_authorization { bearer } else { cookie(headers, ACCESS) };
                Ok(Self { access, refresh: cookie(headers, REFRESH), delivery: Delivery::Cookies, is_ignored: false })
            }
            _ => Err(Refusal::UnknownSession),
        }
    }
}

impl Bearer {
    /// The token.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The token of `Authorization: Bearer …`. Another scheme, or more than one such header, is nobody's token: which of
    /// two was meant is not for a server to guess.
    fn of(headers: &HeaderMap) -> Option<Self> {
        let mut values = headers.get_all(header::AUTHORIZATION).iter();
        let (value, None) = (values.next()?.to_str().ok()?, values.next()) else {
            return None;
        };
        let (scheme, token) = value.split_once(' ')?;
        let token = token.trim();
        (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then(|| Self(token.to_owned()))
    }
}

impl fmt::Debug for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Has the browser keep the new tokens, each as long as it is good, or forget those that it keeps.
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

/// The first cookie of that name: a browser has only one.
fn cookie(headers: &HeaderMap, name: &str) -> Option<Bearer> {
    headers.get_all(header::COOKIE).iter().find_map(|value| {
        // Whatever bytes the cookies of others have, ours are to be found among them.
        let text = String::from_utf8_lossy(value.as_bytes());
        let mut cookies = Cookie::split_parse(&*text).flatten();
        cookies.find(|cookie| cookie.name() == name).map(|cookie| Bearer(cookie.value().to_owned()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(values: &[(&'static str, &'static str)]) -> HeaderMap {
        values.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value))).collect()
    }

    fn bearer(values: &[&'static str]) -> Option<Bearer> {
        let values: Vec<_> = values.iter().map(|value| ("authorization", *value)).collect();
        Bearer::of(&headers(&values))
    }

    #[test]
    fn the_scheme_ignores_case() {
        for value in ["Bearer upa_x", "bearer upa_x", "BEARER   upa_x "] {
            assert_eq!(bearer(&[value]).unwrap().as_str(), "upa_x", "{value}");
        }
    }

    #[test]
    fn anything_else_is_nobodys_token() {
        for values in [&[][..], &["Basic dTpw"], &["Bearer"], &["Bearer "], &["upa_x"], &["Bearer a", "Bearer a"]] {
            assert_eq!(bearer(values), None, "{values:?}");
        }
    }

    #[test]
    fn debug_does_not_tell_the_token() {
        assert_eq!(format!("{:?}", bearer(&["Bearer upa_x"])), "Some(***)");
    }

    const COOKIES: (&str, &str) = ("cookie", "a=b; __Host-upa=upa_c; __Host-upr=upr_c; __Host-upa=upa_d");
    const ASKED: (&str, &str) = ("x-userprofile-session", "cookie");

    #[test]
    fn cookies_are_believed_only_when_asked_for() {
        let shown = ShownTokens::of(&headers(&[COOKIES, ASKED]), true).unwrap();
        assert_eq!(shown.access.unwrap().as_str(), "upa_c");
        assert_eq!(shown.refresh.unwrap().as_str(), "upr_c");
        assert_eq!(shown.delivery, Delivery::Cookies);
        let unasked = ShownTokens::of(&headers(&[COOKIES]), true).unwrap();
        assert_eq!(unasked, ShownTokens { is_ignored: true, ..ShownTokens::default() });
    }

    #[test]
    fn the_cookies_of_others_hide_nothing() {
        let mut headers = headers(&[ASKED]);
        let cookies = b"other=caf\xe9\xff; =; ;; __Host-upa=upa_c; __Host-upr=\"upr_c\"";
        headers.insert(header::COOKIE, HeaderValue::from_bytes(cookies).unwrap());
        let shown = ShownTokens::of(&headers, true).unwrap();
        assert_eq!(shown.access.unwrap().as_str(), "upa_c");
        assert!(shown.refresh.is_some());
    }

    #[test]
    fn a_bearer_token_wins() {
        let shown = ShownTokens::of(&headers(&[COOKIES, ASKED, ("authorization", "Bearer upa_b")]), true).unwrap();
        assert_eq!(shown.access.unwrap().as_str(), "upa_b");
        // One that is not good is not mended by a cookie.
        let shown = ShownTokens::of(&headers(&[COOKIES, ASKED, ("authorization", "Basic x")]), true).unwrap();
        assert_eq!(shown.access, None);
    }

    #[test]
    fn what_is_off_or_unknown_is_refused() {
        assert!(matches!(ShownTokens::of(&headers(&[COOKIES, ASKED]), false), Err(Refusal::CookiesOff)));
        assert_eq!(ShownTokens::of(&headers(&[COOKIES]), false).unwrap(), ShownTokens::default());
        let unknown = headers(&[("x-userprofile-session", "token")]);
        assert!(matches!(ShownTokens::of(&unknown, true), Err(Refusal::UnknownSession)));
        assert!(matches!(ShownTokens::of(&headers(&[ASKED, ASKED]), true), Err(Refusal::UnknownSession)));
    }
}
