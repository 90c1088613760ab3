"""One way in, whatever the address: nothing under /api/ can be reached without the door."""

from django.urls import re_path

from alcada.api.door import door

urlpatterns = [re_path(r"^api/", door, name="api")]
