"""A stand-in for MikBill: its HTTP API with all its ways to fail, and a staff site that opens our pages the way MikBill does."""

from __future__ import annotations

from wildcore.lab.billing.api import Billing, Employee, Fault
from wildcore.lab.billing.server import BillingServer
from wildcore.lab.billing.site import create_app

__all__ = ["Billing", "BillingServer", "Employee", "Fault", "create_app"]
