//! What all connections share (the Relay cursor connections specification): their arguments, and their shape.

use crate::domain::page::{ListKind, Page};
use crate::graphql::error::ApiError;

/// The arguments of a connection, as they came.
pub(super) struct PageArguments {
    pub first: Option<i32>,
    pub after: Option<String>,
    pub last: Option<i32>,
    pub before: Option<String>,
}

impl PageArguments {
    pub(super) fn parse(&self, list: ListKind) -> Result<Page, ApiError> {
        Page::parse(list, self.first, self.after.as_deref(), self.last, self.before.as_deref())
            .map_err(|(argument, invalid)| ApiError::bad_input(argument, &invalid))
    }
}

/// Makes the type of a connection. The edge has a `node` and can tell its `cursor`; the total knows how to `count`, and
/// is only asked to when a client wants it.
macro_rules! connection {
    ($(#[$meta:meta])* $name:ident { edge: $edge:ty, node: $node:ty, total: $total:ty }) => {
        #[doc = concat!("A page of a list: `", stringify!($name), "`.")]
        pub struct $name {
            pub(super) edges: Vec<$edge>,
            pub(super) has_previous: bool,
            pub(super) has_next: bool,
            pub(super) total: $total,
        }

        $(#[$meta])*
        #[async_graphql::Object]
        impl $name {
            /// What is on this page, each with its place in the list.
            async fn edges(&self) -> &[$edge] {
                &self.edges
            }

            /// What is on this page: the `node` of each edge.
            async fn nodes(&self) -> Vec<&$node> {
                self.edges.iter().map(|edge| &edge.node).collect()
            }

            /// Where this page begins and ends, and whether there is more.
            async fn page_info(&self) -> async_graphql::connection::PageInfo {
                async_graphql::connection::PageInfo {
                    has_previous_page: self.has_previous,
                    has_next_page: self.has_next,
                    start_cursor: self.edges.first().map(|edge| edge.cursor()),
                    end_cursor: self.edges.last().map(|edge| edge.cursor()),
                }
            }

            /// How many there are over all pages, with the same filter. It is counted only when it is asked for.
            async fn total_count(
                &self,
                ctx: &async_graphql::Context<'_>,
            ) -> Result<i32, $crate::graphql::error::ApiError> {
                Ok(i32::try_from(self.total.count(ctx).await?).unwrap_or(i32::MAX))
            }
        }
    };
}
pub(super) use connection;
