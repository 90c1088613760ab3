import django.db.models.fields.json
import django.db.models.functions.comparison
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("posting", "0015_stopped")]

    operations = [
        migrations.AddField(
            model_name="posting",
            name="amount",
            field=models.GeneratedField(
                db_persist=True,
                expression=django.db.models.functions.comparison.Cast(
                    django.db.models.fields.json.KeyTextTransform("amount", "content"),
                    models.DecimalField(decimal_places=2, max_digits=14),
                ),
                output_field=models.DecimalField(decimal_places=2, max_digits=14),
            ),
        ),
        migrations.AddIndex(
            model_name="posting",
            index=models.Index(
                fields=["connection", "posted_at"],
                include=["kind", "amount"],
                condition=models.Q(("state", "posted")),
                name="posting_posted_amounts",
            ),
        ),
    ]
