/**
 * @module core/parsec/malice/kinds/invalid-accusation
 *
 * InvalidAccusation: an accusation that is objectively false: an event that it names is not in its basis, or the rule is
 * not broken; or one more than a peer may make of one offender (parsec §9). Found once its creator synced after it. What
 * cannot be judged yet is not invalid: where a carried event's parents are unknown, there is no judgement.
 * Evidence: the hash of the accusation. A third party looks at the ancestry of the accuser's next sync event.
 */

import { equalBytes } from '../../../../base/bytes.ts'
import { toHex } from '../../../../base/text.ts'
import type { KeyIndex } from '../../election/keys.ts'
import type { EventIndex } from '../../graph/graph.ts'
import { NONE } from '../../graph/graph.ts'
import type { Accusation, Accusations } from '../accusations.ts'
import { holds, type Tips } from '../ancestry.ts'
import { type Charge, type Judgement, parentsOf, type Scene } from '../scene.ts'

/** Of whom: known to be by the offender, without looking at parents. */
export function isByOffender<P>({ offender, carried }: Charge<P>): boolean {
  return carried?.isSigned === true && equalBytes(carried.view.creator, offender)
}

/** The parents that a judgement needs besides the basis; null: they are not all in the graph. */
export function missingParents<P>(
  scene: Scene<P>,
  accusation: Accusation<P>,
  basis: EventIndex,
): readonly EventIndex[] | null {
  if (accusation.carried === null || !isByOffender(accusation)) return []
  const parents = parentsOf(scene, accusation.carried.view)
  if (parents.includes(NONE)) return null
  return parents.filter((parent) => !scene.graph.isAncestor(basis, parent))
}

/** Whether the accusation is false, by its basis and by these further events where it carries one whose parents they are. */
export function isFalse<P>(
  scene: Scene<P>,
  accusations: Accusations<P>,
  accusation: Accusation<P>,
  basis: EventIndex,
  tips: Tips,
  judge: (charge: Charge<P>, tips: Tips) => Judgement,
): Judgement {
  if (accusation.carried !== null && !isByOffender(accusation)) return true
  if (!isOneOfItsOwn(accusations, accusation, basis)) return true
  if (accusation.malice.type === 'Unprovable') return false
  if (accusation.carried === null) {
    const verdict = judge(accusation, [basis])
    return verdict === null ? null : !verdict
  }
  const parents = parentsOf(scene, accusation.carried.view)
  if (!parents.every((parent) => holds(scene.graph, tips, parent))) return false
  return judge(accusation, tips) === false
}

/**
 * Whether its creator may make it: the first of this offender on its branch, or one that joins the first of somebody whom
 * it did not join before (parsec §9, Joining).
 */
function isOneOfItsOwn<P>(accusations: Accusations<P>, accusation: Accusation<P>, basis: EventIndex): boolean {
  if (accusation.isFirst) return true
  const offender = toHex(accusation.offender)
  let earlier: ReadonlySet<KeyIndex> | null = null
  for (const accuser of accusations.accusersOf(offender)) {
    if (accuser === accusation.accuser) continue
    const firsts = accusations.firsts(accuser, offender, [basis])
    if (!firsts.some(({ key }) => key === accusation.key)) continue
    earlier ??= new Set(accusations.before(accusation).map(({ key }) => key))
    const joined: ReadonlySet<KeyIndex> = earlier
    if (!firsts.some(({ key }) => joined.has(key))) return true
  }
  return false
}
