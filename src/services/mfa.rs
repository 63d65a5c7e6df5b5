//! MFA: enabling and disabling it, and recovery codes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};

use super::codes::{Charged, CodeRequest, Sent, TryKind};
use super::email::NotSent;
use super::{Error, Failure, Services, retry};
use crate::clock::Timestamp;
use crate::domain::access::{Caller, Denial};
use crate::domain::code::{Code, CodePurpose, CodeRefusal};
use crate::domain::email::Email;
use crate::domain::event::{Client, SecurityEventType};
use crate::domain::ids::UserId;
use crate::domain::mfa::{Factor, MfaChange, MfaRefusal, MfaType};
use crate::domain::otp_secret::{OTP_SECRET_PURPOSE, OtpSecret};
use crate::domain::totp;
use crate::domain::user::RequiredAction;
use crate::domain::verify_code::{RECOVERY_CODES, RecoveryCode, VerifyCode};
use crate::entropy;
use crate::mail::{CodeReason, Notice};
use crate::storage::users::AuthenticatorApp;
use crate::storage::{Tx, codes, recovery_codes, users};

/// The side length of a module of a QR code, in the units of the SVG.
const QR_MODULE: u32 = 4;

/// Why MFA is not changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChangeMfaRefusal {
    /// The caller may not change it.
    Denied(Denial),
    /// MFA is not enabled, or it is enforced.
    Mfa(MfaRefusal),
    /// The user has no verified address that codes could be sent to, and the request has none.
    AddressRequired,
    /// No code can be sent.
    NotSent(NotSent),
}

/// Why a change of MFA is not confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfirmMfaRefusal {
    /// The caller may not confirm it.
    Denied(Denial),
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
    ) -> Result<MfaStarted, Error<ChangeMfaRefusal>> {
        let now = self.now();
        let may = |caller: &Caller| caller.may_fulfil(RequiredAction::EnforceMfa);
        let (mut tx, caller) = self.begin_for_mfa(caller, may, now).await?;
        caller.user.mfa.may_enable(mfa_type).map_err(|refusal| Error::Refused(ChangeMfaRefusal::Mfa(refusal)))?;
        let started = match mfa_type {
            MfaType::Email => {
                let address = address.or_else(|| caller.user.verified_email().cloned());
                let address = address.ok_or(Error::Refused(ChangeMfaRefusal::AddressRequired))?;
                self.mail_mfa_code(&mut tx, &caller, CodePurpose::EnableMfa, &address, client, now).await?
            }
            MfaType::Otp => self.begin_enrolment(&mut tx, &caller, now).await?,
        };
        self.commit_and_wake(tx).await?;
        Ok(started)
    }

    /// Begins to disable MFA.
    pub async fn disable_mfa(&self, caller: &Caller, client: &Client) -> Result<MfaStarted, Error<ChangeMfaRefusal>> {
        let now = self.now();
        let (mut tx, caller) = self.begin_for_mfa(caller, Caller::may_act, now).await?;
        caller.user.mfa.may_disable().map_err(|refusal| Error::Refused(ChangeMfaRefusal::Mfa(refusal)))?;
        let purpose = CodePurpose::DisableMfa;
        let started = if let Some(Factor::Email(address)) = caller.user.mfa.factor() {
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
    async fn begin_for_mfa(
        &self,
        caller: &Caller,
        may: impl Fn(&Caller) -> Result<(), Denial>,
        now: Timestamp,
    ) -> Result<(Tx, Caller), Error<ChangeMfaRefusal>> {
        let may = |caller: &Caller| {
            may(caller)?;
            caller.is_local()?;
            caller.is_fresh(&self.policy.lifetimes, now)
        };
        self.begin_for(caller, may, now).await.map_err(|error| error.map(ChangeMfaRefusal::Denied))
    }

    fn mfa_request<'a>(&self, caller: &'a Caller, purpose: CodePurpose) -> CodeRequest<'a> {
        let session = Some(&caller.session.id);
        CodeRequest { owner: &caller.user, purpose, session, ttl: self.policy.codes.mfa_ttl }
    }

    async fn mail_mfa_code(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        purpose: CodePurpose,
        address: &Email,
        client: &Client,
        now: Timestamp,
    ) -> Result<MfaStarted, Error<ChangeMfaRefusal>> {
        self.needs_mail()?;
        // Not checked to disable MFA: the factor's address has received codes before, and should be reachable again
        // within minutes.
        if purpose == CodePurpose::EnableMfa && self.is_out_of_reach(address) {
            return Err(Error::Refused(ChangeMfaRefusal::NotSent(NotSent::OutOfReach)));
        }
        let sends = self.sends_of_code(&caller.user.id, purpose, address, true, Some(client));
        let charged = Self::charge_sends(tx, &sends, now).await;
        charged.map_err(|error| error.map(|wait| ChangeMfaRefusal::NotSent(NotSent::RateLimited(wait))))?;
        codes::delete(tx, &caller.user.id, &CodePurpose::MFA_CHANGES).await?;
        let request = self.mfa_request(caller, purpose);
        let reason = if purpose == CodePurpose::DisableMfa { CodeReason::DisableMfa } else { CodeReason::EnableMfa };
        Ok(self.mail_code(tx, &request, (reason, address), None, now).await?.into())
    }

    async fn begin_enrolment(&self, tx: &mut Tx, caller: &Caller, now: Timestamp) -> Result<MfaStarted, Failure> {
        let secret = OtpSecret::from_random(entropy::bytes()?);
        let encrypted = self.secret_key.encrypt(OTP_SECRET_PURPOSE, entropy::bytes()?, secret.as_bytes())?;
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
        let may = |caller: &Caller| caller.may_fulfil(RequiredAction::EnforceMfa).and_then(|()| caller.is_local());
        let caller = self.look_at(caller, may).await;
        let caller = &caller.map_err(|error| error.map(ConfirmMfaRefusal::Denied))?;
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
        let charged = self.charge_answer(&code, answer, TryKind::Session).await;
        let charged = charged.map_err(|error| error.map(ConfirmMfaRefusal::Code))?;
        let complete = || self.complete_mfa_change(caller, (&code, change.clone()), &charged, answer, client);
        let outcome = retry(complete).await;
        let is_wrong =
            |refusal: &ConfirmMfaRefusal| matches!(refusal, ConfirmMfaRefusal::Code(CodeRefusal::Wrong { .. }));
        self.settle_attempt(&charged, outcome, is_wrong).await
    }

    /// Compares a counted attempt and completes the pending change.
    async fn complete_mfa_change(
        &self,
        caller: &Caller,
        (code, change): (&Code, MfaChange),
        charged: &Charged,
        answer: &VerifyCode,
        client: &Client,
    ) -> Result<(Caller, Option<Vec<RecoveryCode>>), Error<ConfirmMfaRefusal>> {
        let refused = |refusal| Error::Refused(ConfirmMfaRefusal::Code(refusal));
        let may = |caller: &Caller| caller.may_fulfil(RequiredAction::EnforceMfa).and_then(|()| caller.is_local());
        let now = self.now();
        let begun = self.begin_for(caller, may, now).await;
        let (mut tx, mut caller) = begun.map_err(|error| error.map(ConfirmMfaRefusal::Denied))?;
        let Some(proof) = self.prove(&mut tx, &caller.user, Some(code), answer, client, now).await? else {
            tx.roll_back().await?;
            self.record_wrong_code(&caller.user, client).await?;
            return Err(refused(CodeRefusal::Wrong { attempts_left: charged.attempts_left }));
        };
        Self::take_back_try(&mut tx, charged).await?;
        if !codes::consume(&mut tx, &code.id, now).await? {
            tx.roll_back().await?;
            return Err(refused(CodeRefusal::NothingPending));
        }
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
            Self::record(tx, &user.id, SecurityEventType::MfaDisabled, Some(client), now).await?;
            self.put_notice(tx, user, Notice::MfaDisabled, Some(client), now).await?;
            return Ok(None);
        };
        user.fulfil(RequiredAction::EnforceMfa);
        users::update(tx, user).await?;
        let recovery_codes = self.make_recovery_codes(tx, &user.id).await?;
        Self::record(tx, &user.id, SecurityEventType::MfaEnabled, Some(client), now).await?;
        let notice = Notice::MfaEnabled { mfa_type: factor.mfa_type() };
        self.put_notice(tx, user, notice, Some(client), now).await?;
        Ok(Some(recovery_codes))
    }

    /// Replaces the caller's recovery codes with new ones.
    pub async fn regenerate_recovery_codes(
        &self,
        caller: &Caller,
        client: &Client,
    ) -> Result<(Caller, Vec<RecoveryCode>), Error<ChangeMfaRefusal>> {
        let now = self.now();
        let (mut tx, caller) = self.begin_for_mfa(caller, Caller::may_act, now).await?;
        if !caller.user.mfa.is_enabled() {
            return Err(Error::Refused(ChangeMfaRefusal::Mfa(MfaRefusal::NotEnabled)));
        }
        let recovery_codes = self.make_recovery_codes(&mut tx, &caller.user.id).await?;
        let event_type = SecurityEventType::RecoveryCodesRegenerated;
        Self::record(&mut tx, &caller.user.id, event_type, Some(client), now).await?;
        self.put_notice(&mut tx, &caller.user, Notice::RecoveryCodesRegenerated, Some(client), now).await?;
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

/// The change that a pending code confirms. The factor follows from the address that the code was sent to.
fn change_of(code: &Code) -> MfaChange {
    match (code.purpose, &code.address) {
        (CodePurpose::EnableMfa, Some(address)) => MfaChange::Enable(Factor::Email(address.clone())),
        (CodePurpose::EnableMfa, None) => MfaChange::Enable(Factor::Otp),
        _ => MfaChange::Disable,
    }
}
