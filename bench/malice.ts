/**
 * @module bench/malice
 *
 * What finding malice costs. The path is a transcript or a folder.
 */

import { detectionCost } from './parsec/detection.ts'
import type { Suite } from './support/report.ts'

export const suite: Suite = async (options) => [await detectionCost(options)]
