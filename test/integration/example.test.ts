import { expect, it } from 'vitest'
import { split } from '../../examples/the-split.ts'

it('with the default settings of the reference and nobody faulty, two peers decide differently', async () => {
  const lines: string[] = []
  expect(await split((line) => lines.push(line))).toEqual({ ann: true, cid: false })
  expect(lines.join('\n')).toMatch(/ann yes, ben no, cid no[^]*still differ: ann YES, cid NO/)
})
