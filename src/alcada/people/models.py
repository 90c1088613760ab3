"""Users, companies (legal entities) and who may do what in which."""

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class UserManager(BaseUserManager["User"]):
    def create_user(self, *, email: str, name: str, password: str | None = None, **fields: object) -> "User":
        user = self.model(email=email.strip().lower(), name=name.strip(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser):
    """A person. Never deleted: history points at them; `is_active` ends their access."""

    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(_("name"), max_length=150)
    language = models.CharField(_("language"), max_length=10, blank=True, default="")
    is_active = models.BooleanField(default=True)
    # Sets up the installation itself: the application at Conta Azul, companies, the doctor's page.
    is_administrator = models.BooleanField(default=False)
    # A program that a company's administrator let in by a token (alcada.tokens): it signs in nowhere, is asked nothing,
    # decides nothing, and is told nothing.
    is_service = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="user_email_lower_case"),
            models.CheckConstraint(
                condition=models.Q(is_service=False)
                | models.Q(is_administrator=False, password__startswith="!"),  # noqa: S106  (no password)
                name="service_signs_in_nowhere",
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.email


class Company(models.Model):
    """A legal entity, known by its CNPJ (or CPF: a sole trader)."""

    name = models.CharField(_("name"), max_length=200)
    document = models.CharField("CNPJ", max_length=14, unique=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    REQUESTER = "requester", _("Requester")
    APPROVER = "approver", _("Approver")
    FINANCE = "finance", _("Finance")
    ADMINISTRATOR = "administrator", _("Administrator")
    AUDITOR = "auditor", _("Auditor")


class Membership(models.Model):
    """One role of one person in one company; a person may hold several."""

    user = models.ForeignKey(User, models.PROTECT, related_name="memberships")
    company = models.ForeignKey(Company, models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role.choices)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "company", "role"], name="membership_once"),
        ]


class Manager(models.Model):
    """To whom a person answers in a company: whom a flow may ask about what they enter."""

    company = models.ForeignKey(Company, models.PROTECT, related_name="managers")
    person = models.ForeignKey(User, models.PROTECT, related_name="managers")
    manager = models.ForeignKey(User, models.PROTECT, related_name="reports")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["company", "person"], name="one_manager_per_company"),
            models.CheckConstraint(
                condition=~models.Q(person=models.F("manager")), name="nobody_manages_self"
            ),
        ]


class SignInAttempt(models.Model):
    """A sign-in that failed, or that is being checked right now: what the lock-out counts."""

    email = models.CharField(max_length=254)
    address = models.GenericIPAddressField()
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["email", "address", "at"]), models.Index(fields=["address", "at"])]


class Invitation(models.Model):
    """Somebody who is not here yet, asked to come by e-mail. Their roles begin when they accept, not before.

    Of its link only a hash is kept. `by_mail` with `sent_at` empty: a worker is about to send it.
    """

    email = models.EmailField(_("e-mail"))
    name = models.CharField(_("name"), max_length=150)
    language = models.CharField(max_length=10, blank=True, default="")
    invited_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    token_hash = models.CharField(max_length=64, null=True, unique=True)
    by_mail = models.BooleanField(default=False)
    sent_at = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)
    accepted_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    taken_back_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(email=Lower("email")), name="invitation_email_lower_case"
            ),
            models.UniqueConstraint(
                fields=["email"],
                condition=models.Q(accepted_at=None, taken_back_at=None),
                name="one_open_invitation",
            ),
            models.CheckConstraint(
                condition=models.Q(accepted_at=None) | models.Q(taken_back_at=None),
                name="invitation_ends_once",
            ),
            models.CheckConstraint(
                condition=models.Q(accepted_at=None, accepted_by=None)
                | models.Q(accepted_at__isnull=False, accepted_by__isnull=False),
                name="invitation_accepted_by",
            ),
        ]
        indexes = [models.Index(fields=["-created_at", "-id"])]

    def __str__(self) -> str:
        return self.name or self.email


class InvitationRole(models.Model):
    """A role that the invited person gets."""

    invitation = models.ForeignKey(Invitation, models.CASCADE, related_name="roles")
    company = models.ForeignKey(Company, models.PROTECT, related_name="+")
    role = models.CharField(max_length=20, choices=Role.choices)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["invitation", "company", "role"], name="invitation_role_once"),
        ]


class CacheEntry(models.Model):
    """The table of Django's cache (settings.CACHES), which counts wrong codes for all processes alike."""

    cache_key = models.CharField(max_length=255, primary_key=True)
    value = models.TextField()
    expires = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "people_cache"
