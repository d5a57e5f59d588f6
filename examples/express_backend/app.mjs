// A school's backend with Express: a sign-up makes a vault, students hand files in, and a follower grades what comes.
//
// `npm start` in this folder starts it. The backend's service account is in the environment, as `$STRONGROOM_LOCATION` and
// `$STRONGROOM_TOKEN`; students send their own token with each request, and this program keeps none of them. Any number of
// workers share the one database: each follows all changes, and of those who grade an item at once one is the first.

import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import express from 'express'
import { AlreadyExists, Conflict, Field, NotFound, StrongroomError, Unavailable, connect } from 'strongroom'

const APP = 'express-backend/1.0'
const STATUS = {
  invalid_argument: 400,
  unauthenticated: 401,
  permission_denied: 403,
  policy_violation: 403,
  not_found: 404,
  already_exists: 409,
  conflict: 409,
  rate_limited: 429,
  unavailable: 503,
  deadline_exceeded: 504
}

/** The web's face of the school, on one client for the whole worker. */
export function school(backend) {
  const app = express()
  app.disable('x-powered-by')

  // Makes a user, and a vault that this user may write in. A real school asks first who calls.
  app.post('/students', express.json(), async (request, response) => {
    const { email, name } = request.body ?? {}
    const kit = await backend.users.create(email, { name }).catch((error) => {
      if (!(error instanceof AlreadyExists)) throw error
    })
    // Also for a student whose sign-up ended halfway: the second time makes what the first did not.
    const vault = await backend.vaults.create(name, {
      description: 'Homework',
      externalId: email,
      access: { [email]: 'write' },
      idempotencyKey: `sign-up ${email}`
    })
    if (!kit) throw new AlreadyExists('they have signed up already; a manager of users can reissue their token')
    // What the student keeps: nobody can tell the token again.
    response.status(201).json({ vault: vault.id, token: kit.token })
  })

  // Takes a file of any size, as it comes: it is never in memory as a whole, nor on a disk in plain.
  app.put('/homework/:title/:name', student, async (request, response) => {
    const { student } = response.locals
    const vault = await ownVault(student)
    const item = await student.items.create(vault, { title: request.params.title, category: 'document' })
    const file = await student.files.attach(vault, item.id, request.params.name, request)
    response.status(201).json({ item: item.id, file: file.id, size: file.size })
  })

  // Tells a student what became of a file.
  app.get('/homework/:item', student, async (request, response) => {
    const { student } = response.locals
    const item = await student.items.get(await ownVault(student), request.params.item)
    response.json({ title: item.title, grade: item.field('grade')?.value ?? null })
  })

  // The library's refusals, as the web says them.
  app.use((error, request, response, next) => {
    if (!(error instanceof StrongroomError)) return next(error)
    response.status(STATUS[error.code] ?? 500).json({ code: error.code, detail: error.message })
  })
  return app
}

/** The student whose token came with the request, until it is answered. */
async function student(request, response, next) {
  const [, token] = /^Bearer (\S+)$/.exec(request.get('authorization') ?? '') ?? []
  if (!token) return response.status(401).json({ code: 'unauthenticated', detail: 'send your token as a bearer' })
  const client = await connect(undefined, token, { app: APP })
  response.once('close', () => client.close())
  response.locals.student = client
  next()
}

/** The one vault that a student sees. */
async function ownVault(student) {
  for await (const { id } of student.vaults.list()) return id
  throw new NotFound('you have no vault')
}

/** Grades what there is, then what comes, until the signal. The cursor is taken first, so that nothing falls between the two. */
export async function follow(backend, signal) {
  let after = await backend.changes.cursor()
  for await (const vault of backend.vaults.list()) {
    for await (const item of backend.items.list(vault.id)) await grade(backend, vault.id, item.id)
  }
  while (!signal.aborted) {
    try {
      for await (const change of backend.changes.watch({ after, kinds: ['file.attached'], signal })) {
        await grade(backend, change.vaultId, change.itemId)
        after = change.cursor
      }
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error
      console.warn(`the follower goes on in a second: ${error.message}`)
      await sleep(1000)
    }
  }
}

/** Reads the first file of an item and writes the grade, unless somebody else has. */
async function grade(backend, vault, item) {
  for (;;) {
    try {
      const found = await backend.items.get(vault, item)
      if (found.field('grade') || found.files.length === 0) return
      const essay = await backend.files.read(vault, item, found.files[0].id)
      const mark = 'ABC'[createHash('sha256').update(essay).digest()[0] % 3]
      const setFields = [new Field('grade', mark, { type: 'concealed' })]
      await backend.items.update(vault, item, { setFields, ifVersion: found.version })
      console.log(`graded ${item}`)
      return
    } catch (error) {
      if (error instanceof NotFound) return // It was deleted meanwhile, or its vault.
      if (!(error instanceof Conflict)) throw error // Another worker was first, or the student changed it: look again.
    }
  }
}

/** One worker: serves until it is told to end, then lets the requests that run come to their end. */
export async function serve({ host, port }) {
  const backend = await connect({ app: APP })
  const over = new AbortController()
  const follower = follow(backend, over.signal)
  const server = school(backend).listen(port, host)
  for (const signal of ['SIGTERM', 'SIGINT']) {
    process.once(signal, () => {
      over.abort()
      server.close()
      server.closeIdleConnections()
    })
  }
  server.once('close', async () => {
    await follower
    await backend.close()
    process.disconnect?.()
  })
}
