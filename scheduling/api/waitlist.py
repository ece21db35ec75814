"""The waitlist and its offers; recalls."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from api.fields import names_of, parse
from api.pagination import Page, moment
from api.problems import CONTENT_TYPE, problem_of
from api.schema import PAGED
from api.views import ClinicView, etag
from scheduling import rules, worklist_sync
from scheduling.api import serializers as shapes
from scheduling.api import views
from scheduling.models import Offer, Waiting
from scheduling.waitlist import actions as waitlist
from worklist.api.serializers import ItemOutput
from worklist.api.views import item_json
from worklist.models import Item

TAG = ["scheduling"]


def of(shape: Any, found: Any) -> dict[str, Any]:
    return {name: getattr(found, name) for name in names_of(shape)}


class Waitlist(ClinicView):
    scopes = {"get": "scheduling:read", "post": "scheduling:write"}
    audit_action = {"get": "waitlist.list", "post": "waitlist.join"}

    @extend_schema(operation_id="waitlist_list", tags=TAG, parameters=PAGED, responses=shapes.WaitingPage)
    def get(self, request: Request) -> Response:
        """Who waits, in their order."""
        page = Page(request, key_types=[moment, UUID])
        waitings = Waiting.objects.filter(clinic_id=self.actor.clinic_id, status=rules.WAITING)
        rows = page.rows(waitings, "since")
        self.saw(*{row.patient_id for row in rows[: page.limit]})
        shape = shapes.WaitingOutput
        return Response(
            page.answer(rows, lambda w: [w.since.isoformat(), w.pk], lambda some: [of(shape, w) for w in some])
        )

    @extend_schema(
        operation_id="waitlist_join", tags=TAG, request=shapes.WaitingInput, responses={201: shapes.WaitingOutput}
    )
    def post(self, request: Request) -> Response:
        """Put a patient on the waitlist."""
        body = parse(shapes.WaitingInput, request.data)
        self.saw(body["patient_id"])
        waiting = waitlist.join(by=self.actor, at=timezone.now(), **body)
        return Response(of(shapes.WaitingOutput, waiting), status=status.HTTP_201_CREATED)


class OneWaiting(ClinicView):
    scopes = {"get": "scheduling:read"}
    audit_action = {"get": "waitlist.read"}

    @extend_schema(operation_id="waitlist_read", tags=TAG, responses=shapes.WaitingOutput)
    def get(self, request: Request, waiting_id: UUID) -> Response:
        """One place on the waitlist, whatever became of it."""
        waiting = get_object_or_404(Waiting.objects.filter(clinic_id=self.actor.clinic_id), pk=waiting_id)
        self.saw(waiting.patient_id)
        return Response(of(shapes.WaitingOutput, waiting), headers={"ETag": etag(waiting.revision)})


class WaitlistLeave(ClinicView):
    scopes = {"post": "scheduling:write"}
    audit_action = {"post": "waitlist.leave"}

    @extend_schema(operation_id="waitlist_leave", tags=TAG, request=None, responses=shapes.WaitingOutput)
    def post(self, request: Request, waiting_id: UUID) -> Response:
        """Take a patient off the waitlist."""
        waiting = get_object_or_404(Waiting.objects.filter(clinic_id=self.actor.clinic_id), pk=waiting_id)
        self.saw(waiting.patient_id)
        left = waitlist.leave(waiting_id=waiting.pk, revision=self.read_revision(), by=self.actor, at=timezone.now())
        return Response(of(shapes.WaitingOutput, left))


class Offers(ClinicView):
    scopes = {"get": "scheduling:read"}
    audit_action = {"get": "offers.list"}

    @extend_schema(operation_id="offers_list", tags=TAG, parameters=PAGED, responses=shapes.OfferPage)
    def get(self, request: Request) -> Response:
        """What was offered to those who wait, newest first."""
        page = Page(request, key_types=[UUID])
        offers = Offer.objects.filter(clinic_id=self.actor.clinic_id)
        if page.after:
            offers = offers.filter(pk__lt=page.after[0])
        rows = list(offers.order_by("-pk")[: page.limit + 1])
        self.saw(*{row.patient_id for row in rows[: page.limit]})
        return Response(page.answer(rows, lambda o: [o.pk], lambda some: [of(shapes.OfferOutput, o) for o in some]))


class OfferView(ClinicView):
    scopes = {"post": "scheduling:write"}

    def get_offer(self, offer_id: UUID) -> Offer:
        offer = get_object_or_404(Offer.objects.filter(clinic_id=self.actor.clinic_id), pk=offer_id)
        self.saw(offer.patient_id)
        return offer


class OfferAcceptance(OfferView):
    audit_action = {"post": "waitlist.accept"}

    @extend_schema(operation_id="offers_accept", tags=TAG, request=None, responses=shapes.BookedOutput)
    def post(self, request: Request, offer_id: UUID) -> Response:
        """Take it for the patient, as when they call."""
        offer = self.get_offer(offer_id)
        revision = self.read_revision()
        try:
            appointment = waitlist.accept(offer_id=offer.pk, revision=revision, by=self.actor, at=timezone.now())
        except waitlist.OfferGone as gone:  # answered, not raised: that the offer is closed is to stay
            body = problem_of(gone)
            return Response(body, status=status.HTTP_409_CONFLICT, content_type=CONTENT_TYPE)
        return views.answer_booked(appointment, status.HTTP_200_OK)


class OfferRefusal(OfferView):
    audit_action = {"post": "waitlist.decline"}

    @extend_schema(operation_id="offers_decline", tags=TAG, request=None, responses=shapes.OfferOutput)
    def post(self, request: Request, offer_id: UUID) -> Response:
        """Say no to it for the patient; they stay on the waitlist."""
        offer = waitlist.decline(
            offer_id=self.get_offer(offer_id).pk, revision=self.read_revision(), by=self.actor, at=timezone.now()
        )
        return Response(of(shapes.OfferOutput, offer))


# --- Recall ---------------------------------------------------------------------------------------------------


class Recalls(ClinicView):
    scopes = {"post": "scheduling:write"}
    audit_action = {"post": "recall.set"}

    @extend_schema(operation_id="recalls_set", tags=TAG, request=shapes.RecallInput, responses={201: ItemOutput})
    def post(self, request: Request) -> Response:
        """Have a patient come up on the worklist at a later day."""
        body = parse(shapes.RecallInput, request.data)
        self.saw(body["patient_id"])
        item_id = worklist_sync.recall(by=self.actor, at=timezone.now(), **body)
        return Response(item_json(Item.objects.get(pk=item_id)), status=status.HTTP_201_CREATED)
