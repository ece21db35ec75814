"""Every path of Palpate."""

from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularSwaggerSplitView
from oauth2_provider import views as oauth

from accounts.web import competencies, emergency, signing_proof
from accounts.web import oauth as accounts_oauth
from accounts.web import views as accounts_web
from api.views import SchemaDocument
from clinic import health, metrics

api = [
    path("", include("records.api.urls")),  # Django tries one after the other; these are asked for most often
    path("", include("accounts.api.urls")),
    path("", include("patients.api.urls")),
    path("", include("catalogue.api.urls")),
    path("", include("assessments.api.urls")),
    path("", include("patient_forms.api.urls")),
    path("", include("treatments.api.urls")),
    path("", include("homecare.api.urls")),
    path("", include("scheduling.api.urls")),
    path("", include("worklist.api.urls")),
    path("", include("messaging.api.urls")),
    path("", include("changes.api.urls")),
    path("", include("privacy.api.urls")),
]
oauth_server = (
    [
        path("authorize/", accounts_oauth.Consent.as_view(), name="authorize"),
        path("token/", oauth.TokenView.as_view(), name="token"),
        path("revoke_token/", oauth.RevokeTokenView.as_view(), name="revoke-token"),
    ],
    "oauth2_provider",
)
urlpatterns = [
    path("api/v1/", include((api, "api"))),  # before the pages, of which there are 150
    path("account/", include("accounts.web.urls")),
    path("clinics/", accounts_web.choose_clinic, name="choose_clinic"),
    path("competencies/", competencies.competencies, name="competencies"),
    path("clinic/signing/", signing_proof.signing_proof, name="signing_proof"),
    path("emergency/", emergency.enter, name="emergency"),
    path("emergency/leave/", emergency.leave, name="leave_emergency"),
    path("language/", accounts_web.choose_language, name="choose_language"),
    path("", include("workspace.urls")),
    path("", include("privacy.web.urls")),
    path("", include("patients.web.urls")),
    path("", include("assessments.web.urls")),
    path("", include("treatments.web.urls")),
    path("", include("scheduling.web.urls")),
    path("", include("homecare.web.urls")),
    path("", include("patient_forms.web.urls")),
    path("", include("messaging.web.urls")),
    path("", include("worklist.web.urls")),
    path("", include("changes.web.urls")),
    path("api/v1/schema/", SchemaDocument.as_view(), name="schema"),
    path("api/v1/docs/", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="docs"),
    path("oauth/", include(oauth_server)),
    path(
        ".well-known/oauth-authorization-server",
        oauth.OAuthServerMetadataView.as_view(),
        name="oauth-server-metadata",
    ),
    path("admin/", admin.site.urls),
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("metrics", metrics.metrics, name="metrics"),
]
handler400 = "api.problems.bad_request_page"
handler404 = "api.problems.not_found_page"
handler500 = "api.problems.error_page"
