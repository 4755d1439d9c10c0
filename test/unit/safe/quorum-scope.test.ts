import { describe, expect, it } from 'vitest'
import { utf8 } from '../../../src/base/bytes.ts'
import { present } from '../../../src/base/errors.ts'
import { safeFactFromJson, safeFactToJson } from '../../../src/core/ballot/safe/fact-codec.ts'
import { buildSafeProposal, signVote } from '../../../src/core/ballot/safe/propose.ts'
import type { QuorumFact } from '../../../src/core/ballot/safe/quorum/facts.ts'
import { QuorumScope, type QuorumScopeOptions } from '../../../src/core/ballot/safe/quorum/scope.ts'
import type { JsonObject } from '../../../src/ports/event-log.ts'
import type { SignedProposal } from '../../../src/wire/ballot/index.ts'
import {
  CREATED_SEC,
  codeOf,
  EXPIRY_SEC,
  GROUP,
  propose,
  proposeOrdered,
  quickScheme,
  quickSigner,
  quickSigners,
} from '../../support/safe-ballots.ts'

const NOW = CREATED_SEC + 10
const four = quickSigners(4)
const [alice, bob, carol, dave] = four as [(typeof four)[0], (typeof four)[0], (typeof four)[0], (typeof four)[0]]
const stranger = quickSigner(99)

const scopeOf = (options: Partial<QuorumScopeOptions> = {}): QuorumScope =>
  new QuorumScope({ scope: 'treasury', groupId: null, scheme: quickScheme, ...options })

/** The log of a scope: its steps' facts, through JSON. */
const replayed = (facts: readonly QuorumFact[], options: Partial<QuorumScopeOptions> = {}): QuorumScope => {
  const scope = scopeOf(options)
  for (const fact of facts) {
    const json = JSON.parse(JSON.stringify(safeFactToJson(fact))) as JsonObject
    scope.evolve(safeFactFromJson(fact.type, json) as QuorumFact)
  }
  return scope
}
const viewOf = (scope: QuorumScope, { id }: SignedProposal) => scope.session(id).view()

describe('the owner and the roster (ballots §8.1)', () => {
  it('takes an owner in the roster, or a proposer that the scope names, and nobody else', () => {
    const foreign = propose(four, {}, stranger)
    expect(codeOf(() => scopeOf().openProposal(foreign, NOW))).toBe('VoterNotEligible')
    const scope = scopeOf({ proposers: [stranger.identity] })
    scope.openProposal(foreign, NOW)
    expect(scope.session(foreign.id).phase).toBe('open')
    expect(codeOf(() => scope.castVote(foreign.id, true, stranger))).toBe('VoterNotEligible')
  })

  it('refuses a vote from outside the roster, and keeps nothing of it', () => {
    const scope = scopeOf()
    const proposal = propose(four)
    scope.openProposal(proposal, NOW)
    expect(codeOf(() => scope.receiveVote(signVote(proposal.id, true, stranger)))).toBe('VoterNotEligible')
    expect(viewOf(scope, proposal)).toMatchObject({ yes: 0, no: 0 })
  })

  it('refuses to make a roster of none, of a doubled key, or of more than 10,000', () => {
    expect(codeOf(() => propose([], {}, alice))).toBe('InvalidRoster')
    expect(codeOf(() => propose([alice, bob, alice]))).toBe('InvalidRoster')
    expect(codeOf(() => propose(quickSigners(10_001)))).toBe('InvalidRoster')
    expect(propose(quickSigners(10_000)).proposal.roster).toMatchObject({ type: 'Listed' })
  })

  it('takes the voters of the group before a position, keeps them in the fact, and waits for a position to come', () => {
    const draft = { groupId: GROUP, roster: { type: 'VotersBefore', position: 12 } } as const
    const proposal = propose(four, draft)
    const asked: number[] = []
    const votersBefore = (position: number) => {
      asked.push(position)
      return four.map(({ identity }) => identity)
    }
    expect(codeOf(() => scopeOf({ groupId: GROUP }).openProposal(proposal, NOW))).toBe('RosterUnknown')
    const scope = scopeOf({ groupId: GROUP, votersBefore })
    const { facts } = scope.openProposal(proposal, NOW)
    expect(asked).toEqual([12])
    const again = replayed(facts, { groupId: GROUP })
    expect(viewOf(again, proposal)).toEqual(viewOf(scope, proposal))
    expect(again.session(proposal.id).roster.size).toBe(4)
  })

  it('refuses voters of the group that are none, doubled, or keys of another scheme', () => {
    const proposal = propose(four, { groupId: GROUP, roster: { type: 'VotersBefore', position: 0 } })
    const openWith = (keys: readonly Uint8Array[]) => () =>
      scopeOf({ groupId: GROUP, votersBefore: () => keys }).openProposal(proposal, NOW)
    expect(codeOf(openWith([]))).toBe('InvalidRoster')
    expect(codeOf(openWith([alice.identity, alice.identity]))).toBe('InvalidRoster')
    expect(codeOf(openWith([alice.identity, new Uint8Array(5)]))).toBe('InvalidRoster')
  })
})

describe('what is signed is for one place only (ballots §8.2)', () => {
  const proposal = propose(four)

  it('refuses a proposal of another scope, group or finality', () => {
    expect(codeOf(() => scopeOf({ scope: 'kitchen' }).openProposal(proposal, NOW))).toBe('ForeignProposal')
    expect(codeOf(() => scopeOf({ groupId: GROUP }).openProposal(proposal, NOW))).toBe('ForeignProposal')
    const ofGroup = propose(four, { groupId: GROUP })
    expect(codeOf(() => scopeOf().openProposal(ofGroup, NOW))).toBe('ForeignProposal')
    const other = new Uint8Array(32).fill(8)
    expect(codeOf(() => scopeOf({ groupId: other }).openProposal(ofGroup, NOW))).toBe('ForeignProposal')
    expect(codeOf(() => scopeOf({ groupId: GROUP }).openProposal(proposeOrdered(four), NOW))).toBe('WrongFinality')
  })

  it('gives the same draft another id, and so other votes, in another scope, group, roster, or with another nonce', () => {
    const draft = {
      scope: 'treasury',
      groupId: GROUP,
      name: 'a',
      payload: utf8('b'),
      roster: { type: 'Listed', keys: four.map(({ identity }) => identity) },
      finality: { type: 'quorum' },
      createdSec: 1,
      expirySec: 2,
    } as const
    const nonce = new Uint8Array(16)
    const idOf = (change: object, options = { nonce }): string =>
      buildSafeProposal({ ...draft, ...change }, alice, options).id.join(',')
    const ids = [
      idOf({}),
      idOf({ scope: 'kitchen' }),
      idOf({ groupId: null }),
      idOf({ groupId: new Uint8Array(32) }),
      idOf({ name: 'A' }),
      idOf({ payload: utf8('B') }),
      idOf({ roster: { type: 'Listed', keys: four.slice(1).map(({ identity }) => identity) } }),
      idOf({ roster: { type: 'VotersBefore', position: 1 } }),
      idOf({ createdSec: 0 }),
      idOf({ expirySec: 3 }),
      idOf({ threshold: 0.9 }),
      idOf({ livenessCriteriaYes: true }),
      idOf({ finality: { type: 'ordered', fromPosition: 0 } }),
      idOf({}, { nonce: new Uint8Array(16).fill(1) }),
    ]
    expect(new Set(ids).size).toBe(ids.length)
    const shuffled = { type: 'Listed', keys: [dave, alice, carol, bob].map(({ identity }) => identity) }
    expect(idOf({ roster: shuffled })).toBe(ids[0])
  })

  it('refuses votes for one proposal under the id of another', () => {
    const [one, two] = [propose(four), propose(four, { scope: 'kitchen' })]
    const scope = scopeOf()
    scope.openProposal(one, NOW)
    const vote = signVote(two.id, true, bob)
    expect(codeOf(() => scope.receiveVote({ ...vote, proposalId: one.id }))).toBe('InvalidVoteSignature')
    expect(codeOf(() => scope.receiveVote({ ...signVote(one.id, true, bob), choice: false }))).toBe(
      'InvalidVoteSignature',
    )
    expect(codeOf(() => scope.receiveVote({ ...signVote(one.id, true, bob), owner: carol.identity }))).toBe(
      'InvalidVoteSignature',
    )
  })

  it("refuses a proposal with another's signature", () => {
    const [one, two] = [propose(four), propose(four)]
    expect(codeOf(() => scopeOf().openProposal({ ...one, signature: two.signature }, NOW))).toBe(
      'InvalidProposalSignature',
    )
  })
})

describe('the decision (ballots §8.3, §8.4, §8.8)', () => {
  it('comes with the vote that makes the quorum, in the same step, once', () => {
    const scope = scopeOf()
    const proposal = propose(four)
    scope.openProposal(proposal, NOW)
    const types = [alice, bob, carol, dave].map((signer) =>
      scope.receiveVote(signVote(proposal.id, true, signer)).facts.map(({ type }) => type),
    )
    const accepted = ['SafeVoteAccepted']
    expect(types).toEqual([accepted, accepted, [...accepted, 'SafeDecisionReached'], accepted])
    expect(scope.decisionOf(proposal.id)).toBe(true)
  })

  it('is none while silent owners could make it, and none by the deadline; a later quorum decides', () => {
    const scope = scopeOf()
    const proposal = propose(four, { livenessCriteriaYes: true })
    scope.openProposal(proposal, NOW)
    scope.castVote(proposal.id, true, alice)
    scope.castVote(proposal.id, true, bob)
    expect(scope.passDeadline(proposal.id, EXPIRY_SEC - 1).facts).toEqual([])
    expect(scope.passDeadline(proposal.id, EXPIRY_SEC).facts).toHaveLength(1)
    expect(scope.passDeadline(proposal.id, EXPIRY_SEC + 1).facts).toEqual([])
    expect(codeOf(() => scope.decisionOf(proposal.id))).toBe('NotDecided')
    expect(viewOf(scope, proposal)).toMatchObject({ phase: 'expired', silent: [carol.identity, dave.identity] })
    scope.receiveVote(signVote(proposal.id, true, carol))
    expect(viewOf(scope, proposal)).toMatchObject({ phase: 'decided', decision: true })
    expect(scope.passDeadline(proposal.id, EXPIRY_SEC + 2).facts).toEqual([])
  })

  it('needs everybody of two, and of any with a threshold of 1', () => {
    for (const [owners, threshold] of [
      [four.slice(0, 2), 0.1],
      [four, 1],
    ] as const) {
      const scope = scopeOf()
      const proposal = propose(owners, { threshold })
      scope.openProposal(proposal, NOW)
      for (const owner of owners) {
        expect(codeOf(() => scope.decisionOf(proposal.id))).toBe('NotDecided')
        scope.castVote(proposal.id, false, owner)
      }
      expect(scope.decisionOf(proposal.id)).toBe(false)
    }
  })

  it('is the same whether state was lived or replayed', () => {
    const scope = scopeOf()
    const proposal = propose(four)
    const facts = [
      ...scope.openProposal(proposal, NOW).facts,
      ...scope.castVote(proposal.id, true, alice).step.facts,
      ...scope.receiveVote(signVote(proposal.id, false, bob)).facts,
      ...scope.receiveVote(signVote(proposal.id, true, bob)).facts,
      ...scope.passDeadline(proposal.id, EXPIRY_SEC).facts,
      ...scope.receiveVote(signVote(proposal.id, true, dave)).facts,
    ]
    const again = replayed(facts)
    expect(viewOf(again, proposal)).toEqual(viewOf(scope, proposal))
    expect(viewOf(again, proposal)).toMatchObject({ decision: true, yes: 3, no: 1, equivocators: [bob.identity] })
    expect(again.exportVotes(proposal.id)).toEqual(scope.exportVotes(proposal.id))
  })
})

describe('own votes and equivocation (ballots §8.5, §8.6)', () => {
  it('gives the same vote again, and never another, also after a replay', () => {
    const scope = scopeOf()
    const proposal = propose(four)
    const facts = [...scope.openProposal(proposal, NOW).facts]
    const { vote, step } = scope.castVote(proposal.id, true, alice)
    expect(step.effects).toEqual([{ type: 'Spread', message: { type: 'votes', votes: [vote] } }])
    for (const peer of [scope, replayed([...facts, ...step.facts])]) {
      const again = peer.castVote(proposal.id, true, alice)
      expect(again.vote).toEqual(vote)
      expect(again.step.facts).toEqual([])
      expect(again.step.effects).toHaveLength(1)
      expect(codeOf(() => peer.castVote(proposal.id, false, alice))).toBe('UserAlreadyVoted')
    }
  })

  it('remembers an own vote that came back from others before its proposal', () => {
    const scope = scopeOf()
    const proposal = propose(four)
    scope.receiveVote(signVote(proposal.id, false, alice))
    scope.openProposal(proposal, NOW)
    expect(codeOf(() => scope.castVote(proposal.id, true, alice))).toBe('UserAlreadyVoted')
  })

  it('keeps and spreads both votes of an equivocator, and gives the proof once', () => {
    const scope = scopeOf()
    const proposal = propose(four)
    scope.openProposal(proposal, NOW)
    const [yes, no] = [signVote(proposal.id, true, bob), signVote(proposal.id, false, bob)]
    expect(scope.receiveVote(yes).faults).toEqual([])
    const { faults, effects } = scope.receiveVote(no)
    const proof = {
      proposalId: proposal.id,
      owner: bob.identity,
      yesSignature: yes.signature,
      noSignature: no.signature,
    }
    expect(faults).toEqual([{ type: 'Equivocation', proof }])
    expect(effects).toHaveLength(1)
    expect(scope.receiveVote(no)).toEqual({ facts: [], effects: [], faults: [] })
    expect(scope.receiveVote(yes).faults).toEqual([])
    expect(viewOf(scope, proposal)).toMatchObject({ yes: 1, no: 1, equivocators: [bob.identity] })
  })
})

describe('sets of votes (ballots §8.9)', () => {
  it('brings a late joiner to the same state, in any order, whenever the votes were made', () => {
    const proposal = propose(four)
    const [first, late] = [scopeOf(), scopeOf()]
    first.openProposal(proposal, NOW)
    for (const signer of [dave, bob, alice]) first.castVote(proposal.id, true, signer)
    const votes = first.exportVotes(proposal.id)
    late.openProposal(proposal, EXPIRY_SEC + 1_000_000)
    expect(viewOf(late, proposal).phase).toBe('expired')
    const { refused } = late.importVotes([...votes].reverse())
    expect(refused).toEqual([])
    expect(late.decisionOf(proposal.id)).toBe(true)
    expect(late.exportVotes(proposal.id)).toEqual(votes)
  })

  it('refuses what is bad in a set and takes the rest', () => {
    const proposal = propose(four)
    const scope = scopeOf()
    scope.openProposal(proposal, NOW)
    const bad = { ...signVote(proposal.id, true, bob), signature: new Uint8Array(12) }
    const { step, refused } = scope.importVotes([bad, signVote(proposal.id, true, carol)])
    expect(refused.map(({ why }) => why.code)).toEqual(['InvalidVoteSignature'])
    expect(step.facts).toHaveLength(1)
    expect(present(viewOf(scope, proposal), 'a view').yes).toBe(1)
  })
})
