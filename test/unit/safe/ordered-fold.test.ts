import { describe, expect, it } from 'vitest'
import {
  carriedVotePayload,
  castOrderedVote,
  closePayload,
  closesDue,
  nextDeadlineSec,
  proposalPayload,
} from '../../../src/core/ballot/safe/ordered/duties.ts'
import { OrderedFold, type OrderedRules } from '../../../src/core/ballot/safe/ordered/fold.ts'
import { OwnVotes } from '../../../src/core/ballot/safe/ordered/own-votes.ts'
import { ProvisionalVotes } from '../../../src/core/ballot/safe/ordered/provisional.ts'
import { signVote } from '../../../src/core/ballot/safe/propose.ts'
import { strictVerifier } from '../../../src/core/ballot/safe/verifier.ts'
import { encodeSafeVote, type SafeVote, type SignedProposal } from '../../../src/wire/ballot/index.ts'
import { encodePayload } from '../../../src/wire/payload.ts'
import {
  codeOf,
  EXPIRY_SEC,
  GROUP,
  propose,
  proposeOrdered,
  quickScheme,
  quickSigner,
  quickSigners,
} from '../../support/safe-ballots.ts'

const five = quickSigners(5)
const [alice, bob, carol, dave, eve] = five as [S, S, S, S, S]
type S = ReturnType<typeof quickSigner>
const stranger = quickSigner(99)
const peer = new Uint8Array(32).fill(1)
const verifier = strictVerifier(quickScheme)

/** A group whose blocks are added one by one. */
class Group {
  readonly fold: OrderedFold
  voters: readonly S[] = five
  position = 0

  constructor(rules: Partial<OrderedRules> = {}) {
    this.fold = new OrderedFold({ groupId: GROUP, format: quickScheme, verifier, ...rules })
  }

  /** Names of the notices, or the reason why the block is void. */
  add(payload: Uint8Array, voter: Uint8Array | null = peer): string {
    const block = { position: this.position, payload, voter }
    const votersBefore = (position: number) =>
      position === this.position ? this.voters.map(({ identity }) => identity) : null
    const notices = this.fold.fold(block, votersBefore)
    this.position += 1
    return notices.map((notice) => (notice.type === 'Void' ? notice.reason : notice.type)).join(' ')
  }

  propose(signed: SignedProposal): string {
    return this.add(encodePayload('ballotProposal', signed.bytes))
  }

  vote(signed: SignedProposal, choice: boolean, signer: S): string {
    return this.carry(signVote(signed.id, choice, signer))
  }

  carry(vote: SafeVote): string {
    return this.add(encodePayload('ballotVote', encodeSafeVote(vote)))
  }

  close(signed: SignedProposal): string {
    return this.add(closePayload(signed.id), null)
  }
}

describe('the fold over blocks (ballots §8.4)', () => {
  it('opens at the first valid block, and takes no vote before it', () => {
    const group = new Group()
    const signed = proposeOrdered(five)
    expect(group.vote(signed, true, alice)).toBe('ProposalUnknown')
    expect(group.close(signed)).toBe('ProposalUnknown')
    expect(group.propose(signed)).toBe('Opened')
    expect(group.fold.get(signed.id).view()).toMatchObject({ openedAt: 2, yes: 0, quorum: 4 })
    expect(group.propose(signed)).toBe('ProposalKnown')
  })

  it("counts an owner's first vote, from whichever peer, once; another is evidence, once", () => {
    const group = new Group()
    const signed = proposeOrdered(five)
    group.propose(signed)
    expect(group.vote(signed, true, alice)).toBe('VoteCounted')
    expect(group.vote(signed, true, alice)).toBe('VoteRepeated')
    expect(group.vote(signed, false, alice)).toBe('Equivocation')
    expect(group.vote(signed, false, alice)).toBe('VoteRepeated')
    expect(group.fold.get(signed.id).view()).toMatchObject({ yes: 1, no: 0 })
  })

  it('decides with the block that makes the quorum, for good', () => {
    const group = new Group()
    const signed = proposeOrdered(five)
    group.propose(signed)
    for (const signer of [alice, bob, carol]) group.vote(signed, true, signer)
    expect(codeOf(() => group.fold.outcomeOf(signed.id))).toBe('NotDecided')
    expect(group.vote(signed, true, dave)).toBe('VoteCounted Settled')
    expect(group.close(signed)).toBe('Settled')
    expect(group.vote(signed, false, eve)).toBe('Settled')
    expect(group.vote(signed, false, dave)).toBe('Equivocation')
    expect(group.fold.outcomeOf(signed.id)).toBe('yes')
    expect(group.fold.get(signed.id).settledAt).toBe(4)
  })

  it('lets no quorum win that comes after a Close', () => {
    const group = new Group()
    const signed = proposeOrdered(five)
    group.propose(signed)
    for (const signer of [alice, bob, carol]) group.vote(signed, true, signer)
    expect(group.close(signed)).toBe('Settled')
    expect(group.vote(signed, true, dave)).toBe('Settled')
    expect(group.vote(signed, true, eve)).toBe('Settled')
    expect(group.fold.outcomeOf(signed.id)).toBe('failed')
    expect(group.fold.get(signed.id).view()).toMatchObject({ yes: 3, no: 0, silent: [dave.identity, eve.identity] })
  })

  it('takes a Close of the supermajority only', () => {
    const group = new Group()
    const signed = proposeOrdered(five)
    group.propose(signed)
    expect(group.add(closePayload(signed.id), peer)).toBe('NotBySupermajority')
    expect(group.add(encodePayload('close', signed.id.slice(1)), null)).toBe('Malformed')
    expect(group.fold.get(signed.id).outcome).toBeNull()
  })

  it('takes the voters of the group at its own block, and those of a listed roster wherever they are', () => {
    const group = new Group()
    const outside = quickSigners(9).slice(5)
    const ofGroup = proposeOrdered(five, { roster: { type: 'VotersAtOpening' } }, alice)
    const listed = proposeOrdered(outside)
    group.voters = [alice, bob, carol]
    expect(group.propose(ofGroup)).toBe('Opened')
    group.voters = five
    expect(group.fold.get(ofGroup.id).roster.size).toBe(3)
    expect(group.vote(ofGroup, true, dave)).toBe('VoterNotEligible')
    expect(group.propose(listed)).toBe('Opened')
    expect(outside.map((owner) => group.vote(listed, false, owner)).at(-1)).toBe('Settled')
    expect(group.fold.outcomeOf(listed.id)).toBe('no')
  })

  it('voids what is not of this group, this finality, this signer, or too early', () => {
    const group = new Group({ proposersOf: (scope) => (scope === 'kitchen' ? [stranger.identity] : []) })
    const reasons = [
      group.propose(proposeOrdered(five, { groupId: new Uint8Array(32) })),
      group.propose(propose(five)),
      group.propose(propose(five, { groupId: GROUP })),
      group.propose(proposeOrdered(five, { finality: { type: 'ordered', fromPosition: 4 } })),
      group.propose(proposeOrdered(five, { finality: { type: 'ordered', fromPosition: 4 } })),
      group.propose(proposeOrdered(five, {}, stranger)),
      group.propose(proposeOrdered(five, { scope: 'kitchen' }, stranger)),
    ]
    const expected = ['ForeignProposal', 'ForeignProposal', 'WrongFinality', 'OrderedTooEarly', 'Opened']
    expect(reasons).toEqual([...expected, 'VoterNotEligible', 'Opened'])
    const signed = proposeOrdered(five)
    const forged = signed.bytes.slice()
    forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1
    expect(group.add(encodePayload('ballotProposal', forged))).toBe('InvalidProposalSignature')
    expect(group.propose(signed)).toBe('Opened')
    expect(group.carry({ ...signVote(signed.id, true, alice), choice: false })).toBe('InvalidVoteSignature')
    expect(group.vote(signed, true, stranger)).toBe('VoterNotEligible')
    expect(group.vote(signed, true, alice)).toBe('VoteCounted')
  })

  it('passes over the application, and does not stumble over bytes that mean nothing', () => {
    const group = new Group()
    expect(group.add(encodePayload('application', Uint8Array.of(1)))).toBe('')
    expect(group.add(encodePayload('batch', Uint8Array.of(1)))).toBe('')
    expect(group.add(new Uint8Array(0))).toBe('Malformed')
    expect(group.add(Uint8Array.of(77, 1, 2))).toBe('Malformed')
    expect(group.add(encodePayload('ballotProposal', Uint8Array.of(1, 2)))).toBe('Malformed')
    expect(group.add(encodePayload('ballotVote', new Uint8Array(500)))).toBe('Malformed')
  })

  it('evicts the settled only, which never open again', () => {
    const group = new Group()
    const signed = proposeOrdered(five)
    group.propose(signed)
    expect(codeOf(() => group.fold.evict(signed.id))).toBe('NotSettled')
    group.close(signed)
    expect(group.fold.evict(signed.id)).toEqual({ outcome: 'no', settledAt: 1 })
    expect(group.propose(signed)).toBe('ProposalKnown')
    expect(group.vote(signed, true, alice)).toBe('Settled')
    expect(group.close(signed)).toBe('Settled')
    expect(group.fold.outcomeOf(signed.id)).toBe('no')
  })
})

describe('what a peer puts into the order', () => {
  it('votes for Close when its clock passes a deadline, while the session is open', () => {
    const group = new Group()
    const [first, second] = [proposeOrdered(five), proposeOrdered(five, { expirySec: EXPIRY_SEC + 5 })]
    expect(nextDeadlineSec(group.fold)).toBeNull()
    group.propose(second)
    group.propose(first)
    expect(nextDeadlineSec(group.fold)).toBe(EXPIRY_SEC)
    const due = (nowSec: number) => closesDue(group.fold, nowSec).map(({ signed }) => signed.id)
    expect(due(EXPIRY_SEC - 1)).toEqual([])
    expect(due(EXPIRY_SEC)).toEqual([first.id])
    expect(due(EXPIRY_SEC + 5)).toEqual([second.id, first.id])
    group.close(first)
    expect(due(EXPIRY_SEC + 5)).toEqual([second.id])
    expect(nextDeadlineSec(group.fold)).toBe(EXPIRY_SEC + 5)
  })

  it('never gives two own votes (ballots §8.6)', () => {
    const group = new Group()
    const signed = proposeOrdered(five)
    const own = new OwnVotes()
    const cast = (choice: boolean, votes = own) =>
      castOrderedVote(group.fold, votes, { proposalId: signed.id, choice, signer: alice })
    expect(codeOf(() => cast(true))).toBe('SessionNotFound')
    group.propose(signed)
    const { vote, payload } = cast(true)
    expect(cast(true).payload).toEqual(payload)
    expect(codeOf(() => cast(false))).toBe('UserAlreadyVoted')
    const recovered = new OwnVotes()
    recovered.record(vote)
    expect(codeOf(() => cast(false, recovered))).toBe('UserAlreadyVoted')
    expect(cast(true, recovered).payload).toEqual(payload)
    expect(group.add(payload)).toBe('VoteCounted')
    expect(codeOf(() => cast(false, new OwnVotes()))).toBe('UserAlreadyVoted')
    group.close(signed)
    expect(codeOf(() => cast(false))).toBe('SessionNotActive')
    expect(
      codeOf(() =>
        castOrderedVote(group.fold, own, { proposalId: proposeOrdered(five).id, choice: true, signer: alice }),
      ),
    ).toBe('SessionNotFound')
  })

  it("carries an external owner's vote, if it is one", () => {
    const group = new Group()
    const signed = proposeOrdered(five)
    group.propose(signed)
    const vote = signVote(signed.id, true, bob)
    expect(group.add(carriedVotePayload(group.fold, vote, verifier).payload)).toBe('VoteCounted')
    const forged = { ...vote, choice: false }
    expect(codeOf(() => carriedVotePayload(group.fold, forged, verifier))).toBe('InvalidVoteSignature')
    const foreign = signVote(signed.id, true, stranger)
    expect(codeOf(() => carriedVotePayload(group.fold, foreign, verifier))).toBe('VoterNotEligible')
    expect(
      codeOf(() =>
        castOrderedVote(group.fold, new OwnVotes(), { proposalId: signed.id, choice: true, signer: stranger }),
      ),
    ).toBe('VoterNotEligible')
  })

  it('carries 100 open proposals of one owner at most', () => {
    const group = new Group()
    const proposals = Array.from({ length: 100 }, () => proposeOrdered(five))
    for (const signed of proposals) expect(group.add(proposalPayload(group.fold, signed))).toBe('Opened')
    const another = () => codeOf(() => proposalPayload(group.fold, proposeOrdered(five)))
    expect(another()).toBe('TooManyOpenProposals')
    expect(codeOf(() => proposalPayload(group.fold, proposeOrdered(five, {}, bob)))).toBeUndefined()
    group.close(proposals[0] as SignedProposal)
    expect(another()).toBeUndefined()
  })
})

describe('the provisional view', () => {
  it('shows a quorum that only gossip has seen, and gives way to the order', () => {
    const group = new Group()
    const votes = new ProvisionalVotes(group.fold, verifier)
    const signed = proposeOrdered(five)
    votes.observe(signVote(signed.id, true, alice))
    votes.observe({ ...signVote(signed.id, true, eve), signature: new Uint8Array(12) })
    group.propose(signed)
    const session = group.fold.get(signed.id)
    votes.open(session)
    group.vote(signed, true, bob)
    votes.observe(signVote(signed.id, true, bob))
    for (const signer of [carol, dave]) {
      expect(votes.view(session).decision).toBeNull()
      votes.observe(signVote(signed.id, true, signer))
    }
    expect(votes.view(session)).toEqual({ decision: true, yes: 4, no: 0 })
    expect(session.outcome).toBeNull()
    votes.observe(signVote(signed.id, false, dave))
    expect(votes.view(session)).toEqual({ decision: null, yes: 3, no: 0 })
    group.vote(signed, false, dave)
    expect(votes.view(session)).toEqual({ decision: null, yes: 3, no: 1 })
    votes.observe(signVote(signed.id, true, stranger))
    votes.observe({ ...signVote(signed.id, true, eve), signature: new Uint8Array(12) })
    expect(votes.view(session).yes).toBe(3)
    group.close(signed)
    votes.settle(session)
    votes.observe(signVote(signed.id, true, eve))
    expect(votes.view(session)).toEqual({ decision: null, yes: 1, no: 1 })
  })
})
