"""The first schema, the two built-in roles and the device group everything may join."""

from __future__ import annotations

import time

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create every table, then the rows that the program cannot do without."""
    _create_tables()
    _seed(int(time.time()))


def _seed(now: int) -> None:
    roles = sa.table(
        "roles",
        sa.column("id", sa.Integer),
        sa.column("name", sa.String),
        sa.column("description", sa.String),
        sa.column("permissions", sa.JSON),
        sa.column("display", sa.Boolean),
        sa.column("created_at", sa.BigInteger),
        sa.column("updated_at", sa.BigInteger),
    )
    times = {"permissions": [], "created_at": now, "updated_at": now}
    op.bulk_insert(
        roles,
        [
            {"id": -2, "name": "Owner", "description": "Everything, always", "display": True, **times},
            {"id": -1, "name": "System", "description": "Of the built-in user sys", "display": False, **times},
        ],
    )
    groups = sa.table("device_groups", *(sa.column(name) for name in ("id", "name", "description", "created_at")))
    op.bulk_insert(groups, [{"id": 1, "name": "All", "description": "", "created_at": now}])
    if op.get_bind().dialect.name == "postgresql":  # an id given by hand does not move the sequence
        op.execute("SELECT setval(pg_get_serial_sequence('device_groups', 'id'), 1)")


def _create_tables() -> None:
    op.create_table(
        "action_log",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("login", sa.String(length=100), nullable=False),
        sa.Column("ip", sa.String(length=64), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("device_id", sa.Integer(), nullable=True),
        sa.Column("interface_id", sa.Integer(), nullable=True),
        sa.Column("success", sa.Boolean(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("meta", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_action_log")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_action_log_at", "action_log", ["at"], unique=False)
    op.create_index("ix_action_log_device_id_at", "action_log", ["device_id", "at"], unique=False)
    op.create_table(
        "components",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_components")),
    )
    op.create_table(
        "device_accesses",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("params", sa.JSON(), nullable=False),
        sa.Column("secrets", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device_accesses")),
        sa.UniqueConstraint("name", name=op.f("uq_device_accesses_name")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "device_groups",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device_groups")),
        sa.UniqueConstraint("name", name=op.f("uq_device_groups_name")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "device_models",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("vendor", sa.String(length=100), nullable=False),
        sa.Column("model", sa.String(length=100), nullable=False),
        sa.Column("type", sa.String(length=16), nullable=False),
        sa.Column("family", sa.String(length=64), nullable=False),
        sa.Column("pollers", sa.JSON(), nullable=False),
        sa.Column("params", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device_models")),
        sa.UniqueConstraint("key", name=op.f("uq_device_models_key")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "roles",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("permissions", sa.JSON(), nullable=False),
        sa.Column("display", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roles")),
        sa.UniqueConstraint("name", name=op.f("uq_roles_name")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "leases",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_leases")),
    )
    op.create_table(
        "schedule_runs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("trigger", sa.String(length=20), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.Column("result", sa.String(length=10), nullable=False),
        sa.Column("progress", sa.Text(), nullable=False),
        sa.Column("output", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedule_runs")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_schedule_runs_key_started_at", "schedule_runs", ["key", "started_at"], unique=False)
    op.create_table(
        "schedules",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("crontab", sa.String(length=100), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=True),
        sa.Column("lease_owner", sa.String(length=64), nullable=True),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_schedules")),
    )
    op.create_table(
        "settings",
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_settings")),
    )
    op.create_table(
        "subscribers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column("uid", sa.String(length=64), nullable=False),
        sa.Column("agreement", sa.String(length=200), nullable=False),
        sa.Column("login", sa.String(length=200), nullable=False),
        sa.Column("billing_link", sa.String(), nullable=False),
        sa.Column("address_full", sa.String(), nullable=False),
        sa.Column("settlement", sa.String(), nullable=False),
        sa.Column("lane", sa.String(), nullable=False),
        sa.Column("house", sa.String(), nullable=False),
        sa.Column("app", sa.String(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscribers")),
        sa.UniqueConstraint("source", "uid", name=op.f("uq_subscribers_source_uid")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_subscribers_agreement", "subscribers", ["agreement"], unique=False)
    op.create_index("ix_subscribers_login", "subscribers", ["login"], unique=False)
    op.create_table(
        "devices",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ip", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("model_id", sa.Integer(), nullable=False),
        sa.Column("access_id", sa.Integer(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("location", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("mac", sa.String(length=17), nullable=False),
        sa.Column("serial", sa.String(length=100), nullable=False),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("params", sa.JSON(), nullable=False),
        sa.Column("pollers", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("status_at", sa.BigInteger(), nullable=True),
        sa.Column("status_changed_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["access_id"], ["device_accesses.id"], name=op.f("fk_devices_access_id")),
        sa.ForeignKeyConstraint(["model_id"], ["device_models.id"], name=op.f("fk_devices_model_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_devices")),
        sa.UniqueConstraint("ip", name=op.f("uq_devices_ip")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "subscriber_claims",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subscriber_id", sa.Integer(), nullable=False),
        sa.Column("ident", sa.String(length=64), nullable=False),
        sa.Column("switch_ip", sa.String(length=64), nullable=False),
        sa.Column("port", sa.String(length=64), nullable=False),
        sa.Column("mac", sa.String(length=12), nullable=False),
        sa.Column("unmatched", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscribers.id"], name=op.f("fk_subscriber_claims_subscriber_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscriber_claims")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_subscriber_claims_ident", "subscriber_claims", ["ident"], unique=False)
    op.create_index("ix_subscriber_claims_mac", "subscriber_claims", ["mac"], unique=False)
    op.create_index(op.f("ix_subscriber_claims_subscriber_id"), "subscriber_claims", ["subscriber_id"], unique=False)
    op.create_index("ix_subscriber_claims_switch_ip_port", "subscriber_claims", ["switch_ip", "port"], unique=False)
    op.create_table(
        "users",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("login", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("role_id", sa.Integer(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("all_groups", sa.Boolean(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("timezone", sa.String(length=64), nullable=False),
        sa.Column("preferences", sa.JSON(), nullable=False),
        sa.Column("last_activity_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["role_id"], ["roles.id"], name=op.f("fk_users_role_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("login", name=op.f("uq_users_login")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "auth_keys",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("issued_by", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("scope", sa.String(length=10), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("bound_ip", sa.String(length=64), nullable=False),
        sa.Column("last_ip", sa.String(length=64), nullable=False),
        sa.Column("client", sa.String(length=300), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("last_used_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["issued_by"], ["users.id"], name=op.f("fk_auth_keys_issued_by"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_auth_keys_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_auth_keys")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_auth_keys_key_hash")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_auth_keys_user_id"), "auth_keys", ["user_id"], unique=False)
    op.create_table(
        "device_group_links",
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name=op.f("fk_device_group_links_device_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["group_id"], ["device_groups.id"], name=op.f("fk_device_group_links_group_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("device_id", "group_id", name=op.f("pk_device_group_links")),
    )
    op.create_index(op.f("ix_device_group_links_group_id"), "device_group_links", ["group_id"], unique=False)
    op.create_table(
        "interfaces",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("bind_key", sa.String(length=64), nullable=False),
        sa.Column("parent_bind_key", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("port_num", sa.Integer(), nullable=True),
        sa.Column("type", sa.String(length=16), nullable=False),
        sa.Column("if_index", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("status_changed_at", sa.BigInteger(), nullable=True),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("comment", sa.String(), nullable=False),
        sa.Column("ident", sa.String(length=64), nullable=True),
        sa.Column("ident_type", sa.String(length=4), nullable=False),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("params", sa.JSON(), nullable=False),
        sa.Column("poll_enabled", sa.Boolean(), nullable=False),
        sa.Column("save_fdb", sa.Boolean(), nullable=False),
        sa.Column("last_seen_at", sa.BigInteger(), nullable=True),
        sa.Column("last_online_at", sa.BigInteger(), nullable=True),
        sa.Column("gone_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name=op.f("fk_interfaces_device_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interfaces")),
        sa.UniqueConstraint("device_id", "bind_key", name=op.f("uq_interfaces_device_id_bind_key")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_interfaces_device_id_parent_bind_key", "interfaces", ["device_id", "parent_bind_key"], unique=False)
    op.create_index("ix_interfaces_device_id_port_num", "interfaces", ["device_id", "port_num"], unique=False)
    op.create_index("ix_interfaces_ident", "interfaces", ["ident"], unique=False)
    op.create_index("ix_interfaces_name", "interfaces", ["name"], unique=False)
    op.create_table(
        "module_answers",
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("interface_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("module", sa.String(length=64), nullable=False),
        sa.Column("data", sa.Text(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=True),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("error_at", sa.BigInteger(), nullable=True),
        sa.Column("duration_ms", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name=op.f("fk_module_answers_device_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("device_id", "interface_id", "module", name=op.f("pk_module_answers")),
    )
    op.create_table(
        "polls",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("poller", sa.String(length=40), nullable=False),
        sa.Column("interval_sec", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("lease_owner", sa.String(length=64), nullable=True),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("last_at", sa.BigInteger(), nullable=True),
        sa.Column("duration_ms", sa.Integer(), nullable=True),
        sa.Column("result", sa.String(length=10), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name=op.f("fk_polls_device_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_polls")),
        sa.UniqueConstraint("device_id", "poller", name=op.f("uq_polls_device_id_poller")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_polls_next_at", "polls", ["next_at"], unique=False)
    op.create_table(
        "user_groups",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["device_groups.id"], name=op.f("fk_user_groups_group_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_user_groups_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "group_id", name=op.f("pk_user_groups")),
    )
    op.create_table(
        "bindings",
        sa.Column("claim_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("subscriber_id", sa.Integer(), nullable=False),
        sa.Column("interface_id", sa.Integer(), nullable=False),
        sa.Column("strength", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["subscriber_claims.id"], name=op.f("fk_bindings_claim_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["interface_id"], ["interfaces.id"], name=op.f("fk_bindings_interface_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscribers.id"], name=op.f("fk_bindings_subscriber_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("claim_id", name=op.f("pk_bindings")),
    )
    op.create_index(op.f("ix_bindings_interface_id"), "bindings", ["interface_id"], unique=False)
    op.create_index(op.f("ix_bindings_subscriber_id"), "bindings", ["subscriber_id"], unique=False)
    op.create_table(
        "fdb_history",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("interface_id", sa.Integer(), nullable=False),
        sa.Column("mac", sa.String(length=12), nullable=False),
        sa.Column("vlan_id", sa.Integer(), nullable=False),
        sa.Column("first_seen_at", sa.BigInteger(), nullable=False),
        sa.Column("last_seen_at", sa.BigInteger(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["interface_id"], ["interfaces.id"], name=op.f("fk_fdb_history_interface_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fdb_history")),
        sa.UniqueConstraint("interface_id", "mac", "vlan_id", name=op.f("uq_fdb_history_interface_id_mac_vlan_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_fdb_history_device_id_active", "fdb_history", ["device_id", "active"], unique=False)
    op.create_index("ix_fdb_history_mac", "fdb_history", ["mac"], unique=False)
    op.create_table(
        "interface_history",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("interface_id", sa.Integer(), nullable=False),
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["interface_id"], ["interfaces.id"], name=op.f("fk_interface_history_interface_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interface_history")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_interface_history_at", "interface_history", ["at"], unique=False)
    op.create_index("ix_interface_history_interface_id_at", "interface_history", ["interface_id", "at"], unique=False)
    op.create_table(
        "onu_values",
        sa.Column("interface_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("admin", sa.String(length=10), nullable=False),
        sa.Column("bind_raw", sa.String(length=40), nullable=False),
        sa.Column("status_at", sa.BigInteger(), nullable=True),
        sa.Column("rx_dbm", sa.Double(), nullable=True),
        sa.Column("tx_dbm", sa.Double(), nullable=True),
        sa.Column("olt_rx_dbm", sa.Double(), nullable=True),
        sa.Column("olt_tx_dbm", sa.Double(), nullable=True),
        sa.Column("temperature_c", sa.Double(), nullable=True),
        sa.Column("voltage_v", sa.Double(), nullable=True),
        sa.Column("distance_m", sa.Integer(), nullable=True),
        sa.Column("optical_at", sa.BigInteger(), nullable=True),
        sa.Column("last_down_reason", sa.String(length=40), nullable=False),
        sa.Column("last_reg_at", sa.BigInteger(), nullable=True),
        sa.Column("last_dereg_at", sa.BigInteger(), nullable=True),
        sa.Column("reasons_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["interface_id"], ["interfaces.id"], name=op.f("fk_onu_values_interface_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("interface_id", name=op.f("pk_onu_values")),
    )
    op.create_index(op.f("ix_onu_values_device_id"), "onu_values", ["device_id"], unique=False)
