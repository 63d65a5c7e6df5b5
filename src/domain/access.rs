//! The caller of an operation, and what the caller may do.

use super::Timestamp;
use super::ids::DomainId;
use super::session::{Lifetimes, Session};
use super::user::{AuthType, Domain, DomainState, RequiredAction, User, UserState};

/// The caller: a session and its user, with their current state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The session that the access token belongs to.
    pub session: Session,
    /// The user of the session.
    pub user: User,
    /// The user's domain.
    pub domain: Domain,
}

/// What a caller may see: the part of the caller that decides which entities a list contains.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Visibility {
    /// The caller's domain; entities of other domains are never visible.
    pub domain_id: DomainId,
    /// The normalised user id, the form that is compared.
    pub login_key: String,
    /// Whether the caller may see all entities of the domain.
    pub is_admin: bool,
}

/// Why a caller may not perform any operation, or only those that complete a required action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Denial {
    /// The session ended after the request was authenticated.
    SessionEnded,
    /// The user must complete these actions first.
    ActionRequired(Vec<RequiredAction>),
}

/// The user's password and MFA are managed by an external identity provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExternalUser;

/// The operation requires step-up authentication.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepUpRequired;

impl Caller {
    /// Whether the caller may see anything. A disabled user, or a user of a disabled domain, sees nothing, even with a
    /// valid token.
    pub fn may_be_served(user: &User, domain: &Domain) -> bool {
        user.state != UserState::Disabled && domain.state == DomainState::Enabled
    }

    /// Whether the user may sign in here with a correct password.
    pub fn may_sign_in(user: &User, domain: &Domain) -> bool {
        Self::may_be_served(user, domain) && user.auth_type == AuthType::Local
    }

    /// What the caller may see in lists.
    pub fn visibility(&self) -> Visibility {
        Visibility {
            domain_id: self.user.domain_id.clone(),
            login_key: self.user.login.key().to_owned(),
            is_admin: self.user.is_admin(),
        }
    }

    /// Checks that the user has no required actions to complete first.
    pub fn may_act(&self) -> Result<(), Denial> {
        match self.user.required_actions.as_slice() {
            [] => Ok(()),
            required => Err(Denial::ActionRequired(required.to_vec())),
        }
    }

    /// Checks that the caller may perform `action`: it is one of the user's required actions, or none is required.
    pub fn may_fulfil(&self, action: RequiredAction) -> Result<(), Denial> {
        if self.user.required_actions.contains(&action) { Ok(()) } else { self.may_act() }
    }

    /// Checks that the user authenticated recently enough for an operation that requires step-up authentication.
    pub fn is_recently_authenticated(&self, lifetimes: &Lifetimes, now: Timestamp) -> Result<(), StepUpRequired> {
        if lifetimes.is_recently_authenticated(&self.session, now) { Ok(()) } else { Err(StepUpRequired) }
    }

    /// Checks that the user's password and MFA are managed here.
    pub fn is_local(&self) -> Result<(), ExternalUser> {
        if self.user.auth_type == AuthType::Local { Ok(()) } else { Err(ExternalUser) }
    }
}
