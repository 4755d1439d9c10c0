/**
 * @module bench/support/report
 *
 * What a suite gives, and how it is printed.
 */

export type Cell = string | number

export interface Table {
  readonly title: string
  readonly columns: readonly string[]
  readonly rows: readonly (readonly Cell[])[]
  /** How to read it, what was left out and why. */
  readonly notes: readonly string[]
}

export interface SuiteOptions {
  /** What the suite works on, where it takes such a thing. */
  readonly path: string | undefined
  readonly rounds: number
  /** Says what is going on, for people. */
  readonly say: (text: string) => void
}

/** Tables, each as soon as it is measured, or all together. */
export type Suite = (options: SuiteOptions) => AsyncIterable<Table> | Promise<readonly Table[]>

export function cellText(cell: Cell): string {
  if (typeof cell === 'string') return cell
  if (Number.isInteger(cell) || Math.abs(cell) >= 1000) return Math.round(cell).toLocaleString('en')
  return Math.abs(cell) >= 100 ? cell.toFixed(0) : cell.toPrecision(3)
}

export function tableText({ title, columns, rows, notes }: Table): string {
  const lines = [columns, ...rows.map((row) => row.map(cellText))]
  const widths = columns.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)))
  const padded = lines.map((line) =>
    line
      .map((text, column) => {
        const width = widths[column] ?? 0
        return typeof rows[0]?.[column] === 'number' ? text.padStart(width) : text.padEnd(width)
      })
      .join('  ')
      .trimEnd(),
  )
  const [head = '', ...body] = padded
  return [title, head, '-'.repeat(head.length), ...body, ...notes.map((note) => `  ${note}`), ''].join('\n')
}

/** Rate by `count` things in `ms` milliseconds. */
export function perSecond(count: number, ms: number): number {
  return (count / ms) * 1000
}

/** How many times faster `ms` is than the reference; `-` where that was not measured. */
export function ratio(referenceMs: number | undefined, ms: number): Cell {
  return referenceMs === undefined ? '-' : referenceMs / ms
}

export async function* tablesOf(given: ReturnType<Suite>): AsyncIterable<Table> {
  if (given instanceof Promise) yield* await given
  else yield* given
}
