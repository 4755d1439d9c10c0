/**
 * @module core/parsec/election/vote-lists
 *
 * For each peer, its vote events for undecided keys, in insertion order: for a peer that did not fork, in order of index.
 * Entries have absolute numbers, which stay good when decided ones are dropped from the front.
 */

import type { EventIndex, PeerIndex } from '../graph/graph.ts'
import type { KeyIndex, Keys } from './keys.ts'

interface VoteList {
  /** Absolute number of the first entry. */
  base: number
  events: EventIndex[]
  keys: KeyIndex[]
}

export class VoteLists {
  readonly #keys: Keys
  readonly #lists: VoteList[] = []

  constructor(keys: Keys) {
    this.#keys = keys
  }

  add(peer: PeerIndex, event: EventIndex, key: KeyIndex): void {
    const list = this.#list(peer)
    list.events.push(event)
    list.keys.push(key)
  }

  #list(peer: PeerIndex): VoteList {
    while (this.#lists.length <= peer) this.#lists.push({ base: 0, events: [], keys: [] })
    return this.#lists[peer] as VoteList
  }

  start(peer: PeerIndex): number {
    return this.#lists[peer]?.base ?? 0
  }

  end(peer: PeerIndex): number {
    const list = this.#lists[peer]
    return list === undefined ? 0 : list.base + list.events.length
  }

  event(peer: PeerIndex, entry: number): EventIndex {
    const list = this.#lists[peer] as VoteList
    return list.events[entry - list.base] as EventIndex
  }

  key(peer: PeerIndex, entry: number): KeyIndex {
    const list = this.#lists[peer] as VoteList
    return list.keys[entry - list.base] as KeyIndex
  }

  /** Drops what is decided from the front, once it is worth while. */
  trim(): void {
    for (const list of this.#lists) {
      let decided = 0
      while (decided < list.keys.length && this.#keys.isDecided(list.keys[decided] as KeyIndex)) decided += 1
      if (decided < 64 || decided * 2 < list.keys.length) continue
      list.events = list.events.slice(decided)
      list.keys = list.keys.slice(decided)
      list.base += decided
    }
  }
}
