/**
 * ballots §8.10, §8.11: bounds, early votes, eviction, and sessions that are in the log only.
 */
import { describe, expect, it } from 'vitest'
import { EarlyVotes } from '../../../src/core/ballot/safe/early-votes.ts'
import { buildSafeProposal, signVote } from '../../../src/core/ballot/safe/propose.ts'
import { QuorumScope, type QuorumScopeOptions } from '../../../src/core/ballot/safe/quorum/scope.ts'
import {
  CREATED_SEC,
  codeOf,
  EXPIRY_SEC,
  propose,
  quickScheme,
  quickSigner,
  quickSigners,
} from '../../support/safe-ballots.ts'

const NOW = CREATED_SEC + 10
const four = quickSigners(4)
const [alice, bob, carol] = four as [(typeof four)[0], (typeof four)[0], (typeof four)[0]]
const scopeOf = (options: Partial<QuorumScopeOptions> = {}): QuorumScope =>
  new QuorumScope({ scope: 'treasury', groupId: null, scheme: quickScheme, ...options })

describe('sizes', () => {
  it('takes a name of 256 bytes, a payload of 64 KiB, and no more', () => {
    expect(propose(four, { name: 'n'.repeat(256), payload: new Uint8Array(65_536) }).bytes.length).toBeGreaterThan(
      65_536,
    )
    expect(codeOf(() => propose(four, { name: 'n'.repeat(257) }))).toBe('ProposalTooLarge')
    expect(codeOf(() => propose(four, { name: 'ü'.repeat(129) }))).toBe('ProposalTooLarge')
    expect(codeOf(() => propose(four, { scope: 's'.repeat(257) }))).toBe('ProposalTooLarge')
    expect(codeOf(() => propose(four, { payload: new Uint8Array(65_537) }))).toBe('ProposalTooLarge')
  })

  it('keeps a proposal within what the group takes as a payload', () => {
    const { proposal, bytes } = propose(four)
    const { nonce } = proposal
    const again = (maxBytes: number) => buildSafeProposal(proposal, alice, { nonce, maxBytes })
    expect(again(bytes.length).bytes).toEqual(bytes)
    expect(codeOf(() => again(bytes.length - 1))).toBe('ProposalTooLarge')
  })

  it.each([
    ['InvalidConsensusThreshold', { threshold: 1.01 }],
    ['InvalidConsensusThreshold', { threshold: -0.1 }],
    ['InvalidConsensusThreshold', { threshold: Number.NaN }],
    ['InvalidTimeout', { expirySec: CREATED_SEC }],
    ['InvalidTimeout', { createdSec: 0.5 }],
    ['InvalidTimeout', { createdSec: -1 }],
    ['InvalidProposal', { name: '\ud800' }],
    ['InvalidProposal', { groupId: new Uint8Array(31) }],
    ['InvalidProposal', { roster: { type: 'Listed', keys: [new Uint8Array(5)] } }],
    ['InvalidProposal', { roster: { type: 'VotersBefore', position: 1 } }],
    ['InvalidProposal', { roster: { type: 'VotersAtOpening' }, groupId: new Uint8Array(32) }],
    ['InvalidProposal', { finality: { type: 'ordered', fromPosition: 0 } }],
  ] as const)('%s for %o', (code, draft) => {
    expect(codeOf(() => propose(four, draft))).toBe(code)
  })
})

describe('time', () => {
  it('takes a proposal made 120 s ahead of our clock, and any past one', () => {
    expect(codeOf(() => scopeOf().openProposal(propose(four), CREATED_SEC - 121))).toBe('ClockSkewTooLarge')
    expect(codeOf(() => scopeOf().openProposal(propose(four), CREATED_SEC - 120))).toBeUndefined()
    expect(codeOf(() => scopeOf().openProposal(propose(four), CREATED_SEC * 2))).toBeUndefined()
  })
})

describe('open proposals of one owner', () => {
  it('are 100 at most; expired and decided ones leave room', () => {
    const scope = scopeOf()
    const proposals = Array.from({ length: 100 }, () => propose(four))
    for (const proposal of proposals) scope.openProposal(proposal, NOW)
    const [first, second] = proposals as [(typeof proposals)[0], (typeof proposals)[0]]
    const open = () => codeOf(() => scope.openProposal(propose(four), NOW))
    expect(open()).toBe('TooManyOpenProposals')
    expect(codeOf(() => scope.openProposal(propose(four, {}, bob), NOW))).toBeUndefined()
    expect(codeOf(() => scope.openProposal(first, NOW))).toBeUndefined()
    scope.passDeadline(first.id, EXPIRY_SEC)
    expect(open()).toBeUndefined()
    expect(open()).toBe('TooManyOpenProposals')
    for (const signer of [alice, bob, carol]) scope.castVote(second.id, true, signer)
    expect(open()).toBeUndefined()
    expect(open()).toBe('TooManyOpenProposals')
    // One that had expired before it came is never open.
    expect(codeOf(() => scope.openProposal(propose(four, { createdSec: 1, expirySec: 2 }), NOW))).toBeUndefined()
  })
})

describe('votes before their proposal', () => {
  it('count when it comes, and make the decision there and then', () => {
    const scope = scopeOf()
    const proposal = propose(four)
    for (const signer of [quickSigner(50), alice, bob, carol]) {
      expect(scope.receiveVote(signVote(proposal.id, true, signer)).facts).toEqual([])
    }
    const { facts } = scope.openProposal(proposal, NOW)
    const accepted = 'SafeVoteAccepted'
    const types = ['SafeProposalOpened', accepted, accepted, accepted, 'SafeDecisionReached']
    expect(facts.map(({ type }) => type)).toEqual(types)
    expect(scope.earlyVotes).toBe(0)
  })

  it('are 1,000 at most, each once, the oldest dropped; one that does not verify takes no place', () => {
    const scope = scopeOf()
    const proposal = propose(four)
    const bad = { ...signVote(proposal.id, true, bob), signature: new Uint8Array(12) }
    expect(codeOf(() => scope.receiveVote(bad))).toBe('InvalidVoteSignature')
    scope.receiveVote(signVote(proposal.id, true, alice))
    scope.receiveVote(signVote(proposal.id, true, bob))
    for (let i = 0; i < 999; i += 1) scope.receiveVote(signVote(new Uint8Array(32), true, quickSigner(100 + i)))
    scope.receiveVote(signVote(proposal.id, true, bob))
    expect(scope.earlyVotes).toBe(1000)
    scope.openProposal(proposal, NOW)
    expect(scope.session(proposal.id).view()).toMatchObject({ yes: 1 })
    expect(scope.session(proposal.id).holds(bob.identity, true)).toBe(true)
  })
})

describe('a bound of early votes', () => {
  it.each([0, 1, 2])('of %i holds so many', (maxVotes) => {
    const early = new EarlyVotes(maxVotes)
    const votes = [alice, bob, carol].map((signer) => signVote(new Uint8Array(32), true, signer))
    for (const vote of votes) early.hold(vote)
    expect(early.size).toBe(maxVotes)
    expect(early.take(new Uint8Array(32))).toEqual(votes.slice(votes.length - maxVotes))
    expect(early.size).toBe(0)
  })
})

const decide = (scope: QuorumScope) => {
  const proposal = propose(four)
  scope.openProposal(proposal, NOW)
  const facts = [alice, bob, carol].flatMap((signer) => scope.castVote(proposal.id, false, signer).step.facts)
  return { proposal, facts }
}

describe('eviction', () => {
  it('is of the settled only, and they never open again', () => {
    const scope = scopeOf()
    const open = propose(four)
    scope.openProposal(open, NOW)
    expect(codeOf(() => scope.evict(open.id))).toBe('NotSettled')
    scope.passDeadline(open.id, EXPIRY_SEC)
    expect(codeOf(() => scope.evict(open.id))).toBe('NotSettled')
    const { proposal } = decide(scope)
    expect(scope.evict(proposal.id).facts).toEqual([{ type: 'SafeSessionEvicted', proposalId: proposal.id }])
    expect(scope.openProposal(proposal, NOW).facts).toEqual([])
    expect(scope.receiveVote(signVote(proposal.id, true, bob)).facts).toEqual([])
    expect(scope.earlyVotes).toBe(0)
    expect(scope.decisionOf(proposal.id)).toBe(false)
    expect(codeOf(() => scope.castVote(proposal.id, true, alice))).toBe('SessionNotFound')
  })

  it('makes room for new decisions, oldest first, as a fact', () => {
    const scope = scopeOf({ limits: { maxSettled: 2 } })
    const [first] = [decide(scope), decide(scope)]
    const third = decide(scope)
    expect(third.facts.at(-1)).toEqual({ type: 'SafeSessionEvicted', proposalId: first?.proposal.id })
    expect(scope.sessions()).toHaveLength(2)
  })
})

describe('sessions in the log only', () => {
  it('are expired ones; a vote waits until they are loaded, and then decides', () => {
    const scope = scopeOf()
    const proposal = propose(four)
    const facts = [
      ...scope.openProposal(proposal, NOW).facts,
      ...scope.castVote(proposal.id, true, alice).step.facts,
      ...scope.castVote(proposal.id, true, bob).step.facts,
    ]
    expect(scope.unload(proposal.id)).toBe(false)
    facts.push(...scope.passDeadline(proposal.id, EXPIRY_SEC).facts)
    expect(scope.unload(proposal.id)).toBe(true)
    expect(scope.residence(proposal.id)).toBe('unloaded')
    const vote = signVote(proposal.id, true, carol)
    expect(codeOf(() => scope.receiveVote(vote))).toBe('SessionUnloaded')
    expect(codeOf(() => scope.castVote(proposal.id, false, alice))).toBe('SessionUnloaded')
    expect(scope.openProposal(proposal, NOW).facts).toEqual([])
    for (const fact of facts) scope.evolve(fact)
    expect(codeOf(() => scope.castVote(proposal.id, false, alice))).toBe('UserAlreadyVoted')
    scope.receiveVote(vote)
    expect(scope.decisionOf(proposal.id)).toBe(true)
  })
})
