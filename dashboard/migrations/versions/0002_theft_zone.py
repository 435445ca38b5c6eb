"""the zone a theft case was written down in

Revision: 0002, after 0001
"""
import sqlalchemy as sa
from alembic import op


revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('theft_cases') as batch_op:
        batch_op.add_column(sa.Column('timezone', sa.String(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('theft_cases') as batch_op:
        batch_op.drop_column('timezone')
