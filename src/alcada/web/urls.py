"""Every address of the product, by room."""

from django.urls import URLPattern, URLResolver, path

from alcada.web import people

urlpatterns: list[URLPattern | URLResolver] = [
    # Signing in and the person's own things
    path("sign-out", people.sign_out, name="sign-out"),
    path("language", people.language, name="language"),
]
