/**
 * @module core/parsec/malice/evidence/verify
 *
 * Judges evidence offline, from the group's genesis alone (parsec §9).
 *
 * Guarantee: what passes was signed by the offender, and no correct peer signs such things. Where InvalidAccusation or Accomplice is about a voter that was admitted
 * later, it is as good as the order: that takes fewer than a third of each set of voters ever to be faulty, also after they are voters no more, as for checkpoints (§8).
 */

import { type Bytes, equalBytes } from '../../../../base/bytes.ts'
import { toHex } from '../../../../base/text.ts'
import type { SignatureScheme } from '../../../../ports/signature-scheme.ts'
import { CodecError } from '../../../../wire/canonical/errors.ts'
import { decodeEvent, type EventView, type VoteView } from '../../../../wire/canonical/event.ts'
import type { Malice, PeerId } from '../../../../wire/canonical/types.ts'
import { decodeMaliceEvidence, type MaliceEvidence } from '../../../../wire/malice-evidence.ts'
import type { Group } from '../../group.ts'
import { isCarriedMalice } from '../scene.ts'
import { isProvenByAncestry } from './by-ancestry.ts'
import { Exhibits, isProvenByEvents } from './by-events.ts'
import { MaliceEvidenceError } from './error.ts'

/** What a stranger knows: the group's genesis, and how to check its signatures. */
export interface MaliceTrust<Payload> {
  readonly group: Group<Payload>
  readonly scheme: SignatureScheme
}

export interface ProvenMalice {
  readonly offender: PeerId
  readonly kind: Malice['type']
}

/** Throws `MaliceEvidenceError`. */
export function verifyEvidence<P>(bytes: Bytes, { group, scheme }: MaliceTrust<P>): ProvenMalice {
  const evidence = decoded(bytes, group)
  if (!equalBytes(evidence.groupId, group.id)) throw new MaliceEvidenceError({ code: 'OtherGroup' })
  const { offender, malice } = evidence
  const carried = isCarriedMalice(malice) ? decodeEvent(malice.carried, group.format) : null
  const events = new Map<string, EventView<P>>()
  for (const view of carried === null ? evidence.events : [...evidence.events, carried]) {
    const message = group.eventMessage(view.content)
    const hash = group.hash(message)
    const isSigned = scheme.verify(view.creator, message, view.signature) === 'valid'
    // What is carried was refused; of what was taken the vote is signed too.
    const isVoteSigned = view === carried || view.vote === null || isSignedVote(group, scheme, view.creator, view.vote)
    if (!isSigned || !isVoteSigned) throw new MaliceEvidenceError({ code: 'BadSignature', event: hash })
    if (view !== carried) events.set(toHex(hash), view)
  }
  const proven =
    isProvenByEvents(new Exhibits(group, events), offender, malice, carried) ??
    isProvenByAncestry(group, scheme, evidence)
  if (!proven) throw new MaliceEvidenceError({ code: 'NotProven', why: `no ${malice.type} by this peer` })
  return { offender, kind: malice.type }
}

function decoded<P>(bytes: Bytes, group: Group<P>): MaliceEvidence<P> {
  try {
    return decodeMaliceEvidence(bytes, group.format)
  } catch (error) {
    if (!(error instanceof CodecError)) throw error
    throw new MaliceEvidenceError({ code: 'Malformed' }, { cause: error })
  }
}

function isSignedVote<P>(group: Group<P>, scheme: SignatureScheme, by: PeerId, vote: VoteView<P>): boolean {
  return scheme.verify(by, group.voteMessage(vote.bytes), vote.signature) === 'valid'
}
