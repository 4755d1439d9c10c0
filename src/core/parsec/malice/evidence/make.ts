/**
 * @module core/parsec/malice/evidence/make
 *
 * Self-contained evidence of an offence (parsec §9): the signed events by themselves where these prove it, and the whole
 * ancestry where it is about what somebody knew.
 */

import type { Bytes } from '../../../../base/bytes.ts'
import { decodeEvent } from '../../../../wire/canonical/event.ts'
import { encodeObservation } from '../../../../wire/canonical/observation.ts'
import { CAUSE_TAG } from '../../../../wire/canonical/types.ts'
import { encodeMaliceEvidence } from '../../../../wire/malice-evidence.ts'
import { ancestorsBeyond } from '../../gossip/selection.ts'
import { type EventIndex, type Graph, NONE, type PeerIndex } from '../../graph/graph.ts'
import type { Offence } from '../offence.ts'
import { isCarriedMalice, parentsOf, type Scene } from '../scene.ts'

/** Null: nobody can check it, or it would take more bytes than evidence may have. */
export function makeEvidence<P>(scene: Scene<P>, offence: Offence): Bytes | null {
  const { group, peers, graph } = scene
  const events = eventsFor(scene, offence)
  if (events === null) return null
  const offender = peers.idOf(offence.offender)
  const accusation = encodeObservation({ type: 'Accusation', offender, malice: offence.malice }, group.format)
  const inOrder = [...new Set(events)].filter((event) => event !== NONE).sort((a, b) => a - b)
  // Of a stub there is nothing to show.
  if ((inOrder[0] ?? 0) < graph.base) return null
  return encodeMaliceEvidence(
    group.id,
    accusation,
    inOrder.map((event) => graph.bytesOf(event)),
  )
}

function eventsFor<P>(scene: Scene<P>, { malice, needs }: Offence): readonly EventIndex[] | null {
  const { graph } = scene
  switch (malice.type) {
    case 'Fork':
    case 'DuplicateVote':
      return needs.slice(0, 2)
    case 'UnexpectedGenesis':
    case 'MissingGenesis':
      return needs.flatMap((event) => [graph.selfParentOf(event), event])
    case 'Accomplice':
    case 'InvalidAccusation':
      return withAdmissions(
        scene,
        needs.flatMap((event) => ancestorsBeyond(graph, event, NONE)),
      )
    case 'Unprovable':
      return null
    default:
      return isCarriedMalice(malice) ? aroundCarried(scene, malice.carried) : null
  }
}

/**
 * What a voter owes that was admitted later follows from the order: with all that decided whose events these are, and who is asked in them; and of what
 * comes along so. Null: not all of it can be shown.
 */
function withAdmissions<P>(scene: Scene<P>, events: readonly EventIndex[]): readonly EventIndex[] | null {
  const { graph, peers, genesisMembers } = scene
  let all = events
  let decidedAt = NONE
  for (;;) {
    const named = [...new Set(all.flatMap((event) => whoIsIn(graph, event)))]
    const later = named.filter((peer) => !genesisMembers.has(peer))
    // Somebody that we were told of, or that was admitted before our base.
    if (later.some((peer) => peers.admittedAt(peer) === NONE)) return null
    const until = Math.max(NONE, ...later.map((peer) => peers.admittedAt(peer)))
    if (until <= decidedAt) return all
    decidedAt = until
    all = [...events, ...Array.from({ length: decidedAt + 1 }, (_, event) => event)]
  }
}

function whoIsIn(graph: Graph, event: EventIndex): readonly PeerIndex[] {
  const isAsking = graph.causeOf(event) === CAUSE_TAG.Requesting
  return isAsking ? [graph.creatorOf(event), graph.subjectOf(event)] : [graph.creatorOf(event)]
}

/** Its parents; what its other parent answers, back to the sync event; and the earlier answer, if there is one. */
function aroundCarried<P>(scene: Scene<P>, carried: Bytes): readonly EventIndex[] {
  const { graph, answers, group } = scene
  const view = decodeEvent(carried, group.format)
  const parents = parentsOf(scene, view)
  if (view.otherParent === null) return parents
  const other = graph.find(view.otherParent)
  const chain = upToSync(scene, other)
  const answered = answers.syncAt(other)
  if (answered === NONE) return [...parents, ...chain]
  const earlier = answers.onBranch(answered, view.selfParent === null ? NONE : graph.find(view.selfParent))
  const back = earlier === NONE ? [] : [earlier, ...upToSync(scene, graph.otherParentOf(earlier))]
  return [...parents, ...chain, graph.otherParentOf(answered), ...back]
}

/** The event and its self-ancestors back to the nearest sync event. */
function upToSync<P>({ graph }: Scene<P>, event: EventIndex): readonly EventIndex[] {
  const chain: EventIndex[] = []
  for (let at = event; at !== NONE; at = graph.selfParentOf(at)) {
    chain.push(at)
    if (graph.isSync(at)) break
  }
  return chain
}
