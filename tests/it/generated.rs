//! What is generated is as fresh as what it is made from. `UPDATE_GENERATED=1 cargo test generated` writes it anew.

use std::fs;
use std::path::Path;

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{TypeKind, TypeSystemDefinition};

use crate::storage::tables::{self, DieselToml};

#[track_caller]
fn assert_fresh(path: &str, generated: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        fs::write(&file, generated).unwrap();
    }
    let kept = fs::read_to_string(&file).unwrap_or_default();
    assert!(kept == generated, "{path} is not fresh; write it anew: UPDATE_GENERATED=1 cargo test generated");
}

#[test]
fn generated_schema_graphql_is_fresh() {
    assert_fresh("schema.graphql", &userprofile::graphql::build_sdl());
}

#[test]
fn generated_configuration_is_fresh() {
    assert_fresh("docs/configuration.md", &userprofile::config::docs_markdown());
}

#[tokio::test(flavor = "multi_thread")]
async fn generated_storage_schema_is_fresh() {
    let settings = DieselToml::read();
    assert_fresh(&settings.print_schema.file, &tables::as_diesel_schema(&settings.print_schema).await);
    assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(settings.migrations_directory.dir).is_dir());
}

#[test]
fn every_element_of_the_schema_is_described() {
    let document = parse_schema(userprofile::graphql::sdl()).unwrap();
    let mut bare = Vec::new();
    for definition in &document.definitions {
        let TypeSystemDefinition::Type(definition) = definition else { continue };
        let definition = &definition.node;
        let name = &definition.name.node;
        if definition.description.is_none() {
            bare.push(name.to_string());
        }
        let mut check = |member: &str, described: bool| {
            if !described {
                bare.push(format!("{name}.{member}"));
            }
        };
        match &definition.kind {
            TypeKind::Object(object) => object.fields.iter().for_each(|field| {
                check(&field.node.name.node, field.node.description.is_some());
                for argument in &field.node.arguments {
                    let place = format!("{}({})", field.node.name.node, argument.node.name.node);
                    check(&place, argument.node.description.is_some());
                }
            }),
            TypeKind::Interface(interface) => interface.fields.iter().for_each(|field| {
                check(&field.node.name.node, field.node.description.is_some());
            }),
            TypeKind::Enum(enumeration) => enumeration.values.iter().for_each(|value| {
                check(&value.node.value.node, value.node.description.is_some());
            }),
            TypeKind::InputObject(input) => input.fields.iter().for_each(|field| {
                check(&field.node.name.node, field.node.description.is_some());
            }),
            TypeKind::Scalar | TypeKind::Union(_) => {}
        }
    }
    assert!(bare.is_empty(), "without a description: {bare:#?}");
}
