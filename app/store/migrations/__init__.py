"""Alembic's migrations, run by `app.store.migrate`; there is no ini file.

A new one: change the models, then write `versions/NNNN_what_it_does.py` after the others (or let
`alembic.command.revision(migrate.config(connection), "what it does", autogenerate=True)` begin it).
"""
