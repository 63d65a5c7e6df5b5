//! What follows from replacing users. Changes that make sessions, codes, or links untrustworthy end them, and all
//! changes are recorded in the users' security events.

use crate::clock::Timestamp;
use crate::domain::code::CodePurpose;
use crate::domain::email::Email;
use crate::domain::event::{SecurityEvent, SecurityEventType};
use crate::domain::ids::{EventId, UserId};
use crate::domain::otp_secret::OTP_SECRET_PURPOSE;
use crate::domain::user::{User, UserState};
use crate::entropy;
use crate::mail::Notification;
use crate::services::outbox::NotNotified;
use crate::services::{Failure, Services};
use crate::storage::bulk::UserWithSecrets;
use crate::storage::{Tx, codes, events, recovery_codes, sessions};

/// The users of a batch that replace others.
pub(super) struct SideEffects<'a> {
    replacements: Vec<Replacement<'a>>,
}

/// A user before and after.
struct Replacement<'a> {
    before: &'a UserWithSecrets,
    after: &'a UserWithSecrets,
}

impl<'a> SideEffects<'a> {
    /// The side effects of writing `after`. Users who did not exist before have none.
    pub(super) fn of(before: &'a [Option<UserWithSecrets>], after: &'a [UserWithSecrets]) -> Self {
        let pairs = before.iter().zip(after);
        Self {
            replacements: pairs
                .filter_map(|(before, after)| Some(Replacement { before: before.as_ref()?, after }))
                .collect(),
        }
    }

    /// Applies them, after the users are written. Returns how many users with a new password cannot be notified of it,
    /// because no mail server is configured.
    pub(super) async fn apply(&self, services: &Services, tx: &mut Tx, now: Timestamp) -> Result<usize, Failure> {
        let with_new_password = self.filter(Replacement::has_new_password);
        let users: Vec<&User> = with_new_password.iter().map(|one| &one.after.user).collect();
        services.enqueue_notifications(tx, &users, &Notification::PasswordSet, now).await?;
        let cannot_notify = |user: &&&User| services.why_not_notified(user) == Some(NotNotified::NoMailServer);
        let not_notified = users.iter().filter(cannot_notify).count();

        let (with_new_password, disabled) = (ids(&with_new_password), ids(&self.filter(Replacement::is_disabled)));
        sessions::delete_of_owners(tx, &[with_new_password.as_slice(), &disabled].concat()).await?;
        codes::delete_of_owners_for(tx, &with_new_password, &CodePurpose::INVALIDATED_BY_PASSWORD_CHANGE).await?;
        codes::delete_of_owners_for(tx, &disabled, &CodePurpose::INVALIDATED_BY_DISABLING).await?;
        let with_other_factor = self.filter(|one| one.has_other_factor() || one.has_other_secret(services));
        codes::delete_of_owners_for(tx, &ids(&with_other_factor), &CodePurpose::OF_MFA).await?;
        // The digests of codes contain the id of their owner: under a new id, no code matches.
        let renamed = self.filter(|one| one.before.user.id != one.after.user.id);
        let old_ids: Vec<&str> = renamed.iter().map(|one| one.before.user.id.as_str()).collect();
        codes::delete_of_owners(tx, &old_ids).await?;
        recovery_codes::delete_of_owners(tx, &old_ids).await?;
        // A thief may hold the undo link of an address that is restored.
        let addresses = self.replacements.iter().filter_map(|one| Some((&one.after.user.id, one.new_address()?)));
        let addresses: Vec<(&UserId, &Email)> = addresses.collect();
        Services::invalidate_lineages(tx, &addresses, now).await?;
        let events = self.events(now)?;
        events::insert_many(tx, &events).await?;
        services.enqueue_reports(tx, &events, now).await?;
        Ok(not_notified)
    }

    fn filter(&self, has_effect: impl Fn(&Replacement<'a>) -> bool) -> Vec<&Replacement<'a>> {
        self.replacements.iter().filter(|one| has_effect(one)).collect()
    }

    fn events(&self, now: Timestamp) -> Result<Vec<SecurityEvent>, Failure> {
        let types = self.replacements.iter().flat_map(|one| one.event_types().map(|event| (&one.after.user.id, event)));
        let events = types.map(|(owner, event_type)| {
            let id = EventId::from_random(entropy::bytes()?);
            Ok(SecurityEvent::new(id, owner.clone(), event_type, None, now))
        });
        events.collect()
    }
}

fn ids<'a>(replacements: &[&Replacement<'a>]) -> Vec<&'a str> {
    replacements.iter().map(|one| one.after.user.id.as_str()).collect()
}

impl<'a> Replacement<'a> {
    fn has_new_password(&self) -> bool {
        self.before.password_hash != self.after.password_hash
    }

    fn is_disabled(&self) -> bool {
        self.after.user.state == UserState::Disabled
    }

    /// Whether codes that were sent to verify or change the factor refer to another one.
    fn has_other_factor(&self) -> bool {
        let (before, after) = (&self.before.user, &self.after.user);
        before.mfa != after.mfa || before.auth_type != after.auth_type
    }

    /// Whether the secret of the authenticator app is another one. A stored secret that cannot be decrypted counts as
    /// another.
    fn has_other_secret(&self, services: &Services) -> bool {
        match (&self.before.otp_secret, &self.after.otp_secret) {
            (Some(before), Some(after)) if before != after => {
                let decrypt = |secret: &[u8]| services.keyring.decrypt(OTP_SECRET_PURPOSE, secret).ok();
                decrypt(before).is_none_or(|before| decrypt(after) != Some(before))
            }
            _ => false,
        }
    }

    /// The address that became the user's verified one, if any.
    fn new_address(&self) -> Option<&'a Email> {
        let before = self.before.user.verified_email().map(Email::key);
        self.after.user.verified_email().filter(|after| before != Some(after.key()))
    }

    fn event_types(&self) -> impl Iterator<Item = SecurityEventType> + use<> {
        let was_disabled = self.before.user.state == UserState::Disabled;
        let state_changed = match (was_disabled, self.is_disabled()) {
            (false, true) => Some(SecurityEventType::UserDisabled),
            (true, false) => Some(SecurityEventType::UserEnabled),
            _ => None,
        };
        let password_set = self.has_new_password().then_some(SecurityEventType::PasswordSet);
        let updated = self.is_updated().then_some(SecurityEventType::UserUpdated);
        [password_set, state_changed, updated].into_iter().flatten()
    }

    /// Whether anything differs, except what has events of its own and what lines do not contain.
    fn is_updated(&self) -> bool {
        let after = &self.after.user;
        let before = User {
            state: after.state,
            pending_email: after.pending_email.clone(),
            created_at: after.created_at,
            last_accessed_at: after.last_accessed_at,
            ..self.before.user.clone()
        };
        before != *after
    }
}
