"""What is in an entry's own fields of number, money or date, kept beside it so that it is found by from and until."""

from django.db import models


class OwnNumber(models.Model):
    """Of the current revision, or of what is typed so far; of a date 20261231. The database's own trigger writes it
    (migration 0010), whoever changes the entry."""

    entry = models.ForeignKey("intake.Entry", models.CASCADE, related_name="+", db_index=False)
    field = models.ForeignKey("intake.CustomField", models.PROTECT, related_name="+", db_index=False)
    value = models.DecimalField(max_digits=48, decimal_places=30)

    class Meta:
        app_label = "intake"
        constraints = [models.UniqueConstraint(fields=["entry", "field"], name="own_number_once")]
        indexes = [models.Index(fields=["field", "value", "entry"], name="own_number_found")]
