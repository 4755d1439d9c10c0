import { describe, expect, test } from 'vitest'
import { Interesting } from '../../../src/core/parsec/election/interesting.ts'
import { Keys } from '../../../src/core/parsec/election/keys.ts'
import { Observers } from '../../../src/core/parsec/election/observers.ts'
import { VoteLists } from '../../../src/core/parsec/election/vote-lists.ts'
import { isSupermajority, Voters } from '../../../src/core/parsec/election/voters.ts'
import { Graph, NONE } from '../../../src/core/parsec/graph/graph.ts'
import { SeededRandom } from '../../../src/testing/seeded-random.ts'
import { CAUSE_TAG } from '../../../src/wire/canonical/index.ts'
import { sha3 } from '../../support/parsec/network.ts'

interface Options {
  readonly voters: number
  /** Peers that are no voters. */
  readonly others: number
  /** How likely an event of the forker goes on from an older one of its events. */
  readonly fork: number
  /** Default: the first voter. */
  readonly forker?: number
  readonly events: number
  readonly stronger: boolean
}

interface Made {
  readonly event: number
  content: number[]
}

/** A random graph with votes, and parsec §5(a), §5(b) by their words: whole sets instead of what is kept from event to event. */
class Book {
  readonly graph = new Graph()
  readonly keys = new Keys()
  readonly votes = new VoteLists(this.keys)
  readonly voters: Voters
  readonly ancestors: Set<number>[] = []
  readonly votedKey: number[] = []
  /** Of undecided keys. */
  readonly open = new Set<number>()
  made: Made[][]
  readonly #options: Options

  constructor(options: Options) {
    this.#options = options
    const peers = options.voters + options.others
    for (let peer = 0; peer < peers; peer += 1) this.graph.addPeer()
    this.voters = new Voters(Array.from({ length: options.voters }, (_, peer) => peer))
    this.made = this.voters.peers.map(() => [])
    for (let peer = 0; peer < peers; peer += 1) this.insert(peer, NONE, NONE, NONE)
  }

  insert(creator: number, selfParent: number, otherParent: number, key: number): number {
    const sync = otherParent === NONE ? CAUSE_TAG.Requesting : CAUSE_TAG.Request
    const cause = selfParent === NONE ? CAUSE_TAG.Initial : key === NONE ? sync : CAUSE_TAG.Observation
    const hash = sha3(new Uint8Array([this.graph.size, this.graph.size >> 8]))
    const event = this.graph.insert({
      hash,
      bytes: new Uint8Array(1),
      creator,
      cause,
      selfParent,
      otherParent,
      subject: key,
    })
    const parents = [selfParent, otherParent].filter((parent) => parent !== NONE)
    this.ancestors.push(new Set([event, ...parents.flatMap((parent) => [...(this.ancestors[parent] as Set<number>)])]))
    this.votedKey.push(key)
    if (key !== NONE && !this.keys.isDecided(key)) {
      this.keys.addVote(key, event)
      this.votes.add(creator, event, key)
      this.open.add(key)
    }
    return event
  }

  /** Votes for a key that `x` descends from. */
  #carriers(x: number, key: number): number[] {
    return this.votedKey.flatMap((voted, event) => (voted === key && this.graph.descends(x, event) ? [event] : []))
  }

  /** parsec §5(a) */
  content(x: number): number[] {
    const creator = this.graph.creatorOf(x)
    const before = (this.made[this.voters.seatOf(creator)] as Made[]).filter(
      ({ event }) => !this.#options.stronger || this.graph.isSelfAncestor(x, event),
    )
    const taken = new Set(before.flatMap(({ content }) => content))
    const known = this.voters.peers.filter((peer) => this.graph.last(x, peer) >= 0).length
    const fresh = [...this.open].filter((key) => {
      const voters = this.#carriers(x, key).map((vote) => this.graph.creatorOf(vote))
      if (voters.length === 0 || taken.has(key)) return false
      if (this.keys.voterOf(key) !== NONE) return isSupermajority(known, this.voters.count)
      return isSupermajority(new Set(voters.filter((peer) => this.voters.has(peer))).size, this.voters.count)
    })
    const own = (key: number): number => {
      const votes = this.#carriers(x, key).filter((event) => this.graph.creatorOf(event) === creator)
      return Math.min(Number.POSITIVE_INFINITY, ...votes.map((event) => this.graph.indexOf(event)))
    }
    return fresh.sort((a, b) => (own(a) === own(b) ? a - b : own(a) - own(b)))
  }

  /** parsec §4: by peer, its last events that `x` sees. */
  #witnesses(x: number): number[][] {
    const any = Array.from({ length: this.graph.peerCount }, (_, peer) => peer)
    const seen = [...(this.ancestors[x] as Set<number>)].filter((z) => {
      const creator = this.graph.creatorOf(z)
      return this.graph.indexOf(z) === this.graph.last(x, creator) && this.graph.sees(x, z)
    })
    return (this.#options.stronger ? this.voters.peers : any).map((peer) =>
      seen.filter((z) => this.graph.creatorOf(z) === peer),
    )
  }

  /** parsec §5(b) */
  observees(x: number): number[] | null {
    const witnesses = this.#witnesses(x)
    const isStronglySeen = (y: number): boolean => {
      const seeing = witnesses.filter((events) => events.some((z) => this.graph.sees(z, y)))
      return isSupermajority(seeing.length, this.voters.count)
    }
    const seats = this.voters.peers.flatMap((_, seat) => {
      const events = (this.made[seat] as Made[]).map(({ event }) => event)
      const firsts = this.#options.stronger
        ? events.filter((one) => !events.some((other) => other < one && this.graph.isSelfAncestor(one, other)))
        : events.slice(0, 1)
      return firsts.some(isStronglySeen) ? [seat] : []
    })
    return isSupermajority(seats.length, this.voters.count) ? seats : null
  }

  decide(decided: readonly number[]): void {
    for (const key of decided) {
      this.keys.decide(key)
      this.open.delete(key)
    }
    for (const made of this.made) for (const one of made) one.content = one.content.filter((key) => this.open.has(key))
    this.made = this.made.map((made) => made.filter(({ content }) => content.length > 0))
    this.votes.trim()
  }
}

interface Reached {
  interesting: number
  observers: number
  decided: number
  forks: number
}

function compare(seed: string, options: Options): Reached {
  const random = new SeededRandom(seed)
  const book = new Book(options)
  const { graph, keys, votes, voters } = book
  const rules = { stronger: options.stronger, compareKeys: (a: number, b: number) => a - b }
  const interesting = new Interesting(graph, keys, votes, rules, voters)
  const observers = new Observers(graph, interesting, rules, voters)
  const reached: Reached = { interesting: 0, observers: 0, decided: 0, forks: 0 }
  const ofPeer = Array.from({ length: graph.peerCount }, (_, peer) => [peer])
  for (let i = 0; i < options.events; i += 1) {
    const creator = random.int(0, graph.peerCount - 1)
    const own = ofPeer[creator] as number[]
    const isFork = creator === (options.forker ?? 0) && random.chance(options.fork)
    const selfParent = isFork ? random.pick(own) : (own.at(-1) as number)
    let key = NONE
    let other = NONE
    if (random.chance(0.3)) {
      const number = random.int(0, 3) + Math.floor(i / 40)
      key = keys.intern(sha3(new Uint8Array([number, number >> 8])), number % 3 === 0 ? creator : NONE)
    } else if (random.chance(0.95)) {
      const peer = random.pick(ofPeer.flatMap((_, at) => (at === creator ? [] : [at])))
      other = random.chance(0.8) ? ((ofPeer[peer] as number[]).at(-1) as number) : random.pick(ofPeer[peer] as number[])
    }
    const x = book.insert(creator, selfParent, other, key)
    own.push(x)
    if (key !== NONE || !voters.has(creator)) continue
    const content = book.content(x)
    if (content.length > 0) book.made[creator]?.push({ event: x, content })
    interesting.process(x, creator)
    expect(interesting.of(creator), `seed ${seed}, event ${x}`).toEqual(book.made[creator])
    const seats = book.observees(x)
    const found = observers.observees(x)
    const members = voters.peers.filter((seat) => (((found?.[seat >> 5] ?? 0) >> (seat & 31)) & 1) === 1)
    expect(found === null ? null : members, `seed ${seed}, event ${x}`).toEqual(seats)
    if (content.length > 0) reached.interesting += 1
    if (seats !== null) reached.observers += 1
    if (seats !== null && random.chance(0.2)) {
      const decided = [...book.open].filter(() => random.chance(0.6))
      book.decide(decided)
      interesting.strip()
      observers.reset(voters, Math.max(0, keys.firstUndecidedVote()))
      reached.decided += decided.length
    }
  }
  if (graph.hasForks) reached.forks += 1
  return reached
}

function total(runs: readonly Reached[]): Reached {
  const sum = (of: keyof Reached): number => runs.reduce((all, run) => all + run[of], 0)
  return { interesting: sum('interesting'), observers: sum('observers'), decided: sum('decided'), forks: sum('forks') }
}

describe('interesting content and observers, parsec §5(a) and §5(b), against their words', () => {
  test.each([
    [1, 1],
    [2, 0],
    [3, 1],
    [4, 0],
    [4, 2],
    [7, 1],
  ])('%i voters and %i others', (voters, others) => {
    const runs = Array.from({ length: 6 }, (_, i) =>
      compare(`plain ${i}`, { voters, others, fork: 0, events: 40 * (voters + others), stronger: i % 2 === 0 }),
    )
    const { interesting, observers, decided } = total(runs)
    expect(Math.min(interesting, observers, decided)).toBeGreaterThan(10)
  })

  test.each([3, 4, 5, 7])('%i voters, one of whom forks', (voters) => {
    const runs = Array.from({ length: 6 }, (_, i) =>
      compare(`forks ${i}`, { voters, others: 1, fork: 0.15, events: 40 * voters, stronger: true }),
    )
    const { interesting, observers, decided, forks } = total(runs)
    expect(forks).toBe(6)
    expect(Math.min(interesting, observers, decided)).toBeGreaterThan(10)
  })

  test('more voters than a word has bits', () => {
    const { interesting, observers } = compare('many', {
      voters: 35,
      others: 1,
      fork: 0.2,
      forker: 33,
      events: 900,
      stronger: true,
    })
    expect(interesting).toBeGreaterThan(30)
    expect(observers).toBeGreaterThan(0)
  })
})
