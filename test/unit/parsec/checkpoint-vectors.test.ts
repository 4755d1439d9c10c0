/**
 * docs/wire.md in bytes: a checkpoint and what it covers, for implementations in other languages. `UPDATE_VECTORS=1` writes
 * the file again; a difference in git is then a change of the format.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { utf8 } from '../../../src/base/bytes.ts'
import { toHex } from '../../../src/base/text.ts'
import { stateDigest } from '../../../src/core/parsec/checkpoint/digest.ts'
import {
  bytesGroup,
  encodeObservation,
  verifyCheckpoint,
  verifyCheckpointEvidence,
  verifyPosition,
} from '../../../src/core/parsec/index.ts'
import { ed25519, ed25519Signer } from '../../../src/crypto/index.ts'
import { CanonicalWriter } from '../../../src/wire/canonical/writer.ts'
import { writeStandings } from '../../../src/wire/checkpoint/base.ts'
import { blockKeyOf, FIRST_CHAIN_HASH, nextChainHash } from '../../../src/wire/checkpoint/chain.ts'
import { encodeCheckpointEvidence } from '../../../src/wire/checkpoint/evidence.ts'
import { encodeCheckpointProof, encodePositionProof } from '../../../src/wire/checkpoint/proof.ts'
import { encodeShares } from '../../../src/wire/checkpoint/shares.ts'
import { checkpointMessage, encodeStatement } from '../../../src/wire/checkpoint/statement.ts'

const FILE = join(import.meta.dirname, 'checkpoint-vectors.json')
const seed = (n: number): Uint8Array => new Uint8Array(32).fill(n)
const signers = [1, 2, 3, 4]
  .map((n) => ed25519Signer(seed(n)))
  .sort((a, b) => (toHex(a.identity) < toHex(b.identity) ? -1 : 1))
const ids = signers.map(({ identity }) => identity)
const [first = seed(0), , , last = seed(0)] = ids

describe('the vectors of checkpoints', () => {
  const group = bytesGroup({ members: ids, mode: 'single', checkpointInterval: 100 })
  const trust = { group, scheme: ed25519 }
  const blocks = [
    { observation: encodeObservation(group.genesis, group.format), voter: null },
    { observation: encodeObservation({ type: 'OpaquePayload', payload: utf8('0') }, group.format), voter: first },
    {
      observation: encodeObservation({ type: 'Remove', peerId: last, relatedInfo: utf8('') }, group.format),
      voter: null,
    },
  ]
  const chain = blocks.reduce<Uint8Array[]>(
    (hashes, block) => [...hashes, nextChainHash(hashes.at(-1) ?? FIRST_CHAIN_HASH, blockKeyOf(block))],
    [],
  )
  const chainHash = chain.at(-1) as Uint8Array
  const standings = ids.map((id) => ({ id, flags: id === last ? 2 | 4 : 1 | 2 }))
  const digested = {
    elections: 3,
    generations: 0,
    decidedCount: blocks.length,
    decidedHash: chainHash,
    standings,
  }
  const digest = stateDigest(group.id, digested, group.hash)
  const statement = encodeStatement({
    epoch: 1,
    position: blocks.length,
    chainHash,
    stateDigest: digest,
    nextVoters: ids.slice(0, 3),
  })
  const message = checkpointMessage(group.id, statement)
  const signatures = signers.map((signer) => signer.sign(message))
  const certified = {
    statement,
    signers: Uint8Array.of(0b1011),
    signatures: [0, 1, 3].map((i) => signatures[i] as Uint8Array),
  }
  const checkpoint = encodeCheckpointProof({ groupId: group.id, path: [certified] })
  const position = encodePositionProof({
    chainHashBefore: chain[0] as Uint8Array,
    block: blocks[1] as (typeof blocks)[0],
    keysAfter: blocks.slice(2).map(blockKeyOf),
    checkpoint,
  })
  const other = encodeStatement({ epoch: 0, position: 3, chainHash, stateDigest: digest, nextVoters: ids })
  const [signer] = signers as [(typeof signers)[0]]
  const evidence = encodeCheckpointEvidence(group.id, first, [
    { statement, signature: signatures[0] as Uint8Array },
    { statement: other, signature: signer.sign(checkpointMessage(group.id, other)) },
  ])
  const share = { signer: first, signature: signatures[0] as Uint8Array }

  it('are those that were published', () => {
    const vectors = {
      privateKeys: [1, 2, 3, 4].map((n) => toHex(seed(n))),
      members: ids.map(toHex),
      groupId: toHex(group.id),
      blocks: blocks.map(({ observation, voter }, i) => ({
        observation: toHex(observation),
        voter: voter === null ? null : toHex(voter),
        chainHash: toHex(chain[i] as Uint8Array),
      })),
      standings: toHex(writeStandings(new CanonicalWriter(), standings).finish()),
      stateDigest: toHex(digest),
      statement: toHex(statement),
      signedBytes: toHex(message),
      signatures: signatures.map(toHex),
      checkpointProof: toHex(checkpoint),
      positionProof: toHex(position),
      evidence: toHex(evidence),
      shares: toHex(encodeShares({ isAnswer: false, entries: [{ statement, signatures: [share] }] })),
    }
    if (process.env['UPDATE_VECTORS'] === '1') writeFileSync(FILE, `${JSON.stringify(vectors, null, 2)}\n`)
    expect(vectors).toEqual(JSON.parse(readFileSync(FILE, 'utf8')))
  })

  it('prove what they say', () => {
    expect(verifyCheckpoint(checkpoint, trust)).toMatchObject({ epoch: 1, position: 3, nextVoters: ids.slice(0, 3) })
    expect(verifyPosition(position, trust)).toMatchObject({ position: 1, voter: first })
    expect(verifyCheckpointEvidence(evidence, trust)).toEqual({ signer: first, position: 3 })
  })
})
