/**
 * parsec §8: whoever starts from a checkpoint orders the same blocks as everybody, with the same digests of the state, in
 * random networks whose members change: before the checkpoint, across it, and after it.
 */
import { describe, expect, it } from 'vitest'
import { present } from '../../src/base/errors.ts'
import { toHex } from '../../src/base/text.ts'
import {
  CheckpointError,
  type CheckpointView,
  Parsec,
  stubsOfBase,
  verifyBase,
  withVouches,
} from '../../src/core/parsec/index.ts'
import { SeededRandom } from '../../src/testing/seeded-random.ts'
import { decodeBase, decodeStubs, encodeBase, encodeStubs } from '../../src/wire/checkpoint/base.ts'
import { add, idOf, Network, opaque, type Peer, remove, signerOf, strictScheme } from '../support/parsec/network.ts'

const bare = ({ epoch, position, chainHash, stateDigest, nextVoters }: CheckpointView): string =>
  [epoch, position, toHex(chainHash), toHex(stateDigest), ...nextVoters.map(toHex)].join()

class RandomNetwork {
  readonly random: SeededRandom
  readonly network: Network
  readonly peers: Peer[] = []
  #names = 0

  constructor(seed: string, detectsMalice: boolean) {
    this.random = new SeededRandom(seed)
    const members = Array.from({ length: this.random.int(3, 6) }, () => this.#name())
    this.network = new Network(members, { mode: 'single', checkpointInterval: this.random.int(3, 8), detectsMalice })
    for (const name of members) this.peers.push(this.network.start(name))
  }

  #name(): string {
    this.#names += 1
    return `p${this.#names}`
  }

  /** Those who vote by what the most advanced peer knows; some may not know it yet. */
  get voters(): Peer[] {
    const most = this.peers.reduce((a, b) => (b.blocks.length > a.blocks.length ? b : a))
    const ids = new Set(most.parsec.voters().map(toHex))
    if (most.parsec.isRemoved) ids.delete(toHex(idOf(most.name)))
    return this.peers.filter(({ name }) => ids.has(toHex(idOf(name))))
  }

  /** Votes and gossip at random; messages are lost now and then. */
  run(rounds: number): void {
    for (let round = 0; round < rounds; round += 1) {
      const { voters } = this
      if (this.random.chance(0.3))
        this.network.vote(this.random.pick(voters), opaque(`${round} ${this.random.int(0, 1e6)}`))
      if (this.random.chance(0.03)) this.#change(voters)
      const from = this.random.pick(voters)
      const recipients = from.parsec.gossipRecipients().map(toHex)
      const others = this.peers.filter((peer) => recipients.includes(toHex(idOf(peer.name))))
      if (others.length === 0) continue
      const lost = { request: this.random.chance(0.1), response: this.random.chance(0.1) }
      this.network.gossip(from, this.random.pick(others), lost)
      if (this.random.chance(0.5)) this.network.deliverMail()
    }
  }

  #change(voters: readonly Peer[]): void {
    if (voters.length > 3 && this.random.chance(0.5)) {
      const leaving = this.random.pick(voters)
      for (const peer of voters) this.#voteOnce(peer, remove(leaving.name))
      return
    }
    const name = this.#name()
    const section = voters.map((peer) => peer.name)
    this.peers.push(this.network.join(name, section))
    for (const peer of voters) this.#voteOnce(peer, add(name))
  }

  #voteOnce(peer: Peer, observation: Parameters<Network['vote']>[1]): void {
    if (peer.parsec.canVote() && !peer.parsec.haveVotedFor(observation)) this.network.vote(peer, observation)
  }

  /** Fair rounds: everybody with everybody, those too who become voters on the way. */
  settle(): void {
    for (let round = 0; round < 10; round += 1) {
      this.network.settle(this.voters, 1)
      this.network.deliverMail()
    }
  }

  /** The newest proven checkpoint of some voter, with the vouches of the others. */
  base(): { readonly bytes: Uint8Array; readonly position: number; readonly sponsor: Peer } | null {
    const sponsor = this.random.pick(this.voters)
    const view = sponsor.parsec.proofs.checkpoints().findLast(({ isProven }) => isProven)
    const bytes = view === undefined ? null : sponsor.parsec.bases.at(view.position)
    if (view === undefined || bytes === null) return null
    const trust = { group: this.network.group(), scheme: strictScheme }
    const vouches = this.voters
      .filter((peer) => peer !== sponsor)
      .map(({ name, parsec }) => ({
        signer: idOf(name),
        signature: parsec.bases.vouch(view.position, stubsOfBase(bytes, trust)),
      }))
      .flatMap(({ signer, signature }) => (signature === null ? [] : [{ signer, signature }]))
    if (3 * (vouches.length + 1) < view.nextVoters.length) return null
    return { bytes: withVouches(bytes, vouches, trust), position: view.position, sponsor }
  }
}

/** Blocks and digests of a peer that started at a position are those of the others. */
function expectSame(late: Peer, position: number, others: readonly Peer[], seed: string): void {
  for (const { name, blocks, parsec } of others) {
    const expected = blocks.slice(position).map(({ hash }) => toHex(hash))
    const actual = late.blocks.map(({ hash }) => toHex(hash))
    const shared = Math.min(expected.length, actual.length)
    expect(actual.slice(0, shared), `${seed}: blocks of ${name}`).toEqual(expected.slice(0, shared))
    const views = parsec.proofs.checkpoints(position + 1).map(bare)
    const ours = late.parsec.proofs.checkpoints(position + 1).map(bare)
    const both = Math.min(views.length, ours.length)
    expect(ours.slice(0, both), `${seed}: checkpoints of ${name}`).toEqual(views.slice(0, both))
  }
}

// More seeds: WITAN_SEEDS=100 npx vitest run test/property/parsec-from-checkpoint.test.ts
const SEEDS = Array.from({ length: Number(process.env['WITAN_SEEDS'] ?? 10) }, (_, i) => `from checkpoint ${i}`)

describe.each([true, false])('whoever starts from a checkpoint, where malice is detected: %s', (detectsMalice) => {
  it.each(SEEDS.slice(0, SEEDS.length / 2))('orders what everybody orders, and makes nothing (seed %s)', (seed) => {
    const world = new RandomNetwork(seed, detectsMalice)
    world.run(world.random.int(120, 400))
    let base = world.base()
    for (let i = 0; base === null && i < 20; i += 1) {
      world.run(40)
      world.settle()
      base = world.base()
    }
    const { bytes, position, sponsor } = present(base ?? undefined, `${seed}: some checkpoint can be started from`)
    world.run(world.random.int(0, 60))
    const group = world.network.group()
    const signer = signerOf('reader')
    const { parsec, step } = Parsec.fromCheckpoint(group, signer, bytes)
    const reader: Peer = { name: 'reader', parsec, facts: [], blocks: [] }
    world.network.note(reader, step)
    expect(parsec.eventCount).toBeLessThan(sponsor.parsec.eventCount)
    // Even once the group has let it in.
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
    // It cannot see all that others expect a voter to accuse, nor all that they refuse.
    expect(parsec.canVote()).toBe(false)
    const again = Parsec.fromFacts(group, signer, reader.facts)
    expect(again.proofs.checkpoints().map(bare)).toEqual(parsec.proofs.checkpoints().map(bare))
    expect(again.summary()).toEqual(parsec.summary())
  })
})

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
