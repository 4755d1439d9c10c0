import { describe, expect, it } from 'vitest'
import {
  BallotError,
  buildVote,
  type Circumstances,
  ConsensusCore,
  DEFAULT_SCOPE_CONFIG,
  decideCreation,
  decideIncomingProposal,
  decideIncomingVote,
  decideOwnVote,
  decideTimeout,
  GOSSIPSUB_CONFIG,
  type Proposal,
  type ScopeConfig,
  Session,
  type SessionFact,
  sessionsToEvict,
} from '../../../src/core/ballot/index.ts'
import { insecureSigner } from '../../../src/testing/index.ts'
import { proposalOf, voteOf, voter } from '../../support/ballot-messages.ts'

const at = (nowSec: bigint): Circumstances => ({ nowSec, verify: () => 'valid', schemeName: 'test' })

function evolved(session: Session, facts: readonly SessionFact[]): Session {
  for (const fact of facts) session.evolve(fact)
  return session
}

function begun(change: Partial<Proposal> = {}, scopeConfig?: ScopeConfig, nowSec = 1_000n): Session {
  const decision = decideIncomingProposal('s', proposalOf(change), undefined, scopeConfig, at(nowSec))
  return evolved(new Session(), decision.facts)
}

function codeOf(operation: () => unknown): string {
  try {
    operation()
  } catch (error) {
    if (error instanceof BallotError) return error.code
    throw error
  }
  return 'ok'
}

const p2p = (maxRounds: number | null): ScopeConfig => ({ ...DEFAULT_SCOPE_CONFIG, networkType: 'p2p', maxRounds })

describe('a session, ballots §3', () => {
  it('takes concurrent votes whose links fit no list', () => {
    const session = begun()
    const strange = voteOf(1, true, {})
    evolved(session, decideIncomingVote(session, strange, at(1_010n)).facts)
    expect(session.voteCount).toBe(1)
    expect(codeOf(() => decideIncomingVote(session, voteOf(1, false), at(1_011n)))).toBe('DuplicateVote')
  })

  it('tells owners apart by all their bytes', () => {
    // Neither is UTF-8, and both would read as the same text.
    const votes = [0xfe, 0xfd].map((last, voteId) => {
      const owner = insecureSigner(Buffer.of(0xff, last))
      return buildVote({ proposalId: 7 }, {}, { voteId, choice: true, nowSec: 1_010n }, owner)
    })
    expect(begun({ votes }, undefined, 1_010n).voteCount).toBe(2)
    const twice = votes.slice(0, 1).concat(votes.slice(0, 1))
    expect(codeOf(() => begun({ votes: twice }, undefined, 1_010n))).toBe('DuplicateVote')
  })

  it('fails at the round limit, as a fact and without an event', () => {
    const session = begun({}, p2p(1))
    evolved(session, decideIncomingVote(session, voteOf(1, true), at(1_010n)).facts)
    const decision = decideIncomingVote(session, voteOf(1, true), at(1_011n))
    expect(decision.refusal?.data).toEqual({ code: 'MaxRoundsExceeded', proposalId: 7, limit: 1 })
    expect(decision).toMatchObject({ facts: [{ type: 'RoundLimitReached' }], effects: [] })
    expect(evolved(session, decision.facts).state.status).toBe('failed')
    expect(codeOf(() => decideIncomingVote(session, voteOf(2, true), at(1_012n)))).toBe('SessionNotActive')
  })

  it('takes a vote at the very expiration only where that is not too late for the session', () => {
    const session = begun()
    expect(codeOf(() => decideIncomingVote(session, voteOf(1, true), at(1_060n)))).toBe('ProposalExpired')
    expect(codeOf(() => decideIncomingVote(session, voteOf(1, true), at(1_061n)))).toBe('VoteExpired')
  })

  it('gives one late vote of ours, and never the other choice', () => {
    const session = begun({ expectedVotersCount: 1 })
    evolved(session, decideIncomingVote(session, voteOf(1, true), at(1_010n)).facts)
    const cast = (choice: boolean, voteId: number) =>
      decideOwnVote(session, { voteId, choice, nowSec: 1_020n }, voter(2))
    const first = cast(false, 50)
    expect(first.facts).toMatchObject([{ type: 'LateVoteCast' }])
    expect(first.effects).toMatchObject([{ type: 'ConsensusReached', result: true }])
    evolved(session, first.facts)
    expect(session.voteCount).toBe(1)
    expect(cast(false, 51)).toMatchObject({ facts: [], answer: first.answer })
    expect(codeOf(() => cast(true, 52))).toBe('UserAlreadyVoted')
  })
})

describe('a timeout, ballots §5', () => {
  it('may come early, and comes once as a fact', () => {
    const session = begun({ expectedVotersCount: 2 })
    const decision = decideTimeout(session, 1_001n)
    expect(decision.facts.map(({ type }) => type)).toEqual(['DeadlinePassed', 'ConsensusFailed'])
    expect(decision.effects).toMatchObject([{ type: 'ConsensusFailed', timestamp: 1_001n }])
    evolved(session, decision.facts)
    const again = decideTimeout(session, 1_002n)
    expect(again).toMatchObject({ facts: [], effects: [{ type: 'ConsensusFailed', timestamp: 1_002n }] })
    expect(again.refusal?.code).toBe('InsufficientVotesAtTimeout')
  })

  it('repeats the result of a decided session, with the new time and without a fact', () => {
    const session = begun({ expectedVotersCount: 1 })
    evolved(session, decideIncomingVote(session, voteOf(1, false), at(1_010n)).facts)
    expect(decideTimeout(session, 1_099n)).toMatchObject({ facts: [], effects: [{ timestamp: 1_099n }], answer: false })
  })

  it('is due at the expiration, or where an override says how long', () => {
    const request = { ...proposalOf(), expirationSec: 60n }
    const deadline = (override?: typeof GOSSIPSUB_CONFIG) =>
      decideCreation('s', request, 1, { scopeConfig: undefined, override }, 1_000n).facts[0]
    expect(deadline()).toMatchObject({ deadlineSec: 1_060n })
    expect(deadline({ ...GOSSIPSUB_CONFIG, timeoutNs: 1_500_000_000n })).toMatchObject({ deadlineSec: 1_002n })
  })
})

describe('rounds, ballots §4', () => {
  it('p2p with two voters and a half takes one vote and is never decided by votes', () => {
    const session = begun({ expectedVotersCount: 2 }, { ...p2p(0), threshold: 0.5 })
    evolved(session, decideIncomingVote(session, voteOf(1, true), at(1_010n)).facts)
    expect(session.state).toMatchObject({ round: 2, status: 'active' })
    expect(decideIncomingVote(session, voteOf(2, true), at(1_011n)).refusal?.code).toBe('MaxRoundsExceeded')
  })

  it('gossipsub takes more voters than expected while undecided', () => {
    const session = begun({ expectedVotersCount: 3 }, { ...DEFAULT_SCOPE_CONFIG, threshold: 1 })
    for (const [n, choice] of [true, false, true, false].entries())
      evolved(session, decideIncomingVote(session, voteOf(n, choice), at(1_010n)).facts)
    expect(session.state).toMatchObject({ round: 2, yesVotes: 2, noVotes: 2, status: 'active' })
  })
})

describe('state', () => {
  it('is frozen, a new value for each change, and can be shown as it was', () => {
    const session = begun()
    const before = session.state
    evolved(session, decideIncomingVote(session, voteOf(1, true), at(1_010n)).facts)
    expect(session.state).not.toBe(before)
    expect(Object.isFrozen(session.state) && Object.isFrozen(session.state.config)).toBe(true)
    expect(session.proposalAt(before)).toMatchObject({ round: 1, votes: [] })
    expect(session.proposalAt()).toMatchObject({ round: 2, votes: [{ voteId: 1 }] })
  })

  it('gives up the oldest sessions, and a new one that is older than all, ballots §6', () => {
    const sessions = [1_003n, 1_001n, 1_002n, 1_001n].map((nowSec) => begun({}, undefined, nowSec))
    const evicted = (limit: number) => sessionsToEvict(sessions, limit).map((one) => sessions.indexOf(one))
    expect(evicted(4)).toEqual([])
    expect(evicted(3)).toEqual([1])
    expect(evicted(1)).toEqual([1, 3, 2])
    expect(evicted(0)).toEqual([1, 3, 2, 0])
  })
})

describe('requests, ballots §6', () => {
  it.each([
    [{ expectedVotersCount: 0 }, 'InvalidExpectedVotersCount'],
    [{ expectedVotersCount: 1.5 }, 'InvalidExpectedVotersCount'],
    [{ expectedVotersCount: 2 ** 32 }, 'InvalidExpectedVotersCount'],
    [{ expectedVotersCount: Number.NaN, expirationSec: 0n }, 'InvalidExpectedVotersCount'],
    [{ expirationSec: 0n }, 'InvalidTimeout'],
    [{ expirationSec: 2n ** 70n }, 'ok'],
  ])('%o gives %s', (change, code) => {
    const request = { ...proposalOf(), expirationSec: 60n, ...change }
    const settings = { scopeConfig: undefined, override: undefined }
    expect(codeOf(() => decideCreation('s', request, 1, settings, 1_000n))).toBe(code)
  })
})

const ids = (core: ConsensusCore): number[] => core.sessions('s').map(({ proposalId }) => proposalId)

describe('the sessions that a scope keeps, ballots §6', () => {
  const signer = insecureSigner(new Uint8Array(20).fill(11))

  it('are the newest, and the evicted are told', () => {
    const core = new ConsensusCore({ signer, maxSessionsPerScope: 2 })
    const evictedBy = (proposalId: number, nowSec: bigint) =>
      core
        .processIncomingProposal('s', proposalOf({ proposalId }), { nowSec })
        .facts.flatMap((it) => (it.fact.type === 'SessionEvicted' ? [it.proposalId] : []))
    expect([evictedBy(1, 1_005n), evictedBy(2, 1_003n)]).toEqual([[], []])
    expect(ids(core)).toEqual([1, 2])
    expect(evictedBy(3, 1_004n)).toEqual([2])
    // Older than all that are kept: it goes itself.
    expect(evictedBy(4, 1_001n)).toEqual([4])
    expect(ids(core)).toEqual([1, 3])
  })

  it('are ten by default', () => {
    const core = new ConsensusCore({ signer })
    for (let proposalId = 1; proposalId <= 12; proposalId += 1) {
      core.processIncomingProposal('s', proposalOf({ proposalId }), { nowSec: 1_000n + BigInt(proposalId) })
    }
    expect(ids(core)).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
  })
})
