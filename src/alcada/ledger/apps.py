from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "alcada.ledger"
    default_auto_field = "django.db.models.BigAutoField"
