/**
 * @module testing/conformance/parsec-replay
 *
 * Performs the operations of a transcript with engines in compatibility mode, and compares what each gives: bytes of
 * messages, blocks with proofs, errors, states.
 */

import { equalBytes } from '../../base/bytes.ts'
import { unreachable } from '../../base/errors.ts'
import { fromHex, toHex } from '../../base/text.ts'
import {
  type Block,
  bytesGroup,
  encodeMessage,
  type Observation,
  Parsec,
  type ParsecError,
  type ParsecStep,
} from '../../core/parsec/index.ts'
import type { Signer } from '../../ports/signature-scheme.ts'
import type { Transcript, TranscriptPayload, TranscriptStep } from './parsec-transcript.ts'

export interface ReplayOptions {
  signerOf(seed: Uint8Array): Signer
  /** Replays the operations of this peer only, on the recorded messages. */
  readonly only?: string
}

/** What differed: the place of the step, and both sides. */
export interface Mismatch {
  readonly step: number
  readonly what: string
  readonly expected: string
  readonly actual: string
}

export class TranscriptReplay {
  readonly #transcript: Transcript
  readonly #options: ReplayOptions
  readonly #engines = new Map<string, Parsec>()
  readonly #ids: ReadonlyMap<string, Uint8Array>
  readonly #events: readonly Uint8Array[]

  constructor(transcript: Transcript, options: ReplayOptions) {
    this.#transcript = transcript
    this.#options = options
    this.#ids = new Map(transcript.peers.map(({ name, id }) => [name, fromHex(id)]))
    this.#events = transcript.events.map(({ bytes }) => fromHex(bytes))
  }

  engine(name: string): Parsec {
    const engine = this.#engines.get(name)
    if (engine === undefined) throw new RangeError(`${name} was not started`)
    return engine
  }

  /** The first mismatch, or null. */
  run(): Mismatch | null {
    for (const [i, step] of this.#transcript.steps.entries()) {
      if (this.#options.only !== undefined && this.#options.only !== step.peer) continue
      const difference = this.perform(step)
      if (difference !== null) return { step: i, ...difference }
    }
    return null
  }

  perform(step: TranscriptStep): Omit<Mismatch, 'step'> | null {
    switch (step.op) {
      case 'fromGenesis':
      case 'fromExisting':
        this.#start(step)
        return null
      case 'voteFor':
        return compareError(step, this.engine(step.peer).voteFor(observationOf(step.observation)))
      case 'createGossip':
        return this.#compareMessage(step, this.engine(step.peer).createGossip(this.#id(step.to)), step.request)
      case 'handleRequest': {
        const done = this.engine(step.peer).handleRequest(this.#id(step.from), this.#message(step.request))
        return this.#compareMessage(step, done, step.response)
      }
      case 'handleResponse': {
        const done = this.engine(step.peer).handleResponse(this.#id(step.from), this.#message(step.response))
        return this.#compareMessage(step, done, undefined)
      }
      case 'poll':
        return this.#compareBlocks(step.peer, step.blocks ?? [])
      case 'state':
        return this.#compareState(step)
      default:
        return unreachable(step)
    }
  }

  #id(name: string): Uint8Array {
    const id = this.#ids.get(name)
    if (id === undefined) throw new RangeError(`no peer is called ${name}`)
    return id
  }

  #start(step: TranscriptStep & { op: 'fromGenesis' | 'fromExisting' }): void {
    const peer = this.#transcript.peers.find(({ name }) => name === step.peer)
    const signer = this.#options.signerOf(fromHex(peer?.seed ?? ''))
    const group = bytesGroup({
      members: step.genesis.map((name) => this.#id(name)),
      mode: this.#transcript.mode,
      compatibility: 'parsec-0.7',
      relatedInfo: step.op === 'fromGenesis' ? fromHex(step.relatedInfo) : new Uint8Array(0),
    })
    const started =
      step.op === 'fromGenesis'
        ? Parsec.fromGenesis(group, signer)
        : Parsec.fromExisting(
            group,
            signer,
            step.section.map((name) => this.#id(name)),
          )
    this.#engines.set(step.peer, started.parsec)
  }

  #message(events: readonly number[]): Uint8Array {
    return encodeMessage(events.map((event) => this.#events[event] ?? new Uint8Array(0)))
  }

  #compareMessage(
    step: TranscriptStep,
    done: ParsecStep<Uint8Array>,
    expected: readonly number[] | undefined,
  ): Omit<Mismatch, 'step'> | null {
    const error = compareError(step, done)
    if (error !== null) return error
    const sent = done.effects[0]?.bytes
    if (expected === undefined) return sent === undefined ? null : different('message', 'none', toHex(sent))
    const wanted = this.#message(expected)
    if (sent !== undefined && equalBytes(sent, wanted)) return null
    return different('message', toHex(wanted), sent === undefined ? 'none' : toHex(sent))
  }

  #compareBlocks(peer: string, expected: readonly number[]): Omit<Mismatch, 'step'> | null {
    const wanted = expected.map((i) => this.#transcript.blocks[i])
    const actual: ReturnType<typeof plainBlock>[] = []
    const engine = this.engine(peer)
    for (let block = engine.poll(); block !== undefined; block = engine.poll()) actual.push(plainBlock(block))
    const recorded = wanted.map((block) => ({ hash: block?.payload.hash, proofs: block?.proofs }))
    return compare('blocks', recorded, actual)
  }

  #compareState(step: TranscriptStep & { op: 'state' }): Omit<Mismatch, 'step'> | null {
    const engine = this.engine(step.peer)
    const names = new Map([...this.#ids].reverse().map(([name, id]) => [toHex(id), name]))
    const actual = {
      gossipRecipients: engine.gossipRecipients().map((id) => names.get(toHex(id)) ?? '?'),
      canVote: engine.canVote(),
      hasUnpolled: engine.hasUnpolledObservations(),
      ourUnpolled: engine.ourUnpolledObservations().map((observation) => toHex(engine.hashOf(observation))),
    }
    const { gossipRecipients, canVote, hasUnpolled, ourUnpolled } = step
    return compare('state', { gossipRecipients, canVote, hasUnpolled, ourUnpolled }, actual)
  }
}

function plainBlock(block: Block<Uint8Array>): unknown {
  return {
    hash: toHex(block.hash),
    proofs: block.proofs.map(({ id, signature }) => ({ id: toHex(id), signature: toHex(signature) })),
  }
}

function different(what: string, expected: string, actual: string): Omit<Mismatch, 'step'> {
  return { what, expected, actual }
}

function compare(what: string, expected: unknown, actual: unknown): Omit<Mismatch, 'step'> | null {
  const [left, right] = [JSON.stringify(expected), JSON.stringify(actual)]
  return left === right ? null : different(what, left, right)
}

function compareError(step: TranscriptStep, done: ParsecStep<Uint8Array>): Omit<Mismatch, 'step'> | null {
  return compare('error', step.error ?? 'none', done.error === undefined ? 'none' : nameOf(done.error))
}

/** As the reference prints it. */
function nameOf(error: ParsecError): string {
  const { data } = error
  if (data.code !== 'InvalidPeerState' && data.code !== 'InvalidSelfState') return data.code
  return `${data.code} { required: PeerState(${data.required}), actual: PeerState(${data.actual}) }`
}

export function observationOf(payload: TranscriptPayload): Observation {
  const bytes = (field: string): Uint8Array => fromHex((payload[field] ?? '') as string)
  const ids = (field: string): Uint8Array[] => (payload[field] as string[]).map(fromHex)
  switch (payload.type) {
    case 'Genesis':
      return { type: 'Genesis', group: ids('group'), relatedInfo: bytes('relatedInfo') }
    case 'Add':
    case 'Remove':
      return { type: payload.type, peerId: bytes('peerId'), relatedInfo: bytes('relatedInfo') }
    case 'OpaquePayload':
      return { type: 'OpaquePayload', payload: bytes('payload') }
    case 'StartDkg':
      return { type: 'StartDkg', participants: ids('participants') }
    default:
      throw new RangeError(`no vote: ${payload.type}`)
  }
}
