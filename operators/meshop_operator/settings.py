"""Settings of the operator: environment only."""

import functools
import socket

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from meshop_shared.settings import ServiceSettings, load_settings


class OperatorSettings(ServiceSettings):
    """Environment of the operator; the table in docs/operator.md is checked against this class."""

    model_config = SettingsConfigDict(env_ignore_empty=True)

    namespace: str = Field(description="The namespace that it works in; it has rights in no other.")
    identity: str = Field(
        default_factory=socket.gethostname, description="Its name in the Lease: that of its pod."
    )
    lease: str = Field("meshop-operator", description="Name of the Lease that the working one of them holds.")
    lease_s: float = Field(
        14.0, gt=0, description="Seconds after which a Lease that was not renewed may be taken."
    )
    lease_renew_s: float = Field(
        9.0,
        gt=0,
        description="Seconds without a renewal after which the holder stops by itself; less than LEASE_S.",
    )
    lease_retry_s: float = Field(
        2.0, gt=0, description="Seconds between two looks at the Lease, and between two renewals."
    )
    workers: int = Field(8, ge=1, description="Objects that are reconciled at the same time.")
    resync_s: float = Field(
        300.0,
        gt=0,
        description="Seconds after which every object is looked at again, whatever the watches say.",
    )
    host: str = Field("127.0.0.1", description="Address of probes and metrics.")
    port: int = Field(9103, ge=0, le=65535, description="Port of `/healthz`, `/readyz` and `/metrics`.")
    prometheus_url: str = Field("", description="Prometheus, for metrics of a ModelRollout that name none.")
    measure_s: float = Field(3.0, gt=0, description="Seconds that one look at a metric may take.")
    meshop_failpoint: str = Field(
        "", description="For tests: the place where the process dies, as `kind:phase:where`."
    )


@functools.cache
def operator_settings() -> OperatorSettings:
    """The settings of this process, read once."""
    return load_settings(OperatorSettings)
