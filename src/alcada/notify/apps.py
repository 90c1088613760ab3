from django.apps import AppConfig


class NotifyConfig(AppConfig):
    name = "alcada.notify"
    default_auto_field = "django.db.models.BigAutoField"
