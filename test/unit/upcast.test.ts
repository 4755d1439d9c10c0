import { describe, expect, it } from 'vitest'
import { createUpcast, memoryLog, NO_STREAM, upcasted } from '../../src/log/index.ts'
import { collect, fact, failureOf } from '../contract/event-log-support.ts'

const upcast = createUpcast({
  // 1: { amount } in whole units; 2: { cents }; 3: { cents, currency }
  Paid: [({ amount }) => ({ cents: Number(amount) * 100 }), (data) => ({ ...data, currency: 'EUR' })],
})

function paid(schemaVersion: number, data: Record<string, string | number>) {
  return { type: 'Paid', data, metadata: { schemaVersion, $correlationId: 'a', $causationId: 'b' } }
}

describe('upcasting', () => {
  it('brings facts of every version to the newest, and leaves place, id and the rest', async () => {
    const log = memoryLog()
    const current = { cents: 300, currency: 'USD' }
    await log.append('s', [paid(1, { amount: 1 }), paid(2, { cents: 200 }), paid(3, current), fact(4)], NO_STREAM)
    const raw = await collect(log.read('s'))
    const fresh = await collect(upcasted(log.read('s'), upcast))
    expect(fresh.map(({ data }) => data)).toEqual([
      { cents: 100, currency: 'EUR' },
      { cents: 200, currency: 'EUR' },
      current,
      fact(4).data,
    ])
    expect(fresh.map(({ metadata }) => metadata.schemaVersion)).toEqual([3, 3, 3, 1])
    for (const [i, one] of fresh.entries()) {
      const { data: _, metadata, ...place } = one
      expect(raw[i]).toMatchObject(place)
      expect({ ...metadata, schemaVersion: 0 }).toEqual({ ...raw[i]?.metadata, schemaVersion: 0 })
    }
    expect(raw[0]?.data).toEqual({ amount: 1 })
  })

  it('refuses facts of a version that it does not know', async () => {
    for (const schemaVersion of [4, 0, -1, 1.5]) {
      const log = memoryLog()
      await log.append('s', [paid(schemaVersion, {})], NO_STREAM)
      const reading = () => collect(upcasted(log.read('s'), upcast))
      expect(await failureOf(reading)).toEqual({
        code: 'UnknownSchemaVersion',
        type: 'Paid',
        schemaVersion,
        newestKnown: 3,
      })
    }
  })
})
