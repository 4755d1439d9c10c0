import { defineConfig } from 'vitest/config'

/** Live peers of the two Rust references beside ours; needs cargo, and says so where it is missing. */
export default defineConfig({
  test: {
    include: ['test/interop/**/*.test.ts'],
    testTimeout: 300_000,
    hookTimeout: 900_000,
    pool: 'forks',
    fileParallelism: false,
  },
})
