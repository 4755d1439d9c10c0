/**
 * @module testing/sim/main
 *
 * `npm run sim`: the command alone.
 */

import { simCommand } from './command.ts'

await simCommand().parseAsync()
