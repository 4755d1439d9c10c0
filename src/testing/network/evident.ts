/**
 * @module testing/network/evident
 *
 * Which offenders are evident to a peer, and whom it accused, read off its logged facts and not asked of the engine: forks,
 * double votes, and events that were not added, as far as its own last event descends from what shows them (parsec §9).
 */

import { toHex } from '../../base/text.ts'
import { decodeEvent, decodeObservation, type EventView } from '../../core/parsec/index.ts'
import type { NetworkNode } from './node.ts'

interface Told {
  /** By hex of its hash. */
  readonly events: ReadonlyMap<string, EventView>
  /** Accusations that the graph does not show by itself. */
  readonly reports: readonly { readonly offender: string; readonly parents: readonly string[] }[]
}

function told({ facts, group }: NetworkNode): Told {
  const events = new Map<string, EventView>()
  const reports: { offender: string; parents: readonly string[] }[] = []
  for (const fact of facts) {
    if (fact.type === 'GossipEventAccepted') events.set(toHex(fact.hash), decodeEvent(fact.bytes, group.format))
    if (fact.type !== 'OffenceReported') continue
    const observation = decodeObservation(fact.accusation, group.format)
    if (observation.type !== 'Accusation' || !('carried' in observation.malice)) continue
    const view = decodeEvent(observation.malice.carried, group.format)
    const parents = [view.selfParent, view.otherParent].filter((hash) => hash !== null).map(toHex)
    reports.push({ offender: toHex(observation.offender), parents })
  }
  return { events, reports }
}

/** Hex ids of the provable offenders, the peer itself excepted. */
export function evidentOffenders(node: NetworkNode): ReadonlySet<string> {
  const { events, reports } = told(node)
  const own = toHex(node.id)
  const [tip] = [...events].findLast(([, { creator }]) => toHex(creator) === own) ?? []
  if (tip === undefined) return new Set()
  const held = ancestors(events, tip)
  const offenders = new Set<string>()
  const once = new Set<string>()
  const note = (what: string, offender: string): void => {
    if (once.has(what)) offenders.add(offender)
    once.add(what)
  }
  for (const hash of held) {
    const view = events.get(hash)
    if (view === undefined) continue
    const creator = toHex(view.creator)
    if (view.selfParent !== null) note(`child ${toHex(view.selfParent)}`, creator)
    if (view.vote !== null) note(`vote ${creator} ${toHex(view.vote.bytes)}`, creator)
  }
  for (const { offender, parents } of reports) if (parents.every((parent) => held.has(parent))) offenders.add(offender)
  offenders.delete(own)
  return offenders
}

function ancestors(events: ReadonlyMap<string, EventView>, tip: string): ReadonlySet<string> {
  const held = new Set<string>()
  const waiting = [tip]
  for (let hash = waiting.pop(); hash !== undefined; hash = waiting.pop()) {
    if (held.has(hash)) continue
    held.add(hash)
    const view = events.get(hash)
    for (const parent of [view?.selfParent, view?.otherParent]) if (parent) waiting.push(toHex(parent))
  }
  return held
}

/** How many accusations the peer made itself, by hex of the offender. */
export function accusationsMade(node: NetworkNode): ReadonlyMap<string, number> {
  const own = toHex(node.id)
  const made = new Map<string, number>()
  for (const { creator, vote } of told(node).events.values()) {
    if (toHex(creator) !== own || vote?.observation.type !== 'Accusation') continue
    const offender = toHex(vote.observation.offender)
    made.set(offender, (made.get(offender) ?? 0) + 1)
  }
  return made
}
