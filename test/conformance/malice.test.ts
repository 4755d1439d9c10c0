/**
 * The schedules of the transcripts `malice-*` that the reference recorded with its detection switched on: who votes and
 * gossips to whom, which messages arrive, what the offender signs. Run by default rules, they convict the same offender of
 * one of the same kinds, and the group goes on.
 *
 * The reference forwards every member of a fork that it knows; a message here holds only ancestors of the event that ends
 * it. So where the offender sent two branches in one message, it sends one message for each.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { present } from '../../src/base/errors.ts'
import { toHex } from '../../src/base/text.ts'
import type { SendMessage } from '../../src/core/parsec/index.ts'
import { accusationsBy, convictions, type Forged, Forger } from '../support/parsec/forger.ts'
import { idOf, Network, opaque, type Peer } from '../support/parsec/network.ts'

interface ForgedEvent {
  readonly id: number
  readonly selfParent?: number
  readonly cause: 'Initial' | 'Genesis' | 'Vote' | 'Requesting'
  readonly payload?: string
  readonly recipient?: string
}

type Step =
  | readonly ['vote', peer: string, payload: string]
  | readonly ['ask', from: string, to: string, message: number]
  | readonly ['request', to: string, message: number, answer: number | null]
  | readonly ['response', to: string, message: number]
  | readonly ['forged', to: string, events: readonly ForgedEvent[], answer: number | null]

interface Schedule {
  readonly name: string
  readonly peers: readonly string[]
  readonly mode: 'single' | 'supermajority'
  readonly offender: string
  readonly kinds: readonly string[]
  readonly steps: readonly Step[]
}

const schedules = JSON.parse(
  readFileSync(join(import.meta.dirname, 'malice/schedules.json'), 'utf8'),
) as readonly Schedule[]

class Rerun {
  readonly network: Network
  readonly correct: ReadonlyMap<string, Peer>
  readonly #forger: Forger
  readonly #signed = new Map<number, Forged>()
  readonly #messages = new Map<number, { readonly from: Peer; readonly sent: readonly SendMessage[] }>()

  constructor({ peers, mode, offender }: Schedule) {
    this.network = new Network(peers, { mode })
    this.correct = new Map(peers.filter((name) => name !== offender).map((name) => [name, this.network.start(name)]))
    this.#forger = new Forger(this.network, offender)
  }

  peer(name: string): Peer {
    return present(this.correct.get(name), 'a correct peer')
  }

  perform(step: Step): void {
    const [op, name] = step
    const peer = this.peer(name)
    switch (op) {
      case 'vote':
        this.network.vote(peer, opaque(step[2]))
        return
      case 'ask':
        // Who is removed by now is not asked any more.
        this.#messages.set(step[3], {
          from: peer,
          sent: this.network.note(peer, peer.parsec.createGossip(idOf(step[2]))).effects,
        })
        return
      case 'request':
      case 'response':
        this.#deliver(step[2], peer, op === 'request' ? step[3] : null)
        return
      case 'forged':
        this.#forge(peer, step[2])
        return
      default:
        step satisfies never
    }
  }

  #deliver(message: number, to: Peer, answer: number | null): void {
    const { from, sent } = present(this.#messages.get(message), 'a message that was made before')
    const answers = sent.flatMap((one) => this.network.deliver(from, to, one).effects)
    if (answer !== null) this.#messages.set(answer, { from: to, sent: answers })
  }

  #forge(to: Peer, events: readonly ForgedEvent[]): void {
    const parents = new Set(events.map(({ selfParent }) => selfParent))
    const tips = events.filter(({ id, cause }) => !parents.has(id) && cause !== 'Requesting')
    for (const event of events) this.#sign(event)
    for (const tip of [...tips, present(events.at(-1), 'an event')]) {
      const branch: ForgedEvent[] = []
      for (let at: ForgedEvent | undefined = tip; at !== undefined; ) {
        branch.unshift(at)
        const { selfParent }: ForgedEvent = at
        at = events.find(({ id }) => id === selfParent)
      }
      const sent = branch.filter(({ cause }) => cause !== 'Requesting').map(({ id }) => this.#signed.get(id) as Forged)
      this.#forger.tip = present(sent.at(-1), 'an event').hash
      this.#forger.send(to, sent)
    }
  }

  #sign({ id, cause, selfParent, payload }: ForgedEvent): void {
    if (cause === 'Requesting' || this.#signed.has(id)) return
    const parent = selfParent === undefined ? undefined : this.#signed.get(selfParent)?.hash
    const observation = cause === 'Genesis' ? this.network.group().genesis : opaque(payload ?? '')
    this.#signed.set(
      id,
      cause === 'Initial' ? this.#forger.sign({ type: 'Initial' }) : this.#forger.vote(observation, parent),
    )
  }
}

describe('the schedules in which the reference accuses, parsec §9', () => {
  test.each(schedules)('$name', (schedule) => {
    const rerun = new Rerun(schedule)
    const { network } = rerun
    for (const step of schedule.steps) rerun.perform(step)
    const correct = [...rerun.correct.values()]
    network.vote(present(correct[0], 'a correct peer'), opaque('the group goes on'))
    for (const peer of correct) network.vote(peer, opaque('the group goes on'))
    network.settle(correct, 6)
    for (const peer of correct) {
      const convicted = convictions(peer)
      expect(convicted.map(({ offender }) => offender)).toEqual([toHex(idOf(schedule.offender))])
      expect(schedule.kinds).toContain(convicted[0]?.kind)
      expect(peer.parsec.voters()).toHaveLength(schedule.peers.length - 1)
      const made = accusationsBy(peer).map(({ offender }) => offender)
      expect(new Set(made)).toEqual(new Set([toHex(idOf(schedule.offender))]))
      expect(made.length).toBeLessThanOrEqual(schedule.peers.length)
      expect(peer.blocks.map(({ hash }) => toHex(hash))).toContain(
        toHex(peer.parsec.hashOf(opaque('the group goes on'))),
      )
    }
  })
})
