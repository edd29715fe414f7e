"""docs/hardware.md says of every family what the drivers have, and claims `capture` only where a recorded device gave rows."""

from __future__ import annotations

import pytest

from tests.docs import hardware

PAGE = (hardware.ROOT / "docs" / "hardware.md").read_text(encoding="utf-8")


def test_every_family_is_listed_with_its_models() -> None:
    rows = hardware.page_families(PAGE)
    assert [row[:4] for row in rows] == hardware.family_rows()
    assert all(len(row) == 5 and row[4] for row in rows), "where do the facts come from?"


def test_every_module_of_every_family_is_listed() -> None:
    # Independent of captures: whichever way a module was checked, the family has it.
    page = hardware.page_modules(PAGE).replace("capture", "tables")
    assert page == hardware.module_table({}), "see: python -m tests.docs.hardware"


def test_capture_stands_only_where_a_recorded_device_gave_rows() -> None:
    if not hardware.CAPTURES.is_dir():
        pytest.skip("no recorded devices beside the checkout (../shared/captures)")
    assert hardware.page_modules(PAGE) == hardware.module_table(hardware.confirmed()), "see: python -m tests.docs.hardware"
