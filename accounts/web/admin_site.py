"""The admin: for owners of the chosen clinic, and for support. Clinical tables are read-only; buttons call actions."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property, reduce
from operator import or_
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.contrib.admin.views.main import SEARCH_VAR, ChangeList
from django.contrib.auth.views import redirect_to_login
from django.core.paginator import Paginator
from django.db.models import Field, Model, Q, TextField
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse

from accounts import policies
from accounts.models import User
from accounts.web.middleware import as_uuid
from accounts.web.pages import in_clinic
from audit.models import AuditEvent


def administers(request: HttpRequest) -> bool:
    """Whether this person may administer the clinic that they are in."""
    user, clinic = request.user, getattr(request, "clinic", None)
    return isinstance(user, User) and clinic is not None and policies.may_administer(user, clinic.pk)


class PalpateAdmin(admin.AdminSite):
    site_header = "Palpate"
    site_title = "Palpate"
    index_title = "Administration"

    def register(
        self,
        model_or_iterable: type[Model] | Iterable[type[Model]],
        admin_class: type[admin.ModelAdmin] | None = None,
        **options: Any,
    ) -> None:
        """Take in the house's own pages only: a library's would show rows of every clinic (tokens, say)."""
        if admin_class is not None and issubclass(admin_class, ReadOnly):
            super().register(model_or_iterable, admin_class, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        return administers(request)

    # One way in and one way out: a second factor and the throttle must not have a door beside them.

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if request.user.is_authenticated:
            return redirect("home")  # signed in, but nobody who administers this clinic
        return redirect_to_login(request.GET.get("next") or reverse("admin:index"))

    def logout(  # type: ignore[override] # Django decorates its own
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return redirect("account")

    def password_change(  # type: ignore[override] # Django decorates its own
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return redirect("account_change_password")


class ListWithoutSearch(ChangeList):
    """A list whose links (pages, filters, order) leave out what was searched for: it may be a name."""

    def get_query_string(self, new_params: dict[str, Any] | None = None, remove: Iterable[str] | None = None) -> str:
        return super().get_query_string(new_params, [*(remove or ()), SEARCH_VAR])


# A list counts so many rows at most, and offers the values that so many of its newest have: to count all of an audit
# trail, or to look for each value in it, reads the whole of it.
MOST_COUNTED = 5_000


class ShortPaginator(Paginator):
    """Pages of the first rows of a list; what comes after them is found by a filter or a search."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows[:MOST_COUNTED].count())

    @property
    def has_more(self) -> bool:
        """Whether there are more rows than are counted."""
        return self.count >= MOST_COUNTED


class ValuesOfNewest(admin.AllValuesFieldListFilter):
    """As Django's filter by all values that a column has, but of the newest rows."""

    def __init__(
        self,
        field: Field[Any, Any],
        request: HttpRequest,
        params: dict[str, Any],
        model: type[Model],
        model_admin: admin.ModelAdmin[Any],
        field_path: str,
    ) -> None:
        super().__init__(field, request, params, model, model_admin, field_path)
        rows = model_admin.get_queryset(request)
        if model_admin.ordering:
            rows = rows.order_by(model_admin.ordering[0])
        values = sorted(set(rows.values_list(field_path, flat=True)[:MOST_COUNTED]))
        setattr(self, "lookup_choices", values)  # noqa: B010 - the stubs see a query


class ReadOnly(admin.ModelAdmin):
    """
    Rows of the chosen clinic, to look at. Row-level security sees to the clinic.

    Its "History" is the audit trail of the row, not Django's log. Where all `search_fields` are ids (`=id`), what is
    searched for is read as one.
    """

    list_per_page = 50
    paginator = ShortPaginator
    show_full_result_count = False
    actions: Any = None
    object_history_template = "admin/audit_history.html"

    def with_posted_search(self, request: HttpRequest) -> Any:
        """What is searched for comes by POST only (`admin/search_form.html`), so that no name stands in a URL."""
        query = request.GET.copy()
        query.pop(SEARCH_VAR, None)
        if request.method == "POST" and SEARCH_VAR in request.POST and "action" not in request.POST:
            query[SEARCH_VAR] = request.POST[SEARCH_VAR]
        return query

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        return [
            (name, ValuesOfNewest) if isinstance(name, str) and self._is_plain_text(name) else name
            for name in super().get_list_filter(request)
        ]

    def _is_plain_text(self, name: str) -> bool:
        field = self.opts.get_field(name)
        return isinstance(field, TextField) and not field.choices

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        fields = self.get_search_fields(request)
        if not search_term.strip() or not all(name.startswith("=") for name in fields):
            return super().get_search_results(request, queryset, search_term)
        searched = as_uuid(search_term.strip())
        if searched is None:
            return queryset.none(), False
        # As ids: Django would compare their texts in capitals, which no index serves.
        conditions = [Q(**{name.removeprefix("="): searched}) for name in fields]
        return queryset.filter(reduce(or_, conditions)), False

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[ChangeList]:
        return ListWithoutSearch

    def has_module_permission(self, request: HttpRequest) -> bool:
        return administers(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return administers(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def patient_of(self, obj: Model) -> UUID | None:
        """Whose data a row is, for the audit trail."""
        return getattr(obj, "patient_id", None)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        row = super().get_object(request, object_id, from_field)
        patient_id = self.patient_of(row) if row is not None else None
        if patient_id:
            in_clinic(request).seen_patient_ids = {patient_id}
        return row

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        request.GET = self.with_posted_search(request)
        response = super().changelist_view(request, extra_context)
        context = getattr(response, "context_data", None) or {}
        if "cl" in context:
            patient_ids = (self.patient_of(row) for row in context["cl"].result_list)
            in_clinic(request).seen_patient_ids = {patient_id for patient_id in patient_ids if patient_id}
        return response

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        obj = self.get_object(request, object_id)
        if obj is None:
            return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")
        events = AuditEvent.objects.about(obj.pk) if isinstance(obj.pk, UUID) else AuditEvent.objects.none()
        context = {
            **self.admin_site.each_context(request),
            "title": f"Audit trail of {obj}",
            "events": add_names_to_events(events.newest_first()[:200]),
            "object": obj,
            "opts": self.opts,
        }
        return TemplateResponse(request, self.object_history_template, context)


def add_names_to_events(events: Iterable[AuditEvent]) -> list[AuditEvent]:
    """The events, each with the name of its person as `who_name`."""
    events_list = list(events)
    names = dict(User.objects.filter(pk__in={e.user_id for e in events_list if e.user_id}).values_list("pk", "name"))
    for event in events_list:
        # Read by the template.
        event.who_name = names.get(event.user_id, "") if event.user_id else ""  # type: ignore[attr-defined]
    return events_list


class ReadOnlyInline(admin.TabularInline):
    extra = 0
    can_delete = False

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return administers(request)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
