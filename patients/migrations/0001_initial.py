import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import database.expressions


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0001_initial"),
        # Not needed by these tables; but the fewer models there are, the faster those 22 migrations run.
        ("oauth2_provider", "0022_refreshtoken_token_family_index"),
        ("admin", "0003_logentry_add_action_flag_choices"),
    ]

    operations = [
        migrations.CreateModel(
            name="Patient",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=database.expressions.UUIDv7(), editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("family_name", models.TextField()),
                ("given_names", models.TextField(blank=True, default="")),
                ("birth_date", models.DateField(null=True)),
                (
                    "sex",
                    models.TextField(
                        choices=[("female", "female"), ("male", "male"), ("other", "other"), ("unknown", "unknown")],
                        default="unknown",
                    ),
                ),
                ("pronouns", models.TextField(blank=True, default="")),
                ("language", models.TextField(blank=True, default="", help_text="BCP 47; empty: the clinic's")),
                ("time_zone", models.TextField(blank=True, default="", help_text="IANA; empty: the clinic's")),
                ("email", models.TextField(null=True)),
                ("phone", models.TextField(null=True)),
                ("consent_email", models.TextField(default="not_asked")),
                ("consent_sms", models.TextField(default="not_asked")),
                ("consent_phone", models.TextField(default="not_asked")),
                ("address_line", models.TextField(blank=True, default="")),
                ("city", models.TextField(blank=True, default="")),
                ("state", models.TextField(blank=True, default="")),
                ("postal_code", models.TextField(blank=True, default="")),
                ("country", models.TextField(blank=True, default="")),
                ("emergency_name", models.TextField(blank=True, default="")),
                ("emergency_relationship", models.TextField(blank=True, default="")),
                ("emergency_phone", models.TextField(blank=True, default="")),
                (
                    "status",
                    models.TextField(
                        choices=[("in_care", "In Care"), ("discharged", "Discharged"), ("deceased", "Deceased")],
                        default="in_care",
                    ),
                ),
                ("sort_name", models.TextField(db_collation="C", editable=False)),
                ("revision", models.PositiveIntegerField(default=1)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                (
                    "clinic",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.clinic",
                    ),
                ),
                (
                    "merged_into",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="merged_from",
                        to="patients.patient",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["clinic", "sort_name", "id"], name="patient_by_name"),
                    models.Index(fields=["clinic", "birth_date"], name="patient_by_birth_date"),
                    models.Index(fields=["clinic", "merged_into"], name="patient_by_survivor"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("family_name", ""), _negated=True), name="patient_has_family_name"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("sex__in", ["female", "male", "other", "unknown"])),
                        name="patient_sex_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["in_care", "discharged", "deceased"])),
                        name="patient_status_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("merged_into", None),
                            models.Q(("merged_into", models.F("id")), _negated=True),
                            _connector="OR",
                        ),
                        name="patient_not_merged_into_itself",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("consent_email__in", ["granted", "refused", "not_asked"])),
                        name="patient_consent_email_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("consent_sms__in", ["granted", "refused", "not_asked"])),
                        name="patient_consent_sms_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("consent_phone__in", ["granted", "refused", "not_asked"])),
                        name="patient_consent_phone_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Merge",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=database.expressions.UUIDv7(), editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("reason", models.TextField()),
                ("moved", models.JSONField(default=dict, help_text="how many rows of each kind went over")),
                ("merged_at", models.DateTimeField()),
                ("merged_by_user_id", models.UUIDField(null=True)),
                ("merged_by_client_id", models.TextField(default="")),
                (
                    "clinic",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.clinic",
                    ),
                ),
                (
                    "from_patient",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="patients.patient",
                    ),
                ),
                (
                    "into_patient",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="patients.patient",
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("from_patient",), name="merge_once")],
            },
        ),
        migrations.CreateModel(
            name="Medication",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=database.expressions.UUIDv7(), editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("system", models.TextField(blank=True, default="")),
                ("code", models.TextField(blank=True, default="")),
                ("text", models.TextField()),
                ("since_date", models.DateField(null=True)),
                ("source", models.TextField(blank=True, default="")),
                (
                    "clinic",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.clinic",
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="medications",
                        to="patients.patient",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("patient", "system", "code", "text"), name="medication_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Identifier",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=database.expressions.UUIDv7(), editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("system", models.TextField(help_text="who gave it: a URI, or a short name")),
                ("value", models.TextField()),
                (
                    "clinic",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.clinic",
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="identifiers",
                        to="patients.patient",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["clinic", "value"], name="identifier_by_value")],
                "constraints": [
                    models.UniqueConstraint(fields=("clinic", "system", "value"), name="identifier_once_in_clinic")
                ],
            },
        ),
        migrations.CreateModel(
            name="Condition",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=database.expressions.UUIDv7(), editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("system", models.TextField(blank=True, default="")),
                ("code", models.TextField(blank=True, default="")),
                ("text", models.TextField()),
                ("since_date", models.DateField(null=True)),
                ("source", models.TextField(blank=True, default="")),
                (
                    "clinic",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.clinic",
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="conditions",
                        to="patients.patient",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("patient", "system", "code", "text"), name="condition_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Alert",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=database.expressions.UUIDv7(), editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "code",
                    models.TextField(
                        choices=[
                            ("anticoagulant", "Anticoagulant"),
                            ("antiplatelet", "Antiplatelet"),
                            ("bleeding_disorder", "Bleeding disorder"),
                            ("pregnancy", "Pregnancy"),
                            ("lymphoedema", "Lymphoedema"),
                            ("lymph_nodes_removed", "Lymph nodes removed"),
                            ("pacemaker", "Pacemaker"),
                            ("implant", "Implant or prosthesis"),
                            ("heart_valve", "Heart valve replaced"),
                            ("immune_suppression", "Immune suppression"),
                            ("infection", "Infection, fever or contagious illness"),
                            ("skin_condition", "Open, infected or fragile skin"),
                            ("diabetes", "Diabetes"),
                            ("neuropathy", "Poor sensation"),
                            ("epilepsy", "Epilepsy"),
                            ("vasovagal", "Fainted at a needle before"),
                            ("needle_phobia", "Fear of needles"),
                            ("metal_allergy", "Metal allergy"),
                            ("local_anaesthetic_allergy", "Allergy to local anaesthetics"),
                            ("osteoporosis", "Osteoporosis or fragile bone"),
                            ("malignancy", "Malignancy"),
                            ("clot", "Known or suspected clot"),
                            ("uncontrolled_hypertension", "Severe uncontrolled hypertension"),
                            ("recent_surgery_or_radiotherapy", "Recent surgery or radiotherapy"),
                            ("reduced_cognition", "Reduced cognition"),
                            ("hyperalgesia", "Strong hyperalgesia"),
                            ("frail", "Frail or very thin chest wall"),
                            ("other", "Other"),
                        ]
                    ),
                ),
                ("note", models.TextField(blank=True, default="")),
                (
                    "source",
                    models.TextField(
                        blank=True, default="", help_text="empty: recorded here; else where it was imported from"
                    ),
                ),
                ("noted_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "clinic",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.clinic",
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="alerts",
                        to="patients.patient",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "code__in",
                                [
                                    "anticoagulant",
                                    "antiplatelet",
                                    "bleeding_disorder",
                                    "pregnancy",
                                    "lymphoedema",
                                    "lymph_nodes_removed",
                                    "pacemaker",
                                    "implant",
                                    "heart_valve",
                                    "immune_suppression",
                                    "infection",
                                    "skin_condition",
                                    "diabetes",
                                    "neuropathy",
                                    "epilepsy",
                                    "vasovagal",
                                    "needle_phobia",
                                    "metal_allergy",
                                    "local_anaesthetic_allergy",
                                    "osteoporosis",
                                    "malignancy",
                                    "clot",
                                    "uncontrolled_hypertension",
                                    "recent_surgery_or_radiotherapy",
                                    "reduced_cognition",
                                    "hyperalgesia",
                                    "frail",
                                    "other",
                                ],
                            )
                        ),
                        name="alert_code_known",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None)), fields=("patient", "code", "note"), name="alert_once"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SearchKey",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=database.expressions.UUIDv7(), editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("key", models.TextField(db_collation="C")),
                (
                    "clinic",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.clinic",
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="patients.patient",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["clinic", "key", "patient"], name="search_key_by_prefix")],
            },
        ),
    ]
