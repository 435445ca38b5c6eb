"""what is wrong with cameras and machines, since when, and who was told

Revision: 0005, after 0004
"""
import sqlalchemy as sa
from alembic import op

import dashboard.database


revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('camera_health', sa.Column('faults', sa.JSON(), nullable=False, server_default='[]'))
    op.add_column('camera_health', sa.Column('bike_width_px', sa.Double(), nullable=True))
    op.add_column('camera_health', sa.Column('model_id', sa.String(), nullable=True))
    op.add_column('camera_health', sa.Column('model_sha256', sa.String(), nullable=True))
    op.create_table('outages',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('open_key', sa.String(), nullable=True),
    sa.Column('camera_id', sa.Integer(), nullable=True),
    sa.Column('worker_id', sa.Integer(), nullable=True),
    sa.Column('trouble', sa.String(), nullable=False),
    sa.Column('seen_since', dashboard.database.UtcMillis(), nullable=False),
    sa.Column('began_at', dashboard.database.UtcMillis(), nullable=True),
    sa.Column('absent_since', dashboard.database.UtcMillis(), nullable=True),
    sa.Column('ended_at', dashboard.database.UtcMillis(), nullable=True),
    sa.ForeignKeyConstraint(['camera_id'], ['cameras.id'], name=op.f('fk_outages_camera_id_cameras')),
    sa.ForeignKeyConstraint(['worker_id'], ['workers.id'], name=op.f('fk_outages_worker_id_workers')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_outages')),
    sa.UniqueConstraint('open_key', name=op.f('uq_outages_open_key'))
    )
    op.create_table('outage_notices',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('outage_id', sa.Integer(), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('what', sa.String(), nullable=False),
    sa.Column('told_at', dashboard.database.UtcMillis(), nullable=False),
    sa.Column('seen_at', dashboard.database.UtcMillis(), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_outage_notices_account_id_accounts')),
    sa.ForeignKeyConstraint(['outage_id'], ['outages.id'], name=op.f('fk_outage_notices_outage_id_outages')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_outage_notices')),
    sa.UniqueConstraint('outage_id', 'account_id', 'what', name=op.f('uq_outage_notices_outage_id'))
    )
    op.create_index(op.f('ix_outage_notices_account_id'), 'outage_notices', ['account_id'], unique=False)


def downgrade() -> None:
    op.drop_index(op.f('ix_outage_notices_account_id'), table_name='outage_notices')
    op.drop_table('outage_notices')
    op.drop_table('outages')
    op.drop_column('camera_health', 'model_sha256')
    op.drop_column('camera_health', 'model_id')
    op.drop_column('camera_health', 'bike_width_px')
    op.drop_column('camera_health', 'faults')
