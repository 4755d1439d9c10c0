/**
 * @module core/parsec/evolve
 *
 * What facts do to the state. No keys, no clock, no refusal; nothing is hashed but what our own checkpoints state.
 *
 * Assumes: facts are those that the engine made, in order.
 */

import { concatBytes } from '../../base/bytes.ts'
import { present, unreachable } from '../../base/errors.ts'
import { decodeEvent, type EventView } from '../../wire/canonical/event.ts'
import { CAUSE_TAG, type EventHash } from '../../wire/canonical/types.ts'
import { decodeBase } from '../../wire/checkpoint/base.ts'
import { loadBase } from './checkpoint/load-base.ts'
import { applyDecision } from './consequences.ts'
import type { Decision } from './election/election.ts'
import type { GossipEventAccepted, ParsecFact } from './facts.ts'
import { type EventIndex, NONE, type PeerIndex } from './graph/graph.ts'
import { decodeReport } from './malice/report.ts'
import type { State } from './state.ts'
import { isVoid } from './void-keys.ts'

/** Sees a decision before its consequences; see inspect.ts. */
export type DecisionWatcher = (decision: Decision) => void

export function evolve<P>(state: State<P>, fact: ParsecFact, watch?: DecisionWatcher): void {
  switch (fact.type) {
    case 'PeerStarted':
      return
    case 'BaseTaken':
      state.baseParts.push(fact.part)
      if (fact.isLast) loadBase(state, decodeBase(concatBytes(...state.baseParts.splice(0)), state.group.format))
      return
    case 'GraphTaken':
      state.isPassive = false
      state.formerlyBefore = fact.blocksBefore
      state.blocks.skipTo(fact.blocksBefore)
      return
    case 'GossipEventAccepted':
      accept(state, fact, decodeEvent(fact.bytes, state.group.format), watch)
      return
    case 'SyncEventOwed':
      state.owed.push(fact)
      return
    case 'CheckpointSigned':
      state.checkpoints.noteSigned(fact, state.self)
      return
    case 'CheckpointSignatureTaken':
      state.checkpoints.noteTaken(fact)
      return
    case 'OffenceReported':
      state.watch?.noteReport(decodeReport(fact.accusation, state.group.format))
      return
    default:
      unreachable(fact)
  }
}

/** The event, whose parts `view` gives, joins the graph, with all that follows. */
export function accept<P>(
  state: State<P>,
  fact: GossipEventAccepted,
  view: EventView<P>,
  watch?: DecisionWatcher,
): EventIndex {
  const { graph, peers } = state
  const creator = peers.find(view.creator)
  const key = keyOf(state, fact, view, creator)
  const event = graph.insert({
    hash: fact.hash,
    bytes: view.bytes,
    creator,
    cause: view.cause,
    selfParent: parent(state, view.selfParent),
    otherParent: parent(state, view.otherParent),
    subject: view.recipient === null ? key : peers.find(view.recipient),
  })
  state.answers.grow()
  if (view.otherParent !== null) noteAnswer(state, event, creator, view)
  if (key !== NONE) noteVote(state, event, key, creator, view)
  state.watch?.note(event, view, fact.isCarriedSigned === true)
  peers.heardFrom(creator)
  elect(state, watch)
  state.watch?.noteOrder()
  return event
}

function parent<P>(state: State<P>, hash: EventHash | null): EventIndex {
  return hash === null ? NONE : state.graph.find(hash)
}

function keyOf<P>(state: State<P>, fact: GossipEventAccepted, view: EventView<P>, creator: PeerIndex): number {
  if (view.vote === null) return NONE
  const hash = present(fact.observationHash, 'facts of votes carry the hash of the observation')
  return state.keys.intern(hash, state.group.modeOf(view.vote.observation) === 'single' ? creator : NONE)
}

function noteVote<P>(state: State<P>, event: EventIndex, key: number, creator: PeerIndex, view: EventView<P>): void {
  if (creator === state.self) state.keys.markOurs(key)
  if (state.keys.isDecided(key)) return
  if (state.stronger && view.vote !== null && isVoid(state, view.vote.observation, creator)) {
    state.keys.decide(key)
    return
  }
  state.keys.addVote(key, event)
  state.votes.add(creator, event, key)
}

function noteAnswer<P>(state: State<P>, event: EventIndex, creator: PeerIndex, view: EventView<P>): void {
  // The reference adds whatever claims to answer something: there, only our own answers can be relied on.
  if (state.stronger || creator === state.self) state.answers.note(event)
  if (creator !== state.self) return
  const other = state.graph.otherParentOf(event)
  const cause = view.cause === CAUSE_TAG.Request ? 'Request' : 'Response'
  const owed = state.owed.findIndex((it) => it.cause === cause && state.graph.find(it.otherParent) === other)
  if (owed >= 0) state.owed.splice(owed, 1)
}

/** parsec §5(f): several elections may end upon one insertion. */
function elect<P>(state: State<P>, watch: DecisionWatcher | undefined): void {
  for (;;) {
    const decision = state.election.advance()
    if (decision === null) return
    watch?.(decision)
    state.noteDecision(decision.event)
    const voters = applyDecision(state, decision)
    if (voters === null) state.election.stop()
    else state.election.next(voters)
  }
}
