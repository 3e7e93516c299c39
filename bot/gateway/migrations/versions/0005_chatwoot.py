"""Conversations that are answered in Chatwoot"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Forward only."""
    op.create_table("chatwoot_links",
    sa.Column("conversation_id", sa.String(length=40), nullable=False),
    sa.Column("source_id", sa.String(length=80), nullable=False),
    sa.Column("chatwoot_id", sa.Integer(), nullable=False),
    sa.Column("last_line", sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"], ondelete="CASCADE"),
    sa.PrimaryKeyConstraint("conversation_id")
    )
    op.create_index("ix_chatwoot_links_chatwoot_id", "chatwoot_links", ["chatwoot_id"])


def downgrade() -> None:
    """Forward only."""
    raise NotImplementedError("restore the backup instead")
