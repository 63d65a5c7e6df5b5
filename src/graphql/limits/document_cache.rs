//! The cache of parsed documents: clients send the same few again and again, and parsing and validating one takes
//! longer than executing it.
//!
//! An entry is a whole request except for the values of its variables. The set of variables that are given changes what
//! is executed (see [`omitted_variables`](super::omitted_variables)), so it is part of the key.

use std::hash::{Hash, Hasher};
use std::sync::{Arc, OnceLock};

use async_graphql::{
    Name, Request, ServerError, ValidationResult, Variables,
    parser::types::{ExecutableDocument, Selection, SelectionSet},
    registry::Registry,
};
use quick_cache::{Equivalent, Weighter, sync::Cache};

use super::{
    Limits,
    collect_fields::collect_fields,
    complexity::measure,
    conflicts,
    deferred_checks::DeferredCheck,
    document::{read, refuse_unknown_types},
    document_size,
    error::{RequestError, is_reported_by_us, validation_error},
    literals::{self, Findings},
    omitted_variables::remove_omitted,
    typename,
    values::Weights,
};

/// The bytes that the cache itself needs for a document, and those kept with it.
const OVERHEAD: usize = 512;

/// The expected number of documents: as many as a large front end has.
const EXPECTED: usize = 1000;

/// A document that may be executed once its variables are checked.
pub(super) struct CachedDocument {
    /// The document without the uses of absent variables, and with every field once.
    pub(super) document: ExecutableDocument,
    /// Whether it contains introspection.
    pub(super) introspects: bool,
    /// The result of the validation, once it had no error.
    validated: OnceLock<ValidationResult>,
    /// Its size in bytes.
    weight: usize,
    /// The errors of its values. If there are any, the document is changed only where the validation would see nothing.
    pub(super) errors: Vec<RequestError>,
    /// The checks that depend on the values of its variables.
    pub(super) later: Vec<DeferredCheck>,
}

impl CachedDocument {
    fn new(document: ExecutableDocument, findings: Findings) -> Self {
        let introspects = conflicts::selection_sets(&document).any(introspects);
        let Findings { errors, later } = findings;
        let weight = document_size::of(&document) + later.iter().map(DeferredCheck::weight).sum::<usize>();
        let validated = OnceLock::new();
        Self { document, introspects, validated, weight, errors, later }
    }

    /// What is wrong with the document: what the library's validation `found`, without what is found here, and
    /// what that is.
    pub(super) fn told(&self, mut found: Vec<ServerError>) -> Vec<ServerError> {
        found.retain(|error| !is_reported_by_us(error));
        conflicts::name_fields(&mut found, &self.document);
        found.dedup(); // Some are found by two of its rules.
        let own = self.errors.iter().cloned().map(ServerError::from);
        found.into_iter().map(validation_error).chain(own).collect()
    }

    /// The result of the validation, if it has run. It checks values too, but its errors about them are not kept, so
    /// the result is the same for all values.
    pub(super) fn validated(&self) -> Option<&ValidationResult> {
        self.validated.get()
    }

    /// Keeps the result of the validation.
    pub(super) fn keep(&self, result: ValidationResult) {
        // A concurrent validation had the same result.
        let _ = self.validated.set(result);
    }
}

/// The cached documents. The least used ones are evicted if they take too many bytes.
pub(super) struct DocumentCache(Cache<Key, Arc<CachedDocument>, ByBytes>);

impl DocumentCache {
    /// A cache of so many bytes.
    pub(super) fn new(bytes: usize) -> Self {
        Self(Cache::with_weighter(EXPECTED, u64::try_from(bytes).unwrap_or(u64::MAX), ByBytes))
    }

    /// The document of `request`, read if it is within `limits`, but for what the values of its variables make of it.
    ///
    /// # Errors
    /// If it exceeds them, or is not a document.
    pub(super) fn read(
        &self,
        request: &Request,
        limits: &Limits,
        registry: &Registry,
    ) -> Result<Arc<CachedDocument>, RequestError> {
        let (text, variables) = (&request.query, &request.variables);
        if let Some(known) = self.0.get(&Asked { text, variables }) {
            return Ok(known);
        }
        let mut document = read(text, limits)?;
        refuse_unknown_types(&document, registry)?;
        measure(&document, &Weights::default(), limits)?;
        let findings = literals::check(&document, registry, limits.errors);
        if findings.errors.is_empty() {
            remove_omitted(&mut document, variables, registry);
            collect_fields(&mut document, registry);
        }
        typename::wrap(&mut document);
        let known = Arc::new(CachedDocument::new(document, findings));
        if !known.errors.is_empty() {
            return Ok(known);
        }
        let given = variables.keys().cloned().collect();
        self.0.insert(Key { text: text.as_str().into(), given }, known.clone());
        Ok(known)
    }
}

/// Whether `set` contains introspection.
fn introspects(set: &SelectionSet) -> bool {
    set.items.iter().any(|selection| match &selection.node {
        Selection::Field(field) => matches!(field.node.name.node.as_str(), "__schema" | "__type" | "_service"),
        Selection::InlineFragment(inline) => introspects(&inline.node.selection_set.node),
        Selection::FragmentSpread(_) => false,
    })
}

/// The key of a document: its text, and the names of the given variables, in order.
struct Key {
    text: Box<str>,
    given: Box<[Name]>,
}

/// The same of a request.
struct Asked<'a> {
    text: &'a str,
    variables: &'a Variables,
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text && self.given == other.given
    }
}

impl Eq for Key {}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
        self.given.iter().for_each(|name| name.hash(state));
    }
}

impl Hash for Asked<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
        self.variables.keys().for_each(|name| name.hash(state));
    }
}

impl Equivalent<Key> for Asked<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        *self.text == *key.text && self.variables.keys().eq(key.given.iter())
    }
}

#[derive(Clone)]
struct ByBytes;

impl Weighter<Key, Arc<CachedDocument>> for ByBytes {
    fn weight(&self, key: &Key, known: &Arc<CachedDocument>) -> u64 {
        let given: usize = key.given.iter().map(|name| name.len() + 2 * size_of::<Name>()).sum();
        u64::try_from(key.text.len() + given + known.weight + OVERHEAD).unwrap_or(u64::MAX)
    }
}
