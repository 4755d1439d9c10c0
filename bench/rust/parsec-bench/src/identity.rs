//! The identity and payload types that the transcripts use: ed25519 keys of 32 bytes and signatures
//! of 64 bytes, both without a length, and payloads that are bytes with a length.

use ed25519_dalek::{Signature as DalekSignature, Signer, SigningKey, VerifyingKey};
use parsec::{NetworkEvent, PublicId, SecretId};
use serde::{Deserialize, Serialize};
use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    fmt::{self, Debug, Formatter},
    rc::Rc,
};

/// A public key; ordered by its bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PeerKey(pub [u8; 32]);

/// Two halves, because serde derives arrays up to 32 items.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Signature([u8; 32], [u8; 32]);

/// An opaque payload.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Payload(#[serde(with = "serde_bytes")] pub Vec<u8>);

impl NetworkEvent for Payload {}

impl Debug for PeerKey {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        write!(f, "PeerKey({})", hex::encode(self.0))
    }
}

impl Debug for Signature {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        write!(f, "Signature({})", hex::encode(self.to_bytes()))
    }
}

impl Debug for Payload {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        write!(f, "Payload({})", hex::encode(&self.0))
    }
}

impl Signature {
    pub fn to_bytes(self) -> [u8; 64] {
        let mut bytes = [0; 64];
        bytes[..32].copy_from_slice(&self.0);
        bytes[32..].copy_from_slice(&self.1);
        bytes
    }

    fn from_bytes(bytes: [u8; 64]) -> Self {
        let mut signature = Signature([0; 32], [0; 32]);
        signature.0.copy_from_slice(&bytes[..32]);
        signature.1.copy_from_slice(&bytes[32..]);
        signature
    }
}

thread_local! {
    static CHECKED: Cell<bool> = const { Cell::new(true) };
    // Unpacked keys: the crate has no place for them, and unpacking costs a sixth of a check.
    static KEYS: RefCell<HashMap<PeerKey, Option<VerifyingKey>>> = RefCell::new(HashMap::new());
}

/// Whether signatures are checked (on this thread), or count as valid without a look.
pub fn check_signatures(checked: bool) {
    CHECKED.with(|cell| cell.set(checked));
}

impl PublicId for PeerKey {
    type Signature = Signature;

    fn verify_signature(&self, signature: &Signature, data: &[u8]) -> bool {
        if !CHECKED.with(Cell::get) {
            return true;
        }
        KEYS.with(|keys| {
            let mut keys = keys.borrow_mut();
            let key = keys
                .entry(*self)
                .or_insert_with(|| VerifyingKey::from_bytes(&self.0).ok());
            let signature = DalekSignature::from_bytes(&signature.to_bytes());
            key.is_some_and(|key| key.verify_strict(data, &signature).is_ok())
        })
    }
}

/// What a secret id does about signing: for real, or again what it gave in an earlier run, so that a
/// run without signature checks has no cost of signing either.
#[derive(Clone)]
pub enum Signing {
    Real,
    Recording(Rc<RefCell<Vec<Signature>>>),
    Replaying(Rc<RefCell<Vec<Signature>>>, Rc<Cell<usize>>),
}

#[derive(Clone)]
pub struct SecretKey {
    key: SigningKey,
    public: PeerKey,
    signing: Signing,
}

impl SecretKey {
    pub fn new(seed: &[u8; 32], signing: Signing) -> Self {
        let key = SigningKey::from_bytes(seed);
        let public = PeerKey(key.verifying_key().to_bytes());
        SecretKey {
            key,
            public,
            signing,
        }
    }
}

impl SecretId for SecretKey {
    type PublicId = PeerKey;

    fn public_id(&self) -> &PeerKey {
        &self.public
    }

    fn sign_detached(&self, data: &[u8]) -> Signature {
        let sign = || Signature::from_bytes(self.key.sign(data).to_bytes());
        match &self.signing {
            Signing::Real => sign(),
            Signing::Recording(list) => {
                let signature = sign();
                list.borrow_mut().push(signature);
                signature
            }
            Signing::Replaying(list, next) => {
                let index = next.get();
                next.set(index + 1);
                list.borrow().get(index).copied().unwrap_or_else(sign)
            }
        }
    }

    // Key generation is no part of these runs: nothing is hidden.
    fn encrypt<M: AsRef<[u8]>>(&self, _to: &PeerKey, msg: M) -> Option<Vec<u8>> {
        Some(msg.as_ref().to_vec())
    }

    fn decrypt(&self, _from: &PeerKey, ct: &[u8]) -> Option<Vec<u8>> {
        Some(ct.to_vec())
    }
}
