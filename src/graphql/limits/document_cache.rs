//! The cache of documents: clients send the same few again and again, and parsing and validating one takes longer than
//! executing it.
//!
//! An entry is a whole request except for the values of its variables. The set of variables that are given changes what
//! is executed (see [`omitted_variables`](super::omitted_variables)), so it is part of the key.

use std::hash::{Hash, Hasher};
use std::sync::{Arc, OnceLock};

use async_graphql::{
    Name, Request, Variables,
    parser::types::{ExecutableDocument, Selection, SelectionSet},
    registry::Registry,
};
use quick_cache::{Equivalent, Weighter, sync::Cache};

use super::{
    Settings,
    collect_fields::{collect_fields, collect_selected},
    conditions::{apply_conditions, has_conditions},
    document_size,
    error::{Errors, RequestError},
    expanded_size,
    omitted_variables::remove_omitted,
    text,
    validation::{DeferredCheck, validate},
};

/// The bytes that the cache itself needs for a document, and those kept with it.
const OVERHEAD: usize = 512;

/// The expected number of documents: as many as a large front end has.
const EXPECTED: usize = 1000;

/// A document that may be executed once its variables are checked.
pub(super) struct CachedDocument {
    /// The document with collected fields, and without the uses of omitted variables.
    pub(super) document: ExecutableDocument,
    /// Whether it contains introspection.
    pub(super) introspects: bool,
    /// Whether some of its selections depend on conditions.
    has_conditions: bool,
    /// The checks that depend on the values of its variables.
    pub(super) deferred: Vec<DeferredCheck>,
    /// The errors of the document. With any, it is neither executed nor cached.
    pub(super) errors: Vec<RequestError>,
    /// The cost of its operation, once it is computed, if it is the same for each request.
    pub(super) cost: OnceLock<usize>,
}

impl CachedDocument {
    /// Parses, limits, and validates the document of `request`.
    ///
    /// # Errors
    /// If it exceeds the limits, or is not a document.
    fn new(request: &Request, settings: &Settings, registry: &Registry) -> Result<Self, RequestError> {
        let mut errors = Errors::new(settings);
        let document = text::parse(&request.query, &settings.limits)?;
        expanded_size::check(&document, &settings.limits, &mut errors)?;
        let mut document = collect_fields(document, registry);
        let deferred = validate(&document, registry, &mut errors);
        remove_omitted(&mut document, &request.variables);
        let introspects =
            document.operations.iter().any(|(_, operation)| introspects(&operation.node.selection_set.node));
        let has_conditions = has_conditions(&document);
        Ok(Self { document, introspects, has_conditions, deferred, errors: errors.into_vec(), cost: OnceLock::new() })
    }

    /// The document to execute with these valid `variables`.
    pub(super) fn executable(&self, variables: &Variables, registry: &Registry) -> ExecutableDocument {
        let mut document = self.document.clone();
        if self.has_conditions && self.errors.is_empty() {
            apply_conditions(&mut document, variables);
            document = collect_selected(document, registry);
        }
        document
    }

    /// Whether its cost depends neither on the name of the operation nor on variables.
    pub(super) fn has_constant_cost(&self) -> bool {
        let mut operations = self.document.operations.iter();
        let (only, others) = (operations.next(), operations.next());
        others.is_none() && only.is_some_and(|(_, operation)| operation.node.variable_definitions.is_empty())
    }

    /// Its size in bytes.
    fn weight(&self) -> usize {
        document_size::of(&self.document) + self.deferred.iter().map(DeferredCheck::weight).sum::<usize>()
    }
}

/// The cached documents. The least used ones are evicted if they take too many bytes.
pub(super) struct DocumentCache(Cache<Key, Arc<CachedDocument>, ByBytes>);

impl DocumentCache {
    /// A cache of so many bytes.
    pub(super) fn new(bytes: usize) -> Self {
        Self(Cache::with_weighter(EXPECTED, u64::try_from(bytes).unwrap_or(u64::MAX), ByBytes))
    }

    /// The document of `request`, if it is in the cache.
    pub(super) fn peek(&self, request: &Request) -> Option<Arc<CachedDocument>> {
        self.0.get(&Asked { text: &request.query, variables: &request.variables })
    }

    /// The document of `request`, from the cache if it is there.
    ///
    /// # Errors
    /// If it exceeds the limits, or is not a document.
    pub(super) fn get(
        &self,
        request: &Request,
        settings: &Settings,
        registry: &Registry,
    ) -> Result<Arc<CachedDocument>, RequestError> {
        if let Some(cached) = self.peek(request) {
            return Ok(cached);
        }
        let (text, variables) = (&request.query, &request.variables);
        let document = Arc::new(CachedDocument::new(request, settings, registry)?);
        if document.errors.is_empty() {
            let given = variables.keys().cloned().collect();
            self.0.insert(Key { text: text.as_str().into(), given }, document.clone());
        }
        Ok(document)
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
    fn weight(&self, key: &Key, document: &Arc<CachedDocument>) -> u64 {
        let given: usize = key.given.iter().map(|name| name.len() + 2 * size_of::<Name>()).sum();
        u64::try_from(key.text.len() + given + document.weight() + OVERHEAD).unwrap_or(u64::MAX)
    }
}
