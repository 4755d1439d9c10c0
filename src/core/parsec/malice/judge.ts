/**
 * @module core/parsec/malice/judge
 *
 * Whether an offence is evident from a set of events closed under ancestry, and whether an accusation is false
 * (parsec §9): pure functions of the set, shared by Duty, Joining, InvalidAccusation and Accomplice.
 */

import { unreachable } from '../../../base/errors.ts'
import type { EventHash, Malice } from '../../../wire/canonical/types.ts'
import { type EventIndex, NONE } from '../graph/graph.ts'
import type { Accusation, Accusations } from './accusations.ts'
import { holds, type Tips } from './ancestry.ts'
import { brokenBy } from './forms.ts'
import { isAccomplice } from './kinds/accomplice.ts'
import { isDuplicateVote } from './kinds/duplicate-vote.ts'
import { childrenOf } from './kinds/fork.ts'
import { isByOffender, isFalse } from './kinds/invalid-accusation.ts'
import { isMissingGenesis } from './kinds/missing-genesis.ts'
import { isUnexpectedGenesis } from './kinds/unexpected-genesis.ts'
import { type Charge, type Judgement, namedEvent, parentsOf, type Scene } from './scene.ts'

function takesAncestry({ type }: Malice): boolean {
  return type === 'InvalidAccusation' || type === 'Accomplice'
}

export class Judge<Payload> {
  readonly #scene: Scene<Payload>
  readonly #accusations: Accusations<Payload>

  constructor(scene: Scene<Payload>, accusations: Accusations<Payload>) {
    this.#scene = scene
    this.#accusations = accusations
  }

  /** parsec §9, Evident. */
  isEvident(charge: Charge<Payload>, tips: Tips): boolean {
    return this.#judge(charge, tips) === true
  }

  #judge(charge: Charge<Payload>, tips: Tips): Judgement {
    const { malice } = charge
    if (takesAncestry(malice) && !this.#isWhole(tips)) return false
    switch (malice.type) {
      case 'UnexpectedGenesis':
        return this.#named(charge, malice.event, tips, (event) => isUnexpectedGenesis(this.#scene, event))
      case 'MissingGenesis':
        return this.#named(charge, malice.event, tips, (event) => isMissingGenesis(this.#scene, event))
      case 'Fork':
        return this.#named(charge, malice.event, tips, (event) => this.#isForkedAt(event, tips))
      case 'InvalidAccusation':
        return this.#named(charge, malice.event, tips, (event) => this.#isFalseAt(event, tips))
      case 'DuplicateVote':
        return this.#isDuplicate(charge, malice.events, tips)
      case 'Accomplice':
        return this.#isAccomplice(charge, malice, tips)
      case 'IncorrectGenesis':
      case 'OtherParentBySameCreator':
      case 'SelfParentByDifferentCreator':
      case 'InvalidRequest':
      case 'InvalidResponse':
        return this.#isBroken(charge, tips)
      case 'Unprovable':
        return false
      default:
        return unreachable(malice)
    }
  }

  /** Whether the accusation is false by this basis of it, and by the set for what it carries. */
  isFalse(accusation: Accusation<Payload>, basis: EventIndex, tips: Tips): Judgement {
    const judge = (): Judgement =>
      isFalse(this.#scene, this.#accusations, accusation, basis, tips, (charge, set) => this.#judge(charge, set))
    if (accusation.carried !== null) return judge()
    // A function of the basis alone. What it accuses was judged before, so that accusations of accusations cost no more.
    const known = accusation.verdicts.get(basis)
    if (known !== undefined) return known
    const verdict = judge()
    accusation.verdicts.set(basis, verdict)
    return verdict
  }

  /** parsec §9, Valid: the offence is evident from the accusation's basis. */
  isValid(accusation: Accusation<Payload>, basis: EventIndex, tips: Tips): boolean {
    return this.isEvident(accusation, accusation.carried === null ? [basis] : tips)
  }

  /** parsec §9: otherwise we judge neither InvalidAccusation nor Accomplice there. */
  #isWhole(tips: Tips): boolean {
    return tips.every((tip) => tip === NONE || this.#scene.graph.hasWholeAncestry(tip))
  }

  #named(
    { offender }: Charge<Payload>,
    hash: EventHash,
    tips: Tips,
    isBroken: (event: EventIndex) => Judgement,
  ): Judgement {
    const event = namedEvent(this.#scene, offender, hash, tips)
    return event === NONE ? false : isBroken(event)
  }

  #isForkedAt(parent: EventIndex, tips: Tips): boolean {
    const { graph } = this.#scene
    return childrenOf(this.#scene, parent).filter((child) => holds(graph, tips, child)).length > 1
  }

  #isFalseAt(event: EventIndex, tips: Tips): Judgement {
    const accusation = this.#accusations.at(event)
    if (accusation === undefined) return false
    const bases = accusation.bases.filter((basis) => holds(this.#scene.graph, tips, basis))
    const verdicts = bases.map((basis) => this.isFalse(accusation, basis, tips))
    return verdicts.includes(true) || (verdicts.includes(null) ? null : false)
  }

  #isDuplicate({ offender }: Charge<Payload>, [a, b]: readonly [EventHash, EventHash], tips: Tips): boolean {
    const first = namedEvent(this.#scene, offender, a, tips)
    const second = namedEvent(this.#scene, offender, b, tips)
    return first !== NONE && second !== NONE && isDuplicateVote(this.#scene, first, second)
  }

  #isAccomplice(
    { offender }: Charge<Payload>,
    malice: Malice & { readonly type: 'Accomplice' },
    tips: Tips,
  ): Judgement {
    return isAccomplice(this.#scene, this.#accusations, offender, malice, tips, (charge, set) =>
      this.#judge(charge, set),
    )
  }

  #isBroken(charge: Charge<Payload>, tips: Tips): boolean {
    const { carried, malice } = charge
    if (carried === null || !isByOffender(charge)) return false
    if (!parentsOf(this.#scene, carried.view).every((parent) => holds(this.#scene.graph, tips, parent))) return false
    return brokenBy(this.#scene, carried.view).some((kind) => kind === malice.type)
  }
}
