import type { NewFact, RecordedFact } from '../../src/ports/event-log.ts'

/** A fact that shows by itself where it belongs and whether it is whole. */
export function writtenFact(stream: string, revision: number, isLastOfAppend: boolean, length: number): NewFact {
  const text = String.fromCharCode(97 + (revision % 26)).repeat(length)
  return {
    type: 'Written',
    data: { stream, revision, isLastOfAppend, length, text },
    metadata: { schemaVersion: 1, $correlationId: stream, $causationId: String(revision) },
  }
}

export function isWhole({ stream, revision, type, data, metadata }: RecordedFact): boolean {
  const expected = writtenFact(stream, revision, data['isLastOfAppend'] === true, Number(data['length']))
  return JSON.stringify({ type, data, metadata }) === JSON.stringify(expected)
}
