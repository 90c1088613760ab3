import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('intake', '0004_corrections'),
        ('sales', '0002_guards'),
        ('sheets', '0001_imports'),
    ]

    operations = [
        migrations.AlterField(
            model_name='made',
            name='entry',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='imported', to='intake.entry'),
        ),
        migrations.AddField(
            model_name='made',
            name='deal',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='imported', to='sales.deal'),
        ),
        migrations.AddConstraint(
            model_name='made',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('deal__isnull', True), ('entry__isnull', False)), models.Q(('deal__isnull', False), ('entry__isnull', True)), _connector='OR'), name='made_is_one_thing'),
        ),
    ]
