"""Who signs in with an address and a password."""

from __future__ import annotations

from allauth.account.auth_backends import AuthenticationBackend

from accounts.models import User


class Backend(AuthenticationBackend):
    """Allauth's, which finds the account by the address as `database.expressions.fold_address` compares it."""

    def _authenticate_by_email(self, email: str, password: str) -> User | None:
        user = User.objects.filter(email__same_address=email).first()
        checked: User | None = self._check_password(user, password)
        return checked
