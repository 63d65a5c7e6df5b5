//! The tags of workspaces and groups, read only where they are selected.

use std::collections::HashMap;

use super::{GroupTags, Reader, WorkspaceTags};
use crate::domain::ids::{WorkspaceGroupId, WorkspaceId};
use crate::graphql::dataloader::Load;
use crate::graphql::error::ApiError;
use crate::graphql::types::scalars::TagsText;
use crate::services::workspaces::FoundTags;

/// Bytes of tags that count as much as a field.
const FIELD_BYTES: usize = 64;

/// Bytes that the tags of an entity rarely exceed.
const LARGE_TAGS: usize = 1024;

impl Load for WorkspaceTags {
    type Key = WorkspaceId;
    type Value = TagsText;

    async fn load(&self, ids: &[WorkspaceId]) -> Result<HashMap<WorkspaceId, TagsText>, ApiError> {
        expect(&self.0, ids.len()).await;
        let found = self.0.services.find_workspace_tags(ids, bytes_left(&self.0)).await;
        accept(&self.0, self.0.settle(found)?, WorkspaceId::from_stored)
    }
}

impl Load for GroupTags {
    type Key = WorkspaceGroupId;
    type Value = TagsText;

    async fn load(&self, ids: &[WorkspaceGroupId]) -> Result<HashMap<WorkspaceGroupId, TagsText>, ApiError> {
        expect(&self.0, ids.len()).await;
        let found = self.0.services.find_group_tags(ids, bytes_left(&self.0)).await;
        accept(&self.0, self.0.settle(found)?, WorkspaceGroupId::from_stored)
    }
}

/// The number of bytes of tags that may be read. Each of them is also part of the response.
fn bytes_left(reader: &Reader) -> usize {
    reader.work.left() / 2 * FIELD_BYTES
}

/// Few entities have tags that exceed this.
async fn expect(reader: &Reader, entities: usize) {
    reader.work.expect(entities.saturating_mul(LARGE_TAGS / FIELD_BYTES)).await;
}

fn accept<Id: Eq + std::hash::Hash>(
    reader: &Reader,
    found: Vec<FoundTags>,
    to_id: impl Fn(String) -> Id,
) -> Result<HashMap<Id, TagsText>, ApiError> {
    let bytes: usize = found.iter().map(|found| found.bytes).sum();
    // Tags that were left in the database count twice, because together with the response they are too much.
    let times = if found.iter().all(|found| found.tags.is_some()) { 1 } else { 2 };
    reader.work.charge((bytes / FIELD_BYTES + 1).saturating_mul(times))?;
    let loaded = found.into_iter().filter_map(|found| Some((to_id(found.id), TagsText::from(found.tags?))));
    Ok(loaded.collect())
}
