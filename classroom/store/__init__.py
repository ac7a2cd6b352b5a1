"""The store: what must outlive a process. SQLite (WAL) by default, PostgreSQL by URL, with one conformance suite.

`tables` are the typed tables, `migrations` the Alembic steps that make them (shipped in the wheel; `Store.open` runs
them), `store` the engine and its transactions, `failures` the translation of database errors into ours. Services do not
query tables: they call `classroom.access`, which checks who is asking.
"""
