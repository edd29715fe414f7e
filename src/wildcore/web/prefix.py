"""Standing below a path of somebody else's host, as `https://host/wildcore`.

Handlers and templates write paths of ours from our own root, `/devices`; only here they get the path below which the person
sees us (`Caller.root`), and only here it is taken off again.
"""

from __future__ import annotations

import re

# Attributes that hold addresses, in what our templates write. Texts of people and devices are escaped, quotes included, so
# that nothing in them looks like an attribute.
_LINKS = re.compile(
    r"""(\s(?:href|src|action|formaction|hx-(?:get|post|put|patch|delete|push-url|replace-url)"""
    r"""|data-(?:href|put|chart|search|page|url|post|get|delete|stored|remember))=(["']))(/(?!/)[^"'<>]*)"""
)


def with_root(root: str, path: str) -> str:
    """A path of ours as the person's browser has to ask for it. One that stands below the root already stays."""
    if not root or not path.startswith("/") or path.startswith("//") or _below(root, path):
        return path
    return root + path


def without_root(root: str, path: str) -> str:
    """A path as the browser knows it, or as a proxy passed it on, from our own root."""
    if not root or not _below(root, path):
        return path
    rest = path[len(root) :]
    return rest if rest.startswith("/") else f"/{rest}"


def html_with_root(root: str, html: str) -> str:
    """A page or fragment whose links, forms and requests stand below the root."""
    return _LINKS.sub(lambda found: found[1] + with_root(root, found[3]), html) if root else html


def _below(root: str, path: str) -> bool:
    return path.startswith(root) and path[len(root) : len(root) + 1] in ("", "/", "?", "#")
