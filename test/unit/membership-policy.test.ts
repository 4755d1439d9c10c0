/** The hook that says which changes of the voters a peer votes for: it can agree and refuse, and nothing else. */
import { describe, expect, it } from 'vitest'
import { fromHex } from '../../src/base/text.ts'
import type { OpenChange } from '../../src/core/parsec/index.ts'
import { type MembershipPolicy, PolicyRunner, type ProposedChange } from '../../src/engine/peer/membership-policy.ts'
import { SILENT } from '../../src/ports/logger.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'

const NOTHING = new Uint8Array(0)
const PEER = 'ab'.repeat(32)
const OTHER = 'cd'.repeat(32)

class Stage {
  readonly clock = new VirtualClock(0)
  readonly asked: ProposedChange[] = []
  readonly voted: string[] = []
  open: OpenChange[] = []
  canVote = true
  readonly runner: PolicyRunner

  constructor(agrees?: MembershipPolicy['agrees'], silenceMs?: number) {
    const policy: MembershipPolicy | undefined =
      agrees === undefined
        ? undefined
        : {
            agrees: (change) => {
              this.asked.push(change)
              return agrees(change)
            },
            ...(silenceMs === undefined ? {} : { silenceMs }),
          }
    this.runner = new PolicyRunner(policy, {
      openChanges: () => this.open,
      canVote: () => this.canVote,
      isVoter: (peer) => peer === PEER,
      vote: async (type, peer) => {
        this.voted.push(`${type} ${peer}`)
      },
      clock: this.clock,
      logger: SILENT,
    })
  }

  votedFor(type: OpenChange['type'], change: Partial<OpenChange> = {}): this {
    const supporters = [fromHex(OTHER)]
    this.open = [{ type, peerId: fromHex(PEER), relatedInfo: NOTHING, supporters, needed: 3, isOurs: false, ...change }]
    return this
  }
}

describe('a membership policy', () => {
  it('is asked what the application wants, and may refuse it', () => {
    for (const answer of [true, false]) {
      const stage = new Stage(() => answer)
      expect(stage.runner.permits('Add', PEER, NOTHING)).toBe(answer)
      expect(stage.asked).toEqual([{ type: 'add', peer: PEER, relatedInfo: NOTHING, origin: 'self', supporters: [] }])
    }
  })

  it('makes this peer vote for what others voted for and it agrees to, once', () => {
    const stage = new Stage(({ type }) => type === 'remove').votedFor('Remove')
    stage.runner.consider()
    expect(stage.voted).toEqual([`Remove ${PEER}`])
    expect(stage.asked[0]).toMatchObject({ origin: 'voters', supporters: [OTHER] })
    stage.votedFor('Remove', { isOurs: true }).runner.consider()
    stage.votedFor('Add').runner.consider()
    expect(stage.voted).toHaveLength(1)
  })

  it('starts nothing: without a vote of a voter, and while we are none, nobody asks it', () => {
    const stage = new Stage(() => true).votedFor('Add', { supporters: [] })
    stage.runner.consider()
    stage.canVote = false
    stage.votedFor('Add').runner.consider()
    expect(stage.asked).toEqual([])
    expect(stage.voted).toEqual([])
  })

  it('refuses by throwing', () => {
    const stage = new Stage(() => {
      throw new Error('no')
    }).votedFor('Add')
    stage.runner.consider()
    expect(stage.voted).toEqual([])
    expect(stage.runner.permits('Add', PEER, NOTHING)).toBe(false)
  })

  it('without one this peer votes for what its application wants, and for nothing else', () => {
    const stage = new Stage().votedFor('Add')
    stage.runner.consider()
    stage.runner.silent(PEER)
    stage.clock.advanceBy(1e9)
    expect(stage.voted).toEqual([])
    expect(stage.runner.permits('Remove', PEER, NOTHING)).toBe(true)
  })

  it('is asked about a voter that was silent for the stated length, and not about one that spoke', () => {
    const stage = new Stage(({ origin }) => origin === 'silence', 1000)
    stage.runner.silent(PEER)
    stage.clock.advanceBy(999)
    stage.runner.heard(PEER)
    stage.clock.advanceBy(5000)
    expect(stage.asked).toEqual([])
    stage.runner.silent(PEER)
    stage.runner.silent(PEER)
    stage.clock.advanceBy(1000)
    expect(stage.asked).toMatchObject([{ type: 'remove', peer: PEER, origin: 'silence' }])
    expect(stage.voted).toEqual([`Remove ${PEER}`])
    stage.runner.silent(OTHER)
    stage.clock.advanceBy(1000)
    expect(stage.asked).toHaveLength(1)
  })

  it('is asked no more once the peer is closed', () => {
    const stage = new Stage(() => true, 1000)
    stage.runner.silent(PEER)
    stage.runner.close()
    stage.clock.advanceBy(5000)
    expect(stage.asked).toEqual([])
  })
})
