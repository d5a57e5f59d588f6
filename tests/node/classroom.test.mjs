// examples/classroom.mjs with a small class, as it is and in a classroom that is there.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { folder } from './account.mjs'

const run = promisify(execFile)
const CLASSROOM = join(import.meta.dirname, '../../examples/classroom.mjs')

test('the class runs', async (t) => {
  const { stdout } = await run(process.execPath, [CLASSROOM, '--students', '3', '--location', join(folder(t), 'classroom.db')])
  assert.match(stdout, /3 essays were handed in/)
  assert.match(stdout, /classmate's vault: 75 calls, all `NotFound`/)
  assert.match(stdout, /The log is verified: \d+ events/)
})
