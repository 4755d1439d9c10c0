//! JSON to the crate's types and back.

use crate::identity::{Payload, PeerKey};
use parsec::{Block as CrateBlock, ConsensusMode, Error, Observation as CrateObservation};
use serde::Deserialize;
use serde_json::{json, Value};
use std::collections::BTreeSet;

pub type Observation = CrateObservation<Payload, PeerKey>;
pub type Block = CrateBlock<Payload, PeerKey>;
pub type Answer<T> = Result<T, String>;

/// An observation as the transcripts write it; ids and bytes in hex.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all_fields = "camelCase")]
pub enum ObservationJson {
    Genesis {
        group: Vec<String>,
        related_info: String,
    },
    Add {
        peer_id: String,
        related_info: String,
    },
    Remove {
        peer_id: String,
        related_info: String,
    },
    OpaquePayload {
        payload: String,
    },
    StartDkg {
        participants: Vec<String>,
    },
}

impl ObservationJson {
    pub fn decode(&self) -> Answer<Observation> {
        Ok(match self {
            ObservationJson::Genesis {
                group,
                related_info,
            } => CrateObservation::Genesis {
                group: keys(group)?,
                related_info: bytes(related_info)?,
            },
            ObservationJson::Add {
                peer_id,
                related_info,
            } => CrateObservation::Add {
                peer_id: key(peer_id)?,
                related_info: bytes(related_info)?,
            },
            ObservationJson::Remove {
                peer_id,
                related_info,
            } => CrateObservation::Remove {
                peer_id: key(peer_id)?,
                related_info: bytes(related_info)?,
            },
            ObservationJson::OpaquePayload { payload } => {
                CrateObservation::OpaquePayload(Payload(bytes(payload)?))
            }
            ObservationJson::StartDkg { participants } => {
                CrateObservation::StartDkg(keys(participants)?)
            }
        })
    }
}

pub fn bytes(hex: &str) -> Answer<Vec<u8>> {
    hex::decode(hex).map_err(|error| format!("not hex: {error}"))
}

pub fn bytes32(hex: &str) -> Answer<[u8; 32]> {
    bytes(hex)?
        .try_into()
        .map_err(|_| "not 32 bytes".to_string())
}

pub fn key(hex: &str) -> Answer<PeerKey> {
    bytes32(hex).map(PeerKey)
}

pub fn keys(list: &[String]) -> Answer<BTreeSet<PeerKey>> {
    list.iter().map(|id| key(id)).collect()
}

pub fn mode(name: &str) -> Answer<ConsensusMode> {
    match name {
        "single" => Ok(ConsensusMode::Single),
        "supermajority" => Ok(ConsensusMode::Supermajority),
        other => Err(format!("unknown mode {other}")),
    }
}

pub fn encode<T: serde::Serialize>(value: &T) -> Answer<Vec<u8>> {
    bincode::serialize(value).map_err(|error| error.to_string())
}

/// `payload` is the encoded observation.
pub fn block_json(block: &Block) -> Answer<Value> {
    let proofs: Vec<Value> = block
        .proofs()
        .iter()
        .map(|proof| {
            json!({
                "id": hex::encode(proof.public_id().0),
                "signature": hex::encode(proof.signature().to_bytes()),
            })
        })
        .collect();
    Ok(json!({ "payload": hex::encode(encode(block.payload())?), "proofs": proofs }))
}

/// The error's name, with the flags of states as the transcripts write them.
pub fn error_name(error: &Error) -> String {
    format!("{error:?}")
}
