"""Sites, rooms, types of appointment, hours, closures: the same few verbs for each."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID
from zlib import crc32

import orjson
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.rules import COMPETENCIES
from api.fields import Choice, StrictInteger, StrictSerializer, Text, names_of, parse
from api.pagination import Page
from api.schema import PAGED
from api.views import ClinicView, etag
from errors.exceptions import NotFound
from scheduling import queries, rules
from scheduling.availability import slots
from scheduling.setup import actions as setup_actions
from treatments.rules import TECHNIQUES


class SiteShape(StrictSerializer):
    id = serializers.UUIDField(read_only=True)
    name = Text(max_length=200)
    address = Text(required=False, allow_blank=True, max_length=500)
    is_active = serializers.BooleanField(required=False)


class RoomShape(StrictSerializer):
    id = serializers.UUIDField(read_only=True)
    site_id = serializers.UUIDField()
    name = Text(max_length=200)
    is_active = serializers.BooleanField(required=False)


class TypeShape(StrictSerializer):
    id = serializers.UUIDField(read_only=True)
    name = Text(max_length=200)
    length_min = StrictInteger(min_value=5, max_value=480)
    buffer_min = StrictInteger(min_value=0, max_value=120, required=False)
    online = serializers.BooleanField(required=False)
    technique = Choice(list(TECHNIQUES), required=False, allow_blank=True)
    therapists = serializers.ListField(child=serializers.UUIDField(), max_length=100, required=False)
    rooms = serializers.ListField(child=serializers.UUIDField(), max_length=100, required=False)
    is_active = serializers.BooleanField(required=False)


class CompetencyShape(StrictSerializer):
    id = serializers.UUIDField(read_only=True)
    user_id = serializers.UUIDField()
    technique = Choice(list(COMPETENCIES))
    valid_until = serializers.DateField(required=False, allow_null=True, help_text="its last day; null: without an end")
    proof = Text(required=False, allow_blank=True, max_length=500, help_text="certificate, course or reference")
    proof_seen_on = serializers.DateField(required=False, allow_null=True, help_text="null: today, if there is a proof")
    proof_seen_by_id = serializers.UUIDField(read_only=True, allow_null=True)


class HoursShape(StrictSerializer):
    id = serializers.UUIDField(read_only=True)
    user_id = serializers.UUIDField()
    room_id = serializers.UUIDField(required=False, allow_null=True, help_text="null: online")
    weekday = StrictInteger(min_value=0, max_value=6, help_text="0 is Monday")
    from_time = serializers.TimeField(help_text="by the clinic's wall clock")
    until_time = serializers.TimeField()
    from_date = serializers.DateField(required=False, allow_null=True)
    until_date = serializers.DateField(required=False, allow_null=True)


class ExtraHoursShape(StrictSerializer):
    id = serializers.UUIDField(read_only=True)
    user_id = serializers.UUIDField()
    room_id = serializers.UUIDField(required=False, allow_null=True)
    day = serializers.DateField()
    from_time = serializers.TimeField()
    until_time = serializers.TimeField()


class ClosureShape(StrictSerializer):
    id = serializers.UUIDField(read_only=True)
    user_id = serializers.UUIDField(required=False, allow_null=True, help_text="null: everybody")
    site_id = serializers.UUIDField(required=False, allow_null=True, help_text="null: every site")
    first_day = serializers.DateField()
    last_day = serializers.DateField()
    from_time = serializers.TimeField(required=False, allow_null=True, help_text="null: the whole day")
    until_time = serializers.TimeField(required=False, allow_null=True)
    note = Text(required=False, allow_blank=True, max_length=500)


SHAPES: dict[str, type[StrictSerializer]] = {
    "sites": SiteShape, "rooms": RoomShape, "appointment-types": TypeShape, "competencies": CompetencyShape,
    "hours": HoursShape, "extra-hours": ExtraHoursShape, "closures": ClosureShape,
}  # fmt: skip


def setup_json(kind: str, found: Any) -> dict[str, Any]:
    return {name: getattr(found, name) for name in names_of(SHAPES[kind])}


def revision(kind: str, found: Any) -> int:
    """These have no counter of changes; their content stands for it."""
    return crc32(orjson.dumps(setup_json(kind, found)))


def answer(kind: str, found: Any, number: int = status.HTTP_200_OK) -> Response:
    headers = {"ETag": etag(revision(kind, found))}
    if number == status.HTTP_201_CREATED:
        headers["Location"] = f"/api/v1/{kind}/{found.pk}/"
    return Response(setup_json(kind, found), status=number, headers=headers)


class SetupView(ClinicView):
    kind: ClassVar[str]


class Collection(SetupView):
    scopes = {"get": "scheduling:read", "post": "scheduling:write"}
    audit_action = {"get": "scheduling.setup", "post": "scheduling.add"}

    def get(self, request: Request) -> Response:
        """All of them, oldest first."""
        page = Page(request, key_types=[UUID])
        rows = setup_actions.KINDS[self.kind]._default_manager.filter(clinic_id=self.actor.clinic_id).order_by("pk")
        if page.after:
            rows = rows.filter(pk__gt=page.after[0])
        page_rows = list(rows[: page.limit + 1])
        return Response(
            page.answer(page_rows, lambda one: [one.pk], lambda some: [setup_json(self.kind, o) for o in some])
        )

    def post(self, request: Request) -> Response:
        """Add one."""
        values = parse(SHAPES[self.kind], request.data)
        entry = setup_actions.save(kind=self.kind, values=values, by=self.actor)
        return answer(self.kind, entry, status.HTTP_201_CREATED)


class One(SetupView):
    scopes = {"get": "scheduling:read", "patch": "scheduling:write", "delete": "scheduling:write"}
    audit_action = {"get": "scheduling.setup", "patch": "scheduling.change", "delete": "scheduling.remove"}

    def get(self, request: Request, pk: UUID) -> Response:
        """One of them."""
        return answer(self.kind, setup_actions.find(self.kind, pk))

    def get_entry(self, pk: UUID) -> Any:
        if "If-Match" not in self.request.headers:
            self.check_precondition(0)
        entry = setup_actions.find(self.kind, pk, lock=True)
        self.check_precondition(revision(self.kind, entry))
        return entry

    def patch(self, request: Request, pk: UUID) -> Response:
        """Change some of its fields. What is booked already stays as it is."""
        self.get_entry(pk)
        shape = SHAPES[self.kind](data=request.data, partial=True)
        shape.is_valid(raise_exception=True)
        entry = setup_actions.save(kind=self.kind, values=shape.validated_data, pk=pk, by=self.actor)
        return answer(self.kind, entry)

    def delete(self, request: Request, pk: UUID) -> Response:
        """Take it away; a site, room or type is made inactive, as appointments point at it."""
        self.get_entry(pk)
        setup_actions.remove(kind=self.kind, pk=pk, by=self.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)


def views_of(kind: str) -> tuple[type[Collection], type[One]]:
    """The two views of one kind, each with its own shape in the schema."""
    shape, name = SHAPES[kind], kind.replace("-", "_")
    fields = {"results": shape(many=True), "next": serializers.CharField(allow_null=True)}
    paged = type(shape.__name__.replace("Shape", "SetupPage"), (serializers.Serializer,), fields)

    def told(verb: str, **options: Any) -> Any:
        return extend_schema(operation_id=f"{name}_{verb}", tags=["scheduling set-up"], **options)

    many = extend_schema_view(
        get=told("list", parameters=PAGED, responses=paged), post=told("create", request=shape, responses={201: shape})
    )
    view_class = extend_schema_view(
        get=told("read", responses=shape),
        patch=told("change", request=shape, responses=shape),
        delete=told("remove", responses={204: None}),
    )
    return (
        many(type(f"Many{shape.__name__}", (Collection,), {"kind": kind})),
        view_class(type(f"One{shape.__name__}", (One,), {"kind": kind})),
    )


# --- How the clinic books, and calendar feeds -----------------------------------------------------------------


class BookingShape(StrictSerializer):
    step_min = Choice(rules.STEPS_MIN, required=False, help_text="appointments begin on this grid")
    remind_hours = serializers.ListField(
        child=StrictInteger(min_value=1, max_value=336), max_length=4, required=False, help_text="hours before"
    )
    invite = serializers.BooleanField(required=False, help_text="send word of what is booked or moved")
    cancel_until_hours = StrictInteger(min_value=0, max_value=336, required=False)
    offer_minutes = StrictInteger(min_value=10, max_value=2880, required=False)
    offer_every_min = StrictInteger(min_value=1, max_value=1440, required=False)
    hold_hours = StrictInteger(min_value=1, max_value=720, required=False)
    draft_hours = StrictInteger(min_value=1, max_value=720, required=False)


class SettingsView(ClinicView):
    scopes = {"get": "scheduling:read", "patch": "scheduling:write"}
    audit_action = {"get": "scheduling.setup", "patch": "scheduling.settings"}

    def answer(self, found: Any) -> Response:
        content = {name: getattr(found, name) for name in names_of(BookingShape)}
        return Response(content, headers={"ETag": etag(crc32(orjson.dumps(content)))})

    @extend_schema(operation_id="scheduling_settings_read", tags=["scheduling"], responses=BookingShape)
    def get(self, request: Request) -> Response:
        """How the clinic books, reminds and offers."""
        return self.answer(slots.booking_of(self.actor.clinic_id))

    @extend_schema(
        operation_id="scheduling_settings_change", tags=["scheduling"], request=BookingShape, responses=BookingShape
    )
    def patch(self, request: Request) -> Response:
        """Change what is given; the rest stays."""
        if "If-Match" not in request.headers:
            self.check_precondition(0)
        settings_row = setup_actions.lock_booking(self.actor.clinic_id)
        content = {name: getattr(settings_row, name) for name in names_of(BookingShape)}
        self.check_precondition(crc32(orjson.dumps(content)))
        return self.answer(setup_actions.set_booking(values=parse(BookingShape, request.data), by=self.actor))


class FeedShape(serializers.Serializer[Any]):
    address = serializers.URLField(help_text="secret, and shown only now")


class FeedView(ClinicView):
    keeps_answers = False  # the address is secret; asked again, there is a new one, and the old one is closed
    scopes = {"post": "scheduling:write", "delete": "scheduling:write"}
    audit_action = {"post": "calendar.feed.make", "delete": "calendar.feed.close"}

    def therapist(self, user_id: UUID) -> UUID:
        """:raises NotFound:"""
        if not any(therapist_row.pk == user_id for therapist_row in queries.therapists(self.actor.clinic_id)):
            raise NotFound
        return user_id

    @extend_schema(operation_id="feeds_make", tags=["scheduling"], request=None, responses={201: FeedShape})
    def post(self, request: Request, user_id: UUID) -> Response:
        """A new secret address of a therapist's calendar; an old one is closed."""
        address = setup_actions.make_feed(user_id=self.therapist(user_id), by=self.actor, at=timezone.now())
        return Response({"address": address}, status=status.HTTP_201_CREATED)

    @extend_schema(operation_id="feeds_close", tags=["scheduling"], responses={204: None})
    def delete(self, request: Request, user_id: UUID) -> Response:
        """Close a therapist's secret address."""
        if not setup_actions.close_feed(user_id=self.therapist(user_id), by=self.actor, at=timezone.now()):
            raise NotFound
        return Response(status=status.HTTP_204_NO_CONTENT)
