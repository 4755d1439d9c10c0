/**
 * @module testing/sim/adversaries
 *
 * Who can be cast for a part against the rules, by the name that a scenario has for it.
 */

import type { AdversaryName } from '../scenario.ts'
import type { AdversaryMaker } from '../stage.ts'
import { criminal, flooder, latecomer } from './criminal.ts'
import { forker } from './forker.ts'

export const ADVERSARIES: Readonly<Record<AdversaryName, AdversaryMaker>> = { criminal, flooder, forker, latecomer }
