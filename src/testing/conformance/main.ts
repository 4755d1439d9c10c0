/**
 * @module testing/conformance/main
 *
 * `npm run conformance -- FILE_OR_FOLDER...`: compares witan with what the references did, file by file. The last line is
 * `N passed, N failed`; exits 1 where a file failed, 2 where nothing was given to run.
 */

import { ethereum } from '../../crypto/index.ts'
import { findFiles } from './files.ts'
import { runFile } from './run.ts'

const say = (line: string): boolean => process.stdout.write(`${line}\n`)

async function main(paths: readonly string[]): Promise<number> {
  const files = paths.flatMap(findFiles)
  if (files.length === 0) {
    say('usage: npm run conformance -- FILE_OR_FOLDER... (.json and .json.gz; folders are searched)')
    return 2
  }
  const count = { passed: 0, failed: 0, 'out of scope': 0 }
  const onPurpose = new Map<string, number>()
  for (const file of files) {
    const verdict = await runFile(file)
    count[verdict.status] += 1
    for (const [rule, cases] of verdict.onPurpose) onPurpose.set(rule, (onPurpose.get(rule) ?? 0) + cases)
    if (verdict.status !== 'passed') say(`${verdict.status.toUpperCase()} ${file} (${verdict.kind}): ${verdict.detail}`)
  }
  for (const [rule, cases] of onPurpose) say(`differs on purpose, ${cases} times: ${rule}`)
  if (count['out of scope'] > 0) say(`${count['out of scope']} out of scope`)
  say(`${count.passed} passed, ${count.failed} failed`)
  return count.failed === 0 ? 0 : 1
}

process.exitCode = await main(process.argv.slice(2))
await ethereum.close()
