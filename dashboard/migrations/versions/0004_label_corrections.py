"""what analysts say of pictures, for the next model

Revision: 0004, after 0003
"""
import sqlalchemy as sa
from alembic import op

import dashboard.database


revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('label_corrections',
    sa.Column('alert_id', sa.String(), nullable=False),
    sa.Column('says', sa.String(), nullable=False),
    sa.Column('at', dashboard.database.UtcMillis(), nullable=False),
    sa.ForeignKeyConstraint(['alert_id'], ['alerts.id'], name=op.f('fk_label_corrections_alert_id_alerts')),
    sa.PrimaryKeyConstraint('alert_id', name=op.f('pk_label_corrections'))
    )


def downgrade() -> None:
    op.drop_table('label_corrections')
