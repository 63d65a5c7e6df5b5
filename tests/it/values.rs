//! Equality and exactness of values: letter case, numbers in tags, languages, and password hashes of other systems.

use serde_json::{Value, json};
use userprofile::services::transfer::import::{ImportOptions, ImportRefusal};

use crate::support::{Client, DOMAIN, PASSWORD, TestApp, User, Workspace, database, domain};

/// The import line of a user with fields as raw JSON, because some tests depend on how a value is written.
fn line(user: &str, more: &str) -> String {
    format!("{{\"kind\":\"user\",\"domain_id\":\"{DOMAIN}\",\"user_id\":\"{user}\",{more}}}\n")
}

/// Imports lines, which must be refused, and returns the text of all errors.
async fn import_errors(app: &TestApp, lines: &str) -> String {
    let source = std::io::Cursor::new(lines.to_owned().into_bytes());
    match app.services.import(source, ImportOptions::default(), |_| {}).await {
        Err(userprofile::services::Error::Refused(ImportRefusal::Invalid(faults))) => faults.to_string(),
        other => panic!("{other:?}"),
    }
}

async fn can_sign_in(app: &TestApp, login: &str, password: &str) -> bool {
    app.client().try_sign_in(DOMAIN, login, password).await.data()["signIn"]["session"].is_object()
}

#[tokio::test(flavor = "multi_thread")]
async fn user_ids_are_compared_case_insensitively() {
    let app = TestApp::with_user(User::new("νικος@x.gr").verified_email("νικος@x.gr")).await;
    for login in ["νικος@x.gr", "ΝΙΚΟΣ@X.GR", "Νικοσ@x.gr"] {
        assert!(can_sign_in(&app, login, PASSWORD).await, "{login}");
    }
    let again = line("ΝΙΚΟΣ@x.gr", r#""name":"New""#) + &line("νικοσ@x.gr", r#""name":"New""#);
    assert!(import_errors(&app, &again).await.contains("line 2: line 1 has the same key"));
    let taken = line("other", r#""email":"ΝΙΚΟΣ@x.gr","email_verified":true"#);
    assert!(import_errors(&app, &taken).await.contains("`email`: this is the verified address of"));
}

#[tokio::test(flavor = "multi_thread")]
async fn name_filters_ignore_case() {
    let app = TestApp::start().await;
    let names = ["Νικοσία", "Hauptstraße", "İstanbul", "CAFÉ", "Μα\u{390}ου", "ΠΡΑ\u{3ab}\u{301}"];
    let workspace = |(n, name): (usize, &&str)| Workspace::new(&format!("workspace-{n}")).name(name).line();
    let workspaces: String = names.iter().enumerate().map(workspace).collect();
    app.import(&(domain(DOMAIN) + &User::new("admin").admin().line() + &workspaces)).await;
    let client = app.signed_in(DOMAIN, "admin").await;
    for (part, name) in [
        ("ΝΙΚΟΣ", "Νικοσία"),
        ("νικος", "Νικοσία"),
        ("strasse", "Hauptstraße"),
        ("STRASSE", "Hauptstraße"),
        ("istanbul", "İstanbul"),
        ("İST", "İstanbul"),
        ("cafe\u{301}", "CAFÉ"),
        ("ΜΑ\u{399}\u{308}\u{301}ΟΥ", "Μα\u{390}ου"),
        ("μα\u{390}", "Μα\u{390}ου"),
        ("πρα\u{3b0}", "ΠΡΑ\u{3ab}\u{301}"),
    ] {
        let field = format!("workspaces(filter: {{ nameContains: {part:?} }}) {{ nodes {{ name }} }}");
        let found = client.me(&field.replace("\\u{301}", "\u{301}")).await;
        assert_eq!(found["workspaces"]["nodes"], json!([{ "name": name }]), "{part}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hashes_of_other_systems_are_verified_as_submitted_and_replaced() {
    // Hashes of `DECOMPOSED`, created with Python's hashlib.
    const HASHES: [&str; 6] = [
        "$pbkdf2-sha1$i=1000,l=20$MDEyMzQ1Njc4OWFiY2RlZg$OqnHvpnfkoTFICVJNA6E4oUz7GE",
        "$pbkdf2-sha256$i=1000,l=32$MDEyMzQ1Njc4OWFiY2RlZg$/vqc+KbZ7UKz2I+Aw20oQehQ/imfxsKlB1r+X4PH1Fw",
        "$pbkdf2-sha512$i=1000$MDEyMzQ1Njc4OWFiY2RlZg$/kMDbo/nGGspMoqLtzj1z/HP/uf3LllbUyFKss5WLVGHODp65vIyVw1ooRLanUGoGVgUztn6x/V/4LhQMoxjGw",
        "pbkdf2_sha1$1000$YHqZyVjYQ4bN$rVE37+A2Uk3vyy+KokpKHnsElOg=",
        "pbkdf2_sha256$1000$YHqZyVjYQ4bN$bWIo38CsSQkPnqR/009D/xg5elATGhWbcnUNu6wPHPw=",
        "$scrypt$ln=10,r=8,p=2$MDEyMzQ1Njc4OWFiY2RlZg$f9WQOND2VKy8CWsqzXr+0BPZJ1Ua7ECmORyq5do6UJc",
    ];
    const DECOMPOSED: &str = "pa\u{308}sswo\u{308}rt 7";
    const COMPOSED: &str = "pässwört 7";
    let bcrypt = bcrypt::hash(DECOMPOSED, 4).unwrap();
    let own = [
        bcrypt.replace("$2b$", "$2a$"),
        bcrypt.replace("$2b$", "$2y$"),
        format!("{{BCRYPT}}{bcrypt}"),
        argon2_of(DECOMPOSED, "argon2i", "m=64,t=2,p=2"),
        // Created with the parameters of this server, but from the password before normalization.
        argon2_of(DECOMPOSED, "argon2id", "m=8,t=1,p=1"),
        format!("argon2{}", argon2_of(DECOMPOSED, "argon2id", "m=66000,t=1,p=1")),
    ];
    let app = TestApp::start().await;
    let all: Vec<String> = HASHES.iter().map(|hash| (*hash).to_owned()).chain(own).collect();
    let users: String = all
        .iter()
        .enumerate()
        .map(|(n, hash)| line(&format!("u{n}"), &format!("\"password_hash\":\"{hash}\"")))
        .collect();
    app.import(&(domain(DOMAIN) + &users)).await;
    for (n, hash) in all.iter().enumerate() {
        let login = format!("u{n}");
        assert!(!can_sign_in(&app, &login, "something else 1").await, "{hash}");
        assert!(!can_sign_in(&app, &login, COMPOSED).await, "{hash}");
        assert!(can_sign_in(&app, &login, DECOMPOSED).await, "{hash}");
        // The sign-in has replaced the hash with one of our own, of the normalized password.
        assert!(can_sign_in(&app, &login, COMPOSED).await && can_sign_in(&app, &login, DECOMPOSED).await, "{hash}");
    }
}

fn argon2_of(password: &str, kind: &str, params: &str) -> String {
    let salt = "c29tZXNhbHRzb21l";
    let output = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let hash =
        argon2::password_hash::phc::PasswordHash::new(&format!("${kind}$v=19${params}${salt}${output}")).unwrap();
    let algorithm = argon2::Algorithm::try_from(hash.algorithm.as_str()).unwrap();
    let argon2 = argon2::Argon2::new(algorithm, argon2::Version::V0x13, argon2::Params::try_from(&hash).unwrap());
    let mut output = [0; 32];
    argon2.hash_password_into(password.as_bytes(), b"somesaltsome", &mut output).unwrap();
    let output = argon2::password_hash::phc::Output::new(&output).unwrap();
    format!("${kind}$v=19${params}${salt}${output}")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unsupported_hash_is_reported_with_the_errors_of_other_lines() {
    let app = TestApp::start().await;
    let costly = bcrypt::hash("x", 4).unwrap().replace("$04$", "$16$");
    let lines = domain(DOMAIN)
        + &line("a", r#""password_hash":"$6$salt$hash""#)
        + &line("b", r#""language":"korean""#)
        + &line("c", &format!("\"password_hash\":\"{costly}\""))
        + &line("d", r#""mfa":{"otp_secret":"GEZD-GNBV GY3T Q==="}"#)
        + &line("e", r#""mfa":{"otp_secret":"GEZD-GNBV GY3T QOJQ"}"#);
    let errors = import_errors(&app, &lines).await;
    for part in [
        "line 2: `password_hash`: this hash is not of a supported kind: SHA-512 crypt; supported are Argon2",
        "line 3: `language`: 'korean' is not in the IANA Language Subtag Registry",
        "line 4: `password_hash`: this bcrypt hash has cost 16; supported are Argon2",
        "line 5: `mfa.otp_secret`: this must have 80 to 1024 bits",
    ] {
        assert!(errors.contains(part), "«{part}» is not in {errors}");
    }
    assert!(!errors.contains("line 6"), "{errors}");
}

async fn tags(client: &Client) -> String {
    let response = client.query("{ me { tags } }").await;
    response.text.split_once("\"tags\":").unwrap().1.trim_end_matches('}').to_owned() + "}"
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_in_tags_are_stored_exactly_or_refused() {
    let app = TestApp::with_users(&["wonny"]).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    let document = "mutation($input: UpdateProfileInput!) { updateProfile(input: $input) { errors { code } } }";
    let by_variable = |number: &str| {
        let input = format!(r#"{{"query":"{document}","variables":{{"input":{{"tags":{{"n":{number}}}}}}}}}"#);
        post(&client, input)
    };
    let by_literal = |number: &str| {
        let query =
            format!("mutation {{ updateProfile(input: {{ tags: {{ n: {number} }} }}) {{ errors {{ code }} }} }}");
        post(&client, json!({ "query": query }).to_string())
    };
    for exact in ["18446744073709551615", "-9223372036854775808", "0.30000000000000004", "1e22", "1.5"] {
        for body in [by_variable(exact).await, by_literal(exact).await] {
            assert_eq!(body["data"]["updateProfile"]["errors"], json!([]), "{exact}: {body}");
            let kept: Value = serde_json::from_str(&tags(&client).await).unwrap();
            assert_eq!(kept["n"], serde_json::from_str::<Value>(exact).unwrap(), "{exact}");
        }
    }
    let before = tags(&client).await;
    for inexact in ["12345678901234567890123", "-9223372036854775809", "0.1234567890123456789"] {
        let body = by_variable(inexact).await;
        let message = body["errors"][0]["message"].as_str().unwrap().to_owned();
        assert!(message.contains("input.tags.n") && message.contains("more digits than the server can keep"), "{body}");
        let body = by_literal(inexact).await;
        let error = &body["errors"][0];
        let message = error["message"].as_str().unwrap();
        assert!(message.contains("input.tags.n") && message.contains("more digits than the server can keep"), "{body}");
        assert_eq!(error["locations"], json!([{ "line": 1, "column": 46 }]), "{body}");
        let lines = line("wonny", &format!("\"tags\":{{\"a\":[1,{{\"n\":{inexact}}}]}}"));
        assert!(
            import_errors(&app, &lines).await.contains("line 1: `tags.a[1].n`: this number has more digits"),
            "{inexact}"
        );
    }
    assert_eq!(tags(&client).await, before);
    app.import(&line("wonny", r#""tags":{"n":0.30000000000000004,"m":18446744073709551615}"#)).await;
    assert_eq!(tags(&client).await, r#"{"m":18446744073709551615,"n":0.30000000000000004}"#);
}

async fn post(client: &Client, body: String) -> Value {
    let request = client.request(axum::http::Method::POST, "/graphql").header("content-type", "application/json");
    client.send(request.body(axum::body::Body::from(body)).unwrap()).await.body
}

#[tokio::test(flavor = "multi_thread")]
async fn a_language_must_be_a_tag_with_registered_subtags() {
    let database = database::create().await;
    let app = TestApp::on(&database).await;
    app.import_users(&[User::new("wonny")]).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    for (given, stored) in [("pt_br", "pt-BR"), ("ZH-hans", "zh-Hans"), ("ko", "ko")] {
        let done = client.mutate_ok("updateProfile", json!({ "language": given }), "user { language }").await;
        assert_eq!(done["user"]["language"], stored);
    }
    for wrong in ["Korean", "korean", "en-AB", "xyz", "ko KR"] {
        let errors = client.errors("updateProfile", json!({ "language": wrong })).await;
        assert_eq!(errors, [("INVALID".to_owned(), Some("language".to_owned()))], "{wrong}");
    }
    app.import(&line("wonny", r#""language":"pt_BR""#)).await;
    assert_eq!(client.me("language").await, json!({ "language": "pt-BR" }));
    // Values from before this rule can still be read.
    database.execute("UPDATE users SET language = 'korean'").await;
    assert_eq!(client.me("language").await, json!({ "language": "korean" }));
    client.mutate_ok("updateProfile", json!({ "name": "Other" }), "user { language }").await;
}
