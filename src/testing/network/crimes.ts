/**
 * @module testing/network/crimes
 *
 * What a malicious peer of the network does besides running its engine: it signs events by hand. Its powers, alone or
 * together, also of several such peers that work together:
 *
 * | Power | What it does |
 * | --- | --- |
 * | fork | runs as several instances, each shown to an audience of its own (forker.ts) |
 * | double-vote | votes twice for one observation |
 * | genesis | votes for Genesis again, for another Genesis, or begins with something else |
 * | false-accusation | accuses correct peers of every kind, with events of theirs, with unknown or badly signed ones, and repeats |
 * | silence | never accuses anybody, whatever it knows |
 * | stolen-parent | gives its events others' self-parents, or other parents of its own |
 * | forged-answer | answers what was no request to it, or again what it answered |
 * | withhold | does not answer half of the peers, and loses much of the rest |
 * | late | is a correct-looking joiner first |
 * | flood | sends far more than anybody needs: its own events in masses, known ones again and again, messages that are none, questions whose answer is the whole graph |
 * | past | opens a branch somewhere in its past, shows it to one peer, and asks that to build on it |
 *
 * It cannot sign for others, nor break the hash.
 */

import { equalBytes } from '../../base/bytes.ts'
import {
  type Cause,
  decodeEvent,
  type EventView,
  encodeMessage,
  encodeObservation,
  type Group,
  type Malice,
  type Observation,
  type ParsecFact,
  type PeerId,
} from '../../core/parsec/index.ts'
import type { Signer } from '../../ports/signature-scheme.ts'
import { encodeContent } from '../../wire/canonical/event.ts'
import { CAUSE_TAG } from '../../wire/canonical/types.ts'
import type { SeededRandom } from '../seeded-random.ts'

export const POWERS = [
  'fork',
  'double-vote',
  'genesis',
  'false-accusation',
  'silence',
  'stolen-parent',
  'forged-answer',
  'withhold',
  'late',
  'flood',
] as const
/** What shuts out who has only stubs for the past (parsec §8). */
export const OF_THE_PAST = 'past'
export type Power = (typeof POWERS)[number] | typeof OF_THE_PAST

/** What a crime is made of. */
export interface Means {
  readonly group: Group<Uint8Array>
  readonly facts: readonly ParsecFact[]
  readonly signer: Signer
}

interface Known {
  readonly hash: Uint8Array
  readonly view: EventView
}

export interface Crime {
  /** Goes into its own graph, and with its next gossip to others. */
  readonly own: readonly Uint8Array[]
  /** No correct peer takes it, nor does its own engine: shown to somebody by itself. */
  readonly shown: readonly Uint8Array[]
  /** Messages as they are, each to everybody, so many times. */
  readonly flood?: readonly Flood[]
}

export interface Flood {
  readonly kind: 'request' | 'response' | 'graph' | 'checkpoints' | 'summary'
  readonly bytes: Uint8Array
  readonly times: number
  /** Only for this peer. */
  readonly to?: PeerId
}

/** Draws a crime; null: nothing to be done just now. */
export function drawCrime(random: SeededRandom, means: Means, powers: ReadonlySet<Power>): Crime | null {
  const hand = new Hand(random, means)
  if (!hand.isReady) return null
  switch (random.pick([...powers])) {
    case 'double-vote':
      return hand.doubleVote()
    case 'genesis':
      return hand.genesis()
    case 'false-accusation':
      return { own: [hand.vote(hand.falseAccusation())], shown: [] }
    case 'stolen-parent':
      return hand.stolenParent()
    case 'forged-answer':
      return hand.forgedAnswer()
    case 'flood':
      return hand.flood()
    case OF_THE_PAST:
      return hand.past()
    default:
      return null
  }
}

const NOTHING = new Uint8Array(0)
/** Own events in one flood, and all together. */
const FLOOD_EVENTS = 150
const MOST_OWN_EVENTS = 1_500
/** Of what everybody knows, in one message. */
const REPEATED_EVENTS = 200
const REPEATS = 10
/** Of a peer that says that it knows nothing: a sequence of no creators. */
const EMPTY_SUMMARY = new Uint8Array(8)

class Hand {
  readonly #random: SeededRandom
  readonly #means: Means
  readonly #known: readonly Known[]
  readonly #own: readonly Known[]
  tip: Uint8Array | null

  constructor(random: SeededRandom, means: Means) {
    this.#random = random
    this.#means = means
    this.#known = means.facts.flatMap((fact) =>
      fact.type === 'GossipEventAccepted'
        ? [{ hash: fact.hash, view: decodeEvent(fact.bytes, means.group.format) }]
        : [],
    )
    this.#own = this.#known.filter(({ view }) => equalBytes(view.creator, means.signer.identity))
    this.tip = this.#own.at(-1)?.hash ?? null
  }

  /** It has events, and those of others. */
  get isReady(): boolean {
    return this.tip !== null && this.#others.length > 0
  }

  #sign(cause: Cause): Uint8Array {
    const { group, signer } = this.#means
    const content = encodeContent(signer.identity, cause, group.format)
    const message = group.eventMessage(content)
    this.tip = group.hash(message)
    return new Uint8Array([...content, ...signer.sign(message)])
  }

  vote(observation: Observation, selfParent = this.tip ?? NOTHING): Uint8Array {
    const { group, signer } = this.#means
    const voteSignature = signer.sign(group.voteMessage(encodeObservation(observation, group.format)))
    return this.#sign({ type: 'Observation', selfParent, observation, voteSignature })
  }

  #someone(of: readonly Known[] = this.#known): Known {
    return this.#random.pick(of)
  }

  #requesting(selfParent: Uint8Array): Uint8Array {
    return this.#sign({ type: 'Requesting', selfParent, recipient: this.#someone().view.creator })
  }

  /** An event that most others have already. */
  #old(of: readonly Known[] = this.#known): Uint8Array {
    return this.#someone(of.slice(0, Math.ceil(of.length / 2))).hash
  }

  get #others(): readonly Known[] {
    return this.#known.filter(({ view }) => !equalBytes(view.creator, this.#means.signer.identity))
  }

  doubleVote(): Crime {
    const votes = this.#own.flatMap(({ view }) => (view.vote === null ? [] : [view.vote.observation]))
    const applicable = votes.filter(({ type }) => type === 'OpaquePayload')
    if (applicable.length === 0) return { own: [], shown: [] }
    return { own: [this.vote(this.#random.pick(applicable))], shown: [] }
  }

  genesis(): Crime {
    const [initial] = this.#own
    const other: Observation = { type: 'Genesis', group: [this.#means.signer.identity], relatedInfo: NOTHING }
    if (this.#random.chance(0.3)) return { own: [], shown: [this.vote(other, this.#old(this.#own))] }
    if (this.#random.chance(0.5) || initial === undefined)
      return { own: [this.vote(this.#means.group.genesis)], shown: [] }
    return { own: [this.#requesting(initial.hash)], shown: [] }
  }

  stolenParent(): Crime {
    if (this.#random.chance(0.5)) return { own: [], shown: [this.#requesting(this.#old(this.#others))] }
    const selfParent = this.#old(this.#own)
    return { own: [], shown: [this.#sign({ type: 'Request', selfParent, otherParent: this.#old(this.#own) })] }
  }

  forgedAnswer(): Crime {
    const type = this.#random.chance(0.5) ? 'Request' : 'Response'
    const tag = CAUSE_TAG[type]
    const answered = this.#own.flatMap(({ view }) => (view.cause === tag && view.otherParent !== null ? [view] : []))
    const again = answered.length > 0 && this.#random.chance(0.5) ? this.#random.pick(answered) : null
    const otherParent = again?.otherParent ?? this.#old(this.#others)
    const selfParent = again === null ? this.#old(this.#own) : (this.#own.at(-1)?.hash ?? NOTHING)
    return { own: [], shown: [this.#sign({ type, selfParent, otherParent })] }
  }

  past(): Crime {
    const to = this.#someone(this.#others).view.creator
    this.tip = this.#someone(this.#own).hash
    const recipients = [...Array.from({ length: this.#random.int(0, 2) }, () => this.#someone().view.creator), to]
    const branch = recipients.map((recipient) =>
      this.#sign({ type: 'Requesting', selfParent: this.tip ?? NOTHING, recipient }),
    )
    return { own: [], shown: [], flood: [{ kind: 'request', bytes: encodeMessage(branch), times: 1, to }] }
  }

  flood(): Crime {
    const none = { own: [], shown: [] }
    switch (this.#random.pick(['own', 'again', 'garbage', 'forged', 'ignorance'] as const)) {
      case 'own': {
        const count = this.#own.length < MOST_OWN_EVENTS ? FLOOD_EVENTS : 0
        const own = Array.from({ length: count }, () => this.#requesting(this.tip ?? NOTHING))
        return { own, shown: [], flood: [{ kind: 'graph', bytes: encodeMessage(own), times: 1 }] }
      }
      case 'again': {
        const bytes = encodeMessage(this.#known.slice(-REPEATED_EVENTS).map(({ view }) => view.bytes))
        return { ...none, flood: [{ kind: 'graph', bytes, times: REPEATS }] }
      }
      case 'garbage': {
        const kind = this.#random.pick(['request', 'response', 'graph', 'checkpoints', 'summary'] as const)
        return { ...none, flood: [{ kind, bytes: this.#random.bytes(this.#random.int(0, 300)), times: REPEATS }] }
      }
      case 'forged': {
        const event = this.#requesting(this.tip ?? NOTHING)
        event.fill(9, event.length - this.#means.group.format.signatureBytes)
        return { ...none, flood: [{ kind: 'graph', bytes: encodeMessage([event]), times: REPEATS }] }
      }
      case 'ignorance': {
        return { ...none, flood: [{ kind: 'summary', bytes: EMPTY_SUMMARY, times: REPEATS }] }
      }
    }
  }

  /** Of somebody else, or of itself, or a second one of somebody accused before. */
  falseAccusation(): Observation {
    const accused = this.#known.flatMap(({ view }) =>
      view.vote?.observation.type === 'Accusation' ? [view.vote.observation.offender] : [],
    )
    const target = this.#someone(this.#others)
    const again = accused.length > 0 && this.#random.chance(0.3)
    const offender = again
      ? this.#random.pick(accused)
      : this.#random.chance(0.9)
        ? target.view.creator
        : this.#means.signer.identity
    return { type: 'Accusation', offender, malice: this.#malice(target) }
  }

  #malice(target: Known): Malice {
    const theirs = this.#known.filter(({ view }) => equalBytes(view.creator, target.view.creator))
    const event = this.#random.chance(0.1) ? this.#random.bytes(32) : this.#someone(theirs).hash
    const other = this.#someone(theirs).hash
    const { signatureBytes } = this.#means.group.format
    const carried = target.view.bytes.slice()
    if (this.#random.chance(0.3)) carried.fill(9, carried.length - signatureBytes)
    const named = this.#random.pick(['UnexpectedGenesis', 'MissingGenesis', 'Fork', 'InvalidAccusation'] as const)
    const byCarrying = this.#random.pick([
      'IncorrectGenesis',
      'OtherParentBySameCreator',
      'SelfParentByDifferentCreator',
      'InvalidRequest',
      'InvalidResponse',
    ] as const)
    const choices: Malice[] = [
      { type: named, event },
      { type: byCarrying, carried },
      { type: 'Accomplice', event, malice: { type: named, event: this.#someone().hash } },
      { type: 'Accomplice', event, malice: { type: 'Accomplice', event, malice: { type: 'Fork', event } } },
      { type: 'Unprovable' },
    ]
    if (!equalBytes(event, other)) choices.push({ type: 'DuplicateVote', events: [event, other] })
    return this.#random.pick(choices)
  }
}
