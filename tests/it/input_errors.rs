//! A mutation reports all errors of its input at once. An empty required text is REQUIRED.

use serde_json::{Value, json};

use crate::support::{Client, DOMAIN, PASSWORD, TestApp, User, domain};

const MAIL: &str = "wonny@example.com";
const WRONG: &str = "something else";
/// Has the format of a token, but was never issued.
const UNKNOWN: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

async fn app() -> (TestApp, Client) {
    let app = TestApp::start().await;
    let kim = User::new("kim").otp_mfa("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    app.import_users(&[User::new("wonny").verified_email(MAIL), kim]).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    (app, client)
}

/// Asserts the codes and fields of the errors of a mutation.
async fn assert_errors(client: &Client, mutation: &str, input: Value, expected: &[(&str, &str)]) {
    let errors = client.errors(mutation, input.clone()).await;
    let found: Vec<_> =
        errors.iter().map(|(code, field)| (code.as_str(), field.as_deref().unwrap_or("none"))).collect();
    assert_eq!(found, expected, "{mutation}({input})");
}

#[tokio::test(flavor = "multi_thread")]
async fn both_passwords_of_a_change_are_checked() {
    let (app, client) = app().await;
    let current = "currentPassword";
    for (submitted, new, expected) in [
        (json!(null), "", vec![("REQUIRED", current), ("REQUIRED", "new")]),
        (json!(""), "short", vec![("REQUIRED", current), ("PASSWORD_TOO_SHORT", "new")]),
        (json!(WRONG), "", vec![("WRONG_PASSWORD", current), ("REQUIRED", "new")]),
        (json!(WRONG), "Password123", vec![("WRONG_PASSWORD", current), ("PASSWORD_TOO_COMMON", "new")]),
        (json!(WRONG), "xx wonny xx", vec![("WRONG_PASSWORD", current), ("PASSWORD_PERSONAL", "new")]),
        // Only a client that knows the current password learns that the new one is unchanged.
        (json!(WRONG), PASSWORD, vec![("WRONG_PASSWORD", current)]),
        (json!(PASSWORD), PASSWORD, vec![("PASSWORD_UNCHANGED", "new")]),
    ] {
        let at =
            |field: &'static str| expected.iter().map(move |(code, on)| (*code, if *on == "new" { field } else { on }));
        let input = json!({ "currentPassword": submitted, "newPassword": new });
        assert_errors(&client, "updatePassword", input, &at("newPassword").collect::<Vec<_>>()).await;
        // Wrong passwords are counted; a completed sign-in clears the count.
        app.signed_in(DOMAIN, "wonny").await;
        let input = json!({ "currentPassword": submitted, "password": new, "language": "?" });
        let language = [("INVALID", "language")];
        let expected: Vec<_> = language.into_iter().chain(at("password")).collect();
        assert_errors(&client, "updateProfile", input, &expected).await;
        app.signed_in(DOMAIN, "wonny").await;
    }
    // The name was not changed yet; the new password must not contain the new name.
    app.signed_in(DOMAIN, "wonny").await;
    let input = json!({ "name": "Pangolin", "password": "my pangolin 7", "currentPassword": WRONG });
    let expected = [("WRONG_PASSWORD", "currentPassword"), ("PASSWORD_PERSONAL", "password")];
    assert_errors(&client, "updateProfile", input, &expected).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_current_password_beside_other_errors_counts_as_an_attempt() {
    let (app, client) = app().await;
    let input = json!({ "currentPassword": WRONG, "password": "short", "language": "?" });
    let mut codes = Vec::new();
    for _ in 0..7 {
        codes.push(client.errors("updateProfile", input.clone()).await[1].0.clone());
    }
    assert_eq!(codes[5..], ["WRONG_PASSWORD", "RATE_LIMITED"]);
    assert_eq!(app.client().try_sign_in(DOMAIN, "wonny", PASSWORD).await.user_errors("signIn"), ["RATE_LIMITED"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_and_the_password_of_a_reset_are_checked() {
    let (app, client) = app().await;
    app.client().mutate_ok("resetPassword", json!({ "userId": "wonny", "domainId": DOMAIN }), "ok").await;
    let token = app.last_message(MAIL).await.token();
    let unknown = format!("{}{UNKNOWN}", &token[..4]);
    for (token, new, expected) in [
        ("", "", vec![("REQUIRED", "token"), ("REQUIRED", "newPassword")]),
        ("", "quite another 4", vec![("REQUIRED", "token")]),
        ("", "short", vec![("REQUIRED", "token"), ("PASSWORD_TOO_SHORT", "newPassword")]),
        ("nonsense", "Password123", vec![("INVALID_TOKEN", "token"), ("PASSWORD_TOO_COMMON", "newPassword")]),
        (&unknown, "", vec![("INVALID_TOKEN", "token"), ("REQUIRED", "newPassword")]),
        (&unknown, "short", vec![("INVALID_TOKEN", "token"), ("PASSWORD_TOO_SHORT", "newPassword")]),
        // With an unknown token, the user is unknown, so the password cannot be checked against their data.
        (&unknown, "xx wonny xx", vec![("INVALID_TOKEN", "token")]),
        (&token, "", vec![("REQUIRED", "newPassword")]),
        (&token, "xx wonny xx", vec![("PASSWORD_PERSONAL", "newPassword")]),
    ] {
        let input = json!({ "token": token, "newPassword": new });
        assert_errors(&client, "confirmPasswordReset", input, &expected).await;
    }
    client.mutate_ok("confirmPasswordReset", json!({ "token": token, "newPassword": "quite another 4" }), "ok").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_and_the_code_of_a_sign_in_are_checked() {
    let (app, client) = app().await;
    let response = app.client().try_sign_in(DOMAIN, "kim", PASSWORD).await;
    let token = response.data()["signIn"]["mfaChallenge"]["token"].as_str().unwrap().to_owned();
    let unknown = format!("{}{UNKNOWN}", &token[..4]);
    for (token, code, expected) in [
        ("", "", vec![("REQUIRED", "challengeToken"), ("REQUIRED", "verifyCode")]),
        ("", "123456", vec![("REQUIRED", "challengeToken")]),
        ("nonsense", "12", vec![("INVALID_TOKEN", "challengeToken"), ("INVALID", "verifyCode")]),
        (&unknown, "", vec![("INVALID_TOKEN", "challengeToken"), ("REQUIRED", "verifyCode")]),
        (&unknown, "123456", vec![("INVALID_TOKEN", "challengeToken")]),
        (&token, "12", vec![("INVALID", "verifyCode")]),
    ] {
        let input = json!({ "challengeToken": token, "verifyCode": code });
        assert_errors(&client, "confirmSignIn", input, &expected).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_domain_is_reported_beside_other_errors() {
    let (app, client) = app().await;
    app.import(&domain("domain-b")).await;
    let expected = [("REQUIRED", "domainId"), ("REQUIRED", "userId"), ("REQUIRED", "password")];
    assert_errors(&client, "signIn", json!({ "userId": "", "password": "" }), &expected).await;
    assert_errors(&client, "signIn", json!({ "userId": "wonny", "password": PASSWORD }), &expected[..1]).await;
    let expected = [("REQUIRED", "userId"), ("REQUIRED", "domainId")];
    assert_errors(&client, "resetPassword", json!({ "userId": " " }), &expected).await;
    assert_errors(&client, "resetPassword", json!({ "userId": "wonny" }), &expected[1..]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_password_and_the_format_of_the_code_of_a_reauthentication_are_checked() {
    let (_app, client) = app().await;
    for (password, code, expected) in [
        ("", "", vec![("REQUIRED", "password"), ("REQUIRED", "verifyCode")]),
        (WRONG, "12", vec![("INVALID", "verifyCode"), ("WRONG_PASSWORD", "password")]),
        (PASSWORD, "12", vec![("INVALID", "verifyCode")]),
    ] {
        let input = json!({ "password": password, "verifyCode": code });
        assert_errors(&client, "reauthenticate", input, &expected).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_value_is_reported_as_required() {
    let (_app, client) = app().await;
    for (mutation, input, field) in [
        ("undoEmailChange", json!({ "token": "" }), "token"),
        ("cancelAccountDeletion", json!({ "token": "" }), "token"),
        ("revokeSession", json!({ "id": "" }), "id"),
        ("verifyEmail", json!({ "email": "" }), "email"),
        ("confirmEmail", json!({ "verifyCode": "" }), "verifyCode"),
        ("confirmMfa", json!({ "verifyCode": "" }), "verifyCode"),
        ("enableMfa", json!({ "mfaType": "EMAIL", "options": { "email": "" } }), "options.email"),
        ("refreshSession", json!({ "refreshToken": "" }), "refreshToken"),
        ("updateProfile", json!({ "email": "" }), "email"),
    ] {
        assert_errors(&client, mutation, input, &[("REQUIRED", field)]).await;
    }
    for mutation in ["undoEmailChange", "cancelAccountDeletion"] {
        assert_errors(&client, mutation, json!({ "token": "nonsense" }), &[("INVALID_TOKEN", "token")]).await;
    }
    assert_errors(&client, "revokeSession", json!({ "id": "nonsense" }), &[("NOT_FOUND", "id")]).await;
}
