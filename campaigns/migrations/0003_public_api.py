import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0002_the_face"),
    ]

    operations = [
        migrations.AddField(
            model_name="campaign",
            name="client_abbrev",
            field=models.CharField(blank=True, max_length=20, verbose_name="client, short"),
        ),
        migrations.AddField(
            model_name="campaign",
            name="client_id",
            field=models.CharField(blank=True, max_length=40, verbose_name="client id"),
        ),
        migrations.AddField(
            model_name="campaign",
            name="client_name",
            field=models.CharField(blank=True, max_length=120, verbose_name="client"),
        ),
        migrations.AddField(
            model_name="campaign",
            name="duplicate_window_days",
            field=models.PositiveSmallIntegerField(
                blank=True,
                default=30,
                help_text="A submission with the phone or e-mail of a lead that came within these days is its duplicate. Empty: every submission is a lead of its own.",
                null=True,
                validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(365)],
                verbose_name="duplicate window in days",
            ),
        ),
        migrations.AddField(
            model_name="campaign",
            name="offer_abbrev",
            field=models.CharField(blank=True, max_length=20, verbose_name="offer, short"),
        ),
        migrations.AddField(
            model_name="campaign",
            name="offer_id",
            field=models.CharField(blank=True, max_length=40, verbose_name="offer id"),
        ),
        migrations.AddField(
            model_name="campaign",
            name="offer_name",
            field=models.CharField(blank=True, max_length=120, verbose_name="offer"),
        ),
    ]
