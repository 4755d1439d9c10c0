/**
 * @module core/parsec/election/decision
 *
 * The order of the decided payloads (parsec §5(e)).
 */

import type { Rules } from '../rules.ts'
import type { KeyIndex } from './keys.ts'

/** `contents`: of each voter decided true, the content of its first interesting event. */
export function orderOfDecided(contents: readonly (readonly KeyIndex[])[], rules: Rules): readonly KeyIndex[] {
  const places = new Map<KeyIndex, { key: KeyIndex; lowest: number; count: number }>()
  for (const content of contents) {
    for (const [position, key] of content.entries()) {
      const place = places.get(key)
      if (place === undefined) {
        places.set(key, { key, lowest: position, count: 1 })
      } else {
        place.lowest = Math.min(place.lowest, position)
        place.count += 1
      }
    }
  }
  return [...places.values()]
    .sort((a, b) => a.lowest - b.lowest || b.count - a.count || rules.compareKeys(a.key, b.key))
    .map(({ key }) => key)
}
