from django.apps import AppConfig


class PostingConfig(AppConfig):
    name = "alcada.posting"
    default_auto_field = "django.db.models.BigAutoField"
