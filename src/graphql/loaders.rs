//! The loaders of one request. They live as long as the request, or until a mutation, and read only what its caller may
//! see. Everything that a query reads, it reads through them.
//!
//! Rows count as fields of the response, before they are read if their number is known, otherwise directly after. A
//! single statement never reads more than the response may still have.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use super::dataloader::DataLoader;
use super::error::ApiError;
use super::limits::ExecutionBudget;
use crate::domain::access::{Caller, Visibility};
use crate::domain::first_screen::{FirstItems, FirstScreen};
use crate::services::{Failure, Services};

pub use account::EventPage;
pub use groups::GroupList;

mod account;
mod groups;
mod tags;
mod workspaces;

/// Declares the loaders, and a type for each that reads with a [`Reader`].
macro_rules! loaders {
    ($($(#[$meta:meta])* $field:ident: $loader:ident,)+) => {
        $(
            #[doc = concat!("Loads [`Loaders::", stringify!($field), "`].")]
            pub struct $loader(Arc<Reader>);
        )+

        /// The loaders of one request.
        pub struct Loaders {
            $($(#[$meta])* pub $field: DataLoader<$loader>,)+
        }

        impl Loaders {
            /// Loaders that read what is visible to `caller`, as part of the request's `work`. The `first_screen` was
            /// read before.
            #[must_use]
            pub fn new(
                services: Arc<Services>,
                caller: &Arc<Caller>,
                first_screen: FirstScreen,
                work: &ExecutionBudget,
            ) -> Self {
                work.count(fields_of(&first_screen));
                let reader = Arc::new(Reader {
                    services,
                    caller: caller.clone(),
                    visibility: caller.visibility(),
                    first_screen,
                    work: work.clone(),
                });
                Self { $($field: DataLoader::new($loader(reader.clone()), work),)+ }
            }
        }
    };
}

loaders! {
    /// Workspaces by id.
    workspaces: Workspaces,
    /// Groups by id.
    groups: Groups,
    /// Pages of the workspaces that are visible to the caller.
    workspace_pages: WorkspacePages,
    /// The number of workspaces that are visible to the caller.
    workspace_totals: WorkspaceTotals,
    /// Pages of the groups that are visible to the caller.
    group_pages: GroupPages,
    /// The number of groups that are visible to the caller.
    group_total: GroupTotal,
    /// The users of a group.
    group_users: GroupUsers,
    /// The caller's binding through a group.
    group_bindings: GroupBindings,
    /// A page of the workspaces through a group.
    group_workspaces: GroupWorkspaces,
    /// The number of workspaces through a group.
    group_totals: GroupTotals,
    /// The tags of workspaces.
    workspace_tags: WorkspaceTags,
    /// The tags of groups.
    group_tags: GroupTags,
    /// The caller's sessions.
    sessions: Sessions,
    /// The caller's passkeys.
    passkeys: Passkeys,
    /// Pages of the security events of the caller's account.
    event_pages: EventPages,
    /// The number of security events of the caller's account.
    event_total: EventTotal,
    /// The number of the caller's unused recovery codes.
    recovery_codes: RecoveryCodes,
    /// When the caller's account is going to be deleted.
    deletion: Deletion,
}

/// The number of fields, of some 300 bytes each, that a row counts as: a workspace with the caller's role takes about
/// 700 bytes, and more than 2,000 while it is read from SQLite.
const WORKSPACE_FIELDS: usize = 5;
/// A group.
const GROUP_FIELDS: usize = 2;
/// A user of a group.
const USER_FIELDS: usize = 2;
/// The minimum that an item of a list counts in addition to its row: itself and one field.
const ITEM_FIELDS: usize = 2;

/// The shared state that a loader reads with.
struct Reader {
    services: Arc<Services>,
    caller: Arc<Caller>,
    visibility: Visibility,
    first_screen: FirstScreen,
    work: ExecutionBudget,
}

/// The number of fields that the rows of the first screen count as.
fn fields_of(FirstScreen { workspaces, groups, users }: &FirstScreen) -> usize {
    let workspaces = workspaces.as_ref().map_or(0, FirstItems::number_read);
    let groups = groups.as_ref().map_or(0, FirstItems::number_read);
    let users: usize = users.values().map(|users| users.len()).sum();
    workspaces * WORKSPACE_FIELDS + groups * GROUP_FIELDS + users * USER_FIELDS
}

impl Reader {
    /// The result of a statement. A request that has no statements left is aborted.
    fn settle<T>(&self, read: Result<T, Failure>) -> Result<T, ApiError> {
        read.map_err(|failure| {
            if let Failure::TooManyStatements(allowed) = failure {
                self.work.refuse_statements(usize::try_from(allowed).unwrap_or(usize::MAX));
            }
            failure.into()
        })
    }

    /// The maximum number of rows to read, if each counts as so many fields and becomes an item of a list.
    fn rows_left(&self, fields: usize) -> usize {
        self.work.left() / (fields + ITEM_FIELDS)
    }

    /// Counts rows that were read.
    fn charge_rows(&self, rows: usize, fields: usize) -> Result<(), ApiError> {
        self.work.charge(rows.saturating_mul(fields))
    }

    /// Counts rows, of which at most `most` may be read.
    fn charge_bounded(&self, rows: usize, most: usize, fields: usize) -> Result<(), ApiError> {
        // If there are more rows than may be read, only that fact is known, not their number.
        let fields = if rows > most { fields + ITEM_FIELDS } else { fields };
        self.charge_rows(rows, fields)
    }
}

/// The items with the same key, grouped: the values of one group; or the groups for which one field has the same
/// arguments, because only aliases make these differ.
fn gather<K: Eq + Hash, V>(pairs: impl IntoIterator<Item = (K, V)>) -> HashMap<K, Vec<V>> {
    let mut gathered: HashMap<K, Vec<V>> = HashMap::new();
    for (key, value) in pairs {
        gathered.entry(key).or_default().push(value);
    }
    gathered
}
