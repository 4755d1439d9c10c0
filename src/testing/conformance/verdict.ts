/**
 * @module testing/conformance/verdict
 *
 * What a runner says of a file, and how it gathers that: the first difference, and what differs on purpose by rule.
 */

export interface Verdict {
  readonly status: 'passed' | 'failed' | 'out of scope'
  /** The first difference, why the file is out of scope, or how much was compared. */
  readonly detail: string
  /** Cases that differ on purpose, by rule. */
  readonly onPurpose: ReadonlyMap<string, number>
}

/** A kind of file that can be run. */
export interface Runner {
  readonly kind: string
  /** Whether parsed JSON is of this kind. */
  recognizes(json: Readonly<Record<string, unknown>>): boolean
  run(json: Readonly<Record<string, unknown>>): Verdict | Promise<Verdict>
}

export class Comparison {
  #first: string | undefined
  #compared = 0
  #different = 0
  readonly #onPurpose = new Map<string, number>()

  /** Equal as JSON, whatever the order of names. */
  expect(where: string, actual: unknown, expected: unknown): void {
    this.#compared += 1
    const [is, should] = [canonical(actual), canonical(expected)]
    if (is === should) return
    this.#different += 1
    this.#first ??= `${where}: expected ${clip(should)}, got ${clip(is)}`
  }

  differsOnPurpose(rule: string): void {
    this.#onPurpose.set(rule, (this.#onPurpose.get(rule) ?? 0) + 1)
  }

  verdict(): Verdict {
    const onPurpose = this.#onPurpose
    if (this.#first === undefined) return { status: 'passed', detail: `${this.#compared} compared`, onPurpose }
    return { status: 'failed', detail: `${this.#first} (${this.#different} of ${this.#compared} differ)`, onPurpose }
  }
}

function sortNames(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}

function canonical(value: unknown): string {
  return JSON.stringify(value, sortNames) ?? 'undefined'
}

const clip = (text: string): string => (text.length > 300 ? `${text.slice(0, 300)}…` : text)
