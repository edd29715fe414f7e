"""Texts and icons of the pages: everything translated, nothing missing, markup only in its place."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from string import Formatter
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src/wildcore"
# The lab's billing stand-in is no page of ours.
TEMPLATES = sorted(path for path in SOURCE.rglob("templates/**/*.html") if "lab" not in path.parts)


@pytest.fixture(scope="module")
def i18n() -> ModuleType:
    spec = importlib.util.spec_from_file_location("i18n_script", ROOT / "scripts/i18n.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_text_is_translated(i18n: ModuleType) -> None:
    assert i18n.untranslated("uk", i18n.extract()) == []


def test_translations_keep_the_fields(i18n: ModuleType) -> None:
    def fields(text: str) -> set[str]:
        return {name for _text, name, _format, _conversion in Formatter().parse(text) if name}

    for message in i18n.read("uk"):
        if not message.id:
            continue
        originals = message.id if isinstance(message.id, tuple) else (message.id,)
        translated = message.string if isinstance(message.string, tuple) else (message.string,)
        wanted = set().union(*map(fields, originals))
        assert all(fields(text) <= wanted for text in translated), message.id
        if isinstance(message.id, str):
            assert fields(translated[0]) == wanted, message.id


def test_every_icon_is_in_the_list() -> None:
    known = set((ROOT / "assets/icons.txt").read_text(encoding="utf-8").split())
    used: set[str] = set()
    for path in TEMPLATES:
        text = path.read_text(encoding="utf-8")
        used.update(re.findall(r"""icon\("([a-z0-9-]+)\"""", text))
    for path in (SOURCE / "web/presentation.py", *SOURCE.glob("components/*/component.py")):
        text = path.read_text(encoding="utf-8")
        used.update(re.findall(r"""Look\(_\("[^"]+"\), "([a-z0-9-]+)\"""", text))
        used.update(re.findall(r"""MenuItem\(_\("[^"]+"\), "[^"]+", "([a-z0-9-]+)\"""", text))
    assert len(used) > 30
    assert used <= known


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_no_template_needs_what_the_policy_forbids(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"<script(?![^>]*src=)", text), "inline script"
    assert not re.search(r"""\son[a-z]+=["']""", text), "inline handler"
    assert not re.search(r"\sstyle=", text), "inline style"
    assert "|safe" not in text.replace("'|safe)", "") or "styleguide" in str(path), "unescaped value"
    assert not re.search(r"""(?:src|href)="https?://""", text), "foreign host"
