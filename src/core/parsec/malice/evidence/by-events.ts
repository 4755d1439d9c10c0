/**
 * @module core/parsec/malice/evidence/by-events
 *
 * Judges offences that a few signed events prove, without their ancestry (parsec §9). The two events of a fork, or two
 * answers to one request, prove that their creator offends, whatever else there is: either both are on one branch, or it
 * forked.
 *
 * Assumes: signatures are good, and hashes are those of the events.
 */

import { equalBytes } from '../../../../base/bytes.ts'
import { toHex } from '../../../../base/text.ts'
import type { EventView } from '../../../../wire/canonical/event.ts'
import { CAUSE_TAG, type EventHash, type Malice, type PeerId } from '../../../../wire/canonical/types.ts'
import type { Group } from '../../group.ts'
import { isIncorrectGenesis } from '../kinds/incorrect-genesis.ts'

/** Events by hex of their hash. */
export class Exhibits<P> {
  readonly group: Group<P>
  readonly #events: ReadonlyMap<string, EventView<P>>

  constructor(group: Group<P>, events: ReadonlyMap<string, EventView<P>>) {
    this.group = group
    this.#events = events
  }

  at(hash: EventHash | null): EventView<P> | undefined {
    return hash === null ? undefined : this.#events.get(toHex(hash))
  }

  by(creator: PeerId): readonly EventView<P>[] {
    return [...this.#events.values()].filter((view) => equalBytes(view.creator, creator))
  }

  /** The event of this hash or its nearest self-ancestor of kind sync; null: it has none; undefined: not shown. */
  syncAt(hash: EventHash | null): EventView<P> | null | undefined {
    let view = this.at(hash)
    while (view !== undefined && view.cause > CAUSE_TAG.Response) {
      if (view.selfParent === null) return null
      view = this.at(view.selfParent)
    }
    return view
  }
}

/** Undefined: a few events do not tell. */
export function isProvenByEvents<P>(
  exhibits: Exhibits<P>,
  offender: PeerId,
  malice: Malice,
  carried: EventView<P> | null,
): boolean | undefined {
  switch (malice.type) {
    case 'Fork':
      return exhibits.by(offender).filter((view) => isHash(view.selfParent, malice.event)).length > 1
    case 'DuplicateVote':
      return isDuplicate(exhibits, offender, malice.events)
    case 'UnexpectedGenesis':
    case 'MissingGenesis':
      return isWrongBeginning(exhibits, offender, malice.type, malice.event)
    case 'InvalidAccusation':
    case 'Accomplice':
      return undefined
    case 'Unprovable':
      return false
    default:
      return carried !== null && equalBytes(carried.creator, offender) && isBroken(exhibits, malice.type, carried)
  }
}

function isHash(hash: EventHash | null, other: EventHash): boolean {
  return hash !== null && equalBytes(hash, other)
}

function isDuplicate<P>(exhibits: Exhibits<P>, offender: PeerId, [a, b]: readonly [EventHash, EventHash]): boolean {
  const [first, second] = [exhibits.at(a), exhibits.at(b)]
  if (first?.vote == null || second?.vote == null || equalBytes(a, b)) return false
  const areTheirs = equalBytes(first.creator, offender) && equalBytes(second.creator, offender)
  return areTheirs && equalBytes(first.vote.bytes, second.vote.bytes)
}

function isWrongBeginning<P>(
  exhibits: Exhibits<P>,
  offender: PeerId,
  type: 'UnexpectedGenesis' | 'MissingGenesis',
  hash: EventHash,
): boolean {
  const view = exhibits.at(hash)
  if (view === undefined || !equalBytes(view.creator, offender)) return false
  const isMember = exhibits.group.members.some((id) => equalBytes(id, offender))
  const isGenesis = view.vote?.observation.type === 'Genesis' && !isIncorrectGenesis(exhibits.group, view)
  const parent = exhibits.at(view.selfParent)
  if (type === 'MissingGenesis') return isMember && !isGenesis && parent?.cause === CAUSE_TAG.Initial
  return isGenesis && (!isMember || (parent !== undefined && parent.cause !== CAUSE_TAG.Initial))
}

function isBroken<P>(exhibits: Exhibits<P>, type: Malice['type'], view: EventView<P>): boolean {
  const selfParent = exhibits.at(view.selfParent)
  const otherParent = exhibits.at(view.otherParent)
  switch (type) {
    case 'IncorrectGenesis':
      return isIncorrectGenesis(exhibits.group, view)
    case 'SelfParentByDifferentCreator':
      return selfParent !== undefined && !equalBytes(selfParent.creator, view.creator)
    case 'OtherParentBySameCreator':
      return otherParent !== undefined && equalBytes(otherParent.creator, view.creator)
    case 'InvalidRequest':
      return view.cause === CAUSE_TAG.Request && isInvalidRequest(exhibits, view, otherParent)
    case 'InvalidResponse':
      return view.cause === CAUSE_TAG.Response && isInvalidResponse(exhibits, view)
    default:
      return false
  }
}

function isInvalidRequest<P>(exhibits: Exhibits<P>, view: EventView<P>, asked: EventView<P> | undefined): boolean {
  if (asked === undefined || view.otherParent === null) return false
  const { otherParent } = view
  if (asked.cause !== CAUSE_TAG.Requesting || asked.recipient === null) return true
  if (!equalBytes(asked.recipient, view.creator)) return true
  return exhibits
    .by(view.creator)
    .some(
      (other) => other.cause === CAUSE_TAG.Request && isHash(other.otherParent, otherParent) && isAnother(other, view),
    )
}

function isInvalidResponse<P>(exhibits: Exhibits<P>, view: EventView<P>): boolean {
  const request = exhibits.syncAt(view.otherParent)
  if (request === undefined) return false
  if (request === null || request.cause !== CAUSE_TAG.Request) return true
  const asked = exhibits.at(request.otherParent)
  if (asked === undefined) return false
  if (asked.cause !== CAUSE_TAG.Requesting || !equalBytes(asked.creator, view.creator)) return true
  return exhibits.by(view.creator).some((other) => {
    if (other.cause !== CAUSE_TAG.Response || !isAnother(other, view)) return false
    return exhibits.syncAt(other.otherParent) === request
  })
}

function isAnother<P>(a: EventView<P>, b: EventView<P>): boolean {
  return !equalBytes(a.content, b.content)
}
