"""All tables, whichever module they stand in."""

from sqlalchemy import MetaData

from classroom.store import (
    catalogue_tables,
    plan_tables,
    planning_tables,
    recording_tables,
    tables,
    watching_tables,
)

# importing a module is what makes its tables known
_MODULES = (tables, recording_tables, planning_tables, plan_tables, catalogue_tables, watching_tables)

METADATA: MetaData = tables.Base.metadata
