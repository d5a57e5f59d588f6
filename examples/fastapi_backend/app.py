"""A school's backend with FastAPI: a sign-up makes a vault, students hand files in, and a follower grades what comes.

`python examples/fastapi_backend/serve.py` starts it. The backend's service account is in the environment, as
`$STRONGROOM_LOCATION` and `$STRONGROOM_TOKEN`; students send their own token with each request, and this program keeps
none of them. Any number of workers share the one database: each follows all changes, and of those who grade an item at once
one is the first.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel

import strongroom
from strongroom import AlreadyExists, AsyncClient, Conflict, Field, FileChange, NotFound, StrongroomError, Unavailable

APP = "fastapi-backend/1.0"
STATUS = {
    "invalid_argument": 400,
    "unauthenticated": 401,
    "permission_denied": 403,
    "policy_violation": 403,
    "not_found": 404,
    "already_exists": 409,
    "conflict": 409,
    "rate_limited": 429,
    "unavailable": 503,
    "deadline_exceeded": 504,
}

log = logging.getLogger("uvicorn.error")


class SignUp(BaseModel):
    """A new student."""

    email: str
    name: str


class SignedUp(BaseModel):
    """What the student keeps: nobody can tell the token again."""

    vault: str
    token: str


class HandedIn(BaseModel):
    """Where a file is."""

    item: str
    file: str
    size: int


class Homework(BaseModel):
    """A file's grade; none until the follower has been there."""

    title: str
    grade: str | None


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """One client for the whole worker, and its follower."""
    async with strongroom.connect_async(app=APP) as backend:
        app.state.backend = backend
        follower = asyncio.create_task(follow(backend))
        yield
        follower.cancel()
        with suppress(asyncio.CancelledError):
            await follower


app = FastAPI(title="School", lifespan=lifespan)


@app.exception_handler(StrongroomError)
async def refuse(request: Request, error: StrongroomError) -> JSONResponse:
    """The library's refusals, as the web says them."""
    return JSONResponse({"code": error.code, "detail": str(error)}, STATUS.get(error.code, 500))


async def student(bearer: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]) -> AsyncIterator[AsyncClient]:
    """The student whose token came with the request."""
    async with strongroom.connect_async(token=bearer.credentials, app=APP) as client:
        yield client


Student = Annotated[AsyncClient, Depends(student)]


@app.post("/students", status_code=201)
async def sign_up(new: SignUp, request: Request) -> SignedUp:
    """Makes a user, and a vault that this user may write in. A real school asks first who calls."""
    backend: AsyncClient = request.app.state.backend
    kit = None
    with suppress(AlreadyExists):
        kit = await backend.users.create(new.email, name=new.name)
    # Also for a student whose sign-up ended halfway: the second time makes what the first did not.
    vault = await backend.vaults.create(
        new.name,
        description="Homework",
        external_id=new.email,
        access={new.email: "write"},
        idempotency_key=f"sign-up {new.email}",
    )
    if kit is None:
        raise HTTPException(409, "they have signed up already; a manager of users can reissue their token")
    return SignedUp(vault=vault.id, token=kit.token)


@app.put("/homework/{title}/{name}", status_code=201)
async def hand_in(title: str, name: str, request: Request, student: Student) -> HandedIn:
    """Takes a file of any size, as it comes: it is never in memory as a whole, nor on a disk in plain."""
    vault = await own_vault(student)
    item = await student.items.create(vault, title=title, category="document")
    file = await student.files.attach(vault, item.id, name, request.stream())
    return HandedIn(item=item.id, file=file.id, size=file.size)


@app.get("/homework/{item}")
async def homework(item: str, student: Student) -> Homework:
    """Tells a student what became of a file."""
    found = await student.items.get(await own_vault(student), item)
    grade = found.field("grade")
    return Homework(title=found.title, grade=None if grade is None else grade.value)


async def own_vault(student: AsyncClient) -> str:
    """The one vault that a student sees."""
    async for vault in student.vaults.list():
        return vault.id
    raise HTTPException(404, "you have no vault")


async def follow(backend: AsyncClient) -> None:
    """Grades what there is, then what comes. The cursor is taken first, so that nothing falls between the two."""
    after = await backend.changes.cursor()
    async for vault in backend.vaults.list():
        async for item in backend.items.list(vault.id):
            await grade(backend, vault.id, item.id)
    while True:
        feed = backend.changes.watch(after=after, kinds=["file.attached"])
        try:
            async for change in feed:
                assert isinstance(change, FileChange)
                await grade(backend, change.vault_id, change.item_id)
                after = change.cursor
        except Unavailable as away:
            log.warning("the follower goes on in a second: %s", away)
            await asyncio.sleep(1)


async def grade(backend: AsyncClient, vault: str, item: str) -> None:
    """Reads the first file of an item and writes the grade, unless somebody else has."""
    while True:
        try:
            found = await backend.items.get(vault, item)
            if found.field("grade") is not None or not found.files:
                return
            essay = await backend.files.read(vault, item, found.files[0].id)
            mark = "ABC"[hashlib.sha256(essay).digest()[0] % 3]
            new = [Field("grade", mark, type="concealed")]
            await backend.items.update(vault, item, set_fields=new, if_version=found.version)
        except NotFound:
            return  # It was deleted meanwhile, or its vault.
        except Conflict:
            continue  # Another worker was first, or the student changed it: look again.
        else:
            log.info("graded %s", item)
            return
