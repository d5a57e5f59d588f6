'use strict'

// Long answers, a page at a time, oldest first.

/** One page. `for await` over it goes on through all pages after it. */
class Page {
  #next
  constructor({ data, cursor, hasMore }, next) {
    this.data = Object.freeze(data)
    if (cursor !== undefined) this.cursor = cursor
    this.hasMore = hasMore
    this.#next = next
    Object.freeze(this)
  }

  async *[Symbol.asyncIterator]() {
    for (let page = this; page; page = await page.#next?.()) yield* page.data
  }
}

/** A list to come: `await` it for its first page, or `for await` over it through all of them. */
class Pages {
  #start
  #first
  constructor(start) {
    this.#start = start
  }

  #page() {
    return (this.#first ??= this.#start())
  }

  then(onFulfilled, onRejected) {
    return this.#page().then(onFulfilled, onRejected)
  }

  catch(onRejected) {
    return this.#page().catch(onRejected)
  }

  finally(onFinally) {
    return this.#page().finally(onFinally)
  }

  async *[Symbol.asyncIterator]() {
    yield* await this.#page()
  }
}

module.exports = { Page, Pages }
