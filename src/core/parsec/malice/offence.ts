/**
 * @module core/parsec/malice/offence
 *
 * An offence that was found, with the events that make it evident (parsec §9).
 */

import type { Malice } from '../../../wire/canonical/types.ts'
import type { EventIndex, Graph, PeerIndex } from '../graph/graph.ts'
import { holds, type Tips } from './ancestry.ts'

export interface Offence {
  readonly offender: PeerIndex
  readonly malice: Malice
  /** Events of the graph; a fork's grow with its children. */
  readonly needs: EventIndex[]
  /** How many of them a set must hold for the offence to be evident from it. */
  readonly needed: number
}

export function isEvidentFrom(graph: Graph, { needs, needed }: Offence, tips: Tips): boolean {
  let held = 0
  for (const event of needs) {
    if (held >= needed) break
    if (holds(graph, tips, event)) held += 1
  }
  return held >= needed
}
