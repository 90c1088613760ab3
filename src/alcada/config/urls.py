from django.urls import include, path

urlpatterns = [path("", include("alcada.api.urls")), path("", include("alcada.web.urls"))]
