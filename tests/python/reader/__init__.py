"""A second reader of protocol version 1, written from `docs/protocol.md` alone and without the package under test.

It opens the SQLite file, verifies everything in it by the rules of the replay, and opens what a token can open. It keeps
no memory between runs and asks no engine, so what is about fresh answers and remembered heads is not here: the path of an
answer from one head to the next is tested on the trees alone.
"""
