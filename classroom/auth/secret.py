"""The key that signs tokens."""

import os
import secrets
from pathlib import Path

from classroom.errors import BadSettings

KEY_BYTES = 32


def load_secret(path: Path) -> bytes:
    """The key in `path`, created on first start (mode 0600). Raises `BadSettings` when it cannot be read or made."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _create(path)
        key = bytes.fromhex(path.read_text("ascii").strip())
    except ValueError:
        raise BadSettings("secret_malformed", path=str(path)) from None
    except OSError as error:
        raise BadSettings("data_unwritable", path=str(path), problem=error.strerror or str(error)) from None
    if len(key) < KEY_BYTES:
        raise BadSettings("secret_malformed", path=str(path))
    return key


def _create(path: Path) -> None:
    if path.exists():
        return
    # Two processes may start at once: each writes its own file, and `link` lets exactly one of them win, whole.
    fresh = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(KEY_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(fresh, path)
        except FileExistsError:
            return
    finally:
        fresh.unlink()
