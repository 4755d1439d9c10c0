/**
 * The rules of the house that no linter knows. Each failure says what to do instead.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')

function filesBelow(folder: string): string[] {
  const path = join(root, folder)
  if (!existsSync(path)) return []
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((name) => /\.(ts|mts)$/.test(name) && !name.includes('node_modules') && statSync(join(root, name)).isFile())
}

const text = (file: string): string => readFileSync(join(root, file), 'utf8')
const withoutComments = (source: string): string =>
  source.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(^|\s)\/\/.*$/gm, '')

const BANNED: readonly { readonly pattern: RegExp; readonly instead: string }[] = [
  { pattern: /\bDate\b|\bperformance\b/, instead: 'take `now` as an argument' },
  { pattern: /Math\.random|\bcrypto\./, instead: 'take randomness as an argument' },
  {
    pattern: /\bset(Timeout|Interval|Immediate)\b|queueMicrotask/,
    instead: 'make the deadline state; the engine has the clock',
  },
  { pattern: /from '(node:|rxjs|xstate)/, instead: 'bind it in the engine, behind a port' },
  { pattern: /\bprocess\.|\bglobalThis\b|\bBuffer\b/, instead: 'core runs anywhere: pass it in' },
  { pattern: /\basync\b|\bawait\b|\bPromise\b/, instead: 'core is synchronous: let the engine wait' },
]

const core = [...filesBelow('src/core'), ...filesBelow('src/wire'), ...filesBelow('src/base')]
const sources = [...filesBelow('src'), ...filesBelow('machines')]

describe('the pure layers', () => {
  it.each(BANNED)('hold nothing like $pattern: $instead', ({ pattern }) => {
    const offenders = core.filter((file) => pattern.test(withoutComments(text(file))))
    expect(offenders).toEqual([])
  })

  it('are where this test looks for them', () => {
    expect(core.length).toBeGreaterThan(3)
  })
})

describe('every source file', () => {
  it('has at most 400 lines', () => {
    const long = [...sources, ...filesBelow('test'), ...filesBelow('bench')].filter(
      (file) => text(file).split('\n').length > 401,
    )
    expect(long).toEqual([])
  })

  it('waits for nothing while it is loaded, or no program in CommonJS could require it; programs may', () => {
    const waiting = sources.filter((file) =>
      /^(\w.*)?\bawait /m.test(withoutComments(text(file)).replaceAll(/^(export )?async .*$/gm, '')),
    )
    expect(waiting.filter((file) => !/\/(main|peer-process)\.ts$/.test(file))).toEqual([])
  })

  it('says at its top what it is', () => {
    expect(sources.filter((file) => !/^(#!.*\n)?\/\*\*[\s\S]*?@module/.test(text(file)))).toEqual([])
  })
})

describe('docs/rules.md', () => {
  const rows = [...text('docs/rules.md').matchAll(/^\| `?((?:parsec|ballots) §[^|`]+?)`? \|([^|]+)\|([^|]+)\|$/gm)].map(
    ([, rule = '', what = '', test = '']) => ({ rule, what: what.trim(), test: test.trim() }),
  )
  const cited = new Map<string, string>()
  for (const file of filesBelow('src/core')) {
    for (const [rule] of text(file).matchAll(/\b(?:parsec|ballots) §\d+(?:\.\d+)*(?:\([a-z]\))?/g))
      cited.set(rule, file)
  }

  it('has a row for every rule that core cites', () => {
    const known = new Set(rows.map((row) => row.rule))
    const missing = [...cited].filter(([rule]) => !known.has(rule)).map(([rule, file]) => `${rule} cited in ${file}`)
    expect(missing).toEqual([])
  })

  it('names tests that exist', () => {
    const missing = rows.flatMap(({ rule, test }) => {
      const files = [...test.matchAll(/test\/[\w./-]+\.ts/g)].map(([file]) => file)
      return files.length > 0 && files.every((file) => existsSync(join(root, file))) ? [] : [`${rule}: ${test}`]
    })
    expect(missing).toEqual([])
  })
})
