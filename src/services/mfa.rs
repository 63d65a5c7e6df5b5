//! MFA: enabling and disabling it, and recovery codes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use derive_more::From;
use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};

use super::codes::{AttemptKind, CodeAttempt, CodeRequest, Sent, Submitted};
use super::email::NotSent;
use super::{Error, Failure, Services, retry};
use crate::clock::Timestamp;
use crate::domain::access::{Caller, Denial, ExternalUser, StepUpRequired};
use crate::domain::attempts::RetryAfter;
use crate::domain::code::{Code, CodePurpose, CodeRefusal};
use crate::domain::email::Email;
use crate::domain::event::{Client, SecurityEventType};
use crate::domain::ids::UserId;
use crate::domain::mfa::{Factor, MfaChange, MfaRefusal, MfaType};
use crate::domain::otp_secret::OtpSecret;
use crate::domain::totp;
use crate::domain::user::RequiredAction;
use crate::domain::verify_code::{RECOVERY_CODES, RecoveryCode, VerifyCode};
use crate::entropy;
use crate::mail::{CodeReason, Notification};
use crate::storage::users::AuthenticatorApp;
use crate::storage::{Tx, codes, recovery_codes, users};

/// The side length of a module of a QR code, in the units of the SVG.
const QR_MODULE: u32 = 4;

/// Why MFA is not enabled.
#[derive(Debug, Clone, PartialEq, Eq, From)]
pub enum EnableMfaRefusal {
    /// The caller may not enable it.
    Denied(Denial),
    /// MFA is not managed here.
    External(ExternalUser),
    /// The caller must reauthenticate first.
    StepUp(StepUpRequired),
    /// An operator enforces a factor of the other type.
    Enforced,
    /// The user has no verified address that codes could be sent to, and the request has none.
    AddressRequired,
    /// No code can be sent.
    NotSent(NotSent),
}

/// Why MFA is not disabled.
#[derive(Debug, Clone, PartialEq, Eq, From)]
pub enum DisableMfaRefusal {
    /// The caller may not disable it.
    Denied(Denial),
    /// MFA is not managed here.
    External(ExternalUser),
    /// The caller must reauthenticate first.
    StepUp(StepUpRequired),
    /// MFA is not enabled, or it is enforced.
    Mfa(MfaRefusal),
    /// Too many messages. A later request may succeed.
    RateLimited(RetryAfter),
}

/// Why no recovery codes are generated.
#[derive(Debug, Clone, PartialEq, Eq, From)]
pub enum RegenerateCodesRefusal {
    /// The caller may not generate them.
    Denied(Denial),
    /// MFA is not managed here.
    External(ExternalUser),
    /// The caller must reauthenticate first.
    StepUp(StepUpRequired),
    /// MFA is not enabled.
    MfaNotEnabled,
}

/// Why a change of MFA is not confirmed.
#[derive(Debug, Clone, PartialEq, Eq, From)]
pub enum ConfirmMfaRefusal {
    /// The caller may not confirm it.
    Denied(Denial),
    /// MFA is not managed here.
    External(ExternalUser),
    /// The code is not accepted.
    Code(CodeRefusal),
    /// A recovery code cannot verify a new factor; the attempt is not counted.
    NotARecoveryCode,
    /// An operator has changed the enforcement of MFA in the meantime.
    Enforced,
}

/// A change of MFA that is not yet confirmed.
#[derive(Debug)]
pub struct MfaStarted {
    /// The address that a code was sent to.
    pub sent_to: Option<Email>,
    /// When the change expires.
    pub expires_at: Timestamp,
    /// The data for the authenticator app, if one is being set up.
    pub otp: Option<OtpEnrolment>,
}

/// The data that an authenticator app needs. It is returned once.
#[derive(Debug)]
pub struct OtpEnrolment {
    /// The secret.
    pub secret: OtpSecret,
    /// The issuer under which the app lists the account.
    pub issuer: String,
    /// The account.
    pub account: String,
}

impl OtpEnrolment {
    /// The `otpauth://` URI.
    #[must_use]
    pub fn uri(&self) -> String {
        totp::uri(&self.secret, &self.issuer, &self.account)
    }

    /// The URI as a QR code, a `data:` URI of an SVG image.
    ///
    /// A long URI takes the lowest level of error correction, in which every URI fits.
    ///
    /// # Errors
    /// If the QR code cannot be drawn.
    pub fn qr_code(&self) -> Result<String, Failure> {
        let uri = self.uri();
        let code = QrCode::new(&uri).or_else(|_| QrCode::with_error_correction_level(&uri, EcLevel::L))?;
        let image = code.render::<svg::Color<'_>>().module_dimensions(QR_MODULE, QR_MODULE).build();
        Ok(format!("data:image/svg+xml;base64,{}", BASE64.encode(image)))
    }
}

impl From<Sent> for MfaStarted {
    fn from(sent: Sent) -> Self {
        Self { sent_to: Some(sent.to), expires_at: sent.expires_at, otp: None }
    }
}

impl Services {
    /// Begins to enable MFA or to replace its factor. The change takes effect when it is confirmed; until then, nothing
    /// changes.
    pub async fn enable_mfa(
        &self,
        caller: &Caller,
        mfa_type: MfaType,
        address: Option<Email>,
        client: &Client,
    ) -> Result<MfaStarted, Error<EnableMfaRefusal>> {
        let now = self.now();
        let may = |caller: &Caller| caller.may_fulfil(RequiredAction::EnforceMfa);
        let (mut tx, caller) = self.begin_mfa_change(caller, may, now).await?;
        caller.user.mfa.may_enable(mfa_type).map_err(|_| Error::Refused(EnableMfaRefusal::Enforced))?;
        let started = match mfa_type {
            MfaType::Email => {
                let address = address.or_else(|| caller.user.verified_email().cloned());
                let address = address.ok_or(Error::Refused(EnableMfaRefusal::AddressRequired))?;
                self.require_mail()?;
                if self.is_unreachable(&address) {
                    return Err(Error::Refused(NotSent::OutOfReach.into()));
                }
                let sent = self.mail_mfa_code(&mut tx, &caller, CodePurpose::EnableMfa, &address, client, now).await;
                sent.map_err(|error| error.map(|wait| NotSent::RateLimited(wait).into()))?
            }
            MfaType::Otp => self.begin_enrolment(&mut tx, &caller, now).await?,
        };
        self.commit_and_wake(tx).await?;
        Ok(started)
    }

    /// Begins to disable MFA.
    pub async fn disable_mfa(&self, caller: &Caller, client: &Client) -> Result<MfaStarted, Error<DisableMfaRefusal>> {
        let now = self.now();
        let (mut tx, caller) = self.begin_mfa_change(caller, Caller::may_act, now).await?;
        caller.user.mfa.may_disable().map_err(|refusal| Error::Refused(refusal.into()))?;
        let purpose = CodePurpose::DisableMfa;
        let started = if let Some(Factor::Email(address)) = caller.user.mfa.factor() {
            // Whether the address can be reached is not checked: it has received codes before, and should be reachable
            // again within minutes.
            self.mail_mfa_code(&mut tx, &caller, purpose, &address, client, now).await?
        } else {
            let request = self.mfa_request(&caller, purpose);
            codes::delete(&mut tx, &caller.user.id, &CodePurpose::MFA_CHANGES).await?;
            let expires_at = Self::await_code(&mut tx, &request, None, None, now).await?;
            MfaStarted { sent_to: None, expires_at, otp: None }
        };
        self.commit_and_wake(tx).await?;
        Ok(started)
    }

    /// Begins a transaction in which the caller changes MFA, if `may` and the rules for all such changes allow it.
    async fn begin_mfa_change<R: From<Denial> + From<ExternalUser> + From<StepUpRequired>>(
        &self,
        caller: &Caller,
        may: impl Fn(&Caller) -> Result<(), Denial>,
        now: Timestamp,
    ) -> Result<(Tx, Caller), Error<R>> {
        let may = |caller: &Caller| {
            may(caller)?;
            caller.is_local()?;
            Ok(caller.is_recently_authenticated(&self.policy.lifetimes, now)?)
        };
        self.begin_as(caller, may, now).await
    }

    fn mfa_request<'a>(&self, caller: &'a Caller, purpose: CodePurpose) -> CodeRequest<'a> {
        let session = Some(&caller.session.id);
        CodeRequest { owner: &caller.user, purpose, session, ttl: self.policy.codes.mfa_ttl }
    }

    async fn mail_mfa_code<R: From<RetryAfter>>(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        purpose: CodePurpose,
        address: &Email,
        client: &Client,
        now: Timestamp,
    ) -> Result<MfaStarted, Error<R>> {
        self.require_mail()?;
        let sends = self.quota_of_code(&caller.user.id, purpose, address, true, Some(client));
        Self::charge_quota(tx, &sends, now).await.map_err(|error| error.map(R::from))?;
        codes::delete(tx, &caller.user.id, &CodePurpose::MFA_CHANGES).await?;
        let request = self.mfa_request(caller, purpose);
        let reason = if purpose == CodePurpose::DisableMfa { CodeReason::DisableMfa } else { CodeReason::EnableMfa };
        Ok(self.mail_code(tx, &request, (reason, address), None, now).await?.into())
    }

    async fn begin_enrolment(&self, tx: &mut Tx, caller: &Caller, now: Timestamp) -> Result<MfaStarted, Failure> {
        let secret = OtpSecret::from_random(entropy::bytes()?);
        let encrypted = self.encrypt_otp_secret(&secret)?;
        codes::delete(tx, &caller.user.id, &CodePurpose::MFA_CHANGES).await?;
        let request = CodeRequest {
            ttl: self.policy.codes.otp_enrolment_ttl,
            ..self.mfa_request(caller, CodePurpose::EnableMfa)
        };
        let expires_at = Self::await_code(tx, &request, Some(encrypted), None, now).await?;
        let (issuer, account) = (caller.domain.name.as_str().to_owned(), caller.user.login.as_str().to_owned());
        Ok(MfaStarted { sent_to: None, expires_at, otp: Some(OtpEnrolment { secret, issuer, account }) })
    }

    /// Confirms the pending change, and no other. A factor that is enabled comes with new recovery codes, which are
    /// returned once.
    pub async fn confirm_mfa(
        &self,
        caller: &Caller,
        answer: &VerifyCode,
        client: &Client,
    ) -> Result<(Caller, Option<Vec<RecoveryCode>>), Error<ConfirmMfaRefusal>> {
        let refused = |refusal| Error::Refused(ConfirmMfaRefusal::Code(refusal));
        let caller = &self.recheck_caller(caller, may_confirm).await?;
        let code = codes::find(&self.db, &caller.user.id, &CodePurpose::MFA_CHANGES).await?;
        let code = code.filter(|code| code.session_id.as_ref() == Some(&caller.session.id));
        let code = code.ok_or_else(|| refused(CodeRefusal::NothingPending))?;
        let change = change_of(&code);
        if matches!((&change, answer), (MfaChange::Enable(_), VerifyCode::Recovery(_))) {
            return Err(Error::Refused(ConfirmMfaRefusal::NotARecoveryCode));
        }
        if code.expires_at <= self.now() {
            return Err(refused(CodeRefusal::Expired));
        }
        let attempt =
            self.charge_code(Some(&caller.user.id), Some(&code), Submitted::Code(answer), AttemptKind::Session).await?;
        let outcome = retry(|| self.complete_mfa_change(caller, change.clone(), &attempt, client)).await;
        self.settle_attempt(&attempt, outcome).await
    }

    /// Compares a counted attempt and completes the pending change.
    async fn complete_mfa_change(
        &self,
        caller: &Caller,
        change: MfaChange,
        attempt: &CodeAttempt<'_>,
        client: &Client,
    ) -> Result<(Caller, Option<Vec<RecoveryCode>>), Error<ConfirmMfaRefusal>> {
        let now = self.now();
        let (tx, mut caller) = self.begin_as(caller, may_confirm, now).await?;
        let (mut tx, proof) = self.redeem(tx, &caller.user, attempt, client, now).await?;
        let Ok(mfa) = caller.user.mfa.change(change, proof) else {
            tx.roll_back().await?;
            return Err(Error::Refused(ConfirmMfaRefusal::Enforced));
        };
        caller.user.mfa = mfa;
        let recovery_codes = self.put_mfa(&mut tx, &mut caller, client, now).await?;
        self.commit_and_wake(tx).await?;
        Ok((caller, recovery_codes))
    }

    /// Writes a change of MFA. Everything pending for the old factor is invalidated, and so are its recovery codes.
    async fn put_mfa(
        &self,
        tx: &mut Tx,
        caller: &mut Caller,
        client: &Client,
        now: Timestamp,
    ) -> Result<Option<Vec<RecoveryCode>>, Failure> {
        let user = &mut caller.user;
        codes::delete(tx, &user.id, &CodePurpose::OF_MFA).await?;
        // An app that was just verified is already stored; any other is no longer needed.
        if user.mfa.factor() != Some(Factor::Otp) {
            users::update_authenticator_app(tx, &user.id, &AuthenticatorApp::default()).await?;
        }
        let Some(factor) = user.mfa.factor() else {
            users::update(tx, user).await?;
            recovery_codes::replace(tx, &user.id, &[]).await?;
            self.record(tx, &user.id, SecurityEventType::MfaDisabled, Some(client), now).await?;
            self.enqueue_notification(tx, user, Notification::MfaDisabled, Some(client), now).await?;
            return Ok(None);
        };
        user.fulfil(RequiredAction::EnforceMfa);
        users::update(tx, user).await?;
        let recovery_codes = self.make_recovery_codes(tx, &user.id).await?;
        self.record(tx, &user.id, SecurityEventType::MfaEnabled, Some(client), now).await?;
        let notice = Notification::MfaEnabled { mfa_type: factor.mfa_type() };
        self.enqueue_notification(tx, user, notice, Some(client), now).await?;
        Ok(Some(recovery_codes))
    }

    /// Replaces the caller's recovery codes with new ones.
    pub async fn regenerate_recovery_codes(
        &self,
        caller: &Caller,
        client: &Client,
    ) -> Result<(Caller, Vec<RecoveryCode>), Error<RegenerateCodesRefusal>> {
        let now = self.now();
        let (mut tx, caller) = self.begin_mfa_change(caller, Caller::may_act, now).await?;
        if !caller.user.mfa.is_enabled() {
            return Err(Error::Refused(RegenerateCodesRefusal::MfaNotEnabled));
        }
        let recovery_codes = self.make_recovery_codes(&mut tx, &caller.user.id).await?;
        let event_type = SecurityEventType::RecoveryCodesRegenerated;
        self.record(&mut tx, &caller.user.id, event_type, Some(client), now).await?;
        self.enqueue_notification(&mut tx, &caller.user, Notification::RecoveryCodesRegenerated, Some(client), now)
            .await?;
        self.commit_and_wake(tx).await?;
        Ok((caller, recovery_codes))
    }

    async fn make_recovery_codes(&self, tx: &mut Tx, owner: &UserId) -> Result<Vec<RecoveryCode>, Failure> {
        let made = (0..RECOVERY_CODES).map(|_| Ok(RecoveryCode::from_random(entropy::bytes()?)));
        let made = made.collect::<Result<Vec<_>, Failure>>()?;
        let digests: Vec<_> = made.iter().map(|code| self.recovery_digest(owner, code)).collect();
        recovery_codes::replace(tx, owner, &digests).await?;
        Ok(made)
    }
}

fn may_confirm(caller: &Caller) -> Result<(), ConfirmMfaRefusal> {
    caller.may_fulfil(RequiredAction::EnforceMfa)?;
    Ok(caller.is_local()?)
}

/// The change that a pending code confirms. The factor follows from the address that the code was sent to.
fn change_of(code: &Code) -> MfaChange {
    match (code.purpose, &code.address) {
        (CodePurpose::EnableMfa, Some(address)) => MfaChange::Enable(Factor::Email(address.clone())),
        (CodePurpose::EnableMfa, None) => MfaChange::Enable(Factor::Otp),
        _ => MfaChange::Disable,
    }
}
