/**
 * @module testing/network/census
 *
 * What really happened in a run, read off the logged facts and not asked of the engine: forks that became known, and
 * removals that were agreed in the middle of a message.
 */

import { toHex } from '../../base/text.ts'
import {
  decodeEvent,
  type EventView,
  type Group,
  Parsec,
  type ParsecFact,
  type ParsecStep,
  type PeerId,
} from '../../core/parsec/index.ts'
import { DEFAULT_LIMITS } from '../../wire/canonical/limits.ts'
import { checksumSigner } from './checksum-scheme.ts'
import type { NetworkNode } from './node.ts'

/** Self-parents with more than one child by their creator. */
export function knownForks(group: Group<Uint8Array>, facts: readonly ParsecFact[]): number {
  const children = new Map<string, number>()
  for (const fact of facts) {
    if (fact.type !== 'GossipEventAccepted') continue
    const { selfParent } = decodeEvent(fact.bytes, group.format)
    if (selfParent === null) continue
    const parent = toHex(selfParent)
    children.set(parent, (children.get(parent) ?? 0) + 1)
  }
  return [...children.values()].filter((count) => count > 1).length
}

/**
 * parsec §8: correct peers that a correct one blames for sending what stands on events that it lacks, where the blamed one started from a checkpoint.
 * It happens, and costs nobody anything, where a summary tells too little of a forker, and where long messages are cut and their pieces overtake
 * each other: so only requests and responses are looked at, uncut.
 */
export function blamesOf(
  network: { readonly correct: ReadonlyMap<number, NetworkNode>; numberOf(id: PeerId): number },
  { peer: by, group }: NetworkNode,
  { faults }: ParsecStep<Uint8Array>,
): readonly string[] {
  if (group.format.limits.maxMessageBytes < DEFAULT_LIMITS.maxMessageBytes) return []
  return faults.flatMap(({ peer, error }) => {
    const sender = network.correct.get(network.numberOf(peer))
    if (sender === undefined || sender.startedAt === 0 || !MISSING.has(error.data.code)) return []
    return [`blame: peer ${by} blames correct peer ${sender.peer}: ${error.message}`]
  })
}

const MISSING: ReadonlySet<string> = new Set(['UnknownSelfParent', 'UnknownOtherParent'])

/** What peers did that started from a checkpoint and made events. */
export interface Participation {
  readonly peers: number
  readonly events: number
  readonly votes: number
  readonly accusations: number
}

export function participation(nodes: readonly NetworkNode[]): Participation {
  const all = nodes
    .filter(({ startedAt }) => startedAt > 0)
    .map(ownViews)
    .filter((views) => views.length > 0)
  const views = all.flat()
  const count = (isAccusation: boolean): number =>
    views.filter(({ vote }) => vote !== null && (vote.observation.type === 'Accusation') === isAccusation).length
  return { peers: all.length, events: views.length, votes: count(false), accusations: count(true) }
}

function ownViews({ facts, group, id }: NetworkNode): readonly EventView[] {
  return facts
    .flatMap((fact) => (fact.type === 'GossipEventAccepted' ? [decodeEvent(fact.bytes, group.format)] : []))
    .filter(({ creator }) => toHex(creator) === toHex(id))
}

/**
 * Whether in this step, the newest of `node`, a Remove was agreed at an event after which more events of the message were
 * accepted.
 */
export function removesMidMessage(node: NetworkNode, step: ParsecStep<Uint8Array>): boolean {
  if (!step.blocks.some(({ payload }) => payload.type === 'Remove')) return false
  const before = node.facts.slice(0, node.facts.length - step.facts.length)
  const replayed = Parsec.fromFacts(node.group, checksumSigner(node.id), before)
  const first = replayed.blockCount
  const removal = first + step.blocks.findIndex(({ payload }) => payload.type === 'Remove')
  for (const fact of step.facts) {
    if (replayed.blockCount > removal && isReceived(node, fact)) return true
    replayed.evolve(fact)
  }
  return false
}

function isReceived(node: NetworkNode, fact: ParsecFact): boolean {
  if (fact.type !== 'GossipEventAccepted') return false
  return toHex(decodeEvent(fact.bytes, node.group.format).creator) !== toHex(node.id)
}
