"""Database, migrations and the metric store."""
