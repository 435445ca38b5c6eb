"""who corrected a label, and the verdict and lock model of each camera

Revision: 0006, after 0005
"""
import sqlalchemy as sa
from alembic import op


revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


# No row points at a correction, so that on SQLite its table can be made anew.
def upgrade() -> None:
    with op.batch_alter_table('label_corrections') as batch:
        batch.add_column(sa.Column('by_id', sa.Integer(), nullable=True))
        batch.create_foreign_key(op.f('fk_label_corrections_by_id_accounts'), 'accounts', ['by_id'], ['id'])
    op.add_column('camera_health', sa.Column('verdict_id', sa.String(), nullable=True))
    op.add_column('camera_health', sa.Column('verdict_sha256', sa.String(), nullable=True))
    op.add_column('camera_health', sa.Column('lock_model_id', sa.String(), nullable=True))
    op.add_column('camera_health', sa.Column('lock_model_sha256', sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column('camera_health', 'lock_model_sha256')
    op.drop_column('camera_health', 'lock_model_id')
    op.drop_column('camera_health', 'verdict_sha256')
    op.drop_column('camera_health', 'verdict_id')
    with op.batch_alter_table('label_corrections') as batch:
        batch.drop_constraint(op.f('fk_label_corrections_by_id_accounts'), type_='foreignkey')
        batch.drop_column('by_id')
