"""Consent links, and what a bulk set-up prepares. Each points at connections of its own link or company only."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


# MATCH SIMPLE, the default: where no link, or no connection, is named there is nothing to check.
FORWARD = """
ALTER TABLE connections_authorisationrequest ADD CONSTRAINT authorisation_link_of_connection
    FOREIGN KEY (link_id, connection_id) REFERENCES connections_consentlink (id, connection_id);
ALTER TABLE connections_prepared ADD CONSTRAINT prepared_connection_of_company
    FOREIGN KEY (connection_id, company_id) REFERENCES connections_connection (id, company_id);
"""
BACKWARD = """
ALTER TABLE connections_authorisationrequest DROP CONSTRAINT authorisation_link_of_connection;
ALTER TABLE connections_prepared DROP CONSTRAINT prepared_connection_of_company;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('connections', '0005_incidents'),
        ('people', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Prepared',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('rule', 'Routing rule'), ('usual', 'Usual value'), ('mapping', 'Mapping')], max_length=10)),
                ('key', models.CharField(max_length=500)),
                ('content', models.JSONField()),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('done_at', models.DateTimeField(null=True)),
                ('problem', models.JSONField(default=dict)),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.AddField(
            model_name='connection',
            name='authorised_name',
            field=models.CharField(blank=True, default='', max_length=150),
        ),
        migrations.AddField(
            model_name='connection',
            name='owner_email',
            field=models.EmailField(blank=True, default='', max_length=254, verbose_name="owner's e-mail"),
        ),
        migrations.AddField(
            model_name='connection',
            name='owner_name',
            field=models.CharField(blank=True, default='', max_length=150, verbose_name="owner's name"),
        ),
        migrations.AlterField(
            model_name='authorisationrequest',
            name='user',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.CreateModel(
            name='BulkImport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('file_name', models.CharField(max_length=200)),
                ('content', models.BinaryField()),
                ('state', models.CharField(choices=[('preview', 'Looked at'), ('queued', 'Waiting'), ('running', 'Being made'), ('done', 'Done'), ('refused', 'Nothing was made')], default='preview', max_length=10)),
                ('only_good', models.BooleanField(default=False)),
                ('report', models.JSONField(default=list)),
                ('notes', models.JSONField(default=dict)),
                ('progress', models.PositiveIntegerField(default=0)),
                ('total', models.PositiveIntegerField(default=0)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('started_at', models.DateTimeField(null=True)),
                ('finished_at', models.DateTimeField(null=True)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='ConsentLink',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('token_hash', models.CharField(max_length=64, null=True, unique=True)),
                ('owner_name', models.CharField(blank=True, default='', max_length=150)),
                ('owner_email', models.EmailField(blank=True, default='', max_length=254)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('expires_at', models.DateTimeField()),
                ('sent_at', models.DateTimeField(null=True)),
                ('opened_at', models.DateTimeField(null=True)),
                ('used_at', models.DateTimeField(null=True)),
                ('revoked_at', models.DateTimeField(null=True)),
                ('tries', models.PositiveIntegerField(default=0)),
                ('tries_since', models.DateTimeField(null=True)),
                ('connection', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='consent_links', to='connections.connection')),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.AddField(
            model_name='authorisationrequest',
            name='link',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='connections.consentlink'),
        ),
        migrations.AddConstraint(
            model_name='authorisationrequest',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('link', None), ('user__isnull', False)), models.Q(('link__isnull', False), ('user', None)), _connector='OR'), name='authorisation_of_user_or_link'),
        ),
        migrations.AddField(
            model_name='prepared',
            name='company',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='prepared', to='people.company'),
        ),
        migrations.AddField(
            model_name='prepared',
            name='connection',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='connections.connection'),
        ),
        migrations.AddField(
            model_name='prepared',
            name='created_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='consentlink',
            constraint=models.UniqueConstraint(condition=models.Q(('revoked_at', None), ('used_at', None)), fields=('connection',), name='one_live_consent_link'),
        ),
        migrations.AddConstraint(
            model_name='consentlink',
            constraint=models.UniqueConstraint(fields=('id', 'connection'), name='consent_link_of_connection'),
        ),
        migrations.AddConstraint(
            model_name='consentlink',
            constraint=models.CheckConstraint(condition=models.Q(('used_at', None), ('revoked_at', None), _connector='OR'), name='consent_link_ends_once'),
        ),
        migrations.AddConstraint(
            model_name='prepared',
            constraint=models.UniqueConstraint(fields=('company', 'kind', 'key'), name='prepared_once'),
        ),
        migrations.AddConstraint(
            model_name='prepared',
            constraint=models.CheckConstraint(condition=models.Q(('done_at', None), ('problem', {}), _connector='OR'), name='prepared_done_or_problem'),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
