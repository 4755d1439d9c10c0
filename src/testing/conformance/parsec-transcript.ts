/**
 * @module testing/conformance/parsec-transcript
 *
 * Recorded runs of networks of the reference (parsec 0.7.3): their file format.
 */

import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'

export interface TranscriptPeer {
  readonly name: string
  readonly seed: string
  readonly id: string
  readonly sameIdentityAs?: string
}

export interface TranscriptPayload {
  readonly type: string
  readonly hash?: string
  readonly [field: string]: unknown
}

export interface TranscriptBlock {
  readonly payload: TranscriptPayload
  readonly proofs: readonly { readonly id: string; readonly signature: string }[]
}

interface StepBase {
  readonly peer: string
  /** The reference's name of the error that the operation gave. */
  readonly error?: string
}

export type TranscriptStep =
  | (StepBase & { readonly op: 'fromGenesis'; readonly genesis: readonly string[]; readonly relatedInfo: string })
  | (StepBase & {
      readonly op: 'fromExisting'
      readonly genesis: readonly string[]
      readonly section: readonly string[]
    })
  | (StepBase & { readonly op: 'voteFor'; readonly observation: TranscriptPayload })
  | (StepBase & { readonly op: 'createGossip'; readonly to: string; readonly request?: readonly number[] })
  | (StepBase & {
      readonly op: 'handleRequest'
      readonly from: string
      readonly request: readonly number[]
      readonly response?: readonly number[]
    })
  | (StepBase & { readonly op: 'handleResponse'; readonly from: string; readonly response: readonly number[] })
  | (StepBase & { readonly op: 'poll'; readonly blocks?: readonly number[] })
  | (StepBase & {
      readonly op: 'state'
      readonly gossipRecipients: readonly string[]
      readonly canVote: boolean
      readonly hasUnpolled: boolean
      readonly ourUnpolled: readonly string[]
    })

export interface Transcript {
  readonly name: string
  readonly mode: 'supermajority' | 'single'
  readonly detectsMalice: boolean
  readonly peers: readonly TranscriptPeer[]
  readonly blocks: readonly TranscriptBlock[]
  readonly steps: readonly TranscriptStep[]
  readonly events: readonly { readonly hash: string; readonly bytes: string }[]
}

/** Plain or gzipped JSON. */
export function readTranscript(path: string): Transcript {
  const bytes = readFileSync(path)
  const text = path.endsWith('.gz') ? gunzipSync(bytes).toString('utf8') : bytes.toString('utf8')
  return JSON.parse(text) as Transcript
}

/** Why this transcript is not one of those that the engine reproduces; null if it is. */
export function outOfScope(transcript: Transcript): string | null {
  if (transcript.detectsMalice) return 'made with malice detection'
  return transcript.events.some(({ bytes }) => isKeyGeneration(bytes)) ? 'has a distributed key generation' : null
}

/** creator (32), tag 3: Observation, self-parent (32), tag 7: DkgMessage. */
function isKeyGeneration(event: string): boolean {
  return event.slice(64, 72) === '03000000' && event.slice(136, 144) === '07000000'
}
