// README's quickstart for Node: what it says is what runs, and TypeScript has nothing against it.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'

const run = promisify(execFile)
const here = import.meta.dirname
const root = join(here, '../..')

test("README's quickstart compiles under --strict, and runs", async (t) => {
  const [, program] = /```ts\n([\s\S]*?)```/.exec(readFileSync(join(root, 'README.md'), 'utf8'))
  // Here, for `strongroom` and Node's types to be found.
  const folder = mkdtempSync(join(here, '.readme-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'service.mts'), program)
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ extends: '../types/tsconfig.json', compilerOptions: { noEmit: false }, include: ['*.mts'] }))
  await run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '--project', folder]).catch(({ stdout }) => assert.fail(stdout))
  const { stdout, stderr } = await run(process.execPath, [join(folder, 'service.mjs')])
  assert.equal(stderr, '')
  assert.match(stdout, /^A\nAuditProof \{/)
})
