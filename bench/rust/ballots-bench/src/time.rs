//! Times incoming votes: every session gets a yes of each of its voters, in turn, as decoded messages.

use crate::schemes::Numbered;
use hashgraph_like_consensus::{
    error::ConsensusError,
    events::BroadcastEventBus,
    protos::consensus::v1::{Proposal, Vote},
    scope::ScopeID,
    service::ConsensusService,
    storage::InMemoryConsensusStorage,
    types::CreateProposalRequest,
    utils::build_vote,
};
use std::{
    thread,
    time::{Duration, Instant},
};

const NOW: u64 = 1_700_000_000;
/// Creating a proposal copies every session of its scope, so scopes are kept small.
const SESSIONS_PER_SCOPE: usize = 10;

type Service<S> =
    ConsensusService<ScopeID, InMemoryConsensusStorage<ScopeID>, BroadcastEventBus<ScopeID>, S>;

/// Proposals with their votes, made once for all runs.
pub struct Input {
    sessions: Vec<(ScopeID, Proposal, Vec<Vote>)>,
}

pub fn prepare<S: Numbered>(voters: u32, sessions: usize) -> Result<Input, ConsensusError> {
    let signers: Vec<S> = (1..=voters).map(S::numbered).collect();
    let session = |index: usize| -> Result<_, ConsensusError> {
        let proposal = CreateProposalRequest::new(
            format!("proposal {index}"),
            vec![0xab; 32],
            signers[0].identity().to_vec(),
            voters,
            3600,
            true,
        )?
        .into_proposal(NOW)?;
        let votes = signers
            .iter()
            .map(|signer| build_vote(&proposal, true, signer, NOW + 1))
            .collect::<Result<Vec<_>, _>>()?;
        Ok((
            format!("scope-{}", index / SESSIONS_PER_SCOPE),
            proposal,
            votes,
        ))
    };
    let sessions = (0..sessions).map(session).collect::<Result<_, _>>()?;
    Ok(Input { sessions })
}

fn process<S: Numbered>(
    service: &Service<S>,
    work: Vec<(ScopeID, Vec<Vote>)>,
) -> Result<(), ConsensusError> {
    for (scope, votes) in work {
        for vote in votes {
            service.process_incoming_vote(&scope, vote, NOW + 2)?;
        }
    }
    Ok(())
}

/// Copies of the input are made before the clock starts.
pub fn run<S: Numbered>(input: &Input, threads: usize) -> Result<Duration, ConsensusError> {
    let service: Service<S> = ConsensusService::new_with_components(
        InMemoryConsensusStorage::new(),
        BroadcastEventBus::default(),
        S::numbered(1),
        SESSIONS_PER_SCOPE,
    );
    let mut shares: Vec<Vec<(ScopeID, Vec<Vote>)>> = vec![Vec::new(); threads];
    for (index, (scope, proposal, votes)) in input.sessions.iter().enumerate() {
        service.process_incoming_proposal(scope, proposal.clone(), NOW + 1)?;
        shares[index % threads].push((scope.clone(), votes.clone()));
    }
    let begin = Instant::now();
    if threads == 1 {
        process(&service, shares.remove(0))?;
        return Ok(begin.elapsed());
    }
    thread::scope(|scope| {
        let running: Vec<_> = shares
            .into_iter()
            .map(|share| scope.spawn(|| process(&service, share)))
            .collect();
        running
            .into_iter()
            .try_for_each(|thread| thread.join().expect("no thread panics"))
    })?;
    Ok(begin.elapsed())
}
