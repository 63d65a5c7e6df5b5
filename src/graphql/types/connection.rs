//! What all connections share (the Relay cursor connections specification): their arguments, and their shape.

use std::sync::Arc;

use crate::domain::page::{ListKind, Page, Paged};
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

/// Makes the type of a connection. Its list knows how to `read` a page and how to `count` all there is; neither is done
/// unless a client selects what needs it. The edge is made of an item, has a `node`, and can tell its `cursor`.
macro_rules! connection {
    ($(#[$meta:meta])* $name:ident { edge: $edge:ty, node: $node:ty, list: $list:ty }) => {
        #[doc = concat!("A page of a list: `", stringify!($name), "`.")]
        pub struct $name {
            pub(super) list: $list,
            pub(super) page: $crate::domain::page::Page,
        }

        $(#[$meta])*
        #[async_graphql::Object]
        impl $name {
            /// What is on this page, each with its place in the list.
            async fn edges(
                &self,
                ctx: &async_graphql::Context<'_>,
            ) -> Result<Vec<$edge>, $crate::graphql::error::ApiError> {
                if self.page.size == 0 {
                    return Ok(Vec::new());
                }
                let read = self.list.read(ctx, &self.page).await?;
                Ok(read.items.iter().cloned().map(<$edge>::from).collect())
            }

            /// What is on this page: the `node` of each edge.
            async fn nodes(
                &self,
                ctx: &async_graphql::Context<'_>,
            ) -> Result<Vec<$node>, $crate::graphql::error::ApiError> {
                if self.page.size == 0 {
                    return Ok(Vec::new());
                }
                let read = self.list.read(ctx, &self.page).await?;
                Ok(read.items.iter().cloned().map(<$node>::from).collect())
            }

            /// Where this page begins and ends, and whether there is more.
            async fn page_info(
                &self,
                ctx: &async_graphql::Context<'_>,
            ) -> Result<async_graphql::connection::PageInfo, $crate::graphql::error::ApiError> {
                let read = self.list.read(ctx, &self.page).await?;
                let cursor = |item: Option<&_>| item.map(|item| <$edge>::from(Clone::clone(item)).cursor());
                Ok(async_graphql::connection::PageInfo {
                    has_previous_page: read.has_previous,
                    has_next_page: read.has_next,
                    start_cursor: cursor(read.items.first()),
                    end_cursor: cursor(read.items.last()),
                })
            }

            /// How many there are over all pages, with the same filter. It is counted only when it is asked for.
            async fn total_count(
                &self,
                ctx: &async_graphql::Context<'_>,
            ) -> Result<i32, $crate::graphql::error::ApiError> {
                Ok(i32::try_from(self.list.count(ctx).await?).unwrap_or(i32::MAX))
            }
        }
    };
}
pub(super) use connection;

/// A page that a loader read.
pub(super) fn found<T>(read: Option<Arc<Paged<T>>>) -> Arc<Paged<T>> {
    read.unwrap_or_else(|| Arc::new(Paged { items: Vec::new(), has_previous: false, has_next: false }))
}
