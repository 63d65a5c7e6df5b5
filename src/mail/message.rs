//! The content of a message before it is rendered: its values and its language.

use secrecy::SecretString;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::clock::Timestamp;
use crate::domain::mfa::MfaType;
use crate::domain::secret_value::Secret;

/// A message to one person. It is stored encrypted until it is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutgoingMail {
    /// The address of its one recipient, as the owner typed it.
    pub to: String,
    /// The recipient's language, a BCP 47 tag; if it is not supported, the message is in English.
    pub language: String,
    /// The account that it is about.
    #[serde(default)]
    pub account: Account,
    /// Its content.
    pub message: Message,
}

/// The account that a message is about, as shown to its owner. All fields are empty in messages that were written by a
/// version that did not store it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The domain's name.
    pub domain: String,
    /// The user id.
    pub user_id: String,
    /// The time zone for times in the message, by its name in the IANA database.
    pub timezone: String,
}

/// The content of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Message {
    /// A verification code that the user requested.
    Code {
        /// The purpose of the code.
        reason: CodeReason,
        /// Six digits.
        code: MailedSecret,
        /// Its lifetime in minutes.
        minutes: i64,
    },
    /// The link to the password reset page.
    ResetPassword {
        /// The link, with a token in its fragment.
        link: MailedSecret,
        /// Its lifetime in minutes.
        minutes: i64,
    },
    /// A notification about a change of the account.
    #[serde(rename = "Notice")]
    Notification {
        /// What happened.
        notice: Notification,
        /// When it happened, from which address, and with which client.
        circumstances: Circumstances,
    },
}

/// The purpose of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum CodeReason {
    /// To verify an email address.
    VerifyEmail,
    /// To enable MFA.
    EnableMfa,
    /// To disable MFA.
    DisableMfa,
    /// To complete a sign-in.
    SignIn,
    /// To reauthenticate before a sensitive operation.
    Reauthenticate,
    /// To have the account deleted.
    DeleteAccount,
}

/// The kind of notification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Notification {
    /// The email address was changed; sent to the old address, with a link that restores it.
    EmailChangedFrom {
        /// The undo link, which restores the old address.
        undo_link: MailedSecret,
        /// Its lifetime in days.
        days: i64,
    },
    /// The email address was changed; sent to the new address.
    EmailChangedTo,
    /// An earlier email address was restored; sent to the address that it replaces, which gets no undo link.
    EmailChangedBack,
    /// The password was changed by the authenticated user.
    PasswordChanged,
    /// The password was set with a reset link.
    PasswordReset,
    /// MFA was enabled, or its factor was replaced.
    MfaEnabled {
        /// The type of the factor.
        mfa_type: MfaType,
    },
    /// MFA was disabled.
    MfaDisabled,
    /// A recovery code was used instead of the factor.
    RecoveryCodeUsed {
        /// The number of remaining codes.
        left: u32,
    },
    /// A refresh token was used again after its rotation, so a copy may exist. The session was revoked.
    RefreshTokenReused,
    /// After a correct password at sign-in, the limit of wrong codes was reached.
    SignInCodesExhausted,
    /// The user replaced their recovery codes.
    RecoveryCodesRegenerated,
    /// An operator set the password, by the command line or an import.
    PasswordSet,
    /// The first sign-in from a device that the user did not sign in from before.
    NewDevice,
    /// A passkey was added.
    PasskeyAdded {
        /// Its name.
        name: String,
    },
    /// A passkey was removed, by the user or an operator.
    PasskeyRemoved {
        /// Its name.
        name: String,
    },
    /// A passkey was refused, because there may be a copy of it.
    PasskeyRefused {
        /// Its name.
        name: String,
    },
    /// The user exported all data about the account.
    DataExported,
    /// The account is going to be deleted; with a link that cancels that.
    DeletionScheduled {
        /// The link, which is valid until then.
        cancel_link: MailedSecret,
        /// When the account is going to be deleted.
        at: Timestamp,
    },
    /// The deletion was cancelled.
    DeletionCancelled,
    /// The account was deleted.
    AccountDeleted,
    /// No change: an operator tests the mail server.
    Test,
}

/// The circumstances of a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Circumstances {
    /// When it happened.
    pub at: Timestamp,
    /// The client's address; `None` if an operator made the change on the server.
    pub client_address: Option<String>,
    /// The client's `User-Agent`.
    pub user_agent: Option<String>,
}

/// A code or a link that only its recipient may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailedSecret(Secret<str>);

impl MailedSecret {
    /// Wraps a secret for a message.
    pub fn new(text: impl Into<SecretString>) -> Self {
        Self(Secret::new(text))
    }

    /// The secret itself, for the message.
    pub fn reveal(&self) -> &str {
        self.0.reveal()
    }
}

/// A message is stored only encrypted.
impl Serialize for MailedSecret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.reveal().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for MailedSecret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}
