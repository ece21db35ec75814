"""Getting in, and staying in: allauth's pages, without those that Palpate has no use for, and the lock."""

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from django.urls import include, path

from accounts.web import views

urlpatterns = [
    path("", views.account, name="account"),
    path("login/", account.login, name="account_login"),
    path("logout/", views.SignOut.as_view(), name="account_logout"),
    path("signup/", account.signup, name="account_signup"),  # says that it is closed
    path("inactive/", account.account_inactive, name="account_inactive"),
    path("reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path("password/change/", account.password_change, name="account_change_password"),
    path("2fa/", mfa.index, name="mfa_index"),
    path("2fa/authenticate/", mfa.authenticate, name="mfa_authenticate"),
    path("2fa/reauthenticate/", mfa.reauthenticate, name="mfa_reauthenticate"),
    path("2fa/totp/", include("allauth.mfa.totp.urls")),
    path("2fa/recovery-codes/", include("allauth.mfa.recovery_codes.urls")),
    path("2fa/passkeys/", include("allauth.mfa.webauthn.urls")),
    path("sessions/", include("allauth.usersessions.urls")),
    path("lock/", views.lock_screen, name="lock"),
    path("unlock/", views.unlock_screen, name="unlock"),
]
