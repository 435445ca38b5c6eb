"""how long it took until a bike was locked, and the verdict a worker judges with

Revision: 0003, after 0002
"""
import sqlalchemy as sa
from alembic import op


revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('alerts') as batch_op:
        batch_op.add_column(sa.Column('locked_after_s', sa.Float(), nullable=True))
    with op.batch_alter_table('workers') as batch_op:
        batch_op.add_column(sa.Column('verdict_id', sa.String(), nullable=True))
        batch_op.add_column(sa.Column('verdict_sha256', sa.String(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('workers') as batch_op:
        batch_op.drop_column('verdict_sha256')
        batch_op.drop_column('verdict_id')
    with op.batch_alter_table('alerts') as batch_op:
        batch_op.drop_column('locked_after_s')
