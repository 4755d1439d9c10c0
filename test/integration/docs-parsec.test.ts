import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const SOURCES: Readonly<Record<string, string>> = {
  'witan/crypto': 'src/crypto/index.ts',
  'witan/inspector': 'src/inspector/index.ts',
  'witan/parsec': 'src/core/parsec/index.ts',
}

test('the program of docs/parsec.md runs, and says what its comments say', () => {
  const blocks = [...readFileSync(join(root, 'docs/parsec.md'), 'utf8').matchAll(/^```ts\n([\s\S]*?)^```$/gm)]
  const program = blocks
    .map(([, code = '']) => code)
    .join('\n')
    .replaceAll(
      /from '(witan\/\w+)'/g,
      (_, entry: string) => `from '${pathToFileURL(join(root, SOURCES[entry] ?? '')).href}'`,
    )
  const folder = mkdtempSync(join(tmpdir(), 'witan-docs-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'program.mts')
  writeFileSync(file, `${program}\nconsole.log(dot.startsWith('digraph'))\n`)
  const output = execFileSync(process.execPath, ['--import', 'tsx', file], { cwd: root, encoding: 'utf8' })
  expect(output.trim().split('\n')).toEqual(['true', 'true', 'true'])
})

test('the example of the double spend ends with one order, and makes the picture of docs/parsec.md', () => {
  const folder = mkdtempSync(join(tmpdir(), 'witan-docs-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const example = join(root, 'examples/double-spend.ts')
  const output = execFileSync(process.execPath, ['--import', 'tsx', example, folder], { cwd: root, encoding: 'utf8' })
  const honoured = [...output.matchAll(/honours "(.*?)", refuses "(.*?)"/g)].map(([, first, second]) => [first, second])
  expect(honoured).toEqual(Array.from({ length: 4 }, () => ['Eve pays the baker', 'Eve pays the tailor']))
  expect(readFileSync(join(folder, 'double-spend.svg'), 'utf8')).toBe(
    readFileSync(join(root, 'docs/double-spend.svg'), 'utf8'),
  )
})
