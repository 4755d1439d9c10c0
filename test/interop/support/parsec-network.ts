/**
 * A network whose schedule is drawn from a seed: messages are lost, doubled, late and damaged, peers join and leave.
 * What the peers are is the caller's choice.
 */

import { toHex } from '../../../src/base/text.ts'
import { ed25519Signer } from '../../../src/crypto/index.ts'
import type { SeededRandom } from '../../../src/testing/seeded-random.ts'
import type { Membership, ObservationJson, ParsecPeer } from './parsec-peers.ts'
import { valueOf } from './reference.ts'

interface Member {
  readonly id: string
  readonly peer: ParsecPeer
  /** Encoded payloads of its blocks so far. */
  readonly blocks: string[]
}

interface Letter {
  readonly kind: 'request' | 'response'
  readonly from: Member
  readonly to: Member
  readonly message: string
}

export interface Schedule {
  readonly members: number
  readonly joiners: number
  readonly removals: number
  readonly steps: number
  /** Shares of messages that are lost, delivered twice, or damaged. */
  readonly loss: number
  readonly twice: number
  readonly damage: number
}

const EMPTY_MESSAGE = '00'.repeat(8)

export class Network {
  readonly #random: SeededRandom
  readonly #schedule: Schedule
  readonly #mode: Membership['mode']
  readonly #start: (membership: Membership, number: number) => Promise<ParsecPeer>
  readonly members: Member[] = []
  readonly #removed = new Set<Member>()
  #genesis: readonly string[] = []
  #letters: Letter[] = []
  /** What anybody voted for, or was to vote for. */
  readonly #observations: ObservationJson[] = []

  constructor(
    random: SeededRandom,
    schedule: Schedule,
    mode: Membership['mode'],
    start: (membership: Membership, number: number) => Promise<ParsecPeer>,
  ) {
    this.#random = random
    this.#schedule = schedule
    this.#mode = mode
    this.#start = start
  }

  /** Runs the schedule, then fair rounds, until the network is idle or the rounds are over. */
  async run(fairRounds: number): Promise<void> {
    const { members, joiners, removals, steps } = this.#schedule
    const random = this.#random
    const seeds = Array.from({ length: members }, () => random.bytes(32))
    this.#genesis = seeds.map((seed) => toHex(ed25519Signer(seed).identity))
    for (const seed of seeds) await this.#add(seed, undefined)
    const changes = [
      ...Array.from({ length: joiners }, () => () => this.#join()),
      ...Array.from({ length: removals }, () => () => this.#remove()),
    ]
    const every = Math.ceil(steps / (changes.length + 1))
    for (let step = 1; step <= steps; step += 1) {
      if (step % every === 0) await random.shuffle(changes.splice(0, 1))[0]?.()
      else await this.#step()
    }
    for (let round = 0; round < fairRounds && !(await this.#isIdle()); round += 1) await this.#fairRound()
  }

  /** Those who were not voted out. */
  get remaining(): readonly Member[] {
    return this.members.filter((member) => !this.#removed.has(member))
  }

  async #add(seed: Uint8Array, section: readonly string[] | undefined): Promise<Member> {
    const id = toHex(ed25519Signer(seed).identity)
    const membership: Membership = {
      seed: toHex(seed),
      mode: this.#mode,
      genesis: this.#genesis,
      ...(section === undefined ? {} : { section }),
    }
    const member: Member = { id, peer: await this.#start(membership, this.members.length), blocks: [] }
    this.members.push(member)
    return member
  }

  async #step(): Promise<void> {
    const random = this.#random
    const member = random.pick(this.members)
    const what = random.fraction()
    if (what < 0.15) await this.#vote(member)
    else if (what < 0.5) await this.#gossip(member)
    else if (what < 0.9) await this.#deliver()
    else if (what < 0.96) await this.#poll(member)
    else await member.peer.state()
  }

  /** For something of late, so that others vote for the same; sometimes twice. */
  async #vote(member: Member): Promise<void> {
    const random = this.#random
    if (this.#observations.length === 0 || random.chance(0.3)) {
      this.#observations.push({ type: 'OpaquePayload', payload: toHex(random.bytes(random.int(0, 40))) })
    }
    await member.peer.voteFor(random.pick(this.#observations.slice(-5)))
  }

  async #gossip(member: Member): Promise<void> {
    const random = this.#random
    const { gossipRecipients } = valueOf(await member.peer.state())
    // Now and then to somebody who may not get any, for the error.
    const recipients = random.chance(0.05) ? this.members.map(({ id }) => id) : gossipRecipients
    if (recipients.length === 0) return
    const to = this.members.find(({ id }) => id === random.pick(recipients))
    if (to === undefined) return
    const request = await member.peer.createGossip(to.id)
    if ('ok' in request) this.#post({ kind: 'request', from: member, to, message: request.ok })
  }

  #post(letter: Letter): void {
    const { loss, twice, damage } = this.#schedule
    const random = this.#random
    if (random.chance(loss)) return
    this.#letters.push(letter)
    if (random.chance(twice)) this.#letters.push(letter)
    if (random.chance(damage)) this.#letters.push({ ...letter, message: this.#wrongSignature(letter.message) })
    if (random.chance(damage)) this.#letters.push({ ...letter, from: random.pick(this.members) })
  }

  /** Changes the last byte, which is of the last event's signature, if there is an event. */
  #wrongSignature(message: string): string {
    if (message.length === EMPTY_MESSAGE.length) return message
    const last = Number.parseInt(message.slice(-2), 16)
    return message.slice(0, -2) + (last ^ 1).toString(16).padStart(2, '0')
  }

  async #deliver(): Promise<void> {
    if (this.#letters.length === 0) return
    const [letter] = this.#letters.splice(this.#random.int(0, this.#letters.length - 1), 1)
    if (letter !== undefined) await this.#handle(letter)
  }

  async #handle({ kind, from, to, message }: Letter): Promise<void> {
    if (kind === 'response') {
      await to.peer.handleResponse(from.id, message)
      return
    }
    const response = await to.peer.handleRequest(from.id, message)
    if ('ok' in response) this.#post({ kind: 'response', from: to, to: from, message: response.ok })
  }

  async #join(): Promise<void> {
    const section = this.remaining.map(({ id }) => id)
    const joiner = await this.#add(this.#random.bytes(32), section)
    await this.#everybodyVotes({ type: 'Add', peerId: joiner.id, relatedInfo: '' })
  }

  async #remove(): Promise<void> {
    const candidates = this.remaining
    if (candidates.length < 4) return
    const leaver = this.#random.pick(candidates)
    await this.#everybodyVotes({ type: 'Remove', peerId: leaver.id, relatedInfo: '01' })
    this.#removed.add(leaver)
  }

  async #everybodyVotes(observation: ObservationJson): Promise<void> {
    this.#observations.push(observation)
    for (const { peer } of this.#random.shuffle(this.members)) await peer.voteFor(observation)
  }

  async #poll(member: Member): Promise<void> {
    const blocks = valueOf(await member.peer.poll())
    member.blocks.push(...blocks.map(({ payload }) => payload))
  }

  /** Polls everybody; whether nobody who remains waits for anything or for others' blocks. */
  async #isIdle(): Promise<boolean> {
    let isIdle = true
    for (const member of this.members) {
      await this.#poll(member)
      if (this.#removed.has(member)) continue
      const { hasUnpolled } = valueOf(await member.peer.state())
      if (hasUnpolled || member.blocks.length !== this.remaining[0]?.blocks.length) isIdle = false
    }
    return isIdle
  }

  /** Everybody votes for all there is, gossips with everybody they may, and everything arrives. */
  async #fairRound(): Promise<void> {
    for (const member of this.#random.shuffle(this.members)) {
      for (const observation of this.#observations) await member.peer.voteFor(observation)
      for (const recipient of valueOf(await member.peer.state()).gossipRecipients) {
        const to = this.members.find(({ id }) => id === recipient)
        const request = to === undefined ? undefined : await member.peer.createGossip(recipient)
        if (to === undefined || request === undefined || 'error' in request) continue
        const response = await to.peer.handleRequest(member.id, request.ok)
        if ('ok' in response) await member.peer.handleResponse(recipient, response.ok)
      }
    }
  }
}
