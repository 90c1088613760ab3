from django.urls import include, path

urlpatterns = [path("", include("alcada.web.urls"))]
