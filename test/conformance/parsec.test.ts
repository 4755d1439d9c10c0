import { describe, expect, test } from 'vitest'
import { findFiles } from '../../src/testing/conformance/files.ts'
import { runFile } from '../../src/testing/conformance/run.ts'

const folder = new URL('parsec/', import.meta.url).pathname

describe('what parsec 0.7.3 did, byte for byte', () => {
  test.each(findFiles(folder).map((file) => file.slice(folder.length)))('%s', async (name) => {
    const { status, detail } = await runFile(folder + name)
    expect({ status, detail }).toEqual({ status: 'passed', detail: expect.stringMatching(/^\d+ steps$/) })
  })
})
