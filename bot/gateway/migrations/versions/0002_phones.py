"""Phones: contacts, consent, codes that move a conversation; outbound holds what is sent, and nothing for the web"""

from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def moment(name: str, nullable: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    """Forward only. The old outbound had a row for each line on the web, all delivered: nothing is lost with it."""
    op.create_table("contacts",
    sa.Column("id", sa.String(length=64), nullable=False),
    sa.Column("channel", sa.String(length=20), nullable=False),
    sa.Column("address", sa.Text(), nullable=True),
    sa.Column("conversation_id", sa.String(length=40), nullable=True),
    moment("opted_out_at", nullable=True),
    moment("first_at"),
    moment("last_at"),
    sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"], ondelete="SET NULL"),
    sa.PrimaryKeyConstraint("id")
    )
    op.create_index("ix_contacts_conversation_id", "contacts", ["conversation_id"])

    op.create_table("consent_changes",
    sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
    sa.Column("contact_id", sa.String(length=64), nullable=False),
    sa.Column("what", sa.String(length=10), nullable=False),
    sa.Column("by", sa.String(length=10), nullable=False),
    moment("at"),
    sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], ondelete="CASCADE"),
    sa.PrimaryKeyConstraint("id")
    )
    op.create_index("ix_consent_changes_contact_id", "consent_changes", ["contact_id"])

    op.create_table("move_codes",
    sa.Column("code_hash", sa.String(length=64), nullable=False),
    sa.Column("conversation_id", sa.String(length=40), nullable=False),
    moment("expires_at"),
    sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"], ondelete="CASCADE"),
    sa.PrimaryKeyConstraint("code_hash")
    )
    op.create_index("ix_move_codes_conversation_id", "move_codes", ["conversation_id"])

    # no batch here: on SQLite it would make the table anew, and dropping the old one would take its transcript along
    op.add_column("inbound", sa.Column("contact_id", sa.String(length=64), nullable=True))
    op.add_column("inbound", moment("joins_until", nullable=True))

    op.drop_table("outbound")
    op.create_table("outbound",
    sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
    sa.Column("conversation_id", sa.String(length=40), nullable=False),
    sa.Column("contact_id", sa.String(length=64), nullable=False),
    sa.Column("channel", sa.String(length=20), nullable=False),
    sa.Column("body", sa.JSON(), nullable=False),
    sa.Column("options", sa.JSON(), nullable=False),
    sa.Column("urgent", sa.Boolean(), nullable=False),
    sa.Column("farewell", sa.Boolean(), nullable=False),
    sa.Column("status", sa.String(length=12), nullable=False),
    sa.Column("error", sa.String(length=40), nullable=True),
    sa.Column("provider_id", sa.String(length=200), nullable=True),
    sa.Column("attempts", sa.Integer(), nullable=False),
    moment("next_at"),
    moment("updated_at"),
    sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"], ondelete="CASCADE"),
    sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], ondelete="CASCADE"),
    sa.PrimaryKeyConstraint("id"),
    sqlite_autoincrement=True
    )
    op.create_index("ix_outbound_due", "outbound", ["status", "next_at"])
    op.create_index("ix_outbound_contact", "outbound", ["contact_id", "status"])
    op.create_index("ix_outbound_conversation_id", "outbound", ["conversation_id"])
    op.create_index("ix_outbound_provider_id", "outbound", ["provider_id"])
