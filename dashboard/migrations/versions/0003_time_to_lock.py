"""how long it took until a bike was locked, and the verdict a worker judges with

Revision: 0003, after 0002
"""
import sqlalchemy as sa
from alembic import op


revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


# No batches: on SQLite one would make the table anew, which the rows that point at it forbid.
def upgrade() -> None:
    op.add_column('alerts', sa.Column('locked_after_s', sa.Double(), nullable=True))
    op.add_column('workers', sa.Column('verdict_id', sa.String(), nullable=True))
    op.add_column('workers', sa.Column('verdict_sha256', sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column('workers', 'verdict_sha256')
    op.drop_column('workers', 'verdict_id')
    op.drop_column('alerts', 'locked_after_s')
