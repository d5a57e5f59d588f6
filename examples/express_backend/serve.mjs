// Starts the backend: `node examples/express_backend/serve.mjs --database school.db --workers 4`.
//
// The first time, it makes the account and its service account, and leaves their tokens beside the database, in files that
// only their owner may read. Keep the recovery code off line, and the owner's token elsewhere than a server that needs neither.

import cluster from 'node:cluster'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { connect, init } from 'strongroom'
import { serve } from './app.mjs'

/** Writes a file that is not there yet, for its owner alone. */
const keep = (path, secret) => writeFileSync(path, secret, { flag: 'wx', mode: 0o600 })

/** A new account, and the service account that the backend works as. */
async function begin(database, token) {
  const owner = `${database}.owner-token`
  const recovery = `${database}.recovery-code`
  const save = (kit) => {
    keep(owner, kit.token)
    keep(recovery, kit.recovery)
  }
  const kit = await init(database, { owner: 'head@example.edu', save })
  const head = await connect(database, kit.token)
  await head.serviceAccounts.create('backend', {
    canCreateVaults: true,
    canManageUsers: true,
    save: (made) => keep(token, made.token)
  })
  await head.close()
  console.error(`A new account. Move ${owner} and ${recovery} to where they are safe.`)
}

/** Starts the workers, and ends them when told to. */
function lead(workers) {
  for (let number = 0; number < workers; number += 1) cluster.fork()
  let ends = false
  for (const signal of ['SIGTERM', 'SIGINT']) {
    process.once(signal, () => {
      ends = true
      for (const worker of Object.values(cluster.workers)) worker.process.kill(signal)
    })
  }
  cluster.on('exit', (worker, code, signal) => {
    if (ends) return
    console.error(`worker ${worker.id} ended with ${signal ?? code}: another takes its place`)
    cluster.fork()
  })
}

const { values } = parseArgs({
  options: {
    database: { type: 'string', default: 'school.db' },
    host: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string', default: '3000' },
    workers: { type: 'string', default: '1' }
  }
})
const at = { host: values.host, port: Number(values.port) }
if (cluster.isWorker) {
  await serve(at)
} else {
  const database = resolve(values.database)
  const token = `${database}.backend-token`
  if (!existsSync(token)) await begin(database, token)
  process.env.STRONGROOM_LOCATION = database
  process.env.STRONGROOM_TOKEN = readFileSync(token, 'utf8')
  if (values.workers === '1') await serve(at)
  else lead(Number(values.workers))
}
