// The shared behaviour cases of tests/cases, each a test of its own on every backend of this process.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { BACKENDS, load, runsOn } from './cases/case.mjs'
import { World } from './cases/world.mjs'

for (const suite of load()) {
  describe(suite.name, { concurrency: 4 }, () => {
    for (const trial of suite.cases) {
      for (const backend of BACKENDS.filter((backend) => runsOn(trial, backend))) {
        test(`${trial.name} (${backend})`, async () => {
          const directory = mkdtempSync(join(tmpdir(), 'strongroom-'))
          try {
            await new World(backend, directory).run(suite, trial)
          } catch (error) {
            if (trial.fails_yet === undefined) throw error
            return
          } finally {
            rmSync(directory, { recursive: true, force: true })
          }
          assert.equal(trial.fails_yet, undefined, `it holds now, and says that it does not: ${trial.fails_yet}`)
        })
      }
    }
  })
}
