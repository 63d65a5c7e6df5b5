//! The authenticated user.

use std::sync::Arc;

use async_graphql::{Context, ID};
use chrono::DateTime;

use super::connection::PageArguments;
use super::direct::{Direct, List};
use super::enums::{AuthType, MfaState, MfaType, RequiredAction, UserRoleType, UserState};
use super::event::{SecurityEventConnection, SecurityEvents};
use super::group::{WorkspaceGroupConnection, WorkspaceGroupList};
use super::passkey::Passkey;
use super::plain::object;
use super::scalars::{TagsText, Time};
use super::session::Session;
use super::workspace::{WorkspaceConnection, WorkspaceFilter, WorkspaceList};
use crate::domain::access::Caller;
use crate::domain::email::Email;
use crate::domain::ids::{RoleId, WorkspaceGroupId};
use crate::domain::page::ListKind;
use crate::domain::profile_text::Name;
use crate::domain::{Invalid, InvalidKind};
use crate::graphql::context;
use crate::graphql::error::ApiError;
use crate::graphql::loaders::GroupList;
use crate::services::profile::EventsAfter;

/// The caller. No user can see another user.
pub struct User(pub(in crate::graphql) Arc<Caller>);

impl From<Caller> for User {
    fn from(caller: Caller) -> Self {
        Self(Arc::new(caller))
    }
}

object! {
    /// The authenticated user: you. No other user is visible.
    User, self {
        /// Your user's own id, with the prefix `user-`. It is not the login name, which is `userId`.
        pub(super) id: ID = self.0.user.id.as_str().into();

        /// The login name that you sign in with, usually an email address.
        user_id: &str = self.0.user.login.as_str();

        /// The id of the domain that you belong to.
        domain_id: &str = self.0.user.domain_id.as_str();

        /// The domain that you belong to.
        domain: Direct<Domain> = Direct(Domain(self.0.clone()));

        /// Your display name. Null if you have none.
        name: Option<&str> = self.0.user.name.as_ref().map(Name::as_str);

        /// The state of your account.
        state: UserState = self.0.user.state.into();

        /// Your email address, verified or not (see `emailVerified`). Null if you have none.
        email: Option<&str> = self.0.user.email.as_ref().map(Email::as_str);

        /// True if you have verified the address in `email`.
        email_verified: bool = self.0.user.email_verified;

        /// Your new email address, which replaces `email` once you verify it with `confirmEmail`. Null if no change is
        /// pending.
        pending_email: Option<&str> = self.0.user.pending_email.as_ref().map(Email::as_str);

        /// The way you authenticate: here, or with an external identity provider.
        auth_type: AuthType = self.0.user.auth_type.into();

        /// The id of your own role in the domain. Null if you have none.
        role_id: Option<&str> = self.0.user.role_id.as_ref().map(RoleId::as_str);

        /// The type of your own role in the domain. It decides what you see.
        role_type: UserRoleType = self.0.user.role_type.into();

        /// The settings of your multi-factor authentication (MFA). Never null, even while MFA is disabled.
        mfa: Direct<Mfa> = Direct(Mfa(self.0.clone()));

        /// Your language, a BCP 47 tag such as `ko` or `pt-BR`. Messages to you are in this language if it is supported.
        language: &str = self.0.user.language.as_str();

        /// Your time zone, a name of the IANA database such as `Asia/Seoul`.
        timezone: &str = self.0.user.timezone.as_str();

        /// The actions that you must complete before you can use other mutations. Empty if there are none.
        required_actions: Vec<RequiredAction> = self.0.user.required_actions.iter().map(|action| (*action).into()).collect();

        /// The time in seconds that your sessions stay valid without a refresh, set for you as an admin. It applies if it
        /// is longer than the server's default. Null if it is not set.
        refresh_timeout: Option<u32> = self.0.user.refresh_timeout;

        /// The tags of your account, a JSON object with sorted keys. Empty if there are none.
        tags: TagsText = TagsText::from(self.0.user.tags.clone());

        /// The time when your account was created.
        created_at: Time = Time(self.0.user.created_at);

        /// The time when you last signed in or refreshed a session. Null if you never did.
        last_accessed_at: Option<Time> = self.0.user.last_accessed_at.map(Time);
    }
    resolved {
        /// The ENABLED workspaces that are visible to you: all of the domain if you are an admin, otherwise those to which
        /// a role binding grants access, directly or through a group. Ordered by name, then id.
        #[expect(clippy::unused_async, reason = "the macro takes nothing else")]
        #[expect(clippy::too_many_arguments, reason = "each is an argument of the field")]
        async fn workspaces(
            &self,
            #[graphql(
                desc = "A workspace group: all of its workspaces if you are an admin, otherwise those to which a binding \
                              created through it grants access. The list is empty for an unknown group."
            )]
            workspace_group_id: Option<ID>,
            #[graphql(desc = "The conditions that every workspace in the list must match.")] filter: Option<
                WorkspaceFilter,
            >,
            #[graphql(desc = "The number of items from the start, 0 to 500; 50 if neither `first` nor `last` is given.")]
            first: Option<i32>,
            #[graphql(desc = "A cursor of this list; only items after it are returned.")] after: Option<String>,
            #[graphql(desc = "The number of items from the end, 0 to 500; not together with `first`.")] last: Option<i32>,
            #[graphql(desc = "A cursor of this list; only items before it are returned.")] before: Option<String>,
        ) -> Result<Direct<WorkspaceConnection>, ApiError> {
            let page = PageArguments { first, after, last, before }.parse(ListKind::Workspaces)?;
            let filter = filter.unwrap_or_default().parse()?;
            let workspaces = match workspace_group_id.map(|id| WorkspaceGroupId::parse(&id)) {
                None => WorkspaceList::Visible(filter),
                Some(Ok(group)) => WorkspaceList::Through(GroupList { group, filter }),
                // A malformed id is an unknown group.
                Some(Err(_)) => WorkspaceList::Empty,
            };
            Ok(Direct(WorkspaceConnection { list: workspaces, page }))
        }

        /// The workspace groups that are visible to you: all of the domain if you are an admin, otherwise those whose users
        /// include you. Ordered by name, then id.
        #[expect(clippy::unused_async, reason = "the macro takes nothing else")]
        async fn workspace_groups(
            &self,
            #[graphql(desc = "The number of items from the start, 0 to 500; 50 if neither `first` nor `last` is given.")]
            first: Option<i32>,
            #[graphql(desc = "A cursor of this list; only items after it are returned.")] after: Option<String>,
            #[graphql(desc = "The number of items from the end, 0 to 500; not together with `first`.")] last: Option<i32>,
            #[graphql(desc = "A cursor of this list; only items before it are returned.")] before: Option<String>,
        ) -> Result<Direct<WorkspaceGroupConnection>, ApiError> {
            let page = PageArguments { first, after, last, before }.parse(ListKind::WorkspaceGroups)?;
            Ok(Direct(WorkspaceGroupConnection { list: WorkspaceGroupList, page }))
        }

        /// Your passkeys, the oldest first; at most 10.
        async fn passkeys(&self, ctx: &Context<'_>) -> Result<List<Passkey>, ApiError> {
            let passkeys = context::loaders(ctx)?.passkeys.get(()).await?;
            Ok(List(passkeys.iter().flat_map(|passkeys| passkeys.iter().cloned().map(Passkey)).collect()))
        }

        /// The time when your account is going to be deleted, unless you cancel that. Null if it is not going to be deleted.
        /// Signing in cancels the deletion, so this is null except during an upgrade of the servers.
        async fn deletion_scheduled_at(&self, ctx: &Context<'_>) -> Result<Option<Time>, ApiError> {
            Ok(context::loaders(ctx)?.deletion.get(()).await?.and_then(|scheduled| scheduled.map(Time)))
        }

        /// Your valid sessions, last used first.
        async fn sessions(&self, ctx: &Context<'_>) -> Result<List<Session>, ApiError> {
            let sessions = context::loaders(ctx)?.sessions.get(()).await?;
            let sessions = sessions.iter().flat_map(|sessions| sessions.iter());
            Ok(List(sessions.map(|session| Session::new(session, &self.0.session.id)).collect()))
        }

        /// The security events of your account, newest first. They are kept for 90 days, unless the operator sets another
        /// time.
        #[expect(clippy::unused_async, reason = "the macro takes nothing else")]
        async fn security_events(
            &self,
            #[graphql(desc = "The number of items from the start, 0 to 500; 50 by default.")] first: Option<i32>,
            #[graphql(desc = "A cursor of this list; only items after it are returned.")] after: Option<String>,
        ) -> Result<Direct<SecurityEventConnection>, ApiError> {
            let arguments = PageArguments { first, after, last: None, before: None };
            let page = arguments.parse(ListKind::SecurityEvents)?;
            let after = page.after.as_ref().map(|cursor| {
                let created_at = cursor.sort_key.parse().ok().and_then(DateTime::from_timestamp_micros);
                created_at.map(|created_at| EventsAfter { created_at, id: cursor.id.clone() }).ok_or_else(not_a_cursor)
            });
            Ok(Direct(SecurityEventConnection { list: SecurityEvents { after: after.transpose()? }, page }))
        }
    }
}

fn not_a_cursor() -> ApiError {
    let message = "this is not a cursor of this list".to_owned();
    ApiError::bad_input("after", &Invalid { kind: InvalidKind::Malformed, message })
}

/// The caller's domain.
pub struct Domain(Arc<Caller>);

object! {
    /// A domain: a tenant, isolated from all other domains.
    Domain, self {
        /// The id of the domain, with the prefix `domain-`.
        id: ID = self.0.domain.id.as_str().into();

        /// The id of the domain; the same value as `id`.
        domain_id: &str = self.0.domain.id.as_str();

        /// The name of the domain.
        name: &str = self.0.domain.name.as_str();
    }
}

/// The caller's multi-factor authentication (MFA).
pub struct Mfa(Arc<Caller>);

object! {
    /// The settings of multi-factor authentication (MFA): sign-in with a password and a factor.
    Mfa, self {
        /// The state of MFA: whether sign-in requires the factor.
        state: MfaState = self.0.user.mfa.state.into();

        /// The type of the factor, or the type that is enforced. Null if MFA is disabled and no type is enforced.
        mfa_type: Option<MfaType> = self.0.user.mfa.mfa_type.map(Into::into);

        /// The options of the factor. Never null.
        options: Direct<MfaOptions> = Direct(MfaOptions(self.0.clone()));
    }
    resolved {
        /// The number of unused recovery codes. Each can be used once instead of the factor. 0 while MFA is disabled.
        async fn recovery_codes_left(&self, ctx: &Context<'_>) -> Result<u32, ApiError> {
            // The user is as the mutation left it, so it already says whether MFA is enabled.
            if !self.0.user.mfa.is_enabled() {
                return Ok(0);
            }
            Ok(context::loaders(ctx)?.recovery_codes.get(()).await?.map_or(0, |count| *count))
        }
    }
}

/// The options of the caller's factor.
pub struct MfaOptions(Arc<Caller>);

object! {
    /// The options of a factor, depending on its type.
    MfaOptions, self {
        /// The email address that codes are sent to, for a factor of type EMAIL. Null if there is none.
        email: Option<&str> = self.0.user.mfa.email.as_ref().map(Email::as_str);

        /// True if an operator enforces MFA. You can then neither disable MFA nor change its type (`MFA_ENFORCED`).
        enforce: bool = self.0.user.mfa.enforce;
    }
}
