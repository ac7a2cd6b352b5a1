"""Recordings: tracks, the segments they are made of, and what the segment store holds."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ID = sa.String(length=32)
DIGEST = sa.String(length=64)
WORD = sa.String(length=24)
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "blobs",
        sa.Column("digest", DIGEST, nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("stored_at", TIME, nullable=False),
        sa.Column("verified_at", TIME, nullable=False),
        sa.Column("damaged_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("digest", name="pk_blobs"),
    )
    op.create_index("ix_blobs_verified_at", "blobs", ["verified_at"])
    op.create_table(
        "recordings",
        sa.Column("id", ID, nullable=False),
        sa.Column("lesson_id", ID, nullable=True),
        sa.Column("school_id", ID, nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("began_at", TIME, nullable=False),
        sa.Column("duration_s", sa.Float(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("completed_at", TIME, nullable=True),
        sa.Column("trashed_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(["lesson_id"], ["lessons.id"], name="fk_recordings_lesson_id"),
        sa.ForeignKeyConstraint(["school_id"], ["schools.id"], name="fk_recordings_school_id"),
        sa.PrimaryKeyConstraint("id", name="pk_recordings"),
        sa.UniqueConstraint("lesson_id", name="uq_recordings_lesson_id"),
    )
    for column in ("school_id", "state", "began_at", "trashed_at"):
        op.create_index(f"ix_recordings_{column}", "recordings", [column])
    op.create_table(
        "recording_tracks",
        sa.Column("id", ID, nullable=False),
        sa.Column("recording_id", ID, nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("origin", WORD, nullable=False),
        sa.Column("codec", sa.String(length=40), nullable=False),
        sa.Column("timescale", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("channels", sa.Integer(), nullable=False),
        sa.Column("expected_segments", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recordings.id"], name="fk_recording_tracks_recording_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_recording_tracks"),
        sa.UniqueConstraint(
            "recording_id", "name", "kind", "origin", name="uq_recording_tracks_recording_id_name_kind_origin"
        ),
    )
    op.create_table(
        "recording_segments",
        sa.Column("track_id", ID, nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("digest", DIGEST, nullable=False),
        sa.Column("init_digest", DIGEST, nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("duration", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["track_id"], ["recording_tracks.id"], name="fk_recording_segments_track_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("track_id", "sequence", name="pk_recording_segments"),
    )
    op.create_index("ix_recording_segments_digest", "recording_segments", ["digest"])
    op.create_index("ix_recording_segments_init_digest", "recording_segments", ["init_digest"])
