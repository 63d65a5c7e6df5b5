//! Documents that were read before: clients send the same few over and over, and to parse and to validate one takes
//! longer than to execute it.
//!
//! What is kept are whole requests but for the values of their variables: which of these are given decides over what is
//! executed (see [`absent`](super::absent)), so it is part of the key.

use std::hash::{Hash, Hasher};
use std::sync::{Arc, OnceLock};

use async_graphql::{
    Name, Request, ValidationResult, Variables,
    parser::types::{ExecutableDocument, Selection, SelectionSet},
    registry::Registry,
};
use async_graphql_value::{ConstValue, Value};
use quick_cache::{Equivalent, Weighter, sync::Cache};

use super::{
    Limits,
    absent::remove_absent,
    document::{read, refuse_unknown_types},
    measure::measure,
    merge::merge,
    refusal::Refusal,
    values::Weights,
    weight,
};

/// What the cache itself keeps for a document, and what is kept beside it.
const OVERHEAD: usize = 512;

/// How many documents are expected: as many as a large front end has.
const EXPECTED: usize = 1000;

/// A document that may be executed once its variables are looked at.
pub(super) struct Known {
    /// Without what uses absent variables, and with every field once.
    pub(super) document: ExecutableDocument,
    /// Whether it asks for the schema.
    pub(super) introspects: bool,
    pub(super) has_several_operations: bool,
    /// What the validation said, once it had no fault to tell.
    validated: OnceLock<ValidationResult>,
    /// The bytes that it takes.
    weight: usize,
    /// Whether what the validation said of some values holds for all that their variables may have.
    is_lasting: bool,
    /// The variables that have defaults.
    defaulted: Vec<Name>,
}

impl Known {
    fn new(document: ExecutableDocument) -> Self {
        let has_several_operations = document.operations.iter().count() > 1;
        // Of several operations no values are looked at.
        let is_lasting = has_several_operations || selection_sets(&document).all(takes_variables_whole);
        let introspects = selection_sets(&document).any(introspects);
        let definitions = document.operations.iter().flat_map(|(_, operation)| &operation.node.variable_definitions);
        let defaulted = definitions.filter(|definition| definition.node.default_value.is_some());
        let defaulted = defaulted.map(|definition| definition.node.name.node.clone()).collect();
        let weight = weight::of(&document);
        let validated = OnceLock::new();
        Self { document, introspects, has_several_operations, validated, weight, is_lasting, defaulted }
    }

    /// What the validation said, if it would say the same again with these `variables`.
    pub(super) fn validated(&self, variables: &Variables) -> Option<&ValidationResult> {
        // A variable with a default may stand where null may not, and yet be given null.
        let is_null = |name: &Name| variables.get(name) == Some(&ConstValue::Null);
        let holds = self.is_lasting && !self.defaulted.iter().any(is_null);
        self.validated.get().filter(|_| holds)
    }

    /// Keeps what the validation said.
    pub(super) fn keep(&self, result: ValidationResult) {
        // Whoever else validated it at the same moment found the same.
        let _ = self.validated.set(result);
    }
}

/// The documents, those least used being forgotten where there are too many bytes of them.
pub(super) struct DocumentCache(Cache<Key, Arc<Known>, ByBytes>);

impl DocumentCache {
    /// Room for so many bytes.
    pub(super) fn new(bytes: usize) -> Self {
        Self(Cache::with_weighter(EXPECTED, u64::try_from(bytes).unwrap_or(u64::MAX), ByBytes))
    }

    /// The document of `request`, read if it is within `limits`, but for what the values of its variables make of it.
    ///
    /// # Errors
    /// When it is not, or is no document.
    pub(super) fn read(&self, request: &Request, limits: &Limits, registry: &Registry) -> Result<Arc<Known>, Refusal> {
        let (text, variables) = (&request.query, &request.variables);
        if let Some(known) = self.0.get(&Asked { text, variables }) {
            return Ok(known);
        }
        let mut document = read(text, limits)?;
        refuse_unknown_types(&document, registry)?;
        measure(&document, &Weights::default(), limits)?;
        remove_absent(&mut document, variables, registry);
        merge(&mut document, registry);
        let known = Arc::new(Known::new(document));
        let given = variables.keys().cloned().collect();
        self.0.insert(Key { text: text.as_str().into(), given }, known.clone());
        Ok(known)
    }
}

/// The outermost selection sets of a document.
fn selection_sets(document: &ExecutableDocument) -> impl Iterator<Item = &SelectionSet> {
    let operations = document.operations.iter().map(|(_, operation)| &operation.node.selection_set.node);
    operations.chain(document.fragments.values().map(|fragment| &fragment.node.selection_set.node))
}

/// Whether something in `set` asks for the schema.
fn introspects(set: &SelectionSet) -> bool {
    set.items.iter().any(|selection| match &selection.node {
        Selection::Field(field) => matches!(field.node.name.node.as_str(), "__schema" | "__type" | "_service"),
        Selection::InlineFragment(inline) => introspects(&inline.node.selection_set.node),
        Selection::FragmentSpread(_) => false,
    })
}

/// Whether every variable in `set` is the whole of an argument, and not a part of a value that is written out.
fn takes_variables_whole(set: &SelectionSet) -> bool {
    set.items.iter().all(|selection| {
        let selection = &selection.node;
        let directives = selection.directives().iter().flat_map(|directive| &directive.node.arguments);
        let inner = match selection {
            Selection::Field(field) => Some(&field.node.selection_set.node),
            Selection::InlineFragment(inline) => Some(&inline.node.selection_set.node),
            Selection::FragmentSpread(_) => None,
        };
        let arguments = match selection {
            Selection::Field(field) => field.node.arguments.as_slice(),
            _ => &[],
        };
        directives
            .chain(arguments)
            .all(|(_, value)| matches!(value.node, Value::Variable(_)) || is_constant(&value.node))
            && inner.is_none_or(takes_variables_whole)
    })
}

fn is_constant(value: &Value) -> bool {
    match value {
        Value::Variable(_) => false,
        Value::List(values) => values.iter().all(is_constant),
        Value::Object(fields) => fields.values().all(is_constant),
        _ => true,
    }
}

/// What a document is known by: its text, and the names of the variables that are given, in their order.
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

impl Weighter<Key, Arc<Known>> for ByBytes {
    fn weight(&self, key: &Key, known: &Arc<Known>) -> u64 {
        let given: usize = key.given.iter().map(|name| name.len() + 2 * size_of::<Name>()).sum();
        u64::try_from(key.text.len() + given + known.weight + OVERHEAD).unwrap_or(u64::MAX)
    }
}
