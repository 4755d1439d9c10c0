//! Performs a peer's part with the crate, once, either comparing everything or timing it.

use crate::{
    identity::{Payload, SecretKey, Signing},
    json::{encode, error_name, Answer},
    transcript::{Op, Part},
};
use parsec::{ConsensusMode, Error, Parsec};
use rand_core::{impls, RngCore};
use std::time::{Duration, Instant};

pub type Engine = Parsec<Payload, SecretKey>;

/// Key generation is the crate's only use of randomness, and none of these runs has it.
struct NoRandomness;

impl RngCore for NoRandomness {
    fn next_u32(&mut self) -> u32 {
        0
    }
    fn next_u64(&mut self) -> u64 {
        0
    }
    fn fill_bytes(&mut self, dest: &mut [u8]) {
        impls::fill_bytes_via_next(self, dest)
    }
    fn try_fill_bytes(&mut self, dest: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(dest);
        Ok(())
    }
}

pub fn no_randomness() -> Box<dyn RngCore> {
    Box::new(NoRandomness)
}

/// What an operation gave.
enum Gave {
    Nothing,
    Message(Vec<u8>),
    Blocks(usize),
    Failure(Error),
}

fn start(op: &Op, me: SecretKey, mode: ConsensusMode) -> Option<Engine> {
    match op {
        Op::FromGenesis(group, info) => Some(Parsec::from_genesis(
            me,
            group,
            info.clone(),
            mode,
            no_randomness(),
        )),
        Op::FromExisting(genesis, section) => Some(Parsec::from_existing(
            me,
            genesis,
            section,
            mode,
            no_randomness(),
        )),
        _ => None,
    }
}

/// `messages`: whether what is made is encoded too; timed runs do not.
fn perform(engine: &mut Engine, op: Op, messages: bool) -> Gave {
    let encoded = |bytes: Answer<Vec<u8>>| bytes.map_or(Gave::Nothing, Gave::Message);
    match op {
        Op::FromGenesis(..) | Op::FromExisting(..) => Gave::Nothing,
        Op::Vote(observation) => engine
            .vote_for(observation)
            .map_or_else(Gave::Failure, |()| Gave::Nothing),
        Op::Gossip(to) => match engine.create_gossip(&to) {
            Ok(request) if messages => encoded(encode(&request)),
            Ok(_) => Gave::Nothing,
            Err(error) => Gave::Failure(error),
        },
        Op::Request(from, request) => match engine.handle_request(&from, request) {
            Ok(response) if messages => encoded(encode(&response)),
            Ok(_) => Gave::Nothing,
            Err(error) => Gave::Failure(error),
        },
        Op::Response(from, response) => engine
            .handle_response(&from, response)
            .map_or_else(Gave::Failure, |()| Gave::Nothing),
        Op::Poll => Gave::Blocks(std::iter::from_fn(|| engine.poll()).count()),
    }
}

/// Performs the part and counts the operations that differ from the transcript.
pub fn compare(part: &Part, signing: Signing) -> Answer<usize> {
    let me = SecretKey::new(&part.seed, signing);
    let mut ops = part.ops.iter().cloned().zip(&part.expected);
    let first = ops.next().ok_or("the peer does nothing")?;
    let mut engine = start(&first.0, me, part.mode).ok_or("the peer does not start")?;
    let mut differences = 0;
    for (op, expected) in ops {
        let same = match perform(&mut engine, op, true) {
            Gave::Nothing => expected.message.is_none() && expected.error.is_none(),
            Gave::Message(bytes) => expected.message.as_ref() == Some(&bytes),
            Gave::Blocks(count) => count == expected.blocks,
            Gave::Failure(error) => expected.error.as_ref() == Some(&error_name(&error)),
        };
        differences += usize::from(!same);
    }
    Ok(differences)
}

/// A message as it comes from the network, or none.
type Incoming = Option<Vec<u8>>;

fn incoming(op: &Op) -> Answer<Incoming> {
    Ok(match op {
        Op::Request(_, request) => Some(encode(request)?),
        Op::Response(_, response) => Some(encode(response)?),
        _ => None,
    })
}

/// The same operation, its message decoded anew.
fn decoded(op: Op, message: Incoming) -> Answer<Op> {
    let wrong = |error: bincode::Error| error.to_string();
    Ok(match (op, message) {
        (Op::Request(from, _), Some(bytes)) => {
            Op::Request(from, bincode::deserialize(&bytes).map_err(wrong)?)
        }
        (Op::Response(from, _), Some(bytes)) => {
            Op::Response(from, bincode::deserialize(&bytes).map_err(wrong)?)
        }
        (op, _) => op,
    })
}

/// Performs the part; dropping the engine is not counted. Decoding messages and encoding those that are
/// made is counted with `bytes` only: it is not in the crate, but every user of it needs it.
pub fn time(part: &Part, signing: Signing, bytes: bool) -> Answer<Duration> {
    let me = SecretKey::new(&part.seed, signing);
    let mut ops = part
        .ops
        .iter()
        .map(|op| Ok((op.clone(), if bytes { incoming(op)? } else { None })))
        .collect::<Answer<Vec<_>>>()?
        .into_iter();
    let (first, _) = ops.next().ok_or("the peer does nothing")?;
    let begin = Instant::now();
    let mut engine = start(&first, me, part.mode).ok_or("the peer does not start")?;
    for (op, message) in ops {
        perform(&mut engine, decoded(op, message)?, bytes);
    }
    Ok(begin.elapsed())
}
