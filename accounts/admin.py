from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import ForeignKey, Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from accounts import actions, invitations
from accounts.models import ApiClient, Clinic, Invitation, Membership, User
from accounts.rules import SCOPES, is_origin
from accounts.web.admin_site import ReadOnly, administers
from accounts.web.middleware import as_uuid
from accounts.web.pages import in_clinic
from audit.models import AuditEvent
from errors import form_fields
from errors.exceptions import DomainError
from errors.texts import message_for, message_of


def show_refusal(request: HttpRequest, refusal: DomainError) -> None:
    """A refusal as a message on the next page."""
    for text in [message_of(error) for error in refusal.errors] or [message_of(refusal)]:
        messages.error(request, text)


class Administered(ReadOnly):
    """Rows that the admin may add and end, through actions."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return administers(request)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return administers(request)

    def response_add(self, request: HttpRequest, obj: Model, post_url_continue: str | None = None) -> HttpResponse:
        return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")


@admin.register(Clinic)
class ClinicAdmin(ReadOnly):
    list_display = [
        "name",
        "slug",
        "country",
        "time_zone",
        "locale",
        "rule_set",
        "pressure_unit",
        "shows_classification",
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Clinic]:
        return super().get_queryset(request).filter(pk=in_clinic(request).clinic.pk)


class NewInvitation(forms.ModelForm):
    class Meta:
        model = Invitation
        fields = ["email", "role"]

    def _get_validation_exclusions(self) -> set[str]:
        """An open invitation to the same address is sent again, so it is no mistake."""
        return {*super()._get_validation_exclusions(), "email", "role"}  # type: ignore[misc] # not in the stubs


@admin.register(Invitation)
class InvitationAdmin(Administered):
    list_display = ["email", "role", "created_at", "expires_at", "accepted_at", "withdrawn_at"]
    list_filter = ["role"]
    actions = ["send_again"]
    form = NewInvitation

    def get_form(self, request: HttpRequest, obj: Model | None = None, change: bool = False, **options: Any) -> Any:
        if obj is not None:  # only looked at
            options["form"] = forms.ModelForm
        return super().get_form(request, obj, change, **options)

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return ["email", "role"] if obj is None else ["email", "role", "expires_at", "accepted_at", "withdrawn_at"]

    def save_model(self, request: HttpRequest, obj: Invitation, form: forms.ModelForm, change: bool) -> None:
        sent = form.cleaned_data
        invitation = invitations.invite(
            clinic=in_clinic(request).clinic,
            email=sent["email"],
            role=sent["role"],
            by=in_clinic(request).actor,
            at=timezone.now(),
        )
        obj.pk = invitation.pk
        messages.success(request, f"{invitation.email} gets a mail with a link, which works for 7 days.")

    @admin.action(description="Send again, with a new link")
    def send_again(self, request: HttpRequest, queryset: QuerySet[Invitation]) -> None:
        self._change(request, queryset, invitations.resend, "The invitation is sent again.")

    def delete_model(self, request: HttpRequest, obj: Invitation) -> None:
        self._change(request, [obj], invitations.withdraw, "The invitation is withdrawn.")

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Invitation]) -> None:
        self._change(request, queryset, invitations.withdraw, "The invitation is withdrawn.")

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[Invitation]) -> list[Any]:
        """Nothing: the action writes the audit trail, and may have refused."""
        return []

    def response_delete(self, request: HttpRequest, obj_display: str, obj_id: object) -> HttpResponse:
        return redirect("admin:accounts_invitation_changelist")

    def _change(
        self, request: HttpRequest, rows: Iterable[Invitation], action: Callable[..., object], done: str
    ) -> None:
        for invitation in rows:
            try:
                action(invitation=invitation, by=in_clinic(request).actor, at=timezone.now())
                messages.success(request, done)
            except DomainError as refusal:
                show_refusal(request, refusal)


@admin.register(Membership)
class MembershipAdmin(Administered):
    list_display = ["person", "email", "role", "is_active"]
    list_filter = ["role", "is_active"]
    list_select_related = ["user"]
    search_fields = ["user__name", "user__email"]
    actions = ["deactivate"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        """People see their own memberships elsewhere, too; they are not this clinic's to end."""
        return super().get_queryset(request).filter(clinic=in_clinic(request).clinic)

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return ["user", "role", "is_active"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """People join by accepting an invitation."""
        return False

    @admin.action(description="Deactivate the person: end every role here")
    def deactivate(self, request: HttpRequest, queryset: QuerySet[Membership]) -> None:
        for user in User.objects.filter(pk__in=queryset.values("user_id")):
            try:
                actions.deactivate_person(
                    clinic=in_clinic(request).clinic,
                    user=user,
                    by=in_clinic(request).actor,
                )
                messages.success(request, f"{user.name} can no longer work here.")
            except DomainError as refusal:
                show_refusal(request, refusal)

    def delete_model(self, request: HttpRequest, obj: Membership) -> None:
        try:
            actions.end_membership(membership=obj, by=in_clinic(request).actor)
            messages.success(request, "They have this role no longer.")
        except DomainError as refusal:
            show_refusal(request, refusal)

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[Membership]) -> list[Any]:
        """Nothing: the action writes the audit trail, and may have refused."""
        return []

    def response_delete(self, request: HttpRequest, obj_display: str, obj_id: object) -> HttpResponse:
        """Without Django's own message, which does not know of a refusal."""
        return redirect("admin:accounts_membership_changelist")

    @admin.display(ordering="user__name")
    def person(self, membership: Membership) -> str:
        return membership.user.name

    def email(self, membership: Membership) -> str:
        return membership.user.email


class NewClient(forms.ModelForm):
    allowed_scopes = form_fields.MultipleChoiceField(
        choices=[(scope, f"{scope}: {text}") for scope, text in SCOPES.items()], widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = ApiClient
        fields = ["name", "acts_for", "redirect_uris", "allowed_origins"]
        help_texts = {
            "redirect_uris": "Only for an app through which people sign in; empty for a program on its own.",
            "allowed_origins": "Only for an app that runs in a browser: https://app.example, separated by spaces.",
        }

    def clean_allowed_scopes(self) -> str:
        return " ".join(self.cleaned_data["allowed_scopes"])

    def clean_allowed_origins(self) -> str:
        origins = str(self.cleaned_data["allowed_origins"])
        has_redirects = bool(self.data.get("redirect_uris", "").strip())
        if not all(is_origin(origin) for origin in origins.split()) or (origins.strip() and not has_redirects):
            raise forms.ValidationError(message_for("invalid.origins"))
        return origins


@admin.register(ApiClient)
class ApiClientAdmin(Administered):
    list_display = ["name", "client_id", "authorization_grant_type", "acts_for", "acts_for_approved_at", "created"]
    form = NewClient

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiClient]:
        return super().get_queryset(request).filter(clinic=in_clinic(request).clinic)

    def get_form(self, request: HttpRequest, obj: Model | None = None, change: bool = False, **options: Any) -> Any:
        if obj is not None:  # only looked at
            options["form"] = forms.ModelForm
        return super().get_form(request, obj, change, **options)

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        if obj is None:
            return ["name", "allowed_scopes", "acts_for", "redirect_uris", "allowed_origins"]
        return [
            "name",
            "client_id",
            "allowed_scopes",
            "acts_for",
            "acts_for_approved_at",
            "redirect_uris",
            "allowed_origins",
            "client_type",
            "created",
        ]

    def formfield_for_foreignkey(self, db_field: ForeignKey[Any, Any], request: HttpRequest, **options: Any) -> Any:
        if db_field.name == "acts_for":
            therapists = Membership.objects.active().filter(clinic=in_clinic(request).clinic, role="therapist")
            options["queryset"] = User.objects.filter(pk__in=therapists.values("user_id")).order_by("name")
        field = super().formfield_for_foreignkey(db_field, request, **options)
        if db_field.name == "acts_for" and field is not None:
            setattr(field, "label_from_instance", lambda user: user.name)  # noqa: B010 - the stubs see a method
        return field

    def save_model(self, request: HttpRequest, obj: ApiClient, form: forms.ModelForm, change: bool) -> None:
        sent = form.cleaned_data
        client, secret = actions.register_client(
            clinic=in_clinic(request).clinic,
            name=sent["name"],
            scopes=sent["allowed_scopes"],
            acts_for=sent["acts_for"],
            redirect_uris=sent["redirect_uris"],
            allowed_origins=sent["allowed_origins"],
            by=in_clinic(request).actor,
        )
        obj.pk = client.pk
        notice = f"Client {client.client_id}" + (f", secret (shown this once): {secret}" if secret else "")
        messages.warning(request, notice)
        if sent["acts_for"]:
            messages.warning(
                request,
                f"{sent['acts_for'].name} must agree first: under Account, “Where I work and what acts for me”.",
            )

    def delete_model(self, request: HttpRequest, obj: ApiClient) -> None:
        actions.remove_client(client=obj, by=in_clinic(request).actor)


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnly):
    list_display = ["at", "action", "outcome", "who", "client_id", "code", "ip", "target_id"]
    list_filter = ["outcome", "action", "at"]
    search_fields = ["action", "client_id", "code"]
    search_help_text = "An action, a client, or the id of a patient or of a row"

    def get_queryset(self, request: HttpRequest) -> QuerySet[AuditEvent]:
        self.people = dict(User.objects.values_list("pk", "name"))
        return AuditEvent.objects.newest_first()

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        id_ = as_uuid(search_term.strip())
        if id_ is not None:
            return queryset.about(id_), False
        return super().get_search_results(request, queryset, search_term)

    def who(self, event: AuditEvent) -> str:
        return self.people.get(event.user_id, "") if event.user_id else ""
