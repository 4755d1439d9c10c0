/**
 * @module testing/sim/checks/blame
 *
 * Whom a correct peer holds to be malicious: adversaries only (parsec §9). It finds no offence of a correct peer, accuses none, agrees
 * on the removal of none for malice, and no correct peer is ever over its budget, however slow, or busy, or helpful it is.
 */

import { fromBase64Url, fromHex, toBase64Url } from '../../../base/text.ts'
import { decodeEvent, decodeObservation, ParsecError, type PeerId } from '../../../core/parsec/index.ts'
import type { Evidence } from '../../../engine/peer/notices.ts'
import type { DurableAppend } from '../disk.ts'
import { factText } from '../fact-text.ts'
import { violation } from '../violation.ts'
import type { Check, LifeCheck, Subject } from './check.ts'

type Data = DurableAppend['facts'][number]['data']

/** So many bytes of an id are whole letters of base64url. */
const PREFIX_BYTES = 30

export class Blame implements Check {
  readonly #subject: Subject
  readonly #ownPrefix: string
  readonly #overBudget = new Set<string>()
  /** Agreed removals for malice. */
  convictions = 0

  constructor(subject: Subject) {
    this.#subject = subject
    this.#ownPrefix = toBase64Url(subject.id.subarray(0, PREFIX_BYTES))
  }

  /** Those that were over their budgets at this peer. */
  get overBudget(): number {
    return this.#overBudget.size
  }

  #judge(offender: PeerId, what: string): void {
    const { name, isAdversary } = this.#subject
    if (!isAdversary(offender)) throw violation('unfair', name, `${what} of a correct peer`)
  }

  appended({ stream, facts }: DurableAppend): void {
    for (const { type, data } of facts) {
      if (stream.startsWith('block-')) this.#agreed(data)
      else if (type === 'GossipEventAccepted') this.#made(data)
    }
  }

  #agreed(data: Data): void {
    const observation = decodeObservation(fromBase64Url(factText(data, 'observation')), this.#subject.format)
    if (observation.type !== 'Accusation') return
    this.#judge(observation.offender, `it agreed on ${observation.malice.type}`)
    this.convictions += 1
  }

  /** An event; of its own, an accusation perhaps. */
  #made(data: Data): void {
    const event = factText(data, 'event')
    if (data['observationHash'] === null || !event.startsWith(this.#ownPrefix)) return
    const observation = decodeEvent(fromBase64Url(event), this.#subject.format).vote?.observation
    if (observation?.type === 'Accusation')
      this.#judge(observation.offender, `it accuses, of ${observation.malice.type},`)
  }

  life(): LifeCheck {
    return { showsEvidence: (evidence) => this.#told(evidence) }
  }

  #told({ peer, error, kind }: Evidence): void {
    const isOver = error instanceof ParsecError && error.code === 'OverBudget'
    if (!isOver && kind === undefined) return
    this.#judge(fromHex(peer), `it says ${kind ?? 'OverBudget'}`)
    if (isOver) this.#overBudget.add(peer)
  }
}
