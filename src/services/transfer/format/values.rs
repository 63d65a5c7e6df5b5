//! The types of values in lines, apart from objects.

use std::convert::Infallible;

use serde_json::value::RawValue;
use serde_json::{Value, from_str};

use super::fields::{Field, Fields, FromJson, LineErrors, Object, Text};
use super::time;
use crate::clock::Timestamp;
use crate::domain::email::Email;
use crate::domain::ids::{DomainId, RoleBindingId, RoleId, UserId, WorkspaceGroupId, WorkspaceId};
use crate::domain::login::LoginId;
use crate::domain::mfa::{MfaState, MfaType};
use crate::domain::number::is_exact;
use crate::domain::otp_secret::OtpSecret;
use crate::domain::password::Password;
use crate::domain::profile_text::{Label, Language, Name, Timezone};
use crate::domain::tags::Tags;
use crate::domain::user::{AuthType, DomainState, RequiredAction, UserRoleType, UserState};
use crate::domain::workspace::{ResourceGroup, RoleState, RoleType, WorkspaceState};

const HALF_OF_A_PAIR: &str = "this text has an escape sequence for half of a surrogate pair, which is not a character";

/// Implements [`FromJson`] for types that are written as text.
macro_rules! text_values {
    ($($type:ty => $parse:expr),+ $(,)?) => {
        $(impl FromJson for $type {
            fn from_json(json: &RawValue, _: &mut LineErrors) -> Result<Self, String> {
                parse_text(json, $parse)
            }
        })+
    };
}

text_values!(
    AuthType => str::parse,
    DomainId => DomainId::parse,
    DomainState => str::parse,
    Email => Email::parse,
    Label => Label::parse,
    Language => Language::parse,
    LoginId => LoginId::parse,
    MfaState => str::parse,
    MfaType => str::parse,
    Name => Name::parse,
    OtpSecret => OtpSecret::parse,
    Password => |text| Ok::<_, Infallible>(Password::from_input(text)),
    RequiredAction => str::parse,
    ResourceGroup => str::parse,
    RoleBindingId => RoleBindingId::parse,
    RoleId => RoleId::parse,
    RoleState => str::parse,
    RoleType => str::parse,
    Timestamp => time::parse,
    Timezone => Timezone::parse,
    UserId => UserId::parse,
    UserRoleType => str::parse,
    UserState => str::parse,
    WorkspaceGroupId => WorkspaceGroupId::parse,
    WorkspaceId => WorkspaceId::parse,
    WorkspaceState => str::parse,
);

impl FromJson for bool {
    fn from_json(json: &RawValue, _: &mut LineErrors) -> Result<Self, String> {
        json.get().parse().map_err(|_| "this must be true or false, without quotes".to_owned())
    }
}

impl FromJson for Tags {
    fn from_json(json: &RawValue, errors: &mut LineErrors) -> Result<Self, String> {
        Self::parse(&Value::from_json(json, errors)?).map_err(|invalid| invalid.message)
    }
}

impl<T: FromJson> FromJson for Vec<Field<T>> {
    fn from_json(json: &RawValue, errors: &mut LineErrors) -> Result<Self, String> {
        let items = parse_list(json)?.into_iter().enumerate();
        Ok(items.map(|(index, item)| errors.in_item(index, |errors| errors.read(item))).collect())
    }
}

impl<T: Object> FromJson for T {
    fn from_json(json: &RawValue, errors: &mut LineErrors) -> Result<Self, String> {
        let mut fields = Fields::parse(json.get(), errors)?;
        let object = Self::take(&mut fields, errors);
        fields.refuse_rest(&[Self::FIELDS], errors);
        Ok(object)
    }
}

/// Any JSON whose numbers keep all their digits.
impl FromJson for Value {
    fn from_json(json: &RawValue, errors: &mut LineErrors) -> Result<Self, String> {
        match json.get().as_bytes().first() {
            Some(b'{') => {
                let fields = Fields::parse(json.get(), errors)?.take_all().into_iter().map(|(key, json)| {
                    let value = errors.in_field(&key, |errors| errors.read(json));
                    (key.into_owned(), value.or_default())
                });
                Ok(Self::Object(fields.collect()))
            }
            Some(b'[') => {
                let items = Vec::<Field<Self>>::from_json(json, errors)?.into_iter().map(Field::or_default);
                Ok(Self::Array(items.collect()))
            }
            Some(b'-' | b'0'..=b'9') if !is_exact(json.get()) => {
                Err("this number has more digits than the server can keep; write it as a string, in double quotes"
                    .to_owned())
            }
            _ => from_str(json.get()).map_err(|_| HALF_OF_A_PAIR.to_owned()),
        }
    }
}

/// Parses text.
pub(super) fn parse_text<T, E: ToString>(
    json: &RawValue,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Result<T, String> {
    if !json.get().starts_with('"') {
        return Err("this must be text, in double quotes".to_owned());
    }
    let Text(text) = from_str(json.get()).map_err(|_| HALF_OF_A_PAIR.to_owned())?;
    parse(&text).map_err(|error| error.to_string())
}

/// Parses a list.
pub(super) fn parse_list(json: &RawValue) -> Result<Vec<&RawValue>, String> {
    from_str(json.get()).map_err(|_| "this must be a list, in square brackets".to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn parse(json: &str) -> Result<Value, Vec<String>> {
        let mut errors = LineErrors::default();
        let value = errors.in_field("tags", |errors| errors.read(from_str(json).unwrap())).or_default();
        let messages = errors.into_messages();
        if messages.is_empty() { Ok(value) } else { Err(messages) }
    }

    #[test]
    fn a_key_may_occur_once_in_an_object_at_every_level() {
        let repeated = |path: &str| Err(vec![format!("`{path}`: this key occurs twice in one object")]);
        assert_eq!(parse(r#"{"a":1,"a":2}"#), repeated("tags.a"));
        assert_eq!(parse(r#"{"a":[{"b":1,"b":null}]}"#), repeated("tags.a[0].b"));
        assert_eq!(parse("{\"\\u001b[2J\":1,\"\\u001b[2J\":1}"), repeated("tags.\\u{1b}[2J"));
        assert_eq!(parse(r#"{"a":{"b":1},"b":1}"#), Ok(json!({"a": {"b": 1}, "b": 1})));
    }

    #[test]
    fn numbers_keep_their_digits_and_depth_is_bounded() {
        let inexact = parse(r#"{"a":[0.5,12345678901234567890123,1e400]}"#).unwrap_err();
        assert!(inexact[0].starts_with("`tags.a[1]`: ") && inexact[1].starts_with("`tags.a[2]`: "), "{inexact:?}");
        assert!(parse(&format!("{}{}", "[".repeat(127), "]".repeat(127))).is_ok());
        assert!(parse(&format!("{}{}", "[".repeat(50_000), "]".repeat(50_000))).unwrap_err()[0].contains("too deeply"));
        assert!(parse(r#"["\ud800"]"#).unwrap_err()[0].starts_with("`tags[0]`: "));
    }

    proptest! {
        #[test]
        fn numbers_round_trip(number in any::<f64>().prop_filter("JSON has no others", |n| n.is_finite())) {
            let json = format!("{{\"n\":{}}}", Value::from(number));
            prop_assert_eq!(parse(&json).unwrap().to_string(), json);
        }
    }
}
