import { expect, it } from 'vitest'
import { demonstrate } from '../../examples/membership-policies.ts'

it('a majority of operators lets a peer in, and silence removes one', async () => {
  const lines: string[] = []
  expect(await demonstrate((line) => lines.push(line), 500)).toHaveLength(4)
  expect(lines.join('\n')).toMatch(/refuses to add[^]*two of three operators signed[^]*removed by those who noticed/)
})
