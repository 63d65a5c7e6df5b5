//! `exportData`.

use async_graphql::{Context, Object, SimpleObject};

use super::user_error::{UserError, error_codes};
use super::{MutationFailure, run};
use crate::graphql::context;
use crate::graphql::error::ApiError;
use crate::graphql::types::scalars::JsonObject;
use crate::services::data_export::ExportDataRefusal;

error_codes!(
    "exportData",
    ExportDataPayload,
    ExportDataErrorCode {
        /// You authenticated too long ago for this. Call `reauthenticate`, then repeat the mutation.
        ReauthenticationRequired,
    }
);

/// The result of `exportData`.
#[derive(SimpleObject, Default)]
pub struct ExportDataPayload {
    /// Everything that the server stores about you, except for secrets such as passwords. The field `version` is 1; further
    /// fields may be added. Null if there are errors.
    data: Option<JsonObject>,
    /// The reasons why no data was exported. Empty if it was.
    errors: Vec<UserError<ExportDataErrorCode>>,
}

/// The mutations for the account as a whole.
#[derive(Default)]
pub struct AccountMutations;

#[Object]
impl AccountMutations {
    /// Exports everything that the server stores about you, as one JSON document. Requires step-up authentication
    /// (`REAUTHENTICATION_REQUIRED`). You receive a notification.
    async fn export_data(&self, ctx: &Context<'_>) -> Option<Result<ExportDataPayload, ApiError>> {
        run(ctx, async {
            let caller = context::acting_caller(ctx, None)?;
            let data = context::services(ctx)?.export_data(caller, context::client(ctx)?).await?;
            Ok(ExportDataPayload { data: Some(JsonObject(data)), errors: Vec::new() })
        })
        .await
    }
}

impl From<ExportDataRefusal> for MutationFailure<ExportDataErrorCode> {
    fn from(refusal: ExportDataRefusal) -> Self {
        match refusal {
            ExportDataRefusal::Denied(denial) => denial.into(),
            ExportDataRefusal::StepUp(required) => required.into(),
        }
    }
}
