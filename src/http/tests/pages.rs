//! Everything that is served besides the API.

use super::*;

const BROWSER: (&str, &str) = ("accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8");

#[tokio::test]
async fn a_browser_gets_a_page_with_security_headers() {
    let reply = get("/graphql", &[BROWSER]).await;
    assert_eq!((reply.status, reply.header("content-type")), (StatusCode::OK, "text/html; charset=utf-8"));
    assert_eq!(
        reply.header("content-security-policy"),
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self' data:; \
         img-src 'self' data:; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'"
    );
    assert_eq!(reply.header("x-content-type-options"), "nosniff");
    assert_eq!(reply.header("referrer-policy"), "no-referrer");
    assert_eq!(reply.header("cross-origin-opener-policy"), "same-origin");
    assert_eq!(reply.header("x-frame-options"), "DENY");
    assert_eq!(reply.header("cache-control"), "no-cache");
    assert!(
        reply.header("vary").contains("accept, authorization, cookie, x-userprofile-session"),
        "{:?}",
        reply.headers
    );
    assert!(String::from_utf8_lossy(&reply.body).to_ascii_lowercase().starts_with("<!doctype html>"));
}

/// In one line, since some caches read only the first.
#[tokio::test]
async fn every_response_to_get_varies_by_accept() {
    const QUERY: &str = "/graphql?query=%7Bhello%7D";
    let json = ("accept", "application/graphql-response+json");
    let other_origin = ("origin", "https://foreign.example");
    let replies = [
        get("/graphql", &[BROWSER]).await,
        get("/graphql", &[BROWSER, ("accept-encoding", "gzip, br")]).await,
        get(QUERY, &[]).await,
        get(QUERY, &[json]).await,
        get("/graphql?query=%7B", &[json]).await,
        get("/graphql", &[]).await,
        get(QUERY, &[("accept", "image/png")]).await,
        get(QUERY, &[json, other_origin]).await,
        get("/graphql?query=mutation%7Bbump(milliseconds:0)%7D", &[json]).await,
        call(build("DELETE", "/graphql", &[], Body::empty())).await,
        get("/nothing", &[]).await,
        get("/nothing", &[BROWSER]).await,
    ];
    for Reply { status, headers, .. } in replies {
        let vary: Vec<_> = headers.get_all("vary").iter().map(|line| line.to_str().unwrap()).collect();
        let [line] = vary.as_slice() else { panic!("{status}: {vary:?}") };
        assert_eq!(line.split(", ").filter(|name| *name == "accept").count(), 1, "{status}: {line}");
    }
}

#[tokio::test]
async fn the_console_is_one_page_at_every_address_below_account() {
    for (address, base) in
        [("/account", "./"), ("/account/", "./../"), ("/account/profile", "./../"), ("/account/a/b", "./../../")]
    {
        let reply = get(address, &[BROWSER]).await;
        assert_eq!((reply.status, reply.header("content-type")), (StatusCode::OK, "text/html; charset=utf-8"));
        let page = String::from_utf8_lossy(&reply.body).into_owned();
        // A build without Node has a page that says so.
        assert!(page.contains(&format!("<base href=\"{base}\" />")) || page.contains("scripts/build"), "{page}");
        let policy = reply.header("content-security-policy");
        assert!(policy.contains("base-uri 'self'") && !policy.contains("unsafe"), "{policy}");
    }
    let mut options = options(&Toy::default());
    options.settings.has_console = false;
    let reply = send(App::new(options), build("GET", "/account", &[BROWSER], Body::empty())).await;
    assert_eq!(reply.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_root_redirects_to_the_api() {
    let reply = get("/", &[BROWSER]).await;
    assert_eq!((reply.status, reply.header("location")), (StatusCode::TEMPORARY_REDIRECT, "/graphql"));
}

#[tokio::test]
async fn the_server_is_alive_and_ready() {
    for address in ["/healthz", "/readyz"] {
        let reply = get(address, &[]).await;
        assert_eq!((reply.status, &reply.body[..]), (StatusCode::OK, &b"ok"[..]));
        assert_eq!(reply.header("x-request-id").len(), 32);
    }
}

#[tokio::test]
async fn the_server_is_alive_even_if_it_is_not_ready() {
    let mut options = options(&Toy::default());
    if let crate::http::GraphqlApi::Toy(api) = &mut options.api {
        api.is_ready = false;
    }
    let app = App::new(options);
    let status = async |address| send(app.clone(), build("GET", address, &[], Body::empty())).await.status;
    assert_eq!((status("/healthz").await, status("/readyz").await), (StatusCode::OK, StatusCode::SERVICE_UNAVAILABLE));
}

#[tokio::test]
async fn the_schema_is_text_with_an_entity_tag() {
    let reply = get("/schema.graphql", &[]).await;
    assert_eq!((reply.status, &reply.body[..]), (StatusCode::OK, &b"type Query { me: String }"[..]));
    let again = get("/schema.graphql", &[("if-none-match", reply.header("etag"))]).await;
    assert_eq!((again.status, again.body.len()), (StatusCode::NOT_MODIFIED, 0));
    assert_eq!(again.header("etag"), reply.header("etag"));
}

#[tokio::test]
async fn an_unknown_path_is_a_page_for_browsers() {
    for (address, root) in [("/nowhere", ""), ("/no/where", "../"), ("/no/where/", "../../")] {
        let reply = get(address, &[BROWSER]).await;
        assert_eq!((reply.status, reply.header("content-type")), (StatusCode::NOT_FOUND, "text/html; charset=utf-8"));
        assert!(reply.header("content-security-policy").starts_with("default-src 'none'; script-src 'self'"));
        let page = String::from_utf8_lossy(&reply.body);
        assert!(page.contains(&format!("href=\"{root}plain/page.css\"")), "{page}");
        assert!(page.contains("Page not found"), "{page}");
    }
    for program in [("accept", "*/*"), ("accept", "application/json"), ("x-none", "")] {
        get("/nowhere", &[program]).await.assert_error(404, "BAD_USER_INPUT");
    }
    call(build("POST", "/nowhere", &[BROWSER], Body::empty())).await.assert_error(404, "BAD_USER_INPUT");
}

#[tokio::test]
async fn an_unknown_path_names_the_address_of_the_api() {
    for (public_url, api) in [(None, "at /graphql"), (Some("https://example.com/identity"), "at /identity/graphql")] {
        let mut options = options(&Toy::default());
        options.settings.public_url = public_url.map(str::to_owned);
        let reply = send(App::new(options), build("GET", "/nowhere", &[], Body::empty())).await;
        assert!(reply.json()["errors"][0]["message"].as_str().unwrap().ends_with(api), "{}", reply.json());
    }
}

#[tokio::test]
async fn the_icon_is_served() {
    let reply = get("/favicon.ico", &[]).await;
    assert_eq!((reply.status, reply.header("content-type")), (StatusCode::OK, "image/x-icon"));
    assert!(reply.body.starts_with(b"\0\0\x01\0"));
    let page = get("/reset-password", &[BROWSER]).await;
    assert!(String::from_utf8_lossy(&page.body).contains("href=\"plain/favicon.svg\""));
    assert_eq!(get("/plain/favicon.svg", &[]).await.header("content-type"), "image/svg+xml");
}

#[tokio::test]
async fn app_schemes_can_be_allowed_origins() {
    let mut options = options(&Toy::default());
    options.settings.cors_origins = vec!["capacitor://localhost".to_owned()];
    let app = App::new(options);
    let ask = async |origin: &str| {
        let headers = [JSON, ("origin", origin)];
        send(app.clone(), build("POST", "/graphql", &headers, Body::from(r#"{"query":"{ hello }"}"#))).await
    };
    let reply = ask("capacitor://localhost").await;
    assert_eq!((reply.status, reply.header("access-control-allow-origin")), (StatusCode::OK, "capacitor://localhost"));
    for other in ["ionic://localhost", "capacitor://localhost:1", "capacitor://evil", "http://localhost", "null"] {
        ask(other).await.assert_error(403, "FORBIDDEN");
    }
}

#[tokio::test]
async fn the_pages_get_their_settings() {
    let reply = get("/plain/pages.json", &[]).await;
    assert_eq!((reply.status, reply.header("content-type")), (StatusCode::OK, "application/json"));
    assert_eq!(reply.header("cache-control"), "no-cache");
    assert_eq!(reply.json(), serde_json::json!({ "appUrl": null, "passwordMinLength": 8, "demo": null }));
}

#[tokio::test]
async fn an_unchanged_mailbox_is_not_sent_again() {
    let mailbox = crate::mail::Mailbox::new();
    let kept = mailbox.clone();
    let at: crate::clock::Timestamp = "2026-11-25T12:00:00Z".parse().unwrap();
    let mut options = options(&Toy::default());
    options.mailbox = Some(crate::http::MessageList::new(move || kept.list(at)));
    let app = App::new(options);
    let look = async |tag: &str| {
        send(app.clone(), build("GET", "/dev/mailbox", &[BROWSER, ("if-none-match", tag)], Body::empty())).await
    };
    let empty = look("").await;
    assert_eq!((empty.status, look(empty.header("etag")).await.status), (StatusCode::OK, StatusCode::NOT_MODIFIED));
    let mail = crate::mail::Rendered { subject: "s".into(), text: "t".into(), html: "<head></head>h".into() };
    mailbox.keep("job-1", "w@example.com", mail, at);
    let full = look(empty.header("etag")).await;
    assert_eq!(full.status, StatusCode::OK);
    assert!(String::from_utf8_lossy(&full.body).contains("<article id=\"job-1\">"));
    // Its own script runs, but no script of a message does.
    assert!(full.header("content-security-policy").contains("script-src 'self';"));
    assert!(!String::from_utf8_lossy(&full.body).contains("allow-scripts"));
}
