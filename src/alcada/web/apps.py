from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "alcada.web"
    default_auto_field = "django.db.models.BigAutoField"
