import { inspect } from 'node:util'
import { LogError, type LogErrorData, type NewFact, type RecordedFact } from '../../src/ports/event-log.ts'

/** A small fact that says which it is. */
export function fact(n: number, type = 'ThingHappened'): NewFact {
  return {
    type,
    data: { n, text: `fact ${n}`, bytes: 'AAEC_-8' },
    metadata: { schemaVersion: 1, $correlationId: `command-${n}`, $causationId: `cause-${n}` },
  }
}

export function facts(count: number, first = 0): NewFact[] {
  return Array.from({ length: count }, (_, i) => fact(first + i))
}

export async function collect(source: AsyncIterable<RecordedFact>, most = Number.MAX_SAFE_INTEGER) {
  const all: RecordedFact[] = []
  if (most === 0) return all
  for await (const item of source) {
    all.push(item)
    if (all.length >= most) break
  }
  return all
}

export function revisions(recorded: readonly RecordedFact[]): number[] {
  return recorded.map(({ revision }) => revision)
}

/** What was appended, without where it stands. */
export function contents(recorded: readonly RecordedFact[]): NewFact[] {
  return recorded.map(({ type, data, metadata }) => ({ type, data, metadata }))
}

export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i)
}

/** The data of the `LogError` with which `attempt` fails; throws if it does not, or fails otherwise. */
export async function failureOf(attempt: Promise<unknown> | (() => Promise<unknown>)): Promise<LogErrorData> {
  let value: unknown
  try {
    value = await (typeof attempt === 'function' ? attempt() : attempt)
  } catch (error) {
    if (error instanceof LogError) return error.data
    throw error
  }
  throw new Error(`no failure, but ${inspect(value)}`)
}
