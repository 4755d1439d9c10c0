/** ballots §8.7: certificates of the finality `ordered`. */
import { describe, expect, it } from 'vitest'
import { orderedCertificate } from '../../../src/core/ballot/safe/certificate/ordered.ts'
import type { CertificateTrust } from '../../../src/core/ballot/safe/certificate/trust.ts'
import { verifyCertificate } from '../../../src/core/ballot/safe/certificate/verify.ts'
import { closePayload } from '../../../src/core/ballot/safe/ordered/duties.ts'
import { OrderedFold } from '../../../src/core/ballot/safe/ordered/fold.ts'
import { type ProposalDraft, signVote } from '../../../src/core/ballot/safe/propose.ts'
import { strictVerifier } from '../../../src/core/ballot/safe/verifier.ts'
import { ed25519, ed25519Signer } from '../../../src/crypto/index.ts'
import {
  decodeCertificate,
  encodeCertificate,
  encodeSafeVote,
  type OrderedCertificate,
  type Outcome,
  opaquePayloadOf,
  type SignedProposal,
} from '../../../src/wire/ballot/index.ts'
import { encodePayload } from '../../../src/wire/payload.ts'
import { CertifiedChain, verifyCheckpoint } from '../../support/certified-chain.ts'
import { codeOf, GROUP, proposeOrdered } from '../../support/safe-ballots.ts'

const owners = Array.from({ length: 4 }, (_, i) => ed25519Signer(new Uint8Array(32).fill(i + 1)))
const keys = owners.map(({ identity }) => identity)
const carrier = keys[0] as Uint8Array
const trust: CertificateTrust = {
  scheme: ed25519,
  scope: 'treasury',
  groupId: GROUP,
  policy: { finality: 'ordered', threshold: 2 / 3 },
  verifyCheckpoint: verifyCheckpoint(keys),
}

class Group {
  readonly chain = new CertifiedChain()

  application(text: number): this {
    this.chain.add(encodePayload('application', Uint8Array.of(text)), carrier)
    return this
  }

  propose(signed: SignedProposal): this {
    this.chain.add(encodePayload('ballotProposal', signed.bytes), carrier)
    return this
  }

  vote(signed: SignedProposal, choice: boolean, ...voters: readonly number[]): this {
    for (const voter of voters) {
      const vote = signVote(signed.id, choice, owners[voter] as (typeof owners)[0])
      this.chain.add(encodePayload('ballotVote', encodeSafeVote(vote)), carrier)
    }
    return this
  }

  close(signed: SignedProposal): this {
    this.chain.add(closePayload(signed.id), null)
    return this
  }

  session(signed: SignedProposal) {
    const fold = new OrderedFold({ groupId: GROUP, format: ed25519, verifier: strictVerifier(ed25519) })
    for (const [position, { observation, voter }] of this.chain.blocks.entries()) {
      fold.fold({ position, payload: opaquePayloadOf(observation) as Uint8Array, voter }, () => keys)
    }
    return fold.get(signed.id)
  }

  certify(signed: SignedProposal): Uint8Array {
    const session = this.session(signed)
    const { finality } = signed.proposal
    const from = finality.type === 'ordered' ? finality.fromPosition : 0
    const after = (session.settledAt ?? 0) + 1
    return orderedCertificate({
      session,
      chainHashBefore: this.chain.hashBefore(from),
      blocks: this.chain.blocks.slice(from, after),
      keysAfter: this.chain.keysFrom(after),
      checkpoint: this.chain.checkpoint(),
    })
  }

  /** What a liar would make: blocks of the chain from one position to another, and an outcome. */
  claim(signed: SignedProposal, from: number, to: number, outcome: Outcome): Uint8Array {
    return encodeCertificate({
      type: 'ordered',
      outcome,
      proposalId: signed.id,
      chainHashBefore: this.chain.hashBefore(from),
      blocks: this.chain.blocks.slice(from, to),
      keysAfter: this.chain.keysFrom(to),
      checkpoint: this.chain.checkpoint(),
    })
  }
}

const draft = (fromPosition: number): Partial<ProposalDraft> => ({
  roster: { type: 'VotersAtOpening' },
  finality: { type: 'ordered', fromPosition },
})
const refused = (bytes: Uint8Array, change: Partial<CertificateTrust> = {}) =>
  codeOf(() => verifyCertificate(bytes, { ...trust, ...change }))
const invalid = 'InvalidCertificate'

describe('a certificate of an ordered decision', () => {
  const signed = proposeOrdered(owners, draft(2))
  const group = new Group()
  group.application(1).application(2).application(3).propose(signed).vote(signed, true, 0, 1)
  group.application(4).vote(signed, true, 2).application(5).vote(signed, false, 3)
  const bytes = group.certify(signed)

  it('proves it to whoever trusts the group', () => {
    expect(verifyCertificate(bytes, trust)).toMatchObject({ proposalId: signed.id, outcome: 'yes' })
  })

  it('is refused with any byte changed, any cut, and anything appended', () => {
    const accepted: string[] = []
    for (let i = 0; i < bytes.length; i += 1) {
      for (const flip of [1, 0x80]) {
        const changed = bytes.slice()
        changed[i] = (changed[i] ?? 0) ^ flip
        if (refused(changed) !== invalid) accepted.push(`${i} ^ ${flip}`)
      }
      if (refused(bytes.subarray(0, i)) !== invalid) accepted.push(`cut ${i}`)
    }
    expect(accepted).toEqual([])
    expect(refused(new Uint8Array([...bytes, 0]))).toBe(invalid)
  })

  it('is held against scope, group, policy, voters and checkpoint', () => {
    expect(refused(bytes, { scope: 'kitchen' })).toBe(invalid)
    expect(refused(bytes, { groupId: new Uint8Array(32) })).toBe(invalid)
    expect(refused(bytes, { groupId: null })).toBe(invalid)
    expect(refused(bytes, { policy: { finality: 'quorum', threshold: 2 / 3 } })).toBe(invalid)
    expect(refused(bytes, { policy: { finality: 'ordered', threshold: 0.9 } })).toBe(invalid)
    expect(refused(bytes, { policy: { ...trust.policy, livenessCriteriaYes: true } })).toBe(invalid)
    expect(refused(bytes, { verifyCheckpoint: verifyCheckpoint(keys.slice(0, 3)) })).toBe(invalid)
    expect(refused(bytes, { verifyCheckpoint: () => null })).toBe(invalid)
    const { verifyCheckpoint: _, ...blind } = trust
    expect(codeOf(() => verifyCertificate(bytes, blind))).toBe(invalid)
  })

  it('is refused when blocks are left out, added, or go on after the decision', () => {
    const certificate = decodeCertificate(bytes, ed25519) as OrderedCertificate
    const { blocks, keysAfter } = certificate
    const change = (parts: Partial<OrderedCertificate>) => refused(encodeCertificate({ ...certificate, ...parts }))
    expect(change({})).toBeUndefined()
    for (let i = 0; i < blocks.length; i += 1) expect(change({ blocks: blocks.toSpliced(i, 1) })).toBe(invalid)
    expect(change({ blocks: [...blocks, blocks[0] as (typeof blocks)[0]] })).toBe(invalid)
    expect(change({ keysAfter: keysAfter.slice(1) })).toBe(invalid)
    expect(refused(group.claim(signed, 2, 8, 'yes'))).toBeUndefined()
    expect(refused(group.claim(signed, 2, 9, 'yes'))).toBe(invalid)
    expect(refused(group.claim(signed, 2, 6, 'yes'))).toBe(invalid)
    expect(refused(group.claim(signed, 2, 7, 'yes'))).toBe(invalid)
    expect(refused(group.claim(signed, 3, 8, 'yes'))).toBe(invalid)
    expect(refused(group.claim(signed, 1, 8, 'yes'))).toBe(invalid)
    expect(refused(group.claim(signed, 4, 8, 'yes'))).toBe(invalid)
  })

  it('is made of a settled session only', () => {
    const open = proposeOrdered(owners, draft(0))
    expect(codeOf(() => new Group().propose(open).certify(open))).toBe('NotDecided')
  })
})

describe('a Close', () => {
  it('proves what it decided, and that it failed', () => {
    for (const [yes, outcome] of [
      [[], 'no'],
      [[0, 1, 2], 'yes'],
      [[0, 1], 'failed'],
    ] as const) {
      const signed = proposeOrdered(owners, draft(0))
      const group = new Group()
        .propose(signed)
        .vote(signed, true, ...yes)
        .close(signed)
        .application(1)
      expect(verifyCertificate(group.certify(signed), trust).outcome).toBe(outcome)
    }
  })

  it('cannot be left out before a quorum that came later', () => {
    const signed = proposeOrdered(owners, draft(0))
    const group = new Group().propose(signed).vote(signed, true, 0, 1).close(signed).vote(signed, true, 2)
    expect(refused(group.claim(signed, 0, 5, 'yes'))).toBe(invalid)
    expect(verifyCertificate(group.certify(signed), trust).outcome).toBe('failed')
  })

  it("cannot be one peer's", () => {
    const signed = proposeOrdered(owners, draft(0))
    const group = new Group().propose(signed)
    group.chain.add(closePayload(signed.id), carrier)
    expect(refused(group.claim(signed, 0, 2, 'no'))).toBe(invalid)
    const certificate = decodeCertificate(group.claim(signed, 0, 2, 'no'), ed25519) as OrderedCertificate
    const [first, close] = certificate.blocks
    const lone = { observation: close?.observation ?? carrier, voter: null }
    const blocks = [first ?? lone, lone]
    expect(refused(encodeCertificate({ ...certificate, blocks }))).toBe(invalid)
  })

  it('is not undone by carrying the proposal and votes into the order again', () => {
    const signed = proposeOrdered(owners, draft(0))
    const group = new Group().propose(signed).close(signed).propose(signed).vote(signed, true, 0, 1, 2)
    expect(refused(group.claim(signed, 2, 6, 'yes'))).toBe(invalid)
    expect(verifyCertificate(group.certify(signed), trust).outcome).toBe('no')
  })

  it('counts silence as the trusted policy says', () => {
    const signed = proposeOrdered(owners, { ...draft(0), livenessCriteriaYes: true })
    const bytes = new Group().propose(signed).close(signed).certify(signed)
    expect(refused(bytes)).toBe(invalid)
    const policy = { ...trust.policy, livenessCriteriaYes: true }
    expect(verifyCertificate(bytes, { ...trust, policy }).outcome).toBe('yes')
  })
})

describe('a listed roster', () => {
  it('is believed only if it is the one that is trusted', () => {
    const signed = proposeOrdered(owners)
    const bytes = new Group().propose(signed).vote(signed, false, 3, 2, 1).certify(signed)
    expect(refused(bytes)).toBe(invalid)
    expect(refused(bytes, { roster: keys.slice(1) })).toBe(invalid)
    expect(verifyCertificate(bytes, { ...trust, roster: keys }).outcome).toBe('no')
  })
})
