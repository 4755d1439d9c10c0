/** ballots §8.7: certificates of the finality `quorum`. */
import { describe, expect, it } from 'vitest'
import { certificateBytes, quorumCertificate } from '../../../src/core/ballot/safe/certificate/quorum.ts'
import type { CertificateTrust } from '../../../src/core/ballot/safe/certificate/trust.ts'
import { importCertificate, verifyCertificate } from '../../../src/core/ballot/safe/certificate/verify.ts'
import { signVote } from '../../../src/core/ballot/safe/propose.ts'
import { QuorumScope } from '../../../src/core/ballot/safe/quorum/scope.ts'
import { ed25519Signer, ethereumSigner } from '../../../src/crypto/index.ts'
import type { Signer } from '../../../src/ports/signature-scheme.ts'
import { decodeCertificate, encodeCertificate, type QuorumCertificate } from '../../../src/wire/ballot/index.ts'
import { CREATED_SEC, codeOf, GROUP, propose } from '../../support/safe-ballots.ts'

const seeds = Array.from({ length: 10 }, (_, i) => new Uint8Array(32).fill(i + 1))
const schemes = {
  ed25519: seeds.map((seed) => ed25519Signer(seed)),
  ethereum: seeds.map((seed) => ethereumSigner(seed)),
}
const byKey = (a: Signer, b: Signer): number => Buffer.compare(a.identity, b.identity)

function setting(signers: readonly Signer[], draft: Parameters<typeof propose>[1] = {}) {
  const owners = [...signers].sort(byKey)
  const { scheme } = owners[0] as Signer
  const signed = propose(owners, draft)
  const scope = new QuorumScope({ scope: 'treasury', groupId: signed.proposal.groupId, scheme })
  scope.openProposal(signed, CREATED_SEC)
  const trust: CertificateTrust = {
    scheme,
    scope: 'treasury',
    groupId: signed.proposal.groupId,
    policy: { finality: 'quorum', threshold: 2 / 3 },
    roster: owners.map(({ identity }) => identity),
  }
  return { owners, scheme, signed, scope, trust }
}

/** Decided by the first seven of ten. */
function decided(signers: readonly Signer[] = schemes.ed25519) {
  const given = setting(signers)
  for (const owner of given.owners.slice(0, 7)) given.scope.castVote(given.signed.id, true, owner)
  const bytes = quorumCertificate(given.scope.session(given.signed.id))
  return { ...given, bytes, certificate: decodeCertificate(bytes, given.scheme) as QuorumCertificate }
}

describe.each(['ed25519', 'ethereum'] as const)('a certificate of %s signatures', (name) => {
  const { bytes, trust, signed, scope, owners } = decided(schemes[name])

  it('proves the decision to a stranger', () => {
    expect(verifyCertificate(bytes, trust)).toMatchObject({ proposalId: signed.id, outcome: 'yes' })
    const fixed = certificateBytes(10, 2 / 3, trust.scheme)
    const { identityLength, signatureLength } = trust.scheme
    expect(fixed).toBe(10 * identityLength + 2 + 7 * signatureLength)
    expect(bytes.length - fixed).toBeLessThan(512)
  })

  it('is refused with any byte changed, any cut, and anything appended', () => {
    const flips = name === 'ed25519' ? [1, 0x80] : [1]
    const accepted: string[] = []
    for (let i = 0; i < bytes.length; i += 1) {
      for (const flip of flips) {
        const changed = bytes.slice()
        changed[i] = (changed[i] ?? 0) ^ flip
        if (codeOf(() => verifyCertificate(changed, trust)) !== 'InvalidCertificate') accepted.push(`${i} ^ ${flip}`)
      }
      if (codeOf(() => verifyCertificate(bytes.subarray(0, i), trust)) !== 'InvalidCertificate')
        accepted.push(`cut ${i}`)
    }
    expect(accepted).toEqual([])
    expect(codeOf(() => verifyCertificate(new Uint8Array([...bytes, 0]), trust))).toBe('InvalidCertificate')
  })

  it('does not depend on votes beyond the quorum, nor on the order in which they came', () => {
    const other = new QuorumScope({ scope: 'treasury', groupId: null, scheme: trust.scheme })
    other.openProposal(signed, CREATED_SEC)
    for (const owner of [...owners].reverse()) other.receiveVote(signVote(signed.id, true, owner))
    expect(quorumCertificate(other.session(signed.id))).toEqual(quorumCertificate(scope.session(signed.id)))
  })
})

describe('what a certificate is held against', () => {
  const { bytes, trust, certificate, scheme, owners } = decided()
  const refused = (change: Partial<CertificateTrust>) => codeOf(() => verifyCertificate(bytes, { ...trust, ...change }))

  it('is the scope, the group, the roster and the policy that the stranger expects', () => {
    const invalid = 'InvalidCertificate'
    expect(refused({})).toBeUndefined()
    expect(refused({ scope: 'kitchen' })).toBe(invalid)
    expect(refused({ groupId: GROUP })).toBe(invalid)
    const roster = owners.map(({ identity }) => identity)
    expect(refused({ roster: roster.slice(1) })).toBe(invalid)
    expect(refused({ roster: [...roster.slice(1), new Uint8Array(32)] })).toBe(invalid)
    expect(refused({ roster: [...roster].reverse() })).toBeUndefined()
    const { roster: _, ...unlisted } = trust
    expect(codeOf(() => verifyCertificate(bytes, unlisted))).toBe(invalid)
    expect(refused({ policy: { finality: 'ordered', threshold: 0 } })).toBe(invalid)
    expect(refused({ policy: { finality: 'quorum', threshold: 0.7 } })).toBe(invalid)
    expect(refused({ policy: { finality: 'quorum', threshold: 0.5 } })).toBeUndefined()
  })

  it('refuses signers doubled, missing, too few, too many, or beyond the roster', () => {
    const verify = (change: Partial<QuorumCertificate>) =>
      codeOf(() => verifyCertificate(encodeCertificate({ ...certificate, ...change }), trust))
    const { signatures } = certificate
    const invalid = 'InvalidCertificate'
    expect(verify({})).toBeUndefined()
    expect(verify({ signatures: signatures.slice(1) })).toBe(invalid)
    expect(verify({ signers: Uint8Array.of(0b0011_1111, 0), signatures: signatures.slice(0, 6) })).toBe(invalid)
    const eighth = signVote(certificate.signed.id, true, owners[7] as Signer).signature
    expect(verify({ signers: Uint8Array.of(0b1111_1111, 0), signatures: [...signatures, eighth] })).toBe(invalid)
    expect(
      verify({ signers: Uint8Array.of(0b1011_1111, 0), signatures: [...signatures.slice(0, 6), eighth] }),
    ).toBeUndefined()
    const doubled = [...signatures.slice(0, 6), signatures[5] as Uint8Array]
    expect(verify({ signatures: doubled })).toBe(invalid)
    expect(verify({ signers: Uint8Array.of(0b0011_1111, 0b0000_0100) })).toBe(invalid)
    expect(verify({ signers: Uint8Array.of(0b0111_1111) })).toBe(invalid)
    expect(verify({ signers: Uint8Array.of(0b0111_1111, 0, 0) })).toBe(invalid)
    expect(verify({ choice: false })).toBe(invalid)
  })

  it('refuses a lower threshold that the owner asked for, and owners of no standing', () => {
    const lowered = setting(schemes.ed25519, { threshold: 0.1 })
    for (const owner of lowered.owners.slice(0, 7)) lowered.scope.castVote(lowered.signed.id, true, owner)
    const low = quorumCertificate(lowered.scope.session(lowered.signed.id))
    expect(codeOf(() => verifyCertificate(low, lowered.trust))).toBe('InvalidCertificate')
    const outsider = ed25519Signer(new Uint8Array(32).fill(77))
    const signed = propose(owners, {}, outsider)
    const scope = new QuorumScope({ scope: 'treasury', groupId: null, scheme, proposers: [outsider.identity] })
    scope.openProposal(signed, CREATED_SEC)
    for (const owner of owners) scope.castVote(signed.id, true, owner)
    const theirs = quorumCertificate(scope.session(signed.id))
    expect(codeOf(() => verifyCertificate(theirs, trust))).toBe('InvalidCertificate')
    expect(codeOf(() => verifyCertificate(theirs, { ...trust, proposers: [outsider.identity] }))).toBeUndefined()
  })

  it('may be the voters of a group before a position', () => {
    const roster = owners.map(({ identity }) => identity)
    const signed = propose(owners, { groupId: GROUP, roster: { type: 'VotersBefore', position: 5 } })
    const votersBefore = (position: number) => (position === 5 ? roster : roster.slice(3))
    const scope = new QuorumScope({ scope: 'treasury', groupId: GROUP, scheme, votersBefore })
    scope.openProposal(signed, CREATED_SEC)
    for (const owner of owners) scope.castVote(signed.id, false, owner)
    const proof = quorumCertificate(scope.session(signed.id))
    const trusted = { ...trust, groupId: GROUP, votersBefore }
    expect(verifyCertificate(proof, trusted).outcome).toBe('no')
    expect(codeOf(() => verifyCertificate(proof, { ...trusted, votersBefore: () => roster.slice(3) }))).toBe(
      'InvalidCertificate',
    )
  })

  it('is made of a decided session only', () => {
    const { scope, signed } = setting(schemes.ed25519)
    expect(codeOf(() => quorumCertificate(scope.session(signed.id)))).toBe('NotDecided')
  })
})

describe('a certificate that comes to a scope', () => {
  it('decides there, as its votes would', () => {
    const { bytes, scheme, signed } = decided()
    const scope = new QuorumScope({ scope: 'treasury', groupId: null, scheme })
    const { step, refused } = importCertificate(scope, bytes, scheme, CREATED_SEC)
    expect(refused).toEqual([])
    expect(step.facts).toHaveLength(9)
    expect(scope.decisionOf(signed.id)).toBe(true)
    expect(importCertificate(scope, bytes, scheme, CREATED_SEC).step.facts).toEqual([])
    const elsewhere = new QuorumScope({ scope: 'kitchen', groupId: null, scheme })
    expect(codeOf(() => importCertificate(elsewhere, bytes, scheme, CREATED_SEC))).toBe('ForeignProposal')
  })
})
