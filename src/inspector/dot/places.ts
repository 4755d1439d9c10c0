/**
 * @module inspector/dot/places
 *
 * Where events stand, in points: x by lane, y below both parents. A forker's lane has a column for each branch.
 */

import type { Inspection } from '../../core/parsec/index.ts'
import { heightOf, widthOf } from './label.ts'
import type { EventNotes } from './notes.ts'

export interface Places {
  /** By event: its middle. */
  readonly events: readonly { readonly x: number; readonly y: number }[]
  /** By peer: the middle of its first column. */
  readonly lanes: readonly number[]
}

const GAP = 20
const COLUMN_GAP = 28
const HEAD_HEIGHT = 24

export function placesOf<P>(inspection: Inspection<P>, notes: readonly EventNotes[]): Places {
  const columns = columnsOf(inspection)
  const widths = inspection.peers.map((_, peer) => columnWidths(inspection, notes, columns, peer))
  const middles: number[][] = []
  let left = 0
  for (const lane of widths) {
    middles.push(
      lane.map((width) => {
        left += width + COLUMN_GAP
        return Math.round(left - COLUMN_GAP - width / 2)
      }),
    )
  }
  const bottoms: number[] = []
  const events = inspection.events.map(({ creator, selfParent, otherParent }, event) => {
    const bottomOf = (parent: number | null): number => (parent === null ? HEAD_HEIGHT : (bottoms[parent] ?? 0))
    const top = Math.max(bottomOf(selfParent), bottomOf(otherParent)) + GAP
    const height = heightOf(notes[event]?.lines ?? [])
    bottoms.push(top + height)
    return { x: middles[creator]?.[columns[event] ?? 0] ?? 0, y: -Math.round(top + height / 2) }
  })
  return { events, lanes: middles.map(([first = 0]) => first) }
}

/** By event: the column in its creator's lane. The first child goes on in its self-parent's, any other opens one. */
function columnsOf<P>({ peers, events }: Inspection<P>): readonly number[] {
  const used = peers.map(() => 0)
  const continued = new Set<number>()
  const columns: number[] = []
  for (const { creator, selfParent } of events) {
    if (selfParent !== null && events[selfParent]?.creator === creator && !continued.has(selfParent)) {
      continued.add(selfParent)
      columns.push(columns[selfParent] ?? 0)
    } else {
      columns.push(used[creator] ?? 0)
      used[creator] = (used[creator] ?? 0) + 1
    }
  }
  return columns
}

function columnWidths<P>(
  { events }: Inspection<P>,
  notes: readonly EventNotes[],
  columns: readonly number[],
  peer: number,
): readonly number[] {
  const widths = [60]
  for (const [event, { creator }] of events.entries()) {
    if (creator !== peer) continue
    const column = columns[event] ?? 0
    widths[column] = Math.max(widths[column] ?? 60, widthOf(notes[event]?.lines ?? []))
  }
  return widths
}
