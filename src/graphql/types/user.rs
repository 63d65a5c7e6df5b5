//! The user: who asks.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, SimpleObject};
use chrono::DateTime;

use super::connection::PageArguments;
use super::enums::{AuthType, MfaState, MfaType, RequiredAction, UserRoleType, UserState};
use super::event::{SecurityEventConnection, SecurityEvents};
use super::group::{WorkspaceGroupConnection, WorkspaceGroupList};
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

/// The one who asks; nobody sees another user.
pub struct User(pub(in crate::graphql) Arc<Caller>);

/// A user: you.
#[Object]
impl User {
    /// Your own id; it begins with `user-`.
    pub(super) async fn id(&self) -> ID {
        self.0.user.id.as_str().into()
    }

    /// What you sign in with.
    async fn user_id(&self) -> &str {
        self.0.user.login.as_str()
    }

    /// The domain you belong to.
    async fn domain_id(&self) -> &str {
        self.0.user.domain_id.as_str()
    }

    /// The domain you belong to.
    async fn domain(&self) -> Domain {
        Domain {
            id: self.0.domain.id.as_str().into(),
            domain_id: self.0.domain.id.to_string(),
            name: self.0.domain.name.as_str().to_owned(),
        }
    }

    /// What you are called.
    async fn name(&self) -> Option<&str> {
        self.0.user.name.as_ref().map(Name::as_str)
    }

    /// Where you stand.
    async fn state(&self) -> UserState {
        self.0.user.state.into()
    }

    /// Your e-mail address.
    async fn email(&self) -> Option<&str> {
        self.0.user.email.as_ref().map(Email::as_str)
    }

    /// Whether you have proven that you read `email`.
    async fn email_verified(&self) -> bool {
        self.0.user.email_verified
    }

    /// The address that will be your e-mail address once you have proven that you read it.
    async fn pending_email(&self) -> Option<&str> {
        self.0.user.pending_email.as_ref().map(Email::as_str)
    }

    /// Where you prove who you are.
    async fn auth_type(&self) -> AuthType {
        self.0.user.auth_type.into()
    }

    /// Your role in the domain.
    async fn role_id(&self) -> Option<&str> {
        self.0.user.role_id.as_ref().map(RoleId::as_str)
    }

    /// What you are within the domain.
    async fn role_type(&self) -> UserRoleType {
        self.0.user.role_type.into()
    }

    /// Your second factor; present even while it is off.
    async fn mfa(&self) -> Mfa {
        Mfa(self.0.clone())
    }

    /// The language you read, as BCP 47 tag.
    async fn language(&self) -> &str {
        self.0.user.language.as_str()
    }

    /// The timezone you live in, by its name in the IANA database.
    async fn timezone(&self) -> &str {
        self.0.user.timezone.as_str()
    }

    /// What you have to do before you can do anything else.
    async fn required_actions(&self) -> Vec<RequiredAction> {
        self.0.user.required_actions.iter().map(|action| (*action).into()).collect()
    }

    /// For how many seconds a session of yours may lie idle, where it was set for you as an administrator.
    async fn refresh_timeout(&self) -> Option<u32> {
        self.0.user.refresh_timeout
    }

    /// What you, or others, noted about you.
    async fn tags(&self) -> TagsText {
        TagsText::from(self.0.user.tags.clone())
    }

    /// When your account was made.
    async fn created_at(&self) -> Time {
        Time(self.0.user.created_at)
    }

    /// When you last signed in or refreshed a session.
    async fn last_accessed_at(&self) -> Option<Time> {
        self.0.user.last_accessed_at.map(Time)
    }

    /// The workspaces you see: as an administrator all of the domain that are in use, else those that a role binding ties
    /// you to, directly or through a group.
    #[expect(clippy::unused_async, reason = "the macro takes nothing else")]
    #[expect(clippy::too_many_arguments, reason = "each is an argument of the field")]
    async fn workspaces(
        &self,
        #[graphql(desc = "Only those of this group: for an administrator all of it, else those that a binding made \
                          through it ties you to. Unknown groups have none.")]
        workspace_group_id: Option<ID>,
        #[graphql(desc = "Only those for which all of this holds.")] filter: Option<WorkspaceFilter>,
        #[graphql(desc = "The first so many, from 0 to 500; 50 if neither `first` nor `last` is given.")] first: Option<
            i32,
        >,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many, from 0 to 500; not together with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<WorkspaceConnection, ApiError> {
        let page = PageArguments { first, after, last, before }.parse(ListKind::Workspaces)?;
        let filter = filter.unwrap_or_default().parse()?;
        let which = match workspace_group_id.map(|id| WorkspaceGroupId::parse(&id)) {
            None => WorkspaceList::Seen(filter),
            Some(Ok(group)) => WorkspaceList::Through(GroupList { group, filter }),
            // What is no group's id is an unknown group.
            Some(Err(_)) => WorkspaceList::Nothing,
        };
        Ok(WorkspaceConnection { list: which, page })
    }

    /// The workspace groups you see: as an administrator all of the domain, else those you are a user of.
    #[expect(clippy::unused_async, reason = "the macro takes nothing else")]
    async fn workspace_groups(
        &self,
        #[graphql(desc = "The first so many, from 0 to 500; 50 if neither `first` nor `last` is given.")] first: Option<
            i32,
        >,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many, from 0 to 500; not together with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<WorkspaceGroupConnection, ApiError> {
        let page = PageArguments { first, after, last, before }.parse(ListKind::WorkspaceGroups)?;
        Ok(WorkspaceGroupConnection { list: WorkspaceGroupList, page })
    }

    /// Your sessions, last used first.
    async fn sessions(&self, ctx: &Context<'_>) -> Result<Vec<Session>, ApiError> {
        let sessions = context::loaders(ctx)?.account.sessions.get(()).await?;
        let sessions = sessions.iter().flat_map(|sessions| sessions.iter());
        Ok(sessions.map(|session| Session::new(session, &self.0.session.id)).collect())
    }

    /// What happened to your account in the last 90 days, newest first.
    #[expect(clippy::unused_async, reason = "the macro takes nothing else")]
    async fn security_events(
        &self,
        #[graphql(desc = "The first so many, from 0 to 500; 50 if not given.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
    ) -> Result<SecurityEventConnection, ApiError> {
        let arguments = PageArguments { first, after, last: None, before: None };
        let page = arguments.parse(ListKind::SecurityEvents)?;
        let after = page.after.as_ref().map(|cursor| {
            let created_at = cursor.sort_key.parse().ok().and_then(DateTime::from_timestamp_micros);
            created_at.map(|created_at| EventsAfter { created_at, id: cursor.id.clone() }).ok_or_else(not_a_cursor)
        });
        Ok(SecurityEventConnection { list: SecurityEvents { after: after.transpose()? }, page })
    }
}

fn not_a_cursor() -> ApiError {
    let message = "this is not a cursor of this list".to_owned();
    ApiError::bad_input("after", &Invalid { kind: InvalidKind::Malformed, message })
}

/// A domain: the tenant that a user belongs to.
#[derive(SimpleObject)]
pub struct Domain {
    /// The domain's id; it begins with `domain-`.
    id: ID,
    /// The same as `id`.
    domain_id: String,
    /// What the domain is called.
    name: String,
}

/// A second factor (multi-factor authentication), of whoever asks.
pub struct Mfa(Arc<Caller>);

/// A second factor (multi-factor authentication).
#[Object]
impl Mfa {
    /// Whether it is asked for at sign-in.
    async fn state(&self) -> MfaState {
        self.0.user.mfa.state.into()
    }

    /// Of what kind it is, or has to be. Null while it is off and none is enforced.
    async fn mfa_type(&self) -> Option<MfaType> {
        self.0.user.mfa.mfa_type.map(Into::into)
    }

    /// What is particular to it.
    async fn options(&self) -> MfaOptions {
        let mfa = &self.0.user.mfa;
        MfaOptions { email: mfa.email.as_ref().map(|email| email.as_str().to_owned()), enforce: mfa.enforce }
    }

    /// How many recovery codes are left. Each signs you in once in place of the second factor.
    async fn recovery_codes_left(&self, ctx: &Context<'_>) -> Result<u32, ApiError> {
        // Whether it is on is known of the user as a mutation left them.
        if !self.0.user.mfa.is_enabled() {
            return Ok(0);
        }
        Ok(context::loaders(ctx)?.account.recovery_codes.get(()).await?.map_or(0, |count| *count))
    }
}

/// What is particular to a second factor.
#[derive(SimpleObject)]
pub struct MfaOptions {
    /// Where codes are sent, for a second factor of type EMAIL.
    email: Option<String>,
    /// Whether an administrator decided that you have one: then it can neither be switched off nor be of another type.
    enforce: bool,
}
