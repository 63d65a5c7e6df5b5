//! The correction of stored times after the clock was set back.

use chrono::TimeDelta;

use super::{Failure, Services, UNDO_LINK_DAYS};
use crate::domain::code::CodePurpose;
use crate::domain::outbox::{JobKind, LEASE, pause_after};
use crate::domain::passkey::PASSKEY_CHALLENGE_TTL;
use crate::storage::future_times::{self, LongestLifetimes};

impl Services {
    /// Corrects times that lie in the future, so that every delay, lease and lifetime keeps its own length although the
    /// clock was set back. Times that are ahead by less than [`CLOCK_SKEW`](crate::clock::CLOCK_SKEW) stay.
    ///
    /// # Errors
    /// If the database fails; the next run continues.
    pub async fn correct_future_times(&self) -> Result<(), Failure> {
        let corrected = future_times::correct(&self.db, &self.longest_lifetimes(), self.now()).await?;
        if corrected > 0 {
            tracing::warn!(
                corrected,
                "stored times were in the future and have been corrected: the clock of this server, or of another one on \
                 this database, was set back"
            );
        }
        Ok(())
    }

    fn longest_lifetimes(&self) -> LongestLifetimes {
        let codes = &self.policy.codes;
        let ttl = |purpose: CodePurpose| match purpose {
            CodePurpose::VerifyEmail | CodePurpose::DeleteAccount => Some(codes.email_ttl),
            CodePurpose::EnableMfa | CodePurpose::DisableMfa | CodePurpose::SignIn | CodePurpose::Reauthenticate => {
                Some(codes.mfa_ttl)
            }
            CodePurpose::AddPasskey | CodePurpose::UsePasskey => Some(PASSKEY_CHALLENGE_TTL),
            CodePurpose::ResetPassword => Some(codes.reset_ttl),
            CodePurpose::UndoEmailChange => Some(TimeDelta::days(UNDO_LINK_DAYS)),
            // The user was told the day, and the operator may have set another grace period since.
            CodePurpose::CancelDeletion => None,
        };
        let ttls = CodePurpose::ALL.iter().filter_map(|purpose| Some((purpose.as_str(), false, ttl(*purpose)?)));
        let mut ttls: Vec<_> = ttls.collect();
        ttls.push((CodePurpose::EnableMfa.as_str(), true, codes.otp_enrolment_ttl));
        LongestLifetimes {
            access_token: self.policy.lifetimes.access,
            codes: ttls,
            lease: LEASE,
            fresh_for: self.policy.lifetimes.fresh_for,
            refresh_grace: self.policy.lifetimes.refresh_grace,
            // A job without an attempt is due at once.
            retries: (0..=JobKind::Events.max_tries())
                .map(|tries| if tries == 0 { TimeDelta::zero() } else { pause_after(tries) })
                .collect(),
        }
    }
}
