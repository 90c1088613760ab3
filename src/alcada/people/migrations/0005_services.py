from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('people', '0004_managers'),
    ]

    operations = [
        migrations.AddField(
            model_name='user',
            name='is_service',
            field=models.BooleanField(default=False),
        ),
        migrations.AddConstraint(
            model_name='user',
            constraint=models.CheckConstraint(condition=models.Q(('is_service', False), models.Q(('is_administrator', False), ('password__startswith', '!')), _connector='OR'), name='service_signs_in_nowhere'),
        ),
    ]
