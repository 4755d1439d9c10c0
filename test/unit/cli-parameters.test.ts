/** Groups whose parameters are not the defaults: `witan verify --peer`, and what else reads a peer's folder (parsec §1). */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { toHex } from '../../src/base/text.ts'
import { PeerFolder } from '../../src/cli/peer/folder.ts'
import { initCommand } from '../../src/cli/peer/init.ts'
import type { ParameterFields } from '../../src/cli/peer/parameters.ts'
import { verifyBytes } from '../../src/cli/verify/rows.ts'
import type { TrustOptions } from '../../src/cli/verify/trust.ts'
import {
  bytesGroup,
  DEFAULT_LIMITS,
  encodeObservation,
  type Group,
  type ModeRule,
} from '../../src/core/parsec/index.ts'
import { ed25519Signer, sha3 } from '../../src/crypto/index.ts'
import { groupOf } from '../../src/engine/peer/options.ts'
import { blockKeyOf, FIRST_CHAIN_HASH, nextChainHash } from '../../src/wire/checkpoint/chain.ts'
import { encodeCheckpointProof } from '../../src/wire/checkpoint/proof.ts'
import { checkpointMessage, encodeStatement } from '../../src/wire/checkpoint/statement.ts'

const signer = ed25519Signer(new Uint8Array(32).fill(1))
const members = [signer.identity]
const limits = { ...DEFAULT_LIMITS, maxEventBytes: 100_000 }
const application = Uint8Array.of(1, 2, 3)
const whole = { members, mode: 'supermajority', checkpointInterval: 7, limits, application } as const
const framed: ModeRule<Uint8Array> = { name: 'witan/frames/single', modeOf: () => 'single' }
const core = { members, mode: framed, checkpointInterval: 100, hash: sha3 }

function folderWith(parameters?: object): string {
  const path = join(mkdtempSync(join(tmpdir(), 'parameters-')), 'peer')
  const folder = new PeerFolder(path)
  folder.ensureKey()
  folder.writeConfig({ listen: { host: '127.0.0.1', port: 7001 }, genesis: members.map(toHex), peers: [] })
  const file = join(path, 'witan.json')
  const config = JSON.parse(readFileSync(file, 'utf8')) as object
  if (parameters !== undefined) writeFileSync(file, JSON.stringify({ ...config, parameters }))
  return path
}

/** A checkpoint of the group's first block. */
function checkpointOf(group: Group<Uint8Array>): Uint8Array {
  const block = { observation: encodeObservation(group.genesis, group.format), voter: null }
  const chainHash = nextChainHash(FIRST_CHAIN_HASH, blockKeyOf(block))
  const stated = { epoch: 0, position: 1, chainHash, stateDigest: new Uint8Array(32), nextVoters: group.members }
  const statement = encodeStatement(stated)
  const signatures = [signer.sign(checkpointMessage(group.id, statement))]
  return encodeCheckpointProof({ groupId: group.id, path: [{ statement, signers: Uint8Array.of(1), signatures }] })
}

const trusting = (peer: string): TrustOptions => ({
  peer,
  scheme: 'ed25519',
  proposer: [],
  threshold: '0.7',
  silence: 'no',
})

const CASES: readonly (readonly [string, ParameterFields, Group<Uint8Array>])[] = [
  ['the defaults', {}, groupOf({ members })],
  ['checkpointInterval', { checkpointInterval: 7 }, groupOf({ members, checkpointInterval: 7 })],
  ['limits', { limits: { maxEventBytes: 100_000 } }, groupOf({ members, limits })],
  ['application', { application: '010203' }, groupOf({ members, application })],
  ['mode', { mode: 'witan/frames/supermajority' }, groupOf({ members, mode: 'supermajority' })],
  ['a mode without frames', { mode: 'single' }, bytesGroup({ ...core, mode: 'single' })],
  ['detectsMalice', { detectsMalice: false }, bytesGroup({ ...core, detectsMalice: false })],
  ['coin', { coin: 'threshold' }, bytesGroup({ ...core, coin: { name: 'threshold', toss: () => null } })],
]

describe('the parameters of a group in a peer’s folder', () => {
  it.each(CASES)('%s: proofs of that group hold, and of no other', (_, parameters, group) => {
    const trust = trusting(folderWith(parameters))
    expect(toHex(new PeerFolder(String(trust.peer)).group().id)).toBe(toHex(group.id))
    expect(verifyBytes(checkpointOf(group), trust).json).toMatchObject({ blocks: 1 })
    for (const [, , other] of CASES.filter((it) => it[2] !== group)) {
      expect(() => verifyBytes(checkpointOf(other), trust)).toThrow('another group')
    }
  })

  it('are those that a peer runs with, where a whole peer can', () => {
    const parameters = {
      mode: 'witan/frames/supermajority',
      checkpointInterval: 7,
      limits: { maxEventBytes: 100_000 },
      application: '010203',
    }
    const folder = new PeerFolder(folderWith(parameters))
    expect(toHex(groupOf(folder.genesis()).id)).toBe(toHex(groupOf(whole).id))
    expect(folder.group().modeOf({ type: 'OpaquePayload', payload: Uint8Array.of(0, 1) })).toBe('supermajority')
    for (const only of [{ detectsMalice: false }, { coin: 'threshold' }, { mode: 'single' }]) {
      expect(() => new PeerFolder(folderWith(only)).genesis()).toThrow('round-parity')
    }
  })

  it('are kept by `witan init`', () => {
    const path = folderWith({ checkpointInterval: 7 })
    initCommand().parse(['node', 'init', path, '--listen', '127.0.0.1:7002', '--json'])
    expect(new PeerFolder(path).config()).toMatchObject({
      listen: { port: 7002 },
      parameters: { checkpointInterval: 7 },
    })
  })

  it.each([
    ['checkpointInterval', -1],
    ['mode', 'often'],
    ['coin', 'fair'],
    ['detectsMalice', 'yes'],
    ['limits', { maxEventBytes: 1.5 }],
    ['limits', { maxHeadBytes: 1 }],
    ['application', 'xyz'],
    ['epoch', 1],
  ])('%s is refused as %j, by name', (name, value) => {
    expect(() => new PeerFolder(folderWith({ [name]: value })).group()).toThrow(`parameters.${name}`)
  })
})
