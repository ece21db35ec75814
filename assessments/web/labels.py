"""What codes are called on the screen. English here; other languages through gettext."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from assessments.labels import SIDES as SIDES

SIGNS = {
    "taut_band": _("Taut band"),
    "hypersensitive_spot": _("Hypersensitive spot"),
    "referred_pain": _("Referred pain"),
    "palpable_nodule": _("Palpable nodule"),
    "spot_in_band": _("Spot lies in the band"),
    "local_twitch": _("Local twitch"),
    "jump_sign": _("Jump sign"),
    "restricted_rom": _("Painful limit to stretch"),
    "pain_on_contraction": _("Pain on contraction"),
    "weakness": _("Weakness"),
    "autonomic": _("Autonomic signs"),
    "stress_aggravation": _("Worse under stress"),
    "recognised": _("Reproduces the patient's pain?"),
}
SIGN_VALUES = {"present": _("present"), "absent": _("absent"), "not_tested": _("not tested")}
WHY_NOT_TESTED = {
    "unable": _("could not be tested"),
    "equivocal": _("not clear"),
    "declined": _("patient declined"),
    "not_reachable": _("not reachable"),
}
RECOGNISED = {"yes": _("yes"), "no": _("no"), "not_asked": _("not asked")}
YES_NO_UNKNOWN = {"yes": _("yes"), "no": _("no"), "unknown": _("unknown")}
RED_FLAG_ANSWERS = {"yes": _("yes"), "no": _("no"), "not_asked": _("not asked")}
RED_FLAG_CHOICES = {"yes": _("yes"), "no": _("no"), "declined": _("declined"), "not_asked": _("not asked")}
CURRENT_SYMPTOM = {"yes": _("yes"), "no": _("no"), "not_recorded": _("not recorded")}
TWITCH_METHODS = {"palpation": _("by palpation"), "needle": _("by needle"), "ultrasound": _("by ultrasound")}
QUALITIES = {
    "spreading_pain": _("spreading pain"),
    "deep_pain": _("deep pain"),
    "dull_ache": _("dull ache"),
    "tingling": _("tingling"),
    "burning": _("burning"),
    "numbness": _("numbness"),
    "heaviness": _("heaviness"),
    "shooting": _("shooting"),
    "other": _("other"),
}
CLASSES = {
    "active": _("active"),
    "latent": _("latent"),
    "activity_undetermined": _("ask: reproduces the patient's pain?"),
    "no_trigger_point": _("no trigger point"),
    "indeterminate": _("not resolved"),
}
POINT_STATES = {
    "active": _("active"),
    "latent": _("latent"),
    "undetermined": _("undetermined"),
    "resolved": _("resolved"),
    "recurred": _("recurred"),
}
CLEARANCE_KINDS = {
    "examined": _("examination"),
    "imaging": _("imaging"),
    "physician": _("physician"),
    "emergency_department": _("emergency department"),
}
TECHNIQUE_CLASSES = {
    "hands_on": _("hands-on techniques"),
    "invasive": _("needling and injection"),
    "self_pressure": _("self-pressure"),
    "exercise": _("exercises"),
    "neck_movement": _("exercises that move the neck"),
}
DEVICES = {
    "crom": _("CROM device"),
    "inclinometer": _("inclinometer"),
    "goniometer": _("goniometer"),
    "phone": _("phone"),
    "visual": _("by eye"),
}
ACTIONS = {
    "none": _("nothing"),
    "watchful_safety_net": _("watch"),
    "hold_treatment": _("hold treatment"),
    "refer_routine": _("refer"),
    "refer_urgent": _("refer urgently"),
    "refer_same_day": _("refer the same day"),
    "emergency": _("emergency"),
}
VIEWS = {
    "front": _("Front"),
    "back": _("Back"),
    "head_left": _("Head, left"),
    "head_right": _("Head, right"),
    "neck": _("Neck, back"),
    "neck_front": _("Neck, front"),
}
CHART = {
    "views": _("Part of the body"),
    "layers": _("What a tap selects"),
    "muscles": _("Muscles"),
    "zones": _("Zones"),
    "zoom_in": _("Larger"),
    "zoom_out": _("Smaller"),
}
# What the screens' scripts say. {words} in braces are filled in by them.
SCREEN = {
    "saving": _("saving …"),
    "saved": _("saved {time}"),
    "locked": _("locked; nothing is lost"),
    "offline": _("No connection. {count} changes wait here; trying again …"),
    "server": _("The server does not answer. {count} changes wait here; trying again …"),
    "signed_out": _("You are signed out. Nothing is lost:"),
    "sign_in": _("sign in in a new tab"),
    "signed_meanwhile": _("This has been signed, and can no longer be changed."),
    "gone": _("This draft was deleted on another screen."),
    "refused": _("The last change could not be saved."),
    "look": _("Open"),
    "open_elsewhere": _("Also open: {who}"),
    "other_changed": _("{who} changed: {what} ({time})"),
    "others_changed": _("{who} changed {count} fields ({time})"),
    "conflict": _("{what}: {who} set “{theirs}” at {time}. You set “{mine}”."),
    "keep_theirs": _("Keep “{theirs}”"),
    "use_mine": _("Use “{mine}”"),
    "undo": _("Undo"),
    "removed": _("{what} removed."),
    "remove": _("Remove {what}"),
    "intensity": _("Pain, 0 to 10"),
    "another_zone": _("Another zone …"),
    "nothing_found": _("No matches."),
    "test": _("test: {sign}"),
    "why": _("Present: {signs}."),
    "why_none": _("None of the criteria is present yet."),
    "mean": _("mean {value} {unit}"),
    "point": _("Point {number}: {name}, {class}"),
    "point_without_class": _("Point {number}: {name}"),
    "last_point": _("From the last exam: {name}"),
    "where_to": _("Where does it refer to? Tap the zones."),
    "refers_here": _("What refers here: {zone}"),
    "covers": _("covers {count} of {all} drawn zones"),
    "usually_also": _("usually also: {zones}"),
    "pattern_not_checked": _("pattern not checked"),
    "has_point": _("has a finding"),
    "set_off_by": _("What often sets it off: {what}."),
    "may_come_with": _("May come with: {what}."),
    "explained": _("The findings explain {count} of {all} drawn zones."),
    "unexplained": _("Not explained: {zones}."),
    "still_to_test": _("Still worth testing: {muscles}."),
    "often_together": _("Often active together with {muscle}: {muscles}."),
    "under_finger": _("Under your finger"),
    "confirm_first": _("{count} from the last exam to confirm"),
    "already_there": _("{name} already has a point; this is point {number} in it."),
    "known_point": _("Point {number}, known from an earlier exam."),
    "new_point": _("New point {number}."),
    "same_as_point": _("Same as point {number} {place}"),
    "another_point": _("It is another point"),
    "held": _("{seconds} s filled in."),
    "needles_differ": _("{count} still in"),
    "needles_fit": _("all out"),
    "needles_total": _("{inserted} needles in, {removed} out"),
}


def texts(*tables: dict[str, Any]) -> dict[str, str]:
    return {key: str(text) for table in tables for key, text in table.items()}
