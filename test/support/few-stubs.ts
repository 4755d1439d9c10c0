/** Stubs that are true and for which others vouch, but too few of them: a lie that only the missing events give away. */
import { equalBytes } from '../../src/base/bytes.ts'
import { present } from '../../src/base/errors.ts'
import { toHex } from '../../src/base/text.ts'
import type { EventView, Group } from '../../src/core/parsec/index.ts'
import { decodeMessage } from '../../src/wire/canonical/event.ts'
import { CAUSE_TAG, type PeerId } from '../../src/wire/canonical/types.ts'
import {
  type CheckpointBase,
  decodeStubs,
  encodeStubs,
  type OpenEnd,
  type Stub,
} from '../../src/wire/checkpoint/base.ts'

/** Events that went from peer to peer. */
export class Overheard {
  readonly #group: Group<Uint8Array>
  readonly #views = new Map<string, EventView>()

  constructor(group: Group<Uint8Array>) {
    this.#group = group
  }

  message(body: Uint8Array): void {
    for (const view of decodeMessage(body, this.#group.format)) {
      this.#views.set(toHex(this.#group.hash(this.#group.eventMessage(view.content))), view)
    }
  }

  /** Without those of one peer: then nobody at or below them has answered what it was asked. */
  stubsWithout(base: CheckpointBase, place: number): Uint8Array {
    const { id } = present(base.standings[place], 'a peer has this place')
    const rest = decodeStubs(base.stubs).filter(({ creator }) => creator !== place)
    return encodeStubs(rest.map((stub): Stub => ({ ...stub, open: stub.open ?? this.#askedOf(stub.hash, id, place) })))
  }

  #askedOf(hash: Uint8Array, asked: PeerId, by: number): OpenEnd | null {
    let request = hash
    let view = this.#at(hash)
    if (view.cause === CAUSE_TAG.Requesting && view.recipient !== null && equalBytes(view.recipient, asked))
      return { awaits: 'request', by }
    while (view.cause > CAUSE_TAG.Response) {
      if (view.selfParent === null) return null
      request = view.selfParent
      view = this.#at(request)
    }
    if (view.cause !== CAUSE_TAG.Request || view.otherParent === null) return null
    return equalBytes(this.#at(view.otherParent).creator, asked) ? { awaits: 'response', by, request } : null
  }

  #at(hash: Uint8Array): EventView {
    return present(this.#views.get(toHex(hash)), 'what is settled was sent')
  }
}
