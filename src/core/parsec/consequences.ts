/**
 * @module core/parsec/consequences
 *
 * What follows from a decision: blocks with their proofs (parsec §2), and the changes of the section (§5(f), §8),
 * and where the group ends in a checkpoint.
 */

import type { Observation, PeerId } from '../../wire/canonical/types.ts'
import type { Decision } from './election/election.ts'
import type { KeyIndex, OpenKey } from './election/keys.ts'
import type { Voters } from './election/voters.ts'
import type { Block, Proof } from './facts.ts'
import { type EventIndex, NONE, type PeerIndex } from './graph/graph.ts'
import { DKG, VOTE } from './membership/peer-state.ts'
import type { State } from './state.ts'
import { mayVoid, voidKeys } from './void-keys.ts'

/** Makes the blocks, applies the changes in order, and gives the voters of the next election, those of this one if it is the same set; null: we were removed. */
export function applyDecision<P>(state: State<P>, decision: Decision): Voters | null {
  const before = state.election.voters
  const voters = new Set(before.peers)
  let isVoiding = false
  for (const key of decision.keys) {
    const open = state.keys.open(key)
    if (open === undefined) continue
    const observation = state.observationAt(open.votes[0] ?? NONE)
    queueBlock(state, before, open, observation)
    state.keys.decide(key)
    if (state.stronger) state.checkpoints.decided.push(key)
    changeVoters(state, observation, decision, voters)
    isVoiding ||= mayVoid(observation)
  }
  if (isVoiding) voidKeys(state)
  const isSame = voters.size === before.count && before.peers.every((peer) => voters.has(peer))
  const after = isSame ? before : state.votersOf([...voters])
  if (state.stronger) state.checkpoints.noteGroup({ before, after, elections: state.election.number + 1 }, state.self)
  return state.peers.removedAt(state.self) === NONE ? after : null
}

/** parsec §2: no block without a vote of a voter, nor for what is internal. Of an undecided key. */
export function makesBlock<P>(state: State<P>, voters: Voters, key: KeyIndex): boolean {
  const votes = state.keys.open(key)?.votes ?? []
  if (!votes.some((vote) => voters.has(state.graph.creatorOf(vote)))) return false
  return !isInternal(state.observationAt(votes[0] ?? NONE))
}

function isInternal<P>({ type }: Observation<P>): boolean {
  return type === 'StartDkg' || type === 'DkgMessage'
}

/** parsec §2: one proof per voter, the first inserted, in order of id. No proof, no block; nor for what is internal. */
function queueBlock<P>(state: State<P>, voters: Voters, open: OpenKey, observation: Observation<P>): void {
  if (isInternal(observation)) return
  // Seats are in order of id.
  const firsts: EventIndex[] = []
  for (const vote of open.votes) {
    const seat = voters.seatOf(state.graph.creatorOf(vote))
    if (seat >= 0) firsts[seat] ??= vote
  }
  const proofs: Proof[] = []
  firsts.forEach((vote, seat) => {
    proofs.push({ id: state.peers.idOf(voters.peers[seat] as PeerIndex), signature: voteSignature(state, vote) })
  })
  if (proofs.length === 0) return
  const block: Block<P> = { payload: observation, hash: state.keys.hashOf(open.key).slice(), proofs }
  const mode = open.voter === NONE ? 'supermajority' : 'single'
  state.blocks.push({ block, mode, key: open.key })
  if (state.stronger) state.checkpoints.blocks.push(open.key)
}

/** It stands just before the event's own signature. */
function voteSignature<P>(state: State<P>, event: EventIndex): Uint8Array {
  const { signatureBytes } = state.group.format
  const bytes = state.graph.bytesOf(event)
  return bytes.slice(bytes.length - 2 * signatureBytes, bytes.length - signatureBytes)
}

function changeVoters<P>(
  state: State<P>,
  observation: Observation<P>,
  { event: at, firsts }: Decision,
  voters: Set<PeerIndex>,
): void {
  switch (observation.type) {
    case 'Add':
      admitVoter(state, observation.peerId, voters, firsts)
      return
    case 'Remove':
      removePeer(state, observation.peerId, at, voters)
      return
    case 'Accusation':
      removePeer(state, observation.offender, at, voters)
      return
    case 'StartDkg':
      state.checkpoints.noteGeneration()
      for (const id of observation.participants) admit(state, id, DKG, firsts)
      return
    case 'Genesis':
    case 'OpaquePayload':
    case 'DkgResult':
    case 'DkgMessage':
      return
    default:
      observation satisfies never
  }
}

function admitVoter<P>(state: State<P>, id: PeerId, voters: Set<PeerIndex>, firsts: readonly EventIndex[]): void {
  const peer = admit(state, id, VOTE, firsts)
  // parsec §8: in the reference a removed peer becomes a voter that can never speak; Stronger: it changes nothing.
  if (state.peers.removedAt(peer) === NONE || !state.stronger) voters.add(peer)
}

function admit<P>(
  state: State<P>,
  id: PeerId,
  flag: typeof VOTE | typeof DKG,
  firsts: readonly EventIndex[],
): PeerIndex {
  const peer = state.addPeer(id, 0)
  // An election may end at an event from before the one that ended the election before it.
  state.peers.admit(peer, flag, state.self, firsts, state.graph.size - 1)
  return peer
}

/** parsec §8: of an unknown peer it changes nothing; a known peer's flags become none. Only who took part is gone for good. */
function removePeer<P>(state: State<P>, id: PeerId, at: EventIndex, voters: Set<PeerIndex>): void {
  const peer = state.peers.find(id)
  if (peer === NONE) return
  voters.delete(peer)
  state.peers.remove(peer, state.stronger && !state.peers.isAdmitted(peer) ? NONE : at)
}
