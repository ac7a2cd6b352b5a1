"""What keeping a lesson costs, and how fast it is found, watched and taken away again.

Every measure is a function of a module `bench.library.*` that returns figures by name; the last line holds all of them.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable

from bench.library.exchange import exchange
from bench.library.record import record
from bench.library.search import search
from bench.library.server_record import server_record
from bench.library.take_in import take_in
from bench.library.watch import watch
from bench.report import progress, result

Measure = Callable[[], Awaitable[dict[str, float]]]

MEASURES: dict[str, Measure] = {
    "record": record,
    "server_record": server_record,
    "take_in": take_in,
    "search": search,
    "watch": watch,
    "exchange": exchange,
}


async def main() -> None:
    """`python -m bench.archive [MEASURE …]`"""
    figures: dict[str, float] = {}
    for name in sys.argv[1:] or MEASURES:
        progress(f"{name} …")
        measured = await MEASURES[name]()
        progress("  " + ", ".join(f"{key} {value:,.1f}" for key, value in measured.items()))
        figures |= measured
    result(**figures)


if __name__ == "__main__":
    asyncio.run(main())
