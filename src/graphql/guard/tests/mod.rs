mod schema;
#[test]
fn smoke() {
    let s = schema::schema();
    for q in [
        "{me{name groups{nodes{id name users(first:2){id}}}}}",
        "{",
        "{me{nam}}",
        "query A{me{id}} query B{me{name}}",
        "query($a:[ID!]!){nodes(ids:$a){id}}",
        "{me{groups(first:\"x\"){nodes{id}}}}",
        "{me{groups(first:500){nodes{users(first:500){groups(first:500){nodes{id}}}}}}}",
        "query($a:[Nope]=[1]){me{id}}",
        "{f(x:\"abc)}",
        "{me{nope(\n}}",
    ] {
        let r = schema::run(&s, q);
        let t = serde_json::to_string(&r).unwrap();
        println!("{q}\n   {}", &t[..t.len().min(400)]);
    }
}
