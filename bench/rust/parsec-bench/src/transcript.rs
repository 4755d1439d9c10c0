//! Reads a transcript and prepares the part of one peer.

use crate::{
    identity::{Payload, PeerKey},
    json::{bytes, bytes32, key, mode, Answer, Observation, ObservationJson},
};
use flate2::read::GzDecoder;
use parsec::{ConsensusMode, Request, Response};
use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    fs::File,
    io::{BufReader, Read},
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Transcript {
    mode: String,
    peers: Vec<Peer>,
    events: Vec<Event>,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
struct Peer {
    name: String,
    seed: String,
    id: String,
}

#[derive(Deserialize)]
struct Event {
    bytes: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Step {
    op: String,
    peer: String,
    #[serde(default)]
    genesis: Vec<String>,
    #[serde(default)]
    section: Vec<String>,
    #[serde(default)]
    related_info: String,
    observation: Option<ObservationJson>,
    to: Option<String>,
    from: Option<String>,
    request: Option<Vec<usize>>,
    response: Option<Vec<usize>>,
    #[serde(default)]
    blocks: Vec<usize>,
    error: Option<String>,
}

/// One operation of the peer.
#[derive(Clone)]
pub enum Op {
    FromGenesis(BTreeSet<PeerKey>, Vec<u8>),
    FromExisting(BTreeSet<PeerKey>, BTreeSet<PeerKey>),
    Vote(Observation),
    Gossip(PeerKey),
    Request(PeerKey, Request<Payload, PeerKey>),
    Response(PeerKey, Response<Payload, PeerKey>),
    Poll,
}

/// What the transcript says about an operation.
pub struct Expected {
    /// The encoded message that it makes.
    pub message: Option<Vec<u8>>,
    pub error: Option<String>,
    pub blocks: usize,
}

/// The part of one peer.
pub struct Part {
    pub peer: String,
    pub seed: [u8; 32],
    pub mode: ConsensusMode,
    pub ops: Vec<Op>,
    pub expected: Vec<Expected>,
    /// Distinct events that the peer makes or is sent.
    pub events: usize,
    pub blocks: usize,
}

fn load(path: &str) -> Answer<Transcript> {
    let file = File::open(path).map_err(|error| format!("{path}: {error}"))?;
    let mut text = Vec::new();
    let read = if path.ends_with(".gz") {
        GzDecoder::new(BufReader::new(file)).read_to_end(&mut text)
    } else {
        BufReader::new(file).read_to_end(&mut text)
    };
    read.map_err(|error| format!("{path}: {error}"))?;
    serde_json::from_slice(&text).map_err(|error| format!("{path}: {error}"))
}

/// A message: the number of its events, then their bytes.
fn message(events: &[Vec<u8>], numbers: &[usize]) -> Vec<u8> {
    let mut encoded = (numbers.len() as u64).to_le_bytes().to_vec();
    for number in numbers {
        encoded.extend_from_slice(&events[*number]);
    }
    encoded
}

/// The part of the peer of that name, or of the first one.
pub fn part(path: &str, name: Option<&str>) -> Answer<Part> {
    let transcript = load(path)?;
    let peer = match name {
        Some(name) => transcript.peers.iter().find(|peer| peer.name == name),
        None => transcript.peers.first(),
    }
    .ok_or_else(|| format!("{path} has no such peer"))?;
    let ids: BTreeMap<&str, PeerKey> = transcript
        .peers
        .iter()
        .map(|peer| Ok((peer.name.as_str(), key(&peer.id)?)))
        .collect::<Answer<_>>()?;
    let id = |name: &Option<String>| {
        name.as_deref()
            .and_then(|name| ids.get(name).copied())
            .ok_or_else(|| "a step names no known peer".to_string())
    };
    let group = |names: &[String]| -> Answer<BTreeSet<PeerKey>> {
        names.iter().map(|name| id(&Some(name.clone()))).collect()
    };
    let encoded = transcript
        .events
        .iter()
        .map(|event| bytes(&event.bytes))
        .collect::<Answer<Vec<_>>>()?;
    let numbers = |list: &Option<Vec<usize>>| list.clone().unwrap_or_default();

    let (mut ops, mut expected) = (Vec::new(), Vec::new());
    let (mut known, mut blocks) = (HashSet::new(), 0);
    for step in transcript.steps.iter().filter(|s| s.peer == peer.name) {
        let made = match step.op.as_str() {
            "createGossip" => &step.request,
            "handleRequest" => &step.response,
            _ => &None,
        };
        known.extend(numbers(&step.request));
        known.extend(numbers(&step.response));
        blocks += step.blocks.len();
        ops.push(match step.op.as_str() {
            "fromGenesis" => Op::FromGenesis(group(&step.genesis)?, bytes(&step.related_info)?),
            "fromExisting" => Op::FromExisting(group(&step.genesis)?, group(&step.section)?),
            "voteFor" => Op::Vote(
                step.observation
                    .as_ref()
                    .ok_or("a vote without observation")?
                    .decode()?,
            ),
            "createGossip" => Op::Gossip(id(&step.to)?),
            "handleRequest" => Op::Request(
                id(&step.from)?,
                bincode::deserialize(&message(&encoded, &numbers(&step.request)))
                    .map_err(|error| error.to_string())?,
            ),
            "handleResponse" => Op::Response(
                id(&step.from)?,
                bincode::deserialize(&message(&encoded, &numbers(&step.response)))
                    .map_err(|error| error.to_string())?,
            ),
            "poll" => Op::Poll,
            _ => continue,
        });
        expected.push(Expected {
            message: made.as_ref().map(|numbers| message(&encoded, numbers)),
            error: step.error.clone(),
            blocks: step.blocks.len(),
        });
    }
    Ok(Part {
        peer: peer.name.clone(),
        seed: bytes32(&peer.seed)?,
        mode: mode(&transcript.mode)?,
        ops,
        expected,
        events: known.len(),
        blocks,
    })
}
