import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models.functions import Lower

import common.clock
import common.ids


def lower_addresses(apps, schema_editor):
    leads = apps.get_model("leads", "Lead")
    leads.objects.exclude(email=Lower("email")).update(email=Lower("email"))


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_public_api"),
        ("campaigns", "0003_public_api"),
        ("leads", "0002_the_face"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        # Duplicates are found by the address as it is, and addresses are written in small letters from now on.
        migrations.RunPython(lower_addresses, migrations.RunPython.noop),
        migrations.CreateModel(
            name="Submission",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", common.ids.PublicIdField(prefix="sub")),
                ("number", models.PositiveIntegerField()),
                (
                    "type",
                    models.CharField(
                        choices=[
                            ("standard", "Standard"),
                            ("manual_delivery", "Manual delivery"),
                            ("repost", "Repost"),
                        ],
                        default="standard",
                        max_length=20,
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("new", "New"),
                            ("pending", "Pending"),
                            ("processing", "Processing"),
                            ("qualified", "Qualified"),
                            ("disqualified", "Disqualified"),
                            ("missing_data", "Missing data"),
                            ("queued", "Queued"),
                            ("pending_action", "Pending action"),
                            ("no_answer", "No answer"),
                            ("voicemail", "Voicemail"),
                            ("contacted", "Contacted"),
                            ("scheduled_callback", "Callback scheduled"),
                            ("no_contact", "No contact"),
                            ("pending_signature", "Pending signature"),
                            ("document_sent", "Document sent"),
                            ("signed", "Signed"),
                            ("delivered", "Delivered"),
                            ("accepted", "Accepted"),
                            ("duplicate", "Duplicate"),
                            ("failed", "Failed"),
                            ("error", "Error"),
                            ("rejected", "Rejected"),
                            ("dnc", "Do not contact"),
                        ],
                        default="new",
                        max_length=20,
                    ),
                ),
                ("campaign", models.JSONField(default=dict)),
                ("payload", models.JSONField(default=dict)),
                ("is_test", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField(default=common.clock.now)),
            ],
        ),
        migrations.AddField(
            model_name="lead",
            name="approval",
            field=models.JSONField(blank=True, default=dict, editable=False),
        ),
        migrations.AddField(
            model_name="lead",
            name="approval_status",
            field=models.CharField(
                blank=True,
                choices=[("pending", "Waiting for approval"), ("approved", "Approved"), ("rejected", "Rejected")],
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="lead",
            name="attribution",
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AddField(
            model_name="lead",
            name="client_lead_id",
            field=models.CharField(blank=True, max_length=120, verbose_name="the client's id of the lead"),
        ),
        migrations.AddField(
            model_name="lead",
            name="compliance",
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AddField(
            model_name="lead",
            name="date_of_birth",
            field=models.DateField(blank=True, null=True, verbose_name="date of birth"),
        ),
        migrations.AddField(
            model_name="lead",
            name="delivered_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="lead",
            name="detail",
            field=models.CharField(blank=True, max_length=500),
        ),
        migrations.AddField(
            model_name="lead",
            name="flags",
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AddField(
            model_name="lead",
            name="last_activity_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="lead",
            name="latest_submitted_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="lead",
            name="questionnaire",
            field=models.JSONField(blank=True, default=list),
        ),
        migrations.AddField(
            model_name="lead",
            name="reposted_to",
            field=models.JSONField(blank=True, default=list),
        ),
        migrations.AddField(
            model_name="lead",
            name="submission_count",
            field=models.PositiveIntegerField(default=0, editable=False),
        ),
        migrations.AddIndex(
            model_name="leadphone", index=models.Index(fields=["e164"], name="leads_by_further_number")
        ),
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(fields=["workspace", "-created_at", "-id"], name="lead_list_by_day"),
        ),
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(
                condition=models.Q(("phone", ""), _negated=True),
                fields=["campaign", "phone"],
                name="lead_of_campaign_by_phone",
            ),
        ),
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(
                condition=models.Q(("email", ""), _negated=True),
                fields=["campaign", "email"],
                name="lead_of_campaign_by_email",
            ),
        ),
        migrations.AddField(
            model_name="submission",
            name="api_key",
            field=models.ForeignKey(
                blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, to="accounts.apikey"
            ),
        ),
        migrations.AddField(
            model_name="submission",
            name="lead",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="submissions", to="leads.lead"
            ),
        ),
        migrations.AddConstraint(
            model_name="submission",
            constraint=models.UniqueConstraint(fields=("lead", "number"), name="submission_number_once"),
        ),
    ]
