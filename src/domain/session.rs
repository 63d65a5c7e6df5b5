//! Sessions: their lifetimes, and the handling of a submitted refresh token.

use chrono::TimeDelta;

use super::ids::{SessionId, UserId};
use super::user::User;
use super::{Timestamp, string_enums};
use crate::clock::CLOCK_SKEW;

/// The shortest idle timeout that an admin can have, in seconds.
pub const MIN_REFRESH_TIMEOUT: u32 = 1_800;
/// The longest idle timeout that an admin can have, in seconds: 30 days.
pub const MAX_REFRESH_TIMEOUT: u32 = 2_592_000;
/// The maximum number of concurrent sessions of a user; another one ends the oldest.
pub const MAX_SESSIONS: usize = 100;
/// The maximum number of valid access tokens of a session; another one revokes the oldest.
pub const MAX_ACCESS_TOKENS: u32 = 32;
/// The maximum number of refresh tokens of a session that have not been rotated; with another one, the oldest counts as
/// rotated.
pub const MAX_REFRESH_TOKENS: u32 = 32;
/// How many rotated refresh tokens of a session are remembered for reuse detection: more than a session of 30 days
/// rotates if it is refreshed every 15 minutes.
pub const MAX_ROTATED_TOKENS: u32 = 3000;

string_enums! {
    /// The purpose of a token.
    TokenPurpose {
        /// To authenticate requests.
        Access = "ACCESS",
        /// To obtain the next pair of tokens.
        Refresh = "REFRESH",
    }
}

/// A session, from one sign-in to its end: the family of all tokens issued in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// The user it belongs to.
    pub owner_id: UserId,
    /// When the user signed in.
    pub created_at: Timestamp,
    /// When the user signed in or last refreshed the session.
    pub last_used_at: Timestamp,
    /// When it ends unless it is refreshed.
    pub expires_at: Timestamp,
    /// When the user last authenticated.
    pub authenticated_at: Timestamp,
    /// The client address of the sign-in.
    pub client_address: String,
    /// The client's `User-Agent`.
    pub user_agent: Option<String>,
    /// When it last wrote, by the clock of the database. Stored only if lists are read from a replica.
    pub written_at: Option<Timestamp>,
}

/// The lifetimes of tokens and sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetimes {
    /// Of an access token.
    pub access: TimeDelta,
    /// Of a session that is not refreshed.
    pub refresh: TimeDelta,
    /// The maximum lifetime of a session.
    pub refresh_max_age: TimeDelta,
    /// The time in which a rotated refresh token is accepted again, for two tabs at once or a lost response.
    pub refresh_grace: TimeDelta,
    /// The time after an authentication in which sensitive operations are allowed.
    pub fresh_for: TimeDelta,
}

impl Lifetimes {
    /// When a session of `user`, created at `created_at` and used at `now`, ends unless it is refreshed.
    pub fn session_expiry(&self, user: &User, created_at: Timestamp, now: Timestamp) -> Timestamp {
        let own = user.refresh_timeout.filter(|_| user.is_admin()).map(|seconds| TimeDelta::seconds(seconds.into()));
        let idle = own.map_or(self.refresh, |own| own.max(self.refresh));
        (now + idle).min(created_at + self.refresh_max_age)
    }

    /// Whether the last authentication of `session` is recent enough for sensitive operations. If the clock was set
    /// back and the authentication lies in the future, it does not count, because its age is unknown.
    pub fn is_recently_authenticated(&self, session: &Session, now: Timestamp) -> bool {
        let age = now - session.authenticated_at;
        -CLOCK_SKEW <= age && age < self.fresh_for
    }

    /// How to handle a refresh token that expires at `expires_at` and, if it was rotated, was rotated at `rotated_at`.
    pub fn on_refresh(&self, expires_at: Timestamp, rotated_at: Option<Timestamp>, now: Timestamp) -> Refresh {
        match rotated_at {
            // A rotation in the future has no grace period: it may have happened long ago.
            Some(rotated_at) if now - rotated_at > self.refresh_grace || rotated_at - now > CLOCK_SKEW => {
                Refresh::Reused
            }
            _ if now >= expires_at => Refresh::Expired,
            _ => Refresh::Exchange,
        }
    }
}

/// How to handle a submitted refresh token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refresh {
    /// Issue a new pair of tokens.
    Exchange,
    /// It has expired.
    Expired,
    /// It was rotated before, so a copy of it exists; the whole family ends (RFC 9700, 4.14.2).
    Reused,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    #[test]
    fn a_refresh_token_is_single_use_except_within_its_grace_period() {
        let lifetimes = Lifetimes {
            access: TimeDelta::minutes(15),
            refresh: TimeDelta::hours(3),
            refresh_max_age: TimeDelta::days(30),
            refresh_grace: TimeDelta::seconds(10),
            fresh_for: TimeDelta::minutes(10),
        };
        assert_eq!(lifetimes.on_refresh(at(100), None, at(99)), Refresh::Exchange);
        assert_eq!(lifetimes.on_refresh(at(100), None, at(100)), Refresh::Expired);
        assert_eq!(lifetimes.on_refresh(at(100), Some(at(50)), at(60)), Refresh::Exchange);
        assert_eq!(lifetimes.on_refresh(at(100), Some(at(50)), at(61)), Refresh::Reused);
        assert_eq!(lifetimes.on_refresh(at(100), Some(at(50)), at(500)), Refresh::Reused);
        // After the clock was set back.
        assert_eq!(lifetimes.on_refresh(at(100), Some(at(50)), at(40)), Refresh::Exchange);
        assert_eq!(lifetimes.on_refresh(at(100), Some(at(50)), at(39)), Refresh::Reused);
    }
}
