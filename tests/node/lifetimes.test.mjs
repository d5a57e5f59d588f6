// Processes and threads: how they end, what they leave, and what they keep.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { Worker } from 'node:worker_threads'
import { connect, init } from 'strongroom'
import { account, folder, item } from './account.mjs'

const run = promisify(execFile)
const script = (text) => [
  '--input-type=module',
  '--eval',
  `import { connect, init } from ${JSON.stringify(import.meta.resolve('strongroom'))}; ${text}`
]

/** Runs a program, which must end by itself. */
async function ends(text, ...flags) {
  const begin = performance.now()
  const { stdout, stderr } = await run(process.execPath, [...flags, ...script(text)], { timeout: 30_000 })
  assert.equal(stderr, '')
  return { out: stdout.trim(), took: performance.now() - begin }
}

test('a process ends by itself, closed or not, and in the middle of a call', async () => {
  const begin = "const kit = await init('memory:', { owner: 'teacher@example.edu' }); const me = await connect(kit.location, kit.token);"
  const ways = [
    '',
    begin,
    `${begin} await me.close()`,
    `${begin} await me.vaults.create('Alice'); await me.close()`,
    `${begin} const feed = me.changes.watch(); const next = feed.next(); feed.close(); await next`,
    `${begin} me.audit.verify(); process.exit(0)`,
    `${begin} const feed = me.changes.watch(); feed.next(); setTimeout(() => process.exit(0), 10)`
  ]
  for (const way of ways) await ends(`${way}; console.log('done')`).then(({ out }) => assert(way.includes('exit') || out === 'done'))
})

test('a database is shared by processes', async (t) => {
  const location = join(folder(t), 'class.db')
  const { kit, client } = await account(t, location)
  const feed = client.changes.watch({ kinds: ['vault.created'] })
  const next = feed.next()
  await ends(`const me = await connect(${JSON.stringify(location)}, ${JSON.stringify(kit.token)}); await me.vaults.create('Bob'); await me.close()`)
  const { value } = await next
  feed.close()
  assert.equal((await client.vaults.get(value.vaultId)).name, 'Bob')
})

test('worker threads work on the same account, and may end at any time', async (t) => {
  const { kit, client } = await account(t, join(folder(t), 'class.db'))
  const { vaultId } = await item(client)
  const text = `
    const { parentPort, workerData } = require('node:worker_threads')
    const { connect } = require(${JSON.stringify(join(import.meta.dirname, '../../bindings-node/index.js'))})
    async function work() {
      const me = await connect(workerData.location, workerData.token)
      const made = await me.items.create(workerData.vault, { title: 'Homework of ' + workerData.number })
      if (workerData.ends) { me.audit.verify(); me.changes.watch().next(); parentPort.postMessage(made.id); return }
      await me.close()
      parentPort.postMessage(made.id)
    }
    work()`
  const start = (number, ends) =>
    new Promise((resolve, reject) => {
      const workerData = { location: kit.location, token: kit.token, vault: vaultId, number, ends }
      const worker = new Worker(text, { eval: true, workerData })
      let answer
      worker.once('message', async (id) => {
        answer = id
        if (ends) await worker.terminate()
      })
      worker.once('error', reject)
      worker.once('exit', () => resolve(answer))
    })
  const made = await Promise.all([start(1), start(2), start(3, true), start(4, true)])
  const titles = []
  for await (const summary of client.items.list(vaultId)) titles.push(summary.id)
  for (const id of made) assert(titles.includes(id))
})

test('10,000 calls leave heap and resident memory where they were', async () => {
  const { out } = await ends(
    `const kit = await init('memory:', { owner: 'teacher@example.edu' })
     const me = await connect(kit.location, kit.token)
     const vault = await me.vaults.create('Alice')
     const item = await me.items.create(vault.id, { title: 'Homework', fields: [{ label: 'pin', value: '1234', type: 'concealed' }] })
     const { signal } = new AbortController()
     const calls = async (count) => {
       for (let at = 0; at < count; at += 10) {
         await Promise.all(Array.from({ length: 9 }, () => me.items.get(vault.id, item.id, { signal })))
         await me.items.get(vault.id, 'itm_' + 'a'.repeat(52)).catch(() => {})
       }
     }
     const settled = async () => {
       for (let round = 0; round < 4; round += 1) { gc(); await new Promise((resolve) => setTimeout(resolve, 50)) }
       return process.memoryUsage()
     }
     await calls(5000)
     const before = await settled()
     await calls(10000)
     const after = await settled()
     console.log(JSON.stringify({ heap: after.heapUsed - before.heapUsed, rss: after.rss - before.rss, external: after.external - before.external }))
     await me.close()`,
    '--expose-gc'
  )
  const { heap, rss, external } = JSON.parse(out)
  assert(heap < 1 << 20, `the heap grew by ${heap} bytes`)
  assert(external < 1 << 20, `external memory grew by ${external} bytes`)
  assert(rss < 24 << 20, `resident memory grew by ${rss} bytes`)
})

test('loading starts no thread', async () => {
  const count = "import { readdirSync } from 'node:fs'; console.log(readdirSync('/proc/self/task').length)"
  if (process.platform !== 'linux') return
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', count])
  const { out } = await ends(count.replace("import { readdirSync } from 'node:fs'", "const { readdirSync } = await import('node:fs')"))
  assert.equal(Number(out), Number(stdout))
})

test('the command line is the same as everywhere', async (t) => {
  const program = join(import.meta.dirname, '../../bindings-node/bin/strongroom.js')
  const location = join(folder(t), 'class.db')
  const owner = join(folder(t), 'owner.token')
  await run(process.execPath, [program, '--location', location, 'init', '--owner', 'teacher@example.edu', '--token-file', owner])
  const who = await run(process.execPath, [program, '--location', location, '--token-file', owner, '--json', 'whoami'])
  assert.equal(JSON.parse(who.stdout).email, 'teacher@example.edu')
  await assert.rejects(run(process.execPath, [program, 'eat']), ({ code }) => code === 2)
  await assert.rejects(init(location, { owner: 'teacher@example.edu' }), { code: 'already_exists' })
  await assert.rejects(connect(location, 'strongroom_usr_nobody'))
})
