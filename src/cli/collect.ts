/**
 * @module cli/collect
 *
 * For options that stand once for each value.
 */

export function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value]
}
