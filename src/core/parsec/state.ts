/**
 * @module core/parsec/state
 *
 * The state of one peer's engine: what its facts amount to. `evolve.ts` changes it.
 */

import { compareBytes } from '../../base/bytes.ts'
import { present } from '../../base/errors.ts'
import { decodeEvent } from '../../wire/canonical/event.ts'
import type { Observation, PeerId } from '../../wire/canonical/types.ts'
import { BlockQueue } from './block-queue.ts'
import { Checkpoints } from './checkpoint/checkpoints.ts'
import { Election } from './election/election.ts'
import { Keys } from './election/keys.ts'
import { VoteLists } from './election/vote-lists.ts'
import { Voters } from './election/voters.ts'
import type { PeerStarted, SyncEventOwed } from './facts.ts'
import { type EventIndex, Graph, NONE, type PeerIndex } from './graph/graph.ts'
import { Int32List } from './graph/lists.ts'
import type { Group } from './group.ts'
import { PeerList } from './membership/peer-list.ts'
import { DKG, FULL, type PeerState, RECV, SEND, VOTE } from './membership/peer-state.ts'
import type { Rules } from './rules.ts'

/** Our own peer is always the first that is added, or found by id among the genesis members. */
export class State<Payload> implements Rules {
  readonly group: Group<Payload>
  readonly stronger: boolean
  readonly graph = new Graph()
  readonly peers = new PeerList()
  readonly keys = new Keys()
  readonly votes = new VoteLists(this.keys)
  readonly blocks = new BlockQueue<Payload>()
  readonly checkpoints: Checkpoints
  readonly self: PeerIndex
  readonly election: Election
  /** Sync events that we owe, in order of arrival. */
  owed: SyncEventOwed[] = []
  /** For a Requesting to us, our Request; for a Request to us, our Response. */
  readonly #answers = new Int32List()

  constructor(group: Group<Payload>, started: PeerStarted) {
    this.group = group
    this.stronger = group.isStronger
    this.checkpoints = new Checkpoints(group, this.peers, this.keys)
    this.self = this.#populate(started)
    const voters = this.votersOf(group.members.map((id) => this.peers.find(id)))
    this.election = new Election(this.graph, this.keys, this.votes, this, group.coin, voters)
  }

  /** parsec §8: the first list of peers. Gives our own index. */
  #populate(started: PeerStarted): PeerIndex {
    const isGenesis = started.origin === 'genesis'
    if (!isGenesis) this.addPeer(started.self, RECV)
    for (const id of this.group.members) this.addPeer(id, isGenesis ? FULL : VOTE | DKG | SEND)
    const others = [...started.section].filter((id) => this.peers.find(id) === NONE)
    for (const id of this.#inOrder(others)) this.addPeer(id, SEND)
    return this.peers.find(started.self)
  }

  #inOrder(ids: readonly PeerId[]): readonly PeerId[] {
    return [...ids].sort(compareBytes)
  }

  addPeer(id: PeerId, state: PeerState): PeerIndex {
    const known = this.peers.find(id)
    if (known !== NONE) return known
    this.graph.addPeer()
    return this.peers.add(id, state)
  }

  votersOf(peers: readonly PeerIndex[]): Voters {
    return new Voters([...peers].sort((a, b) => this.peers.compare(a, b)))
  }

  /** parsec §5: by hash, then by voter id. */
  compareKeys(a: number, b: number): number {
    const byHash = this.keys.compareHash(a, b)
    if (byHash !== 0 || a === b) return byHash
    const [left, right] = [this.keys.voterOf(a), this.keys.voterOf(b)]
    return left === NONE || right === NONE ? left - right : this.peers.compare(left, right)
  }

  /** Our flags entitle us to take part, and we have no event yet (parsec §8). */
  get isInitialDue(): boolean {
    return this.peers.has(this.self, DKG) && this.graph.placesOf(this.self) === 0
  }

  /** Our event that answers this one, or NONE. */
  answerTo(event: EventIndex): EventIndex {
    return this.#answers.at(event)
  }

  /** What a vote event votes for. */
  observationAt(event: EventIndex): Observation<Payload> {
    const { vote } = decodeEvent(this.graph.bytesOf(event), this.group.format)
    return present(vote, 'an Observation event holds a vote').observation
  }

  /** An event of ours that answers another, or an event before it: the Requesting to us, or the Request to us. */
  noteAnswer(event: EventIndex): void {
    const other = this.graph.otherParentOf(event)
    const answered = this.graph.isSync(other) ? other : this.graph.syncParentOf(other)
    if (answered !== NONE) this.#answers.set(answered, event)
  }

  /** The graph has one more event. */
  noteEvent(): void {
    this.#answers.push(NONE)
  }

  selfHas(flags: PeerState): boolean {
    return this.peers.has(this.self, flags)
  }
}
