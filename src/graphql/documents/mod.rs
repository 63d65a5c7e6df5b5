//! Documents that are named instead of sent: *trusted* documents, from the operator's manifest, and *automatic* ones,
//! which a client sends once and then names by their digest (Apollo's automatic persisted queries).

mod manifest;

use std::any::TypeId;
use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::parser::types::ExecutableDocument;
use async_graphql::{Request, ServerError, Value};
use quick_cache::{Weighter, sync::Cache};
use sha2::{Digest as _, Sha256};

use super::error::{Code, coded};

pub use manifest::ManifestError;

/// The exact documents that the pages behind emailed links send (`web/plain`). They work whatever other documents are
/// trusted.
pub const OF_OUR_PAGES: [&str; 3] = [
    "mutation($input: ConfirmPasswordResetInput!) {\n  confirmPasswordReset(input: $input) { ok errors { message code field retryAfter } }\n}",
    "mutation($input: UndoEmailChangeInput!) {\n  undoEmailChange(input: $input) { ok errors { message code field } }\n}",
    "mutation($input: CancelAccountDeletionInput!) {\n  cancelAccountDeletion(input: $input) { ok errors { message code field } }\n}",
];

/// The expected number of automatic documents: as many as a large front end has.
const EXPECTED: usize = 1000;

/// The id of the document that a request names, which the transport adds to its data.
#[derive(Debug, Clone)]
pub struct DocumentId(pub String);

/// The name of a trusted document, which the operator has chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedName(pub Arc<str>);

/// The documents that are executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Any document; there are no trusted ones.
    #[default]
    Off,
    /// Any document; trusted ones also by their ids.
    Prefer,
    /// Only trusted documents.
    Require,
}

/// The named documents.
pub struct Documents {
    mode: Mode,
    /// Trusted ones by their ids.
    by_id: HashMap<String, Trusted>,
    /// Trusted ones by the digests of their texts.
    by_digest: HashMap<String, Trusted>,
    automatic: Cache<[u8; 32], Arc<str>, ByBytes>,
}

/// A trusted document.
#[derive(Clone)]
struct Trusted {
    text: Arc<str>,
    name: TrustedName,
}

impl Trusted {
    /// Its name is that of its first operation, or `otherwise`.
    fn new(text: &str, otherwise: &str) -> Self {
        // It was checked, so that it is safe to parse.
        let document = async_graphql::parser::parse_query(text).ok();
        let first = |document: &ExecutableDocument| {
            let first = document.operations.iter().min_by_key(|(_, operation)| operation.pos)?;
            first.0.cloned()
        };
        let name = document.as_ref().and_then(first);
        let name = name.map_or_else(|| otherwise.into(), |name| name.as_str().into());
        Self { text: text.into(), name: TrustedName(name) }
    }
}

/// The name of a document in a request.
enum Named {
    /// `documentId`, as in the specification of GraphQL over HTTP.
    Id(String),
    /// `extensions.persistedQuery.sha256Hash`, as Apollo does.
    Digest(String),
}

impl Documents {
    /// No trusted documents, and a cache of so many bytes for automatic ones.
    #[must_use]
    pub fn untrusted(automatic_bytes: usize) -> Self {
        let bytes = u64::try_from(automatic_bytes).unwrap_or(u64::MAX);
        let automatic = Cache::with_weighter(EXPECTED, bytes, ByBytes);
        Self { mode: Mode::Off, by_id: HashMap::new(), by_digest: HashMap::new(), automatic }
    }

    /// The documents of a `manifest`, all of which must pass `check`.
    pub fn trusted(
        manifest: &str,
        mode: Mode,
        automatic_bytes: usize,
        check: impl Fn(&str) -> Result<(), ServerError>,
    ) -> Result<Self, ManifestError> {
        let mut by_id = HashMap::new();
        let mut by_digest: HashMap<_, _> =
            OF_OUR_PAGES.map(|text| (hex(&digest(text)), Trusted::new(text, "page"))).into();
        for (id, text) in manifest::parse(manifest)? {
            if let Err(error) = check(&text) {
                return Err(ManifestError::Document { id, reason: error.message });
            }
            let trusted = Trusted::new(&text, &id);
            by_digest.insert(hex(&digest(&text)), trusted.clone());
            by_id.insert(id, trusted);
        }
        Ok(Self { mode, by_id, by_digest, ..Self::untrusted(automatic_bytes) })
    }

    /// `request` with the text of the document that it names. A request that contains an untrusted document is refused
    /// if only trusted ones are executed.
    pub fn find(&self, mut request: Request) -> Result<Request, ServerError> {
        let Some(named) = Named::of(&request)? else {
            return self.find_sent(request);
        };
        let (Named::Id(key) | Named::Digest(key)) = &named;
        let sent = match &named {
            // The tool that wrote the manifest may use any text as an id.
            Named::Digest(given) if !self.by_id.contains_key(given) => digest_of_sent(given, &request.query)?,
            _ => None,
        };
        if let Some(Trusted { text, name }) = self.find_trusted(key) {
            request.query = text.to_string();
            return Ok(request.data(name.clone()));
        }
        match named {
            Named::Digest(given) if self.mode != Mode::Require => self.find_automatic(&given, sent, request),
            Named::Digest(_) => Err(not_found("PersistedQueryNotFound")),
            Named::Id(_) if self.mode == Mode::Off => Err(not_found(
                "There is no document with this id, because this server has no manifest (USERPROFILE_DOCUMENTS).",
            )),
            Named::Id(_) => Err(not_found(
                "There is no document with this id. Update the manifest of the server (USERPROFILE_DOCUMENTS).",
            )),
        }
    }

    /// Finds a document by its id, which the tool that wrote the manifest chose, or by its digest.
    fn find_trusted(&self, key: &str) -> Option<&Trusted> {
        if self.mode == Mode::Off {
            return None;
        }
        // A digest may have its algorithm as a prefix.
        let digest = key.strip_prefix("sha256:").unwrap_or(key).to_ascii_lowercase();
        self.by_id.get(key).or_else(|| self.by_digest.get(&digest))
    }

    /// Stores the document of a request that contains it, or finds the one that was sent before.
    fn find_automatic(
        &self,
        given: &str,
        sent: Option<[u8; 32]>,
        mut request: Request,
    ) -> Result<Request, ServerError> {
        if let Some(digest) = sent {
            self.automatic.insert(digest, request.query.as_str().into());
            return Ok(request);
        }
        let known = parse_hex(&given.to_ascii_lowercase()).and_then(|digest| self.automatic.get(&digest));
        // The exact message that clients expect before they send the document itself.
        request.query = known.ok_or_else(|| not_found("PersistedQueryNotFound"))?.to_string();
        Ok(request)
    }

    /// A request that contains its document, which may have to be a trusted one.
    fn find_sent(&self, request: Request) -> Result<Request, ServerError> {
        if self.mode != Mode::Require {
            return Ok(request);
        }
        let trusted = self.by_digest.get(&hex(&digest(&request.query)));
        trusted.map(|Trusted { name, .. }| request.data(name.clone())).ok_or_else(untrusted)
    }
}

impl Named {
    fn of(request: &Request) -> Result<Option<Self>, ServerError> {
        let id = request.data.get(&TypeId::of::<DocumentId>()).and_then(|id| id.downcast_ref());
        if let Some(DocumentId(id)) = id {
            return Ok(Some(Self::Id(id.clone())));
        }
        let Some(Value::Object(persisted)) = request.extensions.get("persistedQuery") else { return Ok(None) };
        if persisted.get("version") != Some(&Value::from(1)) {
            return Err(bad_input("Only version 1 of \"persistedQuery\" is supported."));
        }
        match persisted.get("sha256Hash") {
            Some(Value::String(digest)) => Ok(Some(Self::Digest(digest.clone()))),
            _ => Err(bad_input("\"persistedQuery\" requires a \"sha256Hash\", the SHA-256 of the document.")),
        }
    }
}

/// The digest in a request that also contains the `given` document, if there is one.
fn digest_of_sent(given: &str, text: &str) -> Result<Option<[u8; 32]>, ServerError> {
    if text.is_empty() {
        return Ok(None);
    }
    let digest = digest(text);
    if hex(&digest).eq_ignore_ascii_case(given) {
        return Ok(Some(digest));
    }
    Err(bad_input("\"sha256Hash\" is not the SHA-256 of \"query\" in hexadecimal digits."))
}

fn untrusted() -> ServerError {
    not_found("This server executes only the documents of its manifest. Name one of them by its id.")
}

fn not_found(message: &str) -> ServerError {
    error(message, Code::PersistedQueryNotFound)
}

fn bad_input(message: &str) -> ServerError {
    error(message, Code::BadUserInput)
}

fn error(message: &str, code: Code) -> ServerError {
    ServerError { extensions: Some(coded(code)), ..ServerError::new(message, None) }
}

fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}

fn hex(digest: &[u8; 32]) -> String {
    data_encoding::HEXLOWER.encode(digest)
}

fn parse_hex(text: &str) -> Option<[u8; 32]> {
    data_encoding::HEXLOWER.decode(text.as_bytes()).ok()?.try_into().ok()
}

#[derive(Clone)]
struct ByBytes;

impl Weighter<[u8; 32], Arc<str>> for ByBytes {
    fn weight(&self, _: &[u8; 32], text: &Arc<str>) -> u64 {
        // The overhead of a text that the cache itself does not count.
        u64::try_from(text.len() + 128).unwrap_or(u64::MAX)
    }
}
