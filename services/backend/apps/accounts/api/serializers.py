"""Shapes of the auth endpoints."""

from datetime import date, timedelta
from typing import Any

from django.core.validators import RegexValidator
from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.accounts.countries import country_codes
from apps.accounts.models import Address
from apps.core.api.fields import StrictBooleanField, StrictCharField, StrictEmailField

_OLDEST = date(1900, 1, 1)
_PLAIN = RegexValidator(r"^[^<>\x00-\x1f\x7f]+\Z", "Use one line of plain text, without < and >.")
_PHONE = RegexValidator(r"^[0-9+()./#x -]+\Z", "Use digits, spaces and + ( ) . / - # x.")
_LANGUAGE = RegexValidator(r"^[a-z]{2,3}(-[A-Z]{2})?\Z", "Use a language tag such as en or en-GB.")


class PasswordField(StrictCharField):
    """A password, taken as it is: no trimming."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=128, trim_whitespace=False, write_only=True, **kwargs)


class PlainField(StrictCharField):
    """A name or a line of an address: nothing that could be markup or break a line in a mail or on a label."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(validators=[_PLAIN], **kwargs)


class PhoneField(StrictCharField):
    """A telephone number as people write it; may be empty."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=32, allow_blank=True, validators=[_PHONE], **kwargs)


@extend_schema_field({"type": "string", "pattern": "^[A-Za-z]{2}$", "description": "ISO 3166-1 alpha-2."})
class CountryField(StrictCharField):
    """A country code, answered in upper case."""

    def to_internal_value(self, data: Any) -> str:
        """Accept an assigned code in any case."""
        text = super().to_internal_value(data)
        # Not upper() alone: it makes SS, South Sudan, of ß.
        if not text.isascii() or text.upper() not in country_codes():
            raise serializers.ValidationError("Use an ISO 3166-1 alpha-2 country code.")
        return text.upper()


class RegisterSerializer(serializers.Serializer):
    """Body of ``register/``."""

    email = StrictEmailField()
    password = PasswordField()
    first_name = PlainField(max_length=80, required=False, allow_blank=True, default="")
    last_name = PlainField(max_length=80, required=False, allow_blank=True, default="")


class LoginSerializer(serializers.Serializer):
    """Body of ``login/``."""

    email = StrictEmailField()
    password = PasswordField()


class RefreshSerializer(serializers.Serializer):
    """Body of ``refresh/``."""

    refresh = StrictCharField(max_length=4_096)


class LogoutSerializer(serializers.Serializer):
    """Body of ``logout/``; without ``refresh`` the access token says which session."""

    refresh = StrictCharField(max_length=4_096, required=False)


class UserSerializer(serializers.Serializer):
    """Who has signed in."""

    id = serializers.IntegerField()
    email = serializers.EmailField()
    first_name = serializers.CharField(allow_blank=True)
    last_name = serializers.CharField(allow_blank=True)


class TokensSerializer(serializers.Serializer):
    """An access token for ``Authorization: Bearer`` and a refresh token that works once."""

    access = serializers.CharField()
    refresh = serializers.CharField()


class SessionSerializer(TokensSerializer):
    """Answer of ``register/`` and ``login/``."""

    user = UserSerializer()


class PasswordChangeSerializer(serializers.Serializer):
    """Body of ``change-password/``."""

    old_password = PasswordField()
    new_password = PasswordField()


class PasswordResetSerializer(serializers.Serializer):
    """Body of ``password-reset/``."""

    email = StrictEmailField()


class PasswordResetConfirmSerializer(serializers.Serializer):
    """Body of ``password-reset/confirm/``: what the mail said, and the new password."""

    uid = StrictCharField(max_length=64)
    token = StrictCharField(max_length=128)
    new_password = PasswordField()


class DetailSerializer(serializers.Serializer):
    """A sentence for people."""

    detail = serializers.CharField()


class ProfileChangeSerializer(serializers.Serializer):
    """Body of ``PUT, PATCH profile/``: what is left out keeps its value. The e-mail cannot be changed here."""

    email = StrictEmailField(required=False)
    first_name = PlainField(max_length=80, required=False, allow_blank=True)
    last_name = PlainField(max_length=80, required=False, allow_blank=True)
    phone = PhoneField(required=False)
    date_of_birth = serializers.DateField(required=False, allow_null=True)
    language = StrictCharField(max_length=10, required=False, validators=[_LANGUAGE])
    marketing_opt_in = StrictBooleanField(required=False)

    def validate_email(self, value: str) -> str:
        """Let clients send back what they got."""
        if value != self.context["email"]:
            raise serializers.ValidationError("The e-mail address cannot be changed here.")
        return value

    def validate_date_of_birth(self, value: date | None) -> date | None:
        """Refuse dates that nobody can have been born on; tomorrow is today somewhere."""
        if value is not None and not _OLDEST <= value <= timezone.now().date() + timedelta(days=1):
            raise serializers.ValidationError("Use a date between 1900 and today.")
        return value


class ProfileSerializer(UserSerializer):
    """Answer of ``profile/``: the user and the profile, flat."""

    date_joined = serializers.DateTimeField()
    phone = serializers.CharField(source="profile.phone", allow_blank=True)
    date_of_birth = serializers.DateField(source="profile.date_of_birth", allow_null=True)
    language = serializers.CharField(source="profile.language")
    marketing_opt_in = serializers.BooleanField(source="profile.marketing_opt_in")


class PostalAddressSerializer(serializers.Serializer):
    """Where something is sent."""

    full_name = PlainField(max_length=120)
    line1 = PlainField(max_length=200)
    line2 = PlainField(max_length=200, required=False, allow_blank=True, default="")
    city = PlainField(max_length=120)
    state = PlainField(max_length=120, required=False, allow_blank=True, default="")
    postal_code = PlainField(max_length=20)
    country = CountryField()
    phone = PhoneField(required=False, default="")


class AddressSerializer(PostalAddressSerializer):
    """An entry of the address book. ``type`` is ``shipping`` unless said otherwise."""

    id = serializers.IntegerField(read_only=True)
    type = serializers.ChoiceField(choices=Address.Type.choices, required=False)
    is_default = StrictBooleanField(required=False)
