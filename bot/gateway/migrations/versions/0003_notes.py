"""Notes for editors: did an answer help, was it wrong, how was a conversation judged; never whose it was"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Forward only."""
    op.create_table("notes",
    sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
    sa.Column("day", sa.Date(), nullable=False),
    sa.Column("kind", sa.String(length=12), nullable=False),
    sa.Column("value", sa.String(length=20), nullable=False),
    sa.Column("entry", sa.String(length=120), nullable=True),
    sa.Column("words", sa.Text(), nullable=True),
    sa.PrimaryKeyConstraint("id")
    )


def downgrade() -> None:
    """Forward only."""
    raise NotImplementedError("restore the backup instead")
