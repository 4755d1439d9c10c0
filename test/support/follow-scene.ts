/** parsec §8: a group and peers that follow it from a checkpoint, over a network in memory and a virtual clock. */
import { utf8 } from '../../src/base/bytes.ts'
import { toHex } from '../../src/base/text.ts'
import { type ParsecFact, parsecFactFromJson } from '../../src/core/parsec/index.ts'
import type { FollowOptions, WitanOptions } from '../../src/engine/peer/options.ts'
import { streamName } from '../../src/engine/streams.ts'
import type { EventLog } from '../../src/ports/event-log.ts'
import type { Transport } from '../../src/ports/transport.ts'
import { simulatedSigner } from '../../src/testing/sim/scheme.ts'
import { type CheckpointBase, decodeBase, encodeBase } from '../../src/wire/checkpoint/base.ts'
import { decodeBasePart, encodeBasePart } from '../../src/wire/checkpoint/following.ts'
import { decodePeerMessage, encodePeerMessage, type PeerMessageKind } from '../../src/wire/peer-message.ts'
import { type RunningPeer, VirtualPeers } from './virtual-peers.ts'

export const MEMBERS = ['ann', 'ben', 'cas', 'dot']
export const OPEN: Partial<WitanOptions> = { followers: { permits: () => true } }

export class Scene {
  readonly peers: VirtualPeers
  running = new Map<string, RunningPeer>()

  constructor(seed: number, members: readonly string[] = MEMBERS) {
    this.peers = new VirtualPeers(members, seed, { checkpointInterval: 4 })
  }

  async start(options = OPEN): Promise<this> {
    this.running = await this.peers.startAll(options)
    return this
  }

  peer(name: string): RunningPeer['witan'] {
    return (this.running.get(name) as RunningPeer).witan
  }

  async pay(by: string, count: number): Promise<void> {
    for (let i = 0; i < count; i += 1) {
      const receipt = await this.peers.settle(this.peer(by).vote(utf8(`${by} ${i} ${this.peers.clock.nowMs()}`)))
      await this.peers.settle(receipt.agreed)
    }
  }

  /** Without waiting in between, so that they go in batches. */
  async payAtOnce(by: string, count: number): Promise<void> {
    const votes = Array.from({ length: count }, (_, i) => this.peer(by).vote(utf8(`at once ${i} by ${by}`)))
    const receipts = await this.peers.settle(Promise.all(votes))
    await this.peers.settle(Promise.all(receipts.map(({ agreed }) => agreed)))
  }

  follow(
    name = 'eve',
    options: Partial<WitanOptions> = {},
    transport?: Transport,
    log?: EventLog,
  ): Promise<RunningPeer> {
    return this.#start(name, { follow: this.from(), ...options }, transport, log)
  }

  /** Joins from a checkpoint. */
  join(name = 'eve', options: Partial<WitanOptions> = {}, transport?: Transport, log?: EventLog): Promise<RunningPeer> {
    return this.#start(name, { ...OPEN, join: { checkpoint: this.from() }, ...options }, transport, log)
  }

  from(): FollowOptions {
    return {
      sponsors: MEMBERS.map((member) => this.peers.idOf(member)),
      stuckAfterMs: 500,
      answerTimeoutMs: 200,
    }
  }

  async #start(
    name: string,
    options: Partial<WitanOptions>,
    transport: Transport | undefined,
    log: EventLog | undefined,
  ): Promise<RunningPeer> {
    const started = this.peers.start(name, {
      options,
      ...(transport === undefined ? {} : { transport }),
      ...(log === undefined ? {} : { log }),
    })
    const running = await this.peers.settle(started)
    this.running.set(name, running)
    return running
  }

  /** These vote for adding a peer, until it is one. */
  async add(name: string, by: readonly string[] = MEMBERS): Promise<void> {
    for (const voter of by) await this.peers.settle(this.peer(voter).members.add(this.peers.idOf(name)))
    await this.until(() => this.peer(by[0] as string).membership.voters.includes(toHex(this.peers.idOf(name))))
  }

  async remove(name: string, by: readonly string[]): Promise<void> {
    for (const voter of by) await this.peers.settle(this.peer(voter).members.remove(this.peers.idOf(name)))
    await this.until(() => !this.peer(by[0] as string).membership.voters.includes(toHex(this.peers.idOf(name))))
  }

  /** All of these have the same blocks, and nothing waits for any. */
  async level(...names: readonly string[]): Promise<void> {
    const counts = (): Set<number> => new Set(names.map((name) => this.peer(name).status.blocks))
    await this.until(() => counts().size === 1)
  }

  async until(isSo: () => boolean): Promise<void> {
    for (let i = 0; i < 3_000 && !isSo(); i += 1) await this.peers.clock.advance(10)
    if (!isSo()) throw new Error('half a virtual minute was not enough')
  }

  async stopAll(...others: readonly RunningPeer[]): Promise<void> {
    for (const peer of new Set([...this.running.values(), ...others])) await this.peers.stop(peer)
  }
}

export async function orderOf({ witan }: RunningPeer, from?: number): Promise<string[]> {
  const order: string[] = []
  for await (const { index, position, hash } of witan.history.allBlocks(from === undefined ? {} : { from })) {
    order.push(`${index} ${position} ${hash}`)
  }
  return order
}

export async function factsOf(scene: Scene, name: string, log = scene.peers.logOf(name)): Promise<string[]> {
  const types: string[] = []
  const stream = streamName({ category: 'gossip', peer: toHex(scene.peers.idOf(name)) })
  for await (const { type } of log.read(stream)) types.push(type)
  return types
}

export async function loggedBy(scene: Scene, name: string) {
  const log = scene.peers.logOf(name)
  const signer = simulatedSigner(name)
  const facts: ParsecFact[] = []
  for await (const { type, data } of log.read(streamName({ category: 'gossip', peer: toHex(signer.identity) }))) {
    facts.push(parsecFactFromJson(type, data))
  }
  return { log, signer, group: scene.peers.group, facts }
}

/** What a peer sends, changed on its way: `null` drops it. */
export function changed(
  transport: Transport,
  change: (kind: PeerMessageKind, body: Uint8Array) => Uint8Array | null,
): Transport {
  return {
    localPeer: transport.localPeer,
    send: async (to, bytes, options) => {
      const message = decodePeerMessage(bytes)
      const body = message === undefined ? null : change(message.kind, message.body.slice())
      if (message !== undefined && body !== null)
        await transport.send(to, encodePeerMessage(message.kind, body), options)
    },
    receive: (options) => transport.receive(options),
    close: () => transport.close(),
  }
}

/** A part of a base, changed; an answer that there is none stays. */
export function changePart(
  body: Uint8Array,
  change: (part: ReturnType<typeof decodeBasePart>) => ReturnType<typeof decodeBasePart>,
): Uint8Array {
  const part = decodeBasePart(body)
  return part.position === 0 ? body : encodeBasePart(change(part))
}

/** A base of one part with other stubs, that nobody vouches for yet. */
export function changeStubs(body: Uint8Array, change: (base: CheckpointBase) => Uint8Array): Uint8Array {
  return changePart(body, (part) => {
    const base = decodeBase(part.bytes, FORMAT)
    const bytes = encodeBase({ ...base, stubs: change(base), vouches: [] })
    return { ...part, length: bytes.length, bytes }
  })
}

const FORMAT = new VirtualPeers(MEMBERS).group.format
