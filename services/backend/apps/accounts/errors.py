"""What can go wrong with accounts, each with its stable code."""

from meshop_shared.errors import Conflict, NotAuthenticated, NotFound, ValidationFailed


class EmailTaken(Conflict):
    """409: there is an account with this e-mail address, in whatever case."""

    code = "email_taken"
    message = "There is already an account with this e-mail address."


class InvalidCredentials(NotAuthenticated):
    """401: unknown e-mail, wrong password or closed account; nobody learns which."""

    code = "invalid_credentials"
    message = "E-mail or password is wrong."


class RefreshInvalid(NotAuthenticated):
    """401: the refresh token is unknown, used, expired or revoked."""

    code = "refresh_invalid"
    message = "The refresh token is not valid. Sign in again."


class SessionEnded(NotAuthenticated):
    """401: the token is genuine, but its session was ended or its account closed."""

    code = "session_ended"
    message = "This session has ended. Sign in again."


class ResetInvalid(ValidationFailed):
    """400: the password reset link is wrong, used or expired."""

    code = "reset_invalid"
    message = "This password reset is not valid any more. Ask for a new one."


class AddressNotFound(NotFound):
    """404: a request names an address that is not among the caller's."""

    code = "address_not_found"
    message = "There is no such address."


class AddressLimit(Conflict):
    """409: the address book is full."""

    code = "address_limit"
    message = "The address book is full."
