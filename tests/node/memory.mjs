// Calls of all sorts on a file, for memory.test.mjs: prints by how many bytes the heap and resident memory grew over 10,000 of them.

import { Field, InvalidArgument, NotFound, connect, init } from 'strongroom'

const location = process.argv[2]
const kit = await init(location, { owner: 'teacher@example.edu' })
const teacher = await connect(location, kit.token)
const vault = await teacher.vaults.create('Alice')
const item = await teacher.items.create(vault.id, {
  title: 'Homework',
  fields: [new Field('password', 'hunter2', { type: 'concealed' })],
  files: [['essay.pdf', Buffer.alloc(64 * 1024)]]
})

/** Ten calls, two of them refused. */
async function calls() {
  await teacher.vaults.list()
  await teacher.vaults.get(vault.id)
  for await (const _ of teacher.items.list(vault.id));
  await teacher.items.get(vault.id, item.id)
  await teacher.files.read(vault.id, item.id, item.files[0].id)
  await teacher.secrets.resolve(`op://${vault.id}/${item.id}/password`)
  await teacher.changes.list({ vaults: [vault.id] })
  await teacher.access.list(vault.id)
  await teacher.vaults.get('nonsense').catch(expected(InvalidArgument))
  await teacher.users.get('nobody@example.edu').catch(expected(NotFound))
}

function expected(kind) {
  return (error) => {
    if (!(error instanceof kind)) throw error
  }
}

async function settled() {
  for (let round = 0; round < 3; round += 1) {
    globalThis.gc()
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  return { heap: process.memoryUsage().heapUsed, resident: process.memoryUsage.rss() }
}

// Until caches and pools are as large as they get.
for (let round = 0; round < 300; round += 1) await calls()
const before = await settled()
for (let round = 0; round < 1_000; round += 1) await calls()
const after = await settled()
await teacher.close()
console.log(JSON.stringify({ heap: after.heap - before.heap, resident: after.resident - before.resident }))
