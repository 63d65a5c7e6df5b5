//! A software authenticator (WebAuthn, section 6) with one passkey, and with every fault that a test wants.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use userprofile::entropy;

/// The relying party of the tests.
pub const RP_ID: &str = "id.example";
/// The origin of its pages.
pub const ORIGIN: &str = "https://id.example";

const USER_PRESENT: u8 = 0x01;
const USER_VERIFIED: u8 = 0x04;
const BACKUP_ELIGIBLE: u8 = 0x08;
const BACKED_UP: u8 = 0x10;
const HAS_CREDENTIAL: u8 = 0x40;

/// An authenticator, and what it says of itself.
#[derive(Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag that the standard defines")]
pub struct Authenticator {
    pub key: SigningKey,
    pub credential_id: Vec<u8>,
    pub user_handle: Option<Vec<u8>>,
    /// The signature counter; 0 if it has none.
    pub counter: u32,
    pub user_present: bool,
    pub user_verified: bool,
    pub backup_eligible: bool,
    pub backed_up: bool,
    pub rp_id: String,
    pub origin: String,
    pub cross_origin: bool,
}

impl Authenticator {
    /// An authenticator without a counter, whose passkey is not backed up.
    pub fn new() -> Self {
        Self {
            key: SigningKey::from_slice(&entropy::bytes::<32>().unwrap()).unwrap(),
            credential_id: entropy::bytes::<16>().unwrap().to_vec(),
            user_handle: None,
            counter: 0,
            user_present: true,
            user_verified: true,
            backup_eligible: false,
            backed_up: false,
            rp_id: RP_ID.to_owned(),
            origin: ORIGIN.to_owned(),
            cross_origin: false,
        }
    }

    /// The same passkey with another id of its credential.
    pub fn with_other_id(&self) -> Self {
        Self { credential_id: entropy::bytes::<16>().unwrap().to_vec(), ..self.clone() }
    }

    /// Another passkey with the same id of its credential.
    pub fn with_other_key(&self) -> Self {
        Self { key: Self::new().key, ..self.clone() }
    }

    /// The same passkey, which names another user, or none.
    pub fn with_user_handle(&self, user_handle: Option<Vec<u8>>) -> Self {
        Self { user_handle, ..self.clone() }
    }

    /// Responds to the options of `addPasskey`.
    pub fn create(&mut self, options: &Value) -> Value {
        self.user_handle = Some(decode(&options["user"]["id"]));
        let point = self.key.verifying_key().to_sec1_point(false);
        let (x, y) = (point.x().unwrap(), point.y().unwrap());
        let cose = [&[0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32], x.as_slice(), &[0x22, 0x58, 32], y.as_slice()];
        let length = u16::try_from(self.credential_id.len()).unwrap().to_be_bytes();
        let credential = [&[0; 16], length.as_slice(), &self.credential_id, &cose.concat()].concat();
        let data = [self.data(HAS_CREDENTIAL), credential].concat();
        let length = u16::try_from(data.len()).unwrap().to_be_bytes();
        let head = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59";
        let object = [head.as_slice(), &length, &data].concat();
        self.response(json!({
            "clientDataJSON": BASE64.encode(self.client_data("webauthn.create", &options["challenge"])),
            "attestationObject": BASE64.encode(object),
            "transports": ["internal", "hybrid"],
        }))
    }

    /// Responds to the options of a challenge.
    pub fn get(&mut self, options: &Value) -> Value {
        if self.counter > 0 {
            self.counter += 1;
        }
        self.sign("webauthn.get", options)
    }

    /// Responds to the options of a challenge as this type of ceremony, and without counting.
    pub fn sign(&self, ceremony: &str, options: &Value) -> Value {
        let client_data = self.client_data(ceremony, &options["challenge"]);
        let data = self.data(0);
        let signed = [data.as_slice(), &Sha256::digest(&client_data)].concat();
        let signature: Signature = self.key.sign(&signed);
        self.response(json!({
            "clientDataJSON": BASE64.encode(client_data),
            "authenticatorData": BASE64.encode(data),
            "signature": BASE64.encode(signature.to_der()),
            "userHandle": self.user_handle.as_ref().map(|handle| BASE64.encode(handle)),
        }))
    }

    /// The id of its credential, as options name it.
    pub fn id(&self) -> String {
        BASE64.encode(&self.credential_id)
    }

    fn data(&self, flags: u8) -> Vec<u8> {
        let flag = |is_set: bool, flag: u8| if is_set { flag } else { 0 };
        let flags = flags
            | flag(self.user_present, USER_PRESENT)
            | flag(self.user_verified, USER_VERIFIED)
            | flag(self.backup_eligible, BACKUP_ELIGIBLE)
            | flag(self.backed_up, BACKED_UP);
        [Sha256::digest(&self.rp_id).as_slice(), &[flags], &self.counter.to_be_bytes()].concat()
    }

    fn client_data(&self, ceremony: &str, challenge: &Value) -> Vec<u8> {
        let (origin, cross_origin) = (&self.origin, self.cross_origin);
        let data = json!({ "type": ceremony, "challenge": challenge, "origin": origin, "crossOrigin": cross_origin });
        data.to_string().into_bytes()
    }

    fn response(&self, response: Value) -> Value {
        json!({
            "id": self.id(),
            "rawId": self.id(),
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": response,
        })
    }
}

fn decode(text: &Value) -> Vec<u8> {
    BASE64.decode(text.as_str().unwrap()).unwrap()
}
