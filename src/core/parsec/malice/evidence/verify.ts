/**
 * @module core/parsec/malice/evidence/verify
 *
 * Judges evidence offline, from the group's genesis alone (parsec §9).
 *
 * Guarantee: what passes was signed by the offender, and no correct peer signs such things. Where InvalidAccusation or Accomplice is about a voter that was admitted
 * later, it is as good as the order: that takes fewer than a third of each set of voters ever to be faulty, also after they are voters no more, as for checkpoints (§8).
 */

import { type Bytes, equalBytes } from '../../../../base/bytes.ts'
import { WitanError } from '../../../../base/errors.ts'
import { toHex } from '../../../../base/text.ts'
import type { SignatureScheme } from '../../../../ports/signature-scheme.ts'
import { CodecError } from '../../../../wire/canonical/errors.ts'
import { decodeEvent, type EventView } from '../../../../wire/canonical/event.ts'
import type { EventHash, Malice, PeerId } from '../../../../wire/canonical/types.ts'
import { decodeMaliceEvidence, type MaliceEvidence } from '../../../../wire/malice-evidence.ts'
import { isAtLeastThird } from '../../election/voters.ts'
import { accept } from '../../evolve.ts'
import { NONE } from '../../graph/graph.ts'
import type { Group } from '../../group.ts'
import { State } from '../../state.ts'
import { brokenBy } from '../forms.ts'
import { isCarriedMalice } from '../scene.ts'
import { Exhibits, isProvenByEvents } from './by-events.ts'

export type MaliceEvidenceErrorData =
  /** The bytes are none. */
  | { readonly code: 'Malformed' }
  | { readonly code: 'OtherGroup' }
  | { readonly code: 'BadSignature'; readonly event: EventHash }
  /** The events are in order, and show no such offence. */
  | { readonly code: 'NotProven'; readonly why: string }

export class MaliceEvidenceError extends WitanError<MaliceEvidenceErrorData> {
  constructor(data: MaliceEvidenceErrorData, options?: ErrorOptions) {
    super(data, `the evidence proves nothing: ${'why' in data ? data.why : data.code}`, options)
  }
}

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
    if (scheme.verify(view.creator, message, view.signature) !== 'valid') {
      throw new MaliceEvidenceError({ code: 'BadSignature', event: hash })
    }
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

/** All the events, closed under ancestry, in a graph of their own. What they decide is what everybody decides: so who was admitted, and what it owed. */
function isProvenByAncestry<P>(group: Group<P>, scheme: SignatureScheme, evidence: MaliceEvidence<P>): boolean {
  const { members, genesis } = group
  // Nobody's id, so that nothing that the group decides is about who judges.
  const started = { type: 'PeerStarted', self: group.id, origin: 'existing', members, section: [] } as const
  const state = new State(group, { ...started, relatedInfo: genesis.relatedInfo })
  const isMember = (id: PeerId): boolean => state.genesisMembers.has(state.peers.find(id))
  const isOfMembers = evidence.events.every(
    ({ creator, recipient }) => isMember(creator) && (recipient === null || isMember(recipient)),
  )
  // What a genesis member owes does not depend on the order.
  if (isOfMembers) state.election.stop()
  addAll(state, evidence.events, scheme)
  if (!isOfMembers) requireFewForkers(state)
  const parents = new Set(
    evidence.events
      .flatMap(({ selfParent, otherParent }) => [selfParent, otherParent])
      .map((hash) => hash && toHex(hash)),
  )
  const tips = Array.from({ length: state.graph.size }, (_, event) => event).filter(
    (event) => !parents.has(toHex(state.graph.hashOf(event))),
  )
  const { offender, malice } = evidence
  return state.watch?.judge.isEvident({ offender, malice, carried: null }, tips) === true
}

/** As a peer takes them: what is of, or for, somebody unknown waits until the order has admitted it. */
function addAll<P>(state: State<P>, events: readonly EventView<P>[], scheme: SignatureScheme): void {
  let waiting = events
  let admitted = NONE
  while (waiting.length > 0 && state.peers.admitted !== admitted) {
    admitted = state.peers.admitted
    waiting = waiting.filter((view) => !add(state, view, scheme))
  }
  if (waiting.length > 0) {
    throw new MaliceEvidenceError({
      code: 'NotProven',
      why: 'a part of the ancestry, or of what admitted somebody, is missing',
    })
  }
}

/** Where so many voters sign two histories, neither is the order of the group. */
function requireFewForkers<P>({ checkpoints, election, graph }: State<P>): void {
  const all = [election.voters, ...checkpoints.all.flatMap(({ signers, nextVoters }) => [signers, nextVoters])]
  if (all.some(({ peers, count }) => isAtLeastThird(peers.filter((peer) => graph.isForker(peer)).length, count))) {
    throw new MaliceEvidenceError({ code: 'NotProven', why: 'a third of the voters or more forked' })
  }
}

/** False: it cannot be added yet. */
function add<P>(state: State<P>, view: EventView<P>, scheme: SignatureScheme): boolean {
  const { group, graph, peers } = state
  const hash = group.hash(group.eventMessage(view.content))
  const isMissing = (parent: EventHash | null): boolean => parent !== null && graph.find(parent) === NONE
  const isUnknown = (id: PeerId | null): boolean => id !== null && peers.find(id) === NONE
  if (graph.find(hash) !== NONE) return true
  if (isMissing(view.selfParent) || isMissing(view.otherParent)) return false
  if (isUnknown(view.creator) || isUnknown(view.recipient)) return false
  if (brokenBy(state, view).length > 0) {
    throw new MaliceEvidenceError({ code: 'NotProven', why: 'an event of a form that no graph holds' })
  }
  const observationHash = view.vote === null ? null : group.hash(view.vote.bytes)
  accept(
    state,
    {
      type: 'GossipEventAccepted',
      hash,
      bytes: view.bytes,
      observationHash,
      isCarriedSigned: carriesSigned(state, view, scheme),
    },
    view,
  )
  return true
}

function carriesSigned<P>({ group }: State<P>, { vote }: EventView<P>, scheme: SignatureScheme): boolean {
  if (vote?.observation.type !== 'Accusation' || !isCarriedMalice(vote.observation.malice)) return false
  const { creator, content, signature } = decodeEvent(vote.observation.malice.carried, group.format)
  return scheme.verify(creator, group.eventMessage(content), signature) === 'valid'
}
