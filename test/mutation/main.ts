/**
 * Mutation tests of the cores: `npm run mutants -- parsec [options]`, `npm run mutants -- ballot [options]`.
 *
 * Applies one mutation at a time to a copy of the tree and runs the fast tests there. First the bugs planted by hand, all
 * of which must be caught; then small changes by operators, of which a share must be.
 */

import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { present } from '../../src/base/errors.ts'
import { SeededRandom } from '../../src/testing/seeded-random.ts'
import { applyLine, applyPlanted, type LineMutation, mutationsOf } from './operators.ts'
import { stagesFor, TARGETS, type Target } from './targets.ts'
import { MutationTree, type Verdict } from './tree.ts'

const ROOT = new URL('../../', import.meta.url).pathname
/** Share of the mutations by operators that must be caught. */
const NEEDED_SHARE = 0.85

const HELP = `npm run mutants -- parsec|ballot [--planted | --operators] [--changed] [--file text] [--sample n] [--seed text] [--part i/n] [--jobs n] [--timeout-sec n]
  --planted  the bugs planted by hand, and no others
  --operators  no planted bugs
  --changed  only files changed since the first parent
  --file     only files whose path holds this text
  --sample   so many of the mutations by operators, drawn by --seed; default: all
  --part     only the i-th of n equal parts of these, so that a long run can be cut up
`

interface Task {
  readonly name: string
  readonly file: string
  readonly source: string
  readonly isPlanted: boolean
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    planted: { type: 'boolean', default: false },
    operators: { type: 'boolean', default: false },
    changed: { type: 'boolean', default: false },
    file: { type: 'string', default: '' },
    sample: { type: 'string' },
    seed: { type: 'string', default: 'mutants' },
    part: { type: 'string', default: '1/1' },
    jobs: { type: 'string', default: '2' },
    'timeout-sec': { type: 'string', default: '120' },
  },
})

function target(): Target {
  return present(TARGETS[positionals[0] ?? ''], 'a target of this name')
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

function mutatedFiles(): readonly string[] {
  const all = target().folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => `${folder}/${name}`),
  )
  const changed = values.changed
    ? execFileSync('git', ['diff', '--name-only', 'HEAD^1'], { cwd: ROOT, encoding: 'utf8' }).split('\n')
    : all
  return all.filter((file) => changed.includes(file) && file.includes(values.file))
}

function tasks(tree: MutationTree): { readonly planned: readonly Task[]; readonly possible: number } {
  const planted = target()
    .planted.filter(({ file }) => file.includes(values.file))
    .map((bug) => {
      return { name: bug.name, file: bug.file, source: applyPlanted(tree.read(bug.file), bug), isPlanted: true }
    })
  if (values.planted) return { planned: planted, possible: 0 }
  const all: readonly LineMutation[] = mutatedFiles().flatMap((file) => mutationsOf(file, tree.read(file)))
  const count = values.sample === undefined ? all.length : Number(values.sample)
  const drawn = new SeededRandom(values.seed).shuffle(all).slice(0, count)
  const [part, parts] = values.part.split('/').map(Number)
  const kept = drawn.filter((_, at) => at % present(parts, 'a part is i/n') === present(part, 'a part is i/n') - 1)
  const byOperator = kept.map((mutation) => ({
    name: `${mutation.file}:${mutation.line} ${mutation.operator}: ${mutation.text.trim()}`,
    file: mutation.file,
    source: applyLine(tree.read(mutation.file), mutation),
    isPlanted: false,
  }))
  const isNarrowed = values.operators || values.changed || values.file !== ''
  return { planned: isNarrowed ? byOperator : [...planted, ...byOperator], possible: all.length }
}

async function judgeAll(planned: readonly Task[]): Promise<ReadonlyMap<Task, Verdict>> {
  const verdicts = new Map<Task, Verdict>()
  const waiting = [...planned]
  const work = async (): Promise<void> => {
    const tree = new MutationTree(ROOT)
    for (let task = waiting.shift(); task !== undefined; task = waiting.shift()) {
      const verdict = await tree.judge(
        task.file,
        task.source,
        stagesFor(target(), task.file),
        Number(values['timeout-sec']) * 1_000,
      )
      verdicts.set(task, verdict)
      print(`${verdict.padEnd(9)} ${task.name}`)
    }
    tree.remove()
  }
  await Promise.all(Array.from({ length: Number(values.jobs) }, work))
  return verdicts
}

async function main(): Promise<number> {
  if (TARGETS[positionals[0] ?? ''] === undefined) {
    print(HELP)
    return 2
  }
  const tree = new MutationTree(ROOT)
  const { planned, possible } = tasks(tree)
  tree.remove()
  const verdicts = await judgeAll(planned)
  const count = (isPlanted: boolean, ...wanted: readonly Verdict[]): number =>
    [...verdicts].filter(([task, verdict]) => task.isPlanted === isPlanted && wanted.includes(verdict)).length
  const caught = (isPlanted: boolean): number => count(isPlanted, 'killed', 'timed out')
  const plantedCount = planned.filter(({ isPlanted }) => isPlanted).length
  const valid = caught(false) + count(false, 'survived')
  const share = valid === 0 ? 1 : caught(false) / valid
  print(`planted bugs: ${caught(true)} of ${plantedCount} caught`)
  print(
    `by operators: ${caught(false)} of ${valid} caught (${(100 * share).toFixed(1)}%), ` +
      `${planned.length - plantedCount} tried of ${possible}, ${count(false, 'invalid')} invalid, seed ${values.seed}`,
  )
  return caught(true) === plantedCount && share >= NEEDED_SHARE ? 0 : 1
}

process.exitCode = await main()
