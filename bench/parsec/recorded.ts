/**
 * @module bench/parsec/recorded
 *
 * The part of the first peer of a transcript of the reference, in compatibility mode.
 */

import { fromHex } from '../../src/base/text.ts'
import { bytesGroup, encodeMessage, Parsec } from '../../src/core/parsec/index.ts'
import { Ed25519Scheme, ed25519Signer, sha3 } from '../../src/crypto/index.ts'
import type { Signer } from '../../src/ports/signature-scheme.ts'
import { observationOf, TranscriptReplay } from '../../src/testing/conformance/parsec-replay.ts'
import type { Transcript, TranscriptStep } from '../../src/testing/conformance/parsec-transcript.ts'
import { insecureAlwaysValid } from '../../src/testing/insecure-scheme.ts'
import type { Operation, Part } from './part.ts'

export interface RecordedPart extends Part {
  /** Makes signers that give the part's signatures again, in order, and call every signature valid. */
  readonly unchecked: () => Signer
  /** Makes signers that know no verdict yet. */
  readonly checked: () => Signer
}

/** Throws where the engine does not do what the transcript says. */
export function recordedPart(transcript: Transcript): RecordedPart {
  const [peer] = transcript.peers
  if (peer === undefined) throw new RangeError('a transcript has peers')
  const signer = ed25519Signer(fromHex(peer.seed))
  const signatures: Uint8Array[] = []
  const recording: Signer = {
    ...signer,
    sign: (message) => {
      const signature = signer.sign(message)
      signatures.push(signature)
      return signature
    },
  }
  const options = { scheme: signer.scheme, signerOf: () => recording, only: peer.name }
  const mismatch = new TranscriptReplay(transcript, options).run()
  if (mismatch !== null) throw new Error(`${transcript.name}: step ${mismatch.step} differs in its ${mismatch.what}`)
  const unchecked = (): Signer => {
    let next = 0
    const sign = (message: Uint8Array) => {
      next += 1
      return signatures[next - 1] ?? signer.sign(message)
    }
    return { scheme: insecureAlwaysValid, identity: signer.identity, sign }
  }
  const checked = (): Signer => ed25519Signer(fromHex(peer.seed), new Ed25519Scheme())
  return { ...partOf(transcript, peer.name), signer, unchecked, checked }
}

function partOf(transcript: Transcript, name: string): Omit<Part, 'signer'> {
  const ids = new Map(transcript.peers.map((peer) => [peer.name, fromHex(peer.id)]))
  const idOf = (peer: string) => ids.get(peer) ?? new Uint8Array(0)
  const events = transcript.events.map(({ bytes }) => fromHex(bytes))
  const message = (numbers: readonly number[]) =>
    encodeMessage(numbers.map((number) => events[number] ?? new Uint8Array(0)))
  const steps = transcript.steps.filter(({ peer }) => peer === name)
  const operations = steps.flatMap((step): Operation[] => {
    switch (step.op) {
      case 'voteFor':
        return [{ type: 'vote', observation: observationOf(step.observation) }]
      case 'createGossip':
        return [{ type: 'gossip', to: idOf(step.to) }]
      case 'handleRequest':
        return [{ type: 'request', from: idOf(step.from), message: message(step.request) }]
      case 'handleResponse':
        return [{ type: 'response', from: idOf(step.from), message: message(step.response) }]
      case 'poll':
        return [{ type: 'poll' }]
      default:
        return []
    }
  })
  const [first] = steps
  if (first === undefined) throw new RangeError(`${name} does nothing`)
  return { operations, start: (signer) => started(transcript, first, idOf, signer) }
}

function started(
  transcript: Transcript,
  step: TranscriptStep,
  idOf: (peer: string) => Uint8Array,
  signer: Signer,
): Parsec {
  if (step.op !== 'fromGenesis' && step.op !== 'fromExisting') throw new RangeError('a peer begins with its start')
  const group = bytesGroup({
    members: step.genesis.map(idOf),
    mode: transcript.mode,
    hash: sha3,
    compatibility: 'parsec-0.7',
    relatedInfo: step.op === 'fromGenesis' ? fromHex(step.relatedInfo) : new Uint8Array(0),
  })
  return step.op === 'fromGenesis'
    ? Parsec.fromGenesis(group, signer).parsec
    : Parsec.fromExisting(group, signer, step.section.map(idOf)).parsec
}
