from django.urls import path

from worklist.web import views

urlpatterns = [
    path("worklist/", views.worklist, name="worklist"),
    path("worklist/<uuid:item_id>/take/", views.take, name="worklist_take"),
    path("worklist/<uuid:item_id>/leave/", views.leave, name="worklist_leave"),
    path("worklist/<uuid:item_id>/done/", views.mark_done, name="worklist_done"),
    path("worklist/<uuid:item_id>/snooze/", views.snooze, name="worklist_snooze"),
    path("worklist/<uuid:item_id>/reopen/", views.reopen, name="worklist_reopen"),
]
