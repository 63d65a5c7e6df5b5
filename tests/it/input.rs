//! Input coercion: how values become input types, what input errors say, how codes may be typed and pasted, and long
//! valid values.

use std::collections::BTreeSet;

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{TypeKind, TypeSystemDefinition};
use axum::body::Body;
use axum::http::{Method, header};
use base64::Engine;
use serde_json::{Value, json};

use crate::me::sample_domain;
use crate::mfa::Authenticator;
use crate::support::{Client, DOMAIN, Domain, PASSWORD, TestApp, User};

const ENABLE: &str = "mutation($type: MfaType!) { enableMfa(input: { mfaType: $type }) { expiresAt errors { code } } }";

#[tokio::test(flavor = "multi_thread")]
async fn a_string_is_not_an_enum_value_and_2_0_is_an_int() {
    let app = TestApp::start().await;
    app.import(&sample_domain(12, 3)).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    let refused = client.query("mutation { enableMfa(input: { mfaType: \"OTP\" }) { errors { code } } }").await;
    assert_eq!(refused.error_code(), "BAD_USER_INPUT");
    assert_eq!(
        refused.body["errors"][0]["message"],
        "Argument \"input.mfaType\" of the field \"enableMfa\": a String in quotes was given; accepted is one of EMAIL, \
         OTP (MfaType)"
    );
    assert!(client.execute(ENABLE, json!({ "type": "OTP" })).await.data()["enableMfa"]["expiresAt"].is_string());

    let list = "query($first: Int) { me { workspaces(first: $first) { nodes { id } } } }";
    let nodes =
        |response: &crate::support::Response| response.data()["me"]["workspaces"]["nodes"].as_array().unwrap().len();
    assert_eq!(nodes(&client.execute(list, json!({ "first": 2.0 })).await), 2);
    assert_eq!(nodes(&client.execute(list, json!({ "first": 2 })).await), 2);
    for wrong in [json!(2.5), json!("2"), json!(3_000_000_000_u64)] {
        assert_eq!(client.execute(list, json!({ "first": wrong })).await.error_code(), "BAD_USER_INPUT");
    }
    let literal = client.query("{ me { workspaces(first: 2.0) { nodes { id } } } }").await;
    assert_eq!(literal.error_code(), "BAD_USER_INPUT");
}

#[tokio::test(flavor = "multi_thread")]
async fn input_errors_name_the_path_the_type_and_the_accepted_values() {
    let app = TestApp::with_users(&["wonny"]).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    let update = "mutation($input: UpdateProfileInput!) { updateProfile(input: $input) { errors { code } } }";
    let enable = "mutation($input: EnableMfaInput!) { enableMfa(input: $input) { errors { code } } }";
    for (query, input, message) in [
        (
            update,
            json!({ "tags": "secret" }),
            "Variable \"$input.tags\": a String was given; accepted is a JSONObject, which is an object",
        ),
        (update, json!({ "name": 7 }), "Variable \"$input.name\": an Int was given; accepted is a String"),
        (
            update,
            json!({ "nmae": "secret" }),
            "Unknown input field \"nmae\" of type \"UpdateProfileInput\". Variable \"$input.nmae\": no such value is \
             accepted. Did you mean \"name\"?",
        ),
        (
            enable,
            json!({ "mfaType": "EMAIL", "options": { "email": ["secret"] } }),
            "Variable \"$input.options.email\": a list was given; accepted is a String",
        ),
        (
            enable,
            json!({ "mfaType": "secret" }),
            "Variable \"$input.mfaType\": another String was given; accepted is one of EMAIL, OTP (MfaType)",
        ),
        (
            enable,
            json!({}),
            "Variable \"$input.mfaType\" is required, and is missing; accepted is one of EMAIL, OTP (MfaType)",
        ),
    ] {
        let response = client.execute(query, json!({ "input": input })).await;
        assert_eq!(response.error_code(), "BAD_USER_INPUT");
        assert_eq!(response.body["errors"][0]["message"], message);
    }
    let literal = client.query("mutation { updateProfile(input: { tags: [\"secret\"] }) { errors { code } } }").await;
    assert_eq!(
        literal.body["errors"][0]["message"],
        "Argument \"input.tags\" of the field \"updateProfile\": a list was given; accepted is a JSONObject, which is an \
         object"
    );
    let partly = "mutation($tag: String) { updateProfile(input: { tags: [$tag] }) { errors { code } } }";
    let response = client.execute(partly, json!({ "tag": "secret" })).await;
    assert_eq!(response.error_code(), "BAD_USER_INPUT");
    assert_eq!(response.body["errors"][0]["message"], literal.body["errors"][0]["message"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn escape_sequences_in_documents_are_decoded() {
    let app = TestApp::with_users(&["wonny"]).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    for (text, expected) in [(r"\uD83D\uDE00", "😀"), (r"\u{1F600}", "😀"), (r"\u{22}\u{5C}", "\"\\")] {
        let query = format!("mutation {{ updateProfile(input: {{ name: \"{text}\" }}) {{ user {{ name }} }} }}");
        assert_eq!(client.query(&query).await.data()["updateProfile"]["user"]["name"], expected);
    }
    let lone = client.query(r#"mutation { updateProfile(input: { name: "\uD83D" }) { user { name } } }"#).await;
    assert_eq!(lone.error_code(), "GRAPHQL_PARSE_FAILED");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ignored_authorization_header_is_named_in_the_error() {
    let app = TestApp::with_users(&["wonny"]).await;
    let token = app.signed_in(DOMAIN, "wonny").await.tokens.unwrap();
    let ask = async |values: &[&str]| {
        let mut request =
            app.client().request(Method::POST, "/graphql").header(header::CONTENT_TYPE, "application/json");
        for value in values {
            request = request.header(header::AUTHORIZATION, *value);
        }
        app.client().send(request.body(Body::from("{\"query\":\"{me{id}}\"}")).unwrap()).await
    };
    let bearer = format!("Bearer {}", token.access);
    assert!(ask(&[&bearer]).await.data()["me"]["id"].is_string());
    let refresh = format!("Bearer {}", token.refresh);
    let (bearer, refresh, bare) = (bearer.as_str(), refresh.as_str(), token.access.as_str());
    for wrong in [&[bare][..], &["Basic dTpw"], &["Bearer"], &[refresh], &[bearer, bearer]] {
        let response = ask(wrong).await;
        assert_eq!((response.status.as_u16(), response.error_code()), (200, "UNAUTHENTICATED"));
        let message = response.body["errors"][0]["message"].as_str().unwrap();
        assert!(message.contains("`Authorization: Bearer upa_…`"), "{message}");
    }
    let unknown = format!("Bearer upa_{}", "A".repeat(43));
    for other in [&[][..], &[unknown.as_str()]] {
        let response = ask(other).await;
        assert!(!response.body["errors"][0]["message"].as_str().unwrap().contains("ignored"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_fragment_on_user_error_selects_the_errors_of_all_mutations() {
    let app = TestApp::with_users(&["wonny"]).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    let query = "mutation { confirmMfa(input: { verifyCode: \"x\" }) { errors { ...E } }
                  refreshSession { errors { ...E } } }
                 fragment E on UserError { message field attemptsLeft retryAfter }";
    let response = client.query(query).await;
    for mutation in ["confirmMfa", "refreshSession"] {
        let error = &response.data()[mutation]["errors"][0];
        assert!(error["message"].is_string() && error["field"].is_string(), "{error}");
        assert_eq!((&error["attemptsLeft"], &error["retryAfter"]), (&Value::Null, &Value::Null));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn domains_and_role_bindings_have_ids_for_client_caches() {
    let app = TestApp::start().await;
    app.import(&sample_domain(12, 3)).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    let me = client
        .me("domain { id domainId } workspaceGroups { nodes { roleBindingInfo { id roleBindingId } } }
             sessions { id } securityEvents { nodes { id } }")
        .await;
    assert_eq!(me["domain"], json!({ "id": DOMAIN, "domainId": DOMAIN }));
    let groups = me["workspaceGroups"]["nodes"].as_array().unwrap();
    let bindings: Vec<&Value> =
        groups.iter().map(|group| &group["roleBindingInfo"]).filter(|one| one.is_object()).collect();
    assert!(!bindings.is_empty());
    assert!(bindings.iter().all(|binding| binding["id"] == binding["roleBindingId"] && binding["id"].is_string()));
    assert!(me["sessions"][0]["id"].is_string() && me["securityEvents"]["nodes"][0]["id"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_are_accepted_as_people_type_and_paste_them() {
    let app = TestApp::with_user(User::new("wonny").verified_email("wonny@example.com")).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    let wide = |code: &str| code.chars().map(|digit| char::from_u32(u32::from(digit) + 0xFEE0).unwrap()).collect();
    let half = |code: &str, between: &str| format!("{}{between}{}", &code[..3], &code[3..]);

    // An emailed code in full-width digits, as an East Asian keyboard enters it.
    client.mutate_ok("verifyEmail", json!({ "email": "new@example.com" }), "sentTo").await;
    let code: String = wide(&app.code("new@example.com").await);
    client.mutate_ok("confirmEmail", json!({ "verifyCode": code }), "user { email }").await;
    // A code of an authenticator app as it is pasted: with a thin space, between directional isolates.
    let begun = client.mutate_ok("enableMfa", json!({ "mfaType": "OTP" }), "otp { secret }").await;
    let authenticator = Authenticator::new(begun["otp"]["secret"].as_str().unwrap());
    let code = format!("\u{2066}{}\u{2069}\u{200B}", half(&authenticator.code(&app), "\u{2009}"));
    let done = client.mutate_ok("confirmMfa", json!({ "verifyCode": code }), "recoveryCodes").await;
    // Recovery codes with the dashes and digits that word processors and keyboards substitute.
    let recovery = |index: usize| done["recoveryCodes"][index].as_str().unwrap().to_owned();
    for code in [
        recovery(0).replace('-', "–"),
        recovery(1).replace('-', "\u{2011}\u{200B}"),
        wide(&recovery(2).replace('-', "")),
    ] {
        let challenge = app.client().try_sign_in(DOMAIN, "wonny", PASSWORD).await;
        let token = challenge.data()["signIn"]["mfaChallenge"]["token"].clone();
        let input = json!({ "challengeToken": token, "verifyCode": code });
        app.client().mutate_ok("confirmSignIn", input, "session { accessToken }").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn long_names_fit_into_a_qr_code() {
    for (domain, user_id) in [
        ("회".repeat(123), "wonny".to_owned()),
        ("회".repeat(256), "wonny".to_owned()),
        ("acme".to_owned(), format!("a@{}", "회".repeat(254))),
        ("🏢".repeat(256), format!("a@{}", "🏢".repeat(254))),
    ] {
        let app = TestApp::start().await;
        app.import(&(Domain::new(DOMAIN).name(&domain).line() + &User::new(&user_id).line())).await;
        let client: Client = app.signed_in(DOMAIN, &user_id).await;
        let otp = client.mutate_ok("enableMfa", json!({ "mfaType": "OTP" }), "otp { uri qrCode }").await["otp"].clone();
        let uri = url::Url::parse(otp["uri"].as_str().unwrap()).unwrap();
        let issuer = uri.query_pairs().find(|(name, _)| name == "issuer").unwrap().1.into_owned();
        let shown = issuer.trim_end_matches('…');
        assert!(domain.starts_with(shown) && !shown.is_empty(), "{issuer}");
        assert_eq!(issuer == domain, domain.chars().count() < 256, "{issuer}");
        let svg = otp["qrCode"].as_str().unwrap().strip_prefix("data:image/svg+xml;base64,").unwrap();
        let svg = base64::engine::general_purpose::STANDARD.decode(svg).unwrap();
        assert!(String::from_utf8(svg).unwrap().starts_with("<?xml"));
    }
}

/// A mutation's enum of error codes contains only codes that this mutation can return.
#[test]
fn every_mutation_has_its_own_error_codes_and_no_others() {
    let document = parse_schema(userprofile::graphql::sdl()).unwrap();
    let mut of_schema = BTreeSet::new();
    for definition in &document.definitions {
        let TypeSystemDefinition::Type(definition) = definition else { continue };
        let name = definition.node.name.node.as_str();
        let (Some(mutation), TypeKind::Enum(codes)) = (name.strip_suffix("ErrorCode"), &definition.node.kind) else {
            continue;
        };
        let values: Vec<&str> = codes.values.iter().map(|value| value.node.value.node.as_str()).collect();
        of_schema.insert(format!("{mutation}: {}", values.join(" ")));
    }
    let expected = [
        "AddPasskey: TOO_MANY_PASSKEYS EXTERNAL_USER REAUTHENTICATION_REQUIRED",
        "CancelAccountDeletion: REQUIRED INVALID_TOKEN",
        "ConfirmAccountDeletion: REQUIRED INVALID INVALID_CODE EXPIRED_CODE TOO_MANY_TRIES NOTHING_PENDING \
         DELETION_DISABLED LAST_ADMIN",
        "ConfirmEmail: REQUIRED INVALID INVALID_CODE EXPIRED_CODE TOO_MANY_TRIES NOTHING_PENDING EMAIL_TAKEN",
        "ConfirmMfa: REQUIRED INVALID INVALID_CODE EXPIRED_CODE TOO_MANY_TRIES NOTHING_PENDING MFA_ENFORCED EXTERNAL_USER",
        "ConfirmPasskey: REQUIRED INVALID TOO_LONG INVALID_PASSKEY EXPIRED_CODE TOO_MANY_TRIES NOTHING_PENDING \
         DUPLICATE_PASSKEY TOO_MANY_PASSKEYS EXTERNAL_USER",
        "ConfirmPasskeySignIn: REQUIRED INVALID INVALID_TOKEN EXPIRED_CODE INVALID_PASSKEY TOO_MANY_TRIES",
        "ConfirmPasswordReset: REQUIRED INVALID_TOKEN PASSWORD_TOO_SHORT PASSWORD_TOO_LONG PASSWORD_TOO_COMMON \
         PASSWORD_PERSONAL PASSWORD_UNCHANGED RATE_LIMITED",
        "ConfirmSignIn: REQUIRED INVALID INVALID_TOKEN INVALID_CODE INVALID_PASSKEY EXPIRED_CODE TOO_MANY_TRIES",
        "DisableMfa: MFA_NOT_ENABLED MFA_ENFORCED EXTERNAL_USER REAUTHENTICATION_REQUIRED RATE_LIMITED",
        "EnableMfa: REQUIRED INVALID TOO_LONG MFA_ENFORCED EXTERNAL_USER REAUTHENTICATION_REQUIRED RATE_LIMITED",
        "Reauthenticate: REQUIRED INVALID INVALID_TOKEN INVALID_PASSKEY WRONG_PASSWORD INVALID_CODE EXPIRED_CODE \
         TOO_MANY_TRIES NOTHING_PENDING EXTERNAL_USER RATE_LIMITED",
        "ExportData: REAUTHENTICATION_REQUIRED",
        "RefreshSession: REQUIRED INVALID_TOKEN",
        "RegenerateRecoveryCodes: MFA_NOT_ENABLED EXTERNAL_USER REAUTHENTICATION_REQUIRED",
        "RemovePasskey: NOT_FOUND LAST_SIGN_IN_METHOD REAUTHENTICATION_REQUIRED",
        "RenamePasskey: REQUIRED INVALID TOO_LONG NOT_FOUND",
        "RequestAccountDeletion: DELETION_DISABLED LAST_ADMIN REQUIRED INVALID REAUTHENTICATION_REQUIRED RATE_LIMITED",
        "ResetPassword: REQUIRED INVALID TOO_LONG RATE_LIMITED",
        "RevokeOtherSessions: REAUTHENTICATION_REQUIRED",
        "RevokeSession: REQUIRED NOT_FOUND REAUTHENTICATION_REQUIRED",
        "SignIn: REQUIRED INVALID TOO_LONG INVALID_CREDENTIALS RATE_LIMITED",
        "SignOut: INVALID_TOKEN",
        "StartPasskeySignIn: REQUIRED INVALID TOO_LONG RATE_LIMITED",
        "UndoEmailChange: REQUIRED INVALID_TOKEN EMAIL_TAKEN",
        "UpdatePassword: REQUIRED PASSWORD_TOO_SHORT PASSWORD_TOO_LONG PASSWORD_TOO_COMMON PASSWORD_PERSONAL \
         PASSWORD_UNCHANGED WRONG_PASSWORD EXTERNAL_USER REAUTHENTICATION_REQUIRED RATE_LIMITED",
        "UpdateProfile: REQUIRED INVALID TOO_LONG PASSWORD_TOO_SHORT PASSWORD_TOO_LONG PASSWORD_TOO_COMMON \
         PASSWORD_PERSONAL PASSWORD_UNCHANGED WRONG_PASSWORD EXTERNAL_USER REAUTHENTICATION_REQUIRED RATE_LIMITED",
        "VerifyEmail: REQUIRED INVALID TOO_LONG EMAIL_ALREADY_VERIFIED REAUTHENTICATION_REQUIRED RATE_LIMITED",
    ];
    assert_eq!(of_schema, expected.map(str::to_owned).into());
}
