/**
 * @module transport/memory/network
 *
 * Peers in one process, with the faults that a test or a simulation wants. The only time is that of `clock`, the only
 * randomness that of `random`, so a run under a virtual clock and a seed repeats itself exactly.
 *
 * A message without delay arrives during `send`. A peer that is closed, or parted by a partition, cannot be reached:
 * sends to it wait, then fail; what was on the way is cut. A late message may reach a peer that has restarted meanwhile.
 */

import type { Bytes } from '../../base/bytes.ts'
import { toHex } from '../../base/text.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Random } from '../../ports/random.ts'
import type { Transport } from '../../ports/transport.ts'
import { invalidArgumentError } from '../errors.ts'
import { checkedLimits, type TransportLimits } from '../limits.ts'
import { checkedFaults, type LinkFaults, type NetworkCounts, NO_FAULTS } from './faults.ts'
import { MemoryLink } from './link.ts'
import { MemoryTransport } from './memory-transport.ts'

export interface MemoryNetworkOptions {
  readonly clock: Clock
  readonly random: Random
  /** Of every link. Default: none. */
  readonly faults?: Partial<LinkFaults>
  readonly limits?: Partial<TransportLimits>
}

interface Member {
  readonly peer: Bytes
  /** Present while it runs. */
  transport: MemoryTransport | undefined
}

export class MemoryNetwork {
  readonly counts: NetworkCounts = { sent: 0, delivered: 0, lost: 0, duplicated: 0, reordered: 0, cut: 0 }
  readonly #clock: Clock
  readonly #random: Random
  readonly #limits: TransportLimits
  #faults: LinkFaults
  readonly #linkFaults = new Map<string, LinkFaults>()
  readonly #members = new Map<string, Member>()
  readonly #links = new Map<string, MemoryLink>()
  /** Group of each peer named by the partition; all others are one group. */
  #groups: ReadonlyMap<string, number> = new Map()

  constructor(options: MemoryNetworkOptions) {
    this.#clock = options.clock
    this.#random = options.random
    this.#limits = checkedLimits(options.limits)
    this.#faults = checkedFaults(options.faults ?? {})
  }

  /** A transport for `peer`: its first, or its next after it closed the last. All peers that ever joined know it. */
  join(peer: Bytes): Transport {
    const id = toHex(peer)
    const member = this.#members.get(id) ?? { peer: peer.slice(), transport: undefined }
    if (member.transport !== undefined) throw invalidArgumentError('peer', id, 'it has joined and not closed')
    const transport = new MemoryTransport({
      peer: member.peer,
      clock: this.#clock,
      limits: this.#limits,
      knows: (other) => this.#members.has(other),
      wayTo: (other) => this.#way(id, other),
      onRoom: (sender) => this.#links.get(linkName(sender, id))?.flush(),
      onClose: () => {
        member.transport = undefined
        for (const other of this.#members.keys()) this.#links.get(linkName(other, id))?.flush()
      },
    })
    member.transport = transport
    this.#members.set(id, member)
    this.#pumpAll()
    return transport
  }

  /** Changes the faults of every link that has none of its own. */
  setFaults(faults: Partial<LinkFaults>): void {
    this.#faults = checkedFaults(faults, this.#faults)
  }

  /** Faults of one link, in one direction, on top of the defaults; `undefined` gives it those of the network again. */
  setLinkFaults(from: Bytes, to: Bytes, faults: Partial<LinkFaults> | undefined): void {
    const name = linkName(toHex(from), toHex(to))
    if (faults === undefined) this.#linkFaults.delete(name)
    else this.#linkFaults.set(name, checkedFaults(faults, NO_FAULTS))
  }

  /** Parts the groups from each other, and all peers that are in none from them. Replaces the last partition. */
  partition(groups: readonly (readonly Bytes[])[]): void {
    this.#groups = new Map(groups.flatMap((peers, i) => peers.map((peer) => [toHex(peer), i] as const)))
    this.#pumpAll()
  }

  heal(): void {
    this.partition([])
  }

  #areParted(a: string, b: string): boolean {
    return this.#groups.get(a) !== this.#groups.get(b)
  }

  #way(from: string, to: string): MemoryLink | undefined {
    if (this.#areParted(from, to) || this.#members.get(to)?.transport === undefined) return undefined
    const name = linkName(from, to)
    const link = this.#links.get(name) ?? this.#newLink(from, to, name)
    this.#links.set(name, link)
    return link
  }

  #newLink(from: string, to: string, name: string): MemoryLink {
    return new MemoryLink({
      clock: this.#clock,
      random: this.#random,
      counts: this.counts,
      faults: () => this.#linkFaults.get(name) ?? this.#faults,
      deliver: (bytes) => {
        const sender = this.#members.get(from)
        const recipient = this.#members.get(to)?.transport
        if (sender === undefined || recipient === undefined || this.#areParted(from, to)) return 'gone'
        return recipient.deliver({ from: sender.peer.slice(), bytes }) ? 'delivered' : 'full'
      },
      onRoom: () => this.#members.get(from)?.transport?.pump(to),
    })
  }

  /** Ways may have opened: what waits for them goes. */
  #pumpAll(): void {
    for (const member of this.#members.values()) for (const other of this.#members.keys()) member.transport?.pump(other)
  }
}

const linkName = (from: string, to: string): string => `${from}>${to}`
