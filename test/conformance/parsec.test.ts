import { readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { runTranscript } from '../../src/testing/conformance/parsec.ts'
import { testScheme, testSigner } from '../support/ed25519.ts'

const folder = new URL('parsec/', import.meta.url)

describe('transcripts of the reference, byte for byte', () => {
  test.each(readdirSync(folder).sort())('%s', (file) => {
    const result = runTranscript(new URL(file, folder).pathname, { scheme: testScheme, signerOf: testSigner })
    expect(result).toMatchObject({ verdict: 'passed' })
  })
})
