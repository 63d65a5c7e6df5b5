//! Unknown environment variables.

use super::given;

fn warnings(variables: &[(&str, &str)]) -> Vec<String> {
    variables.iter().fold(given(), |given, (name, value)| given.env(name, value)).config().warnings
}

#[test]
fn unknown_variables_with_our_prefix_are_warnings() {
    assert_eq!(
        warnings(&[("USERPROFILE_ACESS_TTL", "1m"), ("USERPROFILE_ZEBRA", "1"), ("HOME", "/")]),
        [
            "environment variable USERPROFILE_ACESS_TTL: there is no such setting; did you mean USERPROFILE_ACCESS_TTL?",
            "environment variable USERPROFILE_ZEBRA: there is no such setting",
        ]
    );
}

#[test]
fn known_variables_and_those_of_kubernetes_are_not_warnings() {
    let none: [String; 0] = [];
    assert_eq!(warnings(&[("USERPROFILE_CONFIG", "x"), ("USERPROFILE_ACCESS_TTL", "1m"), ("PATH", "/")]), none);
    let kubernetes = [
        "USERPROFILE_SERVICE_HOST",
        "USERPROFILE_SERVICE_PORT",
        "USERPROFILE_SERVICE_PORT_HTTP",
        "USERPROFILE_PORT",
        "USERPROFILE_PORT_8080_TCP",
        "USERPROFILE_PORT_8080_TCP_ADDR",
        "USERPROFILE_DB_PORT_5432_TCP_PROTO",
        "USERPROFILE_DB_SERVICE_HOST",
    ];
    assert_eq!(warnings(&kubernetes.map(|name| (name, "tcp://10.0.0.1:80"))), none);
    assert_eq!(warnings(&[("USERPROFILE_PORT_OF_CALL", "tcp://10.0.0.1:80")]).len(), 1);
    assert_eq!(warnings(&[("USERPROFILE_PORT", "8080")]).len(), 1);
}
