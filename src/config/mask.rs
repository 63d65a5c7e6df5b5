//! Masks secrets in URLs that are printed.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// The text that is printed instead of a secret.
pub(super) const MASK: &str = "***";

/// `url` with `***` for its password and its secret parameters. A URL without `//` cannot contain a password.
pub(super) fn mask_url(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let (address, query) = rest.split_once('?').map_or((rest, None), |(address, query)| (address, Some(query)));
    let (authority, path) = address.split_at(address.find('/').unwrap_or(address.len()));
    let authority = match authority.rsplit_once('@') {
        Some((user, host)) => Cow::from(format!("{}@{host}", mask_user(user))),
        None => Cow::from(authority),
    };
    let query = query.map(|query| format!("?{}", mask_query(query))).unwrap_or_default();
    format!("{scheme}://{authority}{path}{query}")
}

fn mask_user(user: &str) -> Cow<'_, str> {
    match user.split_once(':') {
        Some((name, password)) if !password.is_empty() => Cow::from(format!("{name}:{MASK}")),
        _ => Cow::from(user),
    }
}

fn mask_query(query: &str) -> String {
    let masked = query.split('&').map(|parameter| match parameter.split_once('=') {
        Some((name, value)) if !value.is_empty() && is_secret_parameter(name) => Cow::from(format!("{name}={MASK}")),
        _ => Cow::from(parameter),
    });
    masked.collect::<Vec<_>>().join("&")
}

fn is_secret_parameter(name: &str) -> bool {
    let name = percent_decode_str(name).decode_utf8_lossy().to_lowercase();
    ["password", "passwd", "pwd", "secret", "token"].iter().any(|part| name.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_passwords_and_secret_parameters_of_urls() {
        for (url, masked) in [
            ("postgres://ann:hunter2@db/app", "postgres://ann:***@db/app"),
            (
                "postgres://ann:p%40ss%2Fw@db:5432,db2/app?sslmode=require",
                "postgres://ann:***@db:5432,db2/app?sslmode=require",
            ),
            ("postgres:///app?host=/run&user=ann&password=hunter2", "postgres:///app?host=/run&user=ann&password=***"),
            ("postgres://db/app?PassWord=x&sslpassword=y&z=1", "postgres://db/app?PassWord=***&sslpassword=***&z=1"),
            ("postgres://db/app?pass%77ord=hunter2", "postgres://db/app?pass%77ord=***"),
            ("smtps://ann@example.com:hunter2@mail:465", "smtps://ann@example.com:***@mail:465"),
            ("smtp://a:b:c@mail", "smtp://a:***@mail"),
            ("smtp://:hunter2@mail", "smtp://:***@mail"),
            ("smtp://mail:25", "smtp://mail:25"),
            ("sqlite:a:b@c.db", "sqlite:a:b@c.db"),
        ] {
            assert_eq!(mask_url(url), masked);
            assert_eq!(mask_url(masked), masked, "masking is idempotent");
        }
    }
}
