//! Passkeys: adding them, and signing in, stepping up, and completing MFA with them.

mod sequences;

use axum::body::Body;
use axum::http::Method;
use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::{Value, json};
use userprofile::domain::ids::DomainId;
use userprofile::domain::login::LoginId;

use crate::sign_in::assert_same_time;
use crate::support::authenticator::Authenticator;
use crate::support::database;
use crate::support::{Client, DOMAIN, PASSWORD, TestApp, Tokens, User, domain};

const MAIL: &str = "wonny@example.com";
const TOKENS: &str = "session { accessToken refreshToken }";
const PASSKEY: &str = "passkey { id name createdAt lastUsedAt isBackedUp transports }";
const CHALLENGE: &str = "challenge { token options expiresAt }";

async fn app() -> (TestApp, Client) {
    let app = TestApp::with_user(User::new("wonny").verified_email(MAIL)).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    (app, client)
}

/// Adds a passkey with `authenticator`, and returns it.
pub async fn add(client: &Client, authenticator: &mut Authenticator) -> Value {
    let options = client.mutate_ok("addPasskey", Value::Null, "options expiresAt").await["options"].clone();
    let credential = authenticator.create(&options);
    client.mutate_ok("confirmPasskey", json!({ "credential": credential }), PASSKEY).await["passkey"].clone()
}

/// A server whose user has a passkey.
async fn app_with_passkey() -> (TestApp, Client, Authenticator) {
    let (app, client) = app().await;
    let mut authenticator = Authenticator::new();
    add(&client, &mut authenticator).await;
    (app, client, authenticator)
}

async fn begin(client: &Client, input: Value) -> Value {
    client.mutate_ok("startPasskeySignIn", input, CHALLENGE).await["challenge"].clone()
}

fn response(challenge: &Value, credential: &Value) -> Value {
    json!({ "challengeToken": challenge["token"], "credential": credential })
}

fn of_wonny() -> Value {
    json!({ "domainId": DOMAIN, "userId": "wonny" })
}

/// Signs in with a passkey of any user. Returns the client, or the code of the error.
pub async fn sign_in(client: &Client, authenticator: &mut Authenticator) -> Result<Client, String> {
    let challenge = begin(client, json!({})).await;
    let input = response(&challenge, &authenticator.get(&challenge["options"]));
    let done = client.mutate("confirmPasskeySignIn", input, TOKENS).await;
    match done["errors"][0]["code"].as_str() {
        Some(code) => Err(code.to_owned()),
        None => Ok(client.with_tokens(Tokens::from(&done["session"]))),
    }
}

async fn events(client: &Client) -> Vec<String> {
    let events = client.me("securityEvents { nodes { type } }").await["securityEvents"]["nodes"].clone();
    events.as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passkey_is_added_and_signs_in_with_and_without_a_user_id() {
    let (app, client) = app().await;
    app.clock.advance(TimeDelta::minutes(1));
    let begun = client.mutate_ok("addPasskey", Value::Null, "options expiresAt").await;
    assert_eq!(begun["expiresAt"], "2026-11-23T09:06:00Z");
    let options = &begun["options"];
    assert_eq!(options["rp"], json!({ "id": "id.example", "name": "UserProfile" }));
    assert_eq!((&options["user"]["name"], &options["user"]["displayName"]), (&json!("wonny"), &json!("WONNY")));
    assert_eq!(options["authenticatorSelection"]["residentKey"], "required");
    assert_eq!(options["authenticatorSelection"]["userVerification"], "required");
    assert_eq!((&options["attestation"], &options["excludeCredentials"]), (&json!("none"), &json!([])));

    let mut authenticator = Authenticator { backup_eligible: true, backed_up: true, ..Authenticator::new() };
    let input = json!({ "credential": authenticator.create(options), "name": " Phone " });
    let device = client.with_user_agent("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Safari/605.1.15");
    let fields = format!("user {{ passkeys {{ id name isBackedUp lastUsedAt }} }} {PASSKEY}");
    let added = device.mutate_ok("confirmPasskey", input, &fields).await;
    let passkey = &added["passkey"];
    assert_eq!(
        (&passkey["name"], &passkey["isBackedUp"], &passkey["lastUsedAt"], &passkey["transports"]),
        (&json!("Phone"), &json!(true), &Value::Null, &json!(["internal", "hybrid"]))
    );
    assert_eq!(added["user"]["passkeys"][0]["id"], passkey["id"]);
    let notice = app.last_message(MAIL).await;
    assert_eq!(notice.subject, "A passkey was added");
    assert!(notice.text.contains(&format!("Passkey: {}", passkey["name"].as_str().unwrap())), "{}", notice.text);

    app.clock.advance(TimeDelta::minutes(1));
    for input in [json!({}), json!({ "domainId": DOMAIN }), of_wonny(), json!({ "userId": "WONNY" })] {
        let challenge = begin(&app.client(), input.clone()).await;
        assert_eq!(challenge["options"]["allowCredentials"], json!([]));
        assert_eq!(challenge["options"]["userVerification"], "required");
        let input = response(&challenge, &authenticator.get(&challenge["options"]));
        let done = app.client().mutate_ok("confirmPasskeySignIn", input.clone(), TOKENS).await;
        let signed_in = app.client().with_tokens(Tokens::from(&done["session"]));
        assert_eq!(signed_in.me("passkeys { lastUsedAt }").await["passkeys"][0]["lastUsedAt"], "2026-11-23T09:02:00Z");
        // Replayed.
        assert_eq!(app.client().error_code("confirmPasskeySignIn", input).await, "INVALID_TOKEN");
    }
    assert_eq!(events(&client).await[4..], ["PASSKEY_ADDED", "SIGNED_IN"]);
}

/// Every fault of a response to a challenge that WebAuthn (section 7.2) has a server check.
#[tokio::test(flavor = "multi_thread")]
async fn a_response_with_a_fault_is_refused() {
    let (app, _, authenticator) = app_with_passkey().await;
    let good = || authenticator.clone();
    let with = |change: fn(&mut Authenticator)| {
        let mut changed = good();
        change(&mut changed);
        changed
    };
    let faulty = [
        ("another origin", with(|one| one.origin = "https://id.example.org".to_owned())),
        ("a subdomain", with(|one| one.origin = "https://a.id.example".to_owned())),
        ("another port", with(|one| one.origin = "https://id.example:8443".to_owned())),
        ("no TLS", with(|one| one.origin = "http://id.example".to_owned())),
        ("another relying party", with(|one| one.rp_id = "example".to_owned())),
        ("an embedded page", with(|one| one.cross_origin = true)),
        ("no user verification", with(|one| one.user_verified = false)),
        ("no user presence", with(|one| one.user_present = false)),
        ("changed backup eligibility", with(|one| one.backup_eligible = true)),
        ("backed up without eligibility", with(|one| one.backed_up = true)),
        ("another key", good().with_other_key()),
        ("an unknown credential", good().with_other_id()),
        ("another user", good().with_user_handle(Some(vec![0; 16]))),
        ("no user", good().with_user_handle(None)),
    ];
    for (fault, mut authenticator) in faulty {
        let result = sign_in(&app.client(), &mut authenticator).await;
        assert_eq!(result.err().as_deref(), Some("INVALID_PASSKEY"), "{fault}");
        app.clock.advance(TimeDelta::hours(2));
    }
    let challenge = begin(&app.client(), json!({})).await;
    let other = begin(&app.client(), json!({})).await;
    let mut changed = good().get(&challenge["options"]);
    changed["response"]["signature"] = json!("MEUCIQDx");
    for (fault, credential) in [
        ("the response to another challenge", good().get(&other["options"])),
        ("the response of a registration", good().sign("webauthn.create", &challenge["options"])),
        ("a malformed signature", changed),
    ] {
        let code = app.client().error_code("confirmPasskeySignIn", response(&challenge, &credential)).await;
        assert_eq!(code, "INVALID_PASSKEY", "{fault}");
    }
    // Nothing of this hinders the right response.
    let right = response(&challenge, &good().get(&challenge["options"]));
    app.client().mutate_ok("confirmPasskeySignIn", right, TOKENS).await;
}

/// The same for new passkeys (section 7.1).
#[tokio::test(flavor = "multi_thread")]
async fn a_new_passkey_with_a_fault_is_refused() {
    let (app, client) = app().await;
    let changes: [(_, fn(&mut Authenticator)); 9] = [
        ("another origin", |one| one.origin = "https://id.example.org".to_owned()),
        ("another relying party", |one| one.rp_id = "example".to_owned()),
        ("an embedded page", |one| one.cross_origin = true),
        ("no user verification", |one| one.user_verified = false),
        ("no user presence", |one| one.user_present = false),
        ("backed up without eligibility", |one| one.backed_up = true),
        ("another credential", |_| {}),
        ("not discoverable", |_| {}),
        ("the response of an authentication", |_| {}),
    ];
    for (fault, change) in changes {
        let options = client.mutate_ok("addPasskey", Value::Null, "options").await["options"].clone();
        let mut authenticator = Authenticator::new();
        change(&mut authenticator);
        let mut credential = authenticator.create(&options);
        match fault {
            "another credential" => {
                credential["id"] = json!("AQIDBA");
                credential["rawId"] = json!("AQIDBA");
            }
            "not discoverable" => credential["clientExtensionResults"] = json!({ "credProps": { "rk": false } }),
            "the response of an authentication" => credential = authenticator.sign("webauthn.get", &options),
            _ => {}
        }
        let errors = client.errors("confirmPasskey", json!({ "credential": credential })).await;
        assert_eq!(errors, [("INVALID_PASSKEY".to_owned(), Some("credential".to_owned()))], "{fault}");
    }
    let first = client.mutate_ok("addPasskey", Value::Null, "options").await["options"].clone();
    let second = client.mutate_ok("addPasskey", Value::Null, "options").await["options"].clone();
    let credential = |options: &Value| json!({ "credential": Authenticator::new().create(options) });
    assert_eq!(client.error_code("confirmPasskey", credential(&first)).await, "INVALID_PASSKEY");
    let other_session = app.signed_in(DOMAIN, "wonny").await;
    assert_eq!(other_session.error_code("confirmPasskey", credential(&second)).await, "NOTHING_PENDING");
    app.clock.advance(TimeDelta::minutes(5));
    assert_eq!(client.error_code("confirmPasskey", credential(&second)).await, "EXPIRED_CODE");
    assert_eq!(client.me("passkeys { id }").await["passkeys"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_response_is_not_counted() {
    let (app, client, mut authenticator) = app_with_passkey().await;
    let challenge = begin(&app.client(), json!({})).await;
    let right = authenticator.get(&challenge["options"]);
    let mut without_type = right.clone();
    without_type["type"] = json!("password");
    for (credential, code) in [(json!({}), "REQUIRED"), (json!({ "id": "AA" }), "INVALID"), (without_type, "INVALID")] {
        for _ in 0..3 {
            let input = response(&challenge, &credential);
            assert_eq!(app.client().error_code("confirmPasskeySignIn", input).await, code, "{credential}");
        }
    }
    app.client().mutate_ok("confirmPasskeySignIn", response(&challenge, &right), TOKENS).await;
    for token in ["", "upc_x"] {
        let input = json!({ "challengeToken": token, "credential": right });
        let code = app.client().error_code("confirmPasskeySignIn", input).await;
        assert_eq!(code, if token.is_empty() { "REQUIRED" } else { "INVALID_TOKEN" });
    }
    assert_eq!(client.error_code("confirmPasskey", json!({ "credential": {} })).await, "REQUIRED");
    assert_eq!(client.error_code("confirmPasskey", json!({ "credential": right, "name": " " })).await, "REQUIRED");
    assert_eq!(client.error_code("confirmPasskey", json!({ "credential": right })).await, "NOTHING_PENDING");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copied_passkey_is_refused_recorded_and_notified() {
    let (app, client) = app().await;
    let mut authenticator = Authenticator { counter: 5, ..Authenticator::new() };
    add(&client, &mut authenticator).await;
    let mut copy = authenticator.clone();
    assert!(sign_in(&app.client(), &mut authenticator).await.is_ok());
    assert!(sign_in(&app.client(), &mut authenticator).await.is_ok());
    app.clock.advance(TimeDelta::minutes(1));
    for _ in 0..2 {
        assert_eq!(sign_in(&app.client(), &mut copy).await.err().as_deref(), Some("INVALID_PASSKEY"));
    }
    // A counter must not vanish, either.
    copy.counter = 0;
    assert_eq!(sign_in(&app.client(), &mut copy).await.err().as_deref(), Some("INVALID_PASSKEY"));
    let notification = app.last_message(MAIL).await;
    assert_eq!(notification.subject, "A passkey was refused to keep you safe");
    assert_eq!(events(&client).await[..3], ["PASSKEY_REFUSED"; 3]);
    let actor = client.me("securityEvents(first: 1) { nodes { actor } }").await;
    assert_eq!(actor["securityEvents"]["nodes"][0]["actor"], "SYSTEM");
    assert!(sign_in(&app.client(), &mut authenticator).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_state_of_the_backup_is_updated() {
    let (app, client) = app().await;
    let mut authenticator = Authenticator { backup_eligible: true, ..Authenticator::new() };
    assert_eq!(add(&client, &mut authenticator).await["isBackedUp"], false);
    for backed_up in [true, false] {
        authenticator.backed_up = backed_up;
        sign_in(&app.client(), &mut authenticator).await.unwrap();
        assert_eq!(client.me("passkeys { isBackedUp }").await["passkeys"][0]["isBackedUp"], backed_up);
    }
    authenticator.backup_eligible = false;
    assert_eq!(sign_in(&app.client(), &mut authenticator).await.err().as_deref(), Some("INVALID_PASSKEY"));
}

#[tokio::test(flavor = "multi_thread")]
async fn attempts_are_limited_for_each_challenge_and_for_each_user_and_day() {
    let (app, _, mut authenticator) = app_with_passkey().await;
    let client = app.client();
    let mut wrong = authenticator.with_other_key();
    for _ in 0..4 {
        let challenge = begin(&client, json!({})).await;
        for left in (0..5).rev() {
            let input = response(&challenge, &wrong.get(&challenge["options"]));
            let payload = client.mutate("confirmPasskeySignIn", input, "__typename").await;
            assert_eq!(payload["errors"][0]["code"], "INVALID_PASSKEY");
            assert_eq!(payload["errors"][0]["attemptsLeft"], left);
        }
        let input = response(&challenge, &authenticator.get(&challenge["options"]));
        let payload = client.mutate("confirmPasskeySignIn", input, "__typename").await;
        assert_eq!(payload["errors"][0]["code"], "TOO_MANY_TRIES");
    }
    // The limit of the user applies to any challenge, and only to the passkeys of this user.
    let challenge = begin(&client, json!({})).await;
    let input = response(&challenge, &authenticator.get(&challenge["options"]));
    let refused = client.mutate("confirmPasskeySignIn", input, "__typename").await;
    assert_eq!(refused["errors"][0]["code"], "TOO_MANY_TRIES");
    assert!(refused["errors"][0]["retryAfter"].is_number());
    let unknown = client.error_code(
        "confirmPasskeySignIn",
        response(&challenge, &authenticator.with_other_id().get(&challenge["options"])),
    );
    assert_eq!(unknown.await, "INVALID_PASSKEY");
    let locked = events(&app.signed_in(DOMAIN, "wonny").await).await;
    assert_eq!(locked.iter().filter(|event| *event == "SIGN_IN_LOCKED").count(), 1);
    assert_eq!(locked.iter().filter(|event| *event == "SIGN_IN_FAILED").count(), 20);
    app.clock.advance(TimeDelta::days(1));
    assert!(sign_in(&client, &mut authenticator).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_concurrent_responses_to_one_challenge_one_succeeds() {
    let (app, _, mut authenticator) = app_with_passkey().await;
    let challenge = begin(&app.client(), json!({})).await;
    let input = response(&challenge, &authenticator.get(&challenge["options"]));
    let confirm = || async {
        let client = app.client();
        client.mutate("confirmPasskeySignIn", input.clone(), TOKENS).await
    };
    let outcomes = join_all((0..5).map(|_| confirm())).await;
    let succeeded = outcomes.iter().filter(|payload| payload["session"].is_object()).count();
    assert_eq!(succeeded, 1, "{outcomes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_challenge_is_for_the_user_that_it_names() {
    let (app, _, mut authenticator) = app_with_passkey().await;
    app.import(&(domain("domain-b") + &User::new("wonny").in_domain("domain-b").line() + &User::new("mei").line()))
        .await;
    let client = app.client();
    for other in [
        json!({ "domainId": DOMAIN, "userId": "mei" }),
        json!({ "domainId": "domain-b", "userId": "wonny" }),
        json!({ "domainId": DOMAIN, "userId": "unknown" }),
        json!({ "domainId": "domain-b" }),
    ] {
        let challenge = begin(&client, other.clone()).await;
        assert_eq!(challenge["options"]["allowCredentials"], json!([]), "{other}");
        let input = response(&challenge, &authenticator.get(&challenge["options"]));
        assert_eq!(client.error_code("confirmPasskeySignIn", input).await, "INVALID_PASSKEY", "{other}");
    }
    assert_eq!(client.error_code("startPasskeySignIn", json!({ "userId": "wonny" })).await, "REQUIRED");
    // Without a user, the passkey names the domain, too.
    let signed_in = sign_in(&client, &mut authenticator).await.unwrap();
    assert_eq!(signed_in.me("domainId").await["domainId"], DOMAIN);
    // In the session of another user, too, the response must name the user.
    let mei = app.signed_in(DOMAIN, "mei").await;
    let challenge = begin(&mei, json!({})).await;
    let options = &challenge["options"];
    let nameless = response(&challenge, &authenticator.with_user_handle(None).get(options));
    assert_eq!(mei.error_code("confirmPasskeySignIn", nameless).await, "INVALID_PASSKEY");
    let of_wonny = response(&challenge, &authenticator.get(options));
    assert_eq!(mei.error_code("reauthenticate", of_wonny.clone()).await, "INVALID_PASSKEY");
    mei.mutate_ok("confirmPasskeySignIn", of_wonny, TOKENS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passkey_renews_the_authentication_of_its_session_only() {
    let (app, client, mut authenticator) = app_with_passkey().await;
    let other = app.signed_in(DOMAIN, "wonny").await;
    app.clock.advance(TimeDelta::minutes(11));
    assert_eq!(client.error_code("addPasskey", Value::Null).await, "REAUTHENTICATION_REQUIRED");

    let challenge = begin(&client, of_wonny()).await;
    assert_eq!(challenge["options"]["allowCredentials"][0]["id"], authenticator.id());
    let input = response(&challenge, &authenticator.get(&challenge["options"]));
    for wrong in [&other, &app.client()] {
        let name = if wrong.tokens.is_some() { "reauthenticate" } else { "confirmPasskeySignIn" };
        assert_eq!(wrong.error_code(name, input.clone()).await, "INVALID_TOKEN");
    }
    let both = json!({ "challengeToken": challenge["token"], "credential": input["credential"], "password": PASSWORD });
    assert_eq!(client.error_code("reauthenticate", both).await, "INVALID");
    for missing in
        [json!({ "challengeToken": challenge["token"] }), json!({ "credential": input["credential"] }), json!({})]
    {
        assert_eq!(client.error_code("reauthenticate", missing).await, "REQUIRED");
    }
    let anonymous = begin(&app.client(), of_wonny()).await;
    let of_anonymous = response(&anonymous, &authenticator.get(&anonymous["options"]));
    assert_eq!(client.error_code("reauthenticate", of_anonymous).await, "INVALID_TOKEN");
    let wrong = response(&challenge, &authenticator.with_other_key().get(&challenge["options"]));
    assert_eq!(client.error_code("reauthenticate", wrong).await, "INVALID_PASSKEY");
    app.clock.advance(TimeDelta::seconds(1));

    let done = client.mutate_ok("reauthenticate", input.clone(), "user { userId } mfaChallenge { token }").await;
    assert_eq!((&done["user"]["userId"], &done["mfaChallenge"]), (&json!("wonny"), &Value::Null));
    client.mutate_ok("addPasskey", Value::Null, "options").await;
    assert_eq!(other.error_code("addPasskey", Value::Null).await, "REAUTHENTICATION_REQUIRED");
    assert_eq!(client.error_code("reauthenticate", input).await, "INVALID_TOKEN");
    assert_eq!(events(&client).await[..2], ["REAUTHENTICATED", "REAUTHENTICATION_FAILED"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passkey_replaces_the_factor_or_password_and_factor() {
    let app = TestApp::with_user(User::new("wonny").verified_email(MAIL)).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    let mut authenticator = Authenticator::new();
    add(&client, &mut authenticator).await;
    app.import(&User::new("wonny").without_password().verified_email(MAIL).email_mfa(MAIL).line()).await;

    let query = "mutation($input: SignInInput!) { signIn(input: $input) { session { expiresAt }
        mfaChallenge { token passkeyOptions } errors { code } } }";
    let credentials = json!({ "input": { "domainId": DOMAIN, "userId": "wonny", "password": PASSWORD } });
    let challenge = app.client().execute(query, credentials).await.data()["signIn"]["mfaChallenge"].clone();
    let options = &challenge["passkeyOptions"];
    assert_eq!(options["allowCredentials"][0]["id"], authenticator.id());
    assert_eq!(options["allowCredentials"][0]["transports"], json!(["internal", "hybrid"]));
    let input = response(&challenge, &authenticator.with_other_key().get(options));
    assert_eq!(app.client().error_code("confirmSignIn", input).await, "INVALID_PASSKEY");
    // The token of one kind of challenge is unknown to the other.
    let input = response(&challenge, &authenticator.get(options));
    assert_eq!(app.client().error_code("confirmPasskeySignIn", input.clone()).await, "INVALID_TOKEN");
    let both =
        json!({ "challengeToken": challenge["token"], "credential": input["credential"], "verifyCode": "123456" });
    assert_eq!(app.client().error_code("confirmSignIn", both).await, "INVALID");
    let neither = json!({ "challengeToken": challenge["token"] });
    assert_eq!(app.client().error_code("confirmSignIn", neither).await, "REQUIRED");
    // One that was added after the challenge was created is none of those that it allows.
    let mut later = Authenticator::new();
    add(&client, &mut later).await;
    let input = response(&challenge, &later.get(options));
    assert_eq!(app.client().error_code("confirmSignIn", input).await, "INVALID_PASSKEY");
    // Authenticators need not name the user here.
    let input = response(&challenge, &authenticator.with_user_handle(None).get(options));
    app.client().mutate_ok("confirmSignIn", input.clone(), TOKENS).await;
    assert_eq!(app.client().error_code("confirmSignIn", input).await, "INVALID_TOKEN");

    let signed_in = sign_in(&app.client(), &mut authenticator).await.unwrap();
    assert_eq!(signed_in.me("mfa { state }").await["mfa"]["state"], "ENABLED");
}

#[tokio::test(flavor = "multi_thread")]
async fn passkeys_are_renamed_and_removed_but_never_the_last_way_to_sign_in() {
    let database = database::create().await;
    let app = TestApp::on(&database).await;
    app.import_users(&[User::new("wonny").verified_email(MAIL)]).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    let (mut first, mut second) = (Authenticator::new(), Authenticator::new());
    let ids = [add(&client, &mut first).await["id"].clone(), add(&client, &mut second).await["id"].clone()];
    let renamed = client.mutate_ok("renamePasskey", json!({ "id": ids[0], "name": "Key ring" }), PASSKEY).await;
    assert_eq!(renamed["passkey"]["name"], "Key ring");
    for (name, code) in [("", "REQUIRED"), ("a\nb", "INVALID"), (&"x".repeat(129), "TOO_LONG")] {
        assert_eq!(client.error_code("renamePasskey", json!({ "id": ids[0], "name": name })).await, code);
    }
    app.import(&User::new("mei").line()).await;
    let mei = app.signed_in(DOMAIN, "mei").await;
    for id in [&ids[0], &json!("passkey-1"), &json!("unknown")] {
        assert_eq!(mei.error_code("renamePasskey", json!({ "id": id, "name": "Mine" })).await, "NOT_FOUND");
        assert_eq!(mei.error_code("removePasskey", json!({ "id": id })).await, "NOT_FOUND");
    }

    app.clock.advance(TimeDelta::seconds(1));
    let remove = |id: &Value| client.mutate("removePasskey", json!({ "id": id }), "user { passkeys { id } }");
    let removed = remove(&ids[0]).await;
    assert_eq!(removed["user"]["passkeys"], json!([{ "id": ids[1] }]));
    assert_eq!(app.last_message(MAIL).await.subject, "A passkey was removed");
    assert_eq!(sign_in(&app.client(), &mut first).await.err().as_deref(), Some("INVALID_PASSKEY"));
    database.execute("UPDATE users SET password_hash = NULL").await;
    let client = sign_in(&app.client(), &mut second).await.unwrap();
    assert_eq!(client.error_code("removePasskey", json!({ "id": ids[1] })).await, "LAST_SIGN_IN_METHOD");
    add(&client, &mut first).await;
    client.mutate_ok("removePasskey", json!({ "id": ids[1] }), "user { id }").await;
    assert!(sign_in(&app.client(), &mut first).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_has_at_most_ten_passkeys_and_each_is_added_once() {
    let (app, client, authenticator) = app_with_passkey().await;
    let options = client.mutate_ok("addPasskey", Value::Null, "options").await["options"].clone();
    assert_eq!(options["excludeCredentials"][0]["id"], authenticator.id());
    let again = authenticator.clone().create(&options);
    assert_eq!(client.error_code("confirmPasskey", json!({ "credential": again })).await, "DUPLICATE_PASSKEY");
    app.import(&User::new("mei").line()).await;
    let mei = app.signed_in(DOMAIN, "mei").await;
    let of_mei = mei.mutate_ok("addPasskey", Value::Null, "options").await["options"].clone();
    assert_ne!(of_mei["user"]["id"], options["user"]["id"]);
    let stolen = authenticator.clone().create(&of_mei);
    assert_eq!(mei.error_code("confirmPasskey", json!({ "credential": stolen })).await, "DUPLICATE_PASSKEY");
    for _ in 1..10 {
        add(&client, &mut Authenticator::new()).await;
    }
    assert_eq!(client.error_code("addPasskey", Value::Null).await, "TOO_MANY_PASSKEYS");
}

#[tokio::test(flavor = "multi_thread")]
async fn users_who_may_not_sign_in_cannot_do_so_with_a_passkey() {
    let (app, _, authenticator) = app_with_passkey().await;
    let wonny = || User::new("wonny").without_password().verified_email(MAIL);
    for line in [
        wonny().state("DISABLED").line(),
        wonny().external().line(),
        crate::support::Domain::new(DOMAIN).disabled().line() + &wonny().line(),
    ] {
        app.import(&line).await;
        let result = sign_in(&app.client(), &mut authenticator.clone()).await;
        assert_eq!(result.err().as_deref(), Some("INVALID_PASSKEY"), "{line}");
    }
    app.import(&(domain(DOMAIN) + &wonny().required_action("UPDATE_PASSWORD").line())).await;
    let client = sign_in(&app.client(), &mut authenticator.clone()).await.unwrap();
    assert_eq!(client.try_mutate("addPasskey", Value::Null, "options").await.error_code(), "FORBIDDEN");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_reset_removes_no_passkey_and_deleting_a_user_removes_all() {
    let (app, client, mut authenticator) = app_with_passkey().await;
    let pending = client.mutate_ok("addPasskey", Value::Null, "options").await["options"].clone();
    let (domain_id, login) = (DomainId::parse(DOMAIN).unwrap(), LoginId::parse("wonny").unwrap());
    let (link, _) = app.services.issue_reset_link(&domain_id, &login).await.unwrap();
    let token = link.split_once("token=").unwrap().1;
    let input = json!({ "token": token, "newPassword": "quite another 4" });
    app.client().mutate_ok("confirmPasswordReset", input, "ok").await;
    let client = sign_in(&app.client(), &mut authenticator).await.unwrap();
    // What was begun before the reset is void.
    let credential = json!({ "credential": Authenticator::new().create(&pending) });
    assert_eq!(client.error_code("confirmPasskey", credential).await, "NOTHING_PENDING");

    // Under another id, the user keeps them.
    app.import(&User::new("wonny").without_password().with("id", "user-renamed").line()).await;
    let client = sign_in(&app.client(), &mut authenticator).await.unwrap();
    assert_eq!(client.me("passkeys { name }").await["passkeys"], json!([{ "name": "Passkey" }]));

    app.services.delete_user(&domain_id, &login).await.unwrap();
    app.import(&User::new("wonny").with("id", "user-renamed").line()).await;
    assert_eq!(sign_in(&app.client(), &mut authenticator).await.err().as_deref(), Some("INVALID_PASSKEY"));
    let client = app.signed_in(DOMAIN, "wonny").await;
    assert_eq!(client.me("passkeys { id }").await["passkeys"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn challenges_expire_and_are_limited_for_each_network() {
    let (app, _, mut authenticator) = app_with_passkey().await;
    let challenge = begin(&app.client(), json!({})).await;
    assert_eq!(challenge["expiresAt"], "2026-11-23T09:05:00Z");
    let input = response(&challenge, &authenticator.get(&challenge["options"]));
    app.clock.advance(TimeDelta::minutes(5));
    assert_eq!(app.client().error_code("confirmPasskeySignIn", input).await, "EXPIRED_CODE");
    for _ in 0..999 {
        app.client().mutate_ok("startPasskeySignIn", json!({}), "__typename").await;
    }
    assert_eq!(app.client().error_code("startPasskeySignIn", json!({})).await, "RATE_LIMITED");
    begin(&app.client().at("198.51.100.7"), json!({})).await;
    app.clock.advance(TimeDelta::hours(1));
    begin(&app.client(), json!({})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_response_nor_timing_reveals_whether_a_user_exists_or_has_passkeys() {
    let (app, _, _) = app_with_passkey().await;
    app.import(&User::new("mei").line()).await;
    let begin = async |user: &str, round: usize| {
        let client = app.client().at(&format!("10.1.{}.{}", round / 200, round % 200));
        let challenge = begin(&client, json!({ "domainId": DOMAIN, "userId": user })).await;
        let token = challenge["token"].as_str().unwrap().len();
        let mut options = challenge["options"].clone();
        let challenge_bytes = options["challenge"].take().as_str().unwrap().len();
        (token, challenge_bytes, options, challenge["expiresAt"].clone())
    };
    let expected = begin("unknown", 1000).await;
    for user in ["wonny", "mei"] {
        assert_eq!(begin(user, 1001).await, expected);
        let known = async |round| drop(begin(user, round).await);
        let unknown = async |round| drop(begin("unknown", round).await);
        Box::pin(assert_same_time("startPasskeySignIn", known, unknown)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_origins_are_public() {
    let app = TestApp::start().await;
    let client = app.client();
    let request = client.request(Method::GET, "/.well-known/webauthn").body(Body::empty()).unwrap();
    let response = client.send(request).await;
    assert_eq!(response.headers["content-type"], "application/json");
    assert_eq!(response.body, json!({ "origins": ["https://id.example"] }));
}

/// A removed passkey completes nothing, and a sign-in that was first is complete.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_passkey_that_is_removed_at_the_same_time_signs_in_before_or_not_at_all() {
    let (app, client) = app().await;
    for _ in 0..5 {
        let mut authenticator = Authenticator::new();
        let passkey = add(&client, &mut authenticator).await;
        let anonymous = app.client();
        let remove = client.mutate("removePasskey", json!({ "id": passkey["id"] }), "user { id }");
        let (signed_in, removed) = tokio::join!(sign_in(&anonymous, &mut authenticator), remove);
        assert_eq!(removed["errors"], json!([]));
        match signed_in {
            Ok(session) => assert!(session.is_authenticated().await),
            Err(code) => assert_eq!(code, "INVALID_PASSKEY"),
        }
        assert_eq!(sign_in(&anonymous, &mut authenticator).await.err().as_deref(), Some("INVALID_PASSKEY"));
    }
}
