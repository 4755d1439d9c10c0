/**
 * @module core/parsec/checkpoint/load-base
 *
 * Puts a peer that has nothing yet where a base says (parsec §8): the order up to its checkpoint is decided, and stubs stand
 * for the graph before it.
 *
 * Assumes: the base was verified; see verify-base.ts.
 */

import type { Bytes } from '../../../base/bytes.ts'
import { present } from '../../../base/errors.ts'
import { type CheckpointBase, decodeStubs } from '../../../wire/checkpoint/base.ts'
import { decodeCheckpointProof } from '../../../wire/checkpoint/proof.ts'
import { decodeStatement } from '../../../wire/checkpoint/statement.ts'
import { NONE, type PeerIndex } from '../graph/graph.ts'
import type { State } from '../state.ts'
import { REMOVED, VOTES_NOW, WAS_VOTER } from './digest.ts'
import { mayTakePart } from './may-take-part.ts'

export function loadBase<P>(state: State<P>, base: CheckpointBase): void {
  const { path } = decodeCheckpointProof(base.proof, state.group.format)
  const last = present(path.at(-1), 'a path leads somewhere')
  const statement = decodeStatement(last.statement, state.group.format)
  const peers = restorePeers(state, base)
  restoreDecided(state, base)
  const isChange = path.length === statement.epoch
  state.checkpoints.inherited = isChange ? path : path.slice(0, -1)
  state.checkpoints.startAt(statement, base.generations)
  state.blocks.startAt(statement.position)
  restoreStubs(state, base.stubs, peers)
  const voters = state.votersOf(statement.nextVoters.map((id) => state.peers.find(id)))
  state.election.startAt(voters, base.elections)
  state.mayBeAdmitted = mayTakePart(base, state.peers.idOf(state.self), state.group)
}

/** By place in the standings. */
function restorePeers<P>(state: State<P>, { standings }: CheckpointBase): readonly PeerIndex[] {
  return standings.map(({ id, flags }) => {
    const peer = state.addPeer(id, 0)
    const has = (flag: number): boolean => (flags & flag) !== 0
    state.peers.restore(peer, { votes: has(VOTES_NOW), wasVoter: has(WAS_VOTER), isRemoved: has(REMOVED) })
    return peer
  })
}

function restoreDecided<P>({ keys, peers, checkpoints }: State<P>, { decided, blocks }: CheckpointBase): void {
  for (const [i, { hash, voter }] of decided.entries()) {
    const key = keys.intern(hash, voter === null ? NONE : peers.find(voter))
    keys.decide(key)
    if (isBlock(blocks, i)) checkpoints.blocks.push(key)
    checkpoints.decided.push(key)
  }
}

export function isBlock(blocks: Bytes, i: number): boolean {
  return (((blocks[i >> 3] ?? 0) >> (i & 7)) & 1) === 1
}

function restoreStubs<P>(state: State<P>, bytes: Bytes, peers: readonly PeerIndex[]): void {
  for (const { hash, creator, index, known, open } of decodeStubs(bytes)) {
    const peer = present(peers[creator], 'creators of stubs have a standing')
    const last = Array.from({ length: state.peers.count }, () => -1)
    for (const [place, count] of known.entries()) last[present(peers[place], 'so have those they know')] = count - 1
    state.graph.insertStub({ hash, creator: peer, index, last })
    state.answers.grow()
    if (open !== null) {
      const by = present(peers[open.by], 'who is asked has a standing')
      state.answers.open(by, open.awaits === 'response' ? open.request : null)
    }
    state.peers.heardFrom(peer)
  }
}
