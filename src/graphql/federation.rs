//! Apollo Federation 2: the fields that a gateway needs, in addition to the public schema.
//!
//! The public schema contains none of them: code generators fail on `_Any`, and only a gateway uses `_entities`. So
//! there are two schemas. The second one is the first with the fields of [`Federation`] added to its root, and executes
//! the documents that name one of those fields.
//!
//! The library's own support for entities is not used: there, one representation that is invalid or not visible makes
//! all others fail, with an error that has no code.

use async_graphql::{
    Context, ID, InputValueError, InputValueResult, MergedObject, Object, Scalar, ScalarType, SimpleObject, Union,
    Value, value,
};

use super::error::ApiError;
use super::query::QueryFields;
use super::types::group::WorkspaceGroup;
use super::types::node::Node;
use super::types::user::User;
use super::types::workspace::Workspace;

use entities::Entities;

mod entities;

/// The types that other subgraphs may add fields to.
const ENTITIES: [&str; 3] = ["User", "Workspace", "WorkspaceGroup"];

/// The types that every subgraph that follows Relay defines in the same way.
const SHARED: [&str; 1] = ["PageInfo"];

const LINK: &str =
    r#"extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key", "@shareable"])"#;

/// The queries of the API, with the fields for a gateway.
#[derive(MergedObject, Default)]
#[graphql(name = "Query")]
pub struct FederatedQuery(QueryFields, Federation);

/// Whether `document` is for the schema with [`FederatedQuery`]. Only its text decides. A document that contains these
/// names only in a comment or another name is executed by that schema too; only the result of an introspection differs.
#[must_use]
pub fn uses_federation(document: &str) -> bool {
    document.contains("_entities") || document.contains("_service")
}

/// The SDL of the subgraph: `sdl`, with its entities marked.
#[must_use]
pub fn subgraph_sdl(sdl: &str) -> String {
    let mut subgraph = format!("{LINK}\n\n{sdl}");
    for (names, directive) in [(&ENTITIES[..], r#" @key(fields: "id")"#), (&SHARED[..], " @shareable")] {
        for name in names {
            mark(&mut subgraph, name, directive);
        }
    }
    subgraph
}

/// Appends `directive` to the line with which the type `name` begins.
fn mark(sdl: &mut String, name: &str, directive: &str) {
    let begin = sdl.find(&format!("\ntype {name} "));
    let brace = begin.and_then(|begin| Some(begin + sdl.get(begin..)?.find(" {")?));
    if let Some(brace) = brace {
        sdl.insert_str(brace, directive);
    }
}

/// The root fields for a gateway.
#[derive(Default)]
pub struct Federation;

#[Object]
impl Federation {
    /// The subgraph's service definition, for the composition of a supergraph.
    #[graphql(name = "_service")]
    async fn service(&self) -> Service {
        Service { sdl: super::subgraph_sdl() }
    }

    /// The entities with these representations, in the same order. An item is null if the entity does not exist or is
    /// not visible to you.
    #[graphql(name = "_entities")]
    async fn entities(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The types and keys of the entities.")] representations: Vec<Representation>,
    ) -> Result<Entities, ApiError> {
        // A gateway cannot choose the number of representations: the other subgraph's list decides. `LIMIT_LIST_ITEMS`
        // limits it.
        Entities::find(ctx, &representations).await
    }
}

/// The service definition of this subgraph.
#[derive(SimpleObject)]
#[graphql(name = "_Service")]
pub struct Service {
    /// The SDL of the subgraph's schema.
    sdl: &'static str,
}

/// An entity that other subgraphs can add fields to.
#[derive(Union)]
#[graphql(name = "_Entity")]
pub enum Entity {
    /// A user.
    User(User),
    /// A workspace.
    Workspace(Workspace),
    /// A workspace group.
    WorkspaceGroup(WorkspaceGroup),
}

impl Entity {
    const fn type_name(&self) -> &'static str {
        match self {
            Self::User(_) => "User",
            Self::Workspace(_) => "Workspace",
            Self::WorkspaceGroup(_) => "WorkspaceGroup",
        }
    }
}

impl From<Node> for Entity {
    fn from(node: Node) -> Self {
        match node {
            Node::User(user) => Self::User(user),
            Node::Workspace(workspace) => Self::Workspace(workspace),
            Node::WorkspaceGroup(group) => Self::WorkspaceGroup(group),
        }
    }
}

/// A reference from another subgraph to an entity, by its type and key.
#[derive(PartialEq, Eq, Hash)]
pub struct Representation {
    type_name: String,
    id: ID,
}

/// The type and the key of an entity: `{"__typename": "Workspace", "id": "workspace-…"}`.
#[Scalar(name = "_Any")]
impl ScalarType for Representation {
    fn parse(value: Value) -> InputValueResult<Self> {
        let text = |key: &str| match &value {
            Value::Object(fields) => match fields.get(key) {
                Some(Value::String(text)) => Some(text.clone()),
                _ => None,
            },
            _ => None,
        };
        let (Some(type_name), Some(id)) = (text("__typename"), text("id")) else {
            return Err(InputValueError::custom("a representation has a \"__typename\" and an \"id\", both strings"));
        };
        Ok(Self { type_name, id: ID(id) })
    }

    fn is_valid(value: &Value) -> bool {
        Self::parse(value.clone()).is_ok()
    }

    fn to_value(&self) -> Value {
        value!({ "__typename": self.type_name.as_str(), "id": self.id.as_str() })
    }
}
