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
  // Who started from a checkpoint may lack what was asked and answered before it.
  if (graph.base > 0) return broken
  if (view.cause === CAUSE_TAG.Request && isInvalidRequest(graph, answers, creator, selfParent, otherParent)) {
    broken.push('InvalidRequest')
  }
  if (view.cause === CAUSE_TAG.Response && isInvalidResponse(graph, answers, creator, selfParent, otherParent)) {
    broken.push('InvalidResponse')
  }
  return broken
}
