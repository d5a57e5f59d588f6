// A server process of a test's own.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, openSync, closeSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const built = fileURLToPath(new URL('../../../target/debug/strongroom', import.meta.url))
const ours = fileURLToPath(new URL('../../../bindings-node/bin/strongroom.js', import.meta.url))

/** The program that cargo built, which starts faster, else the package's own; `make test-node` builds both. */
export const PROGRAM = existsSync(built) ? [built] : [process.execPath, ours]

/** `strongroom serve` over a database, on a free port. */
export class Server {
  static async over(database, log, { options = [], program: [command, ...program] = PROGRAM } = {}) {
    const errors = openSync(log, 'w')
    const serve = ['serve', '--json', '--listen', '127.0.0.1:0', '--database', database, ...options]
    const child = spawn(command, [...program, ...serve], { stdio: ['ignore', 'pipe', errors] })
    closeSync(errors)
    const server = new Server()
    server.child = child
    for await (const line of createInterface(child.stdout)) {
      server.location = JSON.parse(line).origin
      return server
    }
    throw new Error(`the server does not start: ${readFileSync(log, 'utf8')}`)
  }

  /** Ends it at once. */
  async end() {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return
    this.child.kill('SIGKILL')
    await once(this.child, 'exit')
  }
}
