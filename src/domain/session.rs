//! Sessions: how long they last, and what becomes of a refresh token that is shown.

use chrono::TimeDelta;

use super::ids::{SessionId, UserId};
use super::user::User;
use super::{Timestamp, capital_enum};
use crate::clock::CLOCK_SKEW;

/// The shortest idle time that an admin may have been given, in seconds.
pub const MIN_REFRESH_TIMEOUT: u32 = 1_800;
/// The longest idle time that an admin may have been given, in seconds: 30 days.
pub const MAX_REFRESH_TIMEOUT: u32 = 2_592_000;
/// How many sessions a user may have at once; one more ends the oldest.
pub const MAX_SESSIONS: usize = 100;
/// How many valid access tokens a session may have; one more revokes the oldest.
pub const MAX_ACCESS_TOKENS: i64 = 32;
/// How many refresh tokens a session may have that have not been rotated; one more counts the oldest as rotated.
pub const MAX_REFRESH_TOKENS: i64 = 32;
/// How many rotated refresh tokens of a session are remembered, so that their reuse is detected: more than a session of
/// 30 days rotates that is refreshed every 15 minutes.
pub const MAX_ROTATED_TOKENS: i64 = 3000;

capital_enum! {
    /// What a token is good for.
    TokenPurpose {
        /// To make requests.
        Access = "ACCESS",
        /// To get the next pair of tokens.
        Refresh = "REFRESH",
    }
}

/// What lasts from one sign-in to its end: the family of all tokens that come from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its key.
    pub id: SessionId,
    /// Whose it is.
    pub owner_id: UserId,
    /// When he signed in.
    pub created_at: Timestamp,
    /// When he signed in or last refreshed.
    pub last_used_at: Timestamp,
    /// When it ends unless it is refreshed before.
    pub expires_at: Timestamp,
    /// When he last proved who he is.
    pub authenticated_at: Timestamp,
    /// The address he signed in from.
    pub client_address: String,
    /// What his client called itself.
    pub user_agent: Option<String>,
}

/// How long things last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetimes {
    /// An access token.
    pub access: TimeDelta,
    /// A session that is not refreshed.
    pub refresh: TimeDelta,
    /// A session at all.
    pub refresh_max_age: TimeDelta,
    /// The time within which a refresh token may be shown again: two tabs at once, an answer that was lost.
    pub refresh_grace: TimeDelta,
    /// The time after signing in during which sensitive things may be done.
    pub fresh_for: TimeDelta,
}

impl Lifetimes {
    /// When a session of `user`, begun at `created_at` and used at `now`, ends unless it is refreshed.
    #[must_use]
    pub fn session_expiry(&self, user: &User, created_at: Timestamp, now: Timestamp) -> Timestamp {
        let own = user.refresh_timeout.filter(|_| user.is_admin()).map(|seconds| TimeDelta::seconds(seconds.into()));
        let idle = own.map_or(self.refresh, |own| own.max(self.refresh));
        (now + idle).min(created_at + self.refresh_max_age)
    }

    /// Whether `session` is fresh enough for what is sensitive. After the clock was set back, an authentication that lies
    /// in the future proves nothing: nobody knows how long ago it was.
    #[must_use]
    pub fn is_fresh(&self, session: &Session, now: Timestamp) -> bool {
        let age = now - session.authenticated_at;
        -CLOCK_SKEW <= age && age < self.fresh_for
    }

    /// What becomes of a refresh token that expires at `expires_at` and was exchanged at `rotated_at`, if it was.
    #[must_use]
    pub fn on_refresh(&self, expires_at: Timestamp, rotated_at: Option<Timestamp>, now: Timestamp) -> Refresh {
        match rotated_at {
            // A rotation that lies in the future has no grace period: it may have been long ago.
            Some(rotated_at) if now - rotated_at > self.refresh_grace || rotated_at - now > CLOCK_SKEW => {
                Refresh::Reused
            }
            _ if now >= expires_at => Refresh::Expired,
            _ => Refresh::Exchange,
        }
    }
}

/// What becomes of a refresh token that is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refresh {
    /// It buys a new pair.
    Exchange,
    /// It came too late.
    Expired,
    /// It had been exchanged before: somebody has a copy, and the whole family ends (RFC 9700, 4.14.2).
    Reused,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    #[test]
    fn a_refresh_token_is_good_once_and_again_within_its_grace() {
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
