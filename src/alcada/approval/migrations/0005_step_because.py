from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('approval', '0004_not_approved'),
    ]

    operations = [
        migrations.AddField(
            model_name='step',
            name='because',
            field=models.JSONField(blank=True, default=dict),
        ),
    ]
