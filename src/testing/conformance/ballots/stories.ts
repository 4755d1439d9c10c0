/**
 * @module testing/conformance/ballots/stories
 *
 * `rounds.json` and `sessions.json`: whole services over time (ballots §3 to §7).
 */

import { Comparison, type Runner } from '../verdict.ts'
import type { Story } from './story.ts'
import { StoryRun } from './story-run.ts'

export const storiesRunner: Runner = {
  kind: 'ballot stories',
  recognizes: (json) => Array.isArray(json['stories']),
  async run(json) {
    const comparison = new Comparison()
    for (const story of json['stories'] as readonly Story[]) await new StoryRun(story, comparison).run()
    return comparison.verdict()
  },
}
