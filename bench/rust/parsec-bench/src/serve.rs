//! Peers of the crate, driven by one JSON object a line; the answer is one JSON object a line:
//! `{"ok": …}`, or `{"error": "DuplicateVote"}` with the crate's name of the error.
//!
//! Every object has `op` and `peer` (any name). `fromGenesis`: seed, mode, genesis (ids), relatedInfo.
//! `fromExisting`: seed, mode, genesis, section. `voteFor`: observation. `createGossip`: to.
//! `handleRequest` and `handleResponse`: from, message. `poll`. `state`. Bytes and ids are hex.

use crate::{
    identity::{SecretKey, Signing},
    json::{block_json, bytes, bytes32, encode, error_name, key, keys, mode, Answer},
    json::{Observation, ObservationJson},
    replay::{no_randomness, Engine},
};
use parsec::{Error, Parsec};
use serde::Deserialize;
use serde_json::{json, Value};
use std::{
    collections::HashMap,
    io::{self, BufRead, Write},
};

#[derive(Deserialize)]
#[serde(tag = "op", rename_all = "camelCase", rename_all_fields = "camelCase")]
enum Command {
    FromGenesis {
        seed: String,
        mode: String,
        genesis: Vec<String>,
        related_info: String,
    },
    FromExisting {
        seed: String,
        mode: String,
        genesis: Vec<String>,
        section: Vec<String>,
    },
    VoteFor {
        observation: ObservationJson,
    },
    CreateGossip {
        to: String,
    },
    HandleRequest {
        from: String,
        message: String,
    },
    HandleResponse {
        from: String,
        message: String,
    },
    Poll,
    State,
}

#[derive(Deserialize)]
struct Line {
    peer: String,
    #[serde(flatten)]
    command: Command,
}

type Peers = HashMap<String, Engine>;

fn named(error: Error) -> String {
    error_name(&error)
}

fn hashes_of(engine: &Engine) -> Answer<Vec<String>> {
    engine
        .our_unpolled_observations()
        .map(|observation: &Observation| Ok(hex::encode(encode(observation)?)))
        .collect()
}

fn operate(engine: &mut Engine, command: Command) -> Answer<Value> {
    match command {
        Command::VoteFor { observation } => {
            engine.vote_for(observation.decode()?).map_err(named)?;
            Ok(Value::Null)
        }
        Command::CreateGossip { to } => {
            let request = engine.create_gossip(&key(&to)?).map_err(named)?;
            Ok(json!(hex::encode(encode(&request)?)))
        }
        Command::HandleRequest { from, message } => {
            let request =
                bincode::deserialize(&bytes(&message)?).map_err(|e| format!("decoding: {e}"))?;
            let response = engine
                .handle_request(&key(&from)?, request)
                .map_err(named)?;
            Ok(json!(hex::encode(encode(&response)?)))
        }
        Command::HandleResponse { from, message } => {
            let response =
                bincode::deserialize(&bytes(&message)?).map_err(|e| format!("decoding: {e}"))?;
            engine
                .handle_response(&key(&from)?, response)
                .map_err(named)?;
            Ok(Value::Null)
        }
        Command::Poll => {
            let mut blocks = Vec::new();
            while let Some(block) = engine.poll() {
                blocks.push(block_json(&block)?);
            }
            Ok(json!(blocks))
        }
        Command::State => Ok(json!({
            "gossipRecipients": engine.gossip_recipients().map(|id| hex::encode(id.0)).collect::<Vec<_>>(),
            "canVote": engine.can_vote(),
            "hasUnpolled": engine.has_unpolled_observations(),
            "ourUnpolled": hashes_of(engine)?,
        })),
        Command::FromGenesis { .. } | Command::FromExisting { .. } => {
            Err("the peer exists".to_string())
        }
    }
}

fn answer(peers: &mut Peers, text: &str) -> Answer<Value> {
    let line: Line = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if let Some(engine) = peers.get_mut(&line.peer) {
        return operate(engine, line.command);
    }
    let engine = match line.command {
        Command::FromGenesis {
            seed,
            mode: name,
            genesis,
            related_info,
        } => Parsec::from_genesis(
            SecretKey::new(&bytes32(&seed)?, Signing::Real),
            &keys(&genesis)?,
            bytes(&related_info)?,
            mode(&name)?,
            no_randomness(),
        ),
        Command::FromExisting {
            seed,
            mode: name,
            genesis,
            section,
        } => Parsec::from_existing(
            SecretKey::new(&bytes32(&seed)?, Signing::Real),
            &keys(&genesis)?,
            &keys(&section)?,
            mode(&name)?,
            no_randomness(),
        ),
        _ => return Err(format!("no peer {}", line.peer)),
    };
    let id = hex::encode(engine.our_pub_id().0);
    peers.insert(line.peer, engine);
    Ok(json!(id))
}

/// Until standard input ends.
pub fn serve() -> Answer<()> {
    let mut peers = Peers::new();
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
