/**
 * @module core/parsec/malice/forms
 *
 * The rules of form that an event may break so that it is not added to graphs (parsec §9, Stronger). Each is a function of
 * the event and its ancestry alone, so that what one correct peer refuses all do.
 *
 * Assumes: the event's parents are in the graph.
 */

import type { EventView } from '../../../wire/canonical/event.ts'
import { CAUSE_TAG, type CarriedMalice } from '../../../wire/canonical/types.ts'
import { type EventIndex, NONE } from '../graph/graph.ts'
import { isIncorrectGenesis } from './kinds/incorrect-genesis.ts'
import { isInvalidRequest } from './kinds/invalid-request.ts'
import { isInvalidResponse } from './kinds/invalid-response.ts'
import { isOtherParentBySameCreator } from './kinds/other-parent-by-same-creator.ts'
import { isSelfParentByDifferentCreator } from './kinds/self-parent-by-different-creator.ts'
import type { Scene } from './scene.ts'

export function brokenBy<P>(scene: Scene<P>, view: EventView<P>): readonly CarriedMalice[] {
  const { graph, peers, answers, group } = scene
  const parent = (hash: Uint8Array | null): EventIndex => (hash === null ? NONE : graph.find(hash))
  const creator = peers.find(view.creator)
  const selfParent = parent(view.selfParent)
  const otherParent = parent(view.otherParent)
  const broken: CarriedMalice[] = []
  if (isSelfParentByDifferentCreator(graph, creator, selfParent)) broken.push('SelfParentByDifferentCreator')
  if (isOtherParentBySameCreator(graph, creator, otherParent)) broken.push('OtherParentBySameCreator')
  if (isIncorrectGenesis(group, view)) broken.push('IncorrectGenesis')
  if (isBeyondStubs(scene, view)) return broken
  if (view.cause === CAUSE_TAG.Request && isInvalidRequest(answers, creator, selfParent, otherParent)) {
    broken.push('InvalidRequest')
  }
  if (view.cause === CAUSE_TAG.Response && isInvalidResponse(answers, creator, selfParent, otherParent)) {
    broken.push('InvalidResponse')
  }
  return broken
}

/**
 * Whether stubs are too little to tell if a Request or Response is in order (parsec §8): it answers what is open no more, by somebody's event
 * at or below the stubs; of a peer that had been removed, or on a branch from below the newest of them, that may be no self-ancestor of this one.
 */
export function isBeyondStubs<P>({ graph, peers, answers }: Scene<P>, view: EventView<P>): boolean {
  if (graph.base === 0 || (view.cause !== CAUSE_TAG.Request && view.cause !== CAUSE_TAG.Response)) return false
  const otherParent = view.otherParent === null ? NONE : graph.find(view.otherParent)
  if (otherParent === NONE || !answers.isAskedByStub(otherParent)) return false
  const creator = peers.find(view.creator)
  if (answers.questionAt(otherParent)?.by === creator) return false
  const selfParent = view.selfParent === null ? NONE : graph.find(view.selfParent)
  const isOnNewest = selfParent !== NONE && graph.indexOf(selfParent) + 1 >= graph.prunedPlaces(creator)
  return peers.wasRemovedBefore(creator, graph.base) || !isOnNewest
}
