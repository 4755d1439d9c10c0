//! A scheme that costs nothing, to time the engine alone.

use alloy::signers::local::PrivateKeySigner;
use hashgraph_like_consensus::signing::{
    ConsensusSchemeError, ConsensusSignatureScheme, EthereumConsensusSigner,
};

/// Every signature is valid.
#[derive(Clone)]
pub struct AlwaysValid {
    identity: [u8; 20],
}

impl ConsensusSignatureScheme for AlwaysValid {
    fn identity(&self) -> &[u8] {
        &self.identity
    }

    fn sign(&self, _payload: &[u8]) -> Result<Vec<u8>, ConsensusSchemeError> {
        Ok(vec![1; 65])
    }

    fn verify(_: &[u8], _: &[u8], _: &[u8]) -> Result<bool, ConsensusSchemeError> {
        Ok(true)
    }
}

/// Makes the signer of a number, always the same.
pub trait Numbered: ConsensusSignatureScheme {
    fn numbered(number: u32) -> Self;
}

impl Numbered for AlwaysValid {
    fn numbered(number: u32) -> Self {
        let mut identity = [7; 20];
        identity[..4].copy_from_slice(&number.to_be_bytes());
        AlwaysValid { identity }
    }
}

pub fn ethereum(key: &[u8; 32]) -> Result<EthereumConsensusSigner, String> {
    PrivateKeySigner::from_slice(key)
        .map(EthereumConsensusSigner::new)
        .map_err(|error| error.to_string())
}

impl Numbered for EthereumConsensusSigner {
    fn numbered(number: u32) -> Self {
        let mut key = [3; 32];
        key[28..].copy_from_slice(&number.to_be_bytes());
        ethereum(&key).expect("small numbers are keys")
    }
}
