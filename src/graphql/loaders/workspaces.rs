//! The loaders of workspaces and of the lists of them that the caller sees.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Reader, WORKSPACE_FIELDS, WorkspacePages, WorkspaceTotals, Workspaces};
use crate::domain::ids::WorkspaceId;
use crate::domain::page::{Page, Paged};
use crate::domain::workspace::{VisibleWorkspace, WorkspaceFilter};
use crate::graphql::dataloader::Load;
use crate::graphql::error::ApiError;

impl Load for Workspaces {
    type Key = WorkspaceId;
    type Value = VisibleWorkspace;

    async fn load(&self, ids: &[WorkspaceId]) -> Result<HashMap<WorkspaceId, Self::Value>, ApiError> {
        let Reader { services, visibility, .. } = &*self.0;
        let found = self.0.settle(services.find_workspaces(visibility, ids).await)?;
        self.0.charge_rows(found.len(), WORKSPACE_FIELDS)?;
        Ok(found.into_iter().map(|visible| (visible.workspace.id.clone(), visible)).collect())
    }
}

impl Load for WorkspacePages {
    type Key = (WorkspaceFilter, Page);
    type Value = Paged<Arc<VisibleWorkspace>>;

    fn available(&self, (filter, page): &Self::Key) -> Option<Option<Arc<Self::Value>>> {
        let first = self.0.first_screen.workspaces.as_ref().filter(|_| *filter == WorkspaceFilter::default())?;
        Some(Some(Arc::new(first.page(page)?)))
    }

    async fn load(&self, keys: &[Self::Key]) -> Result<HashMap<Self::Key, Self::Value>, ApiError> {
        let Reader { services, visibility, .. } = &*self.0;
        let mut loaded = HashMap::with_capacity(keys.len());
        for (filter, page) in keys {
            let read = self.0.settle(services.list_workspaces(visibility, filter, page).await)?;
            self.0.charge_rows(read.items.len(), WORKSPACE_FIELDS)?;
            loaded.insert((filter.clone(), page.clone()), read.map(Arc::new));
        }
        Ok(loaded)
    }
}

impl Load for WorkspaceTotals {
    type Key = WorkspaceFilter;
    type Value = i64;

    fn available(&self, filter: &WorkspaceFilter) -> Option<Option<Arc<i64>>> {
        let first = self.0.first_screen.workspaces.as_ref().filter(|_| *filter == WorkspaceFilter::default())?;
        Some(Some(Arc::new(first.total()?)))
    }

    async fn load(&self, filters: &[WorkspaceFilter]) -> Result<HashMap<WorkspaceFilter, i64>, ApiError> {
        let Reader { services, visibility, .. } = &*self.0;
        let mut loaded = HashMap::with_capacity(filters.len());
        for filter in filters {
            loaded.insert(filter.clone(), self.0.settle(services.count_workspaces(visibility, filter).await)?);
        }
        Ok(loaded)
    }
}
