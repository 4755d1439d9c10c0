/** All paths of the machines of a peer and of its members, held against what core's facts say. */
import { describe, expect, it } from 'vitest'
import { createActor } from 'xstate'
import { type MemberSignal, memberMachine } from '../../machines/member.machine.ts'
import { type PeerSignal, peerMachine } from '../../machines/peer.machine.ts'
import type { PeerPhase } from '../../src/engine/peer/notices.ts'

const SIGNALS: readonly PeerSignal[] = [
  { type: 'log.recovered', standing: 'joining' },
  { type: 'log.recovered', standing: 'following' },
  { type: 'log.recovered', standing: 'voter' },
  { type: 'log.recovered', standing: 'leaving' },
  { type: 'log.recovered', standing: 'removed' },
  { type: 'voter.added' },
  { type: 'leave.requested' },
  { type: 'voter.removed' },
  { type: 'log.fenced' },
  { type: 'peer.failed' },
  { type: 'stop.requested' },
]

/** What a peer is, by the facts alone. */
function phaseAfter(phase: PeerPhase, signal: PeerSignal): PeerPhase {
  if (phase === 'fenced' || phase === 'stopped') return phase
  const isLive = phase === 'joining' || phase === 'member' || phase === 'leaving'
  switch (signal.type) {
    case 'log.fenced':
      return 'fenced'
    case 'peer.failed':
    case 'stop.requested':
      return 'stopped'
    case 'log.recovered':
      return phase === 'recovering' ? (signal.standing === 'voter' ? 'member' : signal.standing) : phase
    case 'voter.added':
      return phase === 'joining' ? 'member' : phase
    case 'leave.requested':
      return phase === 'member' ? 'leaving' : phase
    case 'voter.removed':
      return isLive ? 'removed' : phase
  }
}

function* pathsOf<T>(signals: readonly T[], length: number): Generator<readonly T[]> {
  if (length === 0) yield []
  else for (const path of pathsOf(signals, length - 1)) for (const signal of signals) yield [...path, signal]
}

const mayGossip = (phase: PeerPhase): boolean =>
  phase === 'following' || phase === 'joining' || phase === 'member' || phase === 'leaving'

describe('the machine of a peer', () => {
  it('is on every path of four signals what the facts say, and gossips exactly while it may', () => {
    const reached = new Set<PeerPhase>()
    const wrong: string[] = []
    for (const path of pathsOf(SIGNALS, 4)) {
      let isGossiping = false
      let fencesAnnounced = 0
      const machine = peerMachine.provide({
        actions: {
          startGossip: () => {
            isGossiping = true
          },
          stopGossip: () => {
            isGossiping = false
          },
          announceFence: () => {
            fencesAnnounced += 1
          },
        },
      })
      const actor = createActor(machine).start()
      let phase: PeerPhase = 'recovering'
      for (const signal of path) {
        actor.send(signal)
        phase = phaseAfter(phase, signal)
        reached.add(phase)
        const { value } = actor.getSnapshot()
        if (value !== phase || isGossiping !== mayGossip(phase))
          wrong.push(JSON.stringify({ path, value, isGossiping }))
      }
      if (fencesAnnounced !== (phase === 'fenced' ? 1 : 0)) wrong.push(JSON.stringify({ path, fencesAnnounced }))
      actor.stop()
    }
    expect(wrong).toEqual([])
    expect([...reached].sort()).toEqual([
      'fenced',
      'following',
      'joining',
      'leaving',
      'member',
      'recovering',
      'removed',
      'stopped',
    ])
  })
})

const MEMBER_SIGNALS: readonly MemberSignal[] = [
  { type: 'message.received' },
  { type: 'answer.missing' },
  { type: 'peer.removed' },
]

describe('the machine of another peer', () => {
  it('is on every path of six signals silent exactly if its last sign was a missing answer, and removed for good', () => {
    for (const path of pathsOf(MEMBER_SIGNALS, 6)) {
      const published: string[] = []
      const machine = memberMachine.provide({ actions: { publishReachability: () => void published.push('changed') } })
      const actor = createActor(machine, { input: { peer: 'bob' } }).start()
      let expected = 'reachable'
      let changes = 0
      for (const { type } of path) {
        const before = expected
        if (expected !== 'removed') {
          expected = type === 'peer.removed' ? 'removed' : type === 'answer.missing' ? 'silent' : 'reachable'
        }
        if (expected !== before) changes += 1
        // Nobody signals an actor that is over.
        if (actor.getSnapshot().status === 'active') actor.send({ type })
      }
      expect(actor.getSnapshot().value).toBe(expected)
      expect(published).toHaveLength(changes)
      actor.stop()
    }
  })
})
