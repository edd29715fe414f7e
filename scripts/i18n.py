"""Translations: take texts out of code and templates, bring the catalogues up to date, compile them.

    python scripts/i18n.py            extract, update, compile
    python scripts/i18n.py check      exit code 1 when a text is untranslated in Ukrainian or missing in a catalogue

The .mo files are not committed: the build makes them (hatch_build.py).
"""

from __future__ import annotations

import sys
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src/wildcore"
LOCALE = SOURCE / "locale"
LANGUAGES = ("uk", "en")
METHODS = [("lab/**", "ignore"), ("**.py", "python"), ("**/templates/**.html", "jinja2")]
OPTIONS = {"**/templates/**.html": {"trim_blocks": "true", "lstrip_blocks": "true", "silent": "false"}}
NOISE = (*(f'"{name}' for name in ("POT-", "PO-Rev", "Report-", "Last-Tr", "Language-Team", "Generated-By")), "#: ")
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "Lazy": None}


def extract() -> Catalog:
    """All texts of the package with where they stand."""
    template = Catalog(project="wildcore", charset="utf-8", fuzzy=False)
    found = extract_from_dir(str(SOURCE), METHODS, OPTIONS, KEYWORDS, comment_tags=("i18n:",))
    for name, line, message, comments, context in sorted(found, key=lambda one: (one[0], one[1])):
        template.add(message, None, [(f"src/wildcore/{name}", line)], auto_comments=comments, context=context)
    return template


def path_of(language: str) -> Path:
    """Where a language's catalogue is."""
    return LOCALE / language / "LC_MESSAGES" / "wildcore.po"


def read(language: str) -> Catalog:
    """A language's catalogue; an empty one where there is none."""
    path = path_of(language)
    if not path.exists():
        return Catalog(locale=language, project="wildcore", charset="utf-8", fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def update(language: str, template: Catalog) -> Catalog:
    """Bring a catalogue up to date, keeping its translations; texts that are gone are dropped."""
    catalogue = read(language)
    catalogue.update(template, no_fuzzy_matching=True, update_header_comment=False)
    catalogue.obsolete.clear()
    catalogue.fuzzy = False
    name = catalogue.locale.english_name if catalogue.locale else language
    catalogue.header_comment = f"# Texts of Wildcore in {name}. Apache-2.0.\n#"
    path = path_of(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    data = BytesIO()
    write_po(data, catalogue, width=120, sort_output=True, include_lineno=False, omit_header=False)
    lines = data.getvalue().decode("utf-8").splitlines(keepends=True)
    kept = [line for line in lines if not line.startswith(NOISE)]
    text = "".join(kept)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
    return catalogue


def compile_catalogue(language: str) -> None:
    """Write the .mo beside the .po."""
    with path_of(language).with_suffix(".mo").open("wb") as file:
        write_mo(file, read(language))


def untranslated(language: str, template: Catalog) -> list[str]:
    """Texts without a translation in a language; English shows the texts themselves and needs none."""
    catalogue = read(language)
    return [str(one.id) for one in template if one.id and not _translated(catalogue.get(one.id, one.context))]


def _translated(message: Message | None) -> bool:
    if message is None or message.fuzzy:
        return False
    if isinstance(message.string, tuple | list):
        return all(message.string)
    return bool(message.string)


def main() -> int:
    """Update everything, or check it; the exit code."""
    template = extract()
    if sys.argv[1:] == ["check"]:
        missing = untranslated("uk", template)
        for text in missing:
            print(f"untranslated in uk: {text}")
        return 1 if missing else 0
    for language in LANGUAGES:
        update(language, template)
        compile_catalogue(language)
        left = len(untranslated(language, template))
        print(f"{language}: {len(list(template)) - 1} texts" + (f", {left} untranslated" if language != "en" else ""))
    return 0


if __name__ == "__main__":
    sys.exit(main())
