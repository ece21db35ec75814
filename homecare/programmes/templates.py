"""What a clinic keeps for all its programmes: templates, and pictures of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.db import transaction

from accounts import policies
from audit import actions as audit
from errors.constraints import violations_as
from errors.exceptions import Conflict
from homecare import rules
from homecare.models import Picture, Template
from homecare.programmes import serialization as contents
from homecare.programmes.pictures import EDGE_PX, find_unknown_pictures
from identity.actor import Actor
from uploads.pictures import clean_picture


class TemplateExists(Conflict):
    reason = "template_exists"


@transaction.atomic
def save_template(*, name: str, content: Mapping[str, Any], by: Actor) -> Template:
    """
    Keep a programme's content under a name, without what is one patient's (trigger points, the note, reasons, words).

    :raises Invalid: it has no name, or a step cannot be
    :raises TemplateExists:
    """
    policies.require_author(by)
    kept = contents.tidy(content)
    kept["note"] = ""
    for step in kept["steps"]:
        step["trigger_point"] = step["lasting"] = None
        # Why one patient's dose may be unusual is no reason for the next one's; their own words are theirs.
        step["limit_reasons"] = {}
        step["cue"] = step["cue"] if step["exercise"] == "own" else ""
    problems = rules.check_steps(kept["steps"], ratings=contents.ratings(), tools=contents.tools(), is_template=True)
    problems.errors += find_unknown_pictures(kept["steps"]).errors
    problems.errors = [replace(error, pointer=f"/content{error.pointer}") for error in problems.errors]
    if not name.strip():
        problems.add("/name", "required.template_name")
    problems.raise_if_any()
    with violations_as({"template_once": TemplateExists}):
        template = Template.objects.create(
            clinic_id=by.clinic_id, name=name.strip(), content=kept, made_by_id=by.author_id
        )
    audit.log("template.save", by=by, target_id=template.pk)
    return template


@transaction.atomic
def delete_template(*, template: Template, by: Actor) -> None:
    """Delete a template; programmes made from it keep their steps."""
    policies.require_author(by)
    audit.log("template.delete", by=by, target_id=template.pk)
    Template.objects.filter(pk=template.pk).delete()


@transaction.atomic
def add_picture(*, name: str, upload: bytes, by: Actor) -> Picture:
    """
    Take a clinic's own picture.

    :raises Invalid: it is no picture, or too large
    """
    policies.require_author(by)
    picture_file = clean_picture(upload, pointer="/picture", edge_px=EDGE_PX)
    picture = Picture.objects.create(
        clinic_id=by.clinic_id,
        name=name.strip()[:200],
        content=picture_file.content,
        width_px=picture_file.width_px,
        height_px=picture_file.height_px,
        made_by_id=by.author_id,
    )
    audit.log("picture.add", by=by, target_id=picture.pk)
    return picture
