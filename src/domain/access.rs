//! Who asks, and what he may.

use super::Timestamp;
use super::ids::DomainId;
use super::login::LoginId;
use super::session::{Lifetimes, Session};
use super::user::{AuthType, Domain, DomainState, RequiredAction, User, UserState};

/// Who asks: a session, and the user it belongs to, as they are now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The session whose token was shown.
    pub session: Session,
    /// Its user.
    pub user: User,
    /// His domain.
    pub domain: Domain,
}

/// Through whose eyes lists are read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Viewer {
    /// Nothing of another domain is ever seen.
    pub domain_id: DomainId,
    /// The form of his user id that is compared.
    pub login_key: String,
    /// Whether he sees all of the domain.
    pub is_admin: bool,
}

/// Why a caller may not do what he asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Denial {
    /// His session has ended since he asked.
    SessionEnded,
    /// He must do these first.
    ActionRequired(Vec<RequiredAction>),
    /// His password and second factor are kept elsewhere.
    External,
    /// He signed in too long ago for something this sensitive.
    NotFresh,
}

impl Caller {
    /// Whether he is anybody at all: a disabled user, or one of a disabled domain, sees nothing, whatever token he shows.
    #[must_use]
    pub fn may_be_served(user: &User, domain: &Domain) -> bool {
        user.state != UserState::Disabled && domain.state == DomainState::Enabled
    }

    /// Through his eyes.
    #[must_use]
    pub fn viewer(&self) -> Viewer {
        Viewer {
            domain_id: self.user.domain_id.clone(),
            login_key: self.user.login.key().to_owned(),
            is_admin: self.user.is_admin(),
        }
    }

    /// Checks that nothing is required of him that must come first.
    ///
    /// # Errors
    /// What is required.
    pub fn may_act(&self) -> Result<(), Denial> {
        match self.user.required_actions.as_slice() {
            [] => Ok(()),
            required => Err(Denial::ActionRequired(required.to_vec())),
        }
    }

    /// Checks that he may do what one of the actions required of him asks for; where none is required, anything goes.
    ///
    /// # Errors
    /// What is required instead.
    pub fn may_fulfil(&self, action: RequiredAction) -> Result<(), Denial> {
        if self.user.required_actions.contains(&action) { Ok(()) } else { self.may_act() }
    }

    /// Checks that he signed in lately enough for something sensitive.
    ///
    /// # Errors
    /// When that was too long ago.
    pub fn is_fresh(&self, lifetimes: &Lifetimes, now: Timestamp) -> Result<(), Denial> {
        if lifetimes.is_fresh(&self.session, now) { Ok(()) } else { Err(Denial::NotFresh) }
    }

    /// Checks that his password and second factor are kept here.
    pub fn is_local(&self) -> Result<(), Denial> {
        if self.user.auth_type == AuthType::Local { Ok(()) } else { Err(Denial::External) }
    }
}

impl Viewer {
    /// Whether `login` names the viewer himself.
    #[must_use]
    pub fn is(&self, login: &LoginId) -> bool {
        self.login_key == login.key()
    }
}
