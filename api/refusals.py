"""The errors of the API itself, raised before or around an app's action."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from errors.texts import register

register(
    {
        "already_exists": _("The database already has this (%(constraint)s). Read it and change it instead."),
        "bad_request": _("The request could not be read. Correct its form and send it again."),
        "computed": _("This value is calculated. Leave it out."),
        "constraint": _("The database does not accept this (%(constraint)s). Correct the values."),
        "final": _("This is signed and can't be changed. Add an addendum or start a new version."),
        "forbidden.row": _("This can't be changed: it belongs to another clinic or is final."),
        "idempotency_key_reused": _(
            "This Idempotency-Key was used for another request. Create a new key for each new request."
        ),
        "internal_error": _("Something went wrong on our side and nothing was saved. Try again."),
        "invalid.cursor": _("This cursor is not valid. Start again without a cursor."),
        "invalid.idempotency_key": _("An Idempotency-Key has 1 to %(most)s characters. Send a shorter one."),
        "invalid.if_match": _('Send If-Match as the ETag was sent, in double quotes, such as "3".'),
        "invalid.moment": _("Enter a date and time with time zone, such as 2026-11-20T09:30:00Z."),
        "invalid.stored": _("A value is too large or has the wrong form. Correct it and try again."),
        "invalid.too_many_ids": _("Send at most %(most)s IDs."),
        "invalid.whole_number_from_to": _("Enter a whole number from %(low)s to %(high)s."),
        "length_required": _("The length of the request is not known. Send it with a Content-Length."),
        "method_not_allowed": _("This method is not possible here. See Allow for those that are."),
        "missing_scope": _("This needs the scope %(scope)s. Ask for a token that includes it."),
        "not_found.path": _("This address does not exist. Check the path."),
        "parse_error": _("The body is not valid JSON (line %(line)s, column %(column)s). Correct it."),
        "parse_error.duplicate_key": _("The body has the key %(name)s more than once in one object. Send it once."),
        "parse_error.too_deep": _("The body has more than %(most)s levels. Send it with fewer."),
        "precondition_failed": _("This was changed by someone else. Read it again, then repeat your change."),
        "precondition_failed.revision": _("This was changed by someone else after you opened it. Check what changed."),
        "precondition_required": _("Send the ETag that you last read as If-Match, so that no change is overwritten."),
        "read_only": _("Nothing can be saved at the moment. Try again in a few seconds."),
        "required.body": _("There is no body. Send the values to change as JSON."),
        "repeated_parameter": _("The parameter %(name)s was sent more than once. Send it once."),
        "too_large.request": _("The request is larger than %(most_mb)s MB. Send less at once."),
        "unavailable": _("The database is not available and nothing was saved. Try again."),
        "unknown_field": _("This field does not exist. Use one of: %(fields)s."),
        "unknown_parameter": _("The parameter %(name)s does not exist here. Use one of: %(allowed)s."),
        "unknown_parameter.none_taken": _("The parameter %(name)s does not exist here. Send no parameters."),
        "unsupported_media_type.charset": _("JSON is read as UTF-8 only. Send it in UTF-8, without another charset."),
    }
)
