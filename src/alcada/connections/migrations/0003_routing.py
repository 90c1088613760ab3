"""Rules that choose the account of an entry. A target is a connection of the rule's own company: the database says so."""

import django.db.models.constraints
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


# MATCH SIMPLE, the default: without a connection (a refusal) there is nothing to check.
# A rule stands in its company's table: whoever changes one can lock that row.
FORWARD = """
ALTER TABLE connections_routingrule ADD CONSTRAINT routing_rule_in_a_table
    FOREIGN KEY (company_id) REFERENCES connections_routing (company_id);
ALTER TABLE connections_routingrule ADD CONSTRAINT routing_rule_target_of_company
    FOREIGN KEY (connection_id, company_id) REFERENCES connections_connection (id, company_id);
ALTER TABLE connections_routing ADD CONSTRAINT routing_default_of_company
    FOREIGN KEY (default_connection_id, company_id) REFERENCES connections_connection (id, company_id);
"""
BACKWARD = """
ALTER TABLE connections_routingrule DROP CONSTRAINT routing_rule_in_a_table;
ALTER TABLE connections_routingrule DROP CONSTRAINT routing_rule_target_of_company;
ALTER TABLE connections_routing DROP CONSTRAINT routing_default_of_company;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('connections', '0002_call_moments'),
        ('people', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Routing',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('default_refusal', models.CharField(blank=True, default='', max_length=300)),
                ('version', models.PositiveIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name='RoutingRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('order', models.PositiveIntegerField()),
                ('name', models.CharField(max_length=80)),
                ('conditions', models.JSONField()),
                ('refusal', models.CharField(blank=True, default='', max_length=300)),
            ],
            options={
                'ordering': ['order'],
            },
        ),
        migrations.AddConstraint(
            model_name='connection',
            constraint=models.UniqueConstraint(fields=('id', 'company'), name='connection_of_company'),
        ),
        migrations.AddField(
            model_name='routing',
            name='company',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='routing', to='people.company'),
        ),
        migrations.AddField(
            model_name='routing',
            name='default_connection',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='connections.connection'),
        ),
        migrations.AddField(
            model_name='routingrule',
            name='company',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='routing_rules', to='people.company'),
        ),
        migrations.AddField(
            model_name='routingrule',
            name='connection',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='connections.connection'),
        ),
        migrations.AddConstraint(
            model_name='routing',
            constraint=models.CheckConstraint(condition=models.Q(('default_connection', None), ('default_refusal', ''), _connector='OR'), name='routing_default_is_one_thing'),
        ),
        migrations.AddConstraint(
            model_name='routingrule',
            constraint=models.UniqueConstraint(deferrable=django.db.models.constraints.Deferrable['DEFERRED'], fields=('company', 'order'), name='one_rule_per_place'),
        ),
        migrations.AddConstraint(
            model_name='routingrule',
            constraint=models.UniqueConstraint(fields=('company', 'name'), name='routing_rule_name_once'),
        ),
        migrations.AddConstraint(
            model_name='routingrule',
            constraint=models.CheckConstraint(condition=models.Q(('order__gte', 1)), name='routing_rule_has_a_place'),
        ),
        migrations.AddConstraint(
            model_name='routingrule',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('connection__isnull', False), ('refusal', '')), models.Q(('connection', None), models.Q(('refusal', ''), _negated=True)), _connector='OR'), name='routing_rule_has_one_target'),
        ),
            migrations.RunSQL(FORWARD, BACKWARD),
    ]
