"""Figures by week that hold no identity, and what a conversation has counted for"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Forward only."""
    op.add_column("conversations", sa.Column("counted", sa.JSON(), nullable=True))
    op.create_table("tallies",
    sa.Column("week", sa.Date(), nullable=False),
    sa.Column("kind", sa.String(length=20), nullable=False),
    sa.Column("what", sa.String(length=120), nullable=False),
    sa.Column("authority", sa.String(length=60), nullable=False),
    sa.Column("arrangement", sa.String(length=40), nullable=False),
    sa.Column("count", sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint("week", "kind", "what", "authority", "arrangement")
    )


def downgrade() -> None:
    """Forward only."""
    raise NotImplementedError("restore the backup instead")
