/**
 * @module engine/peer/follow/base-fetcher
 *
 * Gets what a peer may start from (parsec §8): one sponsor gives the base, the others say whether they vouch for its stubs and how many payloads
 * came before it. Until at least a third of the voters say the same, nothing of it is believed; who lied is named, and another sponsor is asked.
 *
 * Bounds: one base at a time, of `maxBaseBytes` at most, in parts that were asked for; each answer is waited for `answerTimeoutMs`.
 */

import { type Bytes, concatBytes, equalBytes } from '../../../base/bytes.ts'
import { toHex } from '../../../base/text.ts'
import {
  CheckpointError,
  CodecError,
  isAtLeastThird,
  mayTakePart,
  verifyBase,
  verifyCheckpoint,
} from '../../../core/parsec/index.ts'
import type { SignatureScheme } from '../../../ports/signature-scheme.ts'
import { type CheckpointBase, decodeBase, encodeBase, vouchMessage } from '../../../wire/checkpoint/base.ts'
import {
  type BasePart,
  decodeBasePart,
  decodeVouch,
  encodeBaseAsked,
  encodeVouchAsked,
  partsOf,
  type Vouch,
} from '../../../wire/checkpoint/following.ts'
import type { PeerMessageKind } from '../../../wire/peer-message.ts'
import { pause } from '../../within.ts'
import type { TakenBase } from '../beginning.ts'
import { PeerError } from '../errors.ts'
import type { PeerSettings } from '../options.ts'

export interface FetcherOptions {
  readonly settings: PeerSettings
  readonly scheme: SignatureScheme
  readonly sponsors: readonly Bytes[]
  /** Our id, where we are to take part, which not every base allows; null: we only follow. */
  readonly joiner: Bytes | null
  /** For all that one sponsor has to give. */
  readonly timeoutMs: number
  readonly maxBaseBytes: number
  readonly answerTimeoutMs: number
  readonly post: (to: Bytes, kind: PeerMessageKind, body: Bytes) => void
  /** A sponsor gave what it should not have. */
  readonly blame: (peer: Bytes, error: PeerError) => void
}

type Answer =
  | { readonly kind: 'basePart'; readonly value: BasePart }
  | { readonly kind: 'vouch'; readonly value: Vouch }

interface Waiting {
  readonly take: (answer: Answer) => void
}

interface Vouched {
  readonly peer: Bytes
  readonly payloads: number
  readonly signature: Bytes
}

/** Why a sponsor gave nothing; no fault of it. */
class NothingGiven extends Error {}

const RETRY_MS = 500

export class BaseFetcher {
  readonly #options: FetcherOptions
  /** By hex of the peer: what is awaited from it. */
  readonly #waiting = new Map<string, Waiting>()

  constructor(options: FetcherOptions) {
    this.#options = options
  }

  /** Asks the sponsors in turn, again and again, until one gives a base that is vouched for; throws `NoBase` after so long. */
  async fetch(timeoutMs: number, signal: AbortSignal): Promise<TakenBase> {
    const { clock } = this.#options.settings
    const until = clock.nowMs() + timeoutMs
    for (;;) {
      const { base, tried } = await this.once(0, signal)
      if (base !== undefined) return base
      if (clock.nowMs() + RETRY_MS > until) {
        const why = tried.map(({ peer, why: it }) => `${peer.slice(0, 16)}…: ${it}`).join('; ')
        throw new PeerError(
          { code: 'NoBase', tried },
          `no sponsor gave a base that a third of the voters vouch for (${why})`,
        )
      }
      await pause(RETRY_MS, clock, signal)
    }
  }

  /** Each sponsor once, from one at random on. A base must cover more than so many blocks. */
  async once(
    moreThan: number,
    signal: AbortSignal,
  ): Promise<{
    readonly base?: TakenBase
    readonly tried: readonly { readonly peer: string; readonly why: string }[]
  }> {
    const tried: { peer: string; why: string }[] = []
    for (const sponsor of this.#turned()) {
      signal.throwIfAborted()
      try {
        return { base: await this.#from(sponsor, moreThan, signal), tried }
      } catch (error) {
        const isLie = error instanceof CheckpointError || error instanceof CodecError
        if (!isLie && !(error instanceof NothingGiven)) throw error
        tried.push({ peer: toHex(sponsor), why: error.message })
        if (isLie) this.#options.blame(sponsor, invalidBase(error.message, error))
      }
    }
    return { tried }
  }

  /** What came from a peer; nothing that was not asked for is kept. Throws a `CodecError`. */
  receive(from: Bytes, kind: 'basePart' | 'vouch', body: Bytes): void {
    const waiting = this.#waiting.get(toHex(from))
    if (waiting === undefined) return
    const { signatureBytes } = this.#options.settings.group.format
    waiting.take(
      kind === 'basePart' ? { kind, value: decodeBasePart(body) } : { kind, value: decodeVouch(body, signatureBytes) },
    )
  }

  #turned(): readonly Bytes[] {
    const { sponsors, settings } = this.#options
    const [draw = 0] = settings.random.bytes(1)
    const start = draw % sponsors.length
    return [...sponsors.slice(start), ...sponsors.slice(0, start)]
  }

  async #from(sponsor: Bytes, moreThan: number, signal: AbortSignal): Promise<TakenBase> {
    const { settings, scheme } = this.#options
    const { group } = settings
    const given = await this.#download(sponsor, moreThan, signal)
    const base = decodeBase(given.bytes, group.format)
    const trust = { group, scheme }
    const { position, nextVoters } = verifyCheckpoint(base.proof, trust)
    if (position !== given.position) throw new CheckpointError('its checkpoint is of another position than was said')
    this.#checkAdmits(base)
    const voters = new Set(nextVoters.map(toHex))
    const asked = this.#options.sponsors.filter((peer) => voters.has(toHex(peer)) && !equalBytes(peer, sponsor))
    const own = base.vouches.find(({ signer }) => equalBytes(signer, sponsor))
    const message = vouchMessage(group.id, position, group.hash(base.stubs))
    const vouched: Vouched[] = []
    if (own !== undefined && this.#holds(sponsor, voters, message, own.signature))
      vouched.push({ peer: sponsor, payloads: given.payloads, signature: own.signature })
    const others = await Promise.all(asked.map((peer) => this.#vouchOf(peer, position, base.stubs, message, signal)))
    vouched.push(...others.flatMap((vouch) => (vouch === undefined ? [] : [vouch])))
    return this.#settle(base, vouched, nextVoters.length)
  }

  /** parsec §9: a base after our admission lacks what is expected of us. */
  #checkAdmits(base: CheckpointBase): void {
    const { joiner, settings } = this.#options
    if (joiner === null || mayTakePart(base, joiner, settings.group)) return
    throw new NothingGiven(
      'its base is from after our admission, or our removal, or shows events of our key: who takes part starts from the checkpoint of its admission or an earlier one, with a key that made no event',
    )
  }

  /** Of those who vouch, the most that say the same of the payloads: fewer than a third cannot make it up. */
  #settle(base: CheckpointBase, vouched: readonly Vouched[], voters: number): TakenBase {
    const { group } = this.#options.settings
    const counts = new Map<number, Vouched[]>()
    for (const vouch of vouched) counts.set(vouch.payloads, [...(counts.get(vouch.payloads) ?? []), vouch])
    const [payloads, agreed] = [...counts].sort(([, a], [, b]) => b.length - a.length)[0] ?? [0, []]
    if (!isAtLeastThird(agreed.length, voters))
      throw new NothingGiven(`${agreed.length} of ${voters} voters vouch for its base`)
    const vouches = agreed.map(({ peer, signature }) => ({ signer: peer, signature }))
    const bytes = encodeBase({ ...base, vouches })
    verifyBase(bytes, { group, scheme: this.#options.scheme })
    return { bytes, payloads }
  }

  #holds(peer: Bytes, voters: ReadonlySet<string>, message: Bytes, signature: Bytes): boolean {
    const { scheme, blame } = this.#options
    const why = !voters.has(toHex(peer))
      ? 'it vouches and does not vote'
      : scheme.verify(peer, message, signature) === 'valid'
        ? undefined
        : 'its vouch does not verify'
    if (why !== undefined) blame(peer, invalidBase(why))
    return why === undefined
  }

  async #download(
    sponsor: Bytes,
    moreThan: number,
    signal: AbortSignal,
  ): Promise<{ readonly position: number; readonly payloads: number; readonly bytes: Bytes }> {
    const first = await this.#part(sponsor, 0, 0, signal)
    const { position, payloads, length } = first
    if (position === 0) throw new NothingGiven('it has none to give')
    if (position <= moreThan) throw new NothingGiven('it has no later one')
    const { maxBaseBytes } = this.#options
    if (length > maxBaseBytes)
      throw new NothingGiven(`its base has ${length} bytes, more than the ${maxBaseBytes} of maxBaseBytes`)
    const { clock } = this.#options.settings
    const until = clock.nowMs() + this.#options.timeoutMs
    const parts = [first.bytes]
    for (let part = 1; part < partsOf(length); part += 1) {
      const next = await this.#part(sponsor, position, part, signal)
      if (next.position !== position || next.length !== length) throw new NothingGiven('it changed its base meanwhile')
      if (clock.nowMs() > until) throw new NothingGiven('it takes too long')
      parts.push(next.bytes)
    }
    return { position, payloads, bytes: concatBytes(...parts) }
  }

  async #part(sponsor: Bytes, position: number, part: number, signal: AbortSignal): Promise<BasePart> {
    this.#options.post(
      sponsor,
      'baseAsked',
      encodeBaseAsked({ position, part, takesPart: this.#options.joiner !== null }),
    )
    const answer = await this.#answer(sponsor, signal, (it) => it.kind === 'basePart' && it.value.part === part)
    if (answer?.kind !== 'basePart') throw new NothingGiven('it does not answer')
    return answer.value
  }

  async #vouchOf(
    peer: Bytes,
    position: number,
    stubs: Bytes,
    message: Bytes,
    signal: AbortSignal,
  ): Promise<Vouched | undefined> {
    const { settings, post } = this.#options
    const stubsHash = settings.group.hash(stubs)
    post(peer, 'vouchAsked', encodeVouchAsked({ position, stubs }))
    const isOf = (it: Answer): boolean =>
      it.kind === 'vouch' && it.value.position === position && equalBytes(it.value.stubsHash, stubsHash)
    const answer = await this.#answer(peer, signal, isOf)
    if (answer?.kind !== 'vouch' || answer.value.signature === null) return undefined
    const { payloads, signature } = answer.value
    return this.#holds(peer, new Set([toHex(peer)]), message, signature) ? { peer, payloads, signature } : undefined
  }

  /** The next answer of a peer that is the one; `undefined` where it takes too long. */
  #answer(peer: Bytes, signal: AbortSignal, isIt: (answer: Answer) => boolean): Promise<Answer | undefined> {
    const { clock } = this.#options.settings
    const key = toHex(peer)
    return new Promise((resolve) => {
      const end = (answer: Answer | undefined): void => {
        cancel()
        signal.removeEventListener('abort', aborted)
        if (this.#waiting.get(key) === waiting) this.#waiting.delete(key)
        resolve(answer)
      }
      const aborted = (): void => end(undefined)
      const cancel = clock.schedule(clock.nowMs() + this.#options.answerTimeoutMs, () => end(undefined))
      const waiting: Waiting = { take: (answer) => (isIt(answer) ? end(answer) : undefined) }
      this.#waiting.set(key, waiting)
      signal.addEventListener('abort', aborted)
    })
  }
}

function invalidBase(why: string, cause?: Error): PeerError {
  return new PeerError({ code: 'InvalidBase', why }, `a base to start from was refused: ${why}`, { cause })
}
