import uuid

from django.db import models


class Row(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)

    class Meta:
        abstract = True

    def __str__(self):
        return str(self.pk)


class Session(Row):
    patient = models.UUIDField(db_index=True)
    performed_at = models.DateTimeField(db_index=True)
    signed_at = models.DateTimeField(null=True)
    signed_by = models.UUIDField(null=True)
    version = models.IntegerField(default=1)
    response = models.TextField(blank=True)
    notes = models.TextField(blank=True)


class Intervention(Row):
    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="interventions")
    technique = models.TextField()
    muscle = models.TextField(null=True)
    side = models.TextField(null=True)
    dose = models.JSONField(default=dict)
    limit_reasons = models.JSONField(default=dict)
    response = models.TextField(blank=True)


class Measure(Row):
    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="measures")
    kind = models.TextField()
    phase = models.TextField()
    timing = models.TextField(null=True)
    value = models.DecimalField(max_digits=6, decimal_places=1)
    measured_at = models.DateTimeField()
    movement = models.TextField(null=True)
    side = models.TextField(null=True)


class Assessment(Row):
    patient = models.UUIDField(db_index=True)
    performed_at = models.DateTimeField()
    pain_now = models.IntegerField(null=True)
    pain_worst_24h = models.IntegerField(null=True)
    pain_best_24h = models.IntegerField(null=True)
    notes = models.TextField(blank=True)


class Finding(Row):
    assessment = models.ForeignKey(Assessment, on_delete=models.CASCADE, related_name="findings")
    muscle = models.TextField()
    side = models.TextField()
    place = models.TextField(blank=True)
    taut_band = models.TextField(default="not_tested")
    hypersensitive_spot = models.TextField(default="not_tested")
    referred_pain = models.TextField(default="not_tested")
    palpable_nodule = models.TextField(default="not_tested")
    spot_in_band = models.TextField(default="unknown")
    local_twitch = models.TextField(default="not_tested")
    jump_sign = models.TextField(default="not_tested")
    recognised = models.TextField(default="not_asked")
    pain_on_pressure = models.IntegerField(null=True)
    ppt_kpa = models.JSONField(default=list)
    referred_quality = models.JSONField(default=list)
    notes = models.TextField(blank=True)


class Referral(Row):
    finding = models.ForeignKey(Finding, on_delete=models.CASCADE, related_name="referred_to")
    zone = models.TextField()
    side = models.TextField()
