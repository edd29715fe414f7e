"""Browser assets: the lock file, the icon list, and what the build hook makes of them."""

import gettext
import json
from pathlib import Path

import pytest
from babel.messages.pofile import PoFileError

import hatch_build

ROOT = Path(__file__).resolve().parents[2]
OUTLINE = (
    '<svg\n  xmlns="http://www.w3.org/2000/svg"\n  width="24"\n>\n'
    '  <path stroke="none" d="M0 0h24v24H0z" fill="none" />\n  <path d="M5 12l5 5l10 -10" />\n</svg>\n'
)


def test_npm_lock_has_an_integrity_for_each_package_and_names_no_registry() -> None:
    packages = json.loads((ROOT / "assets/package-lock.json").read_text(encoding="utf-8"))["packages"]
    assert len(packages) > 1
    for name, package in packages.items():
        if name:
            assert package["integrity"].startswith("sha512-"), name
            assert "resolved" not in package, name


def test_versions_of_browser_packages_are_exact() -> None:
    wanted = json.loads((ROOT / "assets/package.json").read_text(encoding="utf-8"))["dependencies"]
    assert all(version[0].isdigit() for version in wanted.values())


def test_installed_assets_are_made_from_these_sources() -> None:
    sources = [ROOT / "assets/package-lock.json", ROOT / "assets/icons.txt", ROOT / "hatch_build.py"]
    assert hatch_build.up_to_date(ROOT / hatch_build.TARGET, hatch_build.digest(sources)), "run make setup"


def test_assets_load_nothing_from_elsewhere() -> None:
    for name in hatch_build.FILES.values():
        if name.endswith(".css"):
            text = (ROOT / hatch_build.TARGET / name).read_text(encoding="utf-8")
            assert "url(http" not in text.replace('"', "").replace("'", ""), name
            assert "sourceMappingURL" not in text, name


def test_icon_list_is_sorted_and_all_of_it_is_in_the_sprite() -> None:
    names = hatch_build.icon_names(ROOT / "assets/icons.txt")
    assert names == sorted(set(names))
    sprite = (ROOT / hatch_build.TARGET / hatch_build.ICONS).read_text(encoding="utf-8")
    assert [name for name in names if f'<symbol id="{name}"' not in sprite] == []


def test_sprite_keeps_the_drawing_and_drops_the_frame(tmp_path: Path) -> None:
    (tmp_path / "check.svg").write_text(OUTLINE, encoding="utf-8")
    sprite = hatch_build.make_sprite(tmp_path, ["check"])
    assert '<symbol id="check" viewBox="0 0 24 24"' in sprite
    assert '<path d="M5 12l5 5l10 -10" />' in sprite
    assert "M0 0h24v24H0z" not in sprite
    assert sprite.count("<svg") == 1


def test_an_unknown_icon_is_named(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="'no-such-icon'"):
        hatch_build.make_sprite(tmp_path, ["no-such-icon"])


def test_a_missing_file_makes_the_copy_stale(tmp_path: Path) -> None:
    for name in (*hatch_build.FILES.values(), hatch_build.ICONS):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / hatch_build.STAMP).write_text("digest\n", encoding="utf-8")
    assert hatch_build.up_to_date(tmp_path, "digest")
    assert not hatch_build.up_to_date(tmp_path, "another")
    (tmp_path / hatch_build.ICONS).unlink()
    assert not hatch_build.up_to_date(tmp_path, "digest")


def test_catalogues_are_compiled_and_a_broken_one_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "uk/LC_MESSAGES/wildcore.po"
    source.parent.mkdir(parents=True)
    header = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
    source.write_text(header + 'msgid "Device"\nmsgstr "Пристрій"\n', encoding="utf-8")
    assert hatch_build.compile_catalogues(tmp_path) == [source.with_suffix(".mo")]
    catalogue = gettext.translation("wildcore", tmp_path, languages=["uk"])
    assert catalogue.gettext("Device") == "Пристрій"

    source.write_text(header + 'msgid "Device\n', encoding="utf-8")
    with pytest.raises(PoFileError):
        hatch_build.compile_catalogues(tmp_path)
    assert source.with_suffix(".mo").is_file()
