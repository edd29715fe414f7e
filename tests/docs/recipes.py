"""The fenced code blocks of a Markdown document, and the recipes of CONTRIBUTING.md carried out in a copy of the source tree."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^```(?P<language>\S*)(?: +(?P<title>\S.*?))?\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#{1,4} +(.+)$", re.MULTILINE)
WCA = "import sys; from wildcore.app.program import run; sys.exit(run(sys.argv[1:]))"


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block: its language, what follows it on the fence (a file name), its text and the heading above it."""

    language: str
    title: str
    body: str
    heading: str


def blocks(document: str) -> list[Block]:
    """Every fenced block of a document, in order."""
    headings = [(found.start(), found[1]) for found in HEADING.finditer(document)]
    return [
        Block(
            found["language"],
            found["title"] or "",
            found["body"],
            next((title for at, title in reversed(headings) if at < found.start()), ""),
        )
        for found in FENCE.finditer(document)
    ]


@dataclass(slots=True)
class Tree:
    """A copy of the source tree in which the recipes are carried out; commands run in it and use its package."""

    root: Path
    written: list[str] = field(default_factory=list)

    @classmethod
    def copy(cls, target: Path) -> Tree:
        """Copy the package; browser assets are linked, since no recipe changes them."""
        static = ROOT / "src/wildcore/web/static"
        shutil.copytree(
            ROOT / "src/wildcore",
            target / "src/wildcore",
            ignore=lambda folder, _names: ["static"] if Path(folder) == static.parent else [],
        )
        (target / "src/wildcore/web/static").symlink_to(static)
        for name in ("pyproject.toml", "CONTRIBUTING.md"):
            shutil.copy(ROOT / name, target)
        return cls(target)

    def carry_out(self, block: Block) -> None:
        """Write a block that has a file name, apply one that is a diff."""
        if block.title:
            path = self.root / block.title
            if path.exists():
                raise AssertionError(f"{block.title} exists already: a recipe must not replace a file of the product")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.body, encoding="utf-8")
            self.written.append(block.title)
        elif block.language == "diff":
            done = subprocess.run(
                ["git", "apply", "--whitespace=nowarn", "-"],
                cwd=self.root, input=block.body, capture_output=True, text=True, check=False,
            )  # fmt: skip
            assert done.returncode == 0, f"{block.heading}: {done.stderr}"

    def python(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run this Python in the tree, with the tree's package."""
        env = {**os.environ, "PYTHONPATH": str(self.root / "src"), **environment}
        return subprocess.run(
            [sys.executable, *arguments], cwd=self.root, env=env, capture_output=True, text=True, check=False, timeout=100
        )
