"""A Jinja environment that renders pages of many small macros in less time, to the same bytes.

Three things cost most there, and are decided when a template is compiled instead: texts without values are translated (each
language has templates of its own), a macro library is evaluated again only where one of its macros reads a value of the page,
and a macro is called without the search for what kind of callable it is.
"""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from typing import Any, cast

from jinja2 import Environment, TemplateNotFound, meta, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.runtime import Context, Macro
from jinja2.visitor import NodeTransformer
from markupsafe import Markup, escape

from wildcore.i18n import current_language, gettext, use_language

_TRANSLATE = ("_", "gettext")


class QuickEnvironment(Environment):
    """Ask `spoken()` for the environment whose templates are in the current language."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.language = ""
        self._languages: dict[str, QuickEnvironment] = {}
        self._page_values: dict[str, bool] = {}

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """Ours themselves: each context copies them, and a ChainMap is slow to copy."""
        return super().make_globals(d) if d else self.globals

    @staticmethod
    def escaped(value: Any) -> Any:
        """A value as markup; the answer of a macro, which is markup, as it is."""
        return value if type(value) is Markup else escape(value)

    def spoken(self) -> QuickEnvironment:
        """The environment of the language that is spoken now; filters, globals and loaders are those of this one."""
        language = current_language()
        found = self._languages.get(language)
        if found is None:
            found = self.overlay()
            found.language = language
            found = self._languages.setdefault(language, found)
        return found

    def reads_page(self, name: str) -> bool:
        """Whether a template, or what it takes in with its own context, reads a value that only a page gives."""
        known = self._page_values.get(name)
        if known is None:
            self._page_values[name] = False  # libraries that import each other
            known = self._page_values[name] = self._looks_at_page(name)
        return known

    def _looks_at_page(self, name: str) -> bool:
        if self.loader is None:
            return True
        try:
            tree = self.parse(self.loader.get_source(self, name)[0], name)
        except TemplateNotFound:
            return True
        if meta.find_undeclared_variables(tree) - self.globals.keys() or next(tree.find_all(nodes.Extends), None) is not None:
            return True
        taken_in = tree.find_all((nodes.Import, nodes.FromImport, nodes.Include))
        return any(_named(one) is None or self.reads_page(cast(str, _named(one))) for one in taken_in if one.with_context)  # type: ignore[attr-defined]


class _QuickContext(Context):
    """Macros, by far the most that is called, without looking first whether they want the context."""

    def call(self, called: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        if type(called) is Macro:
            kwargs.pop("_block_vars", None)
            kwargs.pop("_loop_vars", None)
            return called(self.eval_ctx, *args, **kwargs)
        return super().call(called, *args, **kwargs)


class _Decided(NodeTransformer):
    """A template's tree with what is known of it already."""

    def __init__(self, environment: QuickEnvironment, own_words: bool) -> None:
        self._environment = environment
        self._translates = bool(environment.language) and not own_words

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802 - as Jinja's visitors are named
        """A text without values in the environment's language."""
        self.generic_visit(node)
        if not (self._translates and isinstance(node.node, nodes.Name) and node.node.name in _TRANSLATE and len(node.args) == 1):
            return node
        if node.kwargs or node.dyn_args is not None or node.dyn_kwargs is not None:
            return node
        text = node.args[0]
        if not isinstance(text, nodes.Const) or not isinstance(text.value, str):
            return node
        with use_language(self._environment.language):
            return nodes.Const(gettext(text.value), lineno=node.lineno)

    def visit_Import(self, node: nodes.Import) -> nodes.Node:  # noqa: N802
        """A library that reads nothing of the page is evaluated once for all pages."""
        return self._without_page(node)

    def visit_FromImport(self, node: nodes.FromImport) -> nodes.Node:  # noqa: N802
        """The same."""
        return self._without_page(node)

    def _without_page(self, node: Any) -> nodes.Node:
        name = _named(node)
        if node.with_context and name is not None and not self._environment.reads_page(name):
            node.with_context = False
        return cast(nodes.Node, node)


class _QuickGenerator(CodeGenerator):
    def visit_Template(self, node: nodes.Template, frame: Frame | None = None) -> None:  # noqa: N802
        own_words = any(name.name in _TRANSLATE for name in node.find_all(nodes.Name) if name.ctx != "load")
        tree = _Decided(cast(QuickEnvironment, self.environment), own_words).visit(node)
        super().visit_Template(tree, frame)

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        if frame.eval_ctx.autoescape and not frame.eval_ctx.volatile and finalize.src is None:
            self.write("environment.escaped(")
        else:
            super()._output_child_pre(node, frame, finalize)


def _named(node: Any) -> str | None:
    source = node.template
    return source.value if isinstance(source, nodes.Const) and isinstance(source.value, str) else None


QuickEnvironment.context_class = _QuickContext
QuickEnvironment.code_generator_class = _QuickGenerator
