/** `witan verify` of evidence of malice, against the genesis of a peer's folder. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { present } from '../../src/base/errors.ts'
import { toHex } from '../../src/base/text.ts'
import { PeerFolder } from '../../src/cli/peer/folder.ts'
import { verifyBytes } from '../../src/cli/verify/rows.ts'
import type { TrustOptions } from '../../src/cli/verify/trust.ts'
import { encodeObservation, type Observation } from '../../src/core/parsec/index.ts'
import { ed25519Signer } from '../../src/crypto/index.ts'
import { groupOf } from '../../src/engine/peer/options.ts'
import { encodeContent } from '../../src/wire/canonical/event.ts'
import { encodeMaliceEvidence } from '../../src/wire/malice-evidence.ts'

const signer = ed25519Signer(new Uint8Array(32).fill(1))
const group = groupOf({ members: [signer.identity] })
const peer = join(mkdtempSync(join(tmpdir(), 'verify-malice-')), 'peer')
const folder = new PeerFolder(peer)
folder.ensureKey()
folder.writeConfig({ listen: { host: '127.0.0.1', port: 7001 }, genesis: [toHex(signer.identity)], peers: [] })
const trust: TrustOptions = { peer, scheme: 'ed25519', proposer: [], threshold: '0.7', silence: 'no' }

/** A vote on a self-parent that nobody has to show. */
function child(payload: number): Uint8Array {
  const selfParent = new Uint8Array(32).fill(7)
  const observation: Observation = { type: 'OpaquePayload', payload: Uint8Array.of(payload) }
  const voteSignature = signer.sign(group.voteMessage(encodeObservation(observation, group.format)))
  const cause = { type: 'Observation', selfParent, observation, voteSignature } as const
  const content = encodeContent(signer.identity, cause, group.format)
  return new Uint8Array([...content, ...signer.sign(group.eventMessage(content))])
}

function fork(children: readonly Uint8Array[]): Uint8Array {
  const malice = { type: 'Fork', event: new Uint8Array(32).fill(7) } as const
  const accusation = encodeObservation({ type: 'Accusation', offender: signer.identity, malice }, group.format)
  return present(encodeMaliceEvidence(group.id, accusation, children), 'it is short')
}

describe('witan verify', () => {
  it('takes evidence of malice', () => {
    const { what, json } = verifyBytes(fork([child(1), child(2)]), trust)
    expect([what, json]).toEqual(['evidence of malice', { offender: toHex(signer.identity), kind: 'Fork' }])
  })

  it('refuses what proves nothing, and asks for a genesis', () => {
    expect(() => verifyBytes(fork([child(1), child(1)]), trust)).toThrow('proves nothing')
    const { peer: _, ...blind } = trust
    expect(() => verifyBytes(fork([child(1), child(2)]), blind)).toThrow('--peer')
  })
})
