/**
 * @module testing/network/census
 *
 * What really happened in a run, read off the logged facts and not asked of the engine: forks that became known, and
 * removals that were agreed in the middle of a message.
 */

import { toHex } from '../../base/text.ts'
import { decodeEvent, type Group, Parsec, type ParsecFact, type ParsecStep } from '../../core/parsec/index.ts'
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
