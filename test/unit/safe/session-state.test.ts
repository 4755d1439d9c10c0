/** ballots §8.4: what a session shows, as its facts make it, in both finalities; and its facts through the log. */
import { describe, expect, it } from 'vitest'
import { toHex } from '../../../src/base/text.ts'
import { safeFactFromJson, safeFactToJson } from '../../../src/core/ballot/safe/fact-codec.ts'
import { orderedFactOf } from '../../../src/core/ballot/safe/ordered/facts.ts'
import { OrderedFold } from '../../../src/core/ballot/safe/ordered/fold.ts'
import { signVote } from '../../../src/core/ballot/safe/propose.ts'
import { QuorumScope } from '../../../src/core/ballot/safe/quorum/scope.ts'
import { proposalIdOf, type SafeFact, SafeSession } from '../../../src/core/ballot/safe/session.ts'
import { strictVerifier } from '../../../src/core/ballot/safe/verifier.ts'
import type { JsonObject } from '../../../src/ports/event-log.ts'
import { encodeSafeVote } from '../../../src/wire/ballot/index.ts'
import { encodePayload } from '../../../src/wire/payload.ts'
import {
  CREATED_SEC,
  EXPIRY_SEC,
  GROUP,
  propose,
  proposeOrdered,
  quickScheme,
  quickSigners,
} from '../../support/safe-ballots.ts'

const signers = quickSigners(4)
const keys = signers.map(({ identity }) => identity)

/** Through the log, and back. */
function sessionOf(facts: readonly SafeFact[]): SafeSession {
  const session = new SafeSession(quickScheme)
  for (const fact of facts) {
    session.evolve(safeFactFromJson(fact.type, JSON.parse(JSON.stringify(safeFactToJson(fact))) as JsonObject))
  }
  return session
}

describe('a session of finality quorum', () => {
  const signed = propose(signers)
  const scope = new QuorumScope({ scope: 'treasury', groupId: null, scheme: quickScheme })
  const opened = scope.openProposal(signed, CREATED_SEC).facts
  const votes = [...signers]
    .slice(0, 3)
    .flatMap((signer, i) => scope.receiveVote(signVote(signed.id, i !== 1, signer)).facts)

  it('is open, with its terms', () => {
    expect(sessionOf(opened).state).toEqual({
      scope: 'treasury',
      proposalId: toHex(signed.id),
      name: 'buy a bell',
      owner: toHex(keys[0] as Uint8Array),
      finality: 'quorum',
      phase: 'open',
      outcome: null,
      yes: 0,
      no: 0,
      rosterSize: 4,
      roster: 'listed',
      quorum: 3,
      createdSec: CREATED_SEC,
      deadlineSec: EXPIRY_SEC,
      votesDigest: '0000000000000000',
      settledAt: null,
      isGone: false,
    })
    const session = sessionOf(opened)
    expect(proposalIdOf(session.state)).toEqual(signed.id)
    expect(session.signed.bytes).toEqual(signed.bytes)
    expect(Object.isFrozen(session.state)).toBe(true)
    expect(() => new SafeSession(quickScheme).state).toThrow(/begins with its proposal/)
    expect([new SafeSession(quickScheme).isGone, session.isGone]).toEqual([true, false])
  })

  it('counts votes, with a digest of the set whatever their order and however often they come', () => {
    const session = sessionOf([...opened, ...votes])
    expect(session.state).toMatchObject({ yes: 2, no: 1, phase: 'open', outcome: null })
    expect(session.factCount).toBe(4)
    const other = sessionOf([...opened, ...[...votes].reverse(), ...votes])
    expect(other.state.votesDigest).toBe(session.state.votesDigest)
    expect(session.state.votesDigest).not.toBe('0000000000000000')
    const fewer = sessionOf([...opened, ...votes.slice(0, 2)])
    expect(fewer.state.votesDigest).not.toBe(session.state.votesDigest)
  })

  it('expires without a decision, is decided by a quorum also then, and is gone at the end', () => {
    const proposalId = signed.id
    const expired = sessionOf([...opened, ...votes, { type: 'SafeSessionExpired', proposalId }])
    expect(expired.state).toMatchObject({ phase: 'expired', outcome: null })
    const decisive = scope.receiveVote(signVote(signed.id, true, signers[3] as (typeof signers)[number])).facts
    expect(decisive.map(({ type }) => type)).toEqual(['SafeVoteAccepted', 'SafeDecisionReached'])
    const decided = sessionOf([...opened, ...votes, { type: 'SafeSessionExpired', proposalId }, ...decisive])
    expect(decided.state).toMatchObject({ phase: 'settled', outcome: 'yes', yes: 3 })
    const late = sessionOf([...opened, ...votes, ...decisive, { type: 'SafeSessionExpired', proposalId }])
    expect(late.state).toMatchObject({ phase: 'settled', outcome: 'yes' })
    for (const type of ['SafeSessionEvicted', 'SafeSessionDeleted'] as const) {
      const gone = sessionOf([...opened, ...votes, ...decisive, { type, proposalId }])
      expect([gone.isGone, gone.state.isGone, gone.state.outcome]).toEqual([true, true, 'yes'])
    }
  })

  it('has no more than so many open at once, of all owners together', () => {
    const small = new QuorumScope({
      scope: 'treasury',
      groupId: null,
      scheme: quickScheme,
      limits: { maxOpen: 2, maxOpenPerOwner: 2 },
    })
    for (const owner of signers.slice(0, 2)) small.openProposal(propose(signers, {}, owner), CREATED_SEC)
    expect(() => small.openProposal(propose(signers, {}, signers[2]), CREATED_SEC)).toThrow(/open proposals already/)
    small.openProposal(propose(signers, { expirySec: CREATED_SEC + 1 }, signers[2]), CREATED_SEC + 1)
    expect(small.sessions()).toHaveLength(3)
  })
})

describe('a session of finality ordered', () => {
  const signed = proposeOrdered(signers, { roster: { type: 'VotersAtOpening' } })
  const fold = new OrderedFold({ groupId: GROUP, format: quickScheme, verifier: strictVerifier(quickScheme) })
  const facts: SafeFact[] = []
  const block = (position: number, payload: Uint8Array, voter: Uint8Array | null): void => {
    for (const notice of fold.fold({ position, payload, voter }, () => keys)) {
      const fact = orderedFactOf(notice, position)
      if (fact !== undefined) facts.push(fact)
    }
  }
  const vote = (i: number, choice: boolean): Uint8Array =>
    encodePayload('ballotVote', encodeSafeVote(signVote(signed.id, choice, signers[i] as (typeof signers)[number])))

  it('is what the order made of it, block by block; proofs and void blocks are no facts of it', () => {
    const voter = keys[0] as Uint8Array
    block(3, vote(0, true), voter)
    block(4, encodePayload('ballotProposal', signed.bytes), voter)
    block(5, vote(0, true), voter)
    block(6, vote(0, false), voter)
    block(7, vote(1, false), voter)
    expect(sessionOf(facts).state).toMatchObject({
      finality: 'ordered',
      roster: 'group',
      rosterSize: 4,
      phase: 'open',
      yes: 1,
      no: 1,
      settledAt: null,
    })
    expect(() => sessionOf(facts).votes).toThrow(/finality quorum/)
    block(8, encodePayload('close', signed.id), null)
    expect(sessionOf(facts).state).toMatchObject({ phase: 'settled', outcome: 'no', settledAt: 8 })
    expect(facts.map((fact) => [fact.type, 'position' in fact ? fact.position : -1])).toEqual([
      ['OrderedSessionOpened', 4],
      ['OrderedVoteCounted', 5],
      ['OrderedVoteCounted', 7],
      ['OrderedSessionSettled', 8],
    ])
    expect(() => sessionOf([...facts, ...facts.slice(3)])).toThrow(/settled twice/)
  })
})
