/** `witan verify` of checkpoints, places in the order, and evidence, against the genesis of a peer's folder. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { toHex } from '../../src/base/text.ts'
import { PeerFolder } from '../../src/cli/peer/folder.ts'
import { verifyBytes } from '../../src/cli/verify/rows.ts'
import type { TrustOptions } from '../../src/cli/verify/trust.ts'
import { encodeObservation } from '../../src/core/parsec/index.ts'
import { ed25519Signer } from '../../src/crypto/index.ts'
import { groupOf } from '../../src/engine/peer/options.ts'
import { blockKeyOf, FIRST_CHAIN_HASH, nextChainHash } from '../../src/wire/checkpoint/chain.ts'
import { encodeCheckpointEvidence } from '../../src/wire/checkpoint/evidence.ts'
import { encodeCheckpointProof, encodePositionProof } from '../../src/wire/checkpoint/proof.ts'
import { checkpointMessage, encodeStatement } from '../../src/wire/checkpoint/statement.ts'

const signer = ed25519Signer(new Uint8Array(32).fill(1))
const group = groupOf({ members: [signer.identity] })
const peer = join(mkdtempSync(join(tmpdir(), 'verify-checkpoints-')), 'peer')
const folder = new PeerFolder(peer)
folder.ensureKey()
folder.writeConfig({ listen: { host: '127.0.0.1', port: 7001 }, genesis: [toHex(signer.identity)], peers: [] })

const trust: TrustOptions = { peer, scheme: 'ed25519', proposer: [], threshold: '0.7', silence: 'no' }
const block = { observation: encodeObservation(group.genesis, group.format), voter: null }
const statement = encodeStatement({
  epoch: 0,
  position: 1,
  chainHash: nextChainHash(FIRST_CHAIN_HASH, blockKeyOf(block)),
  stateDigest: new Uint8Array(32),
  nextVoters: group.members,
})
const signed = (bytes: Uint8Array) => signer.sign(checkpointMessage(group.id, bytes))
const certified = { statement, signers: Uint8Array.of(1), signatures: [signed(statement)] }
const checkpoint = encodeCheckpointProof({ groupId: group.id, path: [certified] })

describe('witan verify', () => {
  it('takes a checkpoint', () => {
    const { what, json } = verifyBytes(checkpoint, trust)
    expect(what).toBe('checkpoint')
    expect(json).toMatchObject({ blocks: 1, epoch: 0, voters: [toHex(signer.identity)] })
  })

  it('takes a place in the order', () => {
    const bytes = encodePositionProof({ chainHashBefore: FIRST_CHAIN_HASH, block, keysAfter: [], checkpoint })
    expect(verifyBytes(bytes, trust).sentence).toBe(
      'block 0 is Genesis by a supermajority; the checkpoint after it covers 1 blocks',
    )
  })

  it('takes evidence of two checkpoints', () => {
    const other = statement.map((byte, i) => (i === 60 ? 9 : byte))
    const evidence = encodeCheckpointEvidence(group.id, signer.identity, [
      { statement, signature: signed(statement) },
      { statement: other, signature: signed(other) },
    ])
    expect(verifyBytes(evidence, trust).json).toEqual({ signer: toHex(signer.identity), blocks: 1 })
  })

  it('asks for a genesis, and refuses what another one signed', () => {
    const { peer: _, ...blind } = trust
    expect(() => verifyBytes(checkpoint, blind)).toThrow('--peer is missing')
    const broken = checkpoint.map((byte, i) => (i === checkpoint.length - 1 ? byte ^ 1 : byte))
    expect(() => verifyBytes(broken, trust)).toThrow('not proven')
  })
})
