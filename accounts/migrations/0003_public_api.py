import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

import common.clock
import common.fields
import common.ids


def give_public_ids(apps, schema_editor):
    keys = apps.get_model("accounts", "ApiKey")
    for pk in keys.objects.filter(public_id=None).values_list("pk", flat=True):
        keys.objects.filter(pk=pk).update(public_id=common.ids.new_public_id("key"))


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_the_face"),
    ]

    operations = [
        migrations.AddField("apikey", "public_id", models.CharField(max_length=40, null=True)),
        migrations.RunPython(give_public_ids, migrations.RunPython.noop),
        migrations.AlterField("apikey", "public_id", common.ids.PublicIdField(prefix="key")),
        migrations.AddField(
            model_name="apikey",
            name="requests_per_minute",
            field=models.PositiveIntegerField(
                blank=True,
                help_text="Empty: the installation's limit (API_REQUESTS_PER_MINUTE).",
                null=True,
                validators=[
                    django.core.validators.MinValueValidator(1),
                    django.core.validators.MaxValueValidator(100000),
                ],
            ),
        ),
        migrations.CreateModel(
            name="ApiRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("method", models.CharField(max_length=10)),
                ("path", models.CharField(max_length=300)),
                ("status", models.PositiveSmallIntegerField()),
                ("milliseconds", models.PositiveIntegerField()),
                ("ip", models.CharField(blank=True, max_length=45)),
                ("request_id", models.CharField(blank=True, max_length=32)),
                (
                    "api_key",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="requests", to="accounts.apikey"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["api_key", "-id"], name="requests_of_key"),
                    models.Index(fields=["at"], name="requests_by_age"),
                ],
            },
        ),
        migrations.CreateModel(
            name="KeptAnswer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=255)),
                ("fingerprint", models.CharField(max_length=64)),
                ("status", models.PositiveSmallIntegerField(default=0)),
                ("body", common.fields.EncryptedTextField(blank=True)),
                ("created_at", models.DateTimeField(default=common.clock.now)),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.workspace"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["created_at"], name="kept_answers_by_age")],
                "constraints": [models.UniqueConstraint(fields=("workspace", "key"), name="kept_answer_once")],
            },
        ),
        migrations.AddField(
            model_name="apikey",
            name="made_by_key",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="accounts.apikey",
            ),
        ),
        migrations.AddField(
            model_name="invitation",
            name="api_key",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="accounts.apikey",
            ),
        ),
    ]
