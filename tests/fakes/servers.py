"""Real servers for one test session: a Redis, a PostgreSQL cluster and an S3 of our own, in a temporary directory.

The first two listen on Unix sockets only, so that nothing clashes with what the machine runs and nobody can connect.
"""

import http.client
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from tests.harness.processes import free_port

READY_WITHIN_S = 30.0
STOP_WITHIN_S = 10.0


@contextmanager
def short_directory() -> Iterator[Path]:
    """A directory whose path is short: a Unix socket's name has at most 107 bytes, and pytest's are long."""
    path = Path(tempfile.mkdtemp(prefix="qs-"))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


class RedisServer:
    """`redis-server` that keeps nothing; may be stopped and started again within a test."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._socket = directory / "redis.sock"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"unix://{self._socket}"

    def start(self) -> None:
        command = ["redis-server", "--port", "0", "--unixsocket", str(self._socket), "--save", "", "--appendonly", "no"]
        log = (self._directory / "redis.log").open("ab")
        self._process = subprocess.Popen([*command, "--dir", str(self._directory)], stdout=log, stderr=log)
        log.close()
        _wait_for(
            lambda: _succeeds(["redis-cli", "-s", str(self._socket), "ping"]),
            self._process,
            self._directory / "redis.log",
        )

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(STOP_WITHIN_S)
            self._process = None

    def pause(self) -> None:
        """Fall silent without closing anything, as a server behind a cut cable does."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Go on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def flush(self) -> None:
        """Forget all keys."""
        subprocess.run(["redis-cli", "-s", str(self._socket), "flushall"], check=True, capture_output=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()


class PostgresServer:
    """A PostgreSQL cluster made by `initdb`. PostgreSQL refuses to run as root, who becomes user postgres for it."""

    USER = "qianshou"

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._data = directory / "data"
        self._log = directory / "postgres.log"
        self._made = 0
        self._as_user = pwd.getpwnam("postgres").pw_name if os.geteuid() == 0 else None
        if self._as_user:
            shutil.chown(directory, self._as_user)

    def start(self) -> None:
        if not self._data.exists():
            self._run("initdb", "-D", str(self._data), "-U", self.USER, "-A", "trust", "--no-sync", "-E", "UTF8")
        # no fsync: what a power cut would do to it is not tested here
        options = f"-c listen_addresses='' -c unix_socket_directories='{self._directory}' -c fsync=off"
        self._run("pg_ctl", "start", "-w", "-D", str(self._data), "-l", str(self._log), "-o", options)

    def stop(self) -> None:
        self._run("pg_ctl", "stop", "-m", "immediate", "-w", "-D", str(self._data))

    def new_database(self) -> str:
        """The URL of an empty database."""
        self._made += 1
        name = f"test{self._made}"
        self._run("createdb", "-h", str(self._directory), "-U", self.USER, name)
        return self.url(name)

    def url(self, database: str) -> str:
        """The URL of a database here, whether or not it exists."""
        return f"postgresql://{self.USER}@/{database}?host={quote(str(self._directory), safe='')}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(_postgres_program(program)), *arguments],
            user=self._as_user,
            cwd=self._directory,
            # a pipe would stay open in the server that pg_ctl leaves behind
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE if program != "pg_ctl" else subprocess.DEVNULL,
            timeout=READY_WITHIN_S,
            check=False,
        )
        if done.returncode != 0:
            log = self._log.read_text() if self._log.exists() else ""
            raise RuntimeError(f"{program} failed: {(done.stderr or b'').decode()}{log}")


def _postgres_program(name: str) -> Path:
    # Debian keeps the server's programs out of PATH, by version
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1]
    program = shutil.which(name)
    if program is None:
        raise RuntimeError(f"{name} is not installed: `make system` installs what the tests need")
    return Path(program)


def _succeeds(command: list[str]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _wait_for(ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline:
        if ready():
            return
        if process.poll() is not None:
            break
        time.sleep(0.02)
    raise RuntimeError(f"{process.args!r} did not become ready: {log.read_text()}")


class S3Server:
    """moto's S3 over HTTP, which keeps objects in memory; its bucket is `qianshou`."""

    BUCKET = "qianshou"

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)]
        path = self._directory / "s3.log"
        with path.open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        _wait_for(self._make_bucket, self._process, path)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait(STOP_WITHIN_S)

    def _make_bucket(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=READY_WITHIN_S)
        try:
            connection.request("PUT", f"/{self.BUCKET}")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()
