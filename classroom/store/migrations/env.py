"""Alembic's entry: runs in the connection and transaction `classroom.store.migrate` gives it."""

from alembic import context

from classroom.store.schema import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    # SQLite cannot alter a column: Alembic copies the table instead
    render_as_batch=True,
    compare_type=True,
)
context.run_migrations()
