"""Administrative acts, which nothing changes or deletes; channels that are switched off; when a text was first tried"""

from datetime import timedelta

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

A_TRY = timedelta(minutes=1)  # at most, from its start until it was known to have failed
REFUSED = "acts are only ever added"


def upgrade() -> None:
    """Forward only."""
    op.create_table("acts",
    sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("who", sa.String(length=60), nullable=False),
    sa.Column("what", sa.String(length=30), nullable=False),
    sa.Column("about", sa.String(length=80), nullable=False),
    sa.Column("note", sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint("id"),
    sqlite_autoincrement=True,
    )
    op.create_table("switches",
    sa.Column("channel", sa.String(length=20), nullable=False),
    sa.Column("off", sa.Boolean(), nullable=False),
    sa.Column("note", sa.Text(), nullable=False),
    sa.Column("who", sa.String(length=60), nullable=False),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint("channel"),
    )
    op.add_column("outbound", sa.Column("first_tried_at", sa.DateTime(timezone=True), nullable=True))
    _when_tried()
    _append_only()


def _when_tried() -> None:
    """What was on its way may have come through: it is looked for from the last try, which is all that is known."""
    outbound = sa.table("outbound", sa.column("id"), sa.column("status"), sa.column("error"),
                        sa.column("updated_at", sa.DateTime(timezone=True)),
                        sa.column("first_tried_at", sa.DateTime(timezone=True)))
    connection = op.get_bind()
    unsure = (outbound.c.status == "waiting") & (outbound.c.error == "unsure")
    for row in connection.execute(sa.select(outbound).where((outbound.c.status == "sending") | unsure)).all():
        tried = row.updated_at if row.status == "sending" else row.updated_at - A_TRY
        connection.execute(outbound.update().where(outbound.c.id == row.id).values(first_tried_at=tried))


def _append_only() -> None:
    """The database itself refuses to change or delete an act, whoever asks."""
    if op.get_bind().dialect.name == "sqlite":
        for event in ("UPDATE", "DELETE"):
            op.execute(f"CREATE TRIGGER acts_no_{event.lower()} BEFORE {event} ON acts "
                       f"BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END")
        return
    op.execute("CREATE FUNCTION acts_refuse() RETURNS trigger LANGUAGE plpgsql AS "
               f"$$ BEGIN RAISE EXCEPTION '{REFUSED}'; END $$")
    op.execute("CREATE TRIGGER acts_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON acts "
               "FOR EACH STATEMENT EXECUTE FUNCTION acts_refuse()")


def downgrade() -> None:
    """Forward only."""
    raise NotImplementedError("restore the backup instead")
