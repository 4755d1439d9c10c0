/**
 * @module testing/sim/checks/checkpoint-log
 *
 * Signatures of checkpoints (parsec §8): a correct peer signs one statement for a position, in all its lives, and no signature leaves
 * that is not on its disk, its own or another's.
 */

import { equalBytes } from '../../../base/bytes.ts'
import { fromBase64Url } from '../../../base/text.ts'
import { decodeShares } from '../../../wire/checkpoint/shares.ts'
import { decodePeerMessage } from '../../../wire/peer-message.ts'
import type { DurableAppend } from '../disk.ts'
import { factText } from '../fact-text.ts'
import { violation } from '../violation.ts'
import type { Check, Subject } from './check.ts'
import { latin1 } from './event-set.ts'

export class CheckpointLog implements Check {
  readonly #subject: Subject
  /** What it stated, by position. */
  readonly #stated = new Map<number, string>()
  /** Signatures on its disk. */
  readonly #durable = new Set<string>()

  constructor(subject: Subject) {
    this.#subject = subject
  }

  appended({ facts }: DurableAppend): void {
    for (const { type, data } of facts) {
      if (type === 'CheckpointSigned') this.#signed(Number(data['position']), factText(data, 'statement'))
      if (type !== 'CheckpointSigned' && type !== 'CheckpointSignatureTaken') continue
      this.#durable.add(latin1(fromBase64Url(factText(data, 'signature'))))
    }
  }

  #signed(position: number, statement: string): void {
    const before = this.#stated.get(position)
    this.#stated.set(position, statement)
    if (before !== undefined && before !== statement) {
      throw violation('own-contradiction', this.#subject.name, `it signed two checkpoints of ${position} blocks`)
    }
  }

  sent(message: Uint8Array): void {
    const opened = decodePeerMessage(message)
    if (opened?.kind !== 'checkpoints') return
    const { name, id, format } = this.#subject
    for (const { signatures } of decodeShares(opened.body, format).entries) {
      for (const { signer, signature } of signatures) {
        if (this.#durable.has(latin1(signature))) continue
        const whose = equalBytes(signer, id) ? 'its own' : "another's"
        throw violation('sign-before-durable', name, `it sent ${whose} signature of a checkpoint, not on its disk`)
      }
    }
  }
}
