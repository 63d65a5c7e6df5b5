//! Passkeys: credentials of WebAuthn (Level 3) that replace a password and its factor, and what authenticators respond.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use serde_json::Value;

use super::ids::{PasskeyId, UserId};
use super::profile_text::Name;
use super::{Invalid, Timestamp};

/// How many passkeys a user may have.
pub const MAX_PASSKEYS: usize = 10;
/// How long a challenge for a passkey is valid.
pub const PASSKEY_CHALLENGE_TTL: TimeDelta = TimeDelta::minutes(5);
/// The longest id of a credential in bytes (WebAuthn, section 4).
const MAX_CREDENTIAL_ID: usize = 1023;
/// How many transports of an authenticator are stored.
const MAX_TRANSPORTS: usize = 8;
/// The largest response in bytes: several times what an authenticator with a certificate chain sends.
const MAX_RESPONSE: usize = 64 * 1024;

/// A passkey of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passkey {
    /// Its id.
    pub id: PasskeyId,
    /// The user that it belongs to.
    pub owner_id: UserId,
    /// What identifies the user to authenticators (user handle): the same for all passkeys of a user, and says nothing about
    /// them.
    pub user_handle: Vec<u8>,
    /// The id that the authenticator gave it.
    pub credential_id: Vec<u8>,
    /// The public key, the signature counter, and more, as the WebAuthn library stores them.
    pub credential: String,
    /// The name that the user gave it.
    pub name: Name,
    /// Whether it is synchronised or otherwise backed up.
    pub is_backed_up: bool,
    /// How clients reach the authenticator, such as `internal` or `usb`.
    pub transports: Vec<String>,
    /// When it was added.
    pub created_at: Timestamp,
    /// When the user last authenticated with it.
    pub last_used_at: Option<Timestamp>,
}

/// Where a user without a password could lose the only way to sign in.
///
/// # Errors
/// [`LastSignInMethod`] if nothing would be left.
pub fn may_remove_passkey(has_password: bool, passkeys: usize) -> Result<(), LastSignInMethod> {
    if has_password || passkeys > 1 { Ok(()) } else { Err(LastSignInMethod) }
}

/// Without it, the user could not sign in any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastSignInMethod;

/// What an authenticator responds, as `PublicKeyCredential.toJSON()` writes it (WebAuthn, section 5.1).
#[derive(Clone, PartialEq, Eq)]
pub struct AuthenticatorResponse {
    json: Value,
    credential_id: Vec<u8>,
    user_handle: Option<Vec<u8>>,
    client_data: Value,
}

impl AuthenticatorResponse {
    /// Parses a `RegistrationResponseJSON` or an `AuthenticationResponseJSON`. What is signed is not checked here.
    pub fn parse(json: Value) -> Result<Self, Invalid> {
        let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
        if json.as_object().is_none_or(serde_json::Map::is_empty) {
            return Err(Invalid::required("the response of the authenticator is missing"));
        }
        if json.to_string().len() > MAX_RESPONSE {
            return Err(Invalid::too_long(format!("the response may have at most {MAX_RESPONSE} bytes")));
        }
        let malformed = || Invalid::malformed("pass on what `credential.toJSON()` returns, unchanged");
        let id = text(&json, "id").ok_or_else(malformed)?;
        let is_public_key = text(&json, "type").as_deref() == Some("public-key");
        if !is_public_key || text(&json, "rawId").as_ref() != Some(&id) {
            return Err(malformed());
        }
        let credential_id = URL_SAFE_NO_PAD.decode(id).map_err(|_| malformed())?;
        if credential_id.is_empty() || credential_id.len() > MAX_CREDENTIAL_ID {
            return Err(malformed());
        }
        let response = json.get("response").filter(|response| response.is_object()).ok_or_else(malformed)?;
        let user_handle = match text(response, "userHandle") {
            Some(handle) => Some(URL_SAFE_NO_PAD.decode(handle).map_err(|_| malformed())?),
            None => None,
        };
        let client_data = text(response, "clientDataJSON").and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
        let client_data: Value =
            serde_json::from_slice(&client_data.ok_or_else(malformed)?).map_err(|_| malformed())?;
        let user_handle = user_handle.filter(|handle| !handle.is_empty());
        Ok(Self { json, credential_id, user_handle, client_data })
    }

    /// The response, unchanged.
    pub fn json(&self) -> &Value {
        &self.json
    }

    /// The id of the credential.
    pub fn credential_id(&self) -> &[u8] {
        &self.credential_id
    }

    /// Whether the response was made in a page that is embedded in one of another origin (section 5.8.1).
    pub fn is_cross_origin(&self) -> bool {
        let is_false = |value: Option<&Value>| value.is_none_or(|value| *value == Value::Bool(false));
        !is_false(self.client_data.get("crossOrigin")) || self.client_data.get("topOrigin").is_some()
    }

    /// Whether a new passkey cannot be found without the id of its credential (section 10.1.3). Authenticators need not
    /// say so.
    pub fn is_not_discoverable(&self) -> bool {
        self.json.pointer("/clientExtensionResults/credProps/rk") == Some(&Value::Bool(false))
    }

    /// How clients reach the authenticator (section 5.8.4), also in ways that were added to the standard later.
    pub fn transports(&self) -> Vec<String> {
        let listed = self.json.pointer("/response/transports").and_then(Value::as_array);
        let names = listed.into_iter().flatten().filter_map(Value::as_str);
        names.filter(|name| is_transport(name)).take(MAX_TRANSPORTS).map(str::to_owned).collect()
    }

    /// The user that the authenticator stored the credential for.
    pub fn user_handle(&self) -> Option<&[u8]> {
        self.user_handle.as_deref()
    }
}

fn is_transport(name: &str) -> bool {
    (1..=32).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::InvalidKind;

    #[test]
    fn a_response_has_an_id_and_what_was_signed() {
        let json = json!({
            "id": "AQID", "rawId": "AQID", "type": "public-key",
            "response": { "clientDataJSON": "e30", "userHandle": "CQk", "transports": ["usb", "smart-card", "", "A", 1] },
        });
        let parsed = AuthenticatorResponse::parse(json.clone()).unwrap();
        assert_eq!((parsed.credential_id(), parsed.user_handle()), (&[1, 2, 3][..], Some(&[9, 9][..])));
        assert_eq!(parsed.transports(), ["usb", "smart-card"]);
        for (key, wrong) in [
            ("id", json!("AQI")),
            ("id", json!(1)),
            ("id", json!("")),
            ("rawId", json!("AQIE")),
            ("type", json!("password")),
            ("response", json!("e30")),
            ("response", json!({ "clientDataJSON": "e30", "userHandle": "%" })),
            ("response", json!({ "clientDataJSON": "e30=" })),
            ("response", json!({ "clientDataJSON": "AAAA" })),
        ] {
            let mut json = json.clone();
            json[key] = wrong.clone();
            assert!(AuthenticatorResponse::parse(json).is_err(), "{key}: {wrong}");
        }
        let kind_of = |json| AuthenticatorResponse::parse(json).err().unwrap().kind;
        assert_eq!(kind_of(json!({})), InvalidKind::Required);
        assert_eq!(kind_of(json!({ "id": "A".repeat(70_000) })), InvalidKind::TooLong);
    }

    #[test]
    fn embedded_pages_are_recognised() {
        let is_cross_origin = |data: Value| {
            let data = URL_SAFE_NO_PAD.encode(data.to_string());
            let response = json!({ "clientDataJSON": data });
            let json = json!({ "id": "AQID", "rawId": "AQID", "type": "public-key", "response": response });
            AuthenticatorResponse::parse(json).unwrap().is_cross_origin()
        };
        assert!(!is_cross_origin(json!({})) && !is_cross_origin(json!({ "crossOrigin": false })));
        for data in [json!({ "crossOrigin": true }), json!({ "crossOrigin": "false" }), json!({ "topOrigin": "x" })] {
            assert!(is_cross_origin(data.clone()), "{data}");
        }
    }

    #[test]
    fn the_last_way_to_sign_in_stays() {
        assert_eq!(may_remove_passkey(false, 1), Err(LastSignInMethod));
        assert_eq!(may_remove_passkey(true, 1), Ok(()));
        assert_eq!(may_remove_passkey(false, 2), Ok(()));
    }
}
