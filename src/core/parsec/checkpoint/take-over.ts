/**
 * @module core/parsec/checkpoint/take-over
 *
 * A peer that started from a checkpoint and stands still, since others build on events for which it has no stub, goes on by the whole graph
 * (parsec §8). What it takes is built beside it by an engine that makes nothing, until that has all that the peer has.
 *
 * Guarantees: from `GraphTaken` on the new start holds every event of the former one, all of its own among them, and no other of its own; the same
 * blocks in the same order, and more; what it signed of checkpoints, and whatever else it did and must not do otherwise. So it forks
 * nothing, votes for nothing and accuses nobody twice, and gives no other answers.
 */

import { type Bytes, equalBytes } from '../../../base/bytes.ts'
import { present } from '../../../base/errors.ts'
import { toHex } from '../../../base/text.ts'
import { decodeEvent } from '../../../wire/canonical/event.ts'
import { decodeStatement } from '../../../wire/checkpoint/statement.ts'
import { ParsecError } from '../errors.ts'
import type { ParsecFact } from '../facts.ts'
import { admission, type OpenedEvent, type Verify } from '../gossip/admission.ts'
import { answered } from '../gossip/message-end.ts'
import type { Work } from '../gossip/work.ts'
import { type EventIndex, NONE } from '../graph/graph.ts'
import { UNPROVABLE } from '../malice/kinds/unprovable.ts'
import { isCarriedMalice } from '../malice/scene.ts'
import type { State } from '../state.ts'
import type { Checkpoint } from './checkpoints.ts'
import type { KeyChain } from './key-chain.ts'

/**
 * Null: done. GraphDiffers: this graph is not for this peer, nor will more of it be. Anything else, as UnknownSelfParent, UnknownOtherParent or
 * GraphLacks: it lacks events yet, and more of the graph may bring them.
 */
export function takeOver<P>(work: Work<P>, former: State<P>, verify: Verify): ParsecError | null {
  const { state } = work
  if (!state.isPassive) return new ParsecError({ code: 'Logic', why: 'only a start by the whole graph takes over' })
  // Its key may have made events that it knows nothing of.
  if (!former.mayTakePart) return differs('it is of a peer that only follows')
  const error = takeRest(work, former, verify) ?? checkOwn(state, former) ?? checkOrder(state, former)
  if (error !== null) return error
  for (const fact of [...inheritedBy(state, former), ...signaturesOf(former)]) work.note(fact)
  takeReports(work, former)
  for (const { cause, otherParent } of former.owed) {
    if (answered(state, otherParent) === NONE) work.owe(cause, otherParent)
  }
  work.note({ type: 'GraphTaken', blocksBefore: former.blocksBefore })
  state.blocks.skipTo(former.blocks.polled)
  work.startIfDue()
  return null
}

function differs(why: string): ParsecError {
  return new ParsecError({ code: 'GraphDiffers', why })
}

/** What nobody else has shown us, as what we made and did not send, or what others made and sent to us only. */
function takeRest<P>(work: Work<P>, former: State<P>, verify: Verify): ParsecError | null {
  for (let event = former.graph.base; event < former.graph.size; event += 1) {
    if (work.state.graph.find(former.graph.hashOf(event)) !== NONE) continue
    const opened = reopened(former, event)
    const admitted = admission(work.state, opened, verify)
    if (admitted instanceof ParsecError) return admitted
    work.accept(opened)
  }
  return null
}

/** Its signatures were verified when it came. */
function reopened<P>({ graph, keys, group }: State<P>, event: EventIndex): OpenedEvent<P> {
  const view = decodeEvent(graph.bytesOf(event).slice(), group.format)
  return {
    view,
    hash: graph.hashOf(event).slice(),
    observationHash: view.vote === null ? null : keys.hashOf(graph.subjectOf(event)).slice(),
    eventVerdict: 'valid',
    voteVerdict: 'valid',
    carriedVerdict: null,
  }
}

/** All of ours are there by now; one that we do not know was made by somebody else with our key, or is not in our log any more. */
function checkOwn<P>({ graph, self }: State<P>, former: State<P>): ParsecError | null {
  for (let place = 0; place < graph.placesOf(self); place += 1) {
    for (const event of graph.membersAt(self, place)) {
      const known = former.graph.find(graph.hashOf(event))
      if (known === NONE || known < former.graph.base)
        return differs(`it holds an event of ours that we did not make: ${toHex(graph.hashOf(event))}`)
    }
  }
  return null
}

function checkOrder<P>(state: State<P>, former: State<P>): ParsecError | null {
  const { blocks, decided } = former.checkpoints
  const ours = state.checkpoints
  if (!equalBytes(former.group.id, state.group.id)) return differs('it is of another group')
  if (!isPrefix(ours.blocks, blocks)) return differs(`its first ${blocks.count} blocks are not ours`)
  if (!isPrefix(ours.decided, decided)) return differs(`the first ${decided.count} that it decides are not ours`)
  // Who gives only part of the graph is not believed to have no more.
  if (ours.blocks.count < blocks.count || ours.decided.count < decided.count)
    return new ParsecError({ code: 'GraphLacks', why: `it leads to ${ours.blocks.count} of ${blocks.count} blocks` })
  const other = statementsOf(former).find(([position, statement]) => !isStated(state, position, statement))
  return other === undefined ? null : differs(`its checkpoint at ${other[0]} is not ours`)
}

/** Of two chains, whether the shorter is a beginning of the other. */
function isPrefix(a: KeyChain, b: KeyChain): boolean {
  const shared = Math.min(a.count, b.count)
  return equalBytes(a.hashAt(shared), b.hashAt(shared))
}

/** Position and bytes of what was stated, by others before our base. */
function statementsOf<P>({ checkpoints, group }: State<P>): readonly (readonly [number, Bytes])[] {
  const inherited = checkpoints.inherited.map(
    ({ statement }) => [decodeStatement(statement, group.format).position, statement] as const,
  )
  return [...inherited, ...checkpoints.all.map((it) => [it.position, checkpoints.statementOf(it)] as const)]
}

function isStated<P>({ checkpoints }: State<P>, position: number, statement: Bytes): boolean {
  const checkpoint = checkpoints.at(position)
  return checkpoint !== undefined && equalBytes(checkpoints.statementOf(checkpoint), statement)
}

/** As facts: what proves the changes of voters before the former's base. */
function inheritedBy<P>({ checkpoints, peers, group }: State<P>, former: State<P>): readonly ParsecFact[] {
  return former.checkpoints.inherited.flatMap(({ statement, signers, signatures }) => {
    const { position } = decodeStatement(statement, group.format)
    const seats = checkpoints.at(position)?.signers.peers ?? []
    const signed = seats.filter((_, seat) => (((signers[seat >> 3] ?? 0) >> (seat & 7)) & 1) === 1)
    return signed.map((peer, i): ParsecFact => {
      const signature = present(signatures[i], 'a signature for each signer')
      return { type: 'CheckpointSignatureTaken', position, signer: peers.idOf(peer), statement: null, signature }
    })
  })
}

/** As facts: ours, so that we sign nothing twice, and those of others. */
function signaturesOf<P>(former: State<P>): readonly ParsecFact[] {
  return former.checkpoints.all.flatMap((checkpoint) => [
    ...[...checkpoint.signatures].map(([seat, signature]) => signatureFact(former, checkpoint, seat, signature)),
    ...[...checkpoint.contradictions].map(([seat, { statement, signature }]): ParsecFact => {
      const signer = signerAt(former, checkpoint, seat)
      return { type: 'CheckpointSignatureTaken', position: checkpoint.position, signer, statement, signature }
    }),
  ])
}

function signatureFact<P>(former: State<P>, checkpoint: Checkpoint, seat: number, signature: Bytes): ParsecFact {
  const { position, signers } = checkpoint
  if (signers.peers[seat] === former.self) {
    return { type: 'CheckpointSigned', position, statement: former.checkpoints.statementOf(checkpoint), signature }
  }
  const signer = signerAt(former, checkpoint, seat)
  return { type: 'CheckpointSignatureTaken', position, signer, statement: null, signature }
}

function signerAt<P>({ peers }: State<P>, { signers }: Checkpoint, seat: number): Bytes {
  return peers.idOf(signers.peers[seat] ?? NONE)
}

/** What no graph shows. */
function takeReports<P>(work: Work<P>, { watch, peers }: State<P>): void {
  for (const { offender, malice } of watch?.offences.found ?? []) {
    if (isCarriedMalice(malice) || malice.type === UNPROVABLE.type) work.report(peers.idOf(offender), malice)
  }
}
