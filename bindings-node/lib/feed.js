'use strict'

// What `changes.watch` answers.

/** Changes as they come, each once and in order, until it is closed or its signal aborts: both end `for await` without an error. */
class ChangeFeed {
  #raw
  #cursor
  #closed = false
  #forget

  constructor(raw, signal) {
    this.#raw = raw
    this.#cursor = raw.cursor ?? undefined
    if (signal?.aborted) return this.close()
    if (signal) {
      const close = () => this.close()
      signal.addEventListener('abort', close)
      this.#forget = () => signal.removeEventListener('abort', close)
    }
  }

  get cursor() {
    return this.#cursor ?? this.#raw.cursor ?? undefined
  }

  close() {
    this.#closed = true
    this.#raw.close()
    this.#forget?.()
  }

  async next() {
    const change = this.#closed ? undefined : await this.#raw.take()
    // A change that came as the feed was closed is not handed out: the cursor stays before it.
    if (!change || this.#closed) return { done: true, value: undefined }
    this.#cursor = change.cursor
    return { done: false, value: change }
  }

  async return(value) {
    this.close()
    return { done: true, value }
  }

  [Symbol.asyncIterator]() {
    return this
  }

  async [Symbol.asyncDispose]() {
    this.close()
  }
}

module.exports = { ChangeFeed }
