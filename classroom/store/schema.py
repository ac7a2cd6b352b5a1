"""All tables, whichever module they stand in."""

from sqlalchemy import MetaData

from classroom.store import planning_tables, recording_tables, tables

_MODULES = (tables, recording_tables, planning_tables)  # importing a module is what makes its tables known

METADATA: MetaData = tables.Base.metadata
