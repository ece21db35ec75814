from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower
from oauth2_provider.models import AbstractApplication

from accounts import rules
from database.expressions import UUIDv7
from database.revisions import content_revision


class Clinic(models.Model):
    """A tenant: everything about patients belongs to exactly one."""

    class PressureUnit(models.TextChoices):
        KPA = "kPa"
        KGF_CM2 = "kgf/cm2"

    id = models.UUIDField(primary_key=True, db_default=UUIDv7(), editable=False)
    slug = models.SlugField(unique=True)
    name = models.TextField()
    country = models.CharField(max_length=2, help_text="ISO 3166-1, two capital letters")
    time_zone = models.TextField(help_text="IANA name, as in Europe/Berlin")
    locale = models.TextField(help_text="BCP 47, as in de-DE")
    rule_set = models.TextField(
        default="delphi2018_any2",
        help_text="by which findings are classified unless an assessment says otherwise",
    )
    pressure_unit = models.TextField(choices=PressureUnit.choices, default=PressureUnit.KPA)
    basic_training = models.TextField(
        choices=list(rules.BASIC_TRAINING.items()),
        default=rules.ONCE_RECORDED,
        db_default=rules.ONCE_RECORDED,
        help_text="whether plain needling needs proof of the basic training",
    )
    consent_valid_days = models.PositiveSmallIntegerField(
        null=True, help_text="how long a consent holds; empty: until it is withdrawn"
    )
    shows_classification = models.BooleanField(
        default=True,
        db_default=True,
        help_text="off: documentation only, so no page, answer or new document contains a computed class",
    )
    signing_proof = models.TextField(
        choices=list(rules.SIGNING_PROOFS.items()),
        default=rules.EACH_SIGN_IN,
        db_default=rules.EACH_SIGN_IN,
        help_text="when a person proves again who they are before they sign",
    )

    address = models.TextField(blank=True, default="", db_default="", help_text="on letters; lines are kept")
    letter_footer = models.TextField(blank=True, default="", db_default="", help_text="small, at the end of letters")
    techniques = ArrayField(
        models.TextField(),
        default=list,
        db_default=[],
        blank=True,
        help_text="what the treatment screen offers, in this order; empty: all, in the product's order",
    )
    idle_lock_min = models.PositiveSmallIntegerField(
        null=True, help_text="minutes until an untouched screen locks; empty: as the service has it"
    )
    retention = models.TextField(
        choices=[(code, policy.label) for code, policy in rules.RETENTION.items()],
        blank=True,
        default="",
        db_default="",
        help_text="how long records are kept; empty: for good",
    )
    setup_skipped = ArrayField(
        models.TextField(),
        default=list,
        db_default=[],
        blank=True,
        help_text="steps of the first set-up that its owners do not want to be reminded of",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(techniques__contained_by=rules.TECHNIQUES), name="clinic_techniques_known"
            ),
            models.CheckConstraint(
                condition=models.Q(retention__in=["", *rules.RETENTION]), name="clinic_retention_known"
            ),
            models.CheckConstraint(
                condition=models.Q(setup_skipped__contained_by=rules.SETUP_STEPS), name="clinic_setup_steps_known"
            ),
            models.CheckConstraint(
                condition=models.Q(idle_lock_min=None) | models.Q(idle_lock_min__range=rules.IDLE_LOCK_MIN),
                name="clinic_idle_lock_minutes",
            ),
            models.CheckConstraint(
                condition=models.Q(pressure_unit__in=["kPa", "kgf/cm2"]), name="clinic_pressure_unit_known"
            ),
            models.CheckConstraint(condition=models.Q(country__regex="^[A-Z]{2}$"), name="clinic_country_is_iso"),
            models.CheckConstraint(
                condition=models.Q(basic_training__in=list(rules.BASIC_TRAINING)), name="clinic_basic_training_known"
            ),
            models.CheckConstraint(
                condition=models.Q(consent_valid_days=None)
                | models.Q(consent_valid_days__gte=1, consent_valid_days__lte=rules.CONSENT_DAYS_MAX),
                name="clinic_consent_valid_days",
            ),
            models.CheckConstraint(
                condition=models.Q(signing_proof__in=list(rules.SIGNING_PROOFS)), name="clinic_signing_proof_known"
            ),
        ]

    revision = property(content_revision)

    def __str__(self) -> str:
        return self.slug


class Logo(models.Model):
    """A clinic's logo for its letters, apart from the clinic's row, which every request reads."""

    clinic = models.OneToOneField(Clinic, primary_key=True, on_delete=models.PROTECT, related_name="+")
    png = models.BinaryField(help_text="a new file made from the picture; nothing else of the upload is kept")
    made_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"Logo {self.pk}"


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: object) -> User:
        user = self.model(email=email.strip(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: object) -> User:
        return self.create_user(email, password, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__same_address=(username or "").strip())


class User(AbstractBaseUser):  # type: ignore[django-manager-missing] # django-oauth-toolkit names its own
    """A person who signs in, by e-mail. What they may do hangs on their memberships."""

    id = models.UUIDField(primary_key=True, db_default=UUIDv7(), editable=False)
    email = models.EmailField(unique=True)
    name = models.TextField(help_text="as it stands under a signature")
    registration_no = models.TextField(blank=True, default="", help_text="professional registration, if any")
    is_active = models.BooleanField(default=True)
    is_superuser = models.BooleanField(default=False, help_text="support: may enter every clinic's admin; audited")
    password_change_required_at = models.DateTimeField(
        null=True, editable=False, help_text="since when nothing else opens; a new password ends it (a trigger)"
    )
    second_factor_asked_on = models.DateField(
        null=True, editable=False, help_text="when the person was first asked for a second factor: the grace begins"
    )
    last_clinic = models.ForeignKey(
        Clinic,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        help_text="where the next sign-in begins",
    )

    objects = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_once")]

    def __str__(self) -> str:
        return f"User {self.pk}"

    @property
    def is_staff(self) -> bool:
        """Django's name for "may be asked whether the admin lets them in"; the admin site decides by role."""
        return self.is_active

    def get_full_name(self) -> str:
        return self.name

    def has_perm(self, permission: str, obj: object = None) -> bool:
        return self.is_active and self.is_superuser

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_active and self.is_superuser


class MembershipQuerySet(models.QuerySet["Membership"]):
    def active(self) -> MembershipQuerySet:
        return self.filter(is_active=True, user__is_active=True)


class Membership(models.Model):
    """One role of one person in one clinic; an owner who treats has two."""

    id = models.UUIDField(primary_key=True, db_default=UUIDv7(), editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="memberships", db_index=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    role = models.TextField(choices=list(rules.ROLES.items()))
    is_active = models.BooleanField(default=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["clinic", "user", "role"], name="membership_once"),
            models.CheckConstraint(condition=models.Q(role__in=list(rules.ROLES)), name="membership_role_known"),
        ]

    def __str__(self) -> str:
        return f"Membership {self.pk}"


class Invitation(models.Model):
    """A role that is offered to an e-mail address; nobody has it until the person behind the address accepts."""

    id = models.UUIDField(primary_key=True, db_default=UUIDv7(), editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    email = models.EmailField()
    role = models.TextField(choices=list(rules.ROLES.items()))
    invited_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", help_text="empty: the clinic was made with it"
    )
    token_sha256 = models.TextField(blank=True, default="", help_text="of the link last mailed; empty: none yet")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    accepted_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "clinic",
                Lower("email"),
                "role",
                condition=models.Q(accepted_at=None, withdrawn_at=None),
                name="invitation_open_once",
            ),
            models.CheckConstraint(condition=models.Q(role__in=list(rules.ROLES)), name="invitation_role_known"),
            models.CheckConstraint(
                condition=models.Q(accepted_at=None, accepted_by=None)
                | models.Q(accepted_at__isnull=False, accepted_by__isnull=False, withdrawn_at=None),
                name="invitation_accepted_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"Invitation {self.pk}"


class Competency(models.Model):
    """What a person may do, as the clinic has seen it proved."""

    id = models.UUIDField(primary_key=True, db_default=UUIDv7(), editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    technique = models.TextField(help_text="a technique, or the code of an advanced training")
    valid_until = models.DateField(null=True, help_text="its last day; empty: without an end")
    proof = models.TextField(blank=True, default="", db_default="", help_text="certificate, course or reference")
    proof_seen_on = models.DateField(null=True)
    proof_seen_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["clinic", "user", "technique"], name="competency_once"),
            models.CheckConstraint(
                condition=models.Q(technique__in=list(rules.COMPETENCIES)), name="competency_technique_known"
            ),
            models.CheckConstraint(
                condition=models.Q(proof="", proof_seen_on=None, proof_seen_by=None)
                | (~models.Q(proof="") & models.Q(proof_seen_on__isnull=False)),
                name="competency_proof_seen",
            ),
        ]

    def __str__(self) -> str:
        return f"Competency {self.pk}"


class ApiClient(AbstractApplication):
    """A program with access to one clinic's API."""

    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+")
    allowed_scopes = models.TextField(help_text="space-separated; a token has no other")
    acts_for = models.ForeignKey(
        User,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="the therapist in whose name it may record and sign without anybody at the screen",
    )
    acts_for_approved_at = models.DateTimeField(
        null=True,
        editable=False,
        help_text="when that therapist agreed, in their own session; until then, the program acts for nobody",
    )
    last_token_at = models.DateTimeField(null=True, editable=False, help_text="when it last got a token")

    class Meta(AbstractApplication.Meta):
        verbose_name = "API client"
        constraints = [
            # A person is always asked, also when they have allowed the app before.
            models.CheckConstraint(condition=models.Q(skip_authorization=False), name="apiclient_always_asks"),
        ]

    def __str__(self) -> str:
        return self.name or self.client_id
