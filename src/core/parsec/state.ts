/**
 * @module core/parsec/state
 *
 * The state of one peer's engine: what its facts amount to. `evolve.ts` changes it.
 */

import { type Bytes, compareBytes, equalBytes } from '../../base/bytes.ts'
import { present } from '../../base/errors.ts'
import { decodeEvent } from '../../wire/canonical/event.ts'
import type { Observation, PeerId } from '../../wire/canonical/types.ts'
import { BlockQueue } from './block-queue.ts'
import { Admissions } from './checkpoint/admissions.ts'
import { Checkpoints } from './checkpoint/checkpoints.ts'
import { Election } from './election/election.ts'
import { Keys } from './election/keys.ts'
import { VoteLists } from './election/vote-lists.ts'
import { Voters } from './election/voters.ts'
import type { PeerStarted, SyncEventOwed } from './facts.ts'
import { type EventIndex, Graph, NONE, type PeerIndex } from './graph/graph.ts'
import type { Group } from './group.ts'
import { Answers } from './malice/answers.ts'
import { DueAccusations } from './malice/duty.ts'
import type { Scene } from './malice/scene.ts'
import { Watch } from './malice/watch.ts'
import { PeerList } from './membership/peer-list.ts'
import { DKG, FULL, type PeerState, RECV, SEND, VOTE } from './membership/peer-state.ts'
import type { Rules } from './rules.ts'

/** Our own peer is always the first that is added, or found by id among the genesis members. */
export class State<Payload> implements Rules, Scene<Payload> {
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
  /** Events that ended an election for us, as long as no event of ours descends from them. */
  #looseDecisions: EventIndex[] = []
  /** Sync events that we owe, in order of arrival. */
  owed: SyncEventOwed[] = []
  readonly answers = new Answers(this.graph)
  readonly genesisMembers: ReadonlySet<PeerIndex>
  readonly admissions = new Admissions(this)
  readonly #isWhole: boolean
  /**
   * Where we started from a checkpoint: we may take part once the order admits us. Others expect every voter to accuse the offences that were not
   * settled when it was admitted (parsec §9), so that our base must not be a later one.
   */
  mayBeAdmitted = false
  /** The whole graph is being taken by a peer that had started from a checkpoint (parsec §8): until it is, nothing is made, signed or sent. */
  isPassive: boolean
  /** `blocksBefore` of the start that we took over from. */
  formerlyBefore = 0
  /** Parts of the base that we start from, as far as they were read. */
  baseParts: Bytes[] = []
  /** Finds offences; null where the group does not detect malice. */
  readonly watch: Watch<Payload> | null

  constructor(group: Group<Payload>, started: PeerStarted) {
    this.group = group
    this.isPassive = started.origin === 'again'
    this.stronger = group.isStronger
    this.checkpoints = new Checkpoints(group, this.peers, this.keys)
    this.self = this.#populate(started)
    const members = group.members.map((id) => this.peers.find(id))
    this.genesisMembers = new Set(members)
    const voters = this.votersOf(members)
    this.election = new Election(this.graph, this.keys, this.votes, this, group.coin, voters)
    this.#isWhole = started.origin !== 'checkpoint'
    this.watch = group.detectsMalice ? new Watch(this) : null
  }

  /** So many blocks our host never had from us: those before the checkpoint that we started from, also where we have the whole graph by now. */
  get blocksBefore(): number {
    return Math.max(this.checkpoints.startedAt, this.formerlyBefore)
  }

  /** We make events, or will once we are admitted; otherwise we follow the order for good. */
  get mayTakePart(): boolean {
    return this.#isWhole || this.mayBeAdmitted
  }

  /** We may make events; otherwise we follow the order only. */
  get takesPart(): boolean {
    return !this.isPassive && (this.#isWhole || (this.mayBeAdmitted && this.peers.wasVoter(this.self)))
  }

  /** parsec §8: the first list of peers. Gives our own index. */
  #populate(started: PeerStarted): PeerIndex {
    const isGenesis = started.origin === 'genesis'
    const isMember = this.group.members.some((id) => equalBytes(id, started.self))
    // Only who takes the whole graph again may be a member from the beginning here.
    if (!isGenesis) this.addPeer(started.self, isMember && this.isPassive ? FULL : RECV)
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
    return this.selfHas(DKG) && this.graph.placesOf(this.self) === 0
  }

  /** Our event that answers this one, or NONE. */
  answerTo(event: EventIndex): EventIndex {
    return this.answers.to(event)
  }

  /** What a vote event votes for. */
  observationAt(event: EventIndex): Observation<Payload> {
    const { vote } = decodeEvent(this.graph.bytesOf(event), this.group.format)
    return present(vote, 'an Observation event holds a vote').observation
  }

  /** parsec §9: what we accuse before a sync event with this other parent, or NONE; null: nothing, the group does not detect. */
  accusationsDue(otherParent: EventIndex): DueAccusations<Payload> | null {
    const { watch } = this
    return watch === null ? null : new DueAccusations(watch, this, this.self, this.election.voters, otherParent)
  }

  noteDecision(at: EventIndex): void {
    this.#looseDecisions.push(at)
  }

  /** Events that ended an election for us, and are no ancestors of our last event. */
  looseDecisions(): readonly EventIndex[] {
    const last = this.graph.lastEventOf(this.self)
    if (last !== NONE) this.#looseDecisions = this.#looseDecisions.filter((at) => !this.graph.isAncestor(last, at))
    return this.#looseDecisions
  }

  selfHas(flags: PeerState): boolean {
    if (!this.takesPart && flags !== RECV) return false
    return this.peers.has(this.self, flags)
  }
}
