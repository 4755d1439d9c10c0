/**
 * @module core/parsec/void-rule
 *
 * Which observations can never have an effect again, by what the order decided about peers (parsec §5(f), Stronger).
 */

import type { Observation, PeerId } from '../../wire/canonical/types.ts'
import type { Group } from './group.ts'

/** What the order decided about peers. */
interface Standing {
  readonly isRemoved: (id: PeerId) => boolean
  readonly wasVoter: (id: PeerId) => boolean
}

/** Whether the key of this observation, voted by `voter`, is void where peers stand so. */
export function isVoidBy<P>(group: Group<P>, observation: Observation<P>, voter: PeerId, standing: Standing): boolean {
  if (group.modeOf(observation) === 'single' && standing.isRemoved(voter)) return true
  switch (observation.type) {
    case 'Remove':
      return standing.isRemoved(observation.peerId)
    case 'Accusation':
      return standing.isRemoved(observation.offender)
    case 'Add':
      return standing.wasVoter(observation.peerId)
    case 'Genesis':
    case 'OpaquePayload':
    case 'StartDkg':
    case 'DkgResult':
    case 'DkgMessage':
      return false
    default:
      return observation satisfies never
  }
}
