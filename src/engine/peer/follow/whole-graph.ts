/**
 * @module engine/peer/follow/whole-graph
 *
 * A member that started from a checkpoint and stands still takes the whole graph in its place (parsec §8): it asks one member after the other for what its
 * new start lacks, while the former one goes on, and takes over once all of that is there. Nothing is logged before somebody has given all it has.
 *
 * Bounds: one question at a time, each waited for `answerTimeoutMs`; so many rounds; an answer is one message. Who gives nothing new for `MAX_IDLE`
 * answers is left for the next, and who gives `MAX_IN_A_ROW`: a member could make news for ever. One that shows a branch which nobody else knows makes
 * of what others give too little: each try is a new start, and begins with another member. In memory there is one more graph meanwhile, and its facts until they are logged.
 */

import { type Bytes, equalBytes } from '../../../base/bytes.ts'
import { toHex } from '../../../base/text.ts'
import {
  OpenedMessage,
  type Parsec,
  ParsecError,
  type ParsecErrorCode,
  type ParsecFact,
} from '../../../core/parsec/index.ts'
import { APPEND_LIMITS } from '../../../ports/event-log.ts'
import type { SignatureScheme } from '../../../ports/signature-scheme.ts'
import type { PeerMessageKind } from '../../../wire/peer-message.ts'
import { pause } from '../../within.ts'
import type { PeerSettings } from '../options.ts'
import type { PeerEngine } from '../peer-engine.ts'

export interface WholeGraphOptions {
  readonly settings: PeerSettings
  readonly engine: PeerEngine
  readonly scheme: SignatureScheme
  readonly answerTimeoutMs: number
  readonly post: (to: Bytes, kind: PeerMessageKind, body: Bytes) => void
}

interface Run {
  readonly again: Parsec
  /** Not logged yet. */
  facts: ParsecFact[]
  /** Members that are not asked again. */
  readonly endless: Set<Bytes>
  readonly signal: AbortSignal
  /** We still stand still. */
  readonly isNeeded: () => boolean
}

interface Waiting {
  readonly peer: Bytes
  readonly take: (body: Bytes) => void
}

/** Of a forker a summary tells too little, so that its whole history may be given before something new. */
const MAX_IDLE = 16
const MAX_IN_A_ROW = 256
/** Between an answer and the next question. */
const PAUSE_MS = 20
const ROUND_PAUSE_MS = 1_000

export class WholeGraph {
  readonly #options: WholeGraphOptions
  #waiting: Waiting | undefined
  #tries = 0

  constructor(options: WholeGraphOptions) {
    this.#options = options
  }

  /** Resolves to `undefined` once the new start holds, or we got on without; otherwise to why it could not be had. */
  async take(
    signal: AbortSignal,
    isNeeded: () => boolean,
    rounds: number,
  ): Promise<ParsecErrorCode | 'NoAnswer' | undefined> {
    const { engine } = this.#options
    const { parsec: again, step } = engine.again()
    const run: Run = { again, facts: [...step.facts], endless: new Set(), signal, isNeeded }
    const members = turned(
      engine.parsec.voters().filter((peer) => !equalBytes(peer, again.ourId)),
      this.#tries,
    )
    this.#tries += 1
    let why: ParsecErrorCode | 'NoAnswer' = 'NoAnswer'
    for (let round = 0; round < rounds; round += 1) {
      for (const peer of members) {
        if (!isGoingOn(run)) return undefined
        if (run.endless.has(peer) || !(await this.#takeFrom(peer, run))) continue
        const code = await this.#takeOver(run)
        if (code === undefined) return undefined
        why = code
        // Whatever else is wrong, the next may give more.
        if (code === 'GraphDiffers') return why
      }
      await pause(ROUND_PAUSE_MS, this.#options.settings.clock, signal)
    }
    return why
  }

  /** Whether it was asked for. */
  receive(from: Bytes, body: Bytes): boolean {
    const waiting = this.#waiting
    if (waiting === undefined || !equalBytes(waiting.peer, from)) return false
    waiting.take(body)
    return true
  }

  /** To whether a member gave all it has. */
  async #takeFrom(peer: Bytes, run: Run): Promise<boolean> {
    for (let idle = 0, answers = 0; idle < MAX_IDLE; answers += 1) {
      if (answers === MAX_IN_A_ROW) {
        run.endless.add(peer)
        return false
      }
      const body = await this.#ask(peer, run)
      if (body === undefined || !isGoingOn(run)) return false
      const taken = await this.#taken(peer, body, run)
      if (taken === 'all' || taken === 'refused') return taken === 'all' && run.again.eventCount > 0
      idle = taken === 'news' ? 0 : idle + 1
      await pause(PAUSE_MS, this.#options.settings.clock, run.signal)
    }
    return true
  }

  async #taken(peer: Bytes, body: Bytes, run: Run): Promise<'news' | 'nothing' | 'all' | 'refused'> {
    const { scheme, settings } = this.#options
    const { again } = run
    const opened = again.open(body)
    if (opened instanceof OpenedMessage) {
      if (opened.last === null) return 'all'
      opened.settle(await scheme.verifyBatch(opened.requests))
    }
    const before = again.eventCount
    const { facts, error } = again.handleGraph(peer, opened instanceof OpenedMessage ? opened : body)
    for (const fact of facts) run.facts.push(fact)
    if (again.eventCount > before) return 'news'
    // It learned that we were removed, and needs no more.
    if (again.isRemoved) return 'all'
    const code = codeOf(error)
    if (code === undefined || isMissing(code)) return 'nothing'
    settings.logger.warn({ peer: toHex(peer), error }, 'a member gave no graph that we could take')
    return 'refused'
  }

  async #takeOver(run: Run): Promise<ParsecErrorCode | undefined> {
    const { engine } = this.#options
    while (run.facts.length > 0 && isGoingOn(run)) {
      await engine.logAhead(run.facts.slice(0, APPEND_LIMITS.maxFacts))
      run.facts = run.facts.slice(APPEND_LIMITS.maxFacts)
    }
    return isGoingOn(run) ? codeOf(await engine.takeOver(run.again)) : undefined
  }

  #ask(peer: Bytes, { again, signal }: Run): Promise<Bytes | undefined> {
    const { settings, answerTimeoutMs, post } = this.#options
    const { clock } = settings
    return new Promise((resolve) => {
      const end = (body: Bytes | undefined): void => {
        cancel()
        signal.removeEventListener('abort', aborted)
        this.#waiting = undefined
        resolve(body)
      }
      const aborted = (): void => end(undefined)
      const cancel = clock.schedule(clock.nowMs() + answerTimeoutMs, aborted)
      signal.addEventListener('abort', aborted)
      this.#waiting = { peer, take: end }
      post(peer, 'graphAsked', again.summary())
    })
  }
}

/** Beginning with another. */
function turned(peers: readonly Bytes[], by: number): readonly Bytes[] {
  const at = by % Math.max(1, peers.length)
  return [...peers.slice(at), ...peers.slice(0, at)]
}

function isGoingOn({ signal, isNeeded }: Run): boolean {
  return !signal.aborted && isNeeded()
}

function codeOf(error: unknown): ParsecErrorCode | undefined {
  return error instanceof ParsecError ? error.code : undefined
}

function isMissing(code: ParsecErrorCode): boolean {
  return code === 'UnknownSelfParent' || code === 'UnknownOtherParent'
}
