/** ballots §8.1: settings of a scope, which change between proposals and never within one. */
import { describe, expect, it } from 'vitest'
import {
  changedSettings,
  checkRosterOfScope,
  defaultSafeSettings,
  settingsFromJson,
  settingsToJson,
} from '../../../src/core/ballot/safe/settings.ts'
import type { JsonObject } from '../../../src/ports/event-log.ts'
import { codeOf, propose, proposeOrdered, quickSigners } from '../../support/safe-ballots.ts'

const signers = quickSigners(4)
const keys = signers.map(({ identity }) => identity)
const none = defaultSafeSettings('quorum')

const refused = (change: Parameters<typeof changedSettings>[1]): string | undefined =>
  codeOf(() => changedSettings(none, change))

describe('settings', () => {
  it('begin without a roster, with two thirds, an hour, and silence as no', () => {
    expect(none).toEqual({
      finality: 'quorum',
      roster: null,
      earlierRosters: [],
      threshold: 2 / 3,
      livenessCriteriaYes: false,
      expiresInSec: 3_600,
      proposers: [],
    })
    expect(defaultSafeSettings('ordered').finality).toBe('ordered')
  })

  it('keep what is not changed, sort rosters, and remember earlier ones once', () => {
    const first = changedSettings(none, { roster: keys.slice(0, 3).reverse(), threshold: 0.8 })
    expect(first).toMatchObject({ roster: keys.slice(0, 3), earlierRosters: [], threshold: 0.8, expiresInSec: 3_600 })
    const same = changedSettings(first, { roster: keys.slice(0, 3), expiresInSec: 60 })
    expect(same).toMatchObject({ earlierRosters: [], threshold: 0.8, expiresInSec: 60 })
    const second = changedSettings(same, { roster: keys })
    expect(second).toMatchObject({ roster: keys, earlierRosters: [keys.slice(0, 3)] })
    const third = changedSettings(second, { roster: null, livenessCriteriaYes: true })
    expect(third).toMatchObject({ roster: null, earlierRosters: [keys.slice(0, 3), keys], livenessCriteriaYes: true })
    expect(changedSettings(third, { proposers: keys.slice(0, 1) }).earlierRosters).toHaveLength(2)
  })

  it('refuse what no proposal could have', () => {
    expect(refused({ threshold: 1.1 })).toBe('InvalidConsensusThreshold')
    expect(refused({ threshold: -0.1 })).toBe('InvalidConsensusThreshold')
    expect(refused({ threshold: Number.NaN })).toBe('InvalidConsensusThreshold')
    expect(refused({ expiresInSec: 0 })).toBe('InvalidTimeout')
    expect(refused({ expiresInSec: 1.5 })).toBe('InvalidTimeout')
    expect(refused({ roster: [] })).toBe('InvalidRoster')
    expect(refused({ roster: [keys[0] as Uint8Array, keys[0] as Uint8Array] })).toBe('InvalidRoster')
    expect([refused({ threshold: 0 }), refused({ threshold: 1 }), refused({ expiresInSec: 1 })]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  })

  it('are the same again from the log', () => {
    const settings = changedSettings(changedSettings(none, { roster: keys.slice(0, 2), proposers: keys.slice(3) }), {
      roster: keys,
      livenessCriteriaYes: true,
    })
    const json = JSON.parse(JSON.stringify(settingsToJson(settings))) as JsonObject
    expect(settingsFromJson(json)).toEqual(settings)
    expect(settingsFromJson(JSON.parse(JSON.stringify(settingsToJson(none))) as JsonObject)).toEqual(none)
    for (const name of ['finality', 'threshold', 'expiresInSec', 'proposers', 'roster'])
      expect(() => settingsFromJson({ ...json, [name]: {} })).toThrow(/log holds/)
  })
})

describe("another's proposal", () => {
  it('needs a roster that the scope was told of, now or earlier, or the group itself', () => {
    const check = (settings: typeof none, size: number): string | undefined =>
      codeOf(() => checkRosterOfScope(propose(signers.slice(0, size)), settings))
    const three = changedSettings(none, { roster: keys.slice(0, 3) })
    const four = changedSettings(three, { roster: keys })
    expect(check(none, 3)).toBe('InvalidRoster')
    expect([check(three, 3), check(three, 4), check(three, 2)]).toEqual([undefined, 'InvalidRoster', 'InvalidRoster'])
    expect([check(four, 3), check(four, 4), check(four, 1)]).toEqual([undefined, undefined, 'InvalidRoster'])
    expect(check(changedSettings(four, { roster: null }), 4)).toBeUndefined()
    const ofGroup = proposeOrdered(signers, { roster: { type: 'VotersAtOpening' } })
    expect(codeOf(() => checkRosterOfScope(ofGroup, none))).toBeUndefined()
  })
})
