from django.urls import path

from scheduling.web import appointments, booking, calendar, figures, patient, setup, waitlist, week

urlpatterns = [
    # Before messaging's `c/<token>/`: these are no tokens.
    path("c/appointment/", patient.my_appointment, name="my_appointment"),
    path("c/offer/", patient.my_offer, name="my_offer"),
    path("c/feeds/<str:token>.ics", calendar.feed, name="feed"),
    path("calendar/", calendar.calendar, name="calendar"),
    path("calendar/feed/", calendar.my_feed, name="my_feed"),
    path("appointments/new/", booking.choose_patient, name="new_appointment"),
    path("appointments/<uuid:appointment_id>/", appointments.appointment, name="appointment"),
    path("appointments/<uuid:appointment_id>/move/", appointments.move, name="appointment_move"),
    path("appointments/<uuid:appointment_id>/status/", appointments.set_status, name="appointment_status"),
    path("appointments/<uuid:appointment_id>/swap/", appointments.swap, name="appointment_swap"),
    path("appointments/<uuid:appointment_id>/note/", appointments.note, name="appointment_note"),
    path("patients/<uuid:patient_id>/book/", booking.book, name="book"),
    path("plans/<uuid:plan_id>/book/", booking.book_plan, name="book_plan"),
    path("patients/<uuid:patient_id>/wait/", booking.join_waitlist, name="join_waitlist"),
    path("patients/<uuid:patient_id>/recall/", booking.recall, name="recall"),
    path("patients/<uuid:patient_id>/appointments/", booking.patient_list, name="patient_appointments"),
    path("series/<uuid:series_id>/end/", booking.end_series, name="end_series"),
    path("waitlist/", waitlist.waiting_list, name="waitlist"),
    path("waitlist/<uuid:waiting_id>/leave/", waitlist.leave, name="waitlist_leave"),
    path("waitlist/offers/<uuid:offer_id>/", waitlist.answer, name="offer_answer"),
    path("figures/", figures.figures, name="figures"),
    path("scheduling/", setup.setup, name="scheduling"),
    path("scheduling/booking/", setup.how_we_book, name="how_we_book"),
    path("scheduling/week/<uuid:therapist_id>/", week.week, name="scheduling_week"),
    path("scheduling/<str:kind>/", setup.setup, name="scheduling_setup"),
    path("scheduling/<str:kind>/<uuid:pk>/", setup.setup, name="scheduling_change"),
    path("scheduling/<str:kind>/<uuid:pk>/remove/", setup.remove, name="scheduling_remove"),
]
