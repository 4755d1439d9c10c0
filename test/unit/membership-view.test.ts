import { afterEach, describe, expect, it, vi } from 'vitest'
import { NoticeQueue } from '../../src/engine/notices.ts'
import { MembershipView } from '../../src/engine/peer/membership.ts'

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('the view of the other peers', () => {
  afterEach(() => {
    vi.restoreAllMocks()
  })

  it('signals nobody who is removed or after its end, and then changes no more', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
    const view = new MembershipView('alice', new NoticeQueue())
    const seen: string[] = []
    let isComplete = false
    view.membership$.subscribe({
      next: (membership) => void seen.push(JSON.stringify(membership)),
      complete: () => {
        isComplete = true
      },
    })
    view.setVoters(['alice', 'bob', 'carol'])
    view.signal('bob', { type: 'answer.missing' })
    await settled()
    view.setVoters(['alice', 'carol'])
    await settled()
    view.signal('bob', { type: 'answer.missing' })
    view.signal('bob', { type: 'peer.removed' })
    view.setVoters(['alice', 'bob', 'carol'])
    view.setVoters(['alice', 'carol'])
    await settled()
    expect(view.current).toEqual({ voters: ['alice', 'carol'], silent: [], removed: ['bob', 'bob'], changes: [] })
    const before = view.current
    const count = seen.length
    view.signal('carol', { type: 'answer.missing' })
    view.close()
    view.setVoters(['alice'])
    view.setChanges([])
    view.signal('carol', { type: 'peer.removed' })
    await settled()
    expect(view.current).toBe(before)
    expect([isComplete, seen.length]).toEqual([true, count])
    expect(warn).not.toHaveBeenCalled()
  })
})
