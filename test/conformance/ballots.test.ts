import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { ethereum } from '../../src/crypto/index.ts'
import { findFiles, readJson } from '../../src/testing/conformance/files.ts'
import { runFile } from '../../src/testing/conformance/run.ts'

const folder = new URL('ballots/', import.meta.url).pathname
afterAll(() => ethereum.close())

describe('what hashgraph-like-consensus 0.6.0 did, ballots §1 to §7', () => {
  const onPurpose: Readonly<Record<string, readonly string[]>> = {
    'sessions.json.gz': ['2 × ballots §3', '1 × ballots §6'],
    'tally.json.gz': ['3 × ballots §5'],
    'validation.json.gz': ['3 × ballots §3'],
  }

  it.each(findFiles(folder).map((file) => file.slice(folder.length)))('%s', async (name) => {
    const verdict = await runFile(join(folder, name))
    const { status, detail } = verdict
    expect({ status, detail }).toEqual({ status: 'passed', detail: expect.stringMatching(/^\d+ compared$/) })
    const rules = [...verdict.onPurpose].map(([rule, cases]) => `${cases} × ${rule.slice(0, 10)}`)
    expect(rules.sort()).toEqual([...(onPurpose[name] ?? [])].sort())
  })
})

describe('the runner', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'conformance-'))
  afterAll(() => rmSync(scratch, { recursive: true }))
  const write = (name: string, text: string): string => {
    writeFileSync(join(scratch, name), text)
    return join(scratch, name)
  }

  it('names the first difference', async () => {
    const json = readJson(join(folder, 'encoding.json.gz')) as { ids: { uuid: string; id: number }[] }
    const ids = json.ids.map((one, i) => (i === 3 ? { ...one, id: 7 } : one))
    const { status, detail } = await runFile(write('ids.json', JSON.stringify({ ...json, ids })))
    expect(status).toBe('failed')
    expect(detail).toContain(`id of ${ids[3]?.uuid}: expected 7, got ${json.ids[3]?.id} (1 of `)
  })

  it('fails what it cannot read or does not know', async () => {
    expect(await runFile(write('broken.json', '{'))).toMatchObject({ status: 'failed', kind: 'unreadable' })
    expect(await runFile(write('other.json', '{"a":1}'))).toMatchObject({ status: 'failed', kind: 'unknown' })
  })
})
