import { expect, it } from 'vitest'
import { agree, split } from '../../examples/the-split.ts'

it('with the default settings of the reference and nobody faulty, two peers decide differently', async () => {
  const lines: string[] = []
  expect(await split((line) => lines.push(line))).toEqual({ ann: true, cid: false })
  expect(lines.join('\n')).toMatch(/ann yes, ben no, cid no[^]*still differ: ann YES, cid NO/)
})

it('with the policy safe, the same votes in the same orders decide once', async () => {
  const lines: string[] = []
  expect(await agree((line) => lines.push(line))).toEqual({ annHavingHeardTwo: null, ann: 'no', cid: 'no' })
  expect(lines.join('\n')).toMatch(/undecided[^]*ann no, cid no[^]*stranger/)
})
