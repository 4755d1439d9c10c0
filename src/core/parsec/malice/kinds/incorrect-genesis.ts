/**
 * @module core/parsec/malice/kinds/incorrect-genesis
 *
 * IncorrectGenesis: a vote for another Genesis than that of the group (parsec §9). Such an event is not added.
 * Evidence: the event. A third party compares its observation with the group's.
 */

import { equalBytes } from '../../../../base/bytes.ts'
import type { EventView } from '../../../../wire/canonical/event.ts'
import { encodeObservation } from '../../../../wire/canonical/observation.ts'
import type { Group } from '../../group.ts'

export function isIncorrectGenesis<P>(group: Group<P>, { vote }: EventView<P>): boolean {
  if (vote?.observation.type !== 'Genesis') return false
  return !equalBytes(vote.bytes, encodeObservation(group.genesis, group.format))
}
