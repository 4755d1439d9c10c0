/**
 * @module bench/parsec/detection
 *
 * What finding malice costs where nobody offends (parsec §9): the schedules of transcripts, performed by default rules with
 * detection on and off; the first peer's part is timed.
 */

import { present } from '../../src/base/errors.ts'
import { fromHex } from '../../src/base/text.ts'
import { bytesGroup, Parsec, type SendMessage } from '../../src/core/parsec/index.ts'
import { sha3 } from '../../src/crypto/index.ts'
import { observationOf } from '../../src/testing/conformance/parsec-replay.ts'
import {
  readTranscript,
  type Transcript,
  type TranscriptStep,
} from '../../src/testing/conformance/parsec-transcript.ts'
import { insecureSigner } from '../../src/testing/insecure-scheme.ts'
import { takeTurns } from '../support/measure.ts'
import type { SuiteOptions, Table } from '../support/report.ts'
import { chooseFiles } from './beside-crate.ts'
import { type Operation, type Part, perform, timePart } from './part.ts'

interface Sent {
  readonly from: string
  readonly messages: readonly SendMessage[]
}

/** A network that does what the transcript's peers do, as far as default rules let it. */
class Rerun {
  readonly operations: Operation[] = []
  readonly #peers: ReadonlyMap<string, Parsec>
  readonly #first: string
  /** By number of the transcript's event that ends the message. */
  readonly #sent = new Map<number, Sent>()

  constructor(peers: ReadonlyMap<string, Parsec>, first: string) {
    this.#peers = peers
    this.#first = first
  }

  #peer(name: string): Parsec {
    return present(this.#peers.get(name), 'a peer of the transcript')
  }

  #operate(name: string, operation: Operation): readonly SendMessage[] {
    if (name === this.#first) this.operations.push(operation)
    return perform(this.#peer(name), operation)?.effects ?? []
  }

  perform(step: TranscriptStep): void {
    switch (step.op) {
      case 'voteFor':
        this.#operate(step.peer, { type: 'vote', observation: observationOf(step.observation) })
        return
      case 'createGossip':
        this.#note(step.request, step.peer, this.#operate(step.peer, { type: 'gossip', to: this.#peer(step.to).ourId }))
        return
      case 'handleRequest':
        this.#note(step.response, step.peer, this.#take('request', step.peer, step.request))
        return
      case 'handleResponse':
        this.#take('response', step.peer, step.response)
        return
      case 'poll':
        this.#operate(step.peer, { type: 'poll' })
        return
      default:
    }
  }

  #note(recorded: readonly number[] | undefined, from: string, messages: readonly SendMessage[]): void {
    const last = recorded?.at(-1)
    if (last !== undefined) this.#sent.set(last, { from, messages })
  }

  #take(type: 'request' | 'response', to: string, recorded: readonly number[]): readonly SendMessage[] {
    const sent = this.#sent.get(recorded.at(-1) ?? -1)
    if (sent === undefined) return []
    const from = this.#peer(sent.from).ourId
    return sent.messages.flatMap(({ bytes }) => this.#operate(to, { type, from, message: bytes }))
  }
}

function partOf(transcript: Transcript, detectsMalice: boolean): Part & { readonly events: number } {
  const signers = new Map(transcript.peers.map(({ name, id }) => [name, insecureSigner(fromHex(id))]))
  const members = [...signers.values()].map(({ identity }) => identity)
  const group = bytesGroup({ members, mode: transcript.mode, hash: sha3, detectsMalice })
  const peers = new Map([...signers].map(([name, signer]) => [name, Parsec.fromGenesis(group, signer).parsec]))
  const [first = ''] = signers.keys()
  const rerun = new Rerun(peers, first)
  for (const step of transcript.steps) rerun.perform(step)
  return {
    operations: rerun.operations,
    signer: present(signers.get(first), 'a transcript has peers'),
    start: (own) => Parsec.fromGenesis(group, own).parsec,
    events: present(peers.get(first), 'a transcript has peers').eventCount,
  }
}

const timing = (part: Part) => () => Promise.resolve(timePart(part, part.signer))

export async function detectionCost({ path, rounds, say }: SuiteOptions): Promise<Table> {
  const rows: (string | number)[][] = []
  for (const file of chooseFiles(path)) {
    const transcript = readTranscript(file)
    if (transcript.steps.some(({ op }) => op === 'fromExisting')) continue
    say(`${transcript.name}, detection on and off`)
    const [on, off] = [partOf(transcript, true), partOf(transcript, false)]
    const times = await takeTurns(
      [
        { name: 'on', run: timing(on) },
        { name: 'off', run: timing(off) },
      ],
      rounds,
    )
    const [withIt = Number.NaN, without = Number.NaN] = [times.get('on'), times.get('off')]
    rows.push([transcript.name, on.events, withIt, without, withIt / without])
  }
  return {
    title: 'Finding malice where nobody offends, the part of one peer, ms',
    columns: ['schedule', 'events', 'on', 'off', 'ratio'],
    rows,
    notes: ['Default rules, signatures that count as valid.'],
  }
}
