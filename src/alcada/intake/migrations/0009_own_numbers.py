import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("intake", "0008_own_words")]
    operations = [
        migrations.CreateModel(
            name="OwnNumber",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("value", models.DecimalField(decimal_places=30, max_digits=48)),
                (
                    "entry",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="intake.entry",
                    ),
                ),
                (
                    "field",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="intake.customfield",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["field", "value", "entry"], name="own_number_found")],
                "constraints": [
                    models.UniqueConstraint(fields=("entry", "field"), name="own_number_once")
                ],
            },
        ),
    ]
