"""Checks for responses of this server, and a generator of JSON objects."""

import schemathesis
from graphql import NameNode, ObjectFieldNode
from hypothesis import strategies as st
from hypothesis_graphql import nodes


@schemathesis.check
def no_server_error(ctx, response, case):
    """No request causes an internal error."""
    assert response.status_code < 500, f"status {response.status_code}: {response.text}"
    assert "INTERNAL_SERVER_ERROR" not in response.text, response.text


@schemathesis.check
def still_signed_in(ctx, response, case):
    """No request ends the session; otherwise all later requests would be unauthenticated."""
    assert "UNAUTHENTICATED" not in response.text, response.text


def objects(values):
    names = st.from_regex(r"[_A-Za-z][_0-9A-Za-z]{0,8}", fullmatch=True)
    return st.dictionaries(names, values, max_size=4).map(object_node)


def object_node(fields):
    return nodes.Object([ObjectFieldNode(name=NameNode(value=name), value=value) for name, value in fields.items()])


LEAVES = st.one_of(
    st.just(nodes.Null),
    st.booleans().map(nodes.Boolean),
    st.integers().map(nodes.Int),
    st.floats(allow_nan=False, allow_infinity=False).map(nodes.Float),
    st.text().map(nodes.String),
)
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=4).map(nodes.List) | objects(inner), max_leaves=12)

schemathesis.graphql.scalar("JSONObject", objects(VALUES))
