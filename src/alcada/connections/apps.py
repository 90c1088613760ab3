from django.apps import AppConfig


class ConnectionsConfig(AppConfig):
    name = "alcada.connections"
    default_auto_field = "django.db.models.BigAutoField"
