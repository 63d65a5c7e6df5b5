//! A mutation reports all that is wrong with its input at once, and an empty text that is needed is REQUIRED.

use serde_json::{Value, json};

use crate::support::{Client, DOMAIN, PASSWORD, TestApp, domain, user};

const MAIL: &str = "wonny@example.com";
const WRONG: &str = "something else";
/// Of the form of tokens, but issued to nobody.
const UNKNOWN: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

async fn app() -> (TestApp, Client) {
    let app = TestApp::start().await;
    let verified = format!(r#""email":"{MAIL}","email_verified":true"#);
    let mfa = r#""mfa":{"state":"ENABLED","mfa_type":"OTP","otp_secret":"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"}"#;
    app.import(&(domain(DOMAIN) + &user(DOMAIN, "wonny", &verified) + &user(DOMAIN, "kim", mfa))).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    (app, client)
}

/// Asserts the codes and fields of the errors of a mutation.
async fn assert_refused(client: &Client, mutation: &str, input: Value, expected: &[(&str, &str)]) {
    let refused = client.refused(mutation, input.clone()).await;
    let told: Vec<_> =
        refused.iter().map(|(code, field)| (code.as_str(), field.as_deref().unwrap_or("none"))).collect();
    assert_eq!(told, expected, "{mutation}({input})");
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
        // Only a client that knows the current password learns that the new one is the same.
        (json!(WRONG), PASSWORD, vec![("WRONG_PASSWORD", current)]),
        (json!(PASSWORD), PASSWORD, vec![("PASSWORD_UNCHANGED", "new")]),
    ] {
        let at =
            |field: &'static str| expected.iter().map(move |(code, on)| (*code, if *on == "new" { field } else { on }));
        let input = json!({ "currentPassword": submitted, "newPassword": new });
        assert_refused(&client, "updatePassword", input, &at("newPassword").collect::<Vec<_>>()).await;
        // Wrong passwords count, so a completed sign-in clears the count.
        app.signed_in(DOMAIN, "wonny").await;
        let input = json!({ "currentPassword": submitted, "password": new, "language": "?" });
        let language = [("INVALID", "language")];
        let expected: Vec<_> = language.into_iter().chain(at("password")).collect();
        assert_refused(&client, "updateProfile", input, &expected).await;
        app.signed_in(DOMAIN, "wonny").await;
    }
    // Nothing was changed, and the new name is one that the new password must not contain.
    app.signed_in(DOMAIN, "wonny").await;
    let input = json!({ "name": "Pangolin", "password": "my pangolin 7", "currentPassword": WRONG });
    let expected = [("WRONG_PASSWORD", "currentPassword"), ("PASSWORD_PERSONAL", "password")];
    assert_refused(&client, "updateProfile", input, &expected).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_current_password_beside_other_errors_counts_as_an_attempt() {
    let (app, client) = app().await;
    let input = json!({ "currentPassword": WRONG, "password": "short", "language": "?" });
    let mut codes = Vec::new();
    for _ in 0..7 {
        codes.push(client.refused("updateProfile", input.clone()).await[1].0.clone());
    }
    assert_eq!(codes[5..], ["WRONG_PASSWORD", "RATE_LIMITED"]);
    assert_eq!(app.client().try_sign_in(DOMAIN, "wonny", PASSWORD).await.user_errors("signIn"), ["RATE_LIMITED"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_and_the_password_of_a_reset_are_checked() {
    let (app, client) = app().await;
    app.client().done("resetPassword", json!({ "userId": "wonny", "domainId": DOMAIN }), "ok").await;
    let token = app.last_mail(MAIL).await.token();
    let unknown = format!("{}{UNKNOWN}", &token[..4]);
    for (token, new, expected) in [
        ("", "", vec![("REQUIRED", "token"), ("REQUIRED", "newPassword")]),
        ("", "quite another 4", vec![("REQUIRED", "token")]),
        ("", "short", vec![("REQUIRED", "token"), ("PASSWORD_TOO_SHORT", "newPassword")]),
        ("nonsense", "Password123", vec![("INVALID_TOKEN", "token"), ("PASSWORD_TOO_COMMON", "newPassword")]),
        (&unknown, "", vec![("INVALID_TOKEN", "token"), ("REQUIRED", "newPassword")]),
        (&unknown, "short", vec![("INVALID_TOKEN", "token"), ("PASSWORD_TOO_SHORT", "newPassword")]),
        // Whose password it would be is known only from the link.
        (&unknown, "xx wonny xx", vec![("INVALID_TOKEN", "token")]),
        (&token, "", vec![("REQUIRED", "newPassword")]),
        (&token, "xx wonny xx", vec![("PASSWORD_PERSONAL", "newPassword")]),
    ] {
        let input = json!({ "token": token, "newPassword": new });
        assert_refused(&client, "confirmPasswordReset", input, &expected).await;
    }
    client.done("confirmPasswordReset", json!({ "token": token, "newPassword": "quite another 4" }), "ok").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_and_the_code_of_a_sign_in_are_checked() {
    let (app, client) = app().await;
    let answer = app.client().try_sign_in(DOMAIN, "kim", PASSWORD).await;
    let token = answer.data()["signIn"]["mfaChallenge"]["token"].as_str().unwrap().to_owned();
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
        assert_refused(&client, "confirmSignIn", input, &expected).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_domain_is_reported_beside_other_errors() {
    let (app, client) = app().await;
    app.import(&domain("domain-b")).await;
    let expected = [("REQUIRED", "domainId"), ("REQUIRED", "userId"), ("REQUIRED", "password")];
    assert_refused(&client, "signIn", json!({ "userId": "", "password": "" }), &expected).await;
    assert_refused(&client, "signIn", json!({ "userId": "wonny", "password": PASSWORD }), &expected[..1]).await;
    let expected = [("REQUIRED", "userId"), ("REQUIRED", "domainId")];
    assert_refused(&client, "resetPassword", json!({ "userId": " " }), &expected).await;
    assert_refused(&client, "resetPassword", json!({ "userId": "wonny" }), &expected[1..]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_password_and_the_form_of_the_code_of_a_reauthentication_are_checked() {
    let (_app, client) = app().await;
    for (password, code, expected) in [
        ("", "", vec![("REQUIRED", "password"), ("REQUIRED", "verifyCode")]),
        (WRONG, "12", vec![("INVALID", "verifyCode"), ("WRONG_PASSWORD", "password")]),
        (PASSWORD, "12", vec![("INVALID", "verifyCode")]),
    ] {
        let input = json!({ "password": password, "verifyCode": code });
        assert_refused(&client, "reauthenticate", input, &expected).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_empty_is_required() {
    let (_app, client) = app().await;
    for (mutation, input, field) in [
        ("undoEmailChange", json!({ "token": "" }), "token"),
        ("revokeSession", json!({ "id": "" }), "id"),
        ("verifyEmail", json!({ "email": "" }), "email"),
        ("confirmEmail", json!({ "verifyCode": "" }), "verifyCode"),
        ("confirmMfa", json!({ "verifyCode": "" }), "verifyCode"),
        ("enableMfa", json!({ "mfaType": "EMAIL", "options": { "email": "" } }), "options.email"),
        ("refreshSession", json!({ "refreshToken": "" }), "refreshToken"),
        ("updateProfile", json!({ "email": "" }), "email"),
    ] {
        assert_refused(&client, mutation, input, &[("REQUIRED", field)]).await;
    }
    assert_refused(&client, "undoEmailChange", json!({ "token": "nonsense" }), &[("INVALID_TOKEN", "token")]).await;
    assert_refused(&client, "revokeSession", json!({ "id": "nonsense" }), &[("NOT_FOUND", "id")]).await;
}
