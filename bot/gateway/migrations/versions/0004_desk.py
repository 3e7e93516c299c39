"""The helpline's desk: staff, their sessions and log, who has which conversation, notes, what was handled"""

from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def moment(name: str, nullable: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def conversation(nullable: bool = False) -> tuple[sa.Column[str], sa.ForeignKeyConstraint]:
    return (sa.Column("conversation_id", sa.String(length=40), nullable=nullable),
            sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"], ondelete="SET NULL" if nullable else "CASCADE"))


def upgrade() -> None:
    """Forward only."""
    op.add_column("waiting_for_person", sa.Column("staff_id", sa.String(length=60), nullable=True))
    op.add_column("waiting_for_person", moment("claimed_at", nullable=True))
    op.add_column("waiting_for_person", moment("unanswered_since", nullable=True))
    op.add_column("waiting_for_person", sa.Column("tell_me", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("waiting_for_person", moment("announced_at", nullable=True))
    op.add_column("waiting_for_person", sa.Column("call_back", sa.JSON(), nullable=True))

    op.create_table("staff",
    sa.Column("id", sa.String(length=40), nullable=False),
    sa.Column("name", sa.String(length=60), nullable=False),
    sa.Column("role", sa.String(length=12), nullable=False),
    sa.Column("password_hash", sa.String(length=200), nullable=False),
    sa.Column("totp_secret", sa.Text(), nullable=False),
    sa.Column("totp_step", sa.Integer(), nullable=False),
    sa.Column("failures", sa.Integer(), nullable=False),
    moment("locked_until", nullable=True),
    moment("created_at"),
    sa.PrimaryKeyConstraint("id")
    )
    op.create_table("staff_sessions",
    sa.Column("id_hash", sa.String(length=64), nullable=False),
    sa.Column("staff_id", sa.String(length=40), nullable=False),
    sa.Column("csrf", sa.String(length=64), nullable=False),
    sa.Column("here", sa.Boolean(), nullable=False),
    moment("created_at"),
    moment("acted_at"),
    moment("seen_at"),
    sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], ondelete="CASCADE"),
    sa.PrimaryKeyConstraint("id_hash")
    )
    op.create_index("ix_staff_sessions_staff_id", "staff_sessions", ["staff_id"])

    column, key = conversation(nullable=True)
    op.create_table("staff_log",
    sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
    sa.Column("staff_id", sa.String(length=40), nullable=False),
    sa.Column("what", sa.String(length=30), nullable=False),
    column,
    moment("at"),
    key,
    sa.PrimaryKeyConstraint("id")
    )
    op.create_index("ix_staff_log_conversation_id", "staff_log", ["conversation_id"])

    column, key = conversation()
    op.create_table("staff_messages",
    sa.Column("key", sa.String(length=160), nullable=False),
    column,
    sa.Column("line_id", sa.Integer(), nullable=False),
    sa.Column("staff_id", sa.String(length=60), nullable=False),
    key,
    sa.PrimaryKeyConstraint("key")
    )
    op.create_index("ix_staff_messages_conversation_id", "staff_messages", ["conversation_id"])

    column, key = conversation()
    op.create_table("case_notes",
    sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
    column,
    sa.Column("staff_id", sa.String(length=40), nullable=False),
    sa.Column("text", sa.Text(), nullable=False),
    moment("at"),
    key,
    sa.PrimaryKeyConstraint("id")
    )
    op.create_index("ix_case_notes_conversation_id", "case_notes", ["conversation_id"])

    op.create_table("handled",
    sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
    moment("at"),
    sa.Column("reason", sa.String(length=20), nullable=False),
    sa.Column("outcome", sa.String(length=20), nullable=False),
    sa.Column("channel", sa.String(length=20), nullable=False),
    sa.Column("topic", sa.String(length=60), nullable=True),
    sa.Column("authority", sa.String(length=60), nullable=True),
    sa.Column("arrangement", sa.String(length=40), nullable=True),
    sa.Column("waited", sa.Integer(), nullable=True),
    sa.PrimaryKeyConstraint("id")
    )
    op.create_index("ix_handled_at", "handled", ["at"])


def downgrade() -> None:
    """Forward only."""
    raise NotImplementedError("restore the backup instead")
