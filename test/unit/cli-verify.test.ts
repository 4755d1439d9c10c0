/** `witan verify`: what it dispatches on, what it holds proofs against, and what it asks for. */
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import { toHex } from '../../src/base/text.ts'
import { verifyBytes } from '../../src/cli/verify/rows.ts'
import type { TrustOptions } from '../../src/cli/verify/trust.ts'
import { safe } from '../../src/core/ballot/index.ts'
import { ed25519Signer } from '../../src/crypto/index.ts'
import type { Signer } from '../../src/ports/signature-scheme.ts'
import { CanonicalWriter } from '../../src/wire/canonical/writer.ts'
import { CREATED_SEC, codeOf, propose } from '../support/safe-ballots.ts'

const owners = [1, 2, 3, 4].map((byte) => ed25519Signer(new Uint8Array(32).fill(byte)))
const [first, second] = owners as [Signer, Signer]
const keys = owners.map(({ identity }) => toHex(identity))
const signed = propose(owners)

const trust: TrustOptions = {
  scheme: 'ed25519',
  scope: 'treasury',
  roster: keys.join(','),
  proposer: [],
  finality: 'quorum',
  threshold: String(2 / 3),
  silence: 'no',
}

function certificate(): Uint8Array {
  const scope = new safe.QuorumScope({ scope: 'treasury', groupId: null, scheme: first.scheme })
  scope.openProposal(signed, CREATED_SEC)
  for (const owner of owners.slice(0, 3)) scope.castVote(signed.id, false, owner)
  return safe.quorumCertificate(scope.session(signed.id))
}

function evidence(): Uint8Array {
  const [yes, no] = [true, false].map((choice) => safe.signVote(signed.id, choice, second).signature)
  return safe.encodeEquivocation({
    proposalId: signed.id,
    owner: second.identity,
    yesSignature: yes as Uint8Array,
    noSignature: no as Uint8Array,
  })
}

describe('witan verify', () => {
  it('verifies a certificate against roster, scope and policy', () => {
    const bytes = certificate()
    expect(verifyBytes(bytes, trust)).toMatchObject({
      what: 'certificate of a decision',
      json: { outcome: 'no', proposalId: toHex(signed.id), scope: 'treasury' },
    })
    const refused = (change: Partial<TrustOptions>): string | undefined =>
      codeOf(() => verifyBytes(bytes, { ...trust, ...change }))
    expect(refused({ scope: 'other' })).toBe('InvalidCertificate')
    expect(refused({ threshold: '0.9' })).toBe('InvalidCertificate')
    expect(refused({ finality: 'ordered' })).toBe('InvalidCertificate')
    expect(refused({ group: '00'.repeat(32) })).toBe('InvalidCertificate')
    expect(refused({ roster: keys.slice(1).join(',') })).toBe('InvalidCertificate')
  })

  it('takes the roster from a file, one key a line', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'witan-roster-')), 'roster')
    writeFileSync(file, `${keys.join('\n')}\n`)
    expect(verifyBytes(certificate(), { ...trust, roster: file }).sentence).toContain('no: "buy a bell"')
  })

  it('verifies evidence against the roster alone', () => {
    const bare: TrustOptions = {
      scheme: 'ed25519',
      roster: keys.join(','),
      proposer: [],
      threshold: '1',
      silence: 'no',
    }
    expect(verifyBytes(evidence(), bare).json).toEqual({ owner: keys[1], proposalId: toHex(signed.id) })
    expect(codeOf(() => verifyBytes(evidence(), { ...bare, roster: keys[0] as string }))).toBe('NotProven')
    const changed = evidence()
    changed[changed.length - 1] = (changed.at(-1) as number) ^ 1
    expect(codeOf(() => verifyBytes(changed, bare))).toBe('NotProven')
  })

  it('refuses what begins like no proof', () => {
    const other = new CanonicalWriter(64).byteString(utf8('witan/other/1')).finish()
    for (const bytes of [other, new Uint8Array(0), utf8('hello, this is no proof at all')])
      expect(codeOf(() => verifyBytes(bytes, trust))).toBe('UnknownDomain')
  })

  it.each([
    [{ roster: 'zz' }, '--roster is "zz"'],
    [{ finality: 'sure' }, '--finality is "sure"'],
    [{ threshold: '2' }, '--threshold is "2"'],
    [{ silence: 'perhaps' }, '--silence is "perhaps"'],
    [{ group: '12' }, '--group is "12"'],
    [{ proposer: ['7'] }, '--proposer is "7"'],
    [{ scheme: 'rsa' }, '--scheme is "rsa"'],
  ] satisfies [Partial<TrustOptions>, string][])('names a wrong option: %j', (change, named) => {
    expect(() => verifyBytes(certificate(), { ...trust, ...change })).toThrow(named)
  })

  it('says which option is missing', () => {
    const { scope: _scope, ...noScope } = trust
    const { roster: _roster, ...noRoster } = trust
    expect(() => verifyBytes(certificate(), noScope)).toThrow('--scope is missing')
    expect(() => verifyBytes(evidence(), noRoster)).toThrow('--roster (or --peer) is missing')
  })
})
