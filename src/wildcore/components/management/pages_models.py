"""Pages of device models: their name and the intervals of their pollers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Form, Query
from pydantic import BaseModel
from sqlalchemy.orm import Session

from wildcore.errors import ValidationFailed
from wildcore.i18n import gettext
from wildcore.kit import Ctx, Page, Template
from wildcore.kit.forms import Line, Lines, Outcome, attempt
from wildcore.kit.params import Id
from wildcore.kit.permissions import DEVICE_MANAGEMENT
from wildcore.services import action_log, device_models, params
from wildcore.services.device_views import ModelView
from wildcore.services.pages_manage import model_page, models_page
from wildcore.services.pollers import POLLERS, sync_polls

LIST = "/management/models"


class ModelForm(BaseModel):
    """A model as its form sends it; `poller` and `interval` stand side by side, an empty interval takes the usual one."""

    name: Line = ""
    params: Lines | None = None
    poller: list[Line] = []
    interval: list[Line] = []


def model_list(ctx: Ctx, q: Annotated[str, Query(max_length=100)] = "") -> Template:
    """All models, those in use first."""
    return Template("management/models.html", {"models": models_page(ctx.session), "text": q})


def model(ctx: Ctx, model_id: Id) -> Template:
    """One model."""
    return Template("management/model.html", _values(ctx.session, model_id, None, Outcome()))


async def save(ctx: Ctx, model_id: Id, form: Annotated[ModelForm, Form()]) -> Template:
    """Change a model; its devices are polled accordingly at once."""

    def work(session: Session) -> ModelView:
        saved = device_models.update_model(
            session,
            model_id,
            name=form.name,
            pollers=intervals(form.poller, form.interval),
            params=None if form.params is None else params.parse(form.params),
        )
        sync_polls(session, ctx.runtime)
        action_log.log(session, ctx.actor, "device-model:updated", message=saved.name)
        return saved

    outcome = await attempt(ctx, work)
    typed = form if outcome.errors else None
    values = await ctx.runtime.db.run_read(lambda session: _values(session, model_id, typed, outcome))
    return Template("management/model_body.html", values, outcome.status)


def intervals(names: list[str], texts: list[str]) -> Mapping[str, Any]:
    """What was typed beside the pollers' names; ValidationFailed (`pollers`) for what is no number."""
    found: dict[str, Any] = {}
    for name, text in zip(names, texts, strict=False):
        if name not in POLLERS or not text.strip():
            continue
        if not text.strip().isascii() or not text.strip().isdigit():
            message = gettext("{name}: write whole seconds, 0 for off", name=str(POLLERS[name].title))
            raise ValidationFailed(message, field="pollers")
        found[name] = text.strip()[:9]
    return found


def _values(session: Session, model_id: int, typed: ModelForm | None, outcome: Outcome[ModelView]) -> dict[str, Any]:
    row, rows = model_page(session, model_id)
    return {
        "row": row,
        "intervals": rows,
        "name": typed.name if typed else row.model.name,
        "params": (typed.params or "") if typed else params.text(row.model.params),
        "typed": dict(zip(typed.poller, typed.interval, strict=False)) if typed else {},
        "errors": outcome.errors,
        "saved": outcome.value is not None,
    }


PAGES: tuple[Page, ...] = (
    Page(LIST, model_list, DEVICE_MANAGEMENT),
    Page(f"{LIST}/{{model_id}}", model, DEVICE_MANAGEMENT),
    Page(f"{LIST}/{{model_id}}", save, DEVICE_MANAGEMENT, methods="POST"),
)
