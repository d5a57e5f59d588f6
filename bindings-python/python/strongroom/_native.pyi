# Written by stubs.py from stubs/native.pyi and the module's docstrings: change those.

from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence

from datetime import datetime

from os import PathLike

from types import TracebackType

from typing import Any, BinaryIO, ClassVar, Generic, Literal, NoReturn, Protocol, TypedDict, TypeVar, final, overload

from typing_extensions import Required, Self, TypeAlias

from ._feed import AsyncChangeFeed

from ._files import AsyncFile

from ._pages import Page, Pages

from .errors import StrongroomError

_T = TypeVar('_T')

_list = list

_Role: TypeAlias = Literal['read', 'write', 'admin']

_Kind: TypeAlias = Literal['user', 'service_account', 'recovery']

_ItemKind: TypeAlias = Literal['item.created', 'item.updated', 'item.archived', 'item.restored', 'item.deleted']

_FileKind: TypeAlias = Literal['file.attached', 'file.detached']

_VaultKind: TypeAlias = Literal['vault.created', 'vault.updated', 'vault.deleted']

_AccessKind: TypeAlias = Literal['access.granted', 'access.revoked']

_ChangeKind: TypeAlias = _ItemKind | _FileKind | _VaultKind | _AccessKind

_Change: TypeAlias = ItemChange | FileChange | VaultChange | AccessChange

_FieldType: TypeAlias = Literal['text', 'concealed', 'email', 'url', 'totp', 'date', 'month_year', 'phone', 'address', 'ssh_key', 'reference', 'credit_card_number', 'credit_card_type', 'menu']

_Category: TypeAlias = Literal['login', 'password', 'secure_note', 'document', 'api_credential', 'ssh_key', 'database', 'server', 'identity', 'credit_card', 'bank_account', 'software_license', 'email_account', 'membership', 'passport', 'driver_license', 'medical_record', 'outdoor_license', 'reward_program', 'social_security_number', 'wireless_router', 'crypto_wallet']

_Save: TypeAlias = Callable[[Credential], object]

_Progress: TypeAlias = Callable[[int], object]

_Bytes: TypeAlias = bytes | bytearray | memoryview

_Path: TypeAlias = str | PathLike[str]

class _Reader(Protocol):

    def read(self, size: int, /) -> bytes:
        ...

class _AsyncReader(Protocol):

    def read(self, size: int, /) -> Awaitable[bytes]:
        ...

_Source: TypeAlias = _Bytes | PathLike[str] | _Reader | Iterable[_Bytes]

_AsyncSource: TypeAlias = _Source | _AsyncReader | AsyncIterable[_Bytes]

class _User(TypedDict, total=False):
    email: Required[str]
    name: str | None
    expires_at: datetime | None
    idempotency_key: str | None

class _Grant(TypedDict, total=False):
    vault: Required[str]
    who: Required[str]
    role: Required[_Role]
    expires_at: datetime | None

class _Item(TypedDict, total=False):
    title: Required[str]
    category: _Category | None
    fields: Sequence[Field] | None
    notes: str | None
    tags: Sequence[str] | None
    urls: Sequence[str] | None
    files: Sequence[tuple[str, _Source]] | None
    idempotency_key: str | None

class _AsyncItem(TypedDict, total=False):
    title: Required[str]
    category: _Category | None
    fields: Sequence[Field] | None
    notes: str | None
    tags: Sequence[str] | None
    urls: Sequence[str] | None
    files: Sequence[tuple[str, _AsyncSource]] | None
    idempotency_key: str | None

__version__: str

def error_codes() -> list[str]:
    """The codes of all kinds of errors, in the order of the documentation."""

def before_exit() -> None:
    """Waits, two seconds at most, for cancelled asyncio work to be over, before the interpreter ends."""

def before_fork() -> None:
    """Lets go of every database file, for the moment of a fork."""

def after_fork_in_parent() -> None:
    """Takes them again, in the parent."""

def main(argv: Sequence[_Path]) -> int:
    """Runs the command line with these arguments, the program's name first, and answers its exit code."""

def validate(reference: str) -> None:
    """Refuses what is not a reference with InvalidArgument; reads nothing.

    >>> strongroom.secrets.validate("op://Alice/Homework 1/password")
    """

def drop(location: str) -> None:
    """Forgets a `memory:` database; clients that have it open keep it until they close."""

def init(location: str | None=None, *, owner: str, save: _Save | None=None) -> Credential:
    """Makes an account in a new database, and its owner, and answers the owner's Credential with the recovery code.

    `location`: such as `classroom.db` or `memory:`; `$STRONGROOM_LOCATION` by default. `owner`: an e-mail address. `save`: called
    with the Credential before anything is committed; what it raises stops the operation. Raises AlreadyExists if
    there is an account already.

    >>> strongroom.init("memory:", owner="teacher@example.edu").principal.email
    'teacher@example.edu'
    """

def init_async(location: str | None=None, *, owner: str, save: _Save | None=None) -> Awaitable[Credential]:
    """The same as an asyncio future."""

def accept(location: str, code: str, *, save: _Save | None=None) -> Credential:
    """Makes the keys of an invited user, and answers its Credential. `save` is called with it before anything is committed."""

def accept_async(location: str, code: str, *, save: _Save | None=None) -> Awaitable[Credential]:
    """The same as an asyncio future."""

def connect(location: str | None=None, token: str | None=None, *, state: _Path | None=None, app: str | None=None, timeout: float | None=None, max_retries: int | None=None, ca_file: _Path | None=None, allow_insecure: bool=False, accept_restored: bool=False) -> Client:
    """Connects to an account as the principal of a token, and answers a Client, which is a context manager too.

    `location`: such as `classroom.db`; `$STRONGROOM_LOCATION` by default. `token`: `$STRONGROOM_TOKEN` by default.
    `state`: a file that remembers the newest verified tree between runs; `$STRONGROOM_STATE` by default, else none.
    `app`: the program's name and version, shown in the audit. `timeout`: seconds without progress after which a
    call raises DeadlineExceeded; 30 by default. `max_retries`: how often what is `Unavailable` is tried
    again, after pauses that grow from 50 ms; 2 by default. `ca_file`: certificates to trust besides the system's.
    `allow_insecure`: allows `http:` to other machines. `accept_restored`: takes a database restored from a backup for the newest.

    >>> kit = strongroom.init("memory:", owner="teacher@example.edu")
    >>> with strongroom.connect(kit.location, kit.token) as admin:
    ...     admin.me.email
    'teacher@example.edu'
    """

def connect_async(location: str | None=None, token: str | None=None, *, state: _Path | None=None, app: str | None=None, timeout: float | None=None, max_retries: int | None=None, ca_file: _Path | None=None, allow_insecure: bool=False, accept_restored: bool=False) -> Awaitable[AsyncClient]:
    """The same as an asyncio future of an AsyncClient."""

@final
class Capabilities:
    """What a backend can do."""

    @property
    def users(self) -> bool:
        """Users can be made and ended."""

    @property
    def user_grants(self) -> bool:
        """Grants are per user."""

    @property
    def changes(self) -> bool:
        """Changes can be listed and watched."""

    @property
    def audit(self) -> bool:
        """The audit can be listed and verified."""

    @property
    def files(self) -> bool:
        """Files can be attached and read."""

    def to_dict(self) -> dict[str, Any]:
        """The fields by name, nested results as dicts too. Concealed values are masked."""

    def __copy__(self) -> NoReturn:
        ...

    def __deepcopy__(self, _memo: Any) -> NoReturn:
        ...

@final
class Principal:
    """A user, a service account or the recovery key, as the caller may see it."""

    @property
    def id(self) -> str:
        """`usr_…`, `svc_…` or `rec_…`."""

    @property
    def kind(self) -> _Kind:
        """`user`, `service_account` or `recovery`."""

    @property
    def name(self) -> str:
        """The display name; empty when the person was forgotten."""

    @property
    def email(self) -> str | None:
        """The e-mail address, in lower case; only users have one."""

    @property
    def state(self) -> Literal['invited', 'active', 'suspended', 'deleted']:
        """`invited`, `active`, `suspended` or `deleted`."""

    @property
    def issued(self) -> bool:
        """Whether somebody else made its keys and it has not rotated them since."""

    @property
    def expires_at(self) -> datetime | None:
        """From when on its token is refused; `None` if never."""

    @property
    def can_create_vaults(self) -> bool:
        """May make vaults."""

    @property
    def can_manage_users(self) -> bool:
        """May make, change and end principals."""

    @property
    def can_manage_policy(self) -> bool:
        """May change the policy."""

    @property
    def can_read_audit(self) -> bool:
        """May read the whole audit."""

    @property
    def created_at(self) -> datetime:
        """When it was added."""

    def to_dict(self) -> dict[str, Any]:
        """The fields by name, nested results as dicts too. Concealed values are masked."""

    def __copy__(self) -> NoReturn:
        ...

    def __deepcopy__(self, _memo: Any) -> NoReturn:
        ...

@final
class Credential:
    """A principal and its token. The token is answered once and can't be made again from anything stored."""

    @property
    def token(self) -> str:
        """Signs in and opens keys; keep it like a password. Masked wherever the credential is printed."""

    @property
    def recovery(self) -> str | None:
        """The account's recovery code, from `init` only: print it and keep it off line. Masked like the token."""

    @property
    def principal(self) -> Principal:
        """Whom the token is for."""

    @property
    def location(self) -> str:
        """Where the account is, as `connect` takes it."""

    def to_dict(self) -> dict[str, Any]:
        """The fields by name, nested results as dicts too. Concealed values are masked."""

    def __copy__(self) -> NoReturn:
        ...

    def __deepcopy__(self, _memo: Any) -> NoReturn:
        ...
    __hash__: ClassVar[None]  # type: ignore[assignment]

@final
class Vault:
    """A vault, as the caller may see it."""

    @property
    def id(self) -> str:
        """`vlt_…`."""

    @property
    def name(self) -> str:
        """The name; sealed in the store."""

    @property
    def description(self) -> str:
        """The description; sealed in the store."""

    @property
    def external_id(self) -> str | None:
        """The creator's own name for it, unique per creator. Not secret: the store sees it."""

    @property
    def role(self) -> _Role:
        """The caller's role: `read`, `write` or `admin`."""

    @property
    def due(self) -> bool:
        """Whether its key should move on, because somebody who could open it may no longer."""

    @property
    def created_at(self) -> datetime:
        """When it was made."""

    @property
    def updated_at(self) -> datetime:
        """When its name, description or access last changed."""

    @property
    def created_by(self) -> str:
        """Who made it: a principal's id."""

    def to_dict(self) -> dict[str, Any]:
        """The fields by name, nested results as dicts too. Concealed values are masked."""

    def __copy__(self) -> NoReturn:
        ...

    def __deepcopy__(self, _memo: Any) -> NoReturn:
        ...

@final
class VaultSpec:
    """A vault to make, as `vaults.create_many` and `provisioning.plan` take it.

    `external_id`: 1 to 256 bytes, unique among the caller's vaults, not secret. `name`: 1 to 1,024 bytes.
    `description`: at most 64 KiB, empty by default. `access`: who else gets in, a dict from e-mail or id to role.
    `retain`: the caller's own role, `admin` by default.

    >>> VaultSpec("student-42", name="Alice", access={"alice@example.edu": "write"}).access
    {'alice@example.edu': 'write'}
    """

    @property
    def external_id(self) -> str | None:
        """The caller's own name for it."""

    @property
    def name(self) -> str:
        """The name."""

    @property
    def description(self) -> str | None:
        """The description."""

    @property
    def access(self) -> dict[str, _Role]:
        """Who else gets in, with which role."""

    @property
    def retain(self) -> _Role | None:
        """The caller's own role."""

    @property
    def idempotency_key(self) -> str | None:
        """Makes a repeat answer what the first call did."""

    def __new__(cls, external_id: str | None=None, *, name: str, description: str | None=None, access: Mapping[str, _Role] | None=None, retain: _Role | None=None, idempotency_key: str | None=None) -> Self:
        ...

    def to_dict(self) -> dict[str, Any]:
        """The fields by name, nested results as dicts too. Concealed values are masked."""

    def __copy__(self) -> NoReturn:
        ...

    def __deepcopy__(self, _memo: Any) -> NoReturn:
        ...
    __hash__: ClassVar[None]  # type: ignore[assignment]

@final
class Grant:
    """One principal's role in one vault."""

    @property
    def vault_id(self) -> str:
        """The vault's id."""

    @property
    def principal(self) -> Principal:
        """Who holds it."""

    @property
    def role(self) -> _Role:
        """`read`, `write` or `admin`."""

    @property
    def granted_by(self) -> str:
        """Who gave it: a principal's id."""

    @property
    def granted_at(self) -> datetime:
        """When."""

    @property
    def expires_at(self) -> datetime | None:
        """From when on it is refused; `None` if never."""

    @property
    def last_used_at(self) -> datetime | None:
        """When its holder last wrote to the vault; `None` if never."""

    @property
    def state(self) -> Literal['active', 'pending', 'expired']:
        """`active`, `pending` (waits for the grantee's keys) or `expired`."""

    def to_dict(self) -> dict[str, Any]:
        """The fields by name, nested results as dicts too. Concealed values are masked."""

    def __copy__(self) -> NoReturn:
        ...

    def __deepcopy__(self, _memo: Any) -> NoReturn:
        ...

@final
class Field:
    """A field of an item. (section, label) is unique in an item.

    `label`: 1 to 1,024 bytes. `value`: at most 1 MiB. `type`: `text`, or `concealed`, `email`, `url`, `totp`, `date`,
    `month_year`, `phone`, `address`, `ssh_key`, `reference`, `credit_card_number`, `credit_card_type`, `menu`.
    `section`: the section it stands in; `None` is the item itself.

    >>> Field("password", "hunter2", type="concealed")
    Field(label='password', value=***, type='concealed', section=None)
    """

    @property
    def label(self) -> str:
        """Its name."""

    @property
    def value(self) -> str:
        """Its value, in plain."""

    @property
    def type(self) -> _FieldType:
        """What the value is; `concealed`, `totp`, `ssh_key` and `credit_card_number` are masked when printed."""

    @property
    def section(self) -> str | None:
        """The section it stands in; `None` is the item itself."""

    def __new__(cls, label: str, value: str, type: _FieldType='text', section: str | None=None) -> Self:
        ...

    def to_dict(self) -> dict[str, Any]:
        """The fields by name, nested results as dicts too. Concealed values are masked."""

    def __copy__(self) -> NoReturn:
        ...

    def __deepcopy__(self, _memo: Any) -> NoReturn:
        ...
    __hash__: ClassVar[None]  # type: ignore[assignment]

@final
class File:
    """A file of an item, without its content."""

    @property
    def id(self) -> str:
        """`fil_…`."""

    @property
    def name(self) -> str:
        """Its name; sealed in the store."""

    @property
    def size(self) -> int:
        """Its size in bytes, without the sealing."""

    @property
    def content_type(self) -> str:
        """Its media type (RFC 6838)."""

    @property
    def created_at(self) -> datetime:
        """When it was attached."""

    def to_dict(self) -> dict[str, Any]:
        """The fields by name, nested results as dicts too. Concealed values are masked."""

    def __copy__(self) -> NoReturn:
        ...

    def __deepcopy__(self, _memo: Any) -> NoReturn:
        ...

@final
class Item:
    """An item with all it holds."""

    @property
    def id(self) -> str:
        """`itm_…`."""

    @property
    def vault_id(self) -> str:
        """The id of the vault it is in."""

    @property
    def title(self) -> str:
        """Its title."""

    @property
    def category(self) -> _Category:
        """What it is, in 1Password's words: `login`, `secure_note`, `document`, …"""

    @property
    def fields(self) -> list[Field]:
        """Its fields, in the order they were added."""

    @property
    def notes(self) -> str:
        """Its notes."""

    @property
    def tags(self) -> list[str]:
        """Its tags, in order."""

    @property
    def urls(self) -> list[str]:
        """Its web addresses, in order."""

    @property
    def files(self) -> list[File]:
        """Its files, in the order they were attached."""

    @property
    def version(self) -> int:
        """1 when made, one more with each change."""

    @property
    def archived(self) -> bool:
        """Whether it is archived."""

    @property
    def created_at(self) -> datetime:
        """When it was made."""

    @property
    def updated_at(self) -> datetime:
        """When this version was made."""

    @property
    def updated_by(self) -> str:
        """Who made this version: a principal's id."""

    def field(self, label: str, section: str | None=None) -> Field | None:
        """The field of this label in this section, the item itself by default; `None` if there is no such field."""

    def reveal(self) -> dict[str, Any]:
        """All of it as a plain dict, concealed values in plain too. What you do with it is no longer masked."""

    def to_dict(self) -> dict[str, Any]:
        """The fields by name, nested results as dicts too. Concealed values are masked."""

    def __copy__(self) -> NoReturn:
        ...

    def __deepcopy__(self, _memo: Any) -> NoReturn:
        ...
    __hash__: ClassVar[None]  # type: ignore[assignment]

@final
class ItemSummary:
    """An item in a list: without fields, notes and files."""

    @property
    def id(self) -> str:
        """`itm_…`."""

    @property
    def vault_id(self) -> str:
        """The id of the vault it is in."""

    @property
    def title(self) -> str:
        """Its title."""

    @property
    def category(self) -> _Category:
        """What it is, in 1Password's words: `login`, `secure_note`, `document`, …"""

    @property
    def tags(self) -> list[str]:
        """Its tags, in order."""

    @property
    def urls(self) -> list[str]:
        """Its web addresses, in order."""

    @property
    def version(self) -> int:
        """1 when made, one more with each change."""

    @property
    def archived(self) -> bool:
        """Whether it is archived."""

    @property
    def created_at(self) -> datetime:
        """When it was made."""

    @property
    def updated_at(self) -> datetime:
        """When this version was made."""

    @property
    def updated_by(self) -> str:
        """Who made this version: a principal's id."""

    def to_dict(self) -> dict[str, Any]:
        """The fields by name, nested results as dicts too. Concealed values are masked."""

    def __copy__(self) -> NoReturn:
        ...

    def __deepcopy__(self, _memo: Any) -> NoReturn:
        ...

@final
class Actor:
    """Who did something."""

    @property
    def id(self) -> str:
        """A principal's id."""

    @property
    def kind(self) -> _Kind:
        """`user`, `service_account` or `recovery`."""

    @property
    def name(self) -> str:
        """The display name; empty when the person was forgotten."""

    def to_dict(self) -> dict[str, Any]:
        """The fields by name, nested results as dicts too. Concealed values are masked."""

    def __copy__(self) -> NoReturn:
        ...

    def __deepcopy__(self, _memo: Any) -> NoReturn:
        ...

@final
class ItemChange:
    """A change of an item."""

    @property
    def kind(self) -> _ItemKind:
        """`item.created`, `item.updated`, `item.archived`, `item.restored` or `item.deleted`."""

    @property
    def vault_id(self) -> str:
        """The vault's id."""

    @property
    def actor(self) -> Actor:
        """Who did it."""

    @property
    def at(self) -> datetime:
        """When the store took it."""

    @property
    def cursor(self) -> str:
        """Continues after this change; opaque, never expires."""

    @property
    def item_id(self) -> str:
        """The item's id."""

    @property
    def version(self) -> int:
        """The item's version that it made."""

    def to_dict(self) -> dict[str, Any]:
        """The fields by name, nested results as dicts too. Concealed values are masked."""

    def __copy__(self) -> NoReturn:
        ...

    def __deepcopy__(self, _memo: Any) -> NoReturn:
        ...

@final
class FileChange:
    """A change of an item's files."""

    @property
    def kind(self) -> _FileKind:
        """`file.attached` or `file.detached`."""

    @property
    def vault_id(self) -> str:
        """The vault's id."""

    @property
    def actor(self) -> Actor:
        """Who did it."""

    @property
    def at(self) -> datetime:
        """When the store took it."""

    @property
    def cursor(self) -> str:
        """Continues after this change; opaque, never expires."""

    @property
    def item_id(self) -> str:
        """The item's id."""

    @property
    def file_id(self) -> str:
        """The file's id."""

    @property
    def version(self) -> int:
        """The item's version that it made."""

    def to_dict(self) -> dict[str, Any]:
        """The fields by name, nested results as dicts too. Concealed values are masked."""

    def __copy__(self) -> NoReturn:
        ...

    def __deepcopy__(self, _memo: Any) -> NoReturn:
        ...

@final
class VaultChange:
    """A change of a vault itself."""

    @property
    def kind(self) -> _VaultKind:
        """`vault.created`, `vault.updated` or `vault.deleted`."""

    @property
    def vault_id(self) -> str:
        """The vault's id."""

    @property
    def actor(self) -> Actor:
        """Who did it."""

    @property
    def at(self) -> datetime:
        """When the store took it."""

    @property
    def cursor(self) -> str:
        """Continues after this change; opaque, never expires."""

    def to_dict(self) -> dict[str, Any]:
        """The fields by name, nested results as dicts too. Concealed values are masked."""

    def __copy__(self) -> NoReturn:
        ...

    def __deepcopy__(self, _memo: Any) -> NoReturn:
        ...

@final
class AccessChange:
    """A change of somebody's access."""

    @property
    def kind(self) -> _AccessKind:
        """`access.granted` or `access.revoked`."""

    @property
    def vault_id(self) -> str:
        """The vault's id."""

    @property
    def actor(self) -> Actor:
        """Who did it."""

    @property
    def at(self) -> datetime:
        """When the store took it."""

    @property
    def cursor(self) -> str:
        """Continues after this change; opaque, never expires."""

    @property
    def principal(self) -> Principal:
        """Whose access; without a profile where the caller may not see it."""

    @property
    def role(self) -> _Role | None:
        """The role they have now; `None` when put out."""

    @property
    def expires_at(self) -> datetime | None:
        """Until when."""

    def to_dict(self) -> dict[str, Any]:
        """The fields by name, nested results as dicts too. Concealed values are masked."""

    def __copy__(self) -> NoReturn:
        ...

    def __deepcopy__(self, _memo: Any) -> NoReturn:
        ...

@final
class AuditEvent:
    """One action of somebody."""

    @property
    def seq(self) -> int:
        """Its place in the feed."""

    @property
    def at(self) -> datetime:
        """When the store took it."""

    @property
    def actor(self) -> Actor:
        """Who did it."""

    @property
    def generation(self) -> int:
        """Which generation of the actor's keys signed."""

    @property
    def app(self) -> str | None:
        """The program, as `connect(app=…)` named it."""

    @property
    def session(self) -> str | None:
        """The session it came from."""

    @property
    def action(self) -> str:
        """What was done, dotted: `item.created`, `access.granted`, `user.created`, …"""

    @property
    def vault_id(self) -> str | None:
        """The id of the vault it was done in."""

    @property
    def target_id(self) -> str | None:
        """The id of the item, file, principal or group it was done to."""

    @property
    def detail(self) -> str:
        """What else the log says in plain: a role, a version."""

    @property
    def hash(self) -> str:
        """The hash of the log entry, in base32."""

    @property
    def evidence(self) -> Literal['signed', 'observed']:
        """`signed`: the actor's own signature; `observed`: the engine's word, as for reads and refusals."""

    def to_dict(self) -> dict[str, Any]:
        """The fields by name, nested results as dicts too. Concealed values are masked."""

    def __copy__(self) -> NoReturn:
        ...

    def __deepcopy__(self, _memo: Any) -> NoReturn:
        ...

@final
class AuditProof:
    """What a verification found whole."""

    @property
    def events(self) -> int:
        """How many entries of logs and chains of reads were replayed."""

    @property
    def tree_size(self) -> int:
        """The leaves of the feed's tree."""

    @property
    def root(self) -> str:
        """Its root, in base32."""

    def to_dict(self) -> dict[str, Any]:
        """The fields by name, nested results as dicts too. Concealed values are masked."""

    def __copy__(self) -> NoReturn:
        ...

    def __deepcopy__(self, _memo: Any) -> NoReturn:
        ...

@final
class Policy:
    """What the account allows at most, whoever grants it.

    `max_grant`: the largest role that may be granted to somebody else, `admin` by default.
    `email_domains`: the mail domains that users may have; `None`: any.
    `require_expiry_days`: grants must end within so many days; `None`: they need not.
    `max_file_bytes`: the largest file, 16 GiB by default. `users_may_share`: whether users may grant, `True` by default.
    `recovery`: whether new vaults name the recovery key, `True` by default. `audit_reads`: whether reads are audited,
    `True` by default.

    >>> Policy(max_grant="write").max_grant
    'write'
    """

    @property
    def max_grant(self) -> _Role:
        """The largest role that may be granted to somebody else."""

    @property
    def email_domains(self) -> list[str] | None:
        """The mail domains that users may have; `None`: any."""

    @property
    def require_expiry_days(self) -> int | None:
        """Grants must end within so many days; `None`: they need not."""

    @property
    def max_file_bytes(self) -> int:
        """The largest file, in bytes."""

    @property
    def users_may_share(self) -> bool:
        """Whether users, and not only service accounts and the owner, may grant."""

    @property
    def recovery(self) -> bool:
        """Whether new vaults name the recovery key."""

    @property
    def audit_reads(self) -> bool:
        """Whether reads are audited."""

    def __new__(cls, *, max_grant: _Role | None=None, email_domains: Sequence[str] | None=None, require_expiry_days: int | None=None, max_file_bytes: int | None=None, users_may_share: bool | None=None, recovery: bool | None=None, audit_reads: bool | None=None) -> Self:
        ...

    def to_dict(self) -> dict[str, Any]:
        """The fields by name, nested results as dicts too. Concealed values are masked."""

    def __copy__(self) -> NoReturn:
        ...

    def __deepcopy__(self, _memo: Any) -> NoReturn:
        ...

class _Invitation(Protocol):
    code: str
    principal: Principal
    expires_at: datetime | None

class _Group(Protocol):
    id: str
    name: str

class _Consumer(Protocol):

    def __iter__(self) -> Iterator[_Change]:
        ...

    def ack(self, change: _Change) -> None:
        ...

    def nack(self, change: _Change, *, after: float | None=None) -> None:
        ...

    def drain(self) -> Iterator[_Change]:
        ...

    def lag(self) -> int:
        ...

    def seek(self, cursor: str) -> None:
        ...

    def dead_letters(self) -> Page[_Change]:
        ...

class _AsyncConsumer(Protocol):

    def __aiter__(self) -> AsyncIterator[_Change]:
        ...

    def ack(self, change: _Change) -> Awaitable[None]:
        ...

    def nack(self, change: _Change, *, after: float | None=None) -> Awaitable[None]:
        ...

    def drain(self) -> AsyncIterator[_Change]:
        ...

    def lag(self) -> Awaitable[int]:
        ...

    def seek(self, cursor: str) -> Awaitable[None]:
        ...

    def dead_letters(self) -> Pages[_Change]:
        ...

class _Report(Protocol):
    rows: list[Any]
    failed: list[Any]

class _Plan(Protocol):
    create: list[Any]
    change: list[Any]
    revoke: list[Any]
    same: list[Any]
    empty: bool

    def save(self, path: _Path) -> None:
        ...

    def apply(self, *, save: _Save | None=None, progress: bool | None=None, concurrency: int | None=None) -> _Report:
        ...

@final
class Account:
    """The account a client is connected to."""

    @property
    def id(self) -> str:
        """`acc_…`."""

    @property
    def owner(self) -> str:
        """Who owns it: a principal's id."""

    @property
    def backend(self) -> str:
        """`sqlite`, `memory`, …"""

    @property
    def capabilities(self) -> Capabilities:
        """What this backend can do."""

    def transfer(self, to: str) -> None:
        """Makes somebody else the owner."""

    def to_dict(self) -> dict[str, Any]:
        """The fields by name, nested results as dicts too. Concealed values are masked."""

    def __copy__(self) -> NoReturn:
        ...

    def __deepcopy__(self, _memo: Any) -> NoReturn:
        ...

@final
class AsyncAccount:
    """The account a client is connected to."""

    @property
    def id(self) -> str:
        """`acc_…`."""

    @property
    def owner(self) -> str:
        """Who owns it: a principal's id."""

    @property
    def backend(self) -> str:
        """`sqlite`, `memory`, …"""

    @property
    def capabilities(self) -> Capabilities:
        """What this backend can do."""

    def transfer(self, to: str) -> Awaitable[None]:
        """Makes somebody else the owner."""

    def to_dict(self) -> dict[str, Any]:
        """The fields by name, nested results as dicts too. Concealed values are masked."""

    def __copy__(self) -> NoReturn:
        ...

    def __deepcopy__(self, _memo: Any) -> NoReturn:
        ...

@final
class Client:
    """A connection to one account as one principal, made by `connect`.

    One per process is enough for any number of threads, tasks and event loops. It is a context manager:
    leaving it closes it. It can't be pickled, and not be used after a fork: connect again in the child.
    """

    @property
    def me(self) -> Principal:
        """Who the token is for, as of the last call that looked."""

    @property
    def account(self) -> Account:
        """The account."""

    @property
    def vaults(self) -> Vaults:
        """Making, naming, finding and deleting vaults."""

    @property
    def access(self) -> Access:
        """Who may do what in which vault."""

    @property
    def users(self) -> Users:
        """People."""

    @property
    def service_accounts(self) -> ServiceAccounts:
        """Programs."""

    @property
    def groups(self) -> Groups:
        """Groups of users and service accounts."""

    @property
    def items(self) -> Items:
        """What is kept in vaults."""

    @property
    def files(self) -> Files:
        """Files of items."""

    @property
    def secrets(self) -> Secrets:
        """Secrets by reference."""

    @property
    def changes(self) -> Changes:
        """What is new."""

    @property
    def provisioning(self) -> Provisioning:
        """Many vaults and grants from a plan."""

    @property
    def policy(self) -> Policies:
        """What the account allows at most."""

    @property
    def audit(self) -> Audit:
        """Who did what, and the proof."""

    def with_options(self, *, timeout: float | None=None, max_retries: int | None=None) -> Client:
        """A cheap copy with other limits; what is left out stays. Never awaited.

        `timeout`: seconds without progress after which a call raises DeadlineExceeded; 30 by default.
        `max_retries`: how often what is `Unavailable` is tried again, after pauses that grow from 50 ms; 2 by default.
        """

    def rotate_token(self, *, save: _Save | None=None) -> str:
        """Makes new keys for the caller and answers their token; the old one is refused from then on.

        The caller's grants stay, and its vaults are due for new keys: see `vaults.rekey`. This client goes on with the
        new keys; calls on it that run meanwhile may raise Unauthenticated. `save`: called with the Credential before
        anything is sent; what it raises stops the operation. Whatever happens afterwards, one of the two tokens works.

        Raises Unavailable if it is not known whether the change was committed: connect with the new token, or else
        the old one.

        >>> client.rotate_token().startswith("strongroom_usr_")
        True
        """

    def limits(self) -> dict[str, int]:
        """Answers what is left of each rate and size limit."""

    def close(self) -> None:
        """Wipes the keys. Every later call on this client and its copies is refused."""

    def __enter__(self) -> Self:
        ...

    def __exit__(self, kind: type[BaseException] | None=None, error: BaseException | None=None, trace: TracebackType | None=None, /) -> None:
        ...

@final
class AsyncClient:
    """A connection to one account as one principal, made by `connect`.

    One per process is enough for any number of threads, tasks and event loops. It is a context manager:
    leaving it closes it. It can't be pickled, and not be used after a fork: connect again in the child.
    """

    @property
    def me(self) -> Principal:
        """Who the token is for, as of the last call that looked."""

    @property
    def account(self) -> AsyncAccount:
        """The account."""

    @property
    def vaults(self) -> AsyncVaults:
        """Making, naming, finding and deleting vaults."""

    @property
    def access(self) -> AsyncAccess:
        """Who may do what in which vault."""

    @property
    def users(self) -> AsyncUsers:
        """People."""

    @property
    def service_accounts(self) -> AsyncServiceAccounts:
        """Programs."""

    @property
    def groups(self) -> AsyncGroups:
        """Groups of users and service accounts."""

    @property
    def items(self) -> AsyncItems:
        """What is kept in vaults."""

    @property
    def files(self) -> AsyncFiles:
        """Files of items."""

    @property
    def secrets(self) -> AsyncSecrets:
        """Secrets by reference."""

    @property
    def changes(self) -> AsyncChanges:
        """What is new."""

    @property
    def provisioning(self) -> AsyncProvisioning:
        """Many vaults and grants from a plan."""

    @property
    def policy(self) -> AsyncPolicies:
        """What the account allows at most."""

    @property
    def audit(self) -> AsyncAudit:
        """Who did what, and the proof."""

    def with_options(self, *, timeout: float | None=None, max_retries: int | None=None) -> AsyncClient:
        """A cheap copy with other limits; what is left out stays. Never awaited.

        `timeout`: seconds without progress after which a call raises DeadlineExceeded; 30 by default.
        `max_retries`: how often what is `Unavailable` is tried again, after pauses that grow from 50 ms; 2 by default.
        """

    def rotate_token(self, *, save: _Save | None=None) -> Awaitable[str]:
        """Makes new keys for the caller and answers their token; the old one is refused from then on.

        The caller's grants stay, and its vaults are due for new keys: see `vaults.rekey`. This client goes on with the
        new keys; calls on it that run meanwhile may raise Unauthenticated. `save`: called with the Credential before
        anything is sent; what it raises stops the operation. Whatever happens afterwards, one of the two tokens works.

        Raises Unavailable if it is not known whether the change was committed: connect with the new token, or else
        the old one.

        >>> client.rotate_token().startswith("strongroom_usr_")
        True
        """

    def limits(self) -> Awaitable[dict[str, int]]:
        """Answers what is left of each rate and size limit."""

    def close(self) -> Awaitable[None]:
        """Wipes the keys. Every later call on this client and its copies is refused."""

    def __aenter__(self) -> Awaitable[Self]:
        ...

    def __aexit__(self, kind: type[BaseException] | None=None, error: BaseException | None=None, trace: TracebackType | None=None, /) -> Awaitable[None]:
        ...

@final
class Vaults:
    """Vaults of the account, as far as the caller may see them."""

    def create(self, name: str, *, description: str | None=None, external_id: str | None=None, access: Mapping[str, _Role] | None=None, retain: _Role | None=None, idempotency_key: str | None=None) -> Vault:
        """Makes a vault and lets its first members in, in one operation.

        `name`: 1 to 1,024 bytes. `description`: at most 64 KiB, empty by default. `external_id`: 1 to 256 bytes,
        unique among the caller's vaults, not secret. `access`: who else gets in, a dict from e-mail or id to role.
        `retain`: the caller's own role, `admin` by default.

        Raises AlreadyExists with the id if the caller has a vault of this `external_id`; NotFound for an unknown
        member; PermissionDenied without `can_create_vaults`.

        >>> client.vaults.create("Alice", external_id="student-42").role
        'admin'
        """

    def create_many(self, specs: Sequence[VaultSpec]) -> _list[Vault | StrongroomError]:
        """Makes many vaults in one commit, at most 10,000.

        Answers a list in order: a Vault, or the exception of a row that could not be made.

        >>> [vault.name for vault in client.vaults.create_many([VaultSpec(name="a"), VaultSpec(name="b")])]
        ['a', 'b']
        """

    @overload
    def get(self, id: str, *, external_id: None=None, creator: None=None) -> Vault:
        ...

    @overload
    def get(self, id: None=None, *, external_id: str, creator: str | None=None) -> Vault:
        ...

    def list(self) -> Page[Vault]:
        """Answers all vaults the caller may see, oldest first.

        >>> [vault.name for vault in client.vaults.list()]
        []
        """

    def update(self, id: str, *, name: str | None=None, description: str | None=None) -> Vault:
        """Changes the name, the description or both; what is left out stays. Needs `admin`."""

    def delete(self, id: str) -> None:
        """Deletes the vault and all in it for ever; its log stays. Needs `admin`."""

    def rekey(self, *, ids: Sequence[str] | None=None) -> int:
        """Moves these vaults to a new key, or all that are due and the caller administers, and answers how many.

        Many vaults are one commit. What was done when a call is interrupted stays done; a repeat goes on with the rest.
        Members whose time is over, and who were deleted, are put out.
        """

@final
class AsyncVaults:
    """Vaults of the account, as far as the caller may see them."""

    def create(self, name: str, *, description: str | None=None, external_id: str | None=None, access: Mapping[str, _Role] | None=None, retain: _Role | None=None, idempotency_key: str | None=None) -> Awaitable[Vault]:
        """Makes a vault and lets its first members in, in one operation.

        `name`: 1 to 1,024 bytes. `description`: at most 64 KiB, empty by default. `external_id`: 1 to 256 bytes,
        unique among the caller's vaults, not secret. `access`: who else gets in, a dict from e-mail or id to role.
        `retain`: the caller's own role, `admin` by default.

        Raises AlreadyExists with the id if the caller has a vault of this `external_id`; NotFound for an unknown
        member; PermissionDenied without `can_create_vaults`.

        >>> client.vaults.create("Alice", external_id="student-42").role
        'admin'
        """

    def create_many(self, specs: Sequence[VaultSpec]) -> Awaitable[_list[Vault | StrongroomError]]:
        """Makes many vaults in one commit, at most 10,000.

        Answers a list in order: a Vault, or the exception of a row that could not be made.

        >>> [vault.name for vault in client.vaults.create_many([VaultSpec(name="a"), VaultSpec(name="b")])]
        ['a', 'b']
        """

    @overload
    def get(self, id: str, *, external_id: None=None, creator: None=None) -> Awaitable[Vault]:
        ...

    @overload
    def get(self, id: None=None, *, external_id: str, creator: str | None=None) -> Awaitable[Vault]:
        ...

    def list(self) -> Pages[Vault]:
        """Answers all vaults the caller may see, oldest first.

        >>> [vault.name for vault in client.vaults.list()]
        []
        """

    def update(self, id: str, *, name: str | None=None, description: str | None=None) -> Awaitable[Vault]:
        """Changes the name, the description or both; what is left out stays. Needs `admin`."""

    def delete(self, id: str) -> Awaitable[None]:
        """Deletes the vault and all in it for ever; its log stays. Needs `admin`."""

    def rekey(self, *, ids: Sequence[str] | None=None) -> Awaitable[int]:
        """Moves these vaults to a new key, or all that are due and the caller administers, and answers how many.

        Many vaults are one commit. What was done when a call is interrupted stays done; a repeat goes on with the rest.
        Members whose time is over, and who were deleted, are put out.
        """

@final
class Access:
    """Grants of the vaults the caller may see."""

    def grant(self, vault: str, who: str, role: _Role, *, expires_at: datetime | None=None) -> Grant:
        """Gives somebody a role in a vault, or another role than they had. Needs `admin`.

        `who`: an e-mail or id. `role`: `read`, `write` or `admin`. `expires_at`: from when on the grant is refused, never
        by default. Granting what is there already succeeds and logs nothing. A grant opens the vault's whole past.

        >>> vault = client.vaults.create("Alice")
        >>> alice = client.users.create("alice@example.edu").principal
        >>> client.access.grant(vault.id, "alice@example.edu", "write").principal == alice
        True
        """

    def grant_many(self, grants: Iterable[_Grant]) -> _list[Grant | StrongroomError]:
        """Makes many grants, at most 10,000.

        `grants`: dicts of what access.grant takes. Answers a list in order: a Grant, or the exception of a row that could not
        be made. Up to 500 rows are one commit; a smaller role takes one of its own, since the vault moves to a new key.

        >>> vault = client.vaults.create("Alice")
        >>> alice = client.users.create("alice@example.edu").principal
        >>> rows = [{"vault": vault.id, "who": "alice@example.edu", "role": "write"}]
        >>> [grant.role for grant in client.access.grant_many(rows)]
        ['write']
        """

    def revoke(self, vault: str, who: str) -> None:
        """Puts somebody out of a vault, and moves the vault to a new key. Needs `admin`.

        What they could read before, they may have kept. Revoking who is not in succeeds and logs nothing.
        Raises Conflict for a vault's last administrator while no recovery key is there.
        """

    def list(self, vault: str, *, at: datetime | None=None) -> Page[Grant]:
        """Answers who is in the vault, or was `at` that instant."""

    def matrix(self) -> Page[Grant]:
        """Answers every grant of the vaults the caller administers, or that the recovery code may rescue, vault by vault."""

    def approve(self, principal: str, *, vaults: Sequence[str] | None=None) -> int:
        """Renews the grants of somebody whose keys were reissued, moves those vaults to new keys, and answers how many.

        Make sure first that the new keys are theirs. `vaults`: ids; all that the caller administers by default, or with the
        recovery code all that name it. A grant keeps its role and its end.
        """

@final
class AsyncAccess:
    """Grants of the vaults the caller may see."""

    def grant(self, vault: str, who: str, role: _Role, *, expires_at: datetime | None=None) -> Awaitable[Grant]:
        """Gives somebody a role in a vault, or another role than they had. Needs `admin`.

        `who`: an e-mail or id. `role`: `read`, `write` or `admin`. `expires_at`: from when on the grant is refused, never
        by default. Granting what is there already succeeds and logs nothing. A grant opens the vault's whole past.

        >>> vault = client.vaults.create("Alice")
        >>> alice = client.users.create("alice@example.edu").principal
        >>> client.access.grant(vault.id, "alice@example.edu", "write").principal == alice
        True
        """

    def grant_many(self, grants: Iterable[_Grant]) -> Awaitable[_list[Grant | StrongroomError]]:
        """Makes many grants, at most 10,000.

        `grants`: dicts of what access.grant takes. Answers a list in order: a Grant, or the exception of a row that could not
        be made. Up to 500 rows are one commit; a smaller role takes one of its own, since the vault moves to a new key.

        >>> vault = client.vaults.create("Alice")
        >>> alice = client.users.create("alice@example.edu").principal
        >>> rows = [{"vault": vault.id, "who": "alice@example.edu", "role": "write"}]
        >>> [grant.role for grant in client.access.grant_many(rows)]
        ['write']
        """

    def revoke(self, vault: str, who: str) -> Awaitable[None]:
        """Puts somebody out of a vault, and moves the vault to a new key. Needs `admin`.

        What they could read before, they may have kept. Revoking who is not in succeeds and logs nothing.
        Raises Conflict for a vault's last administrator while no recovery key is there.
        """

    def list(self, vault: str, *, at: datetime | None=None) -> Pages[Grant]:
        """Answers who is in the vault, or was `at` that instant."""

    def matrix(self) -> Pages[Grant]:
        """Answers every grant of the vaults the caller administers, or that the recovery code may rescue, vault by vault."""

    def approve(self, principal: str, *, vaults: Sequence[str] | None=None) -> Awaitable[int]:
        """Renews the grants of somebody whose keys were reissued, moves those vaults to new keys, and answers how many.

        Make sure first that the new keys are theirs. `vaults`: ids; all that the caller administers by default, or with the
        recovery code all that name it. A grant keeps its role and its end.
        """

@final
class Users:
    """Users of the account, as far as the caller may see them."""

    def invite(self, email: str, *, name: str | None=None) -> _Invitation:
        """Makes a one-time code with which a user makes its own keys."""

    def create(self, email: str, *, name: str | None=None, expires_at: datetime | None=None, save: _Save | None=None, idempotency_key: str | None=None) -> Credential:
        """Makes a user and its keys, to hand over. Needs `can_manage_users`.

        `name`: at most 256 bytes, the e-mail address by default. `expires_at`: from when on the token is refused, never by
        default. `save`: called with the Credential before anything is committed; what it raises stops the operation.
        The token is answered once: a repeat of an `idempotency_key` raises AlreadyExists with the id of whom the first
        call made, and InvalidArgument if the arguments are others.

        >>> client.users.create("alice@example.edu", name="Alice").principal.issued
        True
        """

    def create_many(self, users: Iterable[_User], *, save: _Save | None=None) -> _list[Credential | StrongroomError]:
        """Makes many users in one commit, at most 10,000.

        `users`: dicts of what users.create takes, but `save`, which is called with each Credential, in order, before anything is
        committed. Answers a list in order: a Credential, or the exception of a row that could not be made.

        >>> rows = [{"email": "alice@example.edu", "name": "Alice"}, {"email": "bob@example.edu"}]
        >>> [kit.principal.name for kit in client.users.create_many(rows)]
        ['Alice', 'bob@example.edu']
        """

    def get(self, who: str) -> Principal:
        """Answers the user of this id or e-mail address.

        Without `can_manage_users`, only oneself and people one shares a vault with; others are NotFound.
        """

    def list(self) -> Page[Principal]:
        """Answers users, oldest first. Without `can_manage_users`: oneself and people one shares a vault with."""

    def suspend(self, who: str) -> Principal:
        """Stops a user: every call of theirs raises Unauthenticated until `reactivate`. Needs `can_manage_users`.

        Their vaults are due for new keys. Raises Conflict for the owner; PermissionDenied for somebody with a right
        that the caller lacks.
        """

    def reactivate(self, who: str) -> Principal:
        """Lets a suspended user in again, with the token and the grants that they had. Needs `can_manage_users`.

        Where a vault has moved to a new key meanwhile, they wait until a member of it has looked at the vault.
        """

    def reissue(self, who: str, *, save: _Save | None=None) -> Credential:
        """Gives a user new keys after a loss: the same principal, another token, the old one dead at once.

        Needs `can_manage_users`. The new keys open no vault until an administrator of it, or the recovery code, has
        named them with `access.approve`; a grant by e-mail says so. `save`: called with the Credential before anything is
        committed. Raises PermissionDenied for the owner, and for somebody with a right that the caller lacks.
        """

    def delete(self, who: str, *, successor: str | None=None, erase: bool=False) -> None:
        """Ends a user for good, out of every vault; those are due for new keys. Needs `can_manage_users`.

        `successor`: who becomes an administrator where nobody else but the caller is one. `erase`: forgets name and e-mail
        too; the log keeps the id.

        Raises Conflict for the owner, and where a vault would be left without an administrator and does not name the
        recovery key; with a successor also where the caller is no administrator and nobody else is one.
        """

@final
class AsyncUsers:
    """Users of the account, as far as the caller may see them."""

    def invite(self, email: str, *, name: str | None=None) -> Awaitable[_Invitation]:
        """Makes a one-time code with which a user makes its own keys."""

    def create(self, email: str, *, name: str | None=None, expires_at: datetime | None=None, save: _Save | None=None, idempotency_key: str | None=None) -> Awaitable[Credential]:
        """Makes a user and its keys, to hand over. Needs `can_manage_users`.

        `name`: at most 256 bytes, the e-mail address by default. `expires_at`: from when on the token is refused, never by
        default. `save`: called with the Credential before anything is committed; what it raises stops the operation.
        The token is answered once: a repeat of an `idempotency_key` raises AlreadyExists with the id of whom the first
        call made, and InvalidArgument if the arguments are others.

        >>> client.users.create("alice@example.edu", name="Alice").principal.issued
        True
        """

    def create_many(self, users: Iterable[_User], *, save: _Save | None=None) -> Awaitable[_list[Credential | StrongroomError]]:
        """Makes many users in one commit, at most 10,000.

        `users`: dicts of what users.create takes, but `save`, which is called with each Credential, in order, before anything is
        committed. Answers a list in order: a Credential, or the exception of a row that could not be made.

        >>> rows = [{"email": "alice@example.edu", "name": "Alice"}, {"email": "bob@example.edu"}]
        >>> [kit.principal.name for kit in client.users.create_many(rows)]
        ['Alice', 'bob@example.edu']
        """

    def get(self, who: str) -> Awaitable[Principal]:
        """Answers the user of this id or e-mail address.

        Without `can_manage_users`, only oneself and people one shares a vault with; others are NotFound.
        """

    def list(self) -> Pages[Principal]:
        """Answers users, oldest first. Without `can_manage_users`: oneself and people one shares a vault with."""

    def suspend(self, who: str) -> Awaitable[Principal]:
        """Stops a user: every call of theirs raises Unauthenticated until `reactivate`. Needs `can_manage_users`.

        Their vaults are due for new keys. Raises Conflict for the owner; PermissionDenied for somebody with a right
        that the caller lacks.
        """

    def reactivate(self, who: str) -> Awaitable[Principal]:
        """Lets a suspended user in again, with the token and the grants that they had. Needs `can_manage_users`.

        Where a vault has moved to a new key meanwhile, they wait until a member of it has looked at the vault.
        """

    def reissue(self, who: str, *, save: _Save | None=None) -> Awaitable[Credential]:
        """Gives a user new keys after a loss: the same principal, another token, the old one dead at once.

        Needs `can_manage_users`. The new keys open no vault until an administrator of it, or the recovery code, has
        named them with `access.approve`; a grant by e-mail says so. `save`: called with the Credential before anything is
        committed. Raises PermissionDenied for the owner, and for somebody with a right that the caller lacks.
        """

    def delete(self, who: str, *, successor: str | None=None, erase: bool=False) -> Awaitable[None]:
        """Ends a user for good, out of every vault; those are due for new keys. Needs `can_manage_users`.

        `successor`: who becomes an administrator where nobody else but the caller is one. `erase`: forgets name and e-mail
        too; the log keeps the id.

        Raises Conflict for the owner, and where a vault would be left without an administrator and does not name the
        recovery key; with a successor also where the caller is no administrator and nobody else is one.
        """

@final
class ServiceAccounts:
    """Service accounts of the account, as far as the caller may see them."""

    def create(self, name: str, *, can_create_vaults: bool=False, can_manage_users: bool=False, can_manage_policy: bool=False, can_read_audit: bool=False, vaults: Mapping[str, _Role] | None=None, expires_at: datetime | None=None, save: _Save | None=None, idempotency_key: str | None=None) -> Credential:
        """Makes a service account and its token. Needs `can_manage_users`, and every right that it is given.

        `name`: 1 to 256 bytes. `vaults`: what it is granted at once, a dict from vault id to role; the caller must
        administer each. `expires_at`: from when on its token is refused, never by default. `save`: called with the
        Credential before anything is committed; what it raises stops the operation. The token is answered once:
        a repeat of an `idempotency_key` raises AlreadyExists with the id of what the first call made, and InvalidArgument if
        the arguments are others; `vaults` are not compared, and not granted again.

        >>> client.service_accounts.create("grader", can_create_vaults=True).principal.kind
        'service_account'
        """

    def get(self, id: str) -> Principal:
        """Answers the service account of this id."""

    def list(self) -> Page[Principal]:
        """Answers service accounts, oldest first."""

    def update(self, id: str, *, name: str | None=None, can_create_vaults: bool | None=None, can_manage_users: bool | None=None, can_manage_policy: bool | None=None, can_read_audit: bool | None=None, expires_at: datetime | None=None) -> Principal:
        """Changes what a service account is called, what it may do and until when; what is left out stays.

        Needs `can_manage_users`, every right that it has, and every right that it is given.
        """

    def revoke(self, id: str) -> None:
        """Ends a service account for good: its token is refused from now on. Needs `can_manage_users`."""

    def reissue(self, id: str, *, save: _Save | None=None) -> Credential:
        """Gives a service account new keys after a loss: the same principal, another token, the old one dead at once.

        Needs `can_manage_users` and every right that it has. With the new keys it has no right and no vault: an
        administrator of each vault, or the recovery code, lets it in again with `access.approve`, and `update` gives its
        rights back. `save`: called with the Credential before anything is committed.
        """

@final
class AsyncServiceAccounts:
    """Service accounts of the account, as far as the caller may see them."""

    def create(self, name: str, *, can_create_vaults: bool=False, can_manage_users: bool=False, can_manage_policy: bool=False, can_read_audit: bool=False, vaults: Mapping[str, _Role] | None=None, expires_at: datetime | None=None, save: _Save | None=None, idempotency_key: str | None=None) -> Awaitable[Credential]:
        """Makes a service account and its token. Needs `can_manage_users`, and every right that it is given.

        `name`: 1 to 256 bytes. `vaults`: what it is granted at once, a dict from vault id to role; the caller must
        administer each. `expires_at`: from when on its token is refused, never by default. `save`: called with the
        Credential before anything is committed; what it raises stops the operation. The token is answered once:
        a repeat of an `idempotency_key` raises AlreadyExists with the id of what the first call made, and InvalidArgument if
        the arguments are others; `vaults` are not compared, and not granted again.

        >>> client.service_accounts.create("grader", can_create_vaults=True).principal.kind
        'service_account'
        """

    def get(self, id: str) -> Awaitable[Principal]:
        """Answers the service account of this id."""

    def list(self) -> Pages[Principal]:
        """Answers service accounts, oldest first."""

    def update(self, id: str, *, name: str | None=None, can_create_vaults: bool | None=None, can_manage_users: bool | None=None, can_manage_policy: bool | None=None, can_read_audit: bool | None=None, expires_at: datetime | None=None) -> Awaitable[Principal]:
        """Changes what a service account is called, what it may do and until when; what is left out stays.

        Needs `can_manage_users`, every right that it has, and every right that it is given.
        """

    def revoke(self, id: str) -> Awaitable[None]:
        """Ends a service account for good: its token is refused from now on. Needs `can_manage_users`."""

    def reissue(self, id: str, *, save: _Save | None=None) -> Awaitable[Credential]:
        """Gives a service account new keys after a loss: the same principal, another token, the old one dead at once.

        Needs `can_manage_users` and every right that it has. With the new keys it has no right and no vault: an
        administrator of each vault, or the recovery code, lets it in again with `access.approve`, and `update` gives its
        rights back. `save`: called with the Credential before anything is committed.
        """

@final
class Groups:
    """Groups of users and service accounts."""

    def create(self, name: str) -> _Group:
        """Makes a group."""

    def list(self) -> Page[_Group]:
        """Answers groups, oldest first."""

    def get(self, id: str) -> _Group:
        """Answers the group of this id."""

    def add(self, group: str, member: str) -> None:
        """Lets somebody into a group."""

    def remove(self, group: str, member: str) -> None:
        """Puts somebody out of a group."""

    def delete(self, id: str) -> None:
        """Deletes a group."""

@final
class AsyncGroups:
    """Groups of users and service accounts."""

    def create(self, name: str) -> Awaitable[_Group]:
        """Makes a group."""

    def list(self) -> Pages[_Group]:
        """Answers groups, oldest first."""

    def get(self, id: str) -> Awaitable[_Group]:
        """Answers the group of this id."""

    def add(self, group: str, member: str) -> Awaitable[None]:
        """Lets somebody into a group."""

    def remove(self, group: str, member: str) -> Awaitable[None]:
        """Puts somebody out of a group."""

    def delete(self, id: str) -> Awaitable[None]:
        """Deletes a group."""

@final
class Items:
    """Items of the vaults the caller is in."""

    def create(self, vault: str, *, title: str, category: _Category | None=None, fields: Sequence[Field] | None=None, notes: str | None=None, tags: Sequence[str] | None=None, urls: Sequence[str] | None=None, files: Sequence[tuple[str, _Source]] | None=None, idempotency_key: str | None=None) -> Item:
        """Makes an item with its fields and files, in one operation. Needs `write`.

        `title`: 1 to 1,024 bytes. `category`: 1Password's word, `secure_note` by default. `fields`: at most 1,000.
        `notes`: at most 1 MiB. `tags`, `urls`: lists, kept in order. `files`: pairs of a name and a source, as
        files.attach takes it.

        >>> vault = client.vaults.create("Alice")
        >>> client.items.create(vault.id, title="Homework 1", fields=[Field("grade", "A")]).field("grade").value
        'A'
        """

    def create_many(self, vault: str, items: Iterable[_Item]) -> _list[Item | StrongroomError]:
        """Makes many items of one vault in one commit, at most 1,000. Needs `write`.

        `items`: dicts of what items.create takes. Answers a list in order: an Item, or the exception of a row that could not be
        made.

        >>> vault = client.vaults.create("Alice")
        >>> [item.title for item in client.items.create_many(vault.id, [{"title": "A"}, {"title": "B"}])]
        ['A', 'B']
        """

    def get(self, vault: str, item: str, *, version: int | None=None) -> Item:
        """Answers the item at its newest version, or at the one asked for."""

    def get_many(self, vault: str, items: Sequence[str]) -> _list[Item | StrongroomError]:
        """Answers several items of one vault, at most 1,000: a list in order, an exception per row that could not be read."""

    def history(self, vault: str, item: str) -> Page[Item]:
        """Answers every version of the item, oldest first."""

    def list(self, vault: str, *, archived: bool=False, tag: str | None=None, category: _Category | None=None) -> Page[ItemSummary]:
        """Answers the items of a vault without their contents, oldest first.

        `archived`: only those in the archive, or only those that are not, which is the default.
        """

    def update(self, vault: str, item: str, *, title: str | None=None, notes: str | None=None, tags: Sequence[str] | None=None, urls: Sequence[str] | None=None, set_fields: Sequence[Field] | None=None, remove_fields: Sequence[str] | None=None, if_version: int | None=None) -> Item:
        """Changes an item and answers its new version; what is left out stays. Needs `write`.

        `set_fields`: added, or replacing the field of the same section and label. `remove_fields`: labels, or
        `section.label`. `if_version`: raises Conflict unless the item is at this version.

        >>> vault = client.vaults.create("Alice")
        >>> item = client.items.create(vault.id, title="Homework 1")
        >>> client.items.update(vault.id, item.id, set_fields=[Field("grade", "A")], if_version=item.version).version
        2
        """

    def archive(self, vault: str, item: str) -> Item:
        """Moves an item into the archive. Needs `write`. Archiving what is archived changes nothing."""

    def restore(self, vault: str, item: str) -> Item:
        """Brings an item back from the archive. Needs `write`. Restoring what is not archived changes nothing."""

    def delete(self, vault: str, item: str) -> None:
        """Deletes an item, its history and its files for ever. Needs `admin`."""

@final
class AsyncItems:
    """Items of the vaults the caller is in."""

    def create(self, vault: str, *, title: str, category: _Category | None=None, fields: Sequence[Field] | None=None, notes: str | None=None, tags: Sequence[str] | None=None, urls: Sequence[str] | None=None, files: Sequence[tuple[str, _AsyncSource]] | None=None, idempotency_key: str | None=None) -> Awaitable[Item]:
        """Makes an item with its fields and files, in one operation. Needs `write`.

        `title`: 1 to 1,024 bytes. `category`: 1Password's word, `secure_note` by default. `fields`: at most 1,000.
        `notes`: at most 1 MiB. `tags`, `urls`: lists, kept in order. `files`: pairs of a name and a source, as
        files.attach takes it.

        >>> vault = client.vaults.create("Alice")
        >>> client.items.create(vault.id, title="Homework 1", fields=[Field("grade", "A")]).field("grade").value
        'A'
        """

    def create_many(self, vault: str, items: Iterable[_AsyncItem]) -> Awaitable[_list[Item | StrongroomError]]:
        """Makes many items of one vault in one commit, at most 1,000. Needs `write`.

        `items`: dicts of what items.create takes. Answers a list in order: an Item, or the exception of a row that could not be
        made.

        >>> vault = client.vaults.create("Alice")
        >>> [item.title for item in client.items.create_many(vault.id, [{"title": "A"}, {"title": "B"}])]
        ['A', 'B']
        """

    def get(self, vault: str, item: str, *, version: int | None=None) -> Awaitable[Item]:
        """Answers the item at its newest version, or at the one asked for."""

    def get_many(self, vault: str, items: Sequence[str]) -> Awaitable[_list[Item | StrongroomError]]:
        """Answers several items of one vault, at most 1,000: a list in order, an exception per row that could not be read."""

    def history(self, vault: str, item: str) -> Pages[Item]:
        """Answers every version of the item, oldest first."""

    def list(self, vault: str, *, archived: bool=False, tag: str | None=None, category: _Category | None=None) -> Pages[ItemSummary]:
        """Answers the items of a vault without their contents, oldest first.

        `archived`: only those in the archive, or only those that are not, which is the default.
        """

    def update(self, vault: str, item: str, *, title: str | None=None, notes: str | None=None, tags: Sequence[str] | None=None, urls: Sequence[str] | None=None, set_fields: Sequence[Field] | None=None, remove_fields: Sequence[str] | None=None, if_version: int | None=None) -> Awaitable[Item]:
        """Changes an item and answers its new version; what is left out stays. Needs `write`.

        `set_fields`: added, or replacing the field of the same section and label. `remove_fields`: labels, or
        `section.label`. `if_version`: raises Conflict unless the item is at this version.

        >>> vault = client.vaults.create("Alice")
        >>> item = client.items.create(vault.id, title="Homework 1")
        >>> client.items.update(vault.id, item.id, set_fields=[Field("grade", "A")], if_version=item.version).version
        2
        """

    def archive(self, vault: str, item: str) -> Awaitable[Item]:
        """Moves an item into the archive. Needs `write`. Archiving what is archived changes nothing."""

    def restore(self, vault: str, item: str) -> Awaitable[Item]:
        """Brings an item back from the archive. Needs `write`. Restoring what is not archived changes nothing."""

    def delete(self, vault: str, item: str) -> Awaitable[None]:
        """Deletes an item, its history and its files for ever. Needs `admin`."""

@final
class Files:
    """Files of the vaults the caller is in."""

    def attach(self, vault: str, item: str, name: str, source: _Source, *, content_type: str | None=None, replace: str | None=None, progress: _Progress | None=None, idempotency_key: str | None=None) -> File:
        """Seals a file and attaches it to an item, which thereby has a new version. Needs `write`.

        `name`: 1 to 1,024 bytes, no path. `source`: bytes, a pathlib.Path, a binary file object, or an iterable of
        bytes (an async one with AsyncClient); a str is refused, so that a text is never taken for a path. It is read once, a few
        MiB ahead of what is stored; the file of a path must stay as it is meanwhile. What fails or is cancelled leaves nothing.
        `content_type`: `application/octet-stream` by default. `replace`: the id of the file whose place it takes in the same
        operation. `progress`: called with the bytes done so far, after each MiB, on the thread that does the work.
        A repeat of an `idempotency_key` answers the file of the first call, and raises InvalidArgument if the content or another
        argument is another.

        >>> vault = client.vaults.create("Alice")
        >>> item = client.items.create(vault.id, title="Homework 1", category="document")
        >>> client.files.attach(vault.id, item.id, "essay.txt", b"Once upon a time").size
        16
        """

    def read(self, vault: str, item: str, file: str) -> bytes:
        """Answers the whole content as bytes, checked."""

    def download(self, vault: str, item: str, file: str, *, to: _Path, progress: _Progress | None=None) -> None:
        """Writes the content to a path, which appears whole or not at all.

        It is a new file that only its owner may read (mode 0600); a file or a link that is there is replaced, not written to.
        `progress`: called with the bytes done so far, after each MiB, on the thread that does the work.
        """

    def open(self, vault: str, item: str, file: str) -> BinaryIO:
        """Opens the content for reading at any place, as a seekable binary file object.

        Only the pieces that are touched are fetched and checked. With AsyncClient it answers an AsyncFile, whose `read` is awaited.
        """

    def detach(self, vault: str, item: str, file: str) -> None:
        """Takes a file off an item; its content is erased. Needs `write`."""

@final
class AsyncFiles:
    """Files of the vaults the caller is in."""

    def attach(self, vault: str, item: str, name: str, source: _AsyncSource, *, content_type: str | None=None, replace: str | None=None, progress: _Progress | None=None, idempotency_key: str | None=None) -> Awaitable[File]:
        """Seals a file and attaches it to an item, which thereby has a new version. Needs `write`.

        `name`: 1 to 1,024 bytes, no path. `source`: bytes, a pathlib.Path, a binary file object, or an iterable of
        bytes (an async one with AsyncClient); a str is refused, so that a text is never taken for a path. It is read once, a few
        MiB ahead of what is stored; the file of a path must stay as it is meanwhile. What fails or is cancelled leaves nothing.
        `content_type`: `application/octet-stream` by default. `replace`: the id of the file whose place it takes in the same
        operation. `progress`: called with the bytes done so far, after each MiB, on the thread that does the work.
        A repeat of an `idempotency_key` answers the file of the first call, and raises InvalidArgument if the content or another
        argument is another.

        >>> vault = client.vaults.create("Alice")
        >>> item = client.items.create(vault.id, title="Homework 1", category="document")
        >>> client.files.attach(vault.id, item.id, "essay.txt", b"Once upon a time").size
        16
        """

    def read(self, vault: str, item: str, file: str) -> Awaitable[bytes]:
        """Answers the whole content as bytes, checked."""

    def download(self, vault: str, item: str, file: str, *, to: _Path, progress: _Progress | None=None) -> Awaitable[None]:
        """Writes the content to a path, which appears whole or not at all.

        It is a new file that only its owner may read (mode 0600); a file or a link that is there is replaced, not written to.
        `progress`: called with the bytes done so far, after each MiB, on the thread that does the work.
        """

    def open(self, vault: str, item: str, file: str) -> Awaitable[AsyncFile]:
        """Opens the content for reading at any place, as a seekable binary file object.

        Only the pieces that are touched are fetched and checked. With AsyncClient it answers an AsyncFile, whose `read` is awaited.
        """

    def detach(self, vault: str, item: str, file: str) -> Awaitable[None]:
        """Takes a file off an item; its content is erased. Needs `write`."""

@final
class Secrets:
    """Secrets by reference: `op://vault/item/field`, or `op://vault/item/section/field`, by name or by id."""

    def resolve(self, reference: str) -> str:
        """Answers the value that the reference names: a field's value, or a file's content as text.

        Raises Conflict where a name fits more than one vault, item or field: use the id.

        With `?attribute=otp`, of a field of the type `totp`: the one-time password of this moment. With
        `?ssh-format=openssh`, of a field of the type `ssh_key`: an Ed25519 or RSA private key in OpenSSH's form, from PEM as PKCS #8 or PKCS #1.

        >>> vault = client.vaults.create("Alice")
        >>> _ = client.items.create(vault.id, title="Homework 1", fields=[Field("grade", "A")])
        >>> client.secrets.resolve("op://Alice/Homework 1/grade")
        'A'
        """

    def resolve_many(self, references: Sequence[str]) -> list[str | StrongroomError]:
        """Answers each reference's value: a list in order, an exception per reference that has none."""

@final
class AsyncSecrets:
    """Secrets by reference: `op://vault/item/field`, or `op://vault/item/section/field`, by name or by id."""

    def resolve(self, reference: str) -> Awaitable[str]:
        """Answers the value that the reference names: a field's value, or a file's content as text.

        Raises Conflict where a name fits more than one vault, item or field: use the id.

        With `?attribute=otp`, of a field of the type `totp`: the one-time password of this moment. With
        `?ssh-format=openssh`, of a field of the type `ssh_key`: an Ed25519 or RSA private key in OpenSSH's form, from PEM as PKCS #8 or PKCS #1.

        >>> vault = client.vaults.create("Alice")
        >>> _ = client.items.create(vault.id, title="Homework 1", fields=[Field("grade", "A")])
        >>> client.secrets.resolve("op://Alice/Homework 1/grade")
        'A'
        """

    def resolve_many(self, references: Sequence[str]) -> Awaitable[list[str | StrongroomError]]:
        """Answers each reference's value: a list in order, an exception per reference that has none."""

@final
class Changes:
    """The change feed of the vaults the caller may see."""

    def cursor(self) -> str:
        """Answers the feed's end. Take it before a first scan, and watch from it afterwards.

        >>> isinstance(client.changes.cursor(), str)
        True
        """

    def list(self, *, after: str | None=None, vaults: Sequence[str] | None=None, kinds: Sequence[_ChangeKind] | None=None, limit: int | None=None) -> Page[_Change]:
        """Answers a page of changes, oldest first.

        `after`: `start`, `now` or a cursor; `start` by default. `vaults`: ids; all the caller may see by default.
        `kinds`: such as `item.created`; all by default. `limit`: the most rows of a page, 1 to 5,000, 500 by default.

        >>> vault = client.vaults.create("Alice")
        >>> [change.kind for change in client.changes.list(after="start", vaults=[vault.id])][0]
        'vault.created'
        """

    def watch(self, *, after: str | None=None, vaults: Sequence[str] | None=None, kinds: Sequence[_ChangeKind] | None=None) -> ChangeFeed:
        """Follows the feed: changes as they come, each once and in order, until the feed is closed. Never awaited.

        `after`: `start`, `now` or a cursor; `now` by default, which is the moment of this call.
        `vaults`: ids; all the caller may see by default. `kinds`: such as `item.created`; all by default.
        """

    def consumer(self, name: str, *, start: str | None=None, vaults: Sequence[str] | None=None, kinds: Sequence[_ChangeKind] | None=None, lease: float | None=None) -> _Consumer:
        """Makes or continues a durable position in the feed, the caller's own, at least once. Never awaited.

        `start`: where a new one begins. `lease`: seconds after which an unacknowledged change comes again.
        """

@final
class AsyncChanges:
    """The change feed of the vaults the caller may see."""

    def cursor(self) -> Awaitable[str]:
        """Answers the feed's end. Take it before a first scan, and watch from it afterwards.

        >>> isinstance(client.changes.cursor(), str)
        True
        """

    def list(self, *, after: str | None=None, vaults: Sequence[str] | None=None, kinds: Sequence[_ChangeKind] | None=None, limit: int | None=None) -> Pages[_Change]:
        """Answers a page of changes, oldest first.

        `after`: `start`, `now` or a cursor; `start` by default. `vaults`: ids; all the caller may see by default.
        `kinds`: such as `item.created`; all by default. `limit`: the most rows of a page, 1 to 5,000, 500 by default.

        >>> vault = client.vaults.create("Alice")
        >>> [change.kind for change in client.changes.list(after="start", vaults=[vault.id])][0]
        'vault.created'
        """

    def watch(self, *, after: str | None=None, vaults: Sequence[str] | None=None, kinds: Sequence[_ChangeKind] | None=None) -> AsyncChangeFeed:
        """Follows the feed: changes as they come, each once and in order, until the feed is closed. Never awaited.

        `after`: `start`, `now` or a cursor; `now` by default, which is the moment of this call.
        `vaults`: ids; all the caller may see by default. `kinds`: such as `item.created`; all by default.
        """

    def consumer(self, name: str, *, start: str | None=None, vaults: Sequence[str] | None=None, kinds: Sequence[_ChangeKind] | None=None, lease: float | None=None) -> _AsyncConsumer:
        """Makes or continues a durable position in the feed, the caller's own, at least once. Never awaited.

        `start`: where a new one begins. `lease`: seconds after which an unacknowledged change comes again.
        """

@final
class ChangeFeed:
    """Changes as they come, each once and in order. Ends by `close()`, from any thread. A context manager too."""

    @property
    def cursor(self) -> str | None:
        """Continues after the last change handed out; `None` before the first, when watching from the start."""

    def close(self) -> None:
        """Ends the feed at once: whoever waits for a change comes to the end."""

    def __iter__(self) -> Self:
        ...

    def __next__(self) -> _Change:
        ...

    def __enter__(self) -> Self:
        ...

    def __exit__(self, kind: type[BaseException] | None=None, error: BaseException | None=None, trace: TracebackType | None=None, /) -> None:
        ...

@final
class Provisioning:
    """Many vaults and grants from a plan that can be read, kept and repeated."""

    def plan(self, specs: Sequence[VaultSpec], *, missing_users: Literal['error', 'invite', 'create'] | None=None, prune: bool | None=None) -> _Plan:
        """Compares what should be with what is, and changes nothing.

        `missing_users`: `error`, which is the default, `invite` or `create`. `prune`: also revoke what specs of the same vault
        don't name; never the owner, the caller or what is retained.
        """

    def load(self, path: _Path) -> _Plan:
        """Reads a plan that was saved."""

@final
class AsyncProvisioning:
    """Many vaults and grants from a plan that can be read, kept and repeated."""

    def plan(self, specs: Sequence[VaultSpec], *, missing_users: Literal['error', 'invite', 'create'] | None=None, prune: bool | None=None) -> Awaitable[_Plan]:
        """Compares what should be with what is, and changes nothing.

        `missing_users`: `error`, which is the default, `invite` or `create`. `prune`: also revoke what specs of the same vault
        don't name; never the owner, the caller or what is retained.
        """

    def load(self, path: _Path) -> Awaitable[_Plan]:
        """Reads a plan that was saved."""

@final
class Policies:
    """The account's policy."""

    def get(self) -> Policy:
        """Answers the policy in force."""

    def preview(self, policy: Policy) -> list[Any]:
        """Answers what a policy would forbid that is there now."""

    def set(self, policy: Policy, *, if_version: int | None=None) -> Policy:
        """Puts a policy in force. `if_version`: raises Conflict unless the policy is at this version."""

@final
class AsyncPolicies:
    """The account's policy."""

    def get(self) -> Awaitable[Policy]:
        """Answers the policy in force."""

    def preview(self, policy: Policy) -> Awaitable[list[Any]]:
        """Answers what a policy would forbid that is there now."""

    def set(self, policy: Policy, *, if_version: int | None=None) -> Awaitable[Policy]:
        """Puts a policy in force. `if_version`: raises Conflict unless the policy is at this version."""

@final
class Audit:
    """The audit, as far as the caller may see it."""

    def list(self, *, actor: str | None=None, generation: int | None=None, vault: str | None=None, action: str | Sequence[str] | None=None, since: datetime | None=None, until: datetime | None=None, after: str | None=None) -> Page[AuditEvent]:
        """Answers events, oldest first: one's own, all of a vault one administers, everything with `can_read_audit` or as owner.

        `actor`: an e-mail or id. `generation`: of which of the actor's keys, 1 at first. `vault`: an id. `action`: a name, a list of names, or a pattern such as `item.*`.
        `since`: from this instant on. `until`: before this instant. `after`: a cursor. What is left out matches all.
        """

    def verify(self, *, checkpoint: str | None=None) -> AuditProof:
        """Replays every log, tree and signature, checks the tables against them, and answers what it found whole.

        `checkpoint`: a note of audit.checkpoint that must still hold. Needs to see the whole audit.
        Raises Tampered, which names the first place that does not hold, and why.
        """

    def checkpoint(self) -> str:
        """Answers a signed note of the newest tree, to keep elsewhere."""

    def export(self, path: _Path, *, format: Literal['jsonl', 'csv', 'ocsf'] | None=None) -> None:
        """Writes the audit to a file. `format`: `jsonl`, which is the default, `csv` or `ocsf`."""

@final
class AsyncAudit:
    """The audit, as far as the caller may see it."""

    def list(self, *, actor: str | None=None, generation: int | None=None, vault: str | None=None, action: str | Sequence[str] | None=None, since: datetime | None=None, until: datetime | None=None, after: str | None=None) -> Pages[AuditEvent]:
        """Answers events, oldest first: one's own, all of a vault one administers, everything with `can_read_audit` or as owner.

        `actor`: an e-mail or id. `generation`: of which of the actor's keys, 1 at first. `vault`: an id. `action`: a name, a list of names, or a pattern such as `item.*`.
        `since`: from this instant on. `until`: before this instant. `after`: a cursor. What is left out matches all.
        """

    def verify(self, *, checkpoint: str | None=None) -> Awaitable[AuditProof]:
        """Replays every log, tree and signature, checks the tables against them, and answers what it found whole.

        `checkpoint`: a note of audit.checkpoint that must still hold. Needs to see the whole audit.
        Raises Tampered, which names the first place that does not hold, and why.
        """

    def checkpoint(self) -> Awaitable[str]:
        """Answers a signed note of the newest tree, to keep elsewhere."""

    def export(self, path: _Path, *, format: Literal['jsonl', 'csv', 'ocsf'] | None=None) -> Awaitable[None]:
        """Writes the audit to a file. `format`: `jsonl`, which is the default, `csv` or `ocsf`."""

@final
class RawFeed:
    """What `AsyncChangeFeed` stands on.

    An await may be cancelled after its change came and before Python has it. So the change waits here until it is taken, which
    takes no await, and the cursor stays before it until then.
    """

    @property
    def cursor(self) -> str | None:
        ...

    def close(self) -> None:
        ...

    def ready(self) -> Awaitable[bool]:
        """Waits until a change can be taken: whether one can, or the feed is closed."""

    def take(self) -> _Change | None:
        """The change that waits, if one does."""

@final
class RawPage(Generic[_T]):
    """One page, and how to fetch the one after it."""

    @property
    def data(self) -> list[_T]:
        ...

    @property
    def cursor(self) -> str | None:
        ...

    @property
    def has_more(self) -> bool:
        ...

    def next_page(self) -> RawPage[_T] | None:
        """Fetches the page after this one, or answers `None` at the end."""

    def next_page_async(self) -> Awaitable[RawPage[_T]] | None:
        """The same as an asyncio future."""

@final
class FirstPage(Generic[_T]):
    """A page that nobody has asked for yet."""

    def fetch(self) -> Awaitable[RawPage[_T]]:
        """Fetches it, once."""

@final
class FileReader:
    """What file objects read from."""

    @property
    def file(self) -> File:
        """The file."""

    def read_at(self, offset: int, length: int) -> bytes:
        """The bytes from `offset` on: at most `length`, none at the end."""

    def read_at_async(self, offset: int, length: int) -> Awaitable[bytes]:
        """The same as an asyncio future."""

__all__ = ['Access', 'AccessChange', 'Account', 'Actor', 'AsyncAccess', 'AsyncAccount', 'AsyncAudit', 'AsyncChanges', 'AsyncClient', 'AsyncFiles', 'AsyncGroups', 'AsyncItems', 'AsyncPolicies', 'AsyncProvisioning', 'AsyncSecrets', 'AsyncServiceAccounts', 'AsyncUsers', 'AsyncVaults', 'Audit', 'AuditEvent', 'AuditProof', 'Capabilities', 'ChangeFeed', 'Changes', 'Client', 'Credential', 'Field', 'File', 'FileChange', 'FileReader', 'Files', 'FirstPage', 'Grant', 'Groups', 'Item', 'ItemChange', 'ItemSummary', 'Items', 'Policies', 'Policy', 'Principal', 'Provisioning', 'RawFeed', 'RawPage', 'Secrets', 'ServiceAccounts', 'Users', 'Vault', 'VaultChange', 'VaultSpec', 'Vaults', '__version__', 'accept', 'accept_async', 'after_fork_in_parent', 'before_exit', 'before_fork', 'connect', 'connect_async', 'drop', 'error_codes', 'init', 'init_async', 'main', 'validate']
