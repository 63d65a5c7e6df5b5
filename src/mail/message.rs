//! What a mail says, before it is put into words: the values that it tells, and in which language.

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::domain::mfa::MfaType;

/// A mail to one person. It is kept, sealed, until it is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// The one address that it goes to, as its owner typed it.
    pub to: String,
    /// The language that its reader reads, a BCP 47 tag; one that there are no words in is answered in English.
    pub language: String,
    /// The account that it is about.
    #[serde(default)]
    pub account: Account,
    /// What it says.
    pub message: Message,
}

/// The account that a mail is about, as it is named to its owner. All is empty in mails that were written by a version
/// that did not keep it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The domain's name.
    pub domain: String,
    /// The user id.
    pub user_id: String,
    /// The time zone that times are told in, by its name in the IANA database.
    pub timezone: String,
}

/// What a mail says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Message {
    /// A code, for whoever asked for it.
    Code {
        /// What the code is good for.
        reason: CodeReason,
        /// Six digits.
        code: MailedSecret,
        /// For how many minutes it is good.
        minutes: i64,
    },
    /// The link to the page for a new password.
    ResetPassword {
        /// The link, with a token in its fragment.
        link: MailedSecret,
        /// For how many minutes it is good.
        minutes: i64,
    },
    /// Something that happened to the account, for its owner to notice.
    Notice {
        /// What happened.
        notice: Notice,
        /// When, from where, and by which client.
        circumstances: Circumstances,
    },
}

/// What a code is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum CodeReason {
    /// To prove that one reads an e-mail address.
    VerifyEmail,
    /// To switch the second factor on.
    EnableMfa,
    /// To switch the second factor off.
    DisableMfa,
    /// To sign in.
    SignIn,
    /// To prove again who one is, for something sensitive.
    Reauthenticate,
}

/// What a notice tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Notice {
    /// The account has another e-mail address; said to the old one, which can put itself back.
    EmailChangedFrom {
        /// The link that puts the old address back.
        undo_link: MailedSecret,
        /// For how many days it is good.
        days: i64,
    },
    /// The account has another e-mail address; said to the new one.
    EmailChangedTo,
    /// The account has an earlier email address again; sent to the one that it takes the place of, which cannot undo that.
    EmailChangedBack,
    /// The password was changed by somebody signed in.
    PasswordChanged,
    /// The password was set by way of a reset link.
    PasswordReset,
    /// A second factor was switched on, or replaced.
    MfaEnabled {
        /// Its kind.
        mfa_type: MfaType,
    },
    /// The second factor was switched off.
    MfaDisabled,
    /// A recovery code was used in place of the second factor.
    RecoveryCodeUsed {
        /// How many are left.
        left: u32,
    },
    /// A refresh token was shown that had been exchanged before: somebody may have a copy. The session was ended.
    RefreshTokenReused,
    /// The password was right, but too many wrong codes were tried at sign-in.
    SignInCodesExhausted,
    /// The user replaced their recovery codes.
    RecoveryCodesRegenerated,
    /// An operator set the password, by the command line or an import.
    PasswordSet,
    /// The first sign-in from a device that the user did not sign in from before.
    NewDevice,
}

/// When and from where something happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Circumstances {
    /// When.
    pub at: Timestamp,
    /// From which address; `None` where an administrator did it on the server.
    pub client_address: Option<String>,
    /// What the client called itself.
    pub user_agent: Option<String>,
}

/// A code or a link that only its recipient may see. Prints `***`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MailedSecret(String);

impl MailedSecret {
    /// Takes a secret that is to be mailed.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret itself, for the mail.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for MailedSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}
