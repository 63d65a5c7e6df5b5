//! `addPasskey`, `confirmPasskey`, `renamePasskey`, `removePasskey`, `startPasskeySignIn`, `confirmPasskeySignIn`.

use async_graphql::{Context, ID, InputObject, Object, OutputType, SimpleObject};

use super::user_error::{UserError, code, error_codes};
use super::{InputErrors, MutationFailure, run};
use crate::domain::ids::PasskeyId;
use crate::domain::login::LoginId;
use crate::domain::passkey::MAX_PASSKEYS;
use crate::domain::profile_text::Name;
use crate::domain::token::ChallengeToken;
use crate::graphql::context;
use crate::graphql::error::ApiError;
use crate::graphql::types::passkey::{Passkey, PasskeyChallenge};
use crate::graphql::types::scalars::{JsonObject, Time};
use crate::graphql::types::session::SessionTokens;
use crate::graphql::types::user::User;
use crate::services::passkeys::{
    AddPasskeyRefusal, ConfirmPasskeyRefusal, RemovePasskeyRefusal, RenamePasskeyRefusal, StartPasskeySignInRefusal,
};
use crate::services::sign_in::PasskeySignInRefusal;

error_codes!(
    "addPasskey",
    AddPasskeyPayload,
    AddPasskeyErrorCode {
        /// You have the maximum number of passkeys. Remove one first.
        TooManyPasskeys,
        /// You authenticate with an external identity provider, so you cannot sign in here.
        ExternalUser,
        /// You authenticated too long ago for this. Call `reauthenticate`, then repeat the mutation.
        ReauthenticationRequired,
    }
);

error_codes!(
    "confirmPasskey",
    ConfirmPasskeyPayload,
    ConfirmPasskeyErrorCode {
        /// The response of the authenticator is missing, or the name is empty.
        Required,
        /// The value is not what `credential.toJSON()` returns. It is not counted as an attempt.
        Invalid,
        /// The value is too long.
        TooLong,
        /// The response was refused: it is for another challenge or another site, the authenticator did not verify the
        /// user, or its signature is wrong. `attemptsLeft` is the number of attempts that remain.
        InvalidPasskey,
        /// The challenge has expired. Call `addPasskey` again.
        ExpiredCode,
        /// The attempt limit is reached. If `retryAfter` is null, call `addPasskey` again; otherwise wait for that many
        /// seconds.
        TooManyTries,
        /// No passkey is being added in this session. Call `addPasskey` first.
        NothingPending,
        /// This passkey was added before, to this account or to another one.
        DuplicatePasskey,
        /// You have the maximum number of passkeys. Remove one first.
        TooManyPasskeys,
        /// You authenticate with an external identity provider, so you cannot sign in here.
        ExternalUser,
    }
);

error_codes!(
    "renamePasskey",
    RenamePasskeyPayload,
    RenamePasskeyErrorCode {
        /// The name is empty.
        Required,
        /// The name contains control characters.
        Invalid,
        /// The name is too long.
        TooLong,
        /// You have no such passkey.
        NotFound,
    }
);

error_codes!(
    "removePasskey",
    RemovePasskeyPayload,
    RemovePasskeyErrorCode {
        /// You have no such passkey.
        NotFound,
        /// You have no password and no other passkey, so you could not sign in any more. Set a password or add another
        /// passkey first.
        LastSignInMethod,
        /// You authenticated too long ago for this. Call `reauthenticate`, then repeat the mutation.
        ReauthenticationRequired,
    }
);

error_codes!(
    "startPasskeySignIn",
    StartPasskeySignInPayload,
    StartPasskeySignInErrorCode {
        /// The value is missing or empty.
        Required,
        /// The value is malformed.
        Invalid,
        /// The value is too long.
        TooLong,
        /// Too many challenges were requested from your network. Try again after `retryAfter` seconds.
        RateLimited,
    }
);

error_codes!(
    "confirmPasskeySignIn",
    ConfirmPasskeySignInPayload,
    ConfirmPasskeySignInErrorCode {
        /// The token or the response of the authenticator is missing.
        Required,
        /// The value is not what `credential.toJSON()` returns. It is not counted as an attempt.
        Invalid,
        /// The challenge is unknown or used, or belongs to another session. Call `startPasskeySignIn` again.
        InvalidToken,
        /// The challenge has expired. Call `startPasskeySignIn` again.
        ExpiredCode,
        /// The passkey was not accepted. The reason is not revealed: it is unknown, of another user, or refused, or the
        /// user cannot sign in here. `attemptsLeft` is the number of attempts that remain.
        InvalidPasskey,
        /// The attempt limit is reached. If `retryAfter` is null, call `startPasskeySignIn` again; otherwise wait for
        /// that many seconds.
        TooManyTries,
    }
);

/// The result of `addPasskey`.
#[derive(SimpleObject, Default)]
pub struct AddPasskeyPayload {
    /// The options for `navigator.credentials.create`: pass them to
    /// `PublicKeyCredential.parseCreationOptionsFromJSON`. Null if there are errors.
    options: Option<JsonObject>,
    /// The time until which the passkey must be confirmed. Null if there are errors.
    expires_at: Option<Time>,
    /// The reasons why no passkey can be added. Empty if one can.
    errors: Vec<UserError<AddPasskeyErrorCode>>,
}

/// The input of `confirmPasskey`.
#[derive(InputObject)]
pub struct ConfirmPasskeyInput {
    /// The response of the authenticator: `credential.toJSON()`, unchanged.
    credential: JsonObject,
    /// A name for the passkey, at most 128 characters. If it is omitted or null, the passkey is named after your device.
    name: Option<String>,
}

/// The result of `confirmPasskey`.
#[derive(SimpleObject, Default)]
pub struct ConfirmPasskeyPayload {
    /// The user, with the new passkey. Null if there are errors.
    user: Option<User>,
    /// The new passkey. Null if there are errors.
    passkey: Option<Passkey>,
    /// The reasons why no passkey was added. Empty if one was.
    errors: Vec<UserError<ConfirmPasskeyErrorCode>>,
}

/// The input of `renamePasskey`.
#[derive(InputObject)]
pub struct RenamePasskeyInput {
    /// The id of the passkey.
    id: ID,
    /// The new name, at most 128 characters.
    name: String,
}

/// The result of `renamePasskey`.
#[derive(SimpleObject, Default)]
pub struct RenamePasskeyPayload {
    /// The passkey with its new name. Null if there are errors.
    passkey: Option<Passkey>,
    /// The reasons why the passkey was not renamed. Empty if it was.
    errors: Vec<UserError<RenamePasskeyErrorCode>>,
}

/// The input of `removePasskey`.
#[derive(InputObject)]
pub struct RemovePasskeyInput {
    /// The id of the passkey.
    id: ID,
}

/// The result of `removePasskey`.
#[derive(SimpleObject, Default)]
pub struct RemovePasskeyPayload {
    /// The user, without the passkey. Null if there are errors.
    user: Option<User>,
    /// The reasons why the passkey was not removed. Empty if it was.
    errors: Vec<UserError<RemovePasskeyErrorCode>>,
}

/// The input of `startPasskeySignIn`.
#[derive(InputObject, Default)]
pub struct StartPasskeySignInInput {
    /// The id of the domain that the user belongs to. Without `userId`, it may be omitted: the passkey identifies user and
    /// domain. With `userId`, it may be omitted if the server has only one domain.
    domain_id: Option<String>,
    /// The login name of the user who signs in. If it is omitted, any passkey completes the challenge, or, with `domainId`,
    /// any of that domain.
    user_id: Option<String>,
}

/// The result of `startPasskeySignIn`.
#[derive(SimpleObject, Default)]
pub struct StartPasskeySignInPayload {
    /// The challenge, whether or not the user exists or has passkeys. Null if there are errors.
    challenge: Option<PasskeyChallenge>,
    /// The reasons why there is no challenge. Empty if there is one.
    errors: Vec<UserError<StartPasskeySignInErrorCode>>,
}

/// The input of `confirmPasskeySignIn`.
#[derive(InputObject)]
pub struct ConfirmPasskeySignInInput {
    /// The `token` of the challenge that `startPasskeySignIn` returned.
    challenge_token: String,
    /// The response of the authenticator: `credential.toJSON()`, unchanged.
    credential: JsonObject,
}

/// The result of `confirmPasskeySignIn`.
#[derive(SimpleObject, Default)]
pub struct ConfirmPasskeySignInPayload {
    /// The tokens of the new session. Null if no session was created.
    session: Option<SessionTokens>,
    /// The reasons why no session was created. Empty if there is one.
    errors: Vec<UserError<ConfirmPasskeySignInErrorCode>>,
}

/// The mutations for passkeys.
#[derive(Default)]
pub struct PasskeyMutations;

#[Object]
impl PasskeyMutations {
    /// Begins to add a passkey (WebAuthn) to your account. Requires step-up authentication (`REAUTHENTICATION_REQUIRED`). Pass the options to
    /// `navigator.credentials.create`, and its result to `confirmPasskey` within 5 minutes.
    async fn add_passkey(&self, ctx: &Context<'_>) -> Option<Result<AddPasskeyPayload, ApiError>> {
        run(ctx, async {
            let caller = context::acting_caller(ctx, None)?;
            let added = context::services(ctx)?.add_passkey(caller).await?;
            Ok(AddPasskeyPayload {
                options: Some(JsonObject(added.options)),
                expires_at: Some(Time(added.expires_at)),
                errors: Vec::new(),
            })
        })
        .await
    }

    /// Stores the passkey that `addPasskey` began to add in this session. From then on it signs you in, and replaces
    /// password and factor. You receive a notification.
    async fn confirm_passkey(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new passkey, and a name for it.")] input: ConfirmPasskeyInput,
    ) -> Option<Result<ConfirmPasskeyPayload, ApiError>> {
        run(ctx, async {
            let caller = context::acting_caller(ctx, None)?;
            let mut errors = InputErrors::default();
            let response = errors.passkey(Some(input.credential));
            let name = input.name.and_then(|name| errors.parse("name", Name::parse_required(&name)));
            let response = errors.settle(response)?;
            let (services, client) = (context::services(ctx)?, context::client(ctx)?);
            let (caller, passkey) = services.confirm_passkey(caller, &response, name, client).await?;
            let (user, passkey) = (Some(caller.into()), Some(Passkey(passkey)));
            Ok(ConfirmPasskeyPayload { user, passkey, errors: Vec::new() })
        })
        .await
    }

    /// Gives one of your passkeys another name.
    async fn rename_passkey(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The passkey, and its new name.")] input: RenamePasskeyInput,
    ) -> Option<Result<RenamePasskeyPayload, ApiError>> {
        run(ctx, async {
            let caller = context::acting_caller(ctx, None)?;
            let mut errors = InputErrors::default();
            let name = errors.parse("name", Name::parse_required(&input.name));
            let name = errors.settle(name)?;
            let id = PasskeyId::parse(&input.id).map_err(|_| MutationFailure::from(no_passkey()))?;
            let passkey = context::services(ctx)?.rename_passkey(caller, &id, &name).await?;
            Ok(RenamePasskeyPayload { passkey: Some(Passkey(passkey)), errors: Vec::new() })
        })
        .await
    }

    /// Removes one of your passkeys: it no longer signs you in. Requires step-up authentication
    /// (`REAUTHENTICATION_REQUIRED`). You receive a notification. Sessions stay; `revokeOtherSessions` ends them.
    async fn remove_passkey(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The passkey to remove.")] input: RemovePasskeyInput,
    ) -> Option<Result<RemovePasskeyPayload, ApiError>> {
        run(ctx, async {
            let caller = context::acting_caller(ctx, None)?;
            let id = PasskeyId::parse(&input.id).map_err(|_| MutationFailure::from(no_passkey()))?;
            let (services, client) = (context::services(ctx)?, context::client(ctx)?);
            let caller = services.remove_passkey(caller, &id, client).await?;
            Ok(RemovePasskeyPayload { user: Some(caller.into()), errors: Vec::new() })
        })
        .await
    }

    /// Begins a sign-in with a passkey. Requires no authentication. Pass the options to `navigator.credentials.get`, and
    /// its result to `confirmPasskeySignIn` within 5 minutes. The response is the same whether or not the user exists or
    /// has passkeys. In a session, the challenge belongs to that session, and also completes `reauthenticate`; with your own
    /// `userId`, the options name your passkeys.
    async fn start_passkey_sign_in(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The user who signs in. If it is omitted, the passkey identifies its user.")] input: Option<
            StartPasskeySignInInput,
        >,
    ) -> Option<Result<StartPasskeySignInPayload, ApiError>> {
        run(ctx, async {
            let input = input.unwrap_or_default();
            let (services, mut errors) = (context::services(ctx)?, InputErrors::default());
            let login = input.user_id.map(|login| errors.parse("userId", LoginId::parse(&login)));
            let domain_id = match (&input.domain_id, &login) {
                (None, None) => None,
                (given, _) => errors.domain(services, given.as_deref()).await?,
            };
            errors.check()?;
            let who = domain_id.as_ref().map(|domain_id| (domain_id, login.as_ref().and_then(Option::as_ref)));
            let caller = context::caller(ctx).ok().map(|caller| &**caller);
            let challenge = services.start_passkey_sign_in(who, caller, context::client(ctx)?).await?;
            Ok(StartPasskeySignInPayload { challenge: Some(challenge.into()), errors: Vec::new() })
        })
        .await
    }

    /// Completes the challenge of `startPasskeySignIn` and returns the tokens of a new session. Requires no
    /// authentication. A passkey replaces the password and the factor, so no other challenge follows.
    async fn confirm_passkey_sign_in(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The challenge, and the response of the authenticator.")] input: ConfirmPasskeySignInInput,
    ) -> Option<Result<ConfirmPasskeySignInPayload, ApiError>> {
        run(ctx, async {
            let (services, mut errors) = (context::services(ctx)?, InputErrors::default());
            let token = ChallengeToken::parse(&input.challenge_token);
            let token = errors.token("challengeToken", &input.challenge_token, token, invalid_challenge());
            let response = errors.passkey(Some(input.credential));
            let (token, response) = errors.settle(token.zip(response))?;
            let session = context::caller(ctx).ok().map(|caller| caller.session.id.clone());
            let client = context::client(ctx)?;
            let tokens = services.confirm_passkey_sign_in(&token, &response, session.as_ref(), client).await?;
            let session = Some(SessionTokens::new(tokens, context::token_delivery(ctx)?));
            Ok(ConfirmPasskeySignInPayload { session, errors: Vec::new() })
        })
        .await
    }
}

fn too_many<C: OutputType + From<code::TooManyPasskeys>>() -> UserError<C> {
    let message = format!("You have {MAX_PASSKEYS} passkeys. Remove one first.");
    UserError::new(code::TooManyPasskeys, message)
}

fn no_passkey<C: OutputType + From<code::NotFound>>() -> UserError<C> {
    UserError::new(code::NotFound, "You have no such passkey.").at("id")
}

fn invalid_challenge() -> UserError<ConfirmPasskeySignInErrorCode> {
    UserError::invalid_passkey_challenge()
}

impl From<AddPasskeyRefusal> for MutationFailure<AddPasskeyErrorCode> {
    fn from(refusal: AddPasskeyRefusal) -> Self {
        match refusal {
            AddPasskeyRefusal::Denied(denial) => denial.into(),
            AddPasskeyRefusal::External(external) => external.into(),
            AddPasskeyRefusal::StepUp(required) => required.into(),
            AddPasskeyRefusal::TooMany => too_many().into(),
        }
    }
}

impl From<ConfirmPasskeyRefusal> for MutationFailure<ConfirmPasskeyErrorCode> {
    fn from(refusal: ConfirmPasskeyRefusal) -> Self {
        match refusal {
            ConfirmPasskeyRefusal::Denied(denial) => denial.into(),
            ConfirmPasskeyRefusal::External(external) => external.into(),
            ConfirmPasskeyRefusal::Response(refusal) => {
                let message = "No passkey is being added in this session. Call addPasskey first.";
                let nothing_pending = UserError::new(ConfirmPasskeyErrorCode::NothingPending, message);
                UserError::rejected_passkey(refusal, nothing_pending).into()
            }
            ConfirmPasskeyRefusal::Duplicate => {
                let message = "This passkey was added before.";
                UserError::new(ConfirmPasskeyErrorCode::DuplicatePasskey, message).at("credential").into()
            }
            ConfirmPasskeyRefusal::TooMany => too_many().into(),
        }
    }
}

impl From<RenamePasskeyRefusal> for MutationFailure<RenamePasskeyErrorCode> {
    fn from(refusal: RenamePasskeyRefusal) -> Self {
        match refusal {
            RenamePasskeyRefusal::Denied(denial) => denial.into(),
            RenamePasskeyRefusal::NotFound => no_passkey().into(),
        }
    }
}

impl From<RemovePasskeyRefusal> for MutationFailure<RemovePasskeyErrorCode> {
    fn from(refusal: RemovePasskeyRefusal) -> Self {
        match refusal {
            RemovePasskeyRefusal::Denied(denial) => denial.into(),
            RemovePasskeyRefusal::StepUp(required) => required.into(),
            RemovePasskeyRefusal::NotFound => no_passkey().into(),
            RemovePasskeyRefusal::LastSignInMethod(_) => {
                let message = "You have no password and no other passkey, so you could not sign in any more. Set a \
                               password or add another passkey first.";
                UserError::new(RemovePasskeyErrorCode::LastSignInMethod, message).into()
            }
        }
    }
}

impl From<StartPasskeySignInRefusal> for MutationFailure<StartPasskeySignInErrorCode> {
    fn from(StartPasskeySignInRefusal::RateLimited(wait): StartPasskeySignInRefusal) -> Self {
        UserError::rate_limited(wait, "Too many sign-ins were begun from your network.").into()
    }
}

impl From<PasskeySignInRefusal> for MutationFailure<ConfirmPasskeySignInErrorCode> {
    fn from(refusal: PasskeySignInRefusal) -> Self {
        match refusal {
            PasskeySignInRefusal::InvalidToken => invalid_challenge().into(),
            PasskeySignInRefusal::Response(refusal) => UserError::rejected_passkey(refusal, invalid_challenge()).into(),
        }
    }
}
