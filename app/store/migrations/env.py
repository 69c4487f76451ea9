"""What Alembic runs for every command: it hands our tables and the caller's connection to Alembic."""

from __future__ import annotations

from alembic import context

from app.store.models import Base


def run() -> None:
    """Run the migrations in the transaction that the caller has begun: all of them or none."""
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=Base.metadata,
        render_as_batch=True,  # SQLite changes a table by copying it
    )
    with context.begin_transaction():
        context.run_migrations()


# Alembic runs this file by its path, under a name of its own. Imported as a part of the package,
# outside a command, there is nothing to run it with.
if __name__ != "app.store.migrations.env":
    run()
