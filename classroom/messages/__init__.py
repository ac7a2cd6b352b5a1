"""Everything that crosses a wire, as pydantic models.

`live` is the `/ws` socket, `api` the HTTP bodies, `events` the bus.

Unknown fields are refused everywhere. TypeScript types are generated from these models (`make types`).
"""
