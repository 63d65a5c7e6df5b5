//! Ceremonies with passkeys (WebAuthn Level 3): their options for clients, and the verification of responses, by
//! `webauthn-rs`. The state of a ceremony and the credentials are stored as the library writes them.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;
use webauthn_rs::prelude::{
    AttestationFormat, AttestationMetadata, Credential, DiscoverableAuthentication, ParsedAttestation,
    ParsedAttestationData, Passkey as Verified, PasskeyRegistration, PublicKeyCredential, RegisterPublicKeyCredential,
    Uuid, WebauthnError,
};
use webauthn_rs::{Webauthn, WebauthnBuilder};

use crate::domain::passkey::{AuthenticatorResponse, PASSKEY_CHALLENGE_TTL, Passkey};

/// The length of a user handle in bytes. The library takes UUIDs.
pub const USER_HANDLE_BYTES: usize = 16;

/// The relying party (WebAuthn, section 4): the server, as authenticators know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebauthnSettings {
    /// The domain that passkeys belong to (RP ID).
    pub rp_id: String,
    /// The name that clients show.
    pub rp_name: String,
    /// The origins whose pages may use them. The first one is on `rp_id` or a subdomain.
    pub origins: Vec<Url>,
    /// Whether their ports do not matter, because the system chooses that of the server.
    pub any_port: bool,
}

/// Begins and verifies ceremonies.
#[derive(Clone)]
pub struct RelyingParty(Arc<Webauthn>);

/// A ceremony that has begun.
pub struct Ceremony {
    /// What the client passes to the authenticator, in the JSON form of the standard.
    pub options: Value,
    /// What is needed to verify the response.
    pub state: String,
}

/// The account that a passkey is added to.
pub struct Account<'a> {
    /// Identifies the user to authenticators, and says nothing about them: [`USER_HANDLE_BYTES`] bytes.
    pub handle: &'a [u8],
    /// The user id.
    pub name: &'a str,
    /// The name of the user.
    pub display_name: &'a str,
}

/// A new credential.
pub struct NewCredential {
    /// The credential, as the library writes it.
    pub credential: String,
    /// Whether it is backed up.
    pub is_backed_up: bool,
    /// What identifies its user to authenticators.
    pub user_handle: Vec<u8>,
}

/// A credential after its user has authenticated with it.
pub struct UsedCredential {
    /// The credential, as the library writes it.
    pub credential: String,
    /// Whether it is backed up.
    pub is_backed_up: bool,
    /// Whether the authenticator has verified the user.
    pub user_verified: bool,
}

/// Why a ceremony cannot begin: a setting or what is stored is invalid.
#[derive(Debug, thiserror::Error)]
pub enum CeremonyError {
    /// The library refuses it.
    #[error("passkeys cannot be used: {0}")]
    Webauthn(#[from] WebauthnError),
    /// The stored state or credential cannot be read or written.
    #[error("a stored passkey cannot be read or written: {0}")]
    Json(#[from] serde_json::Error),
}

/// Why a response is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum ResponseError {
    /// The signature counter did not grow: there may be a copy of the private key.
    #[error("the signature counter did not grow")]
    PossibleClone,
    /// Any other reason, such as a wrong signature.
    #[error("{0}")]
    Invalid(String),
    /// What is stored cannot be used.
    #[error(transparent)]
    Ceremony(#[from] CeremonyError),
}

impl RelyingParty {
    /// The relying party with these settings.
    pub fn new(settings: &WebauthnSettings) -> Result<Self, CeremonyError> {
        let [first, others @ ..] = settings.origins.as_slice() else {
            return Err(WebauthnError::Configuration.into());
        };
        let mut builder = WebauthnBuilder::new(&settings.rp_id, first)?
            .rp_name(&settings.rp_name)
            .allow_any_port(settings.any_port)
            .timeout(PASSKEY_CHALLENGE_TTL.to_std().unwrap_or_default());
        for origin in others {
            builder = builder.append_allowed_origin(origin);
        }
        Ok(Self(Arc::new(builder.build()?)))
    }

    /// Begins to add a passkey for `account`, which has `existing` ones. It must be discoverable and verify the user.
    pub fn start_registration(&self, account: &Account<'_>, existing: &[Passkey]) -> Result<Ceremony, CeremonyError> {
        let handle = Uuid::from_slice(account.handle).map_err(|_| WebauthnError::InvalidUserUniqueId)?;
        let excluded = existing.iter().map(|passkey| passkey.credential_id.clone()).collect();
        let (challenge, state) =
            self.0.start_passkey_registration(handle, account.name, account.display_name, Some(excluded))?;
        let mut options = serde_json::to_value(challenge.public_key)?;
        // The library has no function for this: it asks that the credential not be discoverable.
        if let Some(selection) = options.get_mut("authenticatorSelection").and_then(Value::as_object_mut) {
            selection.insert("residentKey".to_owned(), json!("required"));
            selection.insert("requireResidentKey".to_owned(), json!(true));
        }
        let state = Registering { library: state, user_handle: account.handle.to_vec() };
        Ok(Ceremony { options, state: serde_json::to_string(&state)? })
    }

    /// Verifies the response to [`start_registration`](Self::start_registration) (section 7.1).
    pub fn finish_registration(
        &self,
        state: &str,
        response: &AuthenticatorResponse,
    ) -> Result<NewCredential, ResponseError> {
        let Registering { library, user_handle } = stored(state)?;
        check_place(response)?;
        if response.is_not_discoverable() {
            return Err(ResponseError::Invalid("the passkey is not discoverable".to_owned()));
        }
        let response: RegisterPublicKeyCredential = submitted(response)?;
        let credential = self.0.finish_passkey_registration(&response, &library).map_err(refused)?;
        if credential.cred_id().as_slice() != response.raw_id.as_slice() {
            return Err(ResponseError::Invalid("the response names another credential".to_owned()));
        }
        // Attestation is not requested; what an authenticator sends all the same would only take space.
        let mut credential = Credential::from(credential);
        credential.attestation =
            ParsedAttestation { data: ParsedAttestationData::None, metadata: AttestationMetadata::None };
        credential.attestation_format = AttestationFormat::None;
        let is_backed_up = credential.backup_state;
        let credential = serde_json::to_string(&Verified::from(credential)).map_err(CeremonyError::from)?;
        Ok(NewCredential { credential, is_backed_up, user_handle })
    }

    /// Begins to authenticate a user: with one of `allowed`, or, if that is empty, with any discoverable passkey.
    pub fn start_authentication(&self, allowed: &[Passkey]) -> Result<Ceremony, CeremonyError> {
        let (challenge, state) = self.0.start_discoverable_authentication()?;
        let mut options = serde_json::to_value(challenge.public_key)?;
        let ids = allowed.iter().map(|passkey| passkey.credential_id.clone()).collect();
        if let Some(options) = options.as_object_mut() {
            let allowed = allowed.iter().map(|passkey| {
                let id = URL_SAFE_NO_PAD.encode(&passkey.credential_id);
                json!({ "type": "public-key", "id": id, "transports": passkey.transports })
            });
            options.insert("allowCredentials".to_owned(), allowed.collect());
            options.remove("extensions");
        }
        Ok(Ceremony { options, state: serde_json::to_string(&Authenticating { library: state, allowed: ids })? })
    }

    /// Verifies the response to [`start_authentication`](Self::start_authentication) with the credential that it names
    /// (section 7.2), and returns how that is stored from now on.
    pub fn finish_authentication(
        &self,
        state: &str,
        response: &AuthenticatorResponse,
        credential: &str,
    ) -> Result<UsedCredential, ResponseError> {
        let Authenticating { library, allowed } = stored(state)?;
        let mut credential: Verified = stored(credential)?;
        check_place(response)?;
        if !allowed.is_empty() && !allowed.iter().any(|id| id == response.credential_id()) {
            return Err(ResponseError::Invalid("it is none of the allowed passkeys".to_owned()));
        }
        let response: PublicKeyCredential = submitted(response)?;
        let result = self.0.finish_discoverable_authentication_v2(&response, library, &credential).map_err(refused)?;
        credential.update_credential(&result);
        Ok(UsedCredential {
            credential: serde_json::to_string(&credential).map_err(CeremonyError::from)?,
            is_backed_up: result.backup_state(),
            user_verified: result.user_verified(),
        })
    }
}

/// The state of a ceremony to add a passkey.
#[derive(Serialize, Deserialize)]
struct Registering {
    library: PasskeyRegistration,
    user_handle: Vec<u8>,
}

/// The state of a ceremony to authenticate.
#[derive(Serialize, Deserialize)]
struct Authenticating {
    library: DiscoverableAuthentication,
    /// The ids of the credentials that may be used; any if it is empty.
    allowed: Vec<Vec<u8>>,
}

/// Refuses responses from embedded pages. The library checks that only for new passkeys.
fn check_place(response: &AuthenticatorResponse) -> Result<(), ResponseError> {
    if response.is_cross_origin() {
        return Err(ResponseError::Invalid("the page was embedded in one of another origin".to_owned()));
    }
    Ok(())
}

fn stored<T: DeserializeOwned>(text: &str) -> Result<T, ResponseError> {
    Ok(serde_json::from_str(text).map_err(CeremonyError::from)?)
}

fn submitted<T: DeserializeOwned>(response: &AuthenticatorResponse) -> Result<T, ResponseError> {
    let parsed = serde_json::from_value(response.json().clone());
    // The error of the parser would quote the response.
    parsed.map_err(|_| ResponseError::Invalid("it is malformed".to_owned()))
}

fn refused(error: WebauthnError) -> ResponseError {
    match error {
        WebauthnError::CredentialPossibleCompromise => ResponseError::PossibleClone,
        error => ResponseError::Invalid(error.to_string()),
    }
}
