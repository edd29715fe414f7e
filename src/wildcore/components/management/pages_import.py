"""The page on which a CSV file of devices is imported, with its report."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import File, Form, UploadFile
from sqlalchemy.orm import Session

from wildcore.errors import ValidationFailed, WildcoreError
from wildcore.i18n import gettext
from wildcore.kit import Ctx, Page, Template
from wildcore.kit.forms import REFUSED, Line, errors_of, number
from wildcore.kit.permissions import DEVICE_MANAGEMENT
from wildcore.services import action_log, detection, device_groups

URL = "/management/device-import"
MOST_BYTES = 4_000_000
Text = Annotated[str, Form(max_length=MOST_BYTES)]


def form(ctx: Ctx) -> Template:
    """Where the file is chosen, and what its columns are."""
    return Template("management/import.html", _values(ctx, ctx.session))


async def run(
    ctx: Ctx,
    file: Annotated[UploadFile | None, File()] = None,
    text: Text = "",
    group: Annotated[Line, Form()] = "",
    delimiter: Annotated[Line, Form()] = ",",
) -> Template:
    """Import the file, or the rows that were typed; the report says what became of each."""
    report, errors = None, {}
    try:
        rows = await _text(file) or text
        if not rows.strip():
            raise ValidationFailed(gettext("Choose a file, or type rows"), field="file")
        separator = {"tab": "\t"}.get(delimiter, delimiter)
        report = await detection.import_csv(ctx.runtime, ctx.actor, rows, group_id=number(group), delimiter=separator)
        said = gettext("{added} added, {skipped} skipped", added=report.added, skipped=report.skipped)
        await ctx.runtime.db.run_write(lambda session: action_log.log(session, ctx.actor, "device:imported", message=said))
    except WildcoreError as refused:
        errors = errors_of(refused)
    values = await ctx.runtime.db.run_read(lambda session: _values(ctx, session))
    values |= {
        "report": report,
        "errors": errors,
        "typed": {"text": text if errors else "", "group": group, "delimiter": delimiter},
    }
    return Template("management/import_body.html", values, REFUSED if errors else 200)


async def _text(file: UploadFile | None) -> str:
    if file is None:
        return ""
    data = await file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise ValidationFailed(gettext("The file is larger than {n} MB", n=MOST_BYTES // 1_000_000), field="file")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1251", errors="replace")  # as spreadsheets here save it


def _values(ctx: Ctx, session: Session) -> dict[str, Any]:
    return {
        "columns": detection.CSV_COLUMNS,
        "groups": [(one.id, one.name) for one in device_groups.list_groups(session, ctx.actor).rows],
        "report": None,
        "errors": {},
        "typed": {"text": "", "group": "", "delimiter": ","},
    }


PAGES: tuple[Page, ...] = (
    Page(URL, form, DEVICE_MANAGEMENT),
    Page(URL, run, DEVICE_MANAGEMENT, methods="POST"),
)
