/**
 * @module core/parsec/starting
 *
 * The facts with which a peer begins (parsec §8).
 */

import { type Bytes, EMPTY_BYTES, equalBytes } from '../../base/bytes.ts'
import type { Signer } from '../../ports/signature-scheme.ts'
import type { PeerId } from '../../wire/canonical/types.ts'
import { ParsecError } from './errors.ts'
import type { BaseTaken, ParsecFact, PeerStarted } from './facts.ts'
import type { Group } from './group.ts'

/** So that each part fits into an append of any log. */
const BASE_PART_BYTES = 256 * 1024

/** Refuses with Logic what is no beginning, or the beginning of a peer in another group. */
export function checkStart<P>(group: Group<P>, fact: ParsecFact): asserts fact is PeerStarted {
  if (fact.type !== 'PeerStarted')
    throw new ParsecError({ code: 'Logic', why: 'the first fact of a peer is PeerStarted' })
  const sameMembers =
    fact.members.length === group.members.length &&
    fact.members.every((id, i) => equalBytes(id, group.members[i] ?? EMPTY_BYTES))
  if (sameMembers && equalBytes(fact.relatedInfo, group.genesis.relatedInfo)) return
  throw new ParsecError({ code: 'Logic', why: 'these facts are of another group' })
}

export function startOf<P>(
  group: Group<P>,
  signer: Signer,
  origin: PeerStarted['origin'],
  section: readonly PeerId[],
): PeerStarted {
  const { relatedInfo } = group.genesis
  return { type: 'PeerStarted', self: signer.identity, origin, members: group.members, relatedInfo, section }
}

export function* basePartsOf(base: Bytes, hostPosition: number | undefined): Generator<BaseTaken, void, void> {
  for (let at = 0; at < base.length; at += BASE_PART_BYTES) {
    const part = base.slice(at, at + BASE_PART_BYTES)
    const isLast = at + BASE_PART_BYTES >= base.length
    const kept = isLast && hostPosition !== undefined ? { hostPosition } : {}
    yield { type: 'BaseTaken', part, isLast, ...kept }
  }
}
