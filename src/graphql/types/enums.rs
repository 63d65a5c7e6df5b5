//! The enums of the schema. Each mirrors an enum of the domain, with the same value names.

use async_graphql::{Enum, parser::types::SelectionSet, resolver_utils::EnumType};

use super::plain::{Write, Writer};

/// Defines a GraphQL enum that mirrors a domain enum, value by value.
macro_rules! remote_enum {
    ($(#[$meta:meta])* $name:ident of $remote:literal { $($(#[$value_meta:meta])* $value:ident),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
        #[graphql(remote = $remote)]
        pub enum $name { $($(#[$value_meta])* $value),+ }

        impl Write for $name {
            fn write(self, _: &SelectionSet, writer: &mut Writer<'_>) -> Option<()> {
                writer.text(Self::items().iter().find(|item| item.value == self)?.name);
                Some(())
            }
        }
    };
}

remote_enum! {
    /// The state of a user's account.
    UserState of "crate::domain::user::UserState" {
        /// The user can sign in.
        Enabled,
        /// The user cannot sign in, and has no access with existing sessions or tokens.
        Disabled,
        /// The user was invited and has not signed in yet. The first completed sign-in makes the user ENABLED.
        Pending,
    }
}

remote_enum! {
    /// The way a user authenticates.
    AuthType of "crate::domain::user::AuthType" {
        /// The user signs in here, with a password.
        Local,
        /// The user authenticates with an external identity provider, and cannot sign in here. Password and MFA
        /// mutations return `EXTERNAL_USER`.
        External,
    }
}

remote_enum! {
    /// The type of a user's own role in the domain. It decides what the user sees.
    UserRoleType of "crate::domain::user::UserRoleType" {
        /// An admin. Sees every ENABLED workspace and every workspace group of the domain.
        DomainAdmin,
        /// Any other user. Sees the ENABLED workspaces to which a role binding grants access, and the workspace groups
        /// that include the user.
        User,
    }
}

remote_enum! {
    /// An action that the user must complete first. Until then, most mutations return a top-level error `FORBIDDEN`
    /// with `extensions.requiredActions`.
    RequiredAction of "crate::domain::user::RequiredAction" {
        /// Set a new password with `updatePassword`.
        UpdatePassword,
        /// Enable MFA with `enableMfa` and `confirmMfa`.
        EnforceMfa,
    }
}

remote_enum! {
    /// The state of multi-factor authentication (MFA).
    MfaState of "crate::domain::mfa::MfaState" {
        /// MFA is enabled. Sign-in requires the password and a factor.
        Enabled,
        /// MFA is disabled. Sign-in requires only the password.
        Disabled,
    }
}

remote_enum! {
    /// The type of the factor that MFA verifies in addition to the password.
    MfaType of "crate::domain::mfa::MfaType" {
        /// A verification code of six digits, sent by email.
        Email,
        /// A one-time password of six digits from an authenticator app (TOTP, RFC 6238).
        Otp,
    }
}

remote_enum! {
    /// The state of a workspace. Only ENABLED workspaces are visible.
    WorkspaceState of "crate::domain::workspace::WorkspaceState" {
        /// The workspace is in use.
        Enabled,
        /// The workspace is disabled and not visible.
        Disabled,
        /// The workspace is deleted; its record is kept but never visible.
        Deleted,
    }
}

remote_enum! {
    /// The role type of a role binding. It decides what the binding grants, whatever type the role itself has.
    RoleType of "crate::domain::workspace::RoleType" {
        /// A role of an admin of the domain. A binding of this type grants access to no workspace.
        DomainAdmin,
        /// The user owns the workspace. This type precedes `WORKSPACE_MEMBER` if the user has several bindings.
        WorkspaceOwner,
        /// The user is a member of the workspace.
        WorkspaceMember,
    }
}

remote_enum! {
    /// The scope of a role binding.
    ResourceGroup of "crate::domain::workspace::ResourceGroup" {
        /// The whole domain. A binding with this scope grants access to no workspace.
        Domain,
        /// A single workspace, named by `workspaceId`.
        Workspace,
    }
}

remote_enum! {
    /// The type of a security event.
    SecurityEventType of "crate::domain::event::SecurityEventType" {
        /// A sign-in was completed, and a session created.
        SignedIn,
        /// The user signed out.
        SignedOut,
        /// The user or an operator revoked one or more sessions.
        SessionsRevoked,
        /// A refresh token was reused after its rotation, so it may have been copied. Its session was ended.
        RefreshTokenReused,
        /// An operator set a new password.
        PasswordSet,
        /// The attempt limit for codes was reached at sign-in, after a correct password. Somebody else may know the
        /// password.
        SignInCodesExhausted,
        /// The user authenticated again in a session (step-up authentication).
        Reauthenticated,
        /// The user verified an email address without replacing another one.
        EmailVerified,
        /// The user verified a new email address, which replaced the previous one.
        EmailChanged,
        /// The undo link sent to the previous email address was used. That address was restored, and all sessions were
        /// ended.
        EmailChangeUndone,
        /// The user changed the password. All other sessions were ended.
        PasswordChanged,
        /// A password reset was requested, and its link was sent by email.
        PasswordResetRequested,
        /// An operator created a link to reset the password.
        PasswordResetIssued,
        /// A new password was set with a reset link. All sessions were ended.
        PasswordReset,
        /// The user enabled MFA or replaced the factor.
        MfaEnabled,
        /// The user disabled MFA.
        MfaDisabled,
        /// An operator removed the factor and the recovery codes.
        MfaReset,
        /// An operator enforced MFA, or no longer enforces it.
        MfaEnforced,
        /// A recovery code was used instead of the factor.
        RecoveryCodeUsed,
        /// The user generated new recovery codes. The previous ones were invalidated.
        RecoveryCodesRegenerated,
        /// The user added a passkey.
        PasskeyAdded,
        /// The user or an operator removed a passkey.
        PasskeyRemoved,
        /// A passkey was refused because its signature counter did not grow. There may be a copy of it.
        PasskeyRefused,
        /// The user exported all data about the account.
        DataExported,
        /// The user requested the deletion of the account, and a code was sent by email.
        AccountDeletionRequested,
        /// The user confirmed the deletion of the account, which follows after a grace period. All sessions were ended.
        AccountDeletionScheduled,
        /// The deletion of the account was cancelled: with the link that was sent by email, by a sign-in, by a password reset,
        /// by restoring the previous email address, or by an operator.
        AccountDeletionCancelled,
        /// The account was deleted after its grace period. You never see this event: it is reported to operators only.
        AccountDeleted,
        /// An operator required an action of the user, or no longer requires it.
        ActionRequired,
        /// An operator enabled the account.
        UserEnabled,
        /// An operator disabled the account.
        UserDisabled,
        /// A sign-in failed because the password was wrong, the response of a passkey was invalid, or the account cannot sign
        /// in.
        SignInFailed,
        /// Too many wrong passwords or invalid responses of passkeys were submitted. Further attempts are refused until a
        /// delay has passed.
        SignInLocked,
        /// A sign-in failed after a correct password because the code was wrong. Somebody may know the password.
        SignInCodeFailed,
        /// A wrong current password or a wrong code was submitted in a session.
        ReauthenticationFailed,
        /// A password reset was refused because the account cannot request one, or because its link was no longer
        /// valid.
        PasswordResetRefused,
        /// An operator invalidated all links that undo a change of the email address.
        UndoLinksInvalidated,
        /// An operator created the account.
        UserCreated,
        /// An operator changed the account by an import.
        UserUpdated,
        /// An operator deleted the account.
        UserDeleted,
    }
}

remote_enum! {
    /// The actor that caused a security event.
    SecurityEventActor of "crate::domain::event::SecurityEventActor" {
        /// The user, or a client that claims to be the user, such as in a failed sign-in.
        User,
        /// An operator of the server, by the command line or an import.
        Operator,
        /// The server, which applied a rule: it ended a session or refused further attempts.
        System,
    }
}
