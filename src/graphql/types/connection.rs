//! The arguments and fields that all connections share (the Relay cursor connections specification).

use std::sync::Arc;

use super::plain::object;
use crate::domain::page::{ListKind, Page, Paged};
use crate::graphql::error::ApiError;

/// The arguments of a connection, not yet validated.
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

/// Defines the type of a connection. Its list can `read` a page and `count` all items; it does so only if a client
/// selects a field that needs it. Edges and nodes are built from items; `cursor` is the function that makes an item's.
macro_rules! connection {
    ($(#[$meta:meta])* $name:ident { edge: $edge:ty, node: $node:ty, cursor: $cursor:path, list: $list:ty }) => {
        #[doc = concat!("A page of a list: `", stringify!($name), "`.")]
        pub struct $name {
            pub(super) list: $list,
            pub(super) page: $crate::domain::page::Page,
        }

        $crate::graphql::types::plain::object! {
            $(#[$meta])*
            $name, self {}
            resolved {
                /// The items of this page, each with its cursor.
                async fn edges(
                    &self,
                    ctx: &async_graphql::Context<'_>,
                ) -> Result<$crate::graphql::types::direct::List<$edge>, $crate::graphql::error::ApiError> {
                    if self.page.size == 0 {
                        return Ok($crate::graphql::types::direct::List(Vec::new()));
                    }
                    let read = self.list.read(ctx, &self.page).await?;
                    Ok($crate::graphql::types::direct::List(read.items.iter().cloned().map(<$edge>::from).collect()))
                }

                /// The items of this page: the `node` of each edge.
                async fn nodes(
                    &self,
                    ctx: &async_graphql::Context<'_>,
                ) -> Result<$crate::graphql::types::direct::List<$node>, $crate::graphql::error::ApiError> {
                    if self.page.size == 0 {
                        return Ok($crate::graphql::types::direct::List(Vec::new()));
                    }
                    let read = self.list.read(ctx, &self.page).await?;
                    Ok($crate::graphql::types::direct::List(read.items.iter().cloned().map(<$node>::from).collect()))
                }

                /// The first and last cursor of this page, and whether there are more items.
                async fn page_info(
                    &self,
                    ctx: &async_graphql::Context<'_>,
                ) -> Result<$crate::graphql::types::direct::Direct<$crate::graphql::types::connection::PageInfo>, $crate::graphql::error::ApiError> {
                    let read = self.list.read(ctx, &self.page).await?;
                    Ok($crate::graphql::types::direct::Direct($crate::graphql::types::connection::PageInfo {
                        has_previous_page: read.has_previous,
                        has_next_page: read.has_next,
                        start_cursor: read.items.first().map($cursor),
                        end_cursor: read.items.last().map($cursor),
                    }))
                }

                /// The number of items on all pages, with the same filter. It is counted only if this field is selected.
                async fn total_count(
                    &self,
                    ctx: &async_graphql::Context<'_>,
                ) -> Result<i32, $crate::graphql::error::ApiError> {
                    Ok(i32::try_from(self.list.count(ctx).await?).unwrap_or(i32::MAX))
                }
            }
        }
    };
}
pub(super) use connection;

/// The position of a page in a list.
pub struct PageInfo {
    pub(super) has_previous_page: bool,
    pub(super) has_next_page: bool,
    pub(super) start_cursor: Option<String>,
    pub(super) end_cursor: Option<String>,
}

object! {
    /// The position of a page in a list (Relay).
    PageInfo, self {
        /// True if there are items before this page, or if `after` was given.
        has_previous_page: bool = self.has_previous_page;

        /// True if there are items after this page, or if `before` was given.
        has_next_page: bool = self.has_next_page;

        /// The cursor of the first item of this page, for `before`. Null if the page is empty.
        start_cursor: Option<&str> = self.start_cursor.as_deref();

        /// The cursor of the last item of this page, for `after`. Null if the page is empty.
        end_cursor: Option<&str> = self.end_cursor.as_deref();
    }
}

/// A page that a loader read.
pub(super) fn found<T>(read: Option<Arc<Paged<T>>>) -> Arc<Paged<T>> {
    read.unwrap_or_else(|| Arc::new(Paged { items: Vec::new(), has_previous: false, has_next: false }))
}
