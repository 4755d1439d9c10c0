/**
 * @module cli/output
 *
 * Colours and progress only on a terminal, and never where NO_COLOR asks for none.
 */

import pc from 'picocolors'

export type Paint = ReturnType<typeof pc.createColors>

export function paint(stream: NodeJS.WriteStream): Paint {
  return pc.createColors(stream.isTTY && (process.env['NO_COLOR'] ?? '') === '')
}

/** Pads to `width` columns, counting one a code point. */
export function column(text: string, width: number): string {
  const points = Array.from(text)
  if (points.length > width) return `${points.slice(0, width - 1).join('')}…`
  return text + ' '.repeat(width - points.length)
}

export function line(text: string): void {
  process.stdout.write(`${text}\n`)
}
