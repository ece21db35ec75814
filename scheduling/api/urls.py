from django.urls import path

from scheduling.api import views, waitlist
from scheduling.api.setup import SHAPES, FeedView, SettingsView, views_of

urlpatterns = [
    path("appointments/", views.Appointments.as_view()),
    path("appointments/<uuid:appointment_id>/", views.OneAppointment.as_view()),
    path("appointments/<uuid:appointment_id>/move/", views.AppointmentMove.as_view()),
    path("appointments/<uuid:appointment_id>/swap/", views.AppointmentSwap.as_view()),
    path("appointments/<uuid:appointment_id>/status/", views.AppointmentStatus.as_view()),
    path("appointments/<uuid:appointment_id>/changes/", views.AppointmentChanges.as_view()),
    path("slots/", views.Slots.as_view()),
    path("patients/<uuid:patient_id>/series/", views.PatientSeries.as_view()),
    path("patients/<uuid:patient_id>/series/proposal/", views.SeriesProposal.as_view()),
    path("series/<uuid:series_id>/", views.OneSeries.as_view()),
    path("series/<uuid:series_id>/end/", views.SeriesEnd.as_view()),
    path("waitlist/", waitlist.Waitlist.as_view()),
    path("waitlist/<uuid:waiting_id>/", waitlist.OneWaiting.as_view()),
    path("waitlist/<uuid:waiting_id>/leave/", waitlist.WaitlistLeave.as_view()),
    path("offers/", waitlist.Offers.as_view()),
    path("offers/<uuid:offer_id>/accept/", waitlist.OfferAcceptance.as_view()),
    path("offers/<uuid:offer_id>/decline/", waitlist.OfferRefusal.as_view()),
    path("recalls/", waitlist.Recalls.as_view()),
    path("scheduling/figures/", views.Figures.as_view()),
    path("scheduling/settings/", SettingsView.as_view()),
    path("scheduling/feeds/<uuid:user_id>/", FeedView.as_view()),
]
for kind in SHAPES:
    many, one = views_of(kind)
    urlpatterns += [path(f"{kind}/", many.as_view()), path(f"{kind}/<uuid:pk>/", one.as_view())]
