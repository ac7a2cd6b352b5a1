"""A load balancer for TCP, as nginx or a virtual IP is in front of several servers: the first that answers is used."""

import asyncio
from collections.abc import Sequence
from typing import Self

HOST = "127.0.0.1"
_CHUNK_BYTES = 65_536


class Balancer:
    """`async with Balancer([port, …]) as balancer`: connections go to the first port that accepts them."""

    def __init__(self, ports: Sequence[int]) -> None:
        self._ports = ports
        self._server: asyncio.Server | None = None
        self._pipes: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"http://{HOST}:{self._server.sockets[0].getsockname()[1]}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, HOST, 0)
        return self

    async def __aexit__(self, *args: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in list(self._pipes):
            task.cancel()
        await asyncio.gather(*self._pipes, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for port in self._ports:
            try:
                to_server = await asyncio.open_connection(HOST, port)
            except OSError:
                continue
            for source, target in ((reader, to_server[1]), (to_server[0], writer)):
                task = asyncio.create_task(_pipe(source, target))
                self._pipes.add(task)
                task.add_done_callback(self._pipes.discard)
            return
        writer.close()


async def _pipe(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    try:
        while data := await source.read(_CHUNK_BYTES):
            target.write(data)
            await target.drain()
    except OSError:  # either end went away, which the other learns now
        pass
    finally:
        target.close()
