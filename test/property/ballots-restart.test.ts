import fc from 'fast-check'
import { expect, it } from 'vitest'
import { WitanError } from '../../src/base/errors.ts'
import type { ConsensusService } from '../../src/engine/ballots/consensus-service.ts'
import { LogError } from '../../src/ports/event-log.ts'
import { anyCommand, type Command, execute, runs, SCOPES } from '../support/ballot-commands.ts'
import { dump, factsOf, settle, type World, world } from '../support/ballots.ts'

/** These refusals say that the state has changed. */
const CHANGING = new Set(['MaxRoundsExceeded', 'InsufficientVotesAtTimeout'])

/** The code of the refusal; every one is an error of ours with a code. */
async function refusalOf(run: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await run()
    return undefined
  } catch (error) {
    if (!(error instanceof WitanError) || error instanceof LogError || error.code === 'AssertionFailed') throw error
    return error.code
  }
}

async function carryOut(here: World, service: ConsensusService, command: Command): Promise<void> {
  if (command.do === 'wait') return here.clock.advance(command.sec * 1_000)
  const before = await factsOf(here.log)
  const shown = dump(service, SCOPES)
  const nowSec = BigInt(here.clock.nowMs() / 1_000)
  const code = await refusalOf(async () => execute(service, nowSec, command))
  if (code === undefined || CHANGING.has(code)) return
  expect(await factsOf(here.log), `${code} appended`).toHaveLength(before.length)
  expect(dump(service, SCOPES), `${code} changed what is shown`).toBe(shown)
}

const RUNS = 250

it('a restart at any point changes nothing; refused commands neither', async () => {
  const history = fc.array(anyCommand, { minLength: 1, maxLength: 40 })
  await fc.assert(
    fc.asyncProperty(
      history,
      fc.nat(39),
      fc.constantFrom(0, 1, 3, 10),
      async (commands, point, maxSessionsPerScope) => {
        const here = world({ maxSessionsPerScope })
        const twin = world({ maxSessionsPerScope })
        let service = here.service
        for (const [place, each] of commands.entries()) {
          await carryOut(here, service, each)
          await carryOut(twin, twin.service, each)
          if (place !== point) continue
          const shown = dump(service, SCOPES)
          await service.close()
          service = here.start()
          await service.recover()
          expect(dump(service, SCOPES)).toBe(shown)
        }
        // The twin was never restarted.
        const shown = dump(service, SCOPES)
        expect(shown).toBe(dump(twin.service, SCOPES))
        await service.close()
        const reborn = here.start()
        await reborn.recover()
        expect(dump(reborn, SCOPES)).toBe(shown)
      },
    ),
    runs(RUNS),
  )
})

it('commands that are not waited for give what a restart gives', async () => {
  const bursts = fc.array(fc.array(anyCommand, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 6 })
  await fc.assert(
    fc.asyncProperty(bursts, fc.constantFrom(0, 1, 3, 10), async (all, maxSessionsPerScope) => {
      const here = world({ maxSessionsPerScope })
      for (const burst of all) {
        const nowSec = BigInt(here.clock.nowMs() / 1_000)
        const given = burst.map((each) =>
          each.do === 'wait'
            ? here.clock.advance(each.sec * 1_000)
            : refusalOf(async () => execute(here.service, nowSec, each)),
        )
        await Promise.all(given)
        await settle()
        const reborn = here.start()
        await reborn.recover()
        expect(dump(here.service, SCOPES)).toBe(dump(reborn, SCOPES))
        await reborn.close()
      }
    }),
    runs(RUNS),
  )
})
