/**
 * @module core/parsec/malice/evidence/by-ancestry
 *
 * Judges offences that are about what somebody knew: by all the events, closed under ancestry, in a graph of their own (parsec §9). What they
 * decide is what everybody decides: so who was admitted, and what it owed.
 *
 * Assumes: signatures are good.
 */

import type { SignatureScheme } from '../../../../ports/signature-scheme.ts'
import { decodeEvent, type EventView } from '../../../../wire/canonical/event.ts'
import type { EventHash, PeerId } from '../../../../wire/canonical/types.ts'
import type { MaliceEvidence } from '../../../../wire/malice-evidence.ts'
import { isAtLeastThird, type Voters } from '../../election/voters.ts'
import { accept } from '../../evolve.ts'
import { type EventIndex, NONE, type PeerIndex } from '../../graph/graph.ts'
import type { Group } from '../../group.ts'
import { State } from '../../state.ts'
import { brokenBy } from '../forms.ts'
import { isCarriedMalice } from '../scene.ts'
import { MaliceEvidenceError } from './error.ts'

/** An election that ended. */
interface Decided {
  readonly voters: Voters
  readonly event: EventIndex
}

/** Throws a `MaliceEvidenceError` where the events are no graph that could be relied on. */
export function isProvenByAncestry<P>(group: Group<P>, scheme: SignatureScheme, evidence: MaliceEvidence<P>): boolean {
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
  requireFewForkers(state, addAll(state, evidence.events, scheme))
  const { offender, malice } = evidence
  return state.watch?.judge.isEvident({ offender, malice, carried: null }, tipsOf(state, evidence.events)) === true
}

/** As a peer takes them: what is of, or for, somebody unknown waits until the order has admitted it. Gives the elections that ended. */
function addAll<P>(state: State<P>, events: readonly EventView<P>[], scheme: SignatureScheme): readonly Decided[] {
  const decided: Decided[] = []
  let waiting = events
  let admitted = NONE
  while (waiting.length > 0 && state.peers.admitted !== admitted) {
    admitted = state.peers.admitted
    waiting = waiting.filter((view) => !add(state, view, scheme, decided))
  }
  if (waiting.length > 0) throw notProven('a part of the ancestry, or of what admitted somebody, is missing')
  return decided
}

/** False: it cannot be added yet. */
function add<P>(state: State<P>, view: EventView<P>, scheme: SignatureScheme, decided: Decided[]): boolean {
  const { group, graph, peers } = state
  const hash = group.hash(group.eventMessage(view.content))
  const isMissing = (parent: EventHash | null): boolean => parent !== null && graph.find(parent) === NONE
  const isUnknown = (id: PeerId | null): boolean => id !== null && peers.find(id) === NONE
  if (graph.find(hash) !== NONE) return true
  if (isMissing(view.selfParent) || isMissing(view.otherParent)) return false
  if (isUnknown(view.creator) || isUnknown(view.recipient)) return false
  if (brokenBy(state, view).length > 0) throw notProven('an event of a form that no graph holds')
  const observationHash = view.vote === null ? null : group.hash(view.vote.bytes)
  const isCarriedSigned = carriesSigned(state, view, scheme)
  accept(
    state,
    { type: 'GossipEventAccepted', hash, bytes: view.bytes, observationHash, isCarriedSigned },
    view,
    ({ event }) => decided.push({ voters: state.election.voters, event }),
  )
  return true
}

function carriesSigned<P>({ group }: State<P>, { vote }: EventView<P>, scheme: SignatureScheme): boolean {
  if (vote?.observation.type !== 'Accusation' || !isCarriedMalice(vote.observation.malice)) return false
  const { creator, content, signature } = decodeEvent(vote.observation.malice.carried, group.format)
  return scheme.verify(creator, group.eventMessage(content), signature) === 'valid'
}

/** Where so many of those who decided something had made two histories by then, it need not be what the group decided. Who forks later had made one. */
function requireFewForkers<P>({ graph }: State<P>, decided: readonly Decided[]): void {
  const forkedAt = new Map<PeerIndex, number>()
  for (let peer = 0; peer < graph.peerCount; peer += 1) {
    if (!graph.isForker(peer)) continue
    let lowest = Number.POSITIVE_INFINITY
    for (const index of graph.forkSetsOf(peer).keys()) lowest = Math.min(lowest, index)
    forkedAt.set(peer, lowest)
  }
  const hadForked = (peer: PeerIndex, event: EventIndex): boolean =>
    (forkedAt.get(peer) ?? Number.POSITIVE_INFINITY) <= graph.last(event, peer)
  for (const { voters, event } of decided) {
    const forkers = voters.peers.filter((peer) => hadForked(peer, event)).length
    if (isAtLeastThird(forkers, voters.count)) throw notProven('a third of the voters or more forked')
  }
}

/** The events that are no parents. */
function tipsOf<P>({ graph }: State<P>, events: readonly EventView<P>[]): readonly EventIndex[] {
  const parents = new Set<EventIndex>()
  for (const { selfParent, otherParent } of events) {
    for (const parent of [selfParent, otherParent]) if (parent !== null) parents.add(graph.find(parent))
  }
  return Array.from({ length: graph.size }, (_, event) => event).filter((event) => !parents.has(event))
}

const notProven = (why: string): MaliceEvidenceError => new MaliceEvidenceError({ code: 'NotProven', why })
