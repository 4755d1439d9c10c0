/**
 * @module core/parsec/malice/scene
 *
 * What offences are judged by: the graph and what is known of it. And what is judged: a charge.
 *
 * An offence is *evident* from a set of events closed under ancestry (parsec §9). Whatever is asked here is a function of
 * such a set alone, so that whoever sees the same events finds the same offences.
 */

import { equalBytes } from '../../../base/bytes.ts'
import type { EventView } from '../../../wire/canonical/event.ts'
import type { CarriedMalice, EventHash, Malice, PeerId } from '../../../wire/canonical/types.ts'
import type { Admission } from '../checkpoint/admissions.ts'
import type { Keys } from '../election/keys.ts'
import { type EventIndex, type Graph, NONE, type PeerIndex } from '../graph/graph.ts'
import type { Group } from '../group.ts'
import type { PeerList } from '../membership/peer-list.ts'
import { holds, type Tips } from './ancestry.ts'
import type { Answers } from './answers.ts'

export interface Scene<Payload> {
  readonly graph: Graph
  readonly peers: PeerList
  readonly keys: Keys
  readonly group: Group<Payload>
  readonly answers: Answers
  readonly genesisMembers: ReadonlySet<PeerIndex>
  /** What the order had decided when it admitted a voter; null where it is none that it admitted. */
  readonly admissions: { of(peer: PeerIndex): Admission | null }
}

/** Null: it cannot be told before the order has admitted a voter that it is about (owed.ts). */
export type Judgement = boolean | null

/** Malice whose evidence is in the graph, by name. */
export type NamedMalice = Exclude<Malice, { readonly type: CarriedMalice | 'Unprovable' | 'Accomplice' }>

/** An event that an accusation carries, and whether its signature is by whom it names as its creator. */
export interface Carried<Payload> {
  readonly view: EventView<Payload>
  readonly isSigned: boolean
}

/** What an accusation says. `carried` is there for the kinds that carry an event. */
export interface Charge<Payload> {
  readonly offender: PeerId
  readonly malice: Malice
  readonly carried: Carried<Payload> | null
}

export function isNamedMalice(malice: Malice): malice is NamedMalice {
  return malice.type !== 'Accomplice' && malice.type !== 'Unprovable' && !isCarriedMalice(malice)
}

export function isCarriedMalice(malice: Malice): malice is Malice & { readonly type: CarriedMalice } {
  return 'carried' in malice
}

/** The event of this hash, if the set holds it and it is by the offender; else NONE. */
export function namedEvent<P>(scene: Scene<P>, offender: PeerId, hash: EventHash, tips: Tips): EventIndex {
  const event = scene.graph.find(hash)
  if (!holds(scene.graph, tips, event)) return NONE
  return equalBytes(scene.peers.idOf(scene.graph.creatorOf(event)), offender) ? event : NONE
}

/** The parents of a carried event; NONE for one that is not in the graph. */
export function parentsOf<P>(scene: Scene<P>, view: EventView<P>): readonly EventIndex[] {
  return [view.selfParent, view.otherParent].filter((hash) => hash !== null).map((hash) => scene.graph.find(hash))
}
