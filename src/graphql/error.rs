//! Top-level errors, with the fixed set of values of `extensions.code`.
//!
//! [`ApiError`] has no `Display`: async-graphql converts every type that has one into an error whose text clients see,
//! so that `?` could reveal a message of the database.

use std::sync::Arc;

use async_graphql::{Error, ErrorExtensionValues, ErrorExtensions, Name, Pos, ServerError, Value};

use crate::domain::Invalid;
use crate::domain::access::Denial;
use crate::domain::user::RequiredAction;
use crate::services::Failure;

/// The values of `extensions.code`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// There is no valid access token.
    Unauthenticated,
    /// The user must complete a required action first, or the origin is not allowed.
    Forbidden,
    /// An argument, or another part of the request than its document, is invalid.
    BadUserInput,
    /// The database is unreachable, the request timed out, or it needs email and none can be sent.
    Unavailable,
    /// An internal error, not caused by the client's input.
    InternalServerError,
    /// The document is not valid GraphQL.
    ParseFailed,
    /// The document does not match the schema, or contradicts itself.
    ValidationFailed,
    /// The request or its response exceeds a limit.
    LimitExceeded,
    /// The document id or hash is unknown, or the document is untrusted.
    PersistedQueryNotFound,
}

impl Code {
    /// All codes.
    pub const ALL: [Self; 9] = [
        Self::Unauthenticated,
        Self::Forbidden,
        Self::BadUserInput,
        Self::Unavailable,
        Self::InternalServerError,
        Self::ParseFailed,
        Self::ValidationFailed,
        Self::LimitExceeded,
        Self::PersistedQueryNotFound,
    ];

    /// The code as clients see it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::Forbidden => "FORBIDDEN",
            Self::BadUserInput => "BAD_USER_INPUT",
            Self::Unavailable => "UNAVAILABLE",
            Self::InternalServerError => "INTERNAL_SERVER_ERROR",
            Self::ParseFailed => "GRAPHQL_PARSE_FAILED",
            Self::ValidationFailed => "GRAPHQL_VALIDATION_FAILED",
            Self::LimitExceeded => "LIMIT_EXCEEDED",
            Self::PersistedQueryNotFound => "PERSISTED_QUERY_NOT_FOUND",
        }
    }
}

/// The extensions of an error with this `code`, for errors that are found before any resolver runs.
pub(crate) fn coded(code: Code) -> ErrorExtensionValues {
    let mut extensions = ErrorExtensionValues::default();
    extensions.set("code", code.as_str());
    extensions
}

/// The message of every internal error.
pub(crate) const MASKED: &str =
    "An internal error occurred and was logged. Try again later, and report the requestId if it happens again.";

/// A top-level error, as the client receives it.
#[derive(Clone)]
pub struct ApiError {
    code: Code,
    message: Arc<str>,
    required_actions: Arc<[RequiredAction]>,
    /// The limit that was exceeded, and its value.
    limit: Option<(&'static str, usize)>,
}

impl ApiError {
    fn new(code: Code, message: impl Into<Arc<str>>) -> Self {
        Self { code, message: message.into(), required_actions: Arc::new([]), limit: None }
    }

    /// The request is unauthenticated.
    #[must_use]
    pub fn unauthenticated() -> Self {
        Self::new(
            Code::Unauthenticated,
            "Sign in first: the request has no access token, or its token is invalid or has expired.",
        )
    }

    /// The request is unauthenticated although it has session cookies: they are ignored without the header that
    /// requests a cookie session.
    #[must_use]
    pub fn cookies_ignored() -> Self {
        let message = "Session cookies are accepted only with the header `X-UserProfile-Session: cookie`. Send it.";
        Self::new(Code::Unauthenticated, message)
    }

    /// The request is unauthenticated although it has an `Authorization` header: its form is not that of an access
    /// token.
    #[must_use]
    pub fn authorization_ignored() -> Self {
        let message = "The header `Authorization` is ignored: send it once, as `Authorization: Bearer upa_…`, with the \
                       `accessToken` of `signIn`, `confirmSignIn`, or `refreshSession`.";
        Self::new(Code::Unauthenticated, message)
    }

    /// The user must complete these required actions first.
    #[must_use]
    pub fn action_required(actions: &[RequiredAction]) -> Self {
        let names: Vec<&str> = actions.iter().map(|action| action.as_str()).collect();
        let message = format!("Complete these required actions first: {}.", names.join(", "));
        Self { required_actions: actions.into(), ..Self::new(Code::Forbidden, message) }
    }

    /// An argument is invalid.
    #[must_use]
    pub fn bad_input(argument: &str, invalid: &Invalid) -> Self {
        Self::new(Code::BadUserInput, format!("{argument}: {}", invalid.message))
    }

    /// The request exceeded a limit while it ran.
    #[must_use]
    pub fn over_limit(limit: &'static str, allowed: usize, message: &str) -> Self {
        Self { limit: Some((limit, allowed)), ..Self::new(Code::LimitExceeded, message) }
    }

    /// An internal error. `what` is logged and not returned to the client.
    #[must_use]
    pub fn internal(what: &str) -> Self {
        tracing::error!(what, "a request failed");
        Self::new(Code::InternalServerError, MASKED)
    }

    /// The code.
    #[must_use]
    pub fn code(&self) -> Code {
        self.code
    }

    /// The error without the position of a field.
    #[must_use]
    pub fn into_server_error(self) -> ServerError {
        Error::from(self).into_server_error(Pos::default())
    }
}

impl From<ApiError> for Error {
    fn from(error: ApiError) -> Self {
        Self::new(error.message.to_string()).extend_with(|_, extensions| {
            extensions.set("code", error.code.as_str());
            if let Some((limit, allowed)) = error.limit {
                extensions.set("limit", limit);
                extensions.set("allowed", allowed);
            }
            if !error.required_actions.is_empty() {
                let actions = error.required_actions.iter().map(|action| Value::Enum(Name::new(action.as_str())));
                extensions.set("requiredActions", Value::List(actions.collect()));
            }
        })
    }
}

impl From<Denial> for ApiError {
    fn from(denial: Denial) -> Self {
        match denial {
            Denial::SessionEnded => Self::unauthenticated(),
            Denial::ActionRequired(actions) => Self::action_required(&actions),
        }
    }
}

impl From<Failure> for ApiError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Unavailable(reason) | Failure::Aborted(reason) => {
                tracing::warn!(reason, "the database is not available");
                Self::new(Code::Unavailable, "The service is temporarily unavailable. Try again later.")
            }
            Failure::TooManyStatements(allowed) => {
                let message = format!(
                    "The request needs more than {allowed} database statements. Send its fields in several requests."
                );
                Self::over_limit("statements", usize::try_from(allowed).unwrap_or(usize::MAX), &message)
            }
            Failure::MailNotConfigured => {
                tracing::warn!("a request needs an email, and SMTP_URL is not set");
                Self::new(Code::Unavailable, "This needs an email, and this server cannot send email at the moment.")
            }
            Failure::PasskeysNotConfigured => {
                tracing::warn!("a request needs passkeys, and {failure}");
                Self::new(Code::Unavailable, "This server cannot use passkeys at the moment.")
            }
            failure => Self::internal(&failure.to_string()),
        }
    }
}
