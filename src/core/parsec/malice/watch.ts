/**
 * @module core/parsec/malice/watch
 *
 * Finds offences as events join the graph (parsec §9). A function of the graph: replay finds the same.
 *
 * An offence needs no entry when its offender's self-parent already shows another: whoever has the event has that too.
 * So the entries stay few, whatever an offender does, and still: some entry of an offender is evident from a set exactly
 * if some offence of it is.
 *
 * Where stubs stand for the beginning of the graph, what takes whole ancestries is not judged.
 *
 * Costs, where nobody offends: a walk over the votes for an observation at each vote for it, nothing else.
 */

import { present } from '../../../base/errors.ts'
import { toHex } from '../../../base/text.ts'
import { decodeEvent, type EventView } from '../../../wire/canonical/event.ts'
import type { Malice, Observation } from '../../../wire/canonical/types.ts'
import { type EventIndex, NONE } from '../graph/graph.ts'
import { Int32List } from '../graph/lists.ts'
import { type Accusation, Accusations } from './accusations.ts'
import { isOnBranch } from './ancestry.ts'
import { Judge } from './judge.ts'
import { duplicateVote } from './kinds/duplicate-vote.ts'
import { childrenOf } from './kinds/fork.ts'
import { missingParents } from './kinds/invalid-accusation.ts'
import { isMissingGenesis } from './kinds/missing-genesis.ts'
import { isUnexpectedGenesis } from './kinds/unexpected-genesis.ts'
import type { Offence } from './offence.ts'
import { type Counts, isDemanded, isPlain, Offences } from './offences.ts'
import { owesAccusation } from './owed.ts'
import { isCarriedMalice, parentsOf, type Scene } from './scene.ts'

/** An accusation that cannot be judged yet. */
interface Pending<Payload> {
  readonly accusation: Accusation<Payload>
  readonly basis: EventIndex
}

export class Watch<Payload> {
  readonly accusations: Accusations<Payload>
  readonly offences: Offences
  readonly judge: Judge<Payload>
  readonly #scene: Scene<Payload>
  /** Votes for an observation are a list: by key the newest, by event the one before. */
  readonly #newestVote = new Int32List()
  readonly #olderVote = new Int32List()
  /** By parent of a fork. */
  readonly #forks = new Map<EventIndex, Offence>()
  /** By hex of the hash of the event that is missing. */
  readonly #pending = new Map<string, Pending<Payload>[]>()
  /** About what a voter owed that we were only told of, and those accusations in turn; in order of arrival. */
  #unjudged: Pending<Payload>[] = []
  #admitted = 0

  constructor(scene: Scene<Payload>) {
    this.#scene = scene
    this.accusations = new Accusations(scene.graph)
    this.offences = new Offences(scene.graph, scene.peers)
    this.judge = new Judge(scene, this.accusations)
  }

  /** An event joined the graph. `isCarriedSigned`: of an accusation that carries an event, whether that is its creator's. */
  note(event: EventIndex, view: EventView<Payload>, isCarriedSigned: boolean): void {
    const { graph } = this.#scene
    while (this.#olderVote.length <= event) this.#olderVote.push(NONE)
    if (view.vote !== null) this.#noteVote(event, view.vote.observation, isCarriedSigned)
    if (graph.isForker(graph.creatorOf(event))) this.#noteFork(event)
    if (graph.indexOf(event) === 1 && isMissingGenesis(this.#scene, event)) {
      this.#addPlain(event, { type: 'MissingGenesis', event: this.#hash(event) })
    }
    if (graph.isSync(event)) this.#noteSync(event)
    if (this.#pending.size > 0) this.#judgePending(event)
  }

  /** An offence that the graph does not show: with an event that was not added, or a reason that nobody can check. */
  noteReport({ offender, malice }: Observation<Payload> & { readonly type: 'Accusation' }): void {
    const needs = isCarriedMalice(malice)
      ? parentsOf(this.#scene, decodeEvent(malice.carried, this.#scene.group.format))
      : []
    const peer = this.#scene.peers.find(offender)
    this.offences.add({ offender: peer, malice, needs: [...needs], needed: needs.length })
  }

  #hash(event: EventIndex): Uint8Array {
    return this.#scene.graph.hashOf(event).slice()
  }

  #noteVote(event: EventIndex, observation: Observation<Payload>, isCarriedSigned: boolean): void {
    const { graph } = this.#scene
    const key = graph.subjectOf(event)
    const earlier = this.#earlierVote(event, key)
    if (earlier === NONE) this.#keepVote(event, key)
    else this.#addPlain(event, duplicateVote(this.#scene, earlier, event), [earlier, event])
    if (observation.type === 'Genesis' && isUnexpectedGenesis(this.#scene, event)) {
      this.#addPlain(event, { type: 'UnexpectedGenesis', event: this.#hash(event) })
    }
    if (observation.type === 'Accusation') this.#noteAccusation(event, key, isCarriedSigned)
  }

  /**
   * A vote for the same by a self-ancestor. Two votes on two branches need no entry: whoever has both has a fork too.
   */
  #earlierVote(event: EventIndex, key: number): EventIndex {
    const { graph } = this.#scene
    const creator = graph.creatorOf(event)
    const index = graph.indexOf(event)
    for (let vote = this.#newestVote.at(key); vote !== NONE; vote = this.#olderVote.at(vote)) {
      if (graph.creatorOf(vote) === creator && graph.indexOf(vote) < index && isOnBranch(graph, event, vote))
        return vote
    }
    return NONE
  }

  /** Of each peer one vote for an observation, on each branch: the first. */
  #keepVote(event: EventIndex, key: number): void {
    while (this.#newestVote.length <= key) this.#newestVote.push(NONE)
    this.#olderVote.set(event, this.#newestVote.at(key))
    this.#newestVote.set(key, event)
  }

  #noteAccusation(event: EventIndex, key: number, isSigned: boolean): void {
    const { graph, group } = this.#scene
    // From the arena, so that nothing holds on to the message.
    const { vote } = decodeEvent(graph.bytesOf(event), group.format)
    const { observation } = present(vote, 'an accusation is a vote')
    if (observation.type !== 'Accusation') return
    const { offender, malice } = observation
    const carried = isCarriedMalice(malice) ? { view: decodeEvent(malice.carried, group.format), isSigned } : null
    this.accusations.add({ event, accuser: graph.creatorOf(event), offender, malice, carried, key })
  }

  #noteFork(event: EventIndex): void {
    const { graph } = this.#scene
    const parent = graph.selfParentOf(event)
    if (parent === NONE) return
    const known = this.#forks.get(parent)
    if (known !== undefined) {
      known.needs.push(event)
      return
    }
    if (this.offences.evident(graph.creatorOf(event), [parent], isPlain) !== undefined) return
    const children = childrenOf(this.#scene, parent)
    if (children.length < 2) return
    const malice: Malice = { type: 'Fork', event: this.#hash(parent) }
    const offence = { offender: graph.creatorOf(event), malice, needs: [...children], needed: 2 }
    this.#forks.set(parent, offence)
    this.offences.add(offence)
  }

  #noteSync(event: EventIndex): void {
    const settled = this.accusations.settle(event)
    // parsec §9: who lacks part of an ancestry judges neither InvalidAccusation nor Accomplice there.
    if (!this.#scene.graph.hasWholeAncestry(event)) return
    let isShown = false
    for (const accusation of settled) {
      // All are judged, in order, so that no verdict is ever looked for in depth; one entry for a basis is enough.
      const isFalse = this.judge.isFalse(accusation, event, [event])
      if (isFalse === null) this.#unjudged.push({ accusation, basis: event })
      else if (!isFalse) this.#judgeLater(accusation, event)
      else if (!isShown) {
        this.#addPlain(event, { type: 'InvalidAccusation', event: this.#hash(accusation.event) })
        isShown = true
      }
    }
    this.#findAccomplice(event)
  }

  /** The order may have admitted somebody, so that more can be judged; in order of arrival too. */
  noteOrder(): void {
    const { admitted } = this.#scene.peers
    if (admitted === this.#admitted) return
    this.#admitted = admitted
    const waiting = this.#unjudged
    this.#unjudged = []
    for (const { accusation, basis } of waiting) {
      accusation.verdicts.delete(basis)
      const isFalse = this.judge.isFalse(accusation, basis, [basis])
      if (isFalse === null) this.#unjudged.push({ accusation, basis })
      else if (isFalse) this.#addPlain(basis, { type: 'InvalidAccusation', event: this.#hash(accusation.event) })
    }
  }

  /** Not false by its basis alone; perhaps by the parents of what it carries. */
  #judgeLater(accusation: Accusation<Payload>, basis: EventIndex): void {
    const missing = missingParents(this.#scene, accusation, basis)
    if (missing === null) this.#postpone(accusation, basis)
    else if (missing.length > 0 && this.judge.isFalse(accusation, basis, [basis, ...missing]) === true) {
      const malice: Malice = { type: 'InvalidAccusation', event: this.#hash(accusation.event) }
      this.#addPlain(basis, malice, [basis, ...missing])
    }
  }

  #postpone(accusation: Accusation<Payload>, basis: EventIndex): void {
    const view = accusation.carried?.view
    const missing = [view?.selfParent, view?.otherParent].find(
      (hash) => hash !== null && hash !== undefined && this.#scene.graph.find(hash) === NONE,
    )
    const key = toHex(present(missing, 'a parent is missing'))
    const waiting = this.#pending.get(key)
    if (waiting === undefined) this.#pending.set(key, [{ accusation, basis }])
    else waiting.push({ accusation, basis })
  }

  #judgePending(event: EventIndex): void {
    const key = toHex(this.#scene.graph.hashOf(event))
    const waiting = this.#pending.get(key)
    if (waiting === undefined) return
    this.#pending.delete(key)
    for (const { accusation, basis } of waiting) this.#judgeLater(accusation, basis)
  }

  /** parsec §9, Accomplice: knows an offence, and accused nobody of it. */
  #findAccomplice(sync: EventIndex): void {
    const { graph } = this.#scene
    const peer = graph.creatorOf(sync)
    for (const { peer: offender, id } of this.offences.offenders) {
      if (offender === peer || this.accusations.accuses(peer, id, sync)) continue
      const owed: Counts = (malice) => isPlain(malice) && owesAccusation(this.#scene, peer, offender, malice) === true
      const known = this.offences.evident(offender, [sync], owed)
      if (known === undefined) continue
      if (this.offences.evident(peer, [graph.selfParentOf(sync)], isDemanded) !== undefined) return
      const malice: Malice = { type: 'Accomplice', event: this.#hash(sync), malice: known.malice }
      this.offences.add({ offender: peer, malice, needs: [sync], needed: 1 })
      return
    }
  }

  /** Of the creator of `event`, evident from what holds all of `needs`, of which `event` is one. */
  #addPlain(event: EventIndex, malice: Malice, needs: readonly EventIndex[] = [event]): void {
    const { graph } = this.#scene
    const offender = graph.creatorOf(event)
    if (this.offences.evident(offender, [graph.selfParentOf(event)], isPlain) !== undefined) return
    this.offences.add({ offender, malice, needs: [...needs], needed: needs.length })
  }
}
