/**
 * @module core/parsec/malice/offences
 *
 * The offences that were found, by offender, in the order in which they were.
 */

import { toHex } from '../../../base/text.ts'
import type { Malice } from '../../../wire/canonical/types.ts'
import type { Graph, PeerIndex } from '../graph/graph.ts'
import type { PeerList } from '../membership/peer-list.ts'
import type { Tips } from './ancestry.ts'
import { isEvidentFrom, type Offence } from './offence.ts'
import { isNamedMalice } from './scene.ts'

export interface Offender {
  readonly peer: PeerIndex
  /** Hex of its id. */
  readonly id: string
  readonly offences: readonly Offence[]
}

/** Whether an offence of this kind counts for what is asked. */
export type Counts = (malice: Malice) => boolean

/** What makes accomplices of the silent. */
export const isPlain: Counts = isNamedMalice
/** What Duty demands, and others can see that it does. */
export const isDemanded: Counts = (malice) => isNamedMalice(malice) || malice.type === 'Accomplice'

export class Offences {
  readonly #graph: Graph
  readonly #peers: PeerList
  readonly #byPeer = new Map<PeerIndex, Offender & { readonly offences: Offence[] }>()
  readonly #found: Offence[] = []

  constructor(graph: Graph, peers: PeerList) {
    this.#graph = graph
    this.#peers = peers
  }

  get offenders(): Iterable<Offender> {
    return this.#byPeer.values()
  }

  /** All, in the order in which they were found. */
  get found(): readonly Offence[] {
    return this.#found
  }

  add(offence: Offence): void {
    this.#found.push(offence)
    const { offender } = offence
    const known = this.#byPeer.get(offender)
    if (known !== undefined) known.offences.push(offence)
    else {
      const id = toHex(this.#peers.idOf(offender))
      this.#byPeer.set(offender, { peer: offender, id, offences: [offence] })
    }
  }

  has(peer: PeerIndex, counts: Counts): boolean {
    return this.#byPeer.get(peer)?.offences.some(({ malice }) => counts(malice)) === true
  }

  /** The first of the offender's that is evident from the set. */
  evident(peer: PeerIndex, tips: Tips, counts: Counts): Offence | undefined {
    return this.#byPeer
      .get(peer)
      ?.offences.find((offence) => counts(offence.malice) && isEvidentFrom(this.#graph, offence, tips))
  }
}
