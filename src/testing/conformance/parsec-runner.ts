/**
 * @module testing/conformance/parsec-runner
 *
 * Transcripts of the reference `parsec` 0.7.3, with its ed25519 identities.
 */

import { ed25519Signer } from '../../crypto/index.ts'
import { TranscriptReplay } from './parsec-replay.ts'
import { outOfScope, type Transcript } from './parsec-transcript.ts'
import type { Runner } from './verdict.ts'

export const parsecRunner: Runner = {
  kind: 'parsec transcript',
  recognizes: (json) => Array.isArray(json['steps']) && typeof json['detectsMalice'] === 'boolean',
  run(json) {
    const transcript = json as object as Transcript
    const onPurpose = new Map<string, number>()
    const reason = outOfScope(transcript)
    if (reason !== null) return { status: 'out of scope', detail: reason, onPurpose }
    const mismatch = new TranscriptReplay(transcript, {
      signerOf: (seed) => ed25519Signer(seed),
    }).run()
    if (mismatch === null) return { status: 'passed', detail: `${transcript.steps.length} steps`, onPurpose }
    const { step, what, expected, actual } = mismatch
    const detail = `step ${step}: ${what}: expected ${expected.slice(0, 300)}, got ${actual.slice(0, 300)}`
    return { status: 'failed', detail, onPurpose }
  },
}
