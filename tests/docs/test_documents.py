"""README and `docs/` name only what exists: commands, options, settings, paths, files, links, messages."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs import reference
from tests.docs.recipes import ROOT, blocks

DOCUMENTS = reference.documents()
NAMES = sorted(DOCUMENTS)
COMMAND = re.compile(r"(?:^|[\s`(/])wca\s+((?:[a-z][a-z_-]*:[a-z:-]+|run|demo)(?:[ \t]+[^`\n|]*)?)", re.MULTILINE)
# Commands that a recipe of CONTRIBUTING.md adds.
OF_RECIPES = {"outages:list"}
LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)")
# Files that are made at run time or stand on the reader's machine.
PATH = re.compile(r"`((?:src|tests|docs|bench|scripts|assets|\.ci)/[\w./-]*)`")
MACHINE = re.compile(r"(?<![\w.])/(?:work|root|home|Users)/|\\\\Users\\\\")
EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+")
API = re.compile(r"(?<![\w/])(/api/v1/[\w{}/.-]+)")
IFRAME = re.compile(r"`(/iframe/[\w{}/.-]+)`")
SETTING = re.compile(r"`([A-Z][A-Z0-9]+(?:_[A-Z0-9]+)+)`")
# Words in capitals that are no settings: a capability of Linux, what uv and every HTTP client read.
NO_SETTINGS = {"CAP_NET_RAW", "UV_DEFAULT_INDEX", "HTTPS_PROXY"}


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    """Path of each document."""
    return str(request.param)


def named_commands(text: str) -> Iterator[list[str]]:
    """Command lines of `wca`, without the program's name."""
    for found in COMMAND.finditer(text):
        line = found[1].split("#")[0].strip().rstrip(".,;:")
        try:
            yield shlex.split(line)
        except ValueError:
            yield line.split()


def anchors(text: str) -> set[str]:
    """Anchors that a Markdown renderer gives the headings."""
    without_code = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    titles = re.findall(r"^#{1,6} +(.+)$", without_code, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def test_the_documents_are_there() -> None:
    wanted = {"README.md", "CONTRIBUTING.md", "CHANGELOG.md"} | {
        f"docs/{name}.md" for name in ("architecture", "hardware", "mikbill", "nodeny", "operating")
    }
    assert wanted <= set(NAMES)


def test_commands_and_their_options_exist(name: str) -> None:
    known = reference.commands()
    for command, *rest in named_commands(DOCUMENTS[name]):
        if command in OF_RECIPES:
            continue
        assert command in known, f"wca {command}"
        given = {word.partition("=")[0] for word in rest if re.match(r"--?[a-z]", word)}
        assert given <= reference.options(known[command]), f"wca {command} {' '.join(rest)}"


def test_readme_lists_every_command() -> None:
    table = set(re.findall(r"^\| `wca ([\w:-]+)", DOCUMENTS["README.md"], re.MULTILINE))
    assert table == set(reference.commands())


def test_options_in_the_table_of_commands_exist() -> None:
    for command, row in re.findall(r"^\| `wca ([\w:-]+)[^|]*\|(.*)\|$", DOCUMENTS["README.md"], re.MULTILINE):
        named = set(re.findall(r"`(--?[a-z-]+)", row))
        assert named <= reference.options(reference.commands()[command]), command


def test_environment_variables_are_read_by_something(name: str) -> None:
    named = set(re.findall(r"\bWILDCORE_[A-Z_]+[A-Z]\b", DOCUMENTS[name]))
    assert named <= reference.environment()


def test_settings_exist(name: str) -> None:
    named = {one for one in SETTING.findall(DOCUMENTS[name]) if not one.startswith("WILDCORE_")}
    assert named - NO_SETTINGS <= set(reference.settings())


def test_the_table_of_settings_is_right() -> None:
    found = re.search(r"<!-- settings -->\n(.*?)<!-- /settings -->", DOCUMENTS["docs/operating.md"], re.DOTALL)
    assert found is not None
    assert found[1].strip() == reference.settings_table(), "see: python -m tests.docs.reference"


def test_api_paths_and_pages_exist(name: str) -> None:
    plain = re.compile(r"\{[^}]*\}|(?<=/)\d+(?=/|$)")
    # The README's lines have the API's address in a variable.
    found = [*API.findall(DOCUMENTS[name]), *(f"/api/v1{path}" for path in re.findall(r"\$WCA(/[\w/-]+)", DOCUMENTS[name]))]
    api = {plain.sub("{}", path.rstrip(".")) for path in found}
    pages = {plain.sub("{}", path) for path in IFRAME.findall(DOCUMENTS[name]) if path != "/iframe/"}
    # The endpoint that a recipe adds.
    known = reference.api_paths()
    patterns = [re.compile(re.escape(path).replace(r"\{\}", "[^/]+")) for path in known]
    unknown = {path for path in api - known if not any(pattern.fullmatch(path) for pattern in patterns)}
    assert unknown <= {"/api/v1/component/outages/down"}
    assert pages <= reference.page_paths()


def test_relative_links_lead_somewhere(name: str) -> None:
    for link in LINK.findall(DOCUMENTS[name]):
        if "://" in link:
            continue
        target, _, anchor = link.partition("#")
        path = (ROOT / name).parent / target if target else ROOT / name
        assert path.exists(), link
        if anchor:
            assert anchor in anchors(path.read_text(encoding="utf-8")), link


def test_files_exist(name: str) -> None:
    made = {block.title for block in blocks(DOCUMENTS["CONTRIBUTING.md"])}
    for path in PATH.findall(DOCUMENTS[name]):
        assert path in made or (ROOT / path).exists(), path


def test_make_targets_exist(name: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"(?:^|`|; )make ([a-z]+)\b", DOCUMENTS[name], re.MULTILINE)) <= targets


def test_nothing_of_the_writers_machine_or_person(name: str) -> None:
    text = DOCUMENTS[name]
    assert not MACHINE.findall(text)
    assert not [one for one in EMAIL.findall(text) if "127.0.0.1" not in one]


def test_the_role_for_billing_is_right() -> None:
    wanted = {"system_cross_auth_user", "user_display", "user_self_control", "diag_interface", "olts_info", "switches_info"}
    assert wanted <= reference.permissions()
    assert all(key in DOCUMENTS["README.md"] for key in wanted)


@pytest.mark.parametrize("document", ["docs/mikbill.md", "docs/nodeny.md"])
def test_messages_are_those_of_the_program(document: str) -> None:
    table = DOCUMENTS[document].partition("## Messages and what to do")[2]
    quoted = re.findall(r"^\| `([^`]+)`", table, re.MULTILINE)
    assert len(quoted) > 10
    known = program_texts()
    assert not [text for text in quoted if text not in known]


def program_texts() -> set[str]:
    """Every text in the sources, with `…` for what is filled in."""
    folders = ("components/mikbill_integration", "components/nodeny_plus", "app", "services", "web")
    texts = set()
    for path in (path for folder in folders for path in (ROOT / "src/wildcore" / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(Path(path).read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                texts.add(re.sub(r"\{\w+\}", "…", node.value))
    return texts
