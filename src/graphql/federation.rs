//! Apollo Federation 2: what a gateway asks of a subgraph, beside the schema that everybody else sees.
//!
//! The schema itself stays free of it: code generators choke on `_Any`, and nobody but a gateway has a use for
//! `_entities`. So there are two schemas, the second one being the first with [`Federation`] beside its root, and a
//! document is executed by the second where it names a field of that.
//!
//! The library has entities of its own; they are not used, since one representation that is wrong, or not to be seen,
//! would there take all others with it, with an error that has no code.

use std::sync::LazyLock;

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

/// The types that are the same in every subgraph that follows Relay.
const SHARED: [&str; 1] = ["PageInfo"];

const LINK: &str =
    r#"extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key", "@shareable"])"#;

/// The root of all queries, as a gateway sees it.
#[derive(MergedObject, Default)]
#[graphql(name = "Query")]
pub struct FederatedQuery(QueryFields, Federation);

/// Whether `document` is for the schema with [`FederatedQuery`]: this hangs on its text alone. One that only looks so, by
/// a comment or a name, is executed by it as well, and answered alike but for what an introspection shows.
#[must_use]
pub fn is_meant(document: &str) -> bool {
    document.contains("_entities") || document.contains("_service")
}

/// The schema as a subgraph: `sdl`, with its entities marked.
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

/// Puts `directive` at the end of the line with which the type `name` begins.
fn mark(sdl: &mut String, name: &str, directive: &str) {
    let begin = sdl.find(&format!("\ntype {name} "));
    let brace = begin.and_then(|begin| Some(begin + sdl.get(begin..)?.find(" {")?));
    if let Some(brace) = brace {
        sdl.insert_str(brace, directive);
    }
}

/// What a gateway asks for.
#[derive(Default)]
pub struct Federation;

#[Object]
impl Federation {
    /// The schema, for composition.
    #[graphql(name = "_service")]
    async fn service(&self) -> Service {
        static SDL: LazyLock<String> = LazyLock::new(|| subgraph_sdl(&super::sdl()));
        Service { sdl: &SDL }
    }

    /// The things that other subgraphs refer to, in the same order; null in the place of what there is not, or not for
    /// you.
    #[graphql(name = "_entities")]
    async fn entities(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What refers to them.")] representations: Vec<Representation>,
    ) -> Result<Entities, ApiError> {
        // How many there are is not for a gateway to choose: the other subgraph's list decides. The guard bounds it.
        Entities::find(ctx, &representations).await
    }
}

/// What is needed to make this a part of a supergraph.
#[derive(SimpleObject)]
#[graphql(name = "_Service")]
pub struct Service {
    /// The schema of the subgraph.
    sdl: &'static str,
}

/// What other subgraphs may add fields to.
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

/// How another subgraph refers to an entity: by its type and its key.
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
