//! Transactions.

use std::sync::Arc;
use std::time::Duration;

use diesel::dsl::sql;
use diesel::sql_types::Nullable;
use diesel::{ExpressionMethods, QueryDsl};
use diesel_async::{AsyncConnection, TransactionManager};
use scopeguard::ScopeGuard;

use super::committed::{LimitedEmail, Recorded};
use super::conn::{Conn, Run, on};
use super::error::Error;
use super::quota::Quota;
use super::schema::sessions;
use super::types::UtcTimestamp;
use crate::domain::ids::SessionId;
use crate::metrics::Metrics;

/// How long the statement that a dropped transaction leaves behind may delay its rollback.
const ROLLBACK_TIMEOUT: Duration = Duration::from_secs(5);

/// A transaction. If it is dropped without [`commit`](Self::commit), as by a `?` or by a client that disconnects, it is
/// rolled back in the background and the connection returns to the pool: a refusal costs no connection.
pub struct Tx {
    conn: ScopeGuard<Conn, fn(Conn)>,
    quota: Option<Quota>,
    metrics: Arc<Metrics>,
    /// What it has recorded, to be reported once it is committed.
    pub(super) recorded: Recorded,
    limited_email: Option<LimitedEmail>,
    /// The session that writes, if that is to be stored with it.
    writer: Option<SessionId>,
}

impl Tx {
    pub(super) fn new(conn: Conn, quota: Option<Quota>, metrics: Arc<Metrics>) -> Self {
        let conn = scopeguard::guard(conn, roll_back_in_background as fn(Conn));
        Self { conn, quota, metrics, recorded: Recorded::default(), limited_email: None, writer: None }
    }

    /// Commits the transaction. If that fails, nothing of the transaction remains.
    pub async fn commit(self) -> Result<(), Error> {
        self.commit_keeping().await.map(drop)
    }

    /// The same, but returns the connection for statements that follow the transaction.
    pub(super) async fn commit_keeping(mut self) -> Result<Conn, Error> {
        if let Some(writer) = self.writer.take() {
            let now = sql::<Nullable<UtcTimestamp>>("clock_timestamp()");
            let written = diesel::update(sessions::table.find(&writer)).set(sessions::written_at.eq(now));
            written.run(self.conn()).await?;
        }
        self.count();
        let mut conn = ScopeGuard::into_inner(self.conn);
        on!(&mut conn, c => commit(&mut **c).await)?;
        self.recorded.report(&self.metrics);
        Ok(conn)
    }

    /// Rolls the transaction back before it returns, and releases the connection. If that fails, the connection is
    /// lost, and nothing of the transaction remains either.
    pub async fn roll_back(self) -> Result<(), Error> {
        self.count();
        let mut conn = ScopeGuard::into_inner(self.conn);
        on!(&mut conn, c => roll_back(&mut **c).await)
    }

    /// Notes that a rate limit refused an email, which is counted once when the transaction ends, however it does.
    pub fn note_limited_email(&mut self) {
        self.limited_email = Some(LimitedEmail(Arc::clone(&self.metrics)));
    }

    /// Stores with a session that it has written, so that its next reads see what it wrote (see [`Replica`]). That is the
    /// last statement before the commit.
    ///
    /// [`Replica`]: super::replica::Replica
    pub fn note_writer(&mut self, session: &SessionId) {
        self.writer = Some(session.clone());
    }

    /// The connection, for one more statement.
    pub(super) fn conn(&mut self) -> &mut Conn {
        self.count();
        &mut self.conn
    }

    pub(super) fn count(&self) {
        if let Some(quota) = &self.quota {
            quota.count();
        }
    }
}

/// A connection that cannot be rolled back within [`ROLLBACK_TIMEOUT`], or outside of the runtime, is closed: the pool
/// detects the open transaction.
fn roll_back_in_background(mut conn: Conn) {
    let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
    runtime.spawn(async move {
        let rolled_back = async { on!(&mut conn, c => roll_back(&mut **c).await) };
        match tokio::time::timeout(ROLLBACK_TIMEOUT, rolled_back).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::debug!(%error, "a transaction could not be rolled back; its connection is closed");
            }
            Err(_) => tracing::debug!("a transaction was not rolled back in time; its connection is closed"),
        }
    });
}

async fn commit<C: AsyncConnection>(conn: &mut C) -> Result<(), Error> {
    Ok(C::TransactionManager::commit_transaction(conn).await?)
}

async fn roll_back<C: AsyncConnection>(conn: &mut C) -> Result<(), Error> {
    Ok(C::TransactionManager::rollback_transaction(conn).await?)
}
