//! Browsers: cookie sessions, CORS, and security headers.

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use chrono::TimeDelta;
use serde_json::{Value, json};

use userprofile::graphql::limits::Settings;

use crate::support::{self, Client, DOMAIN, PASSWORD, Response, TestApp};

const SIGN_IN: &str = "mutation($input: SignInInput!) { signIn(input: $input) {
    session { accessToken refreshToken expiresAt } errors { code } } }";
const REFRESH: &str =
    "mutation { refreshSession { session { accessToken refreshToken expiresAt } errors { code field } } }";
const ME: &str = "{ me { userId } }";

/// A client that stores cookies and sends them back.
struct Browser {
    client: Client,
    cookies: Vec<(String, String)>,
}

impl Browser {
    fn new(app: &TestApp) -> Self {
        Self { client: app.client(), cookies: Vec::new() }
    }

    /// A browser with a cookie session.
    async fn signed_in(app: &TestApp) -> Self {
        let mut browser = Self::new(app);
        let response = browser.sign_in().await;
        assert!(response.data()["signIn"]["session"].is_object(), "{}", response.body);
        browser
    }

    async fn sign_in(&mut self) -> Response {
        let input = json!({ "input": { "domainId": DOMAIN, "userId": "wonny", "password": PASSWORD } });
        self.send(SIGN_IN, input, &[("x-userprofile-session", "cookie")]).await
    }

    async fn query(&mut self, query: &str) -> Response {
        self.send(query, json!({}), &[("x-userprofile-session", "cookie")]).await
    }

    async fn send(&mut self, query: &str, variables: Value, headers: &[(&str, &str)]) -> Response {
        let mut request =
            self.client.request(Method::POST, "/graphql").header(header::CONTENT_TYPE, "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        for (name, value) in &self.cookies {
            request = request.header(header::COOKIE, format!("{name}={value}"));
        }
        let body = json!({ "query": query, "variables": variables }).to_string();
        let response = self.client.send(request.body(Body::from(body)).unwrap()).await;
        for cookie in set_cookies(&response) {
            let (pair, attributes) = cookie.split_once("; ").unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.retain(|(kept, _)| kept != name);
            if !attributes.contains("Max-Age=0") {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
        response
    }
}

fn set_cookies(response: &Response) -> Vec<&str> {
    response.headers.get_all(header::SET_COOKIE).iter().map(|cookie| cookie.to_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_session_from_sign_in_to_sign_out() {
    let app = TestApp::with_users(&["wonny"]).await;
    let mut browser = Browser::new(&app);
    let response = browser.sign_in().await;
    let session = &response.data()["signIn"]["session"];
    assert_eq!((&session["accessToken"], &session["refreshToken"]), (&Value::Null, &Value::Null));
    assert!(session["expiresAt"].is_string());
    assert!(!response.text.contains("upa_") && !response.text.contains("upr_"));
    let cookies = set_cookies(&response);
    for (cookie, (name, life)) in cookies.iter().zip([("__Host-upa=upa_", 15 * 60), ("__Host-upr=upr_", 3 * 60 * 60)]) {
        assert!(cookie.starts_with(name), "{cookie}");
        let attributes: Vec<&str> = cookie.split("; ").skip(1).collect();
        for attribute in ["HttpOnly", "Secure", "SameSite=Lax", "Path=/", &format!("Max-Age={life}")] {
            assert!(attributes.contains(&attribute), "{attribute}: {cookie}");
        }
        assert_eq!(attributes.len(), 5, "{cookie}");
    }
    assert_eq!(cookies.len(), 2);

    assert_eq!(browser.query(ME).await.data()["me"]["userId"], "wonny");
    let before = browser.cookies.clone();
    let refreshed = browser.query(REFRESH).await;
    assert_eq!(refreshed.data()["refreshSession"]["errors"], json!([]));
    assert_eq!(refreshed.data()["refreshSession"]["session"]["accessToken"], Value::Null);
    assert!(before.iter().all(|cookie| !browser.cookies.contains(cookie)), "both are new");
    assert_eq!(browser.query(ME).await.data()["me"]["userId"], "wonny");

    let signed_out = browser.query("mutation { signOut { ok } }").await;
    assert_eq!(signed_out.data()["signOut"]["ok"], true);
    assert_eq!(set_cookies(&signed_out).len(), 2);
    assert!(browser.cookies.is_empty());
    assert_eq!(browser.query(ME).await.error_code(), "UNAUTHENTICATED");
}

#[tokio::test(flavor = "multi_thread")]
async fn cookies_without_the_session_header_are_ignored_and_the_error_says_so() {
    let app = TestApp::with_users(&["wonny"]).await;
    let mut browser = Browser::signed_in(&app).await;
    let response = browser.send(ME, json!({}), &[]).await;
    assert_eq!((response.status, response.error_code()), (StatusCode::OK, "UNAUTHENTICATED"));
    let message = response.body["errors"][0]["message"].as_str().unwrap();
    assert!(message.contains("X-UserProfile-Session: cookie"), "{message}");
    let refused = browser.send(REFRESH, json!({}), &[]).await;
    assert_eq!(refused.data()["refreshSession"]["errors"], json!([{ "code": "REQUIRED", "field": "refreshToken" }]));
    // A request that another site could make a browser send changes nothing.
    browser.send("mutation { signOut { ok } }", json!({}), &[]).await;
    assert_eq!(browser.query(ME).await.data()["me"]["userId"], "wonny");
    let unknown = browser.send(ME, json!({}), &[("x-userprofile-session", "token")]).await;
    assert_eq!((unknown.status, unknown.error_code()), (StatusCode::BAD_REQUEST, "BAD_USER_INPUT"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bearer_token_takes_precedence_over_cookies() {
    let app = TestApp::with_users(&["wonny", "yuna"]).await;
    let mut browser = Browser::signed_in(&app).await;
    browser.client = app.signed_in(DOMAIN, "yuna").await;
    assert_eq!(browser.query(ME).await.data()["me"]["userId"], "yuna");
    browser.client.tokens.as_mut().unwrap().access = "nonsense".to_owned();
    assert_eq!(browser.query(ME).await.error_code(), "UNAUTHENTICATED");
}

/// An operation with a bearer token affects neither the cookie session nor its cookies.
#[tokio::test(flavor = "multi_thread")]
async fn signing_out_with_a_bearer_token_keeps_the_cookie_session() {
    let app = TestApp::with_users(&["wonny", "yuna"]).await;
    let mut browser = Browser::signed_in(&app).await;
    let bare = browser.client.clone();
    browser.client = app.signed_in(DOMAIN, "yuna").await;
    assert_eq!(browser.query("mutation { signOut { ok } }").await.data()["signOut"]["ok"], true);
    // An invalid bearer token does not end the cookie session either.
    assert_eq!(browser.query("mutation { signOut { ok } }").await.error_code(), "UNAUTHENTICATED");
    assert_eq!(browser.cookies.len(), 2);
    browser.client = bare;
    assert_eq!(browser.query(ME).await.data()["me"]["userId"], "wonny");
}

#[tokio::test(flavor = "multi_thread")]
async fn ending_the_session_deletes_its_cookies() {
    let app = TestApp::with_users(&["wonny"]).await;
    let mut browser = Browser::signed_in(&app).await;
    let other = app.signed_in(DOMAIN, "wonny").await;
    let revoked = other.mutate("revokeOtherSessions", Value::Null, "revoked").await;
    assert_eq!(revoked["revoked"], 1);
    assert_eq!(browser.cookies.len(), 2);
    let refused = browser.query(REFRESH).await;
    assert_eq!(refused.user_errors("refreshSession"), ["INVALID_TOKEN"]);
    assert!(browser.cookies.is_empty());

    let mut browser = Browser::signed_in(&app).await;
    let sessions = browser.query("{ me { sessions { id isCurrent } } }").await;
    let mut sessions = sessions.data()["me"]["sessions"].as_array().unwrap().clone();
    sessions.sort_by_key(|session| session["isCurrent"] == true);
    assert_eq!(sessions.len(), 2);
    for session in sessions {
        let revoke = format!("mutation {{ revokeSession(input: {{ id: {} }}) {{ revoked }} }}", session["id"]);
        assert_eq!(browser.query(&revoke).await.data()["revokeSession"]["revoked"], 1);
        assert_eq!(browser.cookies.is_empty(), session["isCurrent"] == true);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_out_works_with_the_refresh_cookie_alone() {
    let app = TestApp::with_users(&["wonny"]).await;
    let mut browser = Browser::signed_in(&app).await;
    let refresh = browser.cookies.clone();
    // The browser deletes the access cookie when it expires.
    browser.cookies.retain(|(name, _)| name == "__Host-upr");
    app.clock.advance(TimeDelta::minutes(16));
    assert_eq!(browser.query(ME).await.error_code(), "UNAUTHENTICATED");
    assert_eq!(browser.query("mutation { signOut { ok } }").await.data()["signOut"]["ok"], true);
    assert!(browser.cookies.is_empty());
    browser.cookies.clone_from(&refresh);
    assert_eq!(browser.query(REFRESH).await.user_errors("refreshSession"), ["INVALID_TOKEN"]);
    // The cookies are deleted even if there was no session to end.
    browser.cookies = refresh;
    let again = browser.query("mutation { signOut { ok errors { code } } }").await;
    assert_eq!(again.data()["signOut"], json!({ "ok": false, "errors": [{ "code": "INVALID_TOKEN" }] }));
    assert!(browser.cookies.is_empty());
    assert_eq!(browser.query("mutation { signOut { ok } }").await.error_code(), "UNAUTHENTICATED");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_tabs_that_refresh_their_cookies_concurrently_stay_signed_in() {
    let app = TestApp::with_users(&["wonny"]).await;
    let mut tab = Browser::signed_in(&app).await;
    let mut other = Browser { client: app.client(), cookies: tab.cookies.clone() };
    let (one, two) = tokio::join!(tab.query(REFRESH), other.query(REFRESH));
    for response in [one, two] {
        assert_eq!(response.data()["refreshSession"]["errors"], json!([]));
    }
    assert_eq!(other.query(ME).await.data()["me"]["userId"], "wonny");
    assert_eq!(tab.query(ME).await.data()["me"]["userId"], "wonny");
}

/// A request from a page of another origin.
async fn from_origin(app: &TestApp, method: Method, origin: &str, more: &[(&str, &str)]) -> Response {
    let client = app.client();
    let mut request = client.request(method, "/graphql").header("host", "id.test").header(header::ORIGIN, origin);
    for (name, value) in more {
        request = request.header(*name, *value);
    }
    let body = json!({ "query": "{ __typename }" }).to_string();
    client.send(request.header(header::CONTENT_TYPE, "application/json").body(Body::from(body)).unwrap()).await
}

const PREFLIGHT: [(&str, &str); 2] = [
    ("access-control-request-method", "POST"),
    ("access-control-request-headers", "content-type,x-userprofile-session,apollographql-client-name"),
];

#[tokio::test(flavor = "multi_thread")]
async fn an_allowed_origin_may_send_credentials() {
    let app = TestApp::start().await;
    let preflight = from_origin(&app, Method::OPTIONS, "https://app.test", &PREFLIGHT).await;
    assert_eq!(preflight.status, StatusCode::OK);
    for (name, value) in [
        ("access-control-allow-origin", "https://app.test"),
        ("access-control-allow-credentials", "true"),
        ("access-control-allow-methods", "GET,POST"),
        ("access-control-allow-headers", PREFLIGHT[1].1),
        ("access-control-max-age", "3600"),
    ] {
        assert_eq!(preflight.headers[name], value, "{name}");
    }
    let response = from_origin(&app, Method::POST, "https://app.test", &[]).await;
    assert_eq!(response.data()["__typename"], "Query");
    assert_eq!(response.headers["access-control-allow-origin"], "https://app.test");
    assert_eq!(response.headers["access-control-allow-credentials"], "true");
    assert_eq!(response.headers["access-control-expose-headers"], "x-request-id");
    assert!(response.headers.get_all(header::VARY).iter().any(|vary| vary.to_str().unwrap().contains("origin")));
}

#[tokio::test(flavor = "multi_thread")]
async fn any_other_origin_is_forbidden_and_named_in_the_error() {
    let app = TestApp::start().await;
    for origin in
        ["https://evil.example", "https://app.test:8443", "http://app.test", "null", "https://app.test.evil.example"]
    {
        for (method, more) in [(Method::OPTIONS, &PREFLIGHT[..]), (Method::POST, &[])] {
            let response = from_origin(&app, method, origin, more).await;
            assert_eq!((response.status, response.error_code()), (StatusCode::FORBIDDEN, "FORBIDDEN"), "{origin}");
            let message = response.body["errors"][0]["message"].as_str().unwrap();
            assert!(message.contains(origin) && message.contains("USERPROFILE_CORS_ORIGINS"), "{message}");
            assert!(!response.headers.contains_key("access-control-allow-origin"));
        }
    }
    // The server's own pages send an `Origin`, too.
    assert_eq!(from_origin(&app, Method::POST, "https://id.test", &[]).await.data()["__typename"], "Query");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_response_has_security_headers() {
    let app = TestApp::start().await;
    for path in
        ["/graphql?query={__typename}", "/graphql", "/schema.graphql", "/healthz", "/nowhere", "/reset-password"]
    {
        let client = app.client();
        let response = client.send(client.request(Method::GET, path).body(Body::empty()).unwrap()).await;
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(response.headers[name], value, "{path} {name}");
        }
        let policy = response.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; ") && policy.ends_with("frame-ancestors 'none'"), "{path}");
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hsts_is_sent_if_the_public_url_is_https() {
    let app = TestApp::start().await;
    for (public_url, expected) in
        [(Some("https://id.test"), Some("max-age=31536000")), (Some("http://id.test"), None), (None, None)]
    {
        let http_app = support::http_app_with(app.api(Settings::default()), |site| {
            site.settings.public_url = public_url.map(str::to_owned);
        });
        let client = app.client().with_http_app(http_app);
        let response = client.send(client.request(Method::GET, "/healthz").body(Body::empty()).unwrap()).await;
        let found = response.headers.get("strict-transport-security").map(|value| value.to_str().unwrap());
        assert_eq!(found, expected, "{public_url:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn disabled_introspection_hides_the_schema_everywhere() {
    let app = TestApp::start().await;
    let api = app.api(Settings { introspection: false, ..Settings::default() });
    let client = app.client().with_http_app(support::http_app_with(api, |site| site.schema = None));
    for path in ["/schema.graphql", "/schema.graphql?federation"] {
        let response = client.send(client.request(Method::GET, path).body(Body::empty()).unwrap()).await;
        assert_eq!((response.status, response.error_code()), (StatusCode::NOT_FOUND, "BAD_USER_INPUT"));
    }
    for query in
        ["{ _service { sdl } }", "{ __schema { queryType { name } } }", "{ a: __type(name: \"User\") { name } }"]
    {
        assert_eq!(client.query(query).await.error_code(), "GRAPHQL_VALIDATION_FAILED", "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_session_header_is_refused_if_cookies_are_off() {
    let app = TestApp::with_users(&["wonny"]).await;
    let mut browser = Browser::signed_in(&app).await;
    let http_app = support::http_app_with(app.api(Settings::default()), |site| site.settings.takes_cookies = false);
    browser.client = browser.client.with_http_app(http_app);
    let refused = browser.query(ME).await;
    assert_eq!((refused.status, refused.error_code()), (StatusCode::BAD_REQUEST, "BAD_USER_INPUT"));
    assert_eq!(browser.send(ME, json!({}), &[]).await.error_code(), "UNAUTHENTICATED");
}
