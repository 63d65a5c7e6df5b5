//! Sign-in: the password, MFA, and reauthentication.

use derive_more::From;
use serde_json::Value;

use super::codes::{AttemptKind, CodeAttempt, CodeRequest, Sent, Submitted};
use super::hasher::Slot;
use super::password::PasswordRefusal;
use super::sessions::IssuedTokens;
use super::{Error, Failure, Services, retry, separate};
use crate::clock::Timestamp;
use crate::domain::access::{Caller, Denial, ExternalUser};
use crate::domain::attempts::RetryAfter;
use crate::domain::code::{Code, CodePurpose, CodeRefusal};
use crate::domain::email::Email;
use crate::domain::event::{Client, SecurityEventType};
use crate::domain::ids::{DomainId, SessionId};
use crate::domain::login::LoginId;
use crate::domain::mfa::{Factor, MfaType};
use crate::domain::network::Network;
use crate::domain::passkey::AuthenticatorResponse;
use crate::domain::password::Password;
use crate::domain::password_hash::PasswordHash;
use crate::domain::token::ChallengeToken;
use crate::domain::user::{User, UserState};
use crate::domain::verify_code::VerifyCode;
use crate::entropy;
use crate::mail::CodeReason;
use crate::storage::users::Credentials;
use crate::storage::{Tx, codes, domains, sessions, users};

/// How often a password is verified again because its hash changed during the verification.
const VERIFICATIONS: u32 = 2;

/// A request to sign in.
#[derive(Debug, Clone)]
pub struct SignIn {
    /// The domain.
    pub domain_id: DomainId,
    /// The user id.
    pub login: LoginId,
    /// The password.
    pub password: Password,
}

/// The result of a correct password.
#[derive(Debug, Clone)]
pub enum SignedIn {
    /// A session.
    Session(IssuedTokens),
    /// MFA is enabled, so a factor is required.
    Challenge(Challenge),
}

/// The request for a factor after a correct password.
#[derive(Debug, Clone)]
pub struct Challenge {
    /// Identifies the challenge.
    pub token: ChallengeToken,
    /// The factor.
    pub mfa_type: MfaType,
    /// The address that a code was sent to.
    pub sent_to: Option<Email>,
    /// The options of a ceremony with one of the user's passkeys, which completes the challenge as well.
    pub passkey_options: Option<Value>,
    /// Why no code was sent, if a rate limit prevented it.
    pub not_sent: Option<RetryAfter>,
    /// When the challenge expires.
    pub expires_at: Timestamp,
}

/// Why a sign-in fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignInRefusal {
    /// The user is unknown, the password is wrong, or the user may not sign in here. The client does not learn which.
    InvalidCredentials,
    /// Too many wrong passwords or too many hashes to compute. A later attempt may succeed.
    RateLimited(RetryAfter),
}

/// Why a challenge is not completed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, From)]
pub enum ConfirmSignInRefusal {
    /// The challenge is unknown, expired, completed, or invalidated.
    InvalidToken,
    /// The code is not accepted.
    Code(CodeRefusal),
}

/// Why a challenge for a passkey is not completed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, From)]
pub enum PasskeySignInRefusal {
    /// The challenge is unknown, completed, or of another session.
    InvalidToken,
    /// The response is not accepted.
    Response(CodeRefusal),
}

/// Why a user is not reauthenticated.
#[derive(Debug, Clone, PartialEq, Eq, From)]
pub enum ReauthenticateRefusal {
    /// The caller may not reauthenticate.
    Denied(Denial),
    /// The password is not managed here.
    External(ExternalUser),
    /// The password is not accepted.
    Password(PasswordRefusal),
    /// The code is not accepted.
    Code(CodeRefusal),
}

/// The result of a reauthentication.
#[derive(Debug, Clone)]
pub enum Reauthenticated {
    /// The authentication of the session is renewed.
    Fresh(Box<Caller>),
    /// A factor is required as well.
    Challenge(Challenge),
}

impl Services {
    /// The domain of requests that name none: the only one. `None` if there is no domain or more than one.
    pub async fn only_domain(&self) -> Result<Option<DomainId>, Failure> {
        Ok(domains::find_only(&self.db).await?)
    }

    /// Signs a user in, or requests their factor.
    ///
    /// # Errors
    /// A [`SignInRefusal`]. For an unknown user, it is the same as for a wrong password, after the same work.
    pub async fn sign_in(&self, who: SignIn, client: &Client) -> Result<SignedIn, Error<SignInRefusal>> {
        let invalid = || Error::Refused(SignInRefusal::InvalidCredentials);
        let begun = self.begin_attempt(&who.domain_id, &who.login, client).await;
        let (counters, slot, attempt) = begun.map_err(|error| error.map(SignInRefusal::RateLimited))?;
        let (mut tx, user) = match self.begin_verified(&slot, &who).await? {
            Ok(begun) => begun,
            Err(found) => {
                self.record_failed_sign_in(&counters, found.as_ref(), client).await?;
                return Err(invalid());
            }
        };
        // No code can be sent: the correct password is not counted as a failed attempt.
        if let (Some(Factor::Email(_)), Err(failure)) = (user.mfa.factor(), self.require_mail()) {
            tx.roll_back().await?;
            self.refund_attempt_now(&attempt).await?;
            return Err(failure.into());
        }
        let now = self.now();
        let signed_in = if user.mfa.is_enabled() {
            self.refund_attempt(&mut tx, &attempt, now).await?;
            SignedIn::Challenge(self.challenge(&mut tx, &user, CodePurpose::SignIn, None, now).await?)
        } else {
            let tokens = self.start_session(&mut tx, &user, client, now).await?;
            Self::clear_attempts(&mut tx, &counters, Some(&attempt), now).await?;
            SignedIn::Session(tokens)
        };
        self.commit_and_wake(tx).await?;
        if matches!(signed_in, SignedIn::Session(_)) {
            self.metrics().accounts.count_sign_in("password");
        }
        drop(slot);
        Ok(signed_in)
    }

    /// Verifies a password, and begins the transaction in which its user, who is locked, signs in. If the password is
    /// wrong, `Err` with the user, if there is one. Replaces an outdated hash.
    async fn begin_verified(
        &self,
        slot: &Slot,
        who: &SignIn,
    ) -> Result<Result<(Tx, User), Option<Credentials>>, Failure> {
        let mut rounds = 0..VERIFICATIONS;
        loop {
            let found = users::find_credentials(&self.db, &who.domain_id, &who.login).await?;
            let hash = found.as_ref().filter(|found| may_sign_in(found));
            let hash = hash.and_then(|found| PasswordHash::parse(found.password_hash.as_deref()?).ok());
            let form = self.hasher.compare(slot, hash.clone(), who.password.clone()).await?;
            let form = form.filter(|_| !who.password.is_too_long());
            let is_outdated = hash.zip(form).is_some_and(|(hash, form)| self.hasher.is_outdated(&hash, form));
            let Some(found) = found.as_ref().filter(|_| form.is_some()) else { return Ok(Err(found)) };
            let new_hash = if is_outdated { Some(self.hasher.hash(slot, who.password.clone()).await?) } else { None };

            let mut tx = self.db.begin().await?;
            // The user may have been disabled, or the password changed, while the hash was computed.
            let current = users::find_credentials_locked(&mut tx, &found.user.id).await?;
            match current.filter(may_sign_in) {
                Some(current) if current.password_hash == found.password_hash => {
                    if let Some(hash) = new_hash {
                        users::update_password_hash(&mut tx, &current.user.id, &hash).await?;
                    }
                    return Ok(Ok((tx, current.user)));
                }
                current => {
                    tx.roll_back().await?;
                    // A concurrent sign-in may have replaced an outdated hash of the same password: verify it again.
                    if current.is_none() || rounds.next().is_none() {
                        return Ok(Err(current));
                    }
                }
            }
        }
    }

    pub(super) async fn start_session(
        &self,
        tx: &mut Tx,
        user: &User,
        client: &Client,
        now: Timestamp,
    ) -> Result<IssuedTokens, Failure> {
        if user.state == UserState::Pending {
            users::update_state(tx, &user.id, UserState::Enabled).await?;
        }
        self.begin_session(tx, user, client, now).await
    }

    /// Requests the factor. If a rate limit prevents the message, the challenge is returned all the same, because a
    /// recovery code completes it too, and codes that were sent before stay valid.
    async fn challenge(
        &self,
        tx: &mut Tx,
        user: &User,
        purpose: CodePurpose,
        session: Option<&SessionId>,
        now: Timestamp,
    ) -> Result<Challenge, Failure> {
        let token = ChallengeToken::from_random(entropy::bytes()?);
        let digest = token.digest();
        let request = CodeRequest { owner: user, purpose, session, ttl: self.policy.codes.mfa_ttl };
        let mut challenge = Challenge {
            token,
            mfa_type: user.mfa.mfa_type.unwrap_or(MfaType::Email),
            sent_to: None,
            passkey_options: None,
            not_sent: None,
            expires_at: now + request.ttl,
        };
        if let Some(Factor::Email(address)) = user.mfa.factor() {
            self.require_mail()?;
            let sends = self.quota_of_code(&user.id, purpose, &address, session.is_some(), None);
            match separate(Self::charge_quota(tx, &sends, now).await)? {
                Ok(()) => {
                    codes::delete(tx, &user.id, &[purpose]).await?;
                    let reason = if session.is_some() { CodeReason::Reauthenticate } else { CodeReason::SignIn };
                    let Sent { to, .. } = self.mail_code(tx, &request, (reason, &address), Some(&digest), now).await?;
                    challenge.sent_to = Some(to);
                }
                Err(wait) => challenge.not_sent = Some(wait),
            }
        }
        // A session needs no row for a TOTP or a recovery code. A row without digits would hide the code sent before.
        if session.is_none() {
            if challenge.sent_to.is_none() {
                Self::await_code(tx, &request, None, Some(&digest), now).await?;
            }
            challenge.passkey_options = self.offer_passkeys(tx, user, &challenge.token).await?;
        }
        Ok(challenge)
    }

    /// Whether a token identifies a challenge. If the submitted code is malformed, it is not compared, and this is the
    /// only other check.
    pub async fn is_challenge(&self, token: &ChallengeToken) -> Result<bool, Failure> {
        Ok(codes::find_by_token(&self.db, &token.digest(), CodePurpose::SignIn).await?.is_some())
    }

    /// Completes a challenge with a code.
    pub async fn confirm_sign_in(
        &self,
        token: &ChallengeToken,
        answer: &VerifyCode,
        client: &Client,
    ) -> Result<IssuedTokens, Error<ConfirmSignInRefusal>> {
        self.confirm_sign_in_with(token, Submitted::Code(answer), client).await
    }

    /// Completes a challenge with one of the user's passkeys.
    pub async fn confirm_sign_in_with_passkey(
        &self,
        token: &ChallengeToken,
        response: &AuthenticatorResponse,
        client: &Client,
    ) -> Result<IssuedTokens, Error<PasskeySignInRefusal>> {
        self.relying_party()?;
        let outcome = self.confirm_sign_in_with(token, Submitted::Passkey(response), client).await;
        outcome.map_err(|error| {
            error.map(|refusal| match refusal {
                ConfirmSignInRefusal::InvalidToken => PasskeySignInRefusal::InvalidToken,
                ConfirmSignInRefusal::Code(refusal) => PasskeySignInRefusal::Response(refusal),
            })
        })
    }

    async fn confirm_sign_in_with(
        &self,
        token: &ChallengeToken,
        submitted: Submitted<'_>,
        client: &Client,
    ) -> Result<IssuedTokens, Error<ConfirmSignInRefusal>> {
        let invalid = || Error::Refused(ConfirmSignInRefusal::InvalidToken);
        let code = codes::find_by_token(&self.db, &token.digest(), CodePurpose::SignIn).await?.ok_or_else(invalid)?;
        if code.expires_at <= self.now() {
            return Err(Error::Refused(ConfirmSignInRefusal::Code(CodeRefusal::Expired)));
        }
        let attempt = self.charge_code(Some(&code.owner_id), Some(&code), submitted, AttemptKind::SignIn).await?;
        let outcome = retry(|| self.complete_sign_in(&code, &attempt, client)).await;
        self.settle_attempt(&attempt, outcome).await
    }

    /// Compares a counted attempt at a challenge and issues the session.
    async fn complete_sign_in(
        &self,
        code: &Code,
        attempt: &CodeAttempt<'_>,
        client: &Client,
    ) -> Result<IssuedTokens, Error<ConfirmSignInRefusal>> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        let found = users::find_credentials_locked(&mut tx, &code.owner_id).await?;
        let found = found.filter(|found| may_sign_in(found) && found.user.mfa.is_enabled());
        let Some(Credentials { user, .. }) = found else {
            tx.roll_back().await?;
            return Err(Error::Refused(ConfirmSignInRefusal::InvalidToken));
        };
        self.redeem_for_session(tx, &user, attempt, client, now).await
    }

    /// Compares a counted attempt, and issues the session that it completes. The user must be locked.
    pub(super) async fn redeem_for_session<R: From<CodeRefusal>>(
        &self,
        tx: Tx,
        user: &User,
        attempt: &CodeAttempt<'_>,
        client: &Client,
        now: Timestamp,
    ) -> Result<IssuedTokens, Error<R>> {
        let (mut tx, _) = self.redeem(tx, user, attempt, client, now).await?;
        let tokens = self.start_session(&mut tx, user, client, now).await?;
        let counters = self.counters(&user.domain_id, &user.login, Network::of(client.address));
        Self::clear_attempts(&mut tx, &counters, None, now).await?;
        self.commit_and_wake(tx).await?;
        self.metrics().accounts.count_sign_in(attempt.method(user));
        Ok(tokens)
    }

    /// Verifies the caller's password and, with MFA enabled, their factor, and renews the authentication of the
    /// session.
    pub async fn reauthenticate(
        &self,
        caller: &Caller,
        password: Password,
        answer: Option<&VerifyCode>,
        client: &Client,
    ) -> Result<Reauthenticated, Error<ReauthenticateRefusal>> {
        let (caller, hash) = &self.verify_own_password(caller, password, client).await?;
        let Some(answer) = answer.filter(|_| caller.user.mfa.is_enabled()) else {
            return retry(|| self.renew(caller, hash, None, client)).await;
        };
        let code = self.find_reauthentication_code(caller, answer).await?;
        let attempt = self
            .charge_code(Some(&caller.user.id), code.as_ref(), Submitted::Code(answer), AttemptKind::Session)
            .await?;
        let outcome = retry(|| self.renew(caller, hash, Some(&attempt), client)).await;
        self.settle_attempt(&attempt, outcome).await
    }

    /// Checks the caller's password without renewing anything: for a request whose code is malformed, so that all
    /// errors are reported at once.
    pub async fn check_own_password(
        &self,
        caller: &Caller,
        password: Password,
        client: &Client,
    ) -> Result<(), Error<ReauthenticateRefusal>> {
        self.verify_own_password(caller, password, client).await.map(drop)
    }

    /// The caller as currently stored, and the hash that their password matched.
    async fn verify_own_password(
        &self,
        caller: &Caller,
        password: Password,
        client: &Client,
    ) -> Result<(Caller, String), Error<ReauthenticateRefusal>> {
        let caller = self.recheck_caller(caller, may_reauthenticate).await?;
        let verified = self.prove_password(&caller.user, password, client).await;
        let hash = verified.map_err(|error| error.map(ReauthenticateRefusal::Password))?.into_hash();
        Ok((caller, hash))
    }

    /// Continues after a correct password, which matched `hash`: compares a counted attempt and renews the
    /// authentication of the session or, with MFA enabled and no code submitted, requests the factor.
    async fn renew(
        &self,
        caller: &Caller,
        hash: &str,
        attempt: Option<&CodeAttempt<'_>>,
        client: &Client,
    ) -> Result<Reauthenticated, Error<ReauthenticateRefusal>> {
        let now = self.now();
        let (mut tx, caller) = self.begin_as(caller, may_reauthenticate, now).await?;
        if !Self::has_hash(&mut tx, &caller.user, Some(hash)).await? {
            return Err(Error::Refused(ReauthenticateRefusal::Password(PasswordRefusal::Wrong)));
        }
        match attempt {
            None if caller.user.mfa.is_enabled() => {
                let (purpose, session) = (CodePurpose::Reauthenticate, Some(&caller.session.id));
                let challenge = self.challenge(&mut tx, &caller.user, purpose, session, now).await?;
                self.commit_and_wake(tx).await?;
                return Ok(Reauthenticated::Challenge(challenge));
            }
            None => {}
            Some(attempt) => (tx, _) = self.redeem(tx, &caller.user, attempt, client, now).await?,
        }
        Ok(Reauthenticated::Fresh(Box::new(self.renew_session(tx, caller, client, now).await?)))
    }

    /// Renews the authentication of the caller's session, and commits.
    pub(super) async fn renew_session(
        &self,
        mut tx: Tx,
        mut caller: Caller,
        client: &Client,
        now: Timestamp,
    ) -> Result<Caller, Failure> {
        caller.session.authenticated_at = now;
        sessions::update_authenticated(&mut tx, &caller.session.id, now).await?;
        self.record(&mut tx, &caller.user.id, SecurityEventType::Reauthenticated, Some(client), now).await?;
        self.commit_and_wake(tx).await?;
        Ok(caller)
    }

    /// The pending code of a reauthentication. The digits of a mailed code are compared with the code that was mailed
    /// for this session. A TOTP or a recovery code needs no such code.
    async fn find_reauthentication_code(
        &self,
        caller: &Caller,
        answer: &VerifyCode,
    ) -> Result<Option<Code>, Error<ReauthenticateRefusal>> {
        let is_mailed = matches!(caller.user.mfa.factor(), Some(Factor::Email(_)));
        if matches!(answer, VerifyCode::Recovery(_)) || !is_mailed {
            return Ok(None);
        }
        let code = codes::find(&self.db, &caller.user.id, &[CodePurpose::Reauthenticate]).await?;
        let is_ours = |code: &Code| code.digest.is_some() && code.session_id.as_ref() == Some(&caller.session.id);
        Ok(Some(code.filter(is_ours).ok_or(Error::Refused(CodeRefusal::NothingPending.into()))?))
    }
}

fn may_reauthenticate(caller: &Caller) -> Result<(), ReauthenticateRefusal> {
    Ok(caller.is_local()?)
}

/// Whether this user may sign in with a correct password.
pub(super) fn may_sign_in(found: &Credentials) -> bool {
    Caller::may_sign_in(&found.user, &found.domain)
}
