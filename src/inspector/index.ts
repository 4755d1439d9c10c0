/**
 * @module inspector
 *
 * Entry point `witan/inspector`: what a peer decided and why, as pictures.
 */

export { type DotOptions, toDot } from './dot/to-dot.ts'
