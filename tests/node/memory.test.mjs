// What many calls leave behind: nothing, neither in JavaScript's heap nor in the process.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { folder } from './account.mjs'

const run = promisify(execFile)
const MIB = 1024 * 1024

test('10,000 calls leave the heap and resident memory where they were', async (t) => {
  const program = join(import.meta.dirname, 'memory.mjs')
  const { stdout } = await run(process.execPath, ['--expose-gc', program, join(folder(t), 'classroom.db')])
  const { heap, resident } = JSON.parse(stdout)
  // What JavaScript's engine and the allocators keep in reserve moves by so much in either direction; one object kept for each call
  // would be more than a MiB of heap. Reads are noted in the database, of which the store keeps up to 32 MiB in memory: 4 MiB by these.
  assert.ok(heap < MIB, `the heap grew by ${heap} bytes`)
  assert.ok(resident < 12 * MIB, `resident memory grew by ${resident} bytes`)
})
