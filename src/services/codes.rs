//! The engine of codes: it creates, counts, compares, and consumes every code, challenge, and one-time token of the
//! product.
//!
//! An attempt is first counted in the database, in a transaction of its own, and then compared. A correct attempt
//! consumes the code with one conditional statement, in the transaction of the operation that the code permits. So no
//! number of sessions, aliases, or parallel requests exceeds the attempt limit, and each code is used once.

use chrono::TimeDelta;

use super::failed_attempts::FailedAttempt;
use super::passkey_verification::WrongResponse;
use super::{Error, Failure, Services};
use crate::clock::Timestamp;
use crate::domain::code::{Code, CodePurpose, CodeRefusal};
use crate::domain::email::Email;
use crate::domain::event::{Client, SecurityEventType};
use crate::domain::ids::{CodeId, RateLimitEventId, SessionId, UserId};
use crate::domain::mfa::{Factor, Proof};
use crate::domain::otp_secret::{OTP_SECRET_PURPOSE, OtpSecret};
use crate::domain::passkey::{AuthenticatorResponse, PASSKEY_CHALLENGE_TTL};
use crate::domain::secret::Digest;
use crate::domain::token::TokenDigest;
use crate::domain::totp;
use crate::domain::user::User;
use crate::domain::verify_code::{Digits, RecoveryCode, VerifyCode};
use crate::entropy;
use crate::mail::{CodeReason, MailedSecret, Message, Notification};
use crate::storage::users::AuthenticatorApp;
use crate::storage::{Tx, codes, rate_limit_events, recovery_codes, users};

/// The confirmation that a code was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// The address that it was sent to.
    pub to: Email,
    /// When it expires.
    pub expires_at: Timestamp,
}

/// Which wrong attempts of a user are counted together, in a rolling day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AttemptKind {
    /// Codes, and passkeys instead of them, after a correct password.
    SignIn,
    /// Passkeys that replace the password. They have a count of their own, so that a thief of the password cannot use up
    /// the attempts with a passkey, or the reverse.
    Passkey,
    /// Codes and passkeys in sessions.
    Session,
    /// Recovery codes, at sign-in and in sessions.
    RecoveryCode,
}

/// A submitted code or the response of a passkey.
#[derive(Clone, Copy)]
pub(super) enum Submitted<'a> {
    /// Digits or a recovery code.
    Code(&'a VerifyCode),
    /// The response of a passkey.
    Passkey(&'a AuthenticatorResponse),
}

impl Submitted<'_> {
    fn is_recovery_code(self) -> bool {
        matches!(self, Self::Code(VerifyCode::Recovery(_)))
    }
}

impl AttemptKind {
    /// The kind of an attempt: recovery codes have a count of their own, and `other` is the kind of everything else.
    fn of(submitted: Submitted<'_>, other: Self) -> Self {
        if submitted.is_recovery_code() { Self::RecoveryCode } else { other }
    }

    fn purpose(self) -> &'static str {
        match self {
            Self::SignIn => "tries at sign-in",
            Self::Passkey => "tries with passkeys",
            Self::Session => "tries in sessions",
            Self::RecoveryCode => "tries of recovery codes",
        }
    }
}

/// A counted attempt: what was submitted, and the pending code that it is compared with.
pub(super) struct CodeAttempt<'a> {
    code: Option<&'a Code>,
    /// The code that the attempt was also counted against, if any.
    counted_code: Option<&'a Code>,
    submitted: Submitted<'a>,
    /// The kind of an attempt without a recovery code.
    kind: AttemptKind,
    /// Its entry in the count of the user, if the user is known.
    event: Option<RateLimitEventId>,
    /// How many attempts remain if this one is wrong.
    attempts_left: u32,
    /// Whether none remains to the user for a day.
    is_last_of_day: bool,
}

impl CodeAttempt<'_> {
    /// What `user` signs in with by it, in metrics.
    pub(super) fn method(&self, user: &User) -> &'static str {
        match (self.submitted, user.mfa.factor()) {
            (Submitted::Passkey(_), _) => "passkey",
            (Submitted::Code(VerifyCode::Recovery(_)), _) => "recovery_code",
            (Submitted::Code(VerifyCode::Digits(_)), Some(Factor::Otp)) => "one_time_password",
            (Submitted::Code(VerifyCode::Digits(_)), _) => "emailed_code",
        }
    }

    /// The refusal of the attempt if it is wrong.
    pub(super) fn wrong(&self) -> CodeRefusal {
        CodeRefusal::Wrong { attempts_left: self.attempts_left }
    }
}

/// A request for a new code.
pub(super) struct CodeRequest<'a> {
    /// The user that it belongs to.
    pub(super) owner: &'a User,
    /// Its purpose.
    pub(super) purpose: CodePurpose,
    /// The only session that may use it, if any.
    pub(super) session: Option<&'a SessionId>,
    /// Its lifetime.
    pub(super) ttl: TimeDelta,
}

impl CodeRequest<'_> {
    fn blank(&self, now: Timestamp) -> Result<Code, Failure> {
        blank_code(&self.owner.id, self.purpose, self.session, now, now + self.ttl)
    }
}

fn blank_code(
    owner: &UserId,
    purpose: CodePurpose,
    session: Option<&SessionId>,
    created_at: Timestamp,
    expires_at: Timestamp,
) -> Result<Code, Failure> {
    Ok(Code {
        id: CodeId::from_random(entropy::bytes()?),
        owner_id: owner.clone(),
        purpose,
        address: None,
        session_id: session.cloned(),
        digest: None,
        otp_secret: None,
        passkey_state: None,
        account: None,
        tries: 0,
        created_at,
        expires_at,
    })
}

impl Services {
    /// Sends a code of six digits. Earlier codes for the same purpose must be invalidated before.
    pub(super) async fn mail_code(
        &self,
        tx: &mut Tx,
        request: &CodeRequest<'_>,
        (reason, address): (CodeReason, &Email),
        token: Option<&TokenDigest>,
        now: Timestamp,
    ) -> Result<Sent, Failure> {
        let digits = Digits::from_random(entropy::bytes()?);
        let mut code = Code { address: Some(address.clone()), ..request.blank(now)? };
        code.digest = Some(self.digest_of(&code, &digits));
        codes::insert(tx, &code, token).await?;
        let (code_text, minutes) = (MailedSecret::new(digits.reveal()), whole_minutes(request.ttl));
        let message = Message::Code { reason, code: code_text, minutes };
        self.enqueue_mail(tx, (address.as_str(), request.owner), message, code.expires_at, now).await?;
        Ok(Sent { to: address.clone(), expires_at: code.expires_at })
    }

    /// Opens a period in which the response of a passkey is accepted, of `account` if it is given.
    pub(super) async fn await_passkey(
        tx: &mut Tx,
        (owner, purpose, session): (&UserId, CodePurpose, Option<&SessionId>),
        (state, account): (String, Option<Digest>),
        token: Option<&TokenDigest>,
        now: Timestamp,
    ) -> Result<Timestamp, Failure> {
        let blank = blank_code(owner, purpose, session, now, now + PASSKEY_CHALLENGE_TTL)?;
        let code = Code { passkey_state: Some(state), account, ..blank };
        codes::insert(tx, &code, token).await?;
        Ok(code.expires_at)
    }

    /// Opens a period in which a TOTP or a recovery code is accepted.
    pub(super) async fn await_code(
        tx: &mut Tx,
        request: &CodeRequest<'_>,
        otp_secret: Option<Vec<u8>>,
        token: Option<&TokenDigest>,
        now: Timestamp,
    ) -> Result<Timestamp, Failure> {
        let code = Code { otp_secret, ..request.blank(now)? };
        codes::insert(tx, &code, token).await?;
        Ok(code.expires_at)
    }

    /// Stores a token that is sufficient by itself, bound to an address or to none.
    pub(super) async fn keep_token(
        tx: &mut Tx,
        request: &CodeRequest<'_>,
        address: Option<&Email>,
        token: &TokenDigest,
        now: Timestamp,
    ) -> Result<Timestamp, Failure> {
        let code = Code { address: address.cloned(), ..request.blank(now)? };
        codes::insert(tx, &code, Some(token)).await?;
        Ok(code.expires_at)
    }

    /// Counts an attempt before it is compared: against the user, if known, and against `code`. Recovery codes are
    /// counted only against the user, and have a count of their own. Then, [`redeem`](Self::redeem) compares it, and
    /// [`settle_attempt`](Self::settle_attempt) removes it from the counts unless it was wrong.
    pub(super) async fn charge_code<'a, R: From<CodeRefusal>>(
        &self,
        owner: Option<&UserId>,
        code: Option<&'a Code>,
        submitted: Submitted<'a>,
        kind: AttemptKind,
    ) -> Result<CodeAttempt<'a>, Error<R>> {
        let refused = |refusal: CodeRefusal| Error::Refused(refusal.into());
        let (now, max_tries) = (self.now(), self.policy.codes.tries);
        let counted_code = code.filter(|_| !submitted.is_recovery_code());
        // Most attempts over the limit are refused here, without a transaction.
        counted_code.map_or(Ok(0), |code| code.charge(max_tries, now)).map_err(refused)?;
        let mut tx = self.db.begin().await?;
        let counter = owner.map(|owner| self.attempt_counter(owner, AttemptKind::of(submitted, kind)));
        let window = self.policy.codes.tries_per_day;
        if let Some(counter) = &counter {
            // The limit is locked before the code, as everywhere, so that no two transactions wait for each other.
            rate_limit_events::lock(&mut tx, counter).await?;
            let oldest = rate_limit_events::find_nth_newest(&mut tx, counter, window.limit, now - window.span).await?;
            if let Err(wait) = window.check(oldest, now) {
                tx.roll_back().await?;
                return Err(refused(CodeRefusal::TooManyTries(Some(wait))));
            }
        }
        let mut attempts_left = u32::MAX;
        if let Some(code) = counted_code {
            // Concurrent requests may have made attempts, or consumed the code, in the meantime.
            let Some(tries) = codes::charge(&mut tx, &code.id, max_tries, now).await? else {
                let refusal = match codes::find_within(&mut tx, &code.id).await? {
                    Some(code) => code.charge(max_tries, now).err().unwrap_or(CodeRefusal::NothingPending),
                    None => CodeRefusal::NothingPending,
                };
                tx.roll_back().await?;
                return Err(refused(refusal));
            };
            attempts_left = max_tries.saturating_sub(tries);
        }
        let (mut event, mut is_last_of_day) = (None, false);
        if let Some(counter) = &counter {
            event = Some(Self::count(&mut tx, counter, now).await?);
            let tried = rate_limit_events::count(&mut tx, counter, now - window.span).await?;
            let left = window.limit.saturating_sub(tried);
            is_last_of_day = left == 0;
            attempts_left = attempts_left.min(left);
        }
        tx.commit().await?;
        Ok(CodeAttempt { code, counted_code, submitted, kind, event, attempts_left, is_last_of_day })
    }

    /// Compares a counted attempt and, if it is correct, consumes the code and removes the attempt from the user's
    /// count. Otherwise rolls the transaction back. The user must be locked.
    pub(super) async fn redeem<R: From<CodeRefusal>>(
        &self,
        mut tx: Tx,
        user: &User,
        attempt: &CodeAttempt<'_>,
        client: &Client,
        now: Timestamp,
    ) -> Result<(Tx, Proof), Error<R>> {
        let proven = match attempt.submitted {
            Submitted::Code(answer) => {
                let proof = self.prove(&mut tx, user, attempt.code, answer, client, now).await?;
                proof.ok_or(WrongResponse::Invalid)
            }
            Submitted::Passkey(response) => {
                let place = (attempt.code, attempt.kind == AttemptKind::Session);
                self.prove_by_passkey(&mut tx, user, place, response, now).await?
            }
        };
        let proof = match proven {
            Ok(proof) => proof,
            Err(wrong) => {
                tx.roll_back().await?;
                self.record_wrong_attempt(user, attempt, wrong, client).await?;
                return Err(Error::Refused(attempt.wrong().into()));
            }
        };
        Self::discharge(&mut tx, attempt).await?;
        if let Some(code) = attempt.code
            && !codes::consume(&mut tx, &code.id, now).await?
        {
            tx.roll_back().await?;
            return Err(Error::Refused(CodeRefusal::NothingPending.into()));
        }
        Ok((tx, proof))
    }

    /// Removes an attempt from all counts unless it was wrong: it was refused before the comparison, or it was correct
    /// and failed for another reason. Returns the outcome unchanged. The transaction of the attempt must have ended.
    pub(super) async fn settle_attempt<T, R: From<CodeRefusal> + PartialEq>(
        &self,
        attempt: &CodeAttempt<'_>,
        outcome: Result<T, Error<R>>,
    ) -> Result<T, Error<R>> {
        let wrong: R = attempt.wrong().into();
        if let Err(Error::Refused(refusal)) = &outcome
            && *refusal != wrong
        {
            let mut tx = self.db.begin().await?;
            Self::discharge(&mut tx, attempt).await?;
            if let Some(code) = attempt.counted_code {
                codes::uncharge(&mut tx, &code.id).await?;
            }
            tx.commit().await?;
        }
        outcome
    }

    async fn record_wrong_attempt(
        &self,
        user: &User,
        attempt: &CodeAttempt<'_>,
        wrong: WrongResponse,
        client: &Client,
    ) -> Result<(), Failure> {
        match (wrong, attempt.kind) {
            (WrongResponse::PossibleClone(name), _) => self.record_refused_passkey(user, &name, client).await,
            (_, AttemptKind::Passkey) => {
                let failed = FailedAttempt::WrongPasskey;
                self.record_wrong_passkey(user, failed, attempt.is_last_of_day, client).await
            }
            (_, AttemptKind::SignIn) => self.record_wrong_sign_in_code(user, attempt.attempts_left, client).await,
            _ => self.record_wrong_code(user, client).await,
        }
    }

    /// Removes an attempt from the count of the user.
    pub(super) async fn discharge(tx: &mut Tx, attempt: &CodeAttempt<'_>) -> Result<(), Failure> {
        if let Some(event) = &attempt.event {
            rate_limit_events::delete(tx, event).await?;
        }
        Ok(())
    }

    /// Clears the count of failed codes at sign-in after a confirmed password reset, at most once in a rolling day:
    /// otherwise, a thief of the mailbox would have unlimited attempts. The other counts are never cleared. The user
    /// must be locked.
    pub(super) async fn clear_sign_in_attempts(
        &self,
        tx: &mut Tx,
        owner: &UserId,
        now: Timestamp,
    ) -> Result<(), Failure> {
        let tries = self.attempt_counter(owner, AttemptKind::SignIn);
        let clearings = self.clearings_counter(owner);
        let since = now - self.policy.codes.tries_per_day.span;
        rate_limit_events::lock(tx, &tries).await?;
        if rate_limit_events::count(tx, &clearings, since).await? > 0
            || rate_limit_events::count(tx, &tries, since).await? == 0
        {
            return Ok(());
        }
        rate_limit_events::clear(tx, &tries, since).await?;
        Self::count(tx, &clearings, now).await?;
        Ok(())
    }

    /// Compares a counted attempt. The user must be locked. A correct recovery code is consumed, and a correct step of
    /// the authenticator app is recorded as accepted. A correct mailed code still has to be consumed.
    async fn prove(
        &self,
        tx: &mut Tx,
        user: &User,
        code: Option<&Code>,
        answer: &VerifyCode,
        client: &Client,
        now: Timestamp,
    ) -> Result<Option<Proof>, Failure> {
        let digits = match answer {
            VerifyCode::Recovery(code) => return self.consume_recovery_code(tx, user, code, client, now).await,
            VerifyCode::Digits(digits) => digits,
        };
        match code {
            Some(Code { digest: Some(digest), .. }) => {
                Ok(code.and_then(|code| Proof::by_emailed_code(digest, &self.digest_of(code, digits))))
            }
            Some(Code { otp_secret: Some(encrypted), .. }) => {
                let secret = self.decrypt_otp_secret(encrypted)?;
                let step = totp::accepted_step(&secret, digits, None, now);
                if step.is_some() {
                    // Encrypted again: since it was read, a rotation of the key may have passed the user.
                    let app = AuthenticatorApp { secret: Some(self.encrypt_otp_secret(&secret)?), last_step: step };
                    users::update_authenticator_app(tx, &user.id, &app).await?;
                }
                Ok(Proof::by_one_time_password(step))
            }
            _ if user.mfa.factor() == Some(Factor::Otp) => {
                let app = users::find_authenticator_app(tx, &user.id).await?;
                let Some(encrypted) = app.secret else { return Ok(None) };
                let secret = self.decrypt_otp_secret(&encrypted)?;
                match totp::accepted_step(&secret, digits, app.last_step, now) {
                    Some(step) if users::accept_step(tx, &user.id, &encrypted, step).await? => {
                        Ok(Proof::by_one_time_password(Some(step)))
                    }
                    _ => Ok(None),
                }
            }
            _ => Ok(None),
        }
    }

    fn decrypt_otp_secret(&self, encrypted: &[u8]) -> Result<OtpSecret, Failure> {
        Ok(OtpSecret::from_stored(self.keyring.decrypt(OTP_SECRET_PURPOSE, encrypted)?))
    }

    /// The secret of an authenticator app as it is stored.
    pub(super) fn encrypt_otp_secret(&self, secret: &OtpSecret) -> Result<Vec<u8>, Failure> {
        Ok(self.keyring.encrypt(OTP_SECRET_PURPOSE, entropy::bytes()?, secret.as_bytes())?)
    }

    async fn consume_recovery_code(
        &self,
        tx: &mut Tx,
        user: &User,
        code: &RecoveryCode,
        client: &Client,
        now: Timestamp,
    ) -> Result<Option<Proof>, Failure> {
        let was_consumed = recovery_codes::consume(tx, &user.id, &self.recovery_digest(&user.id, code)).await?;
        if was_consumed {
            let left = recovery_codes::count_within(tx, &user.id).await?;
            self.record(tx, &user.id, SecurityEventType::RecoveryCodeUsed, Some(client), now).await?;
            self.enqueue_notification(tx, user, Notification::RecoveryCodeUsed { left }, Some(client), now).await?;
        }
        Ok(Proof::by_recovery_code(was_consumed))
    }

    pub(super) fn recovery_digest(&self, owner: &UserId, code: &RecoveryCode) -> Digest {
        self.keyring.digest("recovery code", &[owner.as_str().as_bytes(), code.as_bytes()])
    }

    /// The digest covers the digits and everything that the code is bound to.
    fn digest_of(&self, code: &Code, digits: &Digits) -> Digest {
        let address = code.address.as_ref().map_or("", Email::key);
        let session = code.session_id.as_ref().map_or("", SessionId::as_str);
        let parts =
            [code.purpose.as_str(), code.id.as_str(), code.owner_id.as_str(), address, session, digits.reveal()];
        self.keyring.digest("code", &parts.map(str::as_bytes))
    }

    /// All counters of a user's attempts.
    pub(super) fn attempt_counters(&self, owner: &UserId) -> Vec<Digest> {
        use AttemptKind::{Passkey, RecoveryCode, Session, SignIn};
        let of_kinds = [SignIn, Passkey, Session, RecoveryCode].map(|kind| self.attempt_counter(owner, kind));
        of_kinds.into_iter().chain([self.clearings_counter(owner)]).collect()
    }

    fn clearings_counter(&self, owner: &UserId) -> Digest {
        self.keyring.digest("clearings of tries at sign-in", &[owner.as_str().as_bytes()])
    }

    fn attempt_counter(&self, owner: &UserId, kind: AttemptKind) -> Digest {
        self.keyring.digest(kind.purpose(), &[owner.as_str().as_bytes()])
    }
}

/// At least one: an operator may configure a lifetime in seconds, and the message must not say "0 minutes".
pub(super) fn whole_minutes(ttl: TimeDelta) -> i64 {
    ttl.num_minutes().max(1)
}
