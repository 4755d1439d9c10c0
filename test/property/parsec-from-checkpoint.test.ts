/**
 * parsec §8: whoever starts from a checkpoint orders the same blocks as everybody, with the same digests of the state, in
 * random networks whose members change: before the checkpoint, across it, and after it.
 */
import { describe, expect, it } from 'vitest'
import { equalBytes } from '../../src/base/bytes.ts'
import { present } from '../../src/base/errors.ts'
import { CheckpointError, decodeEvent, type Group, Parsec, verifyBase } from '../../src/core/parsec/index.ts'
import { decodeBase, decodeStubs, encodeBase, encodeStubs } from '../../src/wire/checkpoint/base.ts'
import { add, idOf, type Peer, signerOf, strictScheme } from '../support/parsec/network.ts'
import { bare, expectSame, RandomNetwork } from '../support/parsec/random-network.ts'

// More seeds: WITAN_SEEDS=100 npx vitest run test/property/parsec-from-checkpoint.test.ts
const SEEDS = Array.from({ length: Number(process.env['WITAN_SEEDS'] ?? 10) }, (_, i) => `from checkpoint ${i}`)

describe.each([true, false])('whoever starts from a checkpoint, where malice is detected: %s', (detectsMalice) => {
  it.each(SEEDS.slice(0, SEEDS.length / 2))(
    'orders what everybody orders, and takes part once it is let in (seed %s)',
    (seed) => {
      const world = new RandomNetwork(seed, detectsMalice)
      world.run(world.random.int(120, 400))
      const { bytes, position, sponsor } = world.someBase()
      world.run(world.random.int(0, 60))
      const group = world.network.group()
      const signer = signerOf('reader')
      const { parsec, step } = Parsec.fromCheckpoint(group, signer, bytes)
      const reader: Peer = { name: 'reader', parsec, facts: [], blocks: [] }
      world.network.note(reader, step)
      expect(parsec.eventCount).toBeLessThan(sponsor.parsec.eventCount)
      const made = (): number => ownEvents(reader, group)
      expect([parsec.canVote(), made()]).toEqual([false, 0])
      for (const peer of world.voters) if (peer.parsec.canVote()) world.network.vote(peer, add('reader'))
      world.settle()
      world.run(150)
      world.settle()
      const from = present(
        world.voters.find((peer) => peer !== sponsor && peer !== reader),
        'two voters',
      )
      for (const { bytes: graph } of from.parsec.graphBeyond(idOf(sponsor.name), parsec.summary()).effects) {
        world.network.note(reader, parsec.handleGraph(idOf(from.name), graph))
      }
      expect(reader.blocks.length).toBe(from.blocks.length - position)
      expectSame(reader, position, world.voters, seed)
      expect(reader.facts.some(({ type }) => type === 'OffenceReported')).toBe(false)
      expect([parsec.canVote(), made()]).toEqual([true, 1])
      const again = Parsec.fromFacts(group, signer, reader.facts)
      expect(again.proofs.checkpoints().map(bare)).toEqual(parsec.proofs.checkpoints().map(bare))
      expect(again.summary()).toEqual(parsec.summary())
    },
  )
})

function ownEvents({ name, facts }: Peer, { format }: Group<Uint8Array>): number {
  const accepted = facts.flatMap((fact) =>
    fact.type === 'GossipEventAccepted' ? [decodeEvent(fact.bytes, format)] : [],
  )
  return accepted.filter(({ creator }) => equalBytes(creator, idOf(name))).length
}

describe('a base', () => {
  const world = new RandomNetwork('a base', false)
  world.run(250)
  world.settle()
  const { bytes } = present(world.base() ?? undefined, 'some checkpoint can be started from')
  const trust = { group: world.network.group(), scheme: strictScheme }
  const { format } = trust.group
  const base = decodeBase(bytes, format)
  const refused = (change: Partial<typeof base>): string | undefined => {
    try {
      verifyBase(encodeBase({ ...base, ...change }), trust)
      return undefined
    } catch (error) {
      return error instanceof CheckpointError ? error.data.why : String(error)
    }
  }
  const stubs = decodeStubs(base.stubs)

  it('is refused with any byte changed', () => {
    expect(refused({})).toBeUndefined()
    const accepted: number[] = []
    for (let i = 0; i < bytes.length; i += 1) {
      const changed = bytes.slice()
      changed[i] = (changed[i] ?? 0) ^ 1
      try {
        verifyBase(changed, trust)
        accepted.push(i)
      } catch (error) {
        if (!(error instanceof CheckpointError)) throw error
      }
    }
    expect(accepted).toEqual([])
  })

  it('needs the vouches of a third of the voters, each once', () => {
    const [first] = base.vouches
    const voters = base.standings.filter(({ flags }) => (flags & 1) !== 0).length
    expect(base.vouches.length).toBe(voters)
    expect(refused({ vouches: base.vouches.slice(0, Math.ceil(voters / 3)) })).toBeUndefined()
    expect(refused({ vouches: base.vouches.slice(0, Math.ceil(voters / 3) - 1) })).toContain('vouch for it')
    const twice = Array.from({ length: voters }, () => present(first, 'a vouch'))
    expect(refused({ vouches: twice })).toContain('somebody who does not vote')
  })

  it('is vouched for by nobody whose graph says something else', () => {
    const view = present(
      world.voters[0]?.parsec.proofs.checkpoints().findLast(({ isProven }) => isProven),
      'a checkpoint',
    )
    const lies = [
      stubs.map((stub, i) => (i === 0 ? { ...stub, known: stub.known.map((count) => count + 1) } : stub)),
      stubs.map((stub, i) => (i === 0 ? { ...stub, index: stub.index + 1 } : stub)),
      stubs.map((stub, i) => (i === 0 ? { ...stub, hash: new Uint8Array(32) } : stub)),
    ].map((changed) => encodeStubs(changed))
    for (const { parsec } of world.voters) {
      for (const lie of lies) expect(parsec.bases.vouch(view.position, lie)).toBeNull()
    }
  })
})
