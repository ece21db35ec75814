from django.urls import path

from worklist.api import views

urlpatterns = [
    path("worklist/", views.Worklist.as_view()),
    path("worklist/counts/", views.Counts.as_view()),
    path("worklist/<uuid:item_id>/take/", views.ItemTaken.as_view()),
    path("worklist/<uuid:item_id>/done/", views.ItemDone.as_view()),
    path("worklist/<uuid:item_id>/snooze/", views.ItemSnoozed.as_view()),
    path("worklist/<uuid:item_id>/reopen/", views.ItemReopened.as_view()),
]
