/**
 * Small changes to a line of code, as mutation testing makes them: boundaries, negations, arithmetic, bit operations,
 * constants, removed statements. A scan of the text is enough here, since the formatter gives the code one form.
 */

import type { Mutation } from './planted.ts'

export interface LineMutation {
  readonly file: string
  /** From 1. */
  readonly line: number
  readonly operator: string
  readonly text: string
}

interface Operator {
  readonly name: string
  readonly pattern: RegExp
  readonly replace: (match: string) => string
}

const SWAPS: Readonly<Record<string, string>> = {
  ' < ': ' <= ',
  ' <= ': ' < ',
  ' > ': ' >= ',
  ' >= ': ' > ',
  ' === ': ' !== ',
  ' !== ': ' === ',
  ' + ': ' - ',
  ' - ': ' + ',
  ' * ': ' + ',
  ' & ': ' | ',
  ' | ': ' & ',
  ' && ': ' || ',
  ' || ': ' && ',
  ' << ': ' >> ',
  ' >> ': ' << ',
  ' += 1': ' -= 1',
  'Math.max(': 'Math.min(',
  'Math.min(': 'Math.max(',
  '.every(': '.some(',
  '.some(': '.every(',
  true: 'false',
  false: 'true',
}

const OPERATORS: readonly Operator[] = [
  ...Object.entries(SWAPS).map(([from, to]) => ({
    name: `${from.trim()} to ${to.trim()}`,
    pattern: new RegExp(/^\w+$/.test(from) ? `\\b${from}\\b` : escape(from), 'g'),
    replace: () => to,
  })),
  { name: 'negated', pattern: /\bif \((?!\()(.*)\) /g, replace: (it) => `if (!(${it.slice(4, -2)})) ` },
  { name: 'no negation', pattern: /(?<=[ (])!(?=[\w#(])/g, replace: () => '' },
  { name: 'without ~', pattern: /~(?=[\w(])/g, replace: () => '' },
  { name: 'one more', pattern: /(?<=[ (])[01](?=[,);]|$| )/g, replace: (it) => String(Number(it) + 1) },
  { name: 'removed', pattern: /^ +(this\.#?|[a-z]\w*\.)[\w.#]+\([^{]*\)$/g, replace: () => '' },
  { name: 'not assigned', pattern: /^ +[\w.#]+(\[[^=]*\])? (=|\|=|&=|\+=) [^{([]*$/g, replace: () => '' },
]

function escape(text: string): string {
  return text.replaceAll(/[$()*+.?[\\\]^{|}]/g, '\\$&')
}

/** Lines that hold types, imports or comments change nothing that runs. */
function isCode(line: string): boolean {
  const text = line.trim()
  if (text === '' || /^(\*|\/\/|\/\*|import|export type|export interface|readonly |\} from)/.test(text)) return false
  return !text.startsWith('throw ') && !text.includes('assert(')
}

export function mutationsOf(file: string, source: string): readonly LineMutation[] {
  const mutations: LineMutation[] = []
  let inType = false
  for (const [at, line] of source.split('\n').entries()) {
    // Of a declaration of a type, whatever follows it indented.
    inType = /^(export )?(interface|type) /.test(line) || (inType && line.startsWith(' '))
    if (inType) continue
    if (!isCode(line)) continue
    const code = line.replace(/ \/\/ .*$/, '')
    for (const { name, pattern, replace } of OPERATORS) {
      for (const match of code.matchAll(pattern)) {
        const text = code.slice(0, match.index) + replace(match[0]) + code.slice(match.index + match[0].length)
        if (isTypePart(code, match.index)) continue
        mutations.push({ file, line: at + 1, operator: name, text })
      }
    }
  }
  return mutations
}

/** Unions of types, and signatures: nobody joins the bits of texts, or of nothing. */
function isTypePart(code: string, at: number): boolean {
  const [before, after] = [code.slice(0, at), code.slice(at)]
  if (!/^ [|&] /.test(after)) return false
  if (before.endsWith("'") || /^...('|(null|undefined)\b)/.test(after)) return true
  return /: [-\w<>[\], |]*$/.test(before) && /^...[A-Z\d]/.test(after)
}

/** A line mutation applied to the source. */
export function applyLine(source: string, { line, text }: LineMutation): string {
  return source
    .split('\n')
    .map((old, at) => (at + 1 === line ? text : old))
    .join('\n')
}

export function applyPlanted(source: string, { name, from, to }: Mutation): string {
  const parts = source.split(from)
  if (parts.length !== 2) throw new Error(`planted bug "${name}": its text occurs ${parts.length - 1} times`)
  return parts.join(to)
}
