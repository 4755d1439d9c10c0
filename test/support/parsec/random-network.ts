/**
 * A network driven at random by a seed, whose members change; one of them may run twice. What starts from a base of it is held against
 * everybody's order (parsec §8).
 */

import { expect } from 'vitest'
import { present } from '../../../src/base/errors.ts'
import { toHex } from '../../../src/base/text.ts'
import { type CheckpointView, Parsec, stubsOfBase, withVouches } from '../../../src/core/parsec/index.ts'
import { SeededRandom } from '../../../src/testing/seeded-random.ts'
import { add, idOf, Network, opaque, type Peer, remove, signerOf, strictScheme } from './network.ts'

/** A checkpoint in short, without who signed it. */
export const bare = ({ epoch, position, chainHash, stateDigest, nextVoters }: CheckpointView): string =>
  [epoch, position, toHex(chainHash), toHex(stateDigest), ...nextVoters.map(toHex)].join()

export class RandomNetwork {
  readonly random: SeededRandom
  readonly network: Network
  readonly peers: Peer[] = []
  /** Whose key runs twice. */
  forker: Peer | undefined
  /** No removal leaves less. */
  readonly #fewest: number
  readonly #leaving = new Set<string>()
  #names = 0

  constructor(seed: string, detectsMalice: boolean, fewest = 3) {
    this.random = new SeededRandom(seed)
    this.#fewest = fewest
    const members = Array.from({ length: this.random.int(fewest, 6) }, () => this.#name())
    this.network = new Network(members, { mode: 'single', checkpointInterval: this.random.int(3, 8), detectsMalice })
    for (const name of members) this.peers.push(this.network.start(name))
  }

  #name(): string {
    this.#names += 1
    return `p${this.#names}`
  }

  /** Those who vote by what the most advanced peer knows; some may not know it yet. */
  get voters(): Peer[] {
    const most = this.correct.reduce((a, b) => (b.blocks.length > a.blocks.length ? b : a))
    const ids = new Set(most.parsec.voters().map(toHex))
    if (most.parsec.isRemoved) ids.delete(toHex(idOf(most.name)))
    return this.peers.filter(({ name }) => ids.has(toHex(idOf(name))))
  }

  /** All that run once. */
  get correct(): Peer[] {
    return this.peers.filter(({ name }) => name !== this.forker?.name)
  }

  /** A voter runs twice from now on, as after a restore from an old backup. */
  fork(): Peer {
    const forker = this.random.pick(this.voters)
    const { name, facts, blocks } = forker
    const parsec = Parsec.fromFacts(this.network.group(), signerOf(name), facts, blocks.length)
    const twin: Peer = { name, parsec, facts: [...facts], blocks: [...blocks] }
    this.network.peers.push(twin)
    this.peers.push(twin)
    this.forker = forker
    return forker
  }

  /** The peer goes on as another engine. */
  replace(former: Peer, peer: Peer): void {
    this.peers[this.peers.indexOf(former)] = peer
    this.network.peers[this.network.peers.indexOf(former)] = peer
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
    const staying = voters.filter(({ name }) => !this.#leaving.has(name))
    if (staying.length > this.#fewest && this.random.chance(0.5)) {
      const leaving = this.random.pick(staying)
      this.#leaving.add(leaving.name)
      for (const peer of voters) this.voteOnce(peer, remove(leaving.name))
      return
    }
    const name = this.#name()
    const section = voters.map((peer) => peer.name)
    this.peers.push(this.network.join(name, section))
    for (const peer of voters) this.voteOnce(peer, add(name))
  }

  /** Unless it did, or may not. */
  voteOnce(peer: Peer, observation: Parameters<Network['vote']>[1]): void {
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
    const bytes = baseOf(this.network, [sponsor, ...this.voters.filter((peer) => peer !== sponsor)])
    return view === undefined || bytes === null ? null : { bytes, position: view.position, sponsor }
  }

  /** Goes on until some checkpoint can be started from; fails where none can. */
  someBase(): NonNullable<ReturnType<RandomNetwork['base']>> {
    for (let i = 0; i < 20; i += 1) {
      const base = this.base()
      if (base !== null) return base
      this.run(40)
      this.settle()
    }
    return present(this.base() ?? undefined, 'some checkpoint can be started from')
  }
}

/** At the newest proven checkpoint of the first, with all vouches that there are; null where there is none, or too few vouch. */
export function baseOf(network: Network, [sponsor, ...others]: readonly Peer[]): Uint8Array | null {
  const view = sponsor?.parsec.proofs.checkpoints().findLast(({ isProven }) => isProven)
  const bytes = view === undefined ? undefined : sponsor?.parsec.bases.at(view.position)
  if (view === undefined || bytes === null || bytes === undefined) return null
  const trust = { group: network.group(), scheme: strictScheme }
  const vouches = others
    .map(({ name, parsec }) => ({
      signer: idOf(name),
      signature: parsec.bases.vouch(view.position, stubsOfBase(bytes, trust)),
    }))
    .flatMap(({ signer, signature }) => (signature === null ? [] : [{ signer, signature }]))
  return 3 * (vouches.length + 1) < view.nextVoters.length ? null : withVouches(bytes, vouches, trust)
}

/** Blocks and digests of a peer that started at a position are those of the others. */
export function expectSame(late: Peer, position: number, others: readonly Peer[], seed: string): void {
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

/** Starts a reader from a base; it gets what it lacks as whoever compares with `from` does. */
export function follow({ network }: { readonly network: Network }, bytes: Uint8Array): Peer {
  const { parsec, step } = Parsec.fromCheckpoint(network.group(), signerOf('reader'), bytes)
  const reader: Peer = { name: 'reader', parsec, facts: [], blocks: [] }
  network.note(reader, step)
  return reader
}

/** The reader compares with a peer, and takes what that sends. Gives the errors. */
export function compare({ network }: { readonly network: Network }, reader: Peer, from: Peer, asIf: Peer): string[] {
  const { effects } = from.parsec.graphBeyond(idOf(asIf.name), reader.parsec.summary())
  const steps = effects.map(({ bytes }) => network.note(reader, reader.parsec.handleGraph(idOf(from.name), bytes)))
  return steps.flatMap(({ error }) => (error === undefined ? [] : [error.code]))
}
