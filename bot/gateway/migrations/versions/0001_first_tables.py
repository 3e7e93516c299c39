"""The first tables: conversations, inbound, transcript, outbound, waiting for a person"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Forward only: go back by restoring a backup."""
    op.create_table("conversations",
    sa.Column("id", sa.String(length=40), nullable=False),
    sa.Column("channel", sa.String(length=20), nullable=False),
    sa.Column("token_hash", sa.String(length=64), nullable=False),
    sa.Column("mode", sa.String(length=12), nullable=False),
    sa.Column("slots", sa.JSON(), nullable=False),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint("id")
    )
    with op.batch_alter_table("conversations", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_conversations_last_at"), ["last_at"], unique=False)

    op.create_table("inbound",
    sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
    sa.Column("conversation_id", sa.String(length=40), nullable=False),
    sa.Column("channel", sa.String(length=20), nullable=False),
    sa.Column("provider_id", sa.String(length=200), nullable=False),
    sa.Column("text", sa.Text(), nullable=False),
    sa.Column("command", sa.Text(), nullable=True),
    sa.Column("status", sa.String(length=10), nullable=False),
    sa.Column("attempts", sa.Integer(), nullable=False),
    sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"], ondelete="CASCADE"),
    sa.PrimaryKeyConstraint("id"),
    sa.UniqueConstraint("channel", "provider_id")
    )
    with op.batch_alter_table("inbound", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_inbound_conversation_id"), ["conversation_id"], unique=False)
        batch_op.create_index("ix_inbound_waiting", ["status", "id"], unique=False)

    op.create_table("waiting_for_person",
    sa.Column("conversation_id", sa.String(length=40), nullable=False),
    sa.Column("reason", sa.String(length=20), nullable=False),
    sa.Column("urgent", sa.Boolean(), nullable=False),
    sa.Column("since", sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"], ondelete="CASCADE"),
    sa.PrimaryKeyConstraint("conversation_id")
    )
    op.create_table("transcript",
    sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
    sa.Column("conversation_id", sa.String(length=40), nullable=False),
    sa.Column("inbound_id", sa.Integer(), nullable=True),
    sa.Column("sender", sa.String(length=10), nullable=False),
    sa.Column("text", sa.Text(), nullable=False),
    sa.Column("body", sa.JSON(), nullable=False),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"], ondelete="CASCADE"),
    sa.ForeignKeyConstraint(["inbound_id"], ["inbound.id"], ondelete="CASCADE"),
    sa.PrimaryKeyConstraint("id"),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table("transcript", schema=None) as batch_op:
        batch_op.create_index("ix_transcript_conversation", ["conversation_id", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_transcript_inbound_id"), ["inbound_id"], unique=False)

    op.create_table("outbound",
    sa.Column("line_id", sa.Integer(), nullable=False),
    sa.Column("channel", sa.String(length=20), nullable=False),
    sa.Column("status", sa.String(length=12), nullable=False),
    sa.Column("provider_id", sa.String(length=200), nullable=True),
    sa.Column("attempts", sa.Integer(), nullable=False),
    sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(["line_id"], ["transcript.id"], ondelete="CASCADE"),
    sa.PrimaryKeyConstraint("line_id")
    )
    with op.batch_alter_table("outbound", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_outbound_status"), ["status"], unique=False)

