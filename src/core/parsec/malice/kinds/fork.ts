/**
 * @module core/parsec/malice/kinds/fork
 *
 * Fork: a second event on one self-parent; one offence for each such parent (parsec §9).
 * Evidence: the hash of the parent. A third party looks at any two of its children by the same creator; the two signed
 * events alone prove it.
 */

import type { EventIndex } from '../../graph/graph.ts'
import type { Scene } from '../scene.ts'

/** The children of `parent` by its creator, in insertion order. */
export function childrenOf<P>({ graph }: Scene<P>, parent: EventIndex): readonly EventIndex[] {
  const creator = graph.creatorOf(parent)
  const place = graph.indexOf(parent) + 1
  if (place >= graph.placesOf(creator)) return []
  return graph.membersAt(creator, place).filter((event) => graph.selfParentOf(event) === parent)
}
