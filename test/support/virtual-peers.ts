/** Peers on a virtual clock and a network in memory: what happens depends on nothing but the test. */
import type { Bytes } from '../../src/base/bytes.ts'
import type { Group } from '../../src/core/parsec/index.ts'
import { type GenesisOptions, groupOf, type WitanOptions } from '../../src/engine/peer/options.ts'
import { createWitan, type Witan } from '../../src/engine/peer/witan.ts'
import { memoryLog } from '../../src/log/index.ts'
import type { EventLog } from '../../src/ports/event-log.ts'
import type { Transport } from '../../src/ports/transport.ts'
import { SeededRandom, VirtualClock } from '../../src/testing/index.ts'
import { simulatedSigner } from '../../src/testing/sim/scheme.ts'
import { MemoryNetwork } from '../../src/transport/index.ts'

export interface RunningPeer {
  readonly witan: Witan
  readonly transport: Transport
}

export class VirtualPeers {
  readonly clock = new VirtualClock(1_700_000_000_000)
  readonly random: SeededRandom
  readonly network: MemoryNetwork
  readonly #members: readonly string[]
  readonly #logs = new Map<string, EventLog>()

  readonly genesis: GenesisOptions

  constructor(members: readonly string[], seed = 1, genesis: Partial<GenesisOptions> = {}) {
    this.#members = members
    this.genesis = { members: members.map((member) => this.idOf(member)), ...genesis }
    this.random = new SeededRandom(seed)
    this.network = new MemoryNetwork({ clock: this.clock, random: this.random.fork('network') })
  }

  get group(): Group<Bytes> {
    return groupOf(this.genesis)
  }

  idOf(name: string): Bytes {
    return simulatedSigner(name).identity
  }

  logOf(name: string): EventLog {
    const log = this.#logs.get(name) ?? memoryLog()
    this.#logs.set(name, log)
    return log
  }

  /** `options`: besides what every peer has. `transport`: in place of the next of this peer on the network; `log`: in place of its own. */
  async start(
    name: string,
    given: {
      readonly transport?: Transport
      readonly log?: EventLog
      readonly budget?: WitanOptions['budget']
      readonly options?: Partial<WitanOptions>
    } = {},
  ): Promise<RunningPeer> {
    const identity = simulatedSigner(name)
    const transport = given.transport ?? this.network.join(identity.identity)
    const starting = createWitan({
      identity,
      genesis: this.genesis,
      ...(this.#members.includes(name) || given.options?.follow !== undefined ? {} : { join: { section: [] } }),
      ...given.options,
      log: given.log ?? this.logOf(name),
      transport,
      ...(given.budget === undefined ? {} : { budget: given.budget }),
      clock: this.clock,
      random: this.random.fork(`${name}/${this.random.uint32()}`),
    })
    try {
      return { witan: await starting, transport }
    } catch (error) {
      // So that it may be tried again.
      if (given.transport === undefined) await transport.close()
      throw error
    }
  }

  async startAll(options: Partial<WitanOptions> = {}): Promise<Map<string, RunningPeer>> {
    const running = await Promise.all(
      this.#members.map(async (name) => [name, await this.start(name, { options })] as const),
    )
    return new Map(running)
  }

  async stop({ witan, transport }: RunningPeer): Promise<void> {
    await witan.close()
    await transport.close()
  }

  /** Lets virtual time pass until the promise settles, at most a minute. */
  async settle<T>(promise: Promise<T>): Promise<T> {
    const state = { isSettled: false }
    const watched = promise.finally(() => {
      state.isSettled = true
    })
    watched.catch(() => undefined)
    for (let i = 0; i < 6_000 && !state.isSettled; i += 1) await this.clock.advance(10)
    if (!state.isSettled) throw new Error('a virtual minute was not enough')
    return promise
  }
}

/** A transport that hands on nothing, in either direction: alone in a network of its own. */
export function cutOff({ clock, random }: VirtualPeers, peer: Bytes): Transport & { readonly sent: Bytes[] } {
  const alone = new MemoryNetwork({ clock, random }).join(peer)
  const sent: Bytes[] = []
  return {
    localPeer: peer,
    sent,
    send: (_, bytes) => {
      sent.push(bytes)
      return Promise.resolve()
    },
    receive: (options) => alone.receive(options),
    close: () => alone.close(),
  }
}
