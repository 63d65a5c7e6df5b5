//! The lines of import and export: one JSON object each, `kind` first. A line is parsed into typed values, with all of
//! its errors reported at once, and values are written as a line. Rules that depend on other lines or on stored data
//! are not checked here.
//!
//! The fields of a kind are declared once, in [`entities`] and [`user`], for both directions.

mod entities;
mod fields;
#[cfg(test)]
mod tests;
mod time;
mod user;
mod values;

use std::borrow::Cow;

use crate::clock::Timestamp;
use crate::domain::entity::EntityKind;
use crate::domain::ids::DomainId;
use crate::domain::user::Domain;
use crate::domain::workspace::{Role, RoleBinding, Workspace};
use crate::storage::bulk::{Dated, GroupWithUsers};
use fields::{Fields, LineErrors, Object, Text};

pub(super) use entities::{BindingLine, DomainLine, GroupLine, RoleLine, WorkspaceLine};
pub(super) use user::{UserLine, UserRecord};

/// The fields that the lines of all kinds have.
const COMMON_FIELDS: [&str; 2] = ["kind", "delete"];

/// A line that is valid in itself.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Line {
    /// The entity that the line is about.
    pub entity: EntityRef,
    /// What the line does with it.
    pub change: Change,
}

/// What a line does with an entity.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Change {
    /// Creates it, or replaces the one with the same key.
    Put(Record),
    /// Deletes it.
    Delete,
}

/// An entity as a line describes it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Record {
    Domain(Domain),
    Role(Role),
    User(Box<UserRecord>),
    WorkspaceGroup(Dated<GroupWithUsers>),
    Workspace(Box<Dated<Workspace>>),
    RoleBinding(Box<Dated<RoleBinding>>),
}

/// Names an entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct EntityRef {
    pub kind: EntityKind,
    /// The domain that it belongs to, if the line has it; a domain belongs to itself.
    pub domain_id: Option<DomainId>,
    /// Its id; of a user, the user id as it is compared.
    id: String,
}

/// The context for parsing a line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    /// The current time, used if a line gives no time of creation.
    pub now: Timestamp,
    /// The minimum length of a password in code points.
    pub password_min_length: usize,
}

/// An invalid line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct InvalidLine {
    /// The entity that it is about, if its key can be read.
    pub entity: Option<EntityRef>,
    /// All errors; no text repeats a value.
    pub errors: Vec<String>,
}

/// The fields of a line about one kind of entity.
trait EntityLine: Object {
    /// The field that is the key, alone or together with `domain_id`.
    const ID: &'static str;

    /// The entity that the line is about, if the key is valid. Records whether a part of it is missing.
    fn entity(&self, errors: &mut LineErrors) -> Option<EntityRef>;

    /// The entity, if all of its required fields are valid. Records the missing ones, and errors between fields.
    fn into_record(self, rules: &Rules, errors: &mut LineErrors) -> Option<Record>;
}

/// Parses a line.
pub(super) fn parse(line: &str, rules: &Rules) -> Result<Line, InvalidLine> {
    let mut errors = LineErrors::default();
    let Some((kind, fields)) = parse_kind(line.trim_end_matches(['\r', '\n']), &mut errors) else {
        return Err(InvalidLine { entity: None, errors: errors.into_messages() });
    };
    match kind {
        EntityKind::Domain => parse_fields::<DomainLine>(fields, rules, errors),
        EntityKind::Role => parse_fields::<RoleLine>(fields, rules, errors),
        EntityKind::User => parse_fields::<UserLine>(fields, rules, errors),
        EntityKind::WorkspaceGroup => parse_fields::<GroupLine>(fields, rules, errors),
        EntityKind::Workspace => parse_fields::<WorkspaceLine>(fields, rules, errors),
        EntityKind::RoleBinding => parse_fields::<BindingLine>(fields, rules, errors),
    }
}

fn parse_kind<'a>(line: &'a str, errors: &mut LineErrors) -> Option<(EntityKind, Fields<'a>)> {
    if !line.trim_start().starts_with('{') {
        errors.add(r#"this is not a JSON object; a line looks like {"kind":"domain",…}"#);
        return None;
    }
    let mut fields = Fields::parse(line, errors).map_err(|message| errors.add(message)).ok()?;
    let kind = fields.take_json("kind").and_then(|json| serde_json::from_str(json.get()).ok());
    let kind = kind.map_or_else(Cow::default, |Text(kind)| kind).parse::<EntityKind>();
    Some((kind.map_err(|invalid| errors.add_to("kind", invalid)).ok()?, fields))
}

fn parse_fields<L: EntityLine>(
    mut fields: Fields<'_>,
    rules: &Rules,
    mut errors: LineErrors,
) -> Result<Line, InvalidLine> {
    let is_deletion = fields.take("delete", &mut errors).or(false);
    if is_deletion {
        // The other fields are ignored, so that an export with `delete` added to every line deletes all of its
        // entities. They must be JSON all the same.
        for name in L::FIELDS.iter().filter(|name| !["domain_id", L::ID].contains(name)) {
            fields.take::<serde_json::Value>(name, &mut errors);
        }
    }
    let line = L::take(&mut fields, &mut errors);
    let entity = line.entity(&mut errors);
    let change = if is_deletion { Some(Change::Delete) } else { line.into_record(rules, &mut errors).map(Change::Put) };
    fields.refuse_rest(&[&COMMON_FIELDS, L::FIELDS], &mut errors);
    let errors = errors.into_messages();
    match (entity, change) {
        (Some(entity), Some(change)) if errors.is_empty() => Ok(Line { entity, change }),
        (entity, _) => Err(InvalidLine { entity, errors }),
    }
}

impl EntityRef {
    fn new(kind: EntityKind, domain_id: Option<&DomainId>, id: &str) -> Self {
        Self { kind, domain_id: domain_id.cloned(), id: id.to_owned() }
    }

    /// The parts of the key that identifies it among all others of its kind; the second is empty if there is only one.
    pub fn key(&self) -> (&str, &str) {
        match (self.kind, &self.domain_id) {
            (EntityKind::Role | EntityKind::User, Some(domain_id)) => (domain_id.as_str(), &self.id),
            _ => (&self.id, ""),
        }
    }
}
