"""SQLite's INSERT OR REPLACE fires no trigger of a deletion: an act's id that exists is refused by itself"""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Forward only."""
    if op.get_bind().dialect.name == "sqlite":  # PostgreSQL's primary key does it
        op.execute("CREATE TRIGGER acts_no_replace BEFORE INSERT ON acts WHEN EXISTS (SELECT 1 FROM acts WHERE id = NEW.id) "
                   "BEGIN SELECT RAISE(ABORT, 'acts are only ever added'); END")


def downgrade() -> None:
    """Forward only."""
    raise NotImplementedError("restore the backup instead")
