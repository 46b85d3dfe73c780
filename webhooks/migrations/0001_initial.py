import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

import common.clock
import common.fields
import common.ids
import webhooks.models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0003_public_api"),
    ]

    operations = [
        migrations.CreateModel(
            name="WebhookEndpoint",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", common.ids.PublicIdField(prefix="wh")),
                ("campaign_code", models.CharField(blank=True, max_length=5, verbose_name="campaign")),
                ("description", models.CharField(blank=True, max_length=120)),
                ("url", models.CharField(blank=True, max_length=500, verbose_name="URL")),
                ("events", models.JSONField(default=list)),
                ("headers", common.fields.EncryptedTextField(blank=True)),
                ("secret", common.fields.EncryptedTextField(default=webhooks.models.new_secret)),
                ("previous_secret", common.fields.EncryptedTextField(blank=True)),
                ("previous_secret_until", models.DateTimeField(blank=True, null=True)),
                (
                    "max_tries",
                    models.PositiveSmallIntegerField(
                        default=8,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(10),
                        ],
                        verbose_name="tries",
                    ),
                ),
                (
                    "timeout_seconds",
                    models.PositiveSmallIntegerField(
                        default=30,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(120),
                        ],
                        verbose_name="timeout in seconds",
                    ),
                ),
                (
                    "inherits",
                    models.BooleanField(
                        default=True,
                        help_text="Events that this campaign's endpoint does not take go to the workspace's endpoints.",
                        verbose_name="inherits from the workspace",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("active", "Active"), ("paused", "Paused"), ("disabled", "Disabled after failing")],
                        default="active",
                        max_length=10,
                    ),
                ),
                ("failing_since", models.DateTimeField(blank=True, editable=False, null=True)),
                ("failures", models.PositiveIntegerField(default=0, editable=False)),
                ("disabled_reason", models.CharField(blank=True, editable=False, max_length=300)),
                ("created_at", models.DateTimeField(default=common.clock.now)),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="webhook_endpoints",
                        to="accounts.workspace",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="WebhookEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", common.ids.PublicIdField(prefix="evt")),
                ("type", models.CharField(max_length=40)),
                ("campaign_code", models.CharField(blank=True, max_length=5)),
                ("object_id", models.CharField(blank=True, max_length=40)),
                ("body", models.TextField()),
                ("created_at", models.DateTimeField(default=common.clock.now)),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="webhook_events",
                        to="accounts.workspace",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", common.ids.PublicIdField(prefix="dlv")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "Waiting"),
                            ("sending", "Being sent"),
                            ("delivered", "Delivered"),
                            ("failed", "Failed"),
                        ],
                        default="pending",
                        max_length=10,
                    ),
                ),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("due_at", models.DateTimeField(default=common.clock.now)),
                ("claimed_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("claim_token", models.CharField(blank=True, editable=False, max_length=40)),
                ("last_status", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("last_error", models.CharField(blank=True, max_length=300)),
                ("created_at", models.DateTimeField(default=common.clock.now)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                (
                    "endpoint",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="webhooks.webhookendpoint",
                        db_constraint=False,
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="webhooks.webhookevent",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "deliveries",
            },
        ),
        migrations.CreateModel(
            name="DeliveryAttempt",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(default=common.clock.now)),
                ("url", models.CharField(max_length=500)),
                ("request_headers", models.JSONField(default=dict)),
                ("status", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("response_headers", models.JSONField(default=dict)),
                ("response_body", models.TextField(blank=True)),
                ("error", models.CharField(blank=True, max_length=300)),
                ("milliseconds", models.PositiveIntegerField(default=0)),
                (
                    "delivery",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="attempts", to="webhooks.delivery"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["delivery", "id"], name="attempts_of_delivery")],
            },
        ),
        migrations.AddConstraint(
            model_name="webhookendpoint",
            constraint=models.UniqueConstraint(
                condition=models.Q(("campaign_code", ""), _negated=True),
                fields=("workspace", "campaign_code"),
                name="one_endpoint_per_campaign",
            ),
        ),
        migrations.AddConstraint(
            model_name="webhookendpoint",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["active", "paused", "disabled"])), name="endpoint_state_known"
            ),
        ),
        migrations.AddIndex(
            model_name="webhookevent",
            index=models.Index(fields=["created_at"], name="webhook_events_by_age"),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(fields=["endpoint", "-id"], name="deliveries_of_endpoint"),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("state", "pending")), fields=["endpoint", "due_at", "id"], name="deliveries_due"
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("state", "sending")), fields=["claimed_at"], name="deliveries_claimed"
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.UniqueConstraint(fields=("endpoint", "event"), name="event_once_per_endpoint"),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["pending", "sending", "delivered", "failed"])),
                name="delivery_state_known",
            ),
        ),
    ]
