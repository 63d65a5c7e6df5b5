//! Sequences of what can happen to passkeys: none leaves a user without a way to sign in, or admits a client without
//! proof.

use chrono::TimeDelta;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use userprofile::domain::ids::DomainId;
use userprofile::domain::login::LoginId;

use super::{TOKENS, add, begin, response, sign_in};
use crate::support::authenticator::Authenticator;
use crate::support::database::{self, Database};
use crate::support::{Client, DOMAIN, PASSWORD, TestApp, User};

const SEQUENCES: usize = 12;
const AUTHENTICATORS: usize = 3;
const OTHER_PASSWORD: &str = "quite another 4";

/// What happens next.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// The user adds a passkey.
    Add(usize),
    /// The user removes a passkey.
    Remove(usize),
    /// A client signs in with an authenticator.
    SignIn(usize, Option<Fault>),
    /// A client renews the authentication of the user's session with an authenticator.
    Reauthenticate(usize, Option<Fault>),
    /// The user signs in with the last password.
    SignInWithPassword,
    /// The user sets a password with a link.
    ResetPassword,
    /// The password is lost, while there are passkeys.
    LosePassword,
}

/// A fault of a response.
#[derive(Debug, Clone, Copy)]
enum Fault {
    OtherKey,
    Unverified,
    OtherOrigin,
    OtherChallenge,
    OldCounter,
}

fn step() -> impl Strategy<Value = Step> {
    let fault = prop_oneof![
        5 => Just(None),
        1 => Just(Some(Fault::OtherKey)),
        1 => Just(Some(Fault::Unverified)),
        1 => Just(Some(Fault::OtherOrigin)),
        1 => Just(Some(Fault::OtherChallenge)),
        1 => Just(Some(Fault::OldCounter)),
    ];
    let which = 0..AUTHENTICATORS;
    prop_oneof![
        3 => which.clone().prop_map(Step::Add),
        3 => which.clone().prop_map(Step::Remove),
        4 => (which.clone(), fault.clone()).prop_map(|(which, fault)| Step::SignIn(which, fault)),
        3 => (which, fault).prop_map(|(which, fault)| Step::Reauthenticate(which, fault)),
        1 => Just(Step::SignInWithPassword),
        1 => Just(Step::ResetPassword),
        2 => Just(Step::LosePassword),
    ]
}

/// A user with authenticators, and what is expected of the server.
struct Model {
    app: TestApp,
    database: Database,
    authenticators: Vec<Authenticator>,
    /// The ids of the passkeys that are added.
    passkeys: [Option<Value>; AUTHENTICATORS],
    password: &'static str,
    has_password: bool,
}

#[tokio::test(flavor = "multi_thread")]
async fn no_sequence_locks_a_user_out_or_admits_a_client_without_proof() {
    let mut runner = TestRunner::new(Config::default());
    for _ in 0..SEQUENCES {
        let steps = vec(step(), 15).new_tree(&mut runner).unwrap().current();
        let mut model = Model::new().await;
        for (number, step) in steps.iter().enumerate() {
            let context = format!("{:?}", &steps[..=number]);
            // The limits of attempts are for a day.
            model.app.clock.advance(TimeDelta::days(1));
            let session = model.sign_in_somehow(&context).await;
            Box::pin(model.take(*step, &session, &context)).await;
        }
    }
}

impl Model {
    async fn new() -> Self {
        let database = database::create().await;
        let app = TestApp::on(&database).await;
        app.import_users(&[User::new("wonny")]).await;
        let authenticator = || Authenticator { counter: 1, ..Authenticator::new() };
        Self {
            app,
            database,
            authenticators: (0..AUTHENTICATORS).map(|_| authenticator()).collect(),
            passkeys: Default::default(),
            password: PASSWORD,
            has_password: true,
        }
    }

    /// The user always has a way to sign in.
    async fn sign_in_somehow(&mut self, context: &str) -> Client {
        if self.has_password {
            let mut client = self.app.client();
            client.sign_in(DOMAIN, "wonny", self.password).await;
            return client;
        }
        let which = self.passkeys.iter().position(Option::is_some).unwrap_or_else(|| panic!("locked out: {context}"));
        sign_in(&self.app.client(), &mut self.authenticators[which])
            .await
            .unwrap_or_else(|code| panic!("{code}: {context}"))
    }

    async fn take(&mut self, step: Step, session: &Client, context: &str) {
        match step {
            Step::Add(which) if self.passkeys[which].is_none() => {
                let passkey = add(session, &mut self.authenticators[which]).await;
                self.passkeys[which] = Some(passkey["id"].clone());
            }
            Step::Add(which) => {
                let options = session.mutate_ok("addPasskey", Value::Null, "options").await["options"].clone();
                let input = json!({ "credential": self.authenticators[which].create(&options) });
                assert_eq!(session.error_code("confirmPasskey", input).await, "DUPLICATE_PASSKEY", "{context}");
            }
            Step::Remove(which) => self.remove(which, session, context).await,
            Step::SignIn(which, fault) => {
                let client = self.app.client();
                let input = self.respond(which, fault, &begin(&client, json!({})).await).await;
                let payload = client.mutate("confirmPasskeySignIn", input, TOKENS).await;
                assert_eq!(payload["session"].is_object(), self.is_proof(which, fault), "{payload} {context}");
            }
            Step::Reauthenticate(which, fault) => {
                self.app.clock.advance(TimeDelta::minutes(11));
                let input = self.respond(which, fault, &begin(session, json!({})).await).await;
                let payload = session.mutate("reauthenticate", input, "user { id }").await;
                assert_eq!(payload["user"].is_object(), self.is_proof(which, fault), "{payload} {context}");
                let may_add = session.errors("addPasskey", Value::Null).await.is_empty();
                assert_eq!(may_add, self.is_proof(which, fault), "{context}");
            }
            Step::SignInWithPassword => {
                let signed_in = self.app.client().try_sign_in(DOMAIN, "wonny", self.password).await;
                let session = &signed_in.data()["signIn"]["session"];
                assert_eq!(session.is_object(), self.has_password, "{context}");
            }
            Step::ResetPassword => self.reset_password().await,
            Step::LosePassword if self.passkeys.iter().any(Option::is_some) => {
                self.database.execute("UPDATE users SET password_hash = NULL").await;
                self.has_password = false;
            }
            Step::LosePassword => {}
        }
    }

    async fn remove(&mut self, which: usize, session: &Client, context: &str) {
        let id = self.passkeys[which].clone().unwrap_or_else(|| json!("passkey-unknown"));
        let errors = session.errors("removePasskey", json!({ "id": id })).await;
        let is_last = !self.has_password && self.passkeys.iter().flatten().count() == 1;
        let expected = match &self.passkeys[which] {
            None => Some("NOT_FOUND"),
            Some(_) if is_last => Some("LAST_SIGN_IN_METHOD"),
            Some(_) => None,
        };
        assert_eq!(errors.first().map(|(code, _)| code.as_str()), expected, "{context}");
        if expected.is_none() {
            self.passkeys[which] = None;
        }
    }

    /// The input that completes a challenge, or does not.
    async fn respond(&mut self, which: usize, fault: Option<Fault>, challenge: &Value) -> Value {
        let other = begin(&self.app.client(), json!({})).await;
        let (authenticator, options) = (&mut self.authenticators[which], &challenge["options"]);
        let credential = match fault {
            None => authenticator.get(options),
            Some(Fault::OtherKey) => authenticator.with_other_key().get(options),
            Some(Fault::Unverified) => Authenticator { user_verified: false, ..authenticator.clone() }.get(options),
            Some(Fault::OtherOrigin) => {
                Authenticator { origin: "https://id.example.org".to_owned(), ..authenticator.clone() }.get(options)
            }
            // A copy, as above: the server must have seen the last counter for it to be an old one.
            Some(Fault::OtherChallenge) => authenticator.clone().get(&other["options"]),
            Some(Fault::OldCounter) => authenticator.sign("webauthn.get", options),
        };
        response(challenge, &credential)
    }

    fn is_proof(&self, which: usize, fault: Option<Fault>) -> bool {
        self.passkeys[which].is_some() && fault.is_none()
    }

    async fn reset_password(&mut self) {
        let (domain, login) = (DomainId::parse(DOMAIN).unwrap(), LoginId::parse("wonny").unwrap());
        let (link, _) = self.app.services.issue_reset_link(&domain, &login).await.unwrap();
        self.password = if self.password == PASSWORD { OTHER_PASSWORD } else { PASSWORD };
        let input = json!({ "token": link.split_once("token=").unwrap().1, "newPassword": self.password });
        self.app.client().mutate_ok("confirmPasswordReset", input, "ok").await;
        self.has_password = true;
    }
}
