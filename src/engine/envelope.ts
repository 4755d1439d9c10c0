/**
 * @module engine/envelope
 *
 * What every fact carries besides its data: the version of its schema, what began it, and what caused it. Ids of commands
 * are a random run id and a counter, so that they cost nothing and never repeat.
 */

import { toHex } from '../base/text.ts'
import type { FactMetadata } from '../ports/event-log.ts'
import type { Random } from '../ports/random.ts'

const RUN_ID_BYTES = 8

export class Envelopes {
  readonly #runId: string
  readonly #schemaVersion: number
  #commands = 0

  constructor(random: Random, schemaVersion: number) {
    this.#runId = toHex(random.bytes(RUN_ID_BYTES))
    this.#schemaVersion = schemaVersion
  }

  /** For the facts of the next command; `causedBy` is an earlier command's metadata where it follows from one. */
  next(causedBy?: FactMetadata): FactMetadata {
    this.#commands += 1
    const id = `${this.#runId}.${this.#commands}`
    return {
      schemaVersion: this.#schemaVersion,
      $correlationId: causedBy?.$correlationId ?? id,
      $causationId: causedBy?.$causationId ?? id,
    }
  }
}
