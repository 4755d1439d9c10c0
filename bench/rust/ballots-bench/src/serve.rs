//! Peers of the crate, driven by one JSON object a line; the answer is one JSON object a line:
//! `{"ok": …}`, or `{"error": "DuplicateVote"}` with the crate's name of the error. Each peer has its
//! own storage and event bus, and the ethereum scheme. Times are seconds; bytes are hex of the protobuf
//! encoding. See `Command` for the operations and their arguments.

use crate::schemes::ethereum;
use hashgraph_like_consensus::{
    error::ConsensusError,
    events::ConsensusEventBus,
    protos::consensus::v1::{Proposal, Vote},
    scope::ScopeID,
    scope_config::NetworkType,
    service::DefaultConsensusService,
    session::ConsensusState,
    signing::ConsensusSignatureScheme,
    storage::ConsensusStorage,
    types::{ConsensusEvent, CreateProposalRequest},
};
use prost::Message;
use serde::Deserialize;
use serde_json::{json, Value};
use std::{
    collections::HashMap,
    io::{self, BufRead, Write},
    sync::mpsc::Receiver,
};

#[derive(Deserialize)]
#[serde(tag = "op", rename_all = "camelCase", rename_all_fields = "camelCase")]
enum Command {
    /// Makes the peer; gives its identity.
    Peer {
        key: String,
        max_sessions: usize,
    },
    /// Sets the scope's network type and threshold.
    Scope {
        p2p: bool,
        threshold: f64,
    },
    /// Gives the proposal.
    CreateProposal {
        name: String,
        payload: String,
        voters: u32,
        expires_in: u64,
        liveness: bool,
        now: u64,
    },
    /// Gives the vote.
    CastVote {
        id: u32,
        choice: bool,
        now: u64,
    },
    /// Gives the proposal with the vote in it.
    CastVoteAndGetProposal {
        id: u32,
        choice: bool,
        now: u64,
    },
    IncomingProposal {
        message: String,
        now: u64,
    },
    IncomingVote {
        message: String,
        now: u64,
    },
    /// Gives the result.
    Timeout {
        id: u32,
        now: u64,
    },
    /// Gives the result.
    Result {
        id: u32,
    },
    /// Gives state, round and the votes' ids, or null.
    Session {
        id: u32,
    },
    /// Gives the events since the last call.
    Events,
}

#[derive(Deserialize)]
struct Line {
    peer: String,
    #[serde(default)]
    scope: ScopeID,
    #[serde(flatten)]
    command: Command,
}

struct Peer {
    service: DefaultConsensusService,
    events: Receiver<(ScopeID, ConsensusEvent)>,
}

fn named(error: ConsensusError) -> String {
    let text = format!("{error:?}");
    text.split(['(', ' '])
        .next()
        .unwrap_or_default()
        .to_string()
}

fn bytes(text: &str) -> Result<Vec<u8>, String> {
    hex::decode(text).map_err(|error| error.to_string())
}

fn message<M: Message + Default>(text: &str) -> Result<M, String> {
    M::decode(bytes(text)?.as_slice()).map_err(|_| "DecodeError".to_string())
}

fn encoded<M: Message>(message: M) -> Value {
    json!(hex::encode(message.encode_to_vec()))
}

fn event_json((scope, event): (ScopeID, ConsensusEvent)) -> Value {
    match event {
        ConsensusEvent::ConsensusReached {
            proposal_id,
            result,
            timestamp,
        } => json!({
            "type": "ConsensusReached", "scope": scope, "proposalId": proposal_id,
            "result": result, "timestamp": timestamp.to_string(),
        }),
        ConsensusEvent::ConsensusFailed {
            proposal_id,
            timestamp,
        } => json!({
            "type": "ConsensusFailed", "scope": scope, "proposalId": proposal_id,
            "timestamp": timestamp.to_string(),
        }),
    }
}

impl Peer {
    fn new(key: &str, max_sessions: usize) -> Result<Peer, String> {
        let key: [u8; 32] = bytes(key)?.try_into().map_err(|_| "a key has 32 bytes")?;
        let service = DefaultConsensusService::new_with_max_sessions(ethereum(&key)?, max_sessions);
        let events = service.event_bus().subscribe();
        Ok(Peer { service, events })
    }

    fn session(&self, scope: &ScopeID, id: u32) -> Result<Value, ConsensusError> {
        let session = self.service.storage().get_session(scope, id)?;
        Ok(session.map_or(Value::Null, |session| {
            let state = match session.state {
                ConsensusState::Active => "active",
                ConsensusState::ConsensusReached(true) => "yes",
                ConsensusState::ConsensusReached(false) => "no",
                ConsensusState::Failed => "failed",
            };
            let votes: Vec<u32> = session.proposal.votes.iter().map(|v| v.vote_id).collect();
            json!({ "state": state, "round": session.proposal.round, "votes": votes })
        }))
    }

    fn operate(&self, scope: &ScopeID, command: Command) -> Result<Value, String> {
        let service = &self.service;
        let done = match command {
            Command::Peer { .. } => return Err("the peer exists".to_string()),
            Command::Scope { p2p, threshold } => service
                .scope(scope)
                .and_then(|builder| {
                    let network = if p2p {
                        NetworkType::P2P
                    } else {
                        NetworkType::Gossipsub
                    };
                    let builder = builder.with_network_type(network);
                    builder.with_threshold(threshold).initialize()
                })
                .map(|()| Value::Null),
            Command::CreateProposal {
                name,
                payload,
                voters,
                expires_in,
                liveness,
                now,
            } => {
                let owner = service.signer().identity().to_vec();
                let payload = bytes(&payload)?;
                CreateProposalRequest::new(name, payload, owner, voters, expires_in, liveness)
                    .and_then(|request| service.create_proposal(scope, request, now))
                    .map(encoded)
            }
            Command::CastVote { id, choice, now } => {
                service.cast_vote(scope, id, choice, now).map(encoded)
            }
            Command::CastVoteAndGetProposal { id, choice, now } => service
                .cast_vote_and_get_proposal(scope, id, choice, now)
                .map(encoded),
            Command::IncomingProposal { message: text, now } => service
                .process_incoming_proposal(scope, message::<Proposal>(&text)?, now)
                .map(|()| Value::Null),
            Command::IncomingVote { message: text, now } => service
                .process_incoming_vote(scope, message::<Vote>(&text)?, now)
                .map(|()| Value::Null),
            Command::Timeout { id, now } => service
                .handle_consensus_timeout(scope, id, now)
                .map(|result| json!(result)),
            Command::Result { id } => service
                .storage()
                .get_consensus_result(scope, id)
                .map(|result| json!(result)),
            Command::Session { id } => self.session(scope, id),
            Command::Events => Ok(json!(self
                .events
                .try_iter()
                .map(event_json)
                .collect::<Vec<_>>())),
        };
        done.map_err(named)
    }
}

fn answer(peers: &mut HashMap<String, Peer>, text: &str) -> Result<Value, String> {
    let line: Line = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if let Some(peer) = peers.get(&line.peer) {
        return peer.operate(&line.scope, line.command);
    }
    let Command::Peer { key, max_sessions } = line.command else {
        return Err(format!("no peer {}", line.peer));
    };
    let peer = Peer::new(&key, max_sessions)?;
    let identity = hex::encode(peer.service.signer().identity());
    peers.insert(line.peer, peer);
    Ok(json!(identity))
}

/// Until standard input ends.
pub fn serve() -> Result<(), String> {
    let mut peers = HashMap::new();
    let mut out = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let text = line.map_err(|error| error.to_string())?;
        let reply = match answer(&mut peers, &text) {
            Ok(value) => json!({ "ok": value }),
            Err(error) => json!({ "error": error }),
        };
        writeln!(out, "{reply}").map_err(|error| error.to_string())?;
        out.flush().map_err(|error| error.to_string())?;
    }
    Ok(())
}
