"""The body chart in pages of other apps."""

from __future__ import annotations

from django import template
from django.urls import reverse
from django.utils import translation

from assessments.web import chart

register = template.Library()


@register.simple_tag
def chart_address() -> str:
    """Where the chart and its words are, in the reader's language."""
    return reverse("chart", args=[chart.version(), translation.get_language()])
